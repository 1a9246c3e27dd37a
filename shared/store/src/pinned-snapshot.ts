import { WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { Database } from "better-sqlite3";
import type { Connection } from "./connection.ts";
import type { WorkOptions } from "./work.ts";

/** So old, a snapshot is worth a warning, and again after as long: the write-ahead log cannot be reused meanwhile. */
const warnEveryMs = 60_000;

/** A connection with a read transaction that stays open, for all who have asked for the same state. */
export class PinnedSnapshot {
  readonly connection: Connection;
  /** Names the state that is seen. */
  readonly state: number;
  readonly #sinceMs = performance.now();
  readonly #onRelease: () => void;
  readonly #warning: NodeJS.Timeout;
  #users = 1;

  constructor(connection: Connection, state: number, log: Logger, onRelease: () => void) {
    this.connection = connection;
    this.state = state;
    this.#onRelease = onRelease;
    this.#warning = setInterval(() => {
      log.warn(
        { ageSeconds: Math.round(this.ageMs / 1000) },
        "a snapshot is held for long: the write-ahead log grows until it is released",
      );
    }, warnEveryMs).unref();
  }

  get ageMs(): number {
    return performance.now() - this.#sinceMs;
  }

  /** Fixes what is seen: BEGIN alone does not, the first read does. */
  begin(): void {
    this.connection.begin();
    this.connection.db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get();
  }

  read<T>(work: (db: Database) => T, limits: WorkOptions | undefined): T {
    if (!this.connection.db.inTransaction) {
      throw new WeftkitError(
        "closed",
        "the snapshot was lost to an earlier error: release it and take another",
      );
    }
    return this.connection.run(work, limits);
  }

  /** Whether another one can use it, too. */
  get isIntact(): boolean {
    return this.#users > 0 && this.connection.usable && this.connection.db.inTransaction;
  }

  /** One more uses it, and releases it, too. */
  share(): this {
    this.#users++;
    return this;
  }

  release(): void {
    if (--this.#users === 0) this.#end();
  }

  /** Ends it for all who use it. */
  releaseAll(): void {
    if (this.#users > 0) this.#end();
    this.#users = 0;
  }

  #end(): void {
    clearInterval(this.#warning);
    this.connection.rollback();
    this.#onRelease();
  }
}
