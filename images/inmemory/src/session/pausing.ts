import type { RegisteredCommand } from "../command-table/registry.ts";

/** A session whose command is held back. */
export interface Held {
  runHeld(values: readonly Buffer[]): void;
}

/** Until when commands are held back, and whose: by CLIENT PAUSE for a time, and all writes while keys are moved away. */
export class Pausing {
  #until = 0;
  #moves = 0;
  #isWriteOnly = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #held: { session: Held; values: readonly Buffer[] }[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Holds writes, or everything, back until a time in ms. A pause that lasts longer, or holds more, stays. */
  pause(until: number, isWriteOnly: boolean): void {
    const isRunning = this.#until > this.#now();
    this.#isWriteOnly = isWriteOnly && !(isRunning && !this.#isWriteOnly);
    this.#until = isRunning ? Math.max(this.#until, until) : until;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.unpause(), this.#until - this.#now());
  }

  /**
   * Ends the pause and runs what was held back, in order; not now, as a command may be running (CLIENT UNPAUSE), whose
   * arguments and changes are not theirs.
   */
  unpause(): void {
    clearTimeout(this.#timer);
    this.#until = 0;
    this.#release();
  }

  /** Holds writes back until `endMove`: what is being copied to another server must not change. */
  beginMove(): void {
    this.#moves++;
  }

  endMove(): void {
    this.#moves--;
    this.#release();
  }

  #release(): void {
    setImmediate(() => {
      if (this.isActive) return;
      for (const { session, values } of this.#held.splice(0)) session.runHeld(values);
    });
  }

  /** Whether anything is held back now: keys do not expire meanwhile. */
  get isActive(): boolean {
    return this.#moves > 0 || this.#isTimed;
  }

  get #isTimed(): boolean {
    return this.#until !== 0 && this.#until > this.#now();
  }

  /** Whether reads wait, too. */
  get holdsEverything(): boolean {
    return this.#isTimed && !this.#isWriteOnly;
  }

  /** Whether this command has to wait. */
  holds(command: RegisteredCommand): boolean {
    if (!this.isActive) return false;
    if (command.name === "client" || command.parent?.name === "client") return false;
    if (this.holdsEverything) return true;
    return command.isWrite || command.flags.includes("may_replicate");
  }

  /** How many sessions wait for the end of a pause. */
  get heldCount(): number {
    return this.#held.length;
  }

  hold(session: Held, values: readonly Buffer[]): void {
    this.#held.push({ session, values });
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
