import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  Checkpointer,
  FRAME_HEADER_BYTES,
  NewestFrames,
  type WalChecksum,
  WalFile,
  type WalHeader,
  WalPin,
} from "@weftkit/store/wal";
import { linkOf } from "../contract/manifest.ts";
import type { CapturedPiece, ChainPiece, Cursor, Substitute } from "../stream.ts";
import { ChangedPages } from "./changed-pages.ts";
import {
  type Continuation,
  ContinuationFinder,
  isSameUse,
  lastFrame,
  type PinnedLog,
  type Settled,
} from "./continuation.ts";
import { formatChecksum, type PagesCursor, parseCursor, type WalPosition } from "./cursor.ts";
import { DatabaseFile } from "./database-file.ts";
import { PageView } from "./page-view.ts";
import { writePiece } from "./piece-of-change.ts";
import { VolumeNotes } from "./volume-note.ts";
import { type Change, TimeLimit } from "./write-pages.ts";

export interface CapturerOptions {
  readonly name: string;
  readonly file: string;
  /** Exists. */
  readonly stateFolder: string;
  /** A descriptor of the database file, which its holder keeps open for longer than this. */
  readonly fd: number;
}

/** What a capture is asked for; see `CaptureRequest`. */
export interface CaptureCall {
  readonly folder: string;
  readonly epoch: number;
  readonly seq: number;
  readonly time: number;
  readonly cursor: Cursor | undefined;
  readonly pieces: readonly ChainPiece[];
  readonly budgetMs: number | undefined;
  /** Where a substitute may be written; undefined when what is captured must be the least that can be. */
  readonly substituteFolder: string | undefined;
  /** Set to 1 when a substitute that is under way is to be given up. */
  readonly hurry: Int32Array | undefined;
}

export interface CaptureResult {
  readonly piece: CapturedPiece | undefined;
  readonly replaces: number;
  readonly substitute?: Substitute | undefined;
  readonly cursor: Cursor;
  /** Length of the log that the next write does not start over. */
  readonly walBytes: number;
  /** Why a base was written where a delta could be expected, and what else people should know. */
  readonly remarks: readonly string[];
}

export interface LogState {
  /** Length of the log; 0 when the next write will start it over. */
  readonly walBytes: number;
  /** Frames that no capture has taken. */
  readonly tailFrames: number;
}

interface Pending {
  readonly settled: Settled;
  /** Undefined when nothing was written. */
  readonly piece: { readonly path: string; readonly sha256: string } | undefined;
}

/**
 * Captures the pages of one open database. It blocks its thread, so it has one of its own.
 *
 * Nothing is moved into the database file that is not captured: only this class checkpoints, and all the time one of
 * its two pins holds, so that no other process can either. A capture takes the second pin first, reads the log up to
 * there, and gives up the first when it is settled.
 */
export class PageCapturer {
  readonly #options: CapturerOptions;
  readonly #checkpointer: Checkpointer;
  /** The one in use is the first. */
  readonly #pins: [WalPin, WalPin];
  readonly #wal: WalFile;
  readonly #file: DatabaseFile;
  readonly #lists: ChangedPages;
  readonly #notes: VolumeNotes;
  readonly #continuations: ContinuationFinder;
  #settled: Settled | undefined;
  #pending: Pending | undefined;
  /** Frames of the log when it was made sure that the next write starts it over. */
  #endedAt: number | undefined;

  constructor(options: CapturerOptions) {
    this.#options = options;
    this.#checkpointer = new Checkpointer(options.file);
    this.#pins = [new WalPin(options.file), new WalPin(options.file)];
    this.#pins[0].hold();
    this.#wal = new WalFile(options.file);
    this.#file = new DatabaseFile(options.fd);
    this.#lists = new ChangedPages(options.stateFolder);
    this.#notes = new VolumeNotes(options.stateFolder);
    this.#continuations = new ContinuationFinder(this.#file, this.#wal, this.#notes);
  }

  state(cursor: Cursor | undefined): LogState {
    const { log } = this.#checkpointer.counts();
    const header = this.#wal.header();
    if (header === undefined || log === 0) return { walBytes: 0, tailFrames: 0 };
    const position = parseCursor(cursor)?.wal;
    const taken = position && isSameUse(position, header) ? position.frame : 0;
    return { walBytes: this.#logBytes({ header, frames: log }), tailFrames: Math.max(0, log - taken) };
  }

  async capture(call: CaptureCall): Promise<CaptureResult> {
    const next = this.#pins[1];
    next.release();
    next.hold();
    try {
      return await this.#capture(call);
    } catch (error) {
      next.release();
      throw error;
    }
  }

  /** Moves into the database file what is captured. `seal`: the writers are held back, and the log is started over. */
  settle(seal: boolean): LogState & { isSealed: boolean } {
    const { settled } = this.#pending!;
    this.#pending = undefined;
    this.#settled = settled;
    this.#pins.reverse();
    this.#pins[1].release();
    const isSealed = seal && this.#restart(settled);
    if (!isSealed) this.#checkpoint(settled);
    this.#writeNote(settled);
    return { ...this.state({ ...settled.cursor }), isSealed };
  }

  abandon(): void {
    const piece = this.#pending?.piece;
    this.#pending = undefined;
    this.#pins[1].release();
    if (piece === undefined) return;
    rmSync(piece.path, { force: true });
    this.#lists.remove(piece.sha256);
  }

  /**
   * Closes the connections. When the last one of all may write, SQLite moves the log into the database and deletes it:
   * that is left to happen only when all of it is captured.
   */
  close(): void {
    const settled = this.#settled;
    const isAllCaptured = settled !== undefined && this.state({ ...settled.cursor }).tailFrames === 0;
    const closing = [...this.#pins, this.#checkpointer];
    if (!isAllCaptured) closing.reverse();
    for (const connection of closing) connection.close();
    this.#wal.close();
    if (!isAllCaptured) return;
    // Deleted: it was the last connection, and all is in the database file.
    if (!existsSync(this.#wal.path)) settled.completeAt = lastFrame(settled.cursor);
    this.#writeNote(settled);
  }

  async #capture(call: CaptureCall): Promise<CaptureResult> {
    this.#lists.keepOnly(call.pieces.map((piece) => linkOf(piece)));
    const log = this.#pinnedLog();
    const walBytes = this.#logBytes(log);
    const remarks: string[] = [];
    const found = this.#continuations.find(call, this.#settled, log);
    const continuation = typeof found === "string" ? undefined : found;
    if (typeof found === "string" && found !== "") remarks.push(`a new base is written: ${found}`);
    if (continuation !== undefined && continuation.from === log.frames) {
      return { ...this.#nothingNew(continuation), walBytes, remarks };
    }
    const { piece, replaces, substitute, settled } = await this.#write(call, log, continuation, remarks);
    this.#pending = { settled, piece: { path: join(call.folder, piece.file), sha256: piece.sha256 } };
    return { piece, replaces, substitute, cursor: { ...settled.cursor }, walBytes, remarks };
  }

  /** The cursor stays, but more of the log may be moved into the database than before. */
  #nothingNew({
    cursor,
    from,
    completeAt,
    shipped,
  }: Continuation): Pick<CaptureResult, "piece" | "replaces" | "cursor"> {
    // With an empty log all is in the database file, wherever the cursor's own use of it ended.
    const settled = { cursor, shipped, completeAt: from === 0 ? lastFrame(cursor) : completeAt };
    this.#pending = { settled, piece: undefined };
    return { piece: undefined, replaces: 0, cursor: { ...cursor } };
  }

  async #write(
    call: CaptureCall,
    { header, frames: log }: PinnedLog,
    continuation: Continuation | undefined,
    remarks: string[],
  ) {
    const from = continuation?.from ?? 0;
    const frames = new NewestFrames(continuation?.shipped);
    let position: WalPosition | null = null;
    if (header !== undefined) {
      const start = continuation?.checksum ?? header.checksum;
      position = positionOf(header, log, this.#wal.scan(header, from, log, start, frames));
    }
    const pageSize = header?.pageSize ?? this.#pins[1].pageSize();
    const pageCount = header === undefined ? this.#pins[1].pageCount() : frames.pageCount;
    const viewOf = (layer: NewestFrames, count: number) =>
      new PageView(this.#file, header && { wal: this.#wal, header, frames: layer.pages }, pageSize, count);
    const view = viewOf(frames, pageCount);
    const change: Change | undefined = continuation && {
      before: viewOf(continuation.shipped, continuation.cursor.pageCount),
      beforeChecksum: BigInt(`0x${continuation.cursor.checksum}`),
      after: view,
      changed: frames.pagesAfter(from),
    };
    const limit = new TimeLimit(call.budgetMs, call.hurry);
    const place = { ...call, name: this.#options.name };
    const remark = (text: string) => remarks.push(text);
    const written = await writePiece(place, view, change, this.#lists, limit, remark);
    const { piece, replaces, substitute, checksum } = written;
    const cursor: PagesCursor = {
      version: 1,
      piece: piece.sha256,
      pageSize,
      pageCount,
      checksum: formatChecksum(checksum),
      wal: position,
    };
    return {
      piece,
      replaces,
      substitute,
      settled: { cursor, completeAt: continuation?.completeAt ?? 0, shipped: frames },
    };
  }

  /** What is committed and durable now, and stays where it is until the second pin is released. */
  #pinnedLog(): PinnedLog {
    for (;;) {
      const before = this.#wal.header();
      const { log } = this.#checkpointer.counts();
      this.#wal.sync();
      const header = this.#wal.header();
      // A log that was all in the database can be started over once more; from then on the pins keep it from it.
      if (header?.salt1 !== before?.salt1 || header?.salt2 !== before?.salt2) continue;
      return log === 0 || header === undefined ? { header: undefined, frames: 0 } : { header, frames: log };
    }
  }

  #checkpoint(settled: Settled): void {
    const frame = lastFrame(settled.cursor);
    const { log, checkpointed } = this.#checkpointer.passive();
    if (log !== frame || checkpointed !== frame) return;
    this.#becameComplete(settled);
    this.#pinDatabase(frame);
  }

  #becameComplete(settled: Settled): void {
    if (settled.shipped.hasUnwrittenPages()) return;
    settled.completeAt = lastFrame(settled.cursor);
    settled.shipped = new NewestFrames();
  }

  /**
   * All is in the database: a pin taken now reads from there and lets the next write start the log over. It is kept
   * only when nothing was written in between, as it would pin less than was captured otherwise.
   */
  #pinDatabase(frame: number): void {
    const next = this.#pins[1];
    next.hold();
    if (this.#checkpointer.counts().log === frame) {
      this.#pins.reverse();
      this.#endedAt = frame;
    }
    this.#pins[1].release();
  }

  /** With the writers held back: the pins are given up for the moment of it. */
  #restart(settled: Settled): boolean {
    this.#pins[0].release();
    try {
      if (!this.#checkpointer.restart()) return false;
      this.#becameComplete(settled);
      this.#endedAt = lastFrame(settled.cursor);
      return true;
    } finally {
      this.#pins[0].hold();
    }
  }

  /** A log that the next write starts over counts for nothing. */
  #logBytes({ header, frames }: PinnedLog): number {
    if (frames !== this.#endedAt) this.#endedAt = undefined;
    return header === undefined || frames === this.#endedAt
      ? 0
      : frames * (FRAME_HEADER_BYTES + header.pageSize);
  }

  #writeNote({ cursor, completeAt }: Settled): void {
    this.#notes.write({ cursor, completeAt, file: this.#file.identity() });
  }
}

function positionOf(header: WalHeader, frame: number, { first, second }: WalChecksum): WalPosition {
  const { checkpointSequence, salt1, salt2 } = header;
  return { checkpointSequence, salt1, salt2, frame, first, second };
}
