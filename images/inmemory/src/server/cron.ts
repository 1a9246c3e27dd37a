import type { Keyspace } from "../storage/keyspace.ts";
import type { Server } from "./server.ts";

const PERIOD_MS = 100;
/** Time that background work may take of each period: Redis's 25% at effort 1 is the bound for expiry. */
const EXPIRE_BUDGET_MS = 2;
const REHASH_BUDGET_MS = 1;
const LAZY_FREE_BUDGET_MS = 2;
/** While there is more to do, the next slice comes this soon. */
const BUSY_PERIOD_MS = 5;
/** Keys with an expiry looked at per database and period; when a tenth of them had expired, as many more follow. */
const EXPIRE_STEP = 2000;

/**
 * Background work in short slices: removing expired keys, finishing resizes of the key tables, freeing large values
 * that were unlinked, giving memory back. Lifetime: from the constructor to `stop`.
 */
export class Cron {
  readonly #server: Server;
  readonly #extra: () => void;
  #timer: NodeJS.Timeout;
  /** Per database, where the walk through its expiring keys is. */
  readonly #places: number[] = [];
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
    if (server.busy !== undefined) {
      // A script is in its one moment: nothing may expire in it.
      this.#timer = setTimeout(this.#run, PERIOD_MS);
      return;
    }
    const isBusy = [this.#expire(), this.#rehash(), server.lazyFree.step(LAZY_FREE_BUDGET_MS)].includes(true);
    if (!isBusy) {
      server.slab.giveBack();
      server.scripts.giveBack();
      server.functions.giveBack();
    }
    server.propagation.endUnit();
    server.serveBlocked();
    this.#extra();
    this.#timer = setTimeout(this.#run, isBusy ? BUSY_PERIOD_MS : PERIOD_MS);
  };

  /**
   * Walks through the keys that expire, some of each database per period, and removes those whose time is over. It
   * goes on within its budget while it finds many; true when it had to stop at that.
   */
  #expire(): boolean {
    const server = this.#server;
    if (!server.isActiveExpiryOn || server.pausing.isActive || server.following !== undefined) return false;
    const end = performance.now() + EXPIRE_BUDGET_MS;
    for (const db of server.databases) {
      let expired: number;
      let looked: number;
      do {
        looked = Math.min(EXPIRE_STEP, db.expiringCount);
        expired = this.#expireSome(db, looked);
        if (performance.now() > end) return true;
      } while (expired * 10 > looked);
    }
    return false;
  }

  /** Looks at so many keys that expire, going on where the last call stopped; returns how many it removed. */
  #expireSome(db: Keyspace, count: number): number {
    const server = this.#server;
    let place = this.#places[db.index] ?? 0;
    let expired = 0;
    for (let i = 0; i < count; i++) {
      if (place <= 0 || place > db.expiringCount) place = db.expiringCount;
      if (place === 0) break;
      place--;
      const entry = db.expiringAt(place);
      if (db.expiryOf(entry) >= server.now) continue;
      server.expire(db, entry);
      expired++;
    }
    this.#places[db.index] = place;
    return expired;
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
