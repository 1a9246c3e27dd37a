import type { AcknowledgeGate } from "../stream.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";

interface Waiting {
  readonly done: () => void;
  readonly ended: () => void;
}

/** Timers are set for no longer than this. */
const lookMs = 1000;
const marginMsMax = 500;
const partOfLease = 10;

/**
 * Whether what is written may be acknowledged: only while the lease holds, because after that another engine may own the
 * state and what is acknowledged here would be lost. Where availability is preferred it is always open, until the
 * subtree is known to be another's.
 */
export class LeaseGate implements AcknowledgeGate {
  readonly reason =
    'the lease of this replica has run out, so that another engine may own its state; writes go on when it is renewed (persist.prefer = "availability" goes on without it)';
  readonly #prefersAvailability: boolean;
  readonly #waiting: Waiting[] = [];
  readonly #listeners: (() => void)[] = [];
  #keeper: LeaseKeeper | undefined;
  /** Before the engine serves, nobody is acknowledged anything: what it writes to open its state is its own. */
  #isArmed = false;
  #isLost = false;
  /** What the listeners were told last. */
  #didAdmit = true;
  #timer: NodeJS.Timeout | undefined;
  #isEnded = false;

  constructor(prefersAvailability: boolean) {
    this.#prefersAvailability = prefersAvailability;
  }

  get isOpen(): boolean {
    if (this.#isLost) return false;
    return !this.#isArmed || this.#prefersAvailability || (this.#keeper?.isHeld ?? false);
  }

  get admits(): boolean {
    return (
      this.isOpen &&
      (!this.#isArmed || this.#prefersAvailability || this.#keeper!.remainingMs > this.#marginMs)
    );
  }

  whenOpen(done: () => void, ended: () => void = () => {}): void {
    // Who came earlier is called first, though it may be open again since.
    if (this.isOpen && this.#waiting.length === 0) done();
    else if (this.#isEnded) ended();
    else {
      this.#waiting.push({ done, ended });
      this.look();
    }
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
    this.look();
    if (!this.#didAdmit) listener();
  }

  /** The engine serves from now on. */
  arm(): void {
    this.#isArmed = true;
    this.look();
  }

  /** There is a lease from now on. */
  hold(keeper: LeaseKeeper): void {
    this.#keeper = keeper;
    this.look();
  }

  /** The subtree is another's: nothing is acknowledged any more. */
  lose(): void {
    this.#isLost = true;
    this.look();
  }

  /** Nobody waits any more: what is not acknowledged by now is not. */
  end(): void {
    this.look();
    this.#isEnded = true;
    clearTimeout(this.#timer);
    for (const { ended } of this.#waiting.splice(0)) ended();
  }

  /** Tells what has changed, and looks again when the lease is about to run out. */
  look(): void {
    clearTimeout(this.#timer);
    const { admits } = this;
    if (admits !== this.#didAdmit) {
      this.#didAdmit = admits;
      for (const listener of this.#listeners) listener();
    }
    while (this.#waiting.length > 0 && this.isOpen) this.#waiting.shift()!.done();
    if (!this.#isArmed || this.#isLost || this.#isEnded || this.#prefersAvailability) return;
    const left = admits ? this.#keeper!.remainingMs - this.#marginMs : lookMs;
    this.#timer = setTimeout(() => this.look(), Math.min(lookMs, left + 1));
    this.#timer.unref();
  }

  /** A write that begins so long before the lease runs out is acknowledged in time. */
  get #marginMs(): number {
    return Math.min(marginMsMax, (this.#keeper?.leaseMs ?? 0) / partOfLease);
  }
}
