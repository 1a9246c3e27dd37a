import type { Database, Statement } from "better-sqlite3";
import { WatchedConnection } from "./interrupt.ts";
import { limitStatements } from "./statements.ts";
import { canceledError, sqliteCode, statementTimeoutError } from "./store-error.ts";
import type { StoreOptions } from "./types.ts";
import type { WorkOptions } from "./work.ts";

export { openDatabase } from "./open-database.ts";

/** A page cache for the connection that everything is written through, and for the one that most reads use. */
const cacheKibDefault = 16 * 1024;

/** What connections of one store differ in. */
export interface ConnectionOptions extends Pick<StoreOptions, "prepare" | "statementsMax"> {
  readonly cacheKib?: number;
}

const leftOpen = "the work left an iterator open: read all of it, or call its return(), before the work ends";

/** One connection, the transactions that run on it, and their limits. */
export class Connection {
  readonly db: Database;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  readonly #watched: WatchedConnection | undefined;
  #usable = true;

  /** Takes over `db`, whose settings it makes. */
  constructor(db: Database, options: ConnectionOptions) {
    this.db = db;
    db.pragma(`cache_size = -${options.cacheKib ?? cacheKibDefault}`);
    // Pages are read with pread: in a memory map an I/O error would be a signal that ends the process.
    db.pragma("mmap_size = 0");
    // Temporary files, not memory: a sort of a large table must not grow the process. SQLite puts them into the first
    // writable one of SQLITE_TMPDIR, TMPDIR, /var/tmp, /tmp and the working directory.
    db.pragma("temp_store = FILE");
    db.pragma("foreign_keys = ON");
    limitStatements(db, options.statementsMax);
    options.prepare?.(db);
    // A temporary table made in a read would be seen by all later ones of the connection, whoever they are of.
    if (db.readonly) db.pragma("query_only = ON");
    this.#watched = WatchedConnection.of(db);
    this.#begin = db.prepare(db.readonly ? "BEGIN" : "BEGIN IMMEDIATE");
    this.#commit = db.prepare("COMMIT");
    this.#rollback = db.prepare("ROLLBACK");
  }

  /** False when a work has left a statement open that cannot be ended: the connection must be replaced. */
  get usable(): boolean {
    return this.#usable && this.db.open;
  }

  /** What `cancelWork` takes in another thread; undefined where nothing can be interrupted. */
  get watchToken(): number | undefined {
    return this.#watched?.token;
  }

  /** Begins a transaction; of a reader, the first read fixes what it sees. */
  begin(): void {
    this.#begin.run();
  }

  /** Runs `work` in a transaction of its own: all of it or nothing. */
  transact<T>(work: (db: Database) => T, limits: WorkOptions | undefined): T {
    this.begin();
    return this.complete(work, limits);
  }

  /** Runs `work` in the transaction that was begun and commits it, or undoes all of it and throws. */
  complete<T>(work: (db: Database) => T, limits: WorkOptions | undefined): T {
    return this.part(() => {
      const value = this.run(work, limits);
      this.#commit.run();
      return value;
    });
  }

  /** Commits the transaction that was begun. */
  commit(): void {
    this.#commit.run();
  }

  /** Runs a part of the transaction that was begun; when it throws, all of it is undone. */
  part<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.rollback();
      throw this.#usable ? error : new TypeError(leftOpen, { cause: error });
    }
  }

  /**
   * Runs `work` in the transaction that is open, under its deadline; what it changed is not undone when it throws.
   *
   * @throws WeftkitError `statement_timeout` or `canceled`, TypeError when the work is not what it must be
   */
  run<T>(work: (db: Database) => T, limits: WorkOptions | undefined): T {
    const deadline = limits?.deadline;
    const signal = limits?.signal;
    if (signal?.aborted) throw canceledError();
    if (deadline?.remainingMs() === 0) throw statementTimeoutError();
    const watched = deadline === undefined && signal === undefined ? undefined : this.#watched;
    let value: T;
    watched?.begin(deadline?.remainingMs());
    try {
      value = work(this.db);
    } catch (error) {
      const interrupted = watched?.end();
      if (sqliteCode(error) !== "SQLITE_INTERRUPT" || interrupted === undefined) throw error;
      throw interrupted === "deadline" ? statementTimeoutError() : canceledError();
    }
    if (watched?.end() === "canceled" || signal?.aborted) throw canceledError();
    // Also where nothing could be interrupted: who was told "too late" must not find it done.
    if (deadline?.remainingMs() === 0) throw statementTimeoutError();
    if (isThenable(value))
      throw new TypeError("the work must be synchronous: its transaction ends when it returns");
    if (!this.db.inTransaction) throw new TypeError("the work must not end the transaction it runs in");
    return value;
  }

  /** Ends the transaction, if SQLite has not done so itself (it does on a full disk and on some I/O errors). */
  rollback(): void {
    if (!this.db.inTransaction) return;
    try {
      this.#rollback.run();
    } catch (error) {
      // better-sqlite3 refuses while an iterator is open. SQLite does not; but nobody can end that iterator any more.
      this.#usable = false;
      if (!(error instanceof TypeError)) throw error;
      this.db.unsafeMode(true);
      this.db.exec("ROLLBACK");
    }
  }

  /** Closes; a connection with an iterator left open is closed when the iterator is collected. */
  close(): void {
    if (this.#usable) this.db.close();
  }
}

function isThenable(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
