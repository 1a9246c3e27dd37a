import type { Session } from "./session.ts";
import type { Keyspace } from "./storage/keyspace.ts";

/** WATCH: which sessions fail their transaction when a key changes. */
export class Watches {
  readonly #watchers = new Map<Keyspace, Map<string, Set<Session>>>();
  /** Number of watched (session, key) pairs. */
  count = 0;

  watch(session: Session, db: Keyspace, key: Buffer): void {
    const name = key.toString("latin1");
    if (session.watched.some((watched) => watched.db === db && watched.key === name)) return;
    let keys = this.#watchers.get(db);
    if (keys === undefined) {
      keys = new Map();
      this.#watchers.set(db, keys);
    }
    const sessions = keys.get(name);
    if (sessions === undefined) keys.set(name, new Set([session]));
    else sessions.add(session);
    session.watched.push({ db, key: name });
    this.count++;
  }

  unwatch(session: Session): void {
    for (const { db, key } of session.watched) {
      const keys = this.#watchers.get(db);
      const sessions = keys?.get(key);
      if (sessions === undefined) continue;
      sessions.delete(session);
      if (sessions.size === 0) keys!.delete(key);
      this.count--;
    }
    session.watched = [];
    session.isWatchBroken = false;
  }

  /** A key changed. */
  touch(db: Keyspace, key: Buffer): void {
    for (const session of this.#watchers.get(db)?.get(key.toString("latin1")) ?? [])
      session.isWatchBroken = true;
  }

  /** All keys of a database changed, or those that `existed` says were there (FLUSHDB, SWAPDB). */
  touchAll(db: Keyspace, existed: (key: Buffer) => boolean): void {
    for (const [key, sessions] of this.#watchers.get(db) ?? []) {
      if (!existed(Buffer.from(key, "latin1"))) continue;
      for (const session of sessions) session.isWatchBroken = true;
    }
  }
}
