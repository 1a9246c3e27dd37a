import type { Settings } from "../settings.ts";
import { type Keyspace, NO_EXPIRY } from "./keyspace.ts";

/** The counter a new key starts with under LFU, so that it is not the first to go (Redis, LFU_INIT_VAL). */
export const LFU_INITIAL = 5;
const LFU_MAX = 255;
const CLOCK_MASK = 0xffffff;

/** The access bits of a key under LFU: 16 bits of minutes, 8 bits of a logarithmic counter. */
export function packFrequency(nowMs: number, counter: number): number {
  return ((Math.floor(nowMs / 60_000) & 0xffff) << 8) | counter;
}

/** The counter after the time that has passed since it was last brought down. */
export function decayedFrequency(access: number, nowMs: number, settings: Settings): number {
  const counter = access & 0xff;
  if (settings.lfuDecayMinutes === 0) return counter;
  const minutes = Math.floor(nowMs / 60_000) & 0xffff;
  const elapsed = (minutes - (access >>> 8)) & 0xffff;
  return Math.max(0, counter - Math.floor(elapsed / settings.lfuDecayMinutes));
}

/** The access bits after one more use: the higher the counter, the less likely it grows. */
export function frequencyAfterUse(access: number, nowMs: number, settings: Settings): number {
  const counter = decayedFrequency(access, nowMs, settings);
  const base = Math.max(0, counter - LFU_INITIAL);
  const grows = counter < LFU_MAX && Math.random() < 1 / (base * settings.lfuLogFactor + 1);
  return packFrequency(nowMs, grows ? counter + 1 : counter);
}

/** Seconds since the last use, under LRU. */
export function idleSeconds(access: number, nowMs: number): number {
  return (Math.floor(nowMs / 1000) - access) & CLOCK_MASK;
}

/** A key that may go. */
export interface Victim {
  readonly db: Keyspace;
  readonly entry: number;
}

/** Chooses keys to evict by sampling, as Redis does: the best of a few random ones of each database. */
export class Evictor {
  readonly #databases: readonly Keyspace[];
  readonly #settings: Settings;
  readonly #samples = new Uint32Array(64);

  constructor(databases: readonly Keyspace[], settings: Settings) {
    this.#databases = databases;
    this.#settings = settings;
  }

  /** The next key to go under the policy, or undefined when none may. */
  choose(nowMs: number): Victim | undefined {
    const [scope, order] = this.#settings.evictionPolicy.split("-");
    if (order === undefined) return undefined;
    let best: Victim | undefined;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (const db of this.#databases) {
      const found = this.#sample(db, scope === "volatile");
      for (let i = 0; i < found; i++) {
        const entry = this.#samples[i]!;
        const score = this.#score(db, entry, order, nowMs);
        if (score <= bestScore) continue;
        best = { db, entry };
        bestScore = score;
      }
    }
    return best;
  }

  #sample(db: Keyspace, isVolatileOnly: boolean): number {
    const wanted = this.#settings.evictionSamples;
    if (!isVolatileOnly) return db.sample(wanted, this.#samples);
    const found = Math.min(wanted, db.expiringCount);
    for (let i = 0; i < found; i++) this.#samples[i] = db.randomExpiring();
    return found;
  }

  /** The higher, the sooner the key goes. */
  #score(db: Keyspace, entry: number, order: string, nowMs: number): number {
    switch (order) {
      case "lru":
        return idleSeconds(db.accessOf(entry), nowMs);
      case "lfu":
        return LFU_MAX - decayedFrequency(db.accessOf(entry), nowMs, this.#settings);
      case "ttl": {
        const expiry = db.expiryOf(entry);
        return expiry === NO_EXPIRY ? Number.NEGATIVE_INFINITY : -expiry;
      }
      default:
        return Math.random();
    }
  }
}
