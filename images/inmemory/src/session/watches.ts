import { type Keyspace, NO_EXPIRY } from "../storage/keyspace.ts";

/** A key that a session watches. */
export interface Watched {
  readonly db: Keyspace;
  readonly key: string;
  /** The key was already past its time when the watch began: its removal is no change. */
  readonly wasExpired: boolean;
}

/** A session, as far as what it watches is concerned. */
export interface Watcher {
  watched: Watched[];
  isWatchBroken: boolean;
}

/** WATCH: which sessions fail their transaction when a key changes. */
export class Watches {
  readonly #watchers = new Map<Keyspace, Map<string, Set<Watcher>>>();
  /** Number of watched (session, key) pairs, and of those who hear of every change by `onTouch`. */
  count = 0;
  /** Told of every key that changes, while `count` is not 0. */
  onTouch: (key: Buffer) => void = () => {};

  watch(session: Watcher, db: Keyspace, key: Buffer, now: number): void {
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
    session.watched.push({ db, key: name, wasExpired: isExpired(db, key, now) });
    this.count++;
  }

  unwatch(session: Watcher): void {
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

  /** Whether a watched key's time has come since, though nobody has noticed yet. */
  hasExpired(session: Watcher, now: number): boolean {
    return session.watched.some(
      ({ db, key, wasExpired }) => !wasExpired && isExpired(db, Buffer.from(key, "latin1"), now),
    );
  }

  /** A key changed. */
  touch(db: Keyspace, key: Buffer): void {
    for (const session of this.#watchers.get(db)?.get(key.toString("latin1")) ?? [])
      session.isWatchBroken = true;
    this.onTouch(key);
  }

  /** All keys of a database that `isChanged` names have changed (FLUSHDB, SWAPDB). */
  touchAll(db: Keyspace, isChanged: (key: Buffer) => boolean): void {
    for (const [key, sessions] of this.#watchers.get(db) ?? []) {
      if (!isChanged(Buffer.from(key, "latin1"))) continue;
      for (const session of sessions) session.isWatchBroken = true;
    }
  }
}

function isExpired(db: Keyspace, key: Buffer, now: number): boolean {
  const entry = db.find(key, 0, key.length);
  if (entry === 0) return false;
  const expiry = db.expiryOf(entry);
  return expiry !== NO_EXPIRY && expiry < now;
}
