import { WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { Database } from "better-sqlite3";
import type { Connection } from "./connection.ts";
import type { WorkOptions } from "./types.ts";

/** So old, a snapshot is worth a warning, and again after as long: the write-ahead log cannot be reused meanwhile. */
const warnEveryMs = 60_000;

/** A connection with a read transaction that stays open. */
export class PinnedSnapshot {
  readonly connection: Connection;
  readonly #sinceMs = performance.now();
  readonly #onRelease: () => void;
  readonly #warning: NodeJS.Timeout;
  #released = false;

  constructor(connection: Connection, log: Logger, onRelease: () => void) {
    this.connection = connection;
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
    if (this.#released) throw new WeftkitError("closed", "the snapshot was released");
    if (!this.connection.db.inTransaction) {
      throw new WeftkitError(
        "closed",
        "the snapshot was lost to an earlier error: release it and take another",
      );
    }
    return this.connection.run(work, limits);
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    clearInterval(this.#warning);
    this.connection.rollback();
    this.#onRelease();
  }
}
