import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import {
  type ChangeBatch,
  type ChangeLog,
  type Consumer,
  consumerDropped,
  type Epoch,
  type FollowOptions,
  faultOf,
  followBatches,
  type Position,
  type ReadLimits,
  tooOld,
  untilAborted,
  Waking,
} from "@weftkit/changes";
import { syncFile, type WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { AppendOnlyFile } from "../persistence/append-only-file.ts";
import type { LogVisitor } from "../persistence/log-folder.ts";
import type { LogFollower, LogPlace } from "../persistence/log-follower.ts";
import type { LogFile } from "../persistence/manifest.ts";
import type { CommandChanges } from "./change-of-command.ts";
import { LogIndex } from "./log-index.ts";
import { type LogOffset, offsetAt, sequenceAt } from "./position.ts";
import { readUnits, type Unit } from "./read-units.ts";
import { readState, type StoredConsumer, writeState } from "./state-file.ts";

export interface LogChangesLimits {
  /** So many bytes are kept beside what consumers need when a rewrite replaces them, for those who come back. */
  readonly windowBytes: number;
  /** A consumer that is further behind is dropped when a rewrite has replaced what it still needs. */
  readonly bytesMax: number;
  /** So long after the last follower has left, writes go on saying when they were made, in case it comes back. */
  readonly graceMs: number;
}

const limitsDefault: LogChangesLimits = {
  windowBytes: 16 * 1024 * 1024,
  bytesMax: 256 * 1024 * 1024,
  graceMs: 60_000,
};

const readDefaults = { batchesMax: 100, bytesMax: 1024 * 1024 };
/** Bytes of a change beside its key and its image, about. */
const changeBytes = 40;
/** Whoever reads up to the end brings what was written to the disk, this often at most. */
const settleMsMin = 100;
/** How often whoever waits for the disk looks whether it refuses what is written. */
const refusedMs = 500;
/** While replaced files are kept, it is looked so often whether they still must be. */
const retireBytes = 1024 * 1024;

/**
 * The changes of the append-only file, for those who follow. The log itself is what is read: while nobody listens nothing is
 * done for it, and while somebody does, each write says when it was made.
 *
 * 1. constructor: knows the consumers of the last run, before the log is loaded
 * 2. `attach`: the log is loaded and open
 * 3. `close`, before the log is closed
 */
export class LogChanges implements ChangeLog, LogFollower, LogVisitor {
  readonly countsCommits = false;
  readonly identity: string;
  readonly #folder: string;
  readonly #log: Logger;
  readonly #commands: CommandChanges;
  readonly #limits: LogChangesLimits;
  readonly #waking = new Waking();
  readonly #index = new LogIndex();
  readonly #consumers: Map<string, StoredConsumer>;
  readonly #following = new Set<{ at: Position }>();
  #epochs: readonly Epoch[];
  #file!: AppendOnlyFile;
  #isListening = false;
  /** Set while what was written before it is brought to the disk. */
  #starting: Promise<void> | undefined;
  #grace: NodeJS.Timeout | undefined;
  /** Up to there the log is on the disk and may be given out. */
  #durable: LogPlace | undefined;
  #oldest = 0n;
  #settledMs = Number.NEGATIVE_INFINITY;
  #saving: Promise<void> = Promise.resolve();
  #retiring: Promise<void> | undefined;
  #retiredAt = 0;

  /** @throws WeftkitError `CHANGES_STATE` when what it knew of consumers cannot be read */
  constructor(folder: string, commands: CommandChanges, log: Logger, limits: Partial<LogChangesLimits> = {}) {
    const { identity, epochs, consumers } = readState(folder);
    this.identity = identity;
    this.#folder = folder;
    this.#log = log;
    this.#commands = commands;
    this.#limits = { ...limitsDefault, ...limits };
    this.#epochs = epochs;
    this.#consumers = new Map(consumers);
    this.#isListening = this.#kept.length > 0;
  }

  /** Begins an epoch. Before anything is written that somebody may want to know. */
  async attach(file: AppendOnlyFile): Promise<void> {
    this.#file = file;
    this.#durable ??= file.writtenPlace;
    const newest = sequenceAt(this.#durable);
    // No other run has the same one, also when an old copy of the folder is started.
    const epoch = Math.max(Date.now(), (this.#epochs.at(-1)?.epoch ?? 0) + 1);
    if (!this.#isListening) {
      this.#oldest = newest;
      this.#epochs = [{ epoch, after: newest }];
      return;
    }
    this.#epochs = [...this.#epochs, { epoch, after: newest }];
    this.#oldest = this.#needed;
    const missing = this.#missingAfter(this.#oldest);
    if (missing !== undefined) {
      this.#dropAll(missing);
      this.#oldest = newest;
    }
    this.#forgetEpochs();
    file.follower = this;
    // What a killed process has written is with the operating system only.
    await syncFile(join(this.#folder, file.manifest.files.at(-1)!.name));
    await this.#save();
    this.#leave();
  }

  get oldest(): Position {
    return { epoch: this.#epochOf(this.#oldest), sequence: this.#oldest };
  }

  get newest(): Position {
    const sequence = sequenceAt(this.#durable ?? this.#file.writtenPlace);
    return { epoch: this.#epochOf(sequence), sequence };
  }

  // ---- what the log tells ----------------------------------------------------------------------------------------

  visit(place: LogPlace): void {
    if (!this.#isListening) return;
    this.#index.add(place);
    this.#durable = place;
  }

  written(place: LogPlace): void {
    this.#index.add(place);
    if (this.#following.size > 0) this.#waking.wake();
    if (this.#file.manifest.replaced?.length && this.#file.appendedBytes - this.#retiredAt > retireBytes)
      this.#retire();
  }

  synced(place: LogPlace): void {
    if (this.#durable !== undefined && sequenceAt(place) <= sequenceAt(this.#durable)) return;
    this.#durable = place;
    this.#waking.wake();
  }

  keeps(replaced: LogFile): boolean {
    if (replaced.type === "base" || !this.#isListening) return false;
    const end = this.#endOf(replaced);
    if (this.#kept.some((consumer) => consumer.sequence < end)) return true;
    if (this.#file === undefined) return false;
    const { bytesMax, windowBytes } = this.#limits;
    const isFollowed = [...this.#following].some(
      ({ at }) => at.sequence < end && this.#bytesAfter(at.sequence) <= bytesMax,
    );
    if (isFollowed) return true;
    const isSmall = sizeOf(join(this.#folder, replaced.name)) <= bytesMax;
    return isSmall && this.#bytesAfter(end) < windowBytes;
  }

  removing(replaced: LogFile): void {
    if (replaced.type === "base") return;
    const end = this.#endOf(replaced);
    if (end > this.#oldest) this.#oldest = end;
    this.#index.forget(replaced.sequence);
    this.#forgetEpochs();
  }

  replaced(): void {
    this.#retire();
  }

  // ---- what followers ask ----------------------------------------------------------------------------------------

  async listen(signal?: AbortSignal): Promise<Position> {
    if (!this.#isListening) this.#starting ??= this.#start();
    await untilAborted(this.#starting, signal);
    this.#leave();
    await this.#settle();
    return this.newest;
  }

  async read(after: Position, limits: ReadLimits = {}): Promise<readonly ChangeBatch[]> {
    const batches = await this.#readDurable(after, limits);
    if (batches.length > 0) return batches;
    await this.#settle();
    return this.#readDurable(after, limits);
  }

  async *follow(
    after: Position,
    signal: AbortSignal,
    options: FollowOptions = {},
  ): AsyncGenerator<ChangeBatch> {
    const following = { at: after };
    this.#following.add(following);
    clearTimeout(this.#grace);
    const source = {
      waking: this.#waking,
      read: (at: Position, limits: ReadLimits) => {
        following.at = at;
        return this.read(at, limits);
      },
      stamp: () => this.#durable?.stamp ?? 0n,
    };
    try {
      yield* followBatches(source, after, signal, options);
    } finally {
      this.#following.delete(following);
      this.#leave();
    }
  }

  async retain(consumer: string, from?: Position): Promise<Position> {
    const position = from ?? (await this.listen());
    await this.#starting;
    const dropped = this.#consumers.get(consumer)?.dropped;
    if (from !== undefined && dropped !== undefined) throw this.#refused(consumerDropped(consumer, dropped));
    const fault = this.#faultOf(position);
    if (fault !== undefined) throw this.#refused(tooOld(position, fault));
    this.#consumers.set(consumer, { sequence: position.sequence, dropped: undefined });
    clearTimeout(this.#grace);
    await this.#save();
    this.#retire();
    return position;
  }

  async forget(consumer: string): Promise<void> {
    if (!this.#consumers.delete(consumer)) return;
    await this.#save();
    this.#leave();
    this.#retire();
  }

  async drop(consumers: readonly string[], why: string): Promise<void> {
    if (consumers.length === 0) return;
    for (const name of consumers) {
      const sequence = this.#consumers.get(name)?.sequence ?? this.newest.sequence;
      this.#consumers.set(name, { sequence, dropped: why });
    }
    await this.#save();
    this.#log.warn({ consumers, reason: why }, "consumers of changes were dropped");
    this.#leave();
    this.#retire();
  }

  async consumers(): Promise<readonly Consumer[]> {
    return [...this.#consumers]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { sequence, dropped }]) => ({
        name,
        position: { epoch: this.#epochOf(sequence), sequence },
        lagBytes: this.#bytesAfter(sequence),
        dropped,
      }));
  }

  /** Ends those who follow; to be called before the log is closed. */
  async close(): Promise<void> {
    clearTimeout(this.#grace);
    this.#waking.close();
    await this.#retiring;
    await this.#saving;
  }

  // ---- listening -------------------------------------------------------------------------------------------------

  /** From the first write that says when it was made, changes can be given out. */
  async #start(): Promise<void> {
    try {
      this.#durable = undefined;
      this.#file.follower = this;
      await new Promise<void>((resolve) => this.#file.whenDurable(resolve));
      // Nothing was waiting when no sync has told.
      const place: LogPlace = this.#durable ?? this.#file.writtenPlace;
      this.#durable = place;
      this.#index.add(place);
      this.#oldest = sequenceAt(place);
      this.#isListening = true;
    } finally {
      this.#starting = undefined;
    }
  }

  /** When nobody is left, writes do not say any more when they were made, in a while. */
  #leave(): void {
    clearTimeout(this.#grace);
    if (this.#waking.isClosed || !this.#isIdle) return;
    this.#grace = setTimeout(() => this.#stop(), this.#limits.graceMs).unref();
  }

  get #isIdle(): boolean {
    return this.#isListening && this.#following.size === 0 && this.#kept.length === 0;
  }

  #stop(): void {
    if (!this.#isIdle || this.#waking.isClosed) return;
    this.#isListening = false;
    this.#index.clear();
    this.#retire();
    this.#file.follower = undefined;
  }

  // ---- reading ---------------------------------------------------------------------------------------------------

  /** Brings what was collected to the disk, unless it does not take it now. */
  async #settle(): Promise<void> {
    const file = this.#file;
    if (file.isDurable || file.failure !== undefined || this.#waking.isClosed) return;
    // With `always` every write is on its way there.
    const waitMs = file.policy === "always" ? 0 : this.#settledMs + settleMsMin - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    if (file.isClosed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const looking = setInterval(() => {
      if (file.failure !== undefined || file.isClosed) resolve();
    }, refusedMs);
    file.whenOnDisk(resolve);
    await promise;
    clearInterval(looking);
    this.#settledMs = performance.now();
  }

  async #readDurable(after: Position, limits: ReadLimits): Promise<readonly ChangeBatch[]> {
    await this.#starting;
    const fault = this.#faultOf(after);
    if (fault !== undefined) throw this.#refused(tooOld(after, fault));
    const durable = this.#durable!;
    const { batchesMax, bytesMax } = { ...readDefaults, ...limits };
    const start = offsetAt(after.sequence);
    const batches: ChangeBatch[] = [];
    let bytes = 0;
    for (const { name, sequence } of this.#increments) {
      if (sequence < start.sequence || sequence > durable.sequence) continue;
      const offset = sequence === start.sequence ? start.offset : 0;
      const until = sequence === durable.sequence ? durable.offset : Number.POSITIVE_INFINITY;
      if (offset >= until) continue;
      const take = ({ end, stamp, changes }: Unit): boolean => {
        if (changes.length === 0) return true;
        if (batches.length >= batchesMax) return false;
        for (const { key, after } of changes)
          bytes += key.byteLength + (after?.byteLength ?? 0) + changeBytes;
        if (batches.length > 0 && bytes > bytesMax) return false;
        const at = sequenceAt({ sequence, offset: end });
        const position = { epoch: this.#epochOf(at), sequence: at };
        batches.push({ position, atMs: Number(stamp >> 16n), stamp, origin: "local", changes });
        return true;
      };
      await this.#readIncrement(name, { sequence, offset }, until, after, take);
      if (batches.length >= batchesMax || bytes >= bytesMax) break;
    }
    return batches;
  }

  async #readIncrement(
    name: string,
    { sequence, offset }: LogOffset,
    until: number,
    after: Position,
    take: (unit: Unit) => boolean,
  ): Promise<void> {
    let file: FileHandle;
    try {
      file = await open(join(this.#folder, name), "r");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      throw this.#refused(tooOld(after, "they were forgotten"));
    }
    try {
      const from = this.#index.before(sequence, offset);
      const changesOf = this.#commands.of.bind(this.#commands);
      const place = await readUnits({ file, from, after: offset, until, changesOf, take });
      this.#index.remember(place);
    } finally {
      await file.close();
    }
  }

  /** Those that there are, in their order. */
  get #increments(): readonly LogFile[] {
    const { replaced = [], files } = this.#file.manifest;
    return [...replaced, ...files].filter(({ type }) => type === "increment");
  }

  #faultOf(position: Position): string | undefined {
    if (!this.#isListening) return "nobody was listening";
    return faultOf(position, this.#epochs, this.#oldest, this.newest.sequence);
  }

  #epochOf(sequence: bigint): number {
    return (this.#epochs.findLast(({ after }) => after < sequence) ?? this.#epochs[0]!).epoch;
  }

  #refused(error: WeftkitError): WeftkitError {
    this.#log.info({ code: error.code, reason: error.message }, "changes could not be gone on from");
    return error;
  }

  // ---- keeping ---------------------------------------------------------------------------------------------------

  /** The consumers that were not dropped. */
  get #kept(): readonly StoredConsumer[] {
    return [...this.#consumers.values()].filter(({ dropped }) => dropped === undefined);
  }

  /** Everything after it is still to be read by a consumer. */
  get #needed(): bigint {
    return this.#kept.reduce(
      (least, { sequence }) => (sequence < least ? sequence : least),
      sequenceAt(this.#durable!),
    );
  }

  /** Why what comes after a place is not all there, if it is not. */
  #missingAfter(sequence: bigint): string | undefined {
    const first = this.#increments[0]!.sequence;
    return offsetAt(sequence).sequence + 1 < first
      ? `the files of the log before ${this.#increments[0]!.name} are gone`
      : undefined;
  }

  #bytesAfter(position: bigint): number {
    const { sequence, offset } = offsetAt(position);
    let bytes = 0;
    for (const file of this.#increments) {
      if (file.sequence < sequence) continue;
      const isOpen = file.sequence === this.#file.writtenPlace.sequence;
      const size = isOpen ? this.#file.writtenPlace.offset : sizeOf(join(this.#folder, file.name));
      bytes += Math.max(0, size - (file.sequence === sequence ? offset : 0));
    }
    return bytes;
  }

  /** Where the commands of a file end that is finished. */
  #endOf({ name, sequence }: LogFile): bigint {
    return sequenceAt({ sequence, offset: endOfCommands(join(this.#folder, name)) });
  }

  /** Removes replaced files that nobody needs, and drops consumers for whom too much would be kept. */
  #retire(): void {
    this.#retiredAt = this.#file.appendedBytes;
    if (this.#waking.isClosed || !this.#file.manifest.replaced?.length) return;
    this.#retiring ??= this.#retireAll()
      .catch((error: unknown) =>
        this.#log.warn({ err: error }, "files of the log that nobody needs could not be removed"),
      )
      .finally(() => {
        this.#retiring = undefined;
      });
  }

  async #retireAll(): Promise<void> {
    const { bytesMax } = this.#limits;
    const first = this.#file.manifest.files.find(({ type }) => type === "increment")!;
    const ofTheLog = sequenceAt({ sequence: first.sequence, offset: 0 });
    const behind = [...this.#consumers].filter(
      ([, { sequence, dropped }]) =>
        dropped === undefined && sequence < ofTheLog && this.#bytesAfter(sequence) > bytesMax,
    );
    if (behind.length > 0) {
      const why = `more than ${bytesMax} bytes would have been kept for it`;
      for (const [name, { sequence }] of behind) this.#consumers.set(name, { sequence, dropped: why });
      await this.#save();
      this.#log.warn(
        { consumers: behind.map(([name]) => name), reason: why },
        "consumers of changes were dropped",
      );
      this.#leave();
    }
    await this.#file.removeReplaced();
  }

  #dropAll(why: string): void {
    for (const [name, { sequence, dropped = why }] of this.#consumers)
      this.#consumers.set(name, { sequence, dropped });
    this.#log.warn({ reason: why }, "consumers of changes were dropped");
  }

  /** The last epoch that begins before the oldest position is still needed: that position is in it. */
  #forgetEpochs(): void {
    const first = this.#epochs.findLastIndex(({ after }) => after < this.#oldest);
    this.#epochs = this.#epochs.slice(Math.max(0, first));
  }

  /** One after the other; each writes what is so when its turn comes. */
  #save(): Promise<void> {
    const saved = this.#saving.then(() =>
      writeState(this.#folder, {
        identity: this.identity,
        epochs: this.#epochs.map(({ epoch, after }) => ({ epoch, after: BigInt(after) })),
        consumers: this.#consumers,
      }),
    );
    this.#saving = saved.catch(() => {});
    return saved;
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Where the last checksum of a finished file begins; the end of a file without one, and 0 where somebody has removed it. */
function endOfCommands(path: string): number {
  if (!existsSync(path)) return 0;
  const tail = Buffer.alloc(64);
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const count = readSync(file, tail, 0, tail.length, Math.max(0, size - tail.length));
    const line = /#CRC:[0-9a-f]{8} \d+\r\n$/.exec(tail.toString("latin1", 0, count));
    return size - (line?.[0].length ?? 0);
  } finally {
    closeSync(file);
  }
}
