import { WeftkitError } from "@weftkit/core";
import type { Database, Snapshot, Store, Transaction, TransactionWork } from "@weftkit/store";
import { MongoError, writeConflict } from "../errors.ts";
import { isOfDropped } from "../storage/collection.ts";
import type { Writes } from "../storage/work.ts";

export type TransactionState = "active" | "committed" | "aborted";

/** transactionLifetimeLimitSeconds. */
export const lifetimeSecondsMax = 60;

/**
 * A client's transaction: what it reads is the snapshot of its first command with its own changes on top; what it changes is
 * locked, and a document that somebody else has changed meanwhile, or is changing, ends it at once (112).
 */
export class ClientTransaction {
  readonly number: bigint;
  readonly startedMs = Date.now();
  /** What it reads is not older than this, as `performance.now()`. */
  readonly asOfMs = performance.now();
  readonly #store: Store;
  readonly #writes: Writes;
  #state: TransactionState = "active";
  #begun: Promise<{ transaction: Transaction; snapshot: Snapshot }> | undefined;
  #open: { transaction: Transaction; snapshot: Snapshot } | undefined;
  #committing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(number: bigint, store: Store, writes: Writes) {
    this.number = number;
    this.#store = store;
    this.#writes = writes;
    // Counted before the snapshot is taken, so that no write that comes after it goes without locks.
    writes.openTransactions++;
    this.#timer = setTimeout(() => this.abort(), lifetimeSecondsMax * 1000);
    this.#timer.unref();
  }

  get state(): TransactionState {
    return this.#state;
  }

  get hasChanges(): boolean {
    return this.#open?.transaction.hasChanges ?? false;
  }

  async #begin(): Promise<{ transaction: Transaction; snapshot: Snapshot }> {
    this.#begun ??= (async () => {
      const snapshot = await this.#store.snapshot();
      if (this.#state !== "active") {
        snapshot.release();
        throw noSuchTransaction(this.number);
      }
      const transaction = this.#store.begin({ from: snapshot, name: `transaction ${this.number}` });
      this.#open = { transaction, snapshot };
      return this.#open;
    })();
    return this.#begun;
  }

  /** Its changes of a table, by rowid. */
  overlay(table: string): ReadonlyMap<string | number, unknown> | undefined {
    const overlay = this.#open?.transaction.overlay(table);
    return overlay === undefined || overlay.size === 0 ? undefined : overlay;
  }

  async read<T>(work: (db: Database) => T): Promise<T> {
    const { transaction } = await this.#begin();
    return this.#guard(() => transaction.read(work));
  }

  async run<T>(work: (work: TransactionWork) => T): Promise<T> {
    const { transaction } = await this.#begin();
    return this.#guard(() => transaction.run(work));
  }

  async #guard<T>(call: () => Promise<T>): Promise<T> {
    if (this.#state !== "active") throw noSuchTransaction(this.number);
    try {
      return await call();
    } catch (error) {
      if (
        error instanceof WeftkitError &&
        ["lock_not_available", "write_conflict", "deadlock", "lock_timeout"].includes(error.code)
      ) {
        throw writeConflict();
      }
      if (error instanceof WeftkitError && ["transaction_ended", "canceled"].includes(error.code)) {
        throw noSuchTransaction(this.number);
      }
      if (isOfDropped(error)) {
        throw new MongoError(
          246,
          "Unable to read from a snapshot due to pending collection catalog changes; please retry the operation.",
          { labels: ["TransientTransactionError"] },
        );
      }
      throw error;
    }
  }

  /** Commits; again and again with the same outcome. */
  commit(): Promise<void> {
    this.#committing ??= (async () => {
      const open = this.#begun === undefined ? undefined : await this.#begun;
      try {
        await open?.transaction.commit();
        this.#end("committed");
      } catch (error) {
        this.#end("aborted");
        throw error;
      }
    })();
    return this.#committing;
  }

  abort(): void {
    if (this.#state !== "active" || this.#committing !== undefined) return;
    this.#open?.transaction.rollback();
    this.#end("aborted");
  }

  #end(state: TransactionState): void {
    if (this.#state !== "active") return;
    this.#state = state;
    clearTimeout(this.#timer);
    this.#open?.snapshot.release();
    this.#open = undefined;
    this.#writes.openTransactions--;
  }
}

export function noSuchTransaction(number: bigint): MongoError {
  return new MongoError(
    251,
    `Given transaction number ${number} does not match any in-progress transactions. The active transaction number is ${number}`,
    { labels: ["TransientTransactionError"] },
  );
}
