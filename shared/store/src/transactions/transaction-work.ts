import type { Database } from "better-sqlite3";
import type { LockKey, LockKind } from "../locks/lock-kind.ts";
import type { LockOptions } from "../locks/types.ts";
import { statement } from "../statements.ts";
import type { BorrowedWriter } from "./borrowed-writer.ts";
import type { Rowids } from "./rowids.ts";
import type { ChangedRow, SqlValue, TransactionWork } from "./types.ts";

/**
 * Thrown by a work that has to wait for a lock: it is undone, and run again when `wait` has resolved. It is no error, and
 * has no stack to be paid for; a work must let it pass.
 */
export class LockNeeded {
  readonly wait: (limits: LockOptions) => Promise<boolean>;

  constructor(wait: (limits: LockOptions) => Promise<boolean>) {
    this.wait = wait;
  }
}

type LockNow = <Mode extends string>(
  kind: LockKind<Mode>,
  scope: string,
  key: LockKey,
  mode: Mode,
  options: LockOptions,
) => boolean;

const noOptions: LockOptions = {};

/** See `TransactionWork`. */
export class Work implements TransactionWork {
  readonly db: Database;
  readonly #rowids: Rowids;
  readonly #writer: BorrowedWriter;
  readonly #lockNow: LockNow;

  constructor(host: { readonly rowids: Rowids }, writer: BorrowedWriter, lockNow: LockNow) {
    this.db = writer.connection.db;
    this.#rowids = host.rowids;
    this.#writer = writer;
    this.#lockNow = lockNow;
  }

  change(sql: string, values: readonly SqlValue[], row?: ChangedRow): number {
    const { changes } = statement(this.db, sql).run(values);
    const { journal } = this.#writer;
    if (!this.#writer.isHolding) {
      journal.add(sql, values, changes);
      if (journal.isTooLong) this.#writer.hold();
    }
    if (row !== undefined) journal.addRow(row);
    return changes;
  }

  lock<Mode extends string>(
    kind: LockKind<Mode>,
    scope: string,
    key: LockKey,
    mode: Mode,
    options: LockOptions = noOptions,
  ): boolean {
    return this.#lockNow(kind, scope, key, mode, options);
  }

  nextRowid(table: string): number {
    return this.#rowids.next(this.db, table);
  }

  forgetRowids(table: string): void {
    this.#rowids.forget(table);
  }

  hold(): void {
    this.#writer.hold();
  }

  within<T>(part: () => T): T {
    return this.#writer.within(part);
  }
}
