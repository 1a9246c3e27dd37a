import { close, fdatasync, fstatSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { syncFolder, WeftkitError } from "@weftkit/core";
import type { StoreMetrics } from "./store-metrics.ts";

type Settle = (failure: WeftkitError | undefined) => void;

/**
 * Brings commits to the disk: one asynchronous fdatasync of the write-ahead log for all that were made since the last.
 *
 * It holds its own descriptor of the -wal file. That file alone may be opened beside SQLite: closing any descriptor of
 * the database or of the -shm file would drop the POSIX locks that SQLite holds on them. The -wal file stays the
 * same one as long as the writer is open; should somebody delete it, the next sync finds out.
 */
export class WalSync {
  /** Called once, when a sync has failed, before those who wait are told. */
  onFailure: (error: WeftkitError) => void = () => {};
  readonly #descriptor: number;
  readonly #file: string;
  readonly #wanted: boolean;
  readonly #metrics: StoreMetrics;
  /** Of the commits so far, numbered from 1. */
  #committed = 0;
  #synced = 0;
  /** Where the running sync reaches, if there is one. */
  #reaching: number | undefined;
  /** What the running sync decides, and what waits for the next. */
  #deciding: Settle[] = [];
  #waiting: Settle[] = [];
  #failure: WeftkitError | undefined;
  #idle: (() => void)[] = [];

  private constructor(descriptor: number, wal: string, options: WalSyncOptions) {
    this.#descriptor = descriptor;
    this.#file = wal;
    this.#wanted = options.wanted;
    this.#metrics = options.metrics;
  }

  /** Opens the log of a database whose writer is open, and makes what it holds and the files' names durable. */
  static async open(file: string, options: WalSyncOptions): Promise<WalSync> {
    const wal = `${file}-wal`;
    const sync = new WalSync(openSync(wal, "r+"), wal, options);
    try {
      sync.commit();
      await new Promise<void>((resolve, reject) => {
        sync.afterSync(sync.committed, (failure) => (failure === undefined ? resolve() : reject(failure)));
        sync.start();
      });
      // A new file is found after a power cut only when its folder was synced too.
      if (options.wanted) await syncFolder(dirname(file));
      return sync;
    } catch (error) {
      await sync.close();
      throw error;
    }
  }

  /** The number of the last commit. */
  get committed(): number {
    return this.#committed;
  }

  /** Set when a sync has failed: from then on nothing can be made durable any more. */
  get failure(): WeftkitError | undefined {
    return this.#failure;
  }

  /** Notes that there is one more commit, and returns its number. */
  commit(): number {
    return ++this.#committed;
  }

  /** Whether everything up to this commit is as durable as it is wanted to be. */
  reached(commit: number): boolean {
    return !this.#wanted || commit <= this.#synced;
  }

  /** Calls `settle` once the commit is on the disk, or cannot be brought there any more. */
  afterSync(commit: number, settle: Settle): void {
    if (this.reached(commit)) settle(undefined);
    else if (this.#failure !== undefined) settle(this.#failure);
    else if (this.#reaching !== undefined && commit <= this.#reaching) this.#deciding.push(settle);
    else this.#waiting.push(settle);
  }

  /** Starts a sync if somebody waits for one; while one is running, the next begins at its end. */
  start(): void {
    if (this.#reaching !== undefined || this.#waiting.length === 0 || this.#failure !== undefined) return;
    this.#reaching = this.#committed;
    this.#deciding = this.#waiting;
    this.#waiting = [];
    const startedMs = performance.now();
    fdatasync(this.#descriptor, (error) => {
      this.#metrics.syncSeconds.observe((performance.now() - startedMs) / 1000);
      this.#ended(error ?? this.#deleted());
    });
  }

  /** Resolves when no sync is running and nobody waits for one. */
  async idle(): Promise<void> {
    while (this.#reaching !== undefined || this.#waiting.length > 0) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  /** Gives the descriptor back; no sync may be running. */
  close(): Promise<void> {
    return new Promise((resolve) => close(this.#descriptor, () => resolve()));
  }

  #ended(error: Error | undefined): void {
    const reached = this.#reaching!;
    const settled = this.#deciding;
    this.#reaching = undefined;
    this.#deciding = [];
    if (error === undefined) {
      this.#metrics.groupCommits.observe(reached - this.#synced);
      this.#synced = reached;
      this.start();
      for (const settle of settled) settle(undefined);
    } else {
      this.#fail(error, settled.concat(this.#waiting.splice(0)));
    }
    if (this.#reaching === undefined) for (const tell of this.#idle.splice(0)) tell();
  }

  /**
   * The kernel reports a lost page once and then calls it clean, so a second sync that succeeds proves nothing. Only
   * what a new start reads back from the disk is known to be there.
   */
  #fail(cause: Error, unsettled: readonly Settle[]): void {
    this.#failure = new WeftkitError(
      "failed",
      `${this.#file} could not be brought to the disk (${cause.message}): nothing is written any more; look at the disk and restart, which goes on from what is on it`,
      { cause },
    );
    this.onFailure(this.#failure);
    for (const settle of unsettled) settle(this.#failure);
  }

  #deleted(): Error | undefined {
    return fstatSync(this.#descriptor).nlink === 0 ? new Error("somebody has deleted the file") : undefined;
  }
}

export interface WalSyncOptions {
  /** False: commits are handed to the operating system only. */
  readonly wanted: boolean;
  readonly metrics: StoreMetrics;
}
