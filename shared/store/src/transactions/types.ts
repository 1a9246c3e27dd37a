import type { WeftkitError } from "@weftkit/core";
import type { Database } from "better-sqlite3";
import type { LockKey, LockKind } from "../locks/lock-kind.ts";
import type { LockOptions, LockOwner } from "../locks/types.ts";
import type { SlicedWork, Snapshot, WorkOptions } from "../work.ts";

/** A value of a column, as it is bound. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** The row that a change leaves behind, for what is kept of it beside the journal. */
export interface ChangedRow {
  /** As it is named in locks: a table's name or number. */
  readonly scope: string;
  /** The key of its row lock, usually the rowid. */
  readonly key: LockKey;
  /** The row as the engine reads it, or undefined when it is gone. Comes back from `overlay`. */
  readonly after: unknown;
}

/** Longer journals are not replayed: it would take longer than others wait for a short write. */
export interface JournalLimits {
  readonly changesMax: number;
  readonly bytesMax: number;
}

export interface BeginOptions {
  /**
   * `read` sees this snapshot to the end, without the transaction's own changes, which `overlay` has; a lock of a
   * versioned kind on what was changed after it is a `write_conflict`. The caller releases it when the transaction has
   * ended. Without it each `read` sees what is committed when it begins, and the transaction's own changes.
   */
  readonly from?: Snapshot;
  /** A transaction that has no call running for so long is rolled back (`idle_timeout`). Default: no limit. */
  readonly idleMsMax?: number;
  /** Told once when the store ended the transaction by itself: `idle_timeout` or `closed`. */
  readonly onEnded?: (reason: WeftkitError) => void;
  /** Holds its locks; give the session's own where a session holds locks beside its transaction. */
  readonly owner?: LockOwner;
  /** Shown where locks are. */
  readonly name?: string;
}

export interface CommitOptions extends WorkOptions {
  readonly last?: (work: TransactionWork) => void;
  readonly committed?: () => void;
}

/** A place in a transaction to go back to. */
export interface Mark {
  readonly transaction: number;
  readonly number: number;
}

/**
 * A transaction over many calls, which waits for nobody but those whose locks it needs.
 *
 * It does not own the writer: it owns locks and a journal of its changes. While nobody else wants to write, its changes
 * stand in an open transaction of SQLite. When somebody does, that is rolled back between two of its calls ("parked") and
 * the journal is replayed at its next one. So whatever it changes must be locked by it, on every way that changes it, and
 * the statements of its journal must do the same thing whenever they run: rows named by rowid, values given, new rowids
 * from `nextRowid`, no defaults of SQLite's, no triggers that read other rows.
 *
 * 1. `store.begin()`: nothing is taken. 2. `run`, `read`, `change`, `lock`, `mark`, `rollbackTo`: one at a time, each
 * awaited. 3. `commit` (durable when it resolves) or `rollback`. A call that throws has changed nothing, and leaves the
 * transaction open; a lock it was granted before stays.
 *
 * @throws WeftkitError of every call: those of `Store`, and `lock_not_available`, `lock_timeout` (the `timeoutMs` of a
 * lock), `deadlock`, `write_conflict`, `too_many_locks`, `idle_timeout`, `transaction_ended`, `transaction_lost` (its
 * changes are gone because the disk failed: roll back)
 */
export interface Transaction {
  readonly id: number;
  readonly isOpen: boolean;
  /** Whether it has changed anything that a commit would keep. */
  readonly hasChanges: boolean;
  /** Whether it keeps the writer until it ends (`TransactionWork.hold`, or a journal too long to be replayed). */
  readonly isHolding: boolean;
  /** Whether its changes are only in its journal now. */
  readonly isParked: boolean;
  readonly owner: LockOwner;
  /**
   * Runs synchronous `work` on the writer: it sees what is committed now with the transaction's own changes on top, and
   * may change. A lock of `work.lock` that has to be waited for undoes the work, and runs it again when it is granted.
   */
  run<T>(work: (work: TransactionWork) => T, options?: WorkOptions): Promise<T>;
  /** As `run`, for what may take long: the event loop goes on where it yields. Other writers wait for its end. */
  runInSlices<T>(work: (work: TransactionWork) => SlicedWork<T>, options?: WorkOptions): Promise<T>;
  /**
   * Runs `work`, which only reads: on the snapshot of `from`; else, before the first change, on a fresh one that needs no
   * writer; else as `run` does.
   */
  read<T>(work: (db: Database) => T, options?: WorkOptions): Promise<T>;
  /** `run` for a single change; resolves to how many rows SQLite changed. */
  change(sql: string, values: readonly SqlValue[], row?: ChangedRow, options?: WorkOptions): Promise<number>;
  /**
   * Takes a lock, held until the transaction ends or goes back to a mark before it. Gives false only with `skipLocked`.
   * Needs no writer.
   */
  lock<Mode extends string>(
    kind: LockKind<Mode>,
    scope: string,
    key: LockKey,
    mode: Mode,
    options?: LockOptions,
  ): Promise<boolean>;
  /** The rows it has changed in a scope, as given with the changes, by `rowKey(key)`; undefined for a row that is gone. */
  overlay(scope: string): ReadonlyMap<string | number, unknown>;
  /** Whether somebody else has committed a change of this row after the snapshot of `from`. */
  changedSince(scope: string, key: LockKey): boolean;
  /**
   * Whether somebody else has committed a change of any row of a scope after a snapshot, which must still be held. Asked in the
   * `last` of `commit`, nobody commits between the answer and this commit.
   */
  scopeChangedSince(snapshot: Snapshot, scope: string): boolean;
  mark(): Mark;
  /** Undoes what came after the mark, gives back the locks taken since, and keeps the mark. */
  rollbackTo(mark: Mark): void;
  /** Forgets the mark and those after it, and keeps what was done. */
  release(mark: Mark): void;
  /**
   * Commits; on the disk when it resolves. `last` runs on the writer before, for checks that were deferred; when it
   * throws, the transaction is still open. `committed` is called before anybody else has the writer, and before it is on the disk: for
   * what is kept in memory of that which is stored.
   */
  commit(options?: CommitOptions): Promise<void>;
  /** Ends it without a trace, also while a call of it waits, which is then canceled. */
  rollback(): void;
}

/** What a work of a transaction may do; not to be used after the work has returned. */
export interface TransactionWork {
  /** The writer's connection. Changes go through `change`, or they are lost with the next parking. */
  readonly db: Database;
  /**
   * One change of rows named by their rowids. Gives how many rows SQLite changed. `row` says what became of the row it
   * changes; without it, the row is missing in `overlay` and `changedSince`.
   */
  change(sql: string, values: readonly SqlValue[], row?: ChangedRow): number;
  /** As `Transaction.lock`, but synchronous: what has to be waited for ends the work, which runs again afterwards. */
  lock<Mode extends string>(
    kind: LockKind<Mode>,
    scope: string,
    key: LockKey,
    mode: Mode,
    options?: LockOptions,
  ): boolean;
  /** A rowid that no row of the table has, and no other transaction gets. */
  nextRowid(table: string): number;
  /** Forgets the counter of a table: call it when a table was renamed or dropped, under its exclusive lock. */
  forgetRowids(table: string): void;
  /**
   * Keeps the writer until the transaction ends or goes back to a mark before this call. To be called before definitions
   * are changed (CREATE, ALTER, DROP); from here on `db` may be used for changes.
   */
  hold(): void;
  /**
   * Runs a part of the work, which has changed nothing when it throws; the work may catch that and go on, unless
   * `db.inTransaction` is false then (the disk has failed). A lock that has to be waited for still ends the whole work. Locks
   * that the part was granted stay.
   */
  within<T>(part: () => T): T;
}
