import {
  type Database,
  type LockKey,
  lockKind,
  type SqlValue,
  type Store,
  statement,
  type TransactionWork,
  uniqueValueLocks,
} from "@weftkit/store";

/** Of documents: a transaction that has seen one as it was before somebody else's change may not change it. */
const documentLocks = lockKind("document", {
  conflicts: { exclusive: ["exclusive"] },
  isFair: false,
  isVersioned: true,
});

/** A write that runs: the writer's connection, and what must be said of each change. */
export interface WriteWork {
  readonly db: Database;
  /** Whether it is a part of a client's transaction, which does not wait for others. */
  readonly isInteractive: boolean;
  change(sql: string, values: readonly SqlValue[]): void;
  /** A change of a document, which was locked. */
  changeDocument(
    sql: string,
    values: readonly SqlValue[],
    table: string,
    rid: number,
    after: Buffer | undefined,
  ): void;
  lockDocument(table: string, rid: number): void;
  lockValue(table: string, key: LockKey): void;
}

/** Alone on the writer, with nobody's transaction open: nothing has to be locked or kept. */
class PlainWork implements WriteWork {
  readonly db: Database;
  readonly isInteractive = false;

  constructor(db: Database) {
    this.db = db;
  }

  change(sql: string, values: readonly SqlValue[]): void {
    statement(this.db, sql).run(values);
  }

  changeDocument(sql: string, values: readonly SqlValue[]): void {
    statement(this.db, sql).run(values);
  }

  lockDocument(): void {}

  lockValue(): void {}
}

/** As a transaction of the store, beside others that are open. */
export class LockingWork implements WriteWork {
  readonly db: Database;
  readonly isInteractive: boolean;
  readonly #work: TransactionWork;

  constructor(work: TransactionWork, isInteractive: boolean) {
    this.#work = work;
    this.db = work.db;
    this.isInteractive = isInteractive;
  }

  change(sql: string, values: readonly SqlValue[]): void {
    this.#work.change(sql, values);
  }

  changeDocument(
    sql: string,
    values: readonly SqlValue[],
    table: string,
    rid: number,
    after: Buffer | undefined,
  ): void {
    this.#work.change(sql, values, { scope: table, key: rid, after });
  }

  lockDocument(table: string, rid: number): void {
    this.#work.lock(documentLocks, table, rid, "exclusive", { nowait: this.isInteractive });
  }

  lockValue(table: string, key: LockKey): void {
    this.#work.lock(uniqueValueLocks, table, key, "exclusive", { nowait: this.isInteractive });
  }
}

/** Thrown when a plain write finds that a transaction has been opened since it was asked for. */
const needsLocks = Symbol("needs locks");

/** The writes of clients that are in no transaction. */
export class Writes {
  readonly #store: Store;
  /** How many transactions of clients are open. */
  openTransactions = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Runs a work in a transaction of its own, which is on the disk when the promise resolves. */
  async perform<T>(work: (work: WriteWork) => T): Promise<T> {
    if (this.openTransactions === 0) {
      try {
        return await this.#store.write((db) => {
          if (this.openTransactions > 0) throw needsLocks;
          return work(new PlainWork(db));
        });
      } catch (error) {
        if (error !== needsLocks) throw error;
      }
    }
    return this.#store.transact((within) => work(new LockingWork(within, false)));
  }
}
