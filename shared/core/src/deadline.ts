import { type Clock, systemClock } from "./clock.ts";
import { WeftkitError } from "./errors.ts";

/**
 * A point in time by which something must have ended, with an `AbortSignal` that fires there.
 *
 * It is passed down instead of a duration, so that every layer shares one budget. Who makes a deadline disposes
 * of it (`using deadline = Deadline.after(1000)` or `deadline.dispose()`), which frees its timer.
 */
export class Deadline {
  /** Aborted when the deadline passes (reason: `WeftkitError` with code `deadline_exceeded`). */
  readonly signal: AbortSignal;
  readonly #expiresAtMs: number;
  readonly #clock: Clock;
  readonly #timer: NodeJS.Timeout;

  private constructor(budgetMs: number, clock: Clock) {
    const controller = new AbortController();
    this.signal = controller.signal;
    this.#clock = clock;
    this.#expiresAtMs = clock.monotonicMs() + budgetMs;
    this.#timer = setTimeout(() => {
      controller.abort(new WeftkitError("deadline_exceeded", `the deadline of ${budgetMs} ms has passed`));
    }, budgetMs);
  }

  /** The deadline `budgetMs` milliseconds from now. */
  static after(budgetMs: number, clock: Clock = systemClock): Deadline {
    return new Deadline(budgetMs, clock);
  }

  /** What is left of the budget in milliseconds, never below zero. */
  remainingMs(): number {
    return Math.max(0, this.#expiresAtMs - this.#clock.monotonicMs());
  }

  /** Settles as `work` does, or rejects with `deadline_exceeded` when the deadline passes first. */
  async race<T>(work: Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    const { promise, reject } = Promise.withResolvers<never>();
    const expire = () => reject(this.signal.reason);
    this.signal.addEventListener("abort", expire, { once: true });
    try {
      return await Promise.race([work, promise]);
    } finally {
      this.signal.removeEventListener("abort", expire);
    }
  }

  /** Frees the timer; the signal will not fire any more. */
  dispose(): void {
    clearTimeout(this.#timer);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
