import type { Reply } from "../protocol/reply.ts";
import type { DataType, Keyspace } from "../storage/keyspace.ts";

/** A session, as far as those who wait for keys are concerned. */
export interface Waiter {
  readonly blocked: BlockedState | undefined;
  /** Where its reply goes. */
  readonly reply: Reply;
  /** Runs the waiting command again because `key` may serve it now. */
  retryBlocked(db: Keyspace, key: Buffer): void;
}

/** What a session that waits for data waits for. */
export interface BlockedState {
  readonly db: Keyspace;
  readonly keys: readonly string[];
  /** Serves the session only when a key holds this type. */
  readonly type: DataType;
  /** The command's arguments, run again when a key is ready. */
  readonly values: readonly Buffer[];
  /** Served also when the key is deleted or changes type (XREADGROUP). */
  readonly alsoOnDelete: boolean;
  /** ms since the epoch; 0 forever. */
  readonly until: number;
  /** Writes the reply when the time is up. */
  onTimeout(session: Waiter): void;
}

/** How a handler asks to be blocked. */
export interface BlockRequest {
  /** Indexes of the key arguments. */
  keys: readonly number[];
  type: DataType;
  /** ms since the epoch; 0 forever. */
  until: number;
  /** Writes the reply when the time is up. */
  onTimeout(session: Waiter): void;
  /** The arguments to run again instead of the current ones (XREAD with `$` resolved). */
  values?: readonly Buffer[];
  alsoOnDelete?: boolean;
}

interface Waiting {
  /** Sessions in the order in which they blocked. */
  readonly sessions: Set<Waiter>;
}

/**
 * The sessions that wait for keys, and which of them can go on. A write that may serve someone calls `ready`; after
 * the command (or the transaction) `serve` runs the waiting commands again, first come first served per key, in the
 * order in which the keys became ready (Redis, blocked.c).
 */
export class Blocking {
  readonly #waiting = new Map<Keyspace, Map<string, Waiting>>();
  #ready: { db: Keyspace; key: string }[] = [];
  readonly #isReady = new Set<string>();
  /** Number of sessions that wait for a key. */
  count = 0;

  add(session: Waiter, state: BlockedState): void {
    let keys = this.#waiting.get(state.db);
    if (keys === undefined) {
      keys = new Map();
      this.#waiting.set(state.db, keys);
    }
    for (const key of state.keys) {
      const waiting = keys.get(key);
      if (waiting === undefined) keys.set(key, { sessions: new Set([session]) });
      else waiting.sessions.add(session);
    }
    this.count++;
  }

  remove(session: Waiter, state: BlockedState): void {
    const keys = this.#waiting.get(state.db);
    for (const key of state.keys) {
      const waiting = keys?.get(key);
      if (waiting === undefined) continue;
      waiting.sessions.delete(session);
      if (waiting.sessions.size === 0) keys!.delete(key);
    }
    this.count--;
  }

  /** A key may now serve those who wait for it (or was deleted, which wakes some). */
  ready(db: Keyspace, key: Buffer): void {
    const keys = this.#waiting.get(db);
    if (keys === undefined) return;
    const name = key.toString("latin1");
    if (!keys.has(name)) return;
    const id = `${db.index} ${name}`;
    if (this.#isReady.has(id)) return;
    this.#isReady.add(id);
    this.#ready.push({ db, key: name });
  }

  /** All waited-for keys of a database may have changed (FLUSHDB, SWAPDB). */
  readyAll(db: Keyspace): void {
    for (const key of this.#waiting.get(db)?.keys() ?? []) this.ready(db, Buffer.from(key, "latin1"));
  }

  /** How many keys are waited for. */
  get keyCount(): number {
    let count = 0;
    for (const keys of this.#waiting.values()) count += keys.size;
    return count;
  }

  /** How many keys are waited for by someone whom their deletion wakes, too. */
  get keyCountOnDelete(): number {
    let count = 0;
    for (const keys of this.#waiting.values()) {
      for (const { sessions } of keys.values())
        for (const { blocked } of sessions)
          if (blocked?.alsoOnDelete) {
            count++;
            break;
          }
    }
    return count;
  }

  get hasReady(): boolean {
    return this.#ready.length > 0;
  }

  /** Lets each session whose key is ready try again, until no key is. */
  serve(): void {
    while (this.#ready.length > 0) {
      const round = this.#ready;
      this.#ready = [];
      this.#isReady.clear();
      for (const { db, key } of round) {
        const sessions = [...(this.#waiting.get(db)?.get(key)?.sessions ?? [])];
        const name = Buffer.from(key, "latin1");
        for (const session of sessions) session.retryBlocked(db, name);
      }
    }
  }
}
