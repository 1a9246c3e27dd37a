import { closeSync, fdatasync, fdatasyncSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { AcknowledgeGate } from "@weftkit/persist";
import type { Args } from "../protocol/args.ts";
import type { AppendFsync } from "../settings.ts";
import { encodeArguments, encodeCommand, encodedArgumentsLength, encodedLength } from "./encoding.ts";
import type { FlushResult, Journal, TickJournal } from "./journal.ts";
import type { LogFollower, LogPlace } from "./log-follower.ts";
import {
  incrementName,
  type LogFile,
  type Manifest,
  replaceManifest,
  unfinishedName,
  writeManifest,
} from "./manifest.ts";

const BUFFER_BYTES = 64 << 10;
/** A larger buffer is given back after it was written. */
const BUFFER_KEPT_BYTES = 4 << 20;
/** With `everysec`, how long writes may wait for a sync that is under way (a write would wait for it in the kernel). */
const POSTPONE_MS_MAX = 2000;
const SYNC_INTERVAL_MS = 1000;
const RETRY_MS = 100;

/** Calls the owner makes sense of. */
export interface AppendOnlyFileEvents {
  /** The disk refuses writes: refuse writes of clients with this text; undefined when it works again. */
  refused(why: string | undefined): void;
  /** The disk has lost what it had taken. */
  lost(error: Error): void;
}

/**
 * The append-only log: commands as RESP, collected during a tick and written at its end with one write, followed by
 * a checksum line (`#CRC:`, a comment to Redis). A folder holds it as a base and increments, named by a manifest.
 *
 * Nothing is thrown away when the disk fails: the bytes stay in memory, the file is cut back to its last whole
 * write, and the write is tried again until it succeeds.
 */
export class AppendOnlyFile implements Journal, TickJournal {
  readonly folder: string;
  policy: AppendFsync;
  /** Called when bytes are waiting to be written, so that a tick comes. */
  onPending: () => void = () => {};
  /** Awaited before files are replaced: who follows the log takes what only they hold. */
  beforeReplace: () => Promise<void> = async () => {};
  /** Who is told of what is written; each write then says when it was made. */
  follower: LogFollower | undefined;

  readonly #log: Logger;
  readonly #events: AppendOnlyFileEvents;
  #manifest: Manifest;
  #file: number;
  #buffer: Buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #length = 0;
  /** Commands that stand one behind the other where they arrived, and are not copied to `#buffer` yet. */
  #arrived: Buffer | undefined;
  #arrivedStart = 0;
  #arrivedEnd = 0;
  #database = -1;
  /** What the last write has left selected. */
  #writtenDatabase = -1;
  /** Where the commands of the last write end, before its checksum. */
  #writtenBytes: number;
  /** A hybrid logical clock, milliseconds << 16 | counter: of the newest commands, while somebody follows. */
  #stamp: bigint;
  /** Commands since `#stamp`: each is one later. */
  #unitsSinceStamp = 0;
  /** What is collected was to be written in an earlier turn. */
  #isStampOld = false;
  /** Bytes of the open increment that are whole writes. */
  #fileBytes: number;
  #appendedBytes = 0;
  /** Bytes of the files before the open one. */
  #earlierBytes: number;
  #isSyncing = false;
  /** Writes done, and how many of them are known to be on the disk. */
  #written = 0;
  #synced = 0;
  #waiting: { until: number; done: () => void }[] = [];
  #closeLater: number[] = [];
  #postponedSince = 0;
  #failure: string | undefined;
  #gate: AcknowledgeGate | undefined;
  #isRefusedByGate = false;
  /** Part of a failed write stands at the end of the file. */
  #isTorn = false;
  #retry: NodeJS.Timeout | undefined;
  readonly #everySecond: NodeJS.Timeout;
  #isClosed = false;
  /** Size of the log after the last rewrite or at the start: what growth is measured against. */
  rewrittenBytes: number;

  constructor(
    folder: string,
    manifest: Manifest,
    policy: AppendFsync,
    log: Logger,
    sizes: { last: number; earlier: number },
    events: AppendOnlyFileEvents,
    stamp = 0n,
  ) {
    this.folder = folder;
    this.policy = policy;
    this.#log = log;
    this.#events = events;
    this.#manifest = manifest;
    this.#fileBytes = sizes.last;
    this.#writtenBytes = sizes.last;
    this.#stamp = stamp;
    this.#earlierBytes = sizes.earlier;
    this.rewrittenBytes = sizes.earlier + sizes.last;
    this.#file = openSync(join(folder, manifest.files.at(-1)!.name), "a", 0o600);
    this.#everySecond = setInterval(() => this.#secondPassed(), SYNC_INTERVAL_MS);
  }

  /** While the gate is closed writes are refused, and those that were made are not acknowledged. */
  guard(gate: AcknowledgeGate): void {
    this.#gate = gate;
    gate.onChange(() => this.#tellRefused());
  }

  #tellRefused(): void {
    const gate = this.#gate;
    this.#isRefusedByGate = gate?.admits === false;
    this.#events.refused(this.#failure ?? (this.#isRefusedByGate ? gate?.reason : undefined));
  }

  // ---- collecting ------------------------------------------------------------------------------------------------

  append(database: number, args: Args): void {
    this.#unitsSinceStamp++;
    const { buffer, requestStart, requestEnd } = args;
    if (requestStart < 0 || args.replaced.count > 0) {
      this.#select(database);
      this.#reserve(encodedArgumentsLength(args));
      this.#length = encodeArguments(args, this.#buffer, this.#length);
      return;
    }
    // A pipeline of writes is copied at once: copying each command costs more than its bytes do.
    if (buffer === this.#arrived && requestStart === this.#arrivedEnd && database === this.#database) {
      this.#arrivedEnd = requestEnd;
      return;
    }
    this.#select(database);
    this.#arrived = buffer;
    this.#arrivedStart = requestStart;
    this.#arrivedEnd = requestEnd;
  }

  gather(): void {
    const arrived = this.#arrived;
    if (arrived === undefined) return;
    this.#arrived = undefined;
    this.#reserve(this.#arrivedEnd - this.#arrivedStart);
    this.#length += arrived.copy(this.#buffer, this.#length, this.#arrivedStart, this.#arrivedEnd);
  }

  appendValues(database: number, values: readonly Buffer[]): void {
    this.#unitsSinceStamp++;
    this.#select(database);
    this.#encode(values);
  }

  /** Bytes of all files and of what waits to be written. */
  get sizeBytes(): number {
    this.gather();
    return this.#earlierBytes + this.#fileBytes + this.#length;
  }

  get manifest(): Manifest {
    return this.#manifest;
  }

  /** Bytes of the last file that are whole writes. */
  get wholeBytes(): number {
    return this.#fileBytes;
  }

  /** Bytes written since the start of the process. */
  get appendedBytes(): number {
    return this.#appendedBytes;
  }

  /** After the last write, to where the log has come. */
  get writtenPlace(): LogPlace {
    const { sequence } = this.#manifest.files.at(-1)!;
    const stamp = this.#stamp + BigInt(this.#unitsSinceStamp);
    return { sequence, offset: this.#writtenBytes, database: this.#writtenDatabase, stamp };
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Bytes not yet written, and whether some are not yet synced. */
  get pendingBytes(): number {
    this.gather();
    return this.#length;
  }

  get failure(): string | undefined {
    return this.#failure;
  }

  #select(database: number): void {
    this.gather();
    if (this.#length === 0) this.onPending();
    if (this.follower !== undefined && (this.#length === 0 || this.#isStampOld)) this.#encodeStamp();
    if (database === this.#database) return;
    this.#database = database;
    this.#encode([SELECT, Buffer.from(String(database))]);
  }

  #encode(values: readonly Buffer[]): void {
    this.#reserve(encodedLength(values));
    this.#length = encodeCommand(values, this.#buffer, this.#length);
  }

  /** `#AT:<stamp>`: when what follows was committed; a comment to Redis. */
  #encodeStamp(): void {
    const clock = BigInt(Date.now()) << 16n;
    const next = this.#stamp + BigInt(this.#unitsSinceStamp);
    this.#stamp = clock > next ? clock : next;
    this.#unitsSinceStamp = 1;
    this.#isStampOld = false;
    this.#reserve(STAMP_BYTES);
    this.#length += this.#buffer.write(`#AT:${this.#stamp}\r\n`, this.#length, "latin1");
  }

  #reserve(bytes: number): void {
    // Room for the checksum line too.
    const wanted = this.#length + bytes + CHECKSUM_BYTES;
    if (wanted <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(wanted, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }

  // ---- writing ---------------------------------------------------------------------------------------------------

  flush(): FlushResult {
    this.gather();
    const hasWrites = this.#length > 0;
    const result = this.#flush();
    // Also where no reply waits for the disk: while another engine may own the state, nothing is acknowledged.
    // What is written once writes of clients are refused is no client's: keys that have expired.
    const isHeldBack = hasWrites && !this.#isRefusedByGate && this.#gate?.isOpen === false;
    return result === "done" && isHeldBack ? "syncing" : result;
  }

  #flush(): FlushResult {
    if (this.#length > 0) {
      this.#isStampOld = true;
      if (this.#failure !== undefined) return "failed";
      if (this.policy === "everysec" && this.#isSyncing && !this.#isPostponedTooLong()) return "done";
      if (!this.#write()) return this.policy === "always" ? "failed" : "done";
    }
    if (this.#synced >= this.#written) {
      // A rotation has synced what they wait for.
      this.#callWaiting();
      return "done";
    }
    if (this.policy === "always" || this.#waiting.length > 0) this.#sync();
    return this.policy === "always" ? "syncing" : "done";
  }

  /** Whether all that was collected is on the disk. */
  get isDurable(): boolean {
    this.gather();
    return this.#length === 0 && this.#synced >= this.#written;
  }

  /** Calls back when all that was collected so far is on the disk, and may be acknowledged. */
  whenDurable(done: () => void): void {
    const gate = this.#gate;
    this.whenOnDisk(gate === undefined ? done : () => gate.whenOpen(done));
  }

  /** Calls back when all that was collected so far is on the disk, and brings it there soon. */
  whenOnDisk(done: () => void): void {
    if (this.isDurable) {
      done();
      return;
    }
    this.#waiting.push({ until: this.#written + (this.#length > 0 ? 1 : 0), done });
    this.onPending();
  }

  #isPostponedTooLong(): boolean {
    const now = performance.now();
    if (this.#postponedSince === 0) this.#postponedSince = now;
    return now - this.#postponedSince > POSTPONE_MS_MAX;
  }

  /** Writes what was collected; false when the disk refused. */
  #write(): boolean {
    this.#postponedSince = 0;
    const body = this.#length;
    const checksum = crc32(this.#buffer.subarray(0, body));
    const end = body + this.#buffer.write(checksumLine(checksum, body), body, "latin1");
    try {
      this.#cutTornEnd();
      for (let written = 0; written < end; ) {
        written += writeSync(this.#file, this.#buffer, written, end - written);
      }
    } catch (error) {
      this.#writeFailed(error as NodeJS.ErrnoException);
      return false;
    }
    this.#writtenBytes = this.#fileBytes + body;
    this.#writtenDatabase = this.#database;
    this.#fileBytes += end;
    this.#appendedBytes += end;
    this.#length = 0;
    this.#written++;
    if (this.#buffer.length > BUFFER_KEPT_BYTES) this.#buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
    this.follower?.written(this.writtenPlace);
    return true;
  }

  #writeFailed(error: NodeJS.ErrnoException): void {
    this.#isTorn = true;
    try {
      this.#cutTornEnd();
    } catch (truncation) {
      // Nothing is appended behind it: the next write cuts first.
      this.#log.error({ err: truncation }, "cutting a half-written command off the append-only file failed");
    }
    if (this.#failure === undefined) {
      this.#log.error(
        { err: error, pendingBytes: this.#length },
        "writing the append-only file failed: writes of clients are refused until it works again",
      );
    }
    this.#failure = error.code ?? error.message;
    this.#tellRefused();
    this.#retry ??= setTimeout(() => this.#tryAgain(), RETRY_MS);
  }

  /** Cuts off what a failed write has left, back to the last whole one. */
  #cutTornEnd(): void {
    if (!this.#isTorn) return;
    ftruncateSync(this.#file, this.#fileBytes);
    this.#isTorn = false;
  }

  #tryAgain(): void {
    this.#retry = undefined;
    if (this.#isClosed) return;
    if (!this.#write()) return;
    this.#failure = undefined;
    this.#log.info("the append-only file can be written again");
    this.#tellRefused();
    this.#sync();
  }

  /** Syncs what was written. One sync runs at a time; what is written meanwhile shares the next one. */
  #sync(): void {
    if (this.#isSyncing || this.#synced >= this.#written) return;
    this.#isSyncing = true;
    const target = this.#written;
    const place = this.follower === undefined ? undefined : this.writtenPlace;
    fdatasync(this.#file, (error) => {
      this.#isSyncing = false;
      if (error !== null) {
        // The kernel has dropped what it could not write, and a second sync would claim success: only a restart,
        // which reads what is really there, is honest.
        this.#events.lost(error);
        return;
      }
      for (const file of this.#closeLater.splice(0)) closeSync(file);
      this.#synced = Math.max(this.#synced, target);
      if (place !== undefined) this.#tellSynced(place);
      this.#callWaiting();
      if (this.#isClosed) return;
      if (this.policy === "always" || this.#waiting.length > 0) this.#sync();
      if (this.#length > 0) this.onPending();
    });
  }

  #callWaiting(): void {
    while (this.#waiting.length > 0 && this.#waiting[0]!.until <= this.#synced) this.#waiting.shift()!.done();
  }

  /** What was not acknowledged is not given out either. */
  #tellSynced(place: LogPlace): void {
    const tell = () => this.follower?.synced(place);
    if (this.#gate === undefined) tell();
    else this.#gate.whenOpen(tell);
  }

  // ---- rewriting -------------------------------------------------------------------------------------------------

  /**
   * Starts a new increment, so that the files before it are final and can be compacted. Returns those files, or
   * undefined when the disk refuses.
   */
  rotate(): readonly LogFile[] | undefined {
    this.gather();
    if (this.#length > 0 && (this.#failure !== undefined || !this.#write())) return undefined;
    const finished = this.#manifest.files;
    const sequence = finished.at(-1)!.sequence + 1;
    const increment: LogFile = { name: incrementName(sequence), sequence, type: "increment" };
    let file: number;
    try {
      fdatasyncSync(this.#file);
      // One that an earlier try has left is empty: nothing is appended before the manifest names it.
      file = openSync(join(this.folder, increment.name), "a", 0o600);
      writeManifest(this.folder, { ...this.#manifest, files: [...finished, increment] });
    } catch (error) {
      this.#log.error({ err: error }, "starting a new append-only file failed; the rewrite is put off");
      return undefined;
    }
    this.#synced = this.#written;
    if (this.follower !== undefined) this.#tellSynced(this.writtenPlace);
    if (this.#waiting.length > 0) this.onPending();
    const old = this.#file;
    // A sync that runs on the old descriptor must end before the descriptor is closed.
    if (this.#isSyncing) this.#closeLater.push(old);
    else closeSync(old);
    this.#file = file;
    this.#manifest = { ...this.#manifest, files: [...finished, increment] };
    this.#earlierBytes += this.#fileBytes;
    this.#fileBytes = 0;
    this.#writtenBytes = 0;
    this.#database = -1;
    this.#writtenDatabase = -1;
    return finished;
  }

  /**
   * Replaces `finished` by a base that holds the same state and is already in the folder, synced, under its unfinished
   * name. No `rotate` meanwhile. The disk does its part in the background.
   */
  async replaceBase(finished: readonly LogFile[], base: LogFile, baseBytes: number): Promise<void> {
    await this.beforeReplace();
    const kept = this.#manifest.files.filter((file) => !finished.includes(file));
    await rename(join(this.folder, unfinishedName(base.name)), join(this.folder, base.name));
    // Names that are left by a crash go at the next start, because the manifest says that they may.
    const replaced = [...(this.#manifest.replaced ?? []), ...finished];
    await replaceManifest(this.folder, { files: [base, ...kept], replaced });
    this.#manifest = { files: [base, ...kept], replaced };
    this.#earlierBytes = baseBytes;
    this.rewrittenBytes = this.sizeBytes;
    await this.removeReplaced();
    this.follower?.replaced();
  }

  /** Removes the files that a base has replaced, but for those that are still followed. */
  async removeReplaced(): Promise<void> {
    const removed = (this.#manifest.replaced ?? []).filter((file) => this.follower?.keeps(file) !== true);
    this.#manifest = {
      ...this.#manifest,
      replaced: (this.#manifest.replaced ?? []).filter((file) => !removed.includes(file)),
    };
    // Removing a large file takes the file system a while.
    for (const file of removed) {
      this.follower?.removing(file);
      await rm(join(this.folder, file.name), { force: true });
    }
  }

  // ---- ending ----------------------------------------------------------------------------------------------------

  /** Writes and syncs everything; throws when the disk refuses. */
  close(): void {
    this.gather();
    clearInterval(this.#everySecond);
    clearTimeout(this.#retry);
    if (this.#length > 0 && !this.#write()) {
      throw new WeftkitError(
        "AOF_WRITE",
        `${this.#length} bytes of acknowledged writes could not be written to ${this.folder} (${this.#failure}): free some space there and start again`,
      );
    }
    this.#isClosed = true;
    fdatasyncSync(this.#file);
    if (!this.#isSyncing) closeSync(this.#file);
  }

  #secondPassed(): void {
    if (this.policy === "everysec") this.#sync();
  }
}

const SELECT = Buffer.from("SELECT");
/** The longest checksum line. */
const CHECKSUM_BYTES = 40;

/** The longest line that says when. */
const STAMP_BYTES = 30;

/** `#CRC:<hex> <length>`: the CRC-32 of the bytes between the last such line and this one, and how many they are. */
export function checksumLine(checksum: number, length: number): string {
  return `#CRC:${checksum.toString(16).padStart(8, "0")} ${length}\r\n`;
}
