import { type Clock, systemClock } from "@weftkit/core";

export interface RateLimitOptions {
  /** Requests a second in the long run. */
  readonly ratePerSecond: number;
  /** How many may come at once. */
  readonly burst: number;
  /** How many keys are remembered; beyond it, those seen longest ago start afresh. Default: 10,000. */
  readonly keysMax?: number;
  readonly clock?: Clock;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Token buckets by key (a user, an address). */
export class RateLimit {
  readonly #ratePerMs: number;
  readonly #burst: number;
  readonly #keysMax: number;
  readonly #clock: Clock;
  /** In the order of their last use. */
  readonly #buckets = new Map<string, Bucket>();

  constructor({ ratePerSecond, burst, keysMax = 10_000, clock = systemClock }: RateLimitOptions) {
    this.#ratePerMs = ratePerSecond / 1000;
    this.#burst = burst;
    this.#keysMax = keysMax;
    this.#clock = clock;
  }

  /** Takes one; undefined when it was there, else in how many milliseconds it will be. */
  take(key: string): number | undefined {
    const bucket = this.#bucketOf(key);
    if (bucket.tokens < 1) return (1 - bucket.tokens) / this.#ratePerMs;
    bucket.tokens--;
    return undefined;
  }

  /** How long until there is one, without taking it; undefined when there is. */
  waitMs(key: string): number | undefined {
    if (!this.#buckets.has(key)) return undefined;
    const { tokens } = this.#bucketOf(key);
    return tokens < 1 ? (1 - tokens) / this.#ratePerMs : undefined;
  }

  #bucketOf(key: string): Bucket {
    const now = this.#clock.monotonicMs();
    const bucket = this.#buckets.get(key) ?? { tokens: this.#burst, atMs: now };
    bucket.tokens = Math.min(this.#burst, bucket.tokens + (now - bucket.atMs) * this.#ratePerMs);
    bucket.atMs = now;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > this.#keysMax) this.#buckets.delete(this.#buckets.keys().next().value!);
    return bucket;
  }
}
