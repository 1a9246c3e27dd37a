import type { Server } from "./server.ts";
import { NO_EXPIRY } from "./storage/keyspace.ts";

const PERIOD_MS = 100;
/** Time that background work may take of each period: Redis's 25% at effort 1 is the bound for expiry. */
const EXPIRE_BUDGET_MS = 2;
const REHASH_BUDGET_MS = 1;
const LAZY_FREE_BUDGET_MS = 2;
/** While there is more to do, the next slice comes this soon. */
const BUSY_PERIOD_MS = 5;
/** Sampled per round; a round in which more than a tenth had expired is followed by another (Redis, expire.c). */
const SAMPLES = 20;

/**
 * Background work in short slices: removing expired keys, finishing resizes of the key tables, freeing large values
 * that were unlinked. Lifetime: from the constructor to `stop`.
 */
export class Cron {
  readonly #server: Server;
  readonly #extra: () => void;
  #timer: NodeJS.Timeout;
  #nextDatabase = 0;
  #isStopped = false;

  /** `extra` runs once per period, for the owner's own checks. */
  constructor(server: Server, extra: () => void) {
    this.#server = server;
    this.#extra = extra;
    this.#timer = setTimeout(this.#run, PERIOD_MS);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  readonly #run = (): void => {
    if (this.#isStopped) return;
    const server = this.#server;
    server.tick();
    server.updateAccessClock();
    server.measureMemory();
    server.statistics.measure(server.now);
    const isBusy = [this.#expire(), this.#rehash(), server.lazyFree.step(LAZY_FREE_BUDGET_MS)].includes(true);
    server.propagation.endUnit();
    server.serveBlocked();
    this.#extra();
    this.#timer = setTimeout(this.#run, isBusy ? BUSY_PERIOD_MS : PERIOD_MS);
  };

  /** Removes expired keys found by sampling; true when many are left. */
  #expire(): boolean {
    const server = this.#server;
    if (!server.isActiveExpiryOn || server.pausing.isActive) return false;
    const { databases } = server;
    const end = performance.now() + EXPIRE_BUDGET_MS;
    for (let visited = 0; visited < databases.length; visited++) {
      const db = databases[this.#nextDatabase]!;
      let expired: number;
      let sampled: number;
      do {
        expired = 0;
        sampled = Math.min(SAMPLES, db.expiringCount);
        for (let i = 0; i < sampled && db.expiringCount > 0; i++) {
          const entry = db.randomExpiring();
          const expiry = db.expiryOf(entry);
          if (expiry === NO_EXPIRY || expiry >= server.now) continue;
          server.expire(db, entry);
          expired++;
        }
        if (performance.now() > end) return true;
      } while (expired * 10 > sampled);
      this.#nextDatabase = (this.#nextDatabase + 1) % databases.length;
    }
    return false;
  }

  /** Goes on with resizes; true when one is not finished. */
  #rehash(): boolean {
    const end = performance.now() + REHASH_BUDGET_MS;
    for (const db of this.#server.databases) {
      while (db.rehashStep(256)) if (performance.now() > end) return true;
    }
    return false;
  }
}
