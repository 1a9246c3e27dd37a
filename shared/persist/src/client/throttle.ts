import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "@weftkit/core";

/** Spreads bytes over time, so that all who take from it together stay below a rate. */
export class Throttle {
  readonly #bytesPerMs: number;
  readonly #clock: Clock;
  /** When what was taken so far will have been sent, by the monotonic clock. */
  #freeAtMs = 0;

  constructor(bytesPerSecond: number, clock: Clock) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#clock = clock;
  }

  /** Resolves when `bytes` may be sent. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    const now = this.#clock.monotonicMs();
    const startsAtMs = Math.max(now, this.#freeAtMs);
    this.#freeAtMs = startsAtMs + bytes / this.#bytesPerMs;
    if (startsAtMs > now) await delay(startsAtMs - now, undefined, { signal });
  }

  /** How long `bytes` take when nothing else is sent, in milliseconds. */
  durationMs(bytes: number): number {
    return bytes / this.#bytesPerMs;
  }
}
