import type { WeftkitError } from "@weftkit/core";
import { canceledError, lockTimeoutError } from "./store-error.ts";
import type { WorkOptions } from "./work.ts";

/** So long one turn of the event loop goes to writes that wait; then sockets and timers have theirs. */
const turnMs = 5;
/** Beyond this, who asks is refused: each waiting write holds memory, and the last would wait for seconds. */
const waitingMax = 65_536;
/** Another process holds SQLite's own lock: ask again after so long, and give up after so long altogether. */
const foreignRetryMs = 5;
const foreignWaitMaxMs = 30_000;

/**
 * What is done with the lock. `true`: it is done; `false`: it could not begin, because another process writes to the
 * file; a promise holds the lock until it settles, and must not reject.
 */
export type Turn = () => boolean | Promise<void>;

/** Somebody who waits for the lock. */
export interface Waiting {
  readonly turn: Turn;
  readonly refuse: (error: WeftkitError) => void;
  readonly limits: WorkOptions | undefined;
  readonly sinceMs: number;
  unwatch?: () => void;
}

export interface WriteLockEvents {
  /** A turn begins after having waited so long. */
  waited(ms: number): void;
  /** All that fits into one turn of the event loop was done, in so long. */
  turnEnded(ms: number): void;
}

/** The one lock of a store: first come, first served, without holding the event loop. */
export class WriteLock {
  /** A Set keeps the order of insertion and forgets from anywhere at the same cost. */
  readonly #waiting = new Set<Waiting>();
  /** Those who came since the last turn: most are served by the next, before anything has to watch their limits. */
  #unwatched: Waiting[] = [];
  readonly #events: WriteLockEvents;
  /** Called when somebody comes to wait while the lock is held over the end of a turn. */
  onWanted: () => void = () => {};
  #held = false;
  #isServing = false;
  #scheduled = false;
  #retry: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];

  constructor(events: WriteLockEvents) {
    this.#events = events;
  }

  /** Calls `turn` when everybody before has had theirs, or `refuse` when the limits end the waiting first. */
  enqueue(
    turn: Turn,
    refuse: (error: WeftkitError) => void,
    limits: WorkOptions | undefined,
  ): Waiting | undefined {
    if (this.#waiting.size >= waitingMax) {
      refuse(lockTimeoutError(`${waitingMax} writes are waiting already`));
      return undefined;
    }
    const waiting: Waiting = { turn, refuse, limits, sinceMs: performance.now() };
    this.#waiting.add(waiting);
    if (limits?.deadline !== undefined || limits?.signal !== undefined) {
      if (this.#held || this.#retry !== undefined) this.#watch(waiting);
      else this.#unwatched.push(waiting);
    }
    if (this.#held) this.onWanted();
    this.#schedule();
    return waiting;
  }

  /** Whether a turn is under way, at whose end `turnEnded` is told. */
  get isServing(): boolean {
    return this.#isServing;
  }

  /** Whether somebody waits, other than the one whose turn it is. */
  get isWanted(): boolean {
    return this.#waiting.size > (this.#isServing ? 1 : 0);
  }

  /** Refuses one that may still wait. */
  withdraw(waiting: Waiting, error: WeftkitError): void {
    if (!this.#waiting.has(waiting)) return;
    this.#refuse(waiting, error);
    this.#tellIdle();
  }

  /** Resolves when nobody holds the lock or waits for it. */
  async idle(): Promise<void> {
    while (this.#held || this.#waiting.size > 0) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  /** Refuses everybody who waits. */
  refuseAll(error: WeftkitError): void {
    for (const waiting of this.#waiting) this.#refuse(waiting, error);
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#tellIdle();
  }

  #schedule(): void {
    if (this.#scheduled || this.#held || this.#retry !== undefined) return;
    this.#scheduled = true;
    // After the poll phase, so that all writes whose requests arrived in it share this turn and its sync.
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    const startedMs = performance.now();
    let nowMs = startedMs;
    for (const waiting of this.#waiting) {
      if (nowMs - startedMs >= turnMs || !this.#serve(waiting, nowMs)) break;
      nowMs = performance.now();
    }
    this.#events.turnEnded(nowMs - startedMs);
    for (const waiting of this.#unwatched) if (this.#waiting.has(waiting)) this.#watch(waiting);
    this.#unwatched = [];
    if (this.#waiting.size > 0) this.#schedule();
    else this.#tellIdle();
  }

  /** Returns whether the next may be served at once. */
  #serve(waiting: Waiting, nowMs: number): boolean {
    const refusal = exceeded(waiting.limits);
    if (refusal !== undefined) {
      this.#refuse(waiting, refusal);
      return true;
    }
    this.#isServing = true;
    const outcome = waiting.turn();
    this.#isServing = false;
    if (outcome === false) {
      this.#retryLater(waiting, nowMs);
      return false;
    }
    this.#events.waited(nowMs - waiting.sinceMs);
    this.#forget(waiting);
    if (outcome === true) return true;
    this.#held = true;
    void outcome.then(() => {
      this.#held = false;
      if (this.#waiting.size > 0) this.#schedule();
      else this.#tellIdle();
    });
    return false;
  }

  #retryLater(waiting: Waiting, nowMs: number): void {
    if (nowMs - waiting.sinceMs > foreignWaitMaxMs) {
      this.#refuse(waiting, lockTimeoutError("another process keeps the database file locked: end it"));
      return;
    }
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#schedule();
    }, foreignRetryMs);
  }

  #watch(waiting: Waiting): void {
    const expire = () => {
      this.#refuse(waiting, exceeded(waiting.limits) ?? waitedTooLong());
      if (this.#waiting.size === 0) this.#tellIdle();
    };
    const signals = [waiting.limits?.signal, waiting.limits?.deadline?.signal].filter((s) => s !== undefined);
    waiting.unwatch = () => {
      for (const signal of signals) signal.removeEventListener("abort", expire);
    };
    for (const signal of signals) signal.addEventListener("abort", expire, { once: true });
    if (signals.some((signal) => signal.aborted)) expire();
  }

  #forget(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    waiting.unwatch?.();
  }

  #refuse(waiting: Waiting, error: WeftkitError): void {
    this.#forget(waiting);
    waiting.refuse(error);
  }

  #tellIdle(): void {
    if (this.#held || this.#waiting.size > 0) return;
    for (const tell of this.#idle.splice(0)) tell();
  }
}

function exceeded(limits: WorkOptions | undefined): WeftkitError | undefined {
  if (limits?.signal?.aborted) return canceledError();
  return limits?.deadline?.remainingMs() === 0 ? waitedTooLong() : undefined;
}

function waitedTooLong(): WeftkitError {
  return lockTimeoutError("the deadline passed while other writes were running");
}
