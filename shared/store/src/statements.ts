import type { Database, Statement } from "better-sqlite3";

/** How a statement gives its rows. */
export interface StatementMode {
  /**
   * Integers as `bigint`. Without it better-sqlite3 gives them as `number`, and those beyond 2^53 come out wrong: set
   * it wherever such a value can be stored.
   */
  readonly safeIntegers?: boolean;
  /** Rows as arrays. */
  readonly raw?: boolean;
  /** The first column only. */
  readonly pluck?: boolean;
}

const statementsMaxDefault = 500;

interface StatementCache {
  readonly prepared: Map<string, Statement>;
  /** More texts than this, and the one that was used least recently is prepared again. */
  readonly statementsMax: number;
}

const caches = new WeakMap<Database, StatementCache>();

/** Sets how many prepared statements of a connection are kept. Default: 500. */
export function limitStatements(db: Database, statementsMax = statementsMaxDefault): void {
  caches.set(db, { prepared: new Map(), statementsMax });
}

/**
 * The prepared statement of a text, kept for the connection: preparing costs more than most short statements do. The
 * same text in another mode is another statement; `pluck`, `raw` and `safeIntegers` must not be called on the result.
 *
 * ```ts
 * store.read((db) => statement(db, "SELECT body FROM note WHERE id = ?", { pluck: true }).get(id));
 * ```
 */
export function statement(db: Database, sql: string, mode: StatementMode = {}): Statement {
  let of = caches.get(db);
  if (of === undefined) {
    of = { prepared: new Map(), statementsMax: statementsMaxDefault };
    caches.set(db, of);
  }
  const cache = of.prepared;
  const key = `${mode.safeIntegers ? "s" : ""}${mode.raw ? "r" : ""}${mode.pluck ? "p" : ""}:${sql}`;
  let prepared = cache.get(key);
  if (prepared !== undefined) {
    // The order of a Map is that of insertion, so the first is always the one used least recently.
    cache.delete(key);
  } else {
    prepared = db.prepare(sql);
    if (mode.safeIntegers) prepared.safeIntegers();
    if (mode.raw) prepared.raw();
    if (mode.pluck) prepared.pluck();
    if (cache.size >= of.statementsMax) cache.delete(cache.keys().next().value!);
  }
  cache.set(key, prepared);
  return prepared;
}
