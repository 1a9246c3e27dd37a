import type { Database, Statement } from "better-sqlite3";
import { openDatabase } from "../connection.ts";

/**
 * A reader that pins the log: while it holds, nothing after what it sees is moved into the database by any process,
 * and what is in the log up to there is not overwritten.
 *
 * It may only read, so that its close is never the one that moves the log into the database.
 */
export class WalPin {
  readonly #db: Database;
  readonly #begin: Statement;
  readonly #read: Statement;
  readonly #end: Statement;

  constructor(file: string) {
    this.#db = openDatabase(file, { readonly: true });
    this.#begin = this.#db.prepare("BEGIN");
    // BEGIN alone pins nothing, the first read does.
    this.#read = this.#db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1");
    this.#end = this.#db.prepare("COMMIT");
  }

  get isHeld(): boolean {
    return this.#db.inTransaction;
  }

  /** Pins what is committed now. */
  hold(): void {
    this.#begin.run();
    try {
      this.#read.get();
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** Pages of the database as the pin sees it. */
  pageCount(): number {
    return this.#db.pragma("page_count", { simple: true }) as number;
  }

  pageSize(): number {
    return this.#db.pragma("page_size", { simple: true }) as number;
  }

  release(): void {
    if (this.isHeld) this.#end.run();
  }

  close(): void {
    this.#db.close();
  }
}
