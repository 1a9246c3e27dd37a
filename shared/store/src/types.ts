import type { Deadline } from "@weftkit/core";
import type { Logger, Readiness, Registry } from "@weftkit/observe";
import type { Database } from "better-sqlite3";
import type { Locks } from "./locks/types.ts";
import type { BeginOptions, JournalLimits, Transaction, TransactionWork } from "./transactions/types.ts";
import type { SlicedWork, Snapshot, WorkOptions } from "./work.ts";
import type { WorkerTask } from "./workers/reader-workers.ts";

/** One step of the schema, applied in one transaction and never changed after a release. */
export interface Migration {
  /** What it does, for the log: "create documents". */
  readonly name: string;
  apply(db: Database): void;
}

export interface StoreOptions {
  /** The database file; its folder exists. */
  readonly file: string;
  /** Names the application in the file (`PRAGMA application_id`), so that another engine's file is refused. */
  readonly applicationId: number;
  /** In order; `PRAGMA user_version` counts how many were applied. */
  readonly migrations: readonly Migration[];
  /** Called for every connection, the readers' too: functions and temporary settings. better-sqlite3 has no collations. */
  readonly prepare?: (db: Database) => void;
  /** Whether `write` waits for the disk. Default: true. */
  readonly walFsync?: boolean;
  /**
   * So many states may be held as snapshots at once, those of the same state counting as one. Each has a connection of its
   * own: two file descriptors, about 200 KiB, and up to 512 KiB of pages. Default: 256.
   */
  readonly snapshotsMax?: number;
  /** So many threads read what `readInWorker` is given, started when needed. Default: 2. */
  readonly readerWorkersMax?: number;
  /** As `prepare`, for the connections of those threads: a module that exports `prepare(db)`. */
  readonly prepareModule?: URL;
  /** So many prepared statements are kept for the writer and the reader of short reads. Default: 500. */
  readonly statementsMax?: number;
  /** Who has waited so long for a lock of a transaction looks for a deadlock. Default: 1000. */
  readonly deadlockTimeoutMs?: number;
  /** So many locks may be held at once. Default: 1,000,000 (about 400 bytes each). */
  readonly locksMax?: number;
  /** A transaction with more changes than this, or more bytes in them, keeps the writer. Default: 4096 and 4 MiB. */
  readonly journalLimits?: JournalLimits;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly readiness: Readiness;
  /** Told once when a sync has failed: the store writes nothing any more, and the process should end. */
  readonly fatal?: (error: Error) => void;
}

/**
 * Writes down what each commit changes, for those who follow (`@weftkit/changes`). Works record while they run; a store
 * without a recorder, or with one that nobody listens to, pays one look at a property for it.
 */
export interface CommitRecorder {
  /** This connection writes from now on. */
  attach(writer: Database): void;
  /** Gives what was recorded since it was asked last, and forgets it; undefined when nothing was. */
  take(): readonly unknown[] | undefined;
  /** Called in the transaction, right before COMMIT, with all that was recorded in it. */
  append(writer: Database, records: readonly unknown[]): void;
  /** What was appended has been committed, or has not; then on the disk. */
  ended(isCommitted: boolean): void;
  durable(): void;
}

/**
 * The durable store of one engine: one SQLite file, one writer at a time, any number of readers.
 *
 * @throws WeftkitError with code `lock_timeout`, `statement_timeout`, `canceled`, `disk_full`, `read_only`, `io_error`,
 * `corrupt`, `failed` (a sync has failed: restart) or `closed`; what SQLite itself reports (constraints, syntax) comes
 * as it is. An error, too, is told only when all that the work may have seen is on the disk.
 */
export interface Store {
  readonly file: string;
  /**
   * Runs `work` in a transaction, alone, in the order of the calls; resolves when it is committed and on the disk.
   * `work` is synchronous and short; when it throws, everything is rolled back. Writes that arrive together share one
   * sync.
   */
  write<T>(work: (db: Database) => T, options?: WorkOptions): Promise<T>;
  /**
   * A write that may take long: the event loop goes on wherever `work` yields and has had some milliseconds. It is still
   * one transaction, and other writes wait for its end; readers see what was there before it.
   */
  writeInSlices<T>(work: (db: Database) => SlicedWork<T>, options?: WorkOptions): Promise<T>;
  /**
   * Runs `work` on one consistent snapshot. What it saw is on the disk when the promise resolves. `work` is
   * synchronous, and no statement or iterator of it may be used afterwards.
   */
  read<T>(work: (db: Database) => T, options?: WorkOptions): Promise<T>;
  /**
   * A snapshot that outlives one call, for exports, cursors and transactions that must see one state. Those taken
   * between the same two commits share a connection. While `snapshotsMax` states are held this waits, and ends with
   * `lock_timeout` after 30 s or at the deadline.
   */
  snapshot(options?: WorkOptions): Promise<Snapshot>;
  /**
   * Runs a task that may take long on one snapshot in another thread, so that the event loop goes on. What it saw is on the
   * disk when the promise resolves. It ends within 50 ms of its deadline or cancel; where statements cannot be interrupted
   * (`interruptSupport`) its thread goes on until the statement ends, and another one takes its place. An image that uses
   * it lists `shared/store/src/workers/reader-worker.ts`, and its own module, among the entries of its bundle.
   *
   * @throws WeftkitError `worker_ended` when the thread has died
   */
  readInWorker<T>(task: WorkerTask, options?: WorkOptions): Promise<T>;
  /** As `readInWorker`, for a generator: gives what it yields, and computes one part ahead. Leaving the loop ends it. */
  streamInWorker<T>(task: WorkerTask, options?: WorkOptions): AsyncIterable<T>;
  /** A transaction over many calls: see there. */
  begin(options?: BeginOptions): Transaction;
  /**
   * A transaction of one work: as `write`, but with locks. Where `work.lock` has to wait, the work is undone, nobody
   * waits for it, and it runs again when the lock is granted. Its locks end with it.
   */
  transact<T>(work: (work: TransactionWork) => T, options?: WorkOptions & BeginOptions): Promise<T>;
  /** Set by who writes down what is changed; one at most. */
  recorder: CommitRecorder | undefined;
  /** Resolves when every transaction that has changed something by now has ended. */
  transactionsEnded(): Promise<void>;
  /** Whether a transaction that is open has changed something. */
  readonly hasOpenChanges: boolean;
  /** Who holds and waits for what; and the locks that sessions hold beside their transactions. */
  readonly locks: Locks;
  /**
   * Holds the writers back while `work` runs: for what must see the file without them. It gets the writer's connection,
   * for checkpoints; what it wrote there would not be waited for.
   */
  exclusively<T>(work: (writer: Database) => Promise<T>, options?: WorkOptions): Promise<T>;
  /** Bytes in the write-ahead log that no capture or checkpoint has taken yet. */
  readonly walBytes: number;
  /** Called after a commit when the write-ahead log has grown by about a megabyte since the last call. */
  onWalGrowth: () => void;
  close(deadline?: Deadline): Promise<void>;
}
