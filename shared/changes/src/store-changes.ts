import { WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { CommitRecorder, Database, Snapshot, Store } from "@weftkit/store";
import { decodeChanges, encodeChanges } from "./batch-format.ts";
import { consumerDropped, tooOld } from "./errors.ts";
import { followBatches } from "./follow-batches.ts";
import { faultOf } from "./history.ts";
import {
  appendBatch,
  batchesAfter,
  bytesAfter,
  consumerOf,
  consumersOf,
  deleteConsumer,
  epochsOf,
  newestOf,
  type Opened,
  openTables,
  prune,
  putConsumer,
  restart,
  rowBytes,
} from "./tables.ts";
import type {
  Change,
  ChangeBatch,
  ChangeLog,
  Consumer,
  FollowOptions,
  Position,
  ReadLimits,
} from "./types.ts";
import { untilAborted } from "./until-aborted.ts";
import { Waking } from "./waking.ts";

export interface StoreChangesOptions {
  readonly store: Store;
  readonly log: Logger;
  /** Record also while nobody listens, for an engine whose own clients may come at any time. Default: false. */
  readonly isAlwaysOn?: boolean;
  /** So much is kept beside what consumers need, for those who come back. Default: 16 MiB. */
  readonly windowBytes?: number;
  /** The consumers that are furthest behind are dropped when more would have to be kept. Default: 256 MiB. */
  readonly bytesMax?: number;
  /** So long after the last follower has left it goes on recording, in case it comes back. Default: 60 s. */
  readonly graceMs?: number;
  /** The consumers for whom changes are recorded with their `detail`. Default: none. */
  readonly wantsDetail?: (consumer: string) => boolean;
}

const readDefaults = { batchesMax: 100, bytesMax: 1024 * 1024 };
/** So many batches are forgotten in one write, which others wait for. */
const pruneBatches = 500;

const logs = new WeakMap<Database, StoreChanges>();

/**
 * Records a change in the transaction that `writer` is in. `make` is called only while somebody listens, and at once.
 *
 * ```ts
 * store.write((db) => {
 *   db.prepare("DELETE FROM note WHERE id = ?").run(id);
 *   recordChange(db, () => ({ namespace: "note", key: encode(id), op: "delete", format: "json" }));
 * });
 * ```
 */
export function recordChange(writer: Database, make: () => Change): void {
  logs.get(writer)?.record(make);
}

/** Whether somebody listens to the changes of the transaction that `writer` is in, for what is costly beside the change itself. */
export function isRecording(writer: Database): boolean {
  return logs.get(writer)?.isListening ?? false;
}

/** Whether changes of the transaction that `writer` is in are to be recorded with their detail. */
export function isRecordingDetail(writer: Database): boolean {
  return logs.get(writer)?.isDetailed ?? false;
}

/** The change log of an SQLite store: one row for each commit, in its transaction. */
export class StoreChanges implements ChangeLog, CommitRecorder {
  readonly countsCommits = true;
  readonly identity: string;
  readonly #store: Store;
  readonly #log: Logger;
  readonly #isAlwaysOn: boolean;
  readonly #windowBytes: number;
  readonly #bytesMax: number;
  readonly #graceMs: number;
  readonly #wantsDetail: (consumer: string) => boolean;
  readonly #epoch: number;
  readonly #waking = new Waking();
  #isListening = false;
  #isDetailed: boolean;
  /** Consumers that want details and are about to begin. */
  #detailClaims = 0;
  /** Set while transactions are waited for that have recorded changes without details. */
  #detailStarting: Promise<void> | undefined;
  /** Set while transactions that began before it are waited for. */
  #starting: Promise<void> | undefined;
  #grace: NodeJS.Timeout | undefined;
  #recorded: Change[] = [];
  #origin = "local";
  #appended: { readonly sequence: number; readonly stamp: bigint; readonly bytes: number } | undefined;
  #newest: number;
  #told: number;
  #oldest: number;
  #stamp: bigint;
  /** Of all rows of the log. */
  #bytes: number;
  /** The consumers that were not dropped, and up to where each has come. */
  readonly #consumers = new Map<string, number>();
  #followers = 0;
  #pruning: Promise<void> | undefined;

  private constructor(options: StoreChangesOptions, opened: Opened) {
    this.#store = options.store;
    this.#log = options.log;
    this.#isAlwaysOn = options.isAlwaysOn ?? false;
    this.#windowBytes = options.windowBytes ?? 16 * 1024 * 1024;
    this.#bytesMax = options.bytesMax ?? 256 * 1024 * 1024;
    this.#graceMs = options.graceMs ?? 60_000;
    this.#wantsDetail = options.wantsDetail ?? (() => false);
    this.identity = opened.identity;
    this.#epoch = opened.epoch;
    this.#newest = opened.newest;
    this.#told = opened.newest;
    this.#oldest = opened.oldest;
    this.#stamp = opened.stamp;
    this.#bytes = opened.bytes;
    for (const { name, sequence } of opened.consumers) this.#consumers.set(name, sequence);
    this.#isListening = this.#isAlwaysOn || this.#consumers.size > 0;
    this.#isDetailed = this.#isDetailWanted;
  }

  /** Opens the log of a store, right after the store, and before anything is written that somebody may want to know. */
  static async open(options: StoreChangesOptions): Promise<StoreChanges> {
    const { store, isAlwaysOn = false } = options;
    const opened = await store.write((db) => openTables(db, Date.now(), isAlwaysOn));
    const changes = new StoreChanges(options, opened);
    store.recorder = changes;
    return changes;
  }

  /** Whether changes are recorded now. */
  get isListening(): boolean {
    return this.#isListening;
  }

  /** Whether changes are recorded with their details now. */
  get isDetailed(): boolean {
    return this.#isListening && this.#isDetailed;
  }

  /** So many bytes are kept for a consumer before it is dropped. */
  get bytesMax(): number {
    return this.#bytesMax;
  }

  /** The position of a sequence number of this history. */
  positionAt(sequence: bigint): Position {
    return { epoch: this.#epoch, sequence };
  }

  get followers(): number {
    return this.#followers;
  }

  get oldest(): Position {
    return { epoch: this.#epoch, sequence: BigInt(this.#oldest) };
  }

  get newest(): Position {
    return { epoch: this.#epoch, sequence: BigInt(this.#newest) };
  }

  /** See `recordChange`. */
  record(make: () => Change): void {
    if (this.#isListening) this.#recorded.push(make());
  }

  /** Says who has made the changes of the transaction under way, when it is not a client of this engine. */
  recordOrigin(origin: string): void {
    this.#origin = origin;
  }

  attach(writer: Database): void {
    logs.set(writer, this);
  }

  take(): readonly unknown[] | undefined {
    if (this.#recorded.length === 0) return undefined;
    const records = this.#recorded;
    this.#recorded = [];
    return records;
  }

  append(writer: Database, records: readonly unknown[]): void {
    const sequence = this.#newest + 1;
    const atMs = Date.now();
    const clock = BigInt(atMs) << 16n;
    const stamp = clock > this.#stamp ? clock : this.#stamp + 1n;
    const changes = encodeChanges(records as readonly Change[]);
    appendBatch(writer, { sequence, atMs, stamp, origin: this.#origin }, changes);
    this.#appended = { sequence, stamp, bytes: changes.byteLength + rowBytes };
  }

  ended(isCommitted: boolean): void {
    const appended = this.#appended;
    this.#appended = undefined;
    this.#origin = "local";
    if (!isCommitted || appended === undefined) return;
    this.#newest = appended.sequence;
    this.#stamp = appended.stamp;
    this.#bytes += appended.bytes;
  }

  durable(): void {
    if (this.#told === this.#newest) return;
    this.#told = this.#newest;
    this.#waking.wake();
    if (this.#bytes > this.#windowBytes) this.#prune();
  }

  async listen(signal?: AbortSignal): Promise<Position> {
    if (!this.#isListening) this.#starting ??= this.#start();
    await untilAborted(this.#starting, signal);
    this.#leave();
    // Not before it is on the disk: a power cut would give the same number to another commit.
    return this.#store.read(() => this.newest);
  }

  async read(after: Position, limits: ReadLimits = {}): Promise<readonly ChangeBatch[]> {
    const { batchesMax, bytesMax } = { ...readDefaults, ...limits };
    const { fault, epochs, rows } = await this.#store.read((db) => {
      const epochs = epochsOf(db);
      const fault = this.#isListening
        ? faultOf(after, epochs, this.#oldest, newestOf(db))
        : "nobody was listening";
      return { fault, epochs, rows: fault ? [] : batchesAfter(db, after.sequence, batchesMax, bytesMax) };
    });
    if (fault !== undefined) throw this.#refused(tooOld(after, fault));
    return rows.map(({ sequence, at, stamp, origin, changes }) => ({
      position: { epoch: epochs.findLast((one) => one.after < sequence)!.epoch, sequence },
      atMs: Number(at),
      stamp,
      origin,
      changes: decodeChanges(changes),
    }));
  }

  async *follow(
    after: Position,
    signal: AbortSignal,
    options: FollowOptions = {},
  ): AsyncGenerator<ChangeBatch> {
    this.#followers++;
    clearTimeout(this.#grace);
    const source = {
      waking: this.#waking,
      read: (at: Position, limits: ReadLimits) => this.read(at, limits),
      stamp: () => this.#stamp,
    };
    try {
      yield* followBatches(source, after, signal, options);
    } finally {
      this.#followers--;
      this.#leave();
    }
  }

  async retain(consumer: string, from?: Position): Promise<Position> {
    if (from !== undefined || !this.#wantsDetail(consumer)) return this.#retain(consumer, from);
    this.#detailClaims++;
    try {
      if (!this.#isDetailed) this.#detailStarting ??= this.#startDetails();
      await this.#detailStarting;
      return await this.#retain(consumer, undefined);
    } finally {
      this.#detailClaims--;
      this.#isDetailed = this.#isDetailWanted;
    }
  }

  async #startDetails(): Promise<void> {
    try {
      this.#isDetailed = true;
      await this.#store.transactionsEnded();
    } finally {
      this.#detailStarting = undefined;
    }
  }

  get #isDetailWanted(): boolean {
    return this.#detailClaims > 0 || [...this.#consumers.keys()].some((name) => this.#wantsDetail(name));
  }

  async #retain(consumer: string, from: Position | undefined): Promise<Position> {
    const wanted = from ?? (await this.listen());
    await this.#starting;
    const retained = await this.#store.write((db) => {
      const known = consumerOf(db, consumer);
      if (from !== undefined && known?.dropped) return consumerDropped(consumer, known.dropped);
      const faultAt = (position: Position) =>
        this.#isListening
          ? faultOf(position, epochsOf(db), this.#oldest, this.#newest)
          : "nobody was listening";
      // For one that begins, what came while it waited for its turn may be forgotten by now: nobody needed it.
      const isForgotten = from === undefined && faultAt(wanted) !== undefined;
      const position = isForgotten ? this.newest : wanted;
      const fault = faultAt(position);
      if (fault !== undefined) return tooOld(position, fault);
      putConsumer(db, consumer, Number(position.sequence), null);
      this.#consumers.set(consumer, Number(position.sequence));
      return position;
    });
    if (retained instanceof WeftkitError) throw this.#refused(retained);
    clearTimeout(this.#grace);
    this.#prune();
    return retained;
  }

  async forget(consumer: string): Promise<void> {
    await this.#store.write((db) => {
      deleteConsumer(db, consumer);
      this.#consumers.delete(consumer);
    });
    this.#isDetailed = this.#isDetailWanted;
    this.#leave();
    this.#prune();
  }

  async drop(consumers: readonly string[], why: string): Promise<void> {
    if (consumers.length === 0) return;
    await this.#store.write((db) => {
      for (const name of consumers) {
        putConsumer(db, name, consumerOf(db, name)?.sequence ?? this.#newest, why);
        this.#consumers.delete(name);
      }
    });
    this.#isDetailed = this.#isDetailWanted;
    this.#log.warn({ consumers, reason: why }, "consumers of changes were dropped");
    this.#leave();
    this.#prune();
  }

  consumers(): Promise<readonly Consumer[]> {
    return this.#store.read((db) => {
      const epochs = epochsOf(db);
      return consumersOf(db).map(({ name, sequence, dropped }) => ({
        name,
        position: {
          epoch: epochs.findLast((one) => one.after <= sequence)?.epoch ?? this.#epoch,
          sequence: BigInt(sequence),
        },
        lagBytes: bytesAfter(db, sequence),
        dropped: dropped ?? undefined,
      }));
    });
  }

  /** A snapshot of the store and the position that it is of: for a consumer that begins, or has fallen too far behind. */
  async snapshot(): Promise<{ readonly position: Position; readonly snapshot: Snapshot }> {
    await this.listen();
    const snapshot = await this.#store.snapshot();
    try {
      const sequence = await snapshot.read((db) => newestOf(db));
      return { snapshot, position: { epoch: this.#epoch, sequence: BigInt(sequence) } };
    } catch (error) {
      snapshot.release();
      throw error;
    }
  }

  /** Ends those who follow; to be called before the store is closed. */
  async close(): Promise<void> {
    clearTimeout(this.#grace);
    this.#waking.close();
    await this.#pruning;
  }

  async #start(): Promise<void> {
    try {
      // Nothing was recorded until now, so that what was given out before can no longer be gone on from.
      await this.#store.write((db) => {
        this.#restart(db);
        this.#isListening = true;
      });
      await this.#store.transactionsEnded();
      this.#oldest = this.#newest;
    } finally {
      this.#starting = undefined;
    }
  }

  #restart(db: Database): void {
    restart(db, this.#newest + 1, this.#epoch);
    this.#newest++;
    this.#oldest = this.#newest;
    this.#told = this.#newest;
    this.#bytes = 0;
  }

  /** When nobody is left, nothing is recorded any more, in a while. */
  #leave(): void {
    clearTimeout(this.#grace);
    if (this.#isAlwaysOn || this.#waking.isClosed || !this.#isIdle()) return;
    this.#grace = setTimeout(() => void this.#stop(), this.#graceMs).unref();
  }

  #isIdle(): boolean {
    return this.#isListening && this.#followers === 0 && this.#consumers.size === 0;
  }

  async #stop(): Promise<void> {
    await this.#store
      .write((db) => {
        if (!this.#isIdle()) return;
        this.#restart(db);
        this.#isListening = false;
      })
      .catch((error: unknown) => this.#log.warn({ err: error }, "the change log could not be emptied"));
  }

  #refused(error: WeftkitError): WeftkitError {
    this.#log.info({ code: error.code, reason: error.message }, "changes could not be gone on from");
    return error;
  }

  /** Forgets what nobody needs, and drops consumers for whom too much would be kept. */
  #prune(): void {
    if (this.#waking.isClosed) return;
    this.#pruning ??= this.#pruneAll()
      .catch((error: unknown) => {
        if (!this.#waking.isClosed)
          this.#log.warn({ err: error }, "the change log could not be shortened; it is tried again");
      })
      .finally(() => {
        this.#pruning = undefined;
      });
  }

  async #pruneAll(): Promise<void> {
    for (;;) {
      if (this.#bytes > this.#bytesMax) await this.#dropFurthest();
      if (this.#bytes <= this.#windowBytes || this.#needed <= this.#oldest || this.#waking.isClosed) return;
      await this.#store.write((db) => {
        // Looked up here: a consumer may have come while this waited for its turn.
        const { oldest, bytes } = prune(db, this.#needed, pruneBatches, this.#bytes - this.#windowBytes);
        this.#oldest = oldest;
        this.#bytes -= bytes;
      });
    }
  }

  /** Everything after it is still to be read by somebody. */
  get #needed(): number {
    return Math.min(this.#newest, ...this.#consumers.values());
  }

  async #dropFurthest(): Promise<void> {
    const furthest = Math.min(...this.#consumers.values());
    const names = [...this.#consumers].filter(([, sequence]) => sequence === furthest).map(([name]) => name);
    if (names.length === 0 || furthest > this.#oldest) return;
    const why = `more than ${this.#bytesMax} bytes would have been kept for it`;
    await this.#store.write((db) => {
      for (const name of names) putConsumer(db, name, furthest, why);
    });
    for (const name of names) this.#consumers.delete(name);
    this.#isDetailed = this.#isDetailWanted;
    this.#log.warn({ consumers: names, reason: why }, "consumers of changes were dropped");
  }
}
