import type { Database } from "better-sqlite3";

/**
 * Gives out rowids, each once for all open transactions: SQLite's own choice (the greatest in the table and one) would be
 * another one when a journal is replayed after others have committed, or the same one for two.
 */
export class Rowids {
  readonly #last = new Map<string, number>();

  next(db: Database, table: string): number {
    let last = this.#last.get(table);
    if (last === undefined) {
      const quoted = `"${table.replaceAll('"', '""')}"`;
      const greatest = db.prepare(`SELECT max(rowid) FROM ${quoted}`).pluck().safeIntegers().get() as
        | bigint
        | null;
      last = Math.max(0, Number(greatest ?? 0n));
    }
    if (last >= Number.MAX_SAFE_INTEGER) throw new RangeError(`${table} has no rowid left`);
    this.#last.set(table, last + 1);
    return last + 1;
  }

  forget(table: string): void {
    this.#last.delete(table);
  }
}
