import { existsSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { type Deadline, WeftkitError } from "@weftkit/core";
import type { Database } from "better-sqlite3";
import { Connection } from "./connection.ts";
import { claimFile, pageSize } from "./identity.ts";
import { LockTable } from "./locks/lock-table.ts";
import { migrate } from "./migrate.ts";
import { openDatabase } from "./open-database.ts";
import { Readers } from "./readers.ts";
import { advance, endSlices } from "./slices.ts";
import { requireSqliteBuild } from "./sqlite-build.ts";
import { statement } from "./statements.ts";
import { closedError, lockedError, readError, sqliteCode, writeError } from "./store-error.ts";
import { StoreHealth } from "./store-health.ts";
import { type StoreMetrics, storeMetrics } from "./store-metrics.ts";
import { StoreSnapshot } from "./store-snapshot.ts";
import { RowVersions } from "./transactions/row-versions.ts";
import { Rowids } from "./transactions/rowids.ts";
import { InteractiveTransaction, type TransactionHost } from "./transactions/transaction.ts";
import type { BeginOptions, JournalLimits, Transaction, TransactionWork } from "./transactions/types.ts";
import type { CommitRecorder, Store, StoreOptions } from "./types.ts";
import { WalSync } from "./wal-sync.ts";
import type { SlicedWork, Snapshot, WorkOptions } from "./work.ts";
import { ReaderWorkers, type WorkerTask } from "./workers/reader-workers.ts";
import { WriteLock } from "./write-lock.ts";

/** A frame of the write-ahead log: a header and a page. */
const frameBytes = 24 + pageSize;
const walGrowthStepBytes = 1024 * 1024;
/** The log is measured after so many turns of the lock, or after one that took so long. */
const measureEveryTurns = 16;
const measureAfterMs = 0.5;
const deadlockTimeoutMsDefault = 1000;
const locksMaxDefault = 1_000_000;
const journalLimitsDefault: JournalLimits = { changesMax: 4096, bytesMax: 4 * 1024 * 1024 };

/**
 * Opens the database file, makes it if there is none, applies the migrations it has not had, and resolves when all
 * that is on the disk.
 *
 * @throws WeftkitError `wrong_application`, `newer_schema`, `migration_failed`, `unsupported_sqlite`,
 * `unsupported_volume`, `cannot_open`, `locked`, `corrupt`, `disk_full`, `read_only` or `io_error`
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const metrics = storeMetrics(options.metrics);
  let writer: Connection | undefined;
  let sync: WalSync | undefined;
  try {
    writer = openWriter(options);
    migrate(writer.db, options);
    sync = await WalSync.open(options.file, { wanted: options.walFsync ?? true, metrics });
    return new DurableStore(options, metrics, writer, sync, new Readers(options, metrics));
  } catch (error) {
    writer?.db.close();
    await sync?.close();
    if (sqliteCode(error)?.startsWith("SQLITE_BUSY")) throw lockedError(options.file, error);
    throw writeError(error, options.file);
  }
}

function openWriter(options: StoreOptions): Connection {
  let db: Database;
  try {
    db = openDatabase(options.file);
  } catch (error) {
    if (sqliteCode(error)?.startsWith("SQLITE_CANTOPEN") !== true) throw error;
    throw new WeftkitError(
      "cannot_open",
      `${options.file} cannot be ${existsSync(options.file) ? "opened" : "made"}: its folder must exist, and this user must be allowed to read and write there`,
      { cause: error },
    );
  }
  try {
    requireSqliteBuild(db);
    claimFile(db, options);
    if (db.pragma("journal_mode = WAL", { simple: true }) !== "wal") {
      throw new WeftkitError(
        "unsupported_volume",
        `the volume of ${options.file} cannot hold a write-ahead log (network file systems cannot): use a local one`,
      );
    }
    // The sync of the log at each commit is the store's own work, shared by many and asynchronous.
    db.pragma("synchronous = NORMAL");
    // Checkpoints are made where they hold nobody up, and never of what a capture has not taken.
    db.pragma("wal_autocheckpoint = 0");
    return new Connection(db, options);
  } catch (error) {
    db.close();
    throw error;
  }
}

/** See `Store`. */
class DurableStore implements Store {
  readonly file: string;
  readonly locks: LockTable;
  #recorder: CommitRecorder | undefined;
  onWalGrowth: () => void = () => {};
  readonly #options: StoreOptions;
  readonly #metrics: StoreMetrics;
  readonly #sync: WalSync;
  readonly #readers: Readers;
  readonly #lock: WriteLock;
  readonly #health: StoreHealth;
  readonly #workers: ReaderWorkers;
  readonly #versions = new RowVersions();
  readonly #transactions = new Set<InteractiveTransaction>();
  readonly #transactionHost: TransactionHost;
  /** How many have the writer to themselves, and may change the file without a commit that is counted. */
  #exclusive = 0;
  #exclusiveEnded = 0;
  #turnsSinceMeasured = 0;
  #writer: Connection;
  #walBytes = 0;
  #walBytesTold = 0;
  #closing: Promise<void> | undefined;

  constructor(
    options: StoreOptions,
    metrics: StoreMetrics,
    writer: Connection,
    sync: WalSync,
    readers: Readers,
  ) {
    this.file = options.file;
    this.#options = options;
    this.#metrics = metrics;
    this.#writer = writer;
    this.#sync = sync;
    this.#readers = readers;
    this.#lock = new WriteLock({
      waited: (ms) => metrics.lockWaitSeconds.observe(ms / 1000),
      turnEnded: (ms) => this.#turnEnded(ms),
    });
    sync.onFailure = (error) => {
      this.#health.failed(error);
      options.fatal?.(error);
    };
    this.#health = new StoreHealth(options.readiness, options.log, () => this.#probe());
    this.locks = new LockTable({
      deadlockTimeoutMs: options.deadlockTimeoutMs ?? deadlockTimeoutMsDefault,
      locksMax: options.locksMax ?? locksMaxDefault,
      writerHolder: () => this.#transactionHost.writerHolder,
    });
    this.#transactionHost = this.#hostTransactions();
    const { readerWorkersMax: workersMax, prepareModule, statementsMax } = options;
    this.#workers = new ReaderWorkers({
      file: options.file,
      ...(workersMax === undefined ? {} : { workersMax }),
      ...(prepareModule === undefined ? {} : { prepareModule }),
      ...(statementsMax === undefined ? {} : { statementsMax }),
    });
    this.#measureWal();
  }

  write<T>(work: (db: Database) => T, limits?: WorkOptions): Promise<T> {
    const calledMs = performance.now();
    return new Promise<T>((resolve, reject) => {
      const refusal = this.#refusal();
      if (refusal !== undefined) return reject(refusal);
      this.#lock.enqueue(() => this.#commit(work, limits, calledMs, resolve, reject), reject, limits);
    });
  }

  writeInSlices<T>(work: (db: Database) => SlicedWork<T>, limits?: WorkOptions): Promise<T> {
    const calledMs = performance.now();
    return new Promise<T>((resolve, reject) => {
      const refusal = this.#refusal();
      if (refusal !== undefined) return reject(refusal);
      const turn = () => this.#commitInSlices(work, limits, calledMs, resolve, reject);
      this.#lock.enqueue(turn, reject, limits);
    });
  }

  async read<T>(work: (db: Database) => T, limits?: WorkOptions): Promise<T> {
    return this.#answer(this.#sync.committed, () => this.#readers.read(work, limits));
  }

  async snapshot(limits?: WorkOptions): Promise<Snapshot> {
    if (this.#closing !== undefined) throw closedError(this.file);
    // Both only grow, so that the same sum is the same state.
    const state = () => (this.#exclusive > 0 ? undefined : this.#sync.committed + this.#exclusiveEnded);
    return this.#readers.pin(state, limits, (pinned) => {
      const seen = this.#sync.committed;
      this.#versions.hold(seen);
      return new StoreSnapshot(
        pinned,
        seen,
        this.#options.log,
        (read) => this.#answer(seen, read),
        () => this.#versions.hold(seen),
        () => this.#versions.release(seen),
      );
    });
  }

  async readInWorker<T>(task: WorkerTask, limits?: WorkOptions): Promise<T> {
    if (this.#closing !== undefined) throw closedError(this.file);
    this.#metrics.reads.inc();
    try {
      return (await this.#workers.run(task, limits)) as T;
    } catch (thrown) {
      throw this.#readFailed(thrown);
    } finally {
      // Where it is not known what it saw, it may have seen all that is there now.
      if (!this.#sync.reached(this.#sync.committed)) await this.#durable(this.#sync.committed);
    }
  }

  async *streamInWorker<T>(task: WorkerTask, limits?: WorkOptions): AsyncGenerator<T> {
    if (this.#closing !== undefined) throw closedError(this.file);
    this.#metrics.reads.inc();
    let isDurable = false;
    try {
      for await (const part of this.#workers.stream(task, limits)) {
        // All parts are of the state that the first is of.
        if (!isDurable && !this.#sync.reached(this.#sync.committed)) {
          await this.#durable(this.#sync.committed);
        }
        isDurable = true;
        yield part as T;
      }
    } catch (thrown) {
      throw this.#readFailed(thrown);
    }
  }

  begin(options: BeginOptions = {}): Transaction {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
    const transaction = new InteractiveTransaction(this.#transactionHost, options);
    this.#transactions.add(transaction);
    this.#metrics.transactions.set(this.#transactions.size);
    return transaction;
  }

  async transact<T>(
    work: (work: TransactionWork) => T,
    options: WorkOptions & BeginOptions = {},
  ): Promise<T> {
    return (this.begin(options) as InteractiveTransaction).transact(work, options);
  }

  exclusively<T>(work: (writer: Database) => Promise<T>, limits?: WorkOptions): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const refusal = this.#refusal();
      if (refusal !== undefined) return reject(refusal);
      const hold = async () => {
        const writer = this.#writer;
        this.#exclusive++;
        try {
          const value = await work(writer.db);
          if (writer.db.inTransaction) throw new TypeError("the work left a transaction open on the writer");
          resolve(value);
        } catch (error) {
          reject(error);
          writer.rollback();
        }
        this.#exclusive--;
        this.#exclusiveEnded++;
        this.#measureWal();
      };
      this.#lock.enqueue(hold, reject, limits);
    });
  }

  get walBytes(): number {
    if (this.#turnsSinceMeasured > 0) this.#measureWal();
    return this.#walBytes;
  }

  close(deadline?: Deadline): Promise<void> {
    this.#closing ??= this.#close(deadline);
    return this.#closing;
  }

  /** One write, when its turn has come. Returns false when another process is writing, and nothing was done. */
  #commit<T>(
    work: (db: Database) => T,
    limits: WorkOptions | undefined,
    calledMs: number,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ): boolean {
    let settle: () => void;
    try {
      this.#begin();
      const value = this.#complete(work, limits);
      settle = this.#committed(calledMs, () => resolve(value));
    } catch (thrown) {
      if (sqliteCode(thrown)?.startsWith("SQLITE_BUSY")) return false;
      settle = this.#failed(thrown, reject);
    }
    this.#settleAfterSync(settle, reject);
    return true;
  }

  /** As `#commit`; the promise holds the lock while the work goes on in later turns of the event loop. */
  #commitInSlices<T>(
    work: (db: Database) => SlicedWork<T>,
    limits: WorkOptions | undefined,
    calledMs: number,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ): boolean | Promise<void> {
    try {
      this.#begin();
    } catch (thrown) {
      if (sqliteCode(thrown)?.startsWith("SQLITE_BUSY")) return false;
      this.#settleAfterSync(this.#failed(thrown, reject), reject);
      return true;
    }
    const writer = this.#writer;
    let steps: SlicedWork<T> | undefined;
    const step = () =>
      writer.run((db) => {
        steps ??= work(db);
        return advance(steps);
      }, limits);
    /** Returns whether that was the last slice. */
    const slice = (): boolean => {
      let settle: () => void;
      try {
        const last = writer.part(() => {
          try {
            return step();
          } catch (thrown) {
            if (steps !== undefined) endSlices(steps);
            throw thrown;
          }
        });
        if (last.done !== true) return false;
        const value = this.#complete(() => last.value, undefined);
        settle = this.#committed(calledMs, () => resolve(value));
      } catch (thrown) {
        settle = this.#failed(thrown, reject);
      }
      this.#settleAfterSync(settle, reject);
      return true;
    };
    if (slice()) return true;
    const rest = async () => {
      do await setImmediate();
      while (!slice());
      this.#turnEnded(Infinity);
    };
    return rest();
  }

  get recorder(): CommitRecorder | undefined {
    return this.#recorder;
  }

  set recorder(recorder: CommitRecorder | undefined) {
    this.#recorder = recorder;
    recorder?.attach(this.#writer.db);
  }

  get hasOpenChanges(): boolean {
    for (const transaction of this.#transactions) if (transaction.hasChanges) return true;
    return false;
  }

  async transactionsEnded(): Promise<void> {
    const open = [...this.#transactions].filter((transaction) => transaction.hasChanges);
    await Promise.all(open.map((transaction) => transaction.ended));
  }

  /** Runs a work to its commit, with what it has recorded. */
  #complete<T>(work: (db: Database) => T, limits: WorkOptions | undefined): T {
    const recorder = this.#recorder;
    if (recorder === undefined) return this.#writer.complete(work, limits);
    let isAppended = false;
    try {
      const value = this.#writer.complete((db) => {
        const result = work(db);
        const records = recorder.take();
        if (records !== undefined) {
          isAppended = true;
          recorder.append(db, records);
        }
        return result;
      }, limits);
      if (isAppended) recorder.ended(true);
      return value;
    } catch (error) {
      recorder.take();
      if (isAppended) recorder.ended(false);
      throw error;
    }
  }

  /** Begins a transaction on the writer. */
  #begin(): void {
    if (this.#sync.failure !== undefined) throw this.#sync.failure;
    // A work that leaves an iterator open spoils its connection; the new one is opened before the old one closes.
    if (!this.#writer.usable) {
      this.#writer = openWriter(this.#options);
      this.#recorder?.attach(this.#writer.db);
    }
    this.#writer.begin();
  }

  /** The store as its transactions see it. */
  #hostTransactions(): TransactionHost {
    return {
      lock: this.#lock,
      locks: this.locks,
      journalLimits: this.#options.journalLimits ?? journalLimitsDefault,
      rowids: new Rowids(),
      versions: this.#versions,
      writerHolder: undefined,
      recorder: () => this.#recorder,
      begin: () => {
        this.#begin();
        return this.#writer;
      },
      parked: () => this.#metrics.parks.inc(),
      read: (work, limits) => this.read(work, limits),
      committed: (calledMs) => {
        const commit = this.#sync.commit();
        this.#metrics.commits.inc();
        this.#sync.afterSync(commit, (failure) => {
          if (failure !== undefined) return;
          this.#metrics.commitSeconds.observe((performance.now() - calledMs) / 1000);
          this.#health.wrote();
          this.#recorder?.durable();
        });
        return commit;
      },
      failed: (thrown) => {
        const error = writeError(thrown, this.file);
        this.#health.failed(error);
        return error;
      },
      afterSync: (settle, reject) => {
        this.#settleAfterSync(settle, reject);
        if (!this.#lock.isServing) this.#turnEnded(0);
      },
      commitOf: (snapshot) => (snapshot as StoreSnapshot).commit,
      ended: (transaction) => {
        this.#transactions.delete(transaction);
        this.#metrics.transactions.set(this.#transactions.size);
      },
    };
  }

  /** What is to be told of a commit when it is on the disk. */
  #committed(calledMs: number, tell: () => void): () => void {
    this.#sync.commit();
    return () => {
      this.#metrics.commits.inc();
      this.#metrics.commitSeconds.observe((performance.now() - calledMs) / 1000);
      this.#health.wrote();
      this.#recorder?.durable();
      tell();
    };
  }

  #failed(thrown: unknown, reject: (error: unknown) => void): () => void {
    this.#recorder?.take();
    const error = writeError(thrown, this.file);
    this.#health.failed(error);
    return () => reject(error);
  }

  /** Of an error, too: "exists already" must not be said of a row that a power cut can still take away. */
  #settleAfterSync(settle: () => void, reject: (error: unknown) => void): void {
    this.#sync.afterSync(this.#sync.committed, (failure) => {
      if (failure === undefined) settle();
      else reject(failure);
    });
  }

  /** Gives what `read` returns or throws once all that it can have seen is on the disk. */
  async #answer<T>(seen: number, read: () => T): Promise<T> {
    if (this.#closing !== undefined) throw closedError(this.file);
    this.#metrics.reads.inc();
    try {
      return read();
    } catch (thrown) {
      throw this.#readFailed(thrown);
    } finally {
      if (!this.#sync.reached(seen)) await this.#durable(seen);
    }
  }

  #readFailed(thrown: unknown): unknown {
    const error = readError(thrown, this.file);
    this.#health.failed(error);
    return error;
  }

  #durable(commit: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sync.afterSync(commit, (failure) => (failure === undefined ? resolve() : reject(failure)));
    });
  }

  #refusal(): WeftkitError | undefined {
    return this.#closing === undefined ? this.#sync.failure : closedError(this.file);
  }

  /** `ms`: so long a turn it was. */
  #turnEnded(ms: number): void {
    this.#sync.start();
    // The measure costs as much as a small commit, so it is left out where little can have been written.
    if (++this.#turnsSinceMeasured < measureEveryTurns && ms < measureAfterMs) return;
    this.#measureWal();
    if (this.#walBytes < this.#walBytesTold) this.#walBytesTold = this.#walBytes;
    if (this.#walBytes - this.#walBytesTold < walGrowthStepBytes) return;
    this.#walBytesTold = this.#walBytes;
    this.onWalGrowth();
  }

  /** Costs some microseconds: it reads the shared header of the log, and touches no file. */
  #measureWal(): void {
    const { db } = this.#writer;
    if (db.inTransaction || !this.#writer.usable) return;
    this.#turnsSinceMeasured = 0;
    const counts = statement(db, "PRAGMA wal_checkpoint(NOOP)").get() as {
      log: number;
      checkpointed: number;
    };
    this.#walBytes = Math.max(0, counts.log - counts.checkpointed) * frameBytes;
    this.#metrics.walBytes.set(this.#walBytes);
  }

  /** A write that changes nothing but has to be written. */
  #probe(): void {
    if (this.#closing !== undefined) return;
    this.write((db) => db.pragma(`user_version = ${this.#options.migrations.length}`)).catch(() => {
      // The outcome was told to the health of the store, which asked.
    });
  }

  async #close(deadline: Deadline | undefined): Promise<void> {
    for (const transaction of this.#transactions) transaction.endWith(closedError(this.file));
    const workersClosed = this.#workers.close();
    const refuse = () => this.#lock.refuseAll(closedError(this.file));
    deadline?.signal.addEventListener("abort", refuse, { once: true });
    try {
      if (deadline?.signal.aborted) refuse();
      const done = this.#lock.idle().then(() => this.#sync.idle());
      await (deadline === undefined ? done : deadline.race(done));
      await this.#sync.close();
      await workersClosed;
    } finally {
      deadline?.signal.removeEventListener("abort", refuse);
      this.#closeConnections();
    }
  }

  #closeConnections(): void {
    this.#health.close();
    this.#readers.endSnapshots(closedError(this.file));
    // The last connection to close moves the log into the database file, unless it may only read. After a failed sync
    // it must not: what is in memory of the log may differ from what is on the disk.
    const closing = [() => this.#readers.close(), () => this.#writer.close()];
    if (this.#sync.failure !== undefined) closing.reverse();
    for (const close of closing) close();
  }
}
