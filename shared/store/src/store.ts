import { existsSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { type Deadline, WeftkitError } from "@weftkit/core";
import type { Database } from "better-sqlite3";
import { Connection } from "./connection.ts";
import { claimFile, pageSize } from "./identity.ts";
import { migrate } from "./migrate.ts";
import { openDatabase } from "./open-database.ts";
import { Readers } from "./readers.ts";
import { requireSqliteBuild } from "./sqlite-build.ts";
import { statement } from "./statements.ts";
import { closedError, lockedError, readError, sqliteCode, writeError } from "./store-error.ts";
import { StoreHealth } from "./store-health.ts";
import { type StoreMetrics, storeMetrics } from "./store-metrics.ts";
import { StoreSnapshot } from "./store-snapshot.ts";
import type { SlicedWork, Snapshot, Store, StoreOptions, WorkOptions } from "./types.ts";
import { WalSync } from "./wal-sync.ts";
import { WriteLock } from "./write-lock.ts";

/** A frame of the write-ahead log: a header and a page. */
const frameBytes = 24 + pageSize;
const walGrowthStepBytes = 1024 * 1024;
/** So long a sliced write has the event loop for itself. */
const sliceMs = 5;

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
  onWalGrowth: () => void = () => {};
  readonly #options: StoreOptions;
  readonly #metrics: StoreMetrics;
  readonly #sync: WalSync;
  readonly #readers: Readers;
  readonly #lock: WriteLock;
  readonly #health: StoreHealth;
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
      turnEnded: () => this.#turnEnded(),
    });
    sync.onFailure = (error) => {
      this.#health.failed(error);
      options.fatal?.(error);
    };
    this.#health = new StoreHealth(options.readiness, options.log, () => this.#probe());
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
    const pinned = await this.#readers.pin(limits);
    const seen = this.#sync.committed;
    return new StoreSnapshot(pinned, this.#options.log, (read) => this.#answer(seen, read));
  }

  exclusively<T>(work: (writer: Database) => Promise<T>, limits?: WorkOptions): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const refusal = this.#refusal();
      if (refusal !== undefined) return reject(refusal);
      const hold = async () => {
        const writer = this.#writer;
        try {
          const value = await work(writer.db);
          if (writer.db.inTransaction) throw new TypeError("the work left a transaction open on the writer");
          resolve(value);
        } catch (error) {
          reject(error);
          writer.rollback();
        }
        this.#measureWal();
      };
      this.#lock.enqueue(hold, reject, limits);
    });
  }

  get walBytes(): number {
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
      const value = this.#writer.complete(work, limits);
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
            if (steps !== undefined) end(steps);
            throw thrown;
          }
        });
        if (last.done !== true) return false;
        const value = writer.complete(() => last.value, undefined);
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
      this.#turnEnded();
    };
    return rest();
  }

  /** Begins a transaction on the writer. */
  #begin(): void {
    if (this.#sync.failure !== undefined) throw this.#sync.failure;
    // A work that leaves an iterator open spoils its connection; the new one is opened before the old one closes.
    if (!this.#writer.usable) this.#writer = openWriter(this.#options);
    this.#writer.begin();
  }

  /** What is to be told of a commit when it is on the disk. */
  #committed(calledMs: number, tell: () => void): () => void {
    this.#sync.commit();
    return () => {
      this.#metrics.commits.inc();
      this.#metrics.commitSeconds.observe((performance.now() - calledMs) / 1000);
      this.#health.wrote();
      tell();
    };
  }

  #failed(thrown: unknown, reject: (error: unknown) => void): () => void {
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
      const error = readError(thrown, this.file);
      this.#health.failed(error);
      throw error;
    } finally {
      if (!this.#sync.reached(seen)) await this.#durable(seen);
    }
  }

  #durable(commit: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sync.afterSync(commit, (failure) => (failure === undefined ? resolve() : reject(failure)));
    });
  }

  #refusal(): WeftkitError | undefined {
    return this.#closing === undefined ? this.#sync.failure : closedError(this.file);
  }

  #turnEnded(): void {
    this.#sync.start();
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
    const refuse = () => this.#lock.refuseAll(closedError(this.file));
    deadline?.signal.addEventListener("abort", refuse, { once: true });
    try {
      if (deadline?.signal.aborted) refuse();
      const done = this.#lock.idle().then(() => this.#sync.idle());
      await (deadline === undefined ? done : deadline.race(done));
      await this.#sync.close();
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

/** Goes on with a work for one slice, or to its end. */
function advance<T>(steps: SlicedWork<T>): IteratorResult<void, T> {
  const endsMs = performance.now() + sliceMs;
  let step: IteratorResult<void, T>;
  do step = steps.next();
  while (step.done !== true && performance.now() < endsMs);
  return step;
}

/** Runs the finally blocks of a work that goes no further, in its transaction, which is then undone. */
function end(steps: SlicedWork<unknown>): void {
  try {
    steps.return(undefined);
  } catch {
    // Why the work has ended is told; what its own cleaning up finds wrong comes of that.
  }
}
