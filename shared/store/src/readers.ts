import type { Logger } from "@weftkit/observe";
import type { Database } from "better-sqlite3";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { openDatabase } from "./open-database.ts";
import { PinnedSnapshot } from "./pinned-snapshot.ts";
import { canceledError, closedError, lockTimeoutError } from "./store-error.ts";
import type { StoreMetrics } from "./store-metrics.ts";
import type { StoreOptions } from "./types.ts";
import type { WorkOptions } from "./work.ts";

const snapshotsMaxDefault = 256;
/** Snapshots are many, and each reads little twice: their caches are small. */
const snapshotCacheKib = 512;
const snapshotStatementsMax = 64;
/** More connections than this are closed when their snapshots end. */
const idleMax = 8;
/** Who asks for a snapshot while all are taken and names no deadline is refused after this. */
const snapshotWaitMaxMs = 30_000;

interface WaitingSnapshot {
  readonly take: (connection: Connection) => void;
  readonly refuse: (error: unknown) => void;
}

/**
 * The connections that read. Reads that end before the next begins need no more than one, whose page cache and
 * statements are then always warm; the others are for snapshots that live longer, opened when the first asks.
 */
export class Readers {
  readonly #options: StoreOptions;
  readonly #metrics: StoreMetrics;
  readonly #log: Logger;
  readonly #snapshotsMax: number;
  readonly #pinned = new Set<PinnedSnapshot>();
  readonly #waiting = new Set<WaitingSnapshot>();
  #shared: Connection;
  #newest: PinnedSnapshot | undefined;
  #idle: Connection[] = [];
  /** Connections that are with a snapshot, or on the way to one. */
  #taken = 0;
  #closed = false;

  constructor(options: StoreOptions, metrics: StoreMetrics) {
    this.#options = options;
    this.#metrics = metrics;
    this.#log = options.log;
    this.#snapshotsMax = options.snapshotsMax ?? snapshotsMaxDefault;
    this.#shared = this.#open(options);
  }

  /** Runs `work` in a read transaction of its own. */
  read<T>(work: (db: Database) => T, limits: WorkOptions | undefined): T {
    try {
      return this.#shared.transact(work, limits);
    } finally {
      if (!this.#shared.usable) this.#shared = this.#open(this.#options);
    }
  }

  /**
   * Fixes the state that everything is in now, waiting for a connection while all are taken. `state` names
   * it, or gives undefined while it may change under the same name; snapshots of the same state share one
   * connection. `taken` is called in the very moment, as whoever waits for the promise may find another state.
   *
   * @throws WeftkitError `lock_timeout` or `canceled`
   */
  async pin<T>(
    state: () => number | undefined,
    limits: WorkOptions | undefined,
    taken: (pinned: PinnedSnapshot) => T,
  ): Promise<T> {
    if (limits?.signal?.aborted) throw canceledError();
    const last = this.#newest;
    if (last?.isIntact && last.state === state()) return taken(last.share());
    const free = this.#waiting.size === 0 ? this.#take() : undefined;
    const connection = free ?? (await this.#wait(limits));
    const seen = state();
    const pinned = new PinnedSnapshot(connection, seen ?? -1, this.#log, () => this.#release(pinned));
    this.#pinned.add(pinned);
    this.#metrics.snapshots.set(this.#pinned.size);
    try {
      if (this.#closed) throw closedError(this.#options.file);
      pinned.begin();
    } catch (error) {
      pinned.release();
      throw error;
    }
    this.#newest = seen === undefined ? undefined : pinned;
    return taken(pinned);
  }

  /** Ends the snapshots that are still held, which is somebody's mistake, and refuses those who wait for one. */
  endSnapshots(reason: Error): void {
    for (const waiting of this.#waiting) waiting.refuse(reason);
    this.#waiting.clear();
    if (this.#pinned.size > 0)
      this.#log.warn({ snapshots: this.#pinned.size }, "snapshots were still held at the end");
    for (const pinned of this.#pinned) pinned.releaseAll();
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#idle.splice(0)) connection.close();
    this.#shared.close();
  }

  #open(options: ConnectionOptions): Connection {
    return new Connection(openDatabase(this.#options.file, { readonly: true }), options);
  }

  #openForSnapshot(): Connection {
    const { prepare, statementsMax = snapshotStatementsMax } = this.#options;
    return this.#open({
      ...(prepare === undefined ? {} : { prepare }),
      statementsMax: Math.min(statementsMax, snapshotStatementsMax),
      cacheKib: snapshotCacheKib,
    });
  }

  #take(): Connection | undefined {
    if (this.#taken >= this.#snapshotsMax) return undefined;
    const connection = this.#idle.pop() ?? this.#openForSnapshot();
    this.#taken++;
    return connection;
  }

  #wait(limits: WorkOptions | undefined): Promise<Connection> {
    const held = `all ${this.#snapshotsMax} snapshots are held (snapshotsMax), the oldest for ${this.#oldestSeconds()} s`;
    return new Promise((resolve, reject) => {
      const cancel = () => waiting.refuse(canceledError());
      const expire = () => waiting.refuse(lockTimeoutError(held));
      const timer = setTimeout(
        expire,
        Math.min(limits?.deadline?.remainingMs() ?? Infinity, snapshotWaitMaxMs),
      );
      limits?.signal?.addEventListener("abort", cancel, { once: true });
      const settled = () => {
        clearTimeout(timer);
        limits?.signal?.removeEventListener("abort", cancel);
        this.#waiting.delete(waiting);
      };
      const waiting: WaitingSnapshot = {
        take: (connection) => {
          settled();
          resolve(connection);
        },
        refuse: (error) => {
          settled();
          reject(error);
        },
      };
      this.#waiting.add(waiting);
      if (limits?.signal?.aborted) cancel();
    });
  }

  #release(pinned: PinnedSnapshot): void {
    this.#pinned.delete(pinned);
    if (this.#newest === pinned) this.#newest = undefined;
    this.#metrics.snapshots.set(this.#pinned.size);
    this.#taken--;
    if (this.#closed || !pinned.connection.usable || this.#idle.length >= idleMax) pinned.connection.close();
    else this.#idle.push(pinned.connection);
    const next = this.#waiting.values().next().value;
    if (next === undefined) return;
    try {
      const connection = this.#take();
      if (connection !== undefined) next.take(connection);
    } catch (error) {
      next.refuse(error);
    }
  }

  #oldestSeconds(): number {
    const ages = [...this.#pinned].map((pinned) => pinned.ageMs);
    return Math.round(Math.max(0, ...ages) / 1000);
  }
}
