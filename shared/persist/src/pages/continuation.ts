import { NewestFrames, type WalChecksum, type WalFile, type WalHeader } from "@weftkit/store/wal";
import { linkOf } from "../contract/manifest.ts";
import type { ChainPiece, Cursor } from "../stream.ts";
import { formatChecksum, isSameCursor, type PagesCursor, parseCursor, type WalPosition } from "./cursor.ts";
import type { DatabaseFile } from "./database-file.ts";
import { PageView } from "./page-view.ts";
import type { VolumeNote, VolumeNotes } from "./volume-note.ts";

/** The log as one capture sees it: so many of its frames are committed, durable and pinned. */
export interface PinnedLog {
  /** Undefined when it holds no frame. */
  readonly header: WalHeader | undefined;
  readonly frames: number;
}

/**
 * What is known of the database file, as of the last capture that was settled.
 *
 * A checkpoint that ends before the end of the log does not leave the state of any moment in the file: a page that was
 * written again behind its end is not moved at all. So what was captured is read from the log, for all frames since a
 * checkpoint that ended where both the log and the capture did.
 */
export interface Settled {
  readonly cursor: PagesCursor;
  /** The database file is the state at this frame of the cursor's use of the log; 0 is its start. */
  completeAt: number;
  /** The captured frames since. */
  shipped: NewestFrames;
}

/** A captured state that the log provably leads on from. */
export interface Continuation extends Settled {
  /** Frames of this use of the log that are captured already, and the checksum at the last of them. */
  readonly from: number;
  readonly checksum: WalChecksum;
}

/** The frame at which a cursor ends; 0 where the database file alone was the state. */
export function lastFrame({ wal }: PagesCursor): number {
  return wal?.frame ?? 0;
}

/** Whether the log has not been started over since. */
export function isSameUse(position: WalPosition, header: WalHeader): boolean {
  return (
    position.salt1 === header.salt1 &&
    position.salt2 === header.salt2 &&
    position.checkpointSequence === header.checkpointSequence
  );
}

/**
 * Finds out whether what is on the disk is the state of a cursor and frames that came after it.
 *
 * Proof is either of two: this process, or its note of an untouched file, knows what the database file holds, and the
 * log still has the cursor's frame, or the database file has everything; or all pages, read once, have the cursor's
 * checksum. Without proof nothing is continued.
 */
export class ContinuationFinder {
  readonly #file: DatabaseFile;
  readonly #wal: WalFile;
  readonly #notes: VolumeNotes;

  constructor(file: DatabaseFile, wal: WalFile, notes: VolumeNotes) {
    this.#file = file;
    this.#wal = wal;
    this.#notes = notes;
  }

  /** The continuation, or why there is none; "" where none was to be expected. */
  find(
    request: { readonly cursor: Cursor | undefined; readonly pieces: readonly ChainPiece[] },
    settled: Settled | undefined,
    log: PinnedLog,
  ): Continuation | string {
    const last = request.pieces.at(-1);
    if (request.cursor === undefined || last === undefined) return "";
    const cursor = parseCursor(request.cursor);
    if (cursor === undefined) return "the cursor is not one that this release wrote";
    if (linkOf(last) !== cursor.piece) return "the last piece is not the one that the cursor follows";
    const { header, frames } = log;
    if (header !== undefined && header.pageSize !== cursor.pageSize) return "the page size has changed";
    const isSettled = settled !== undefined && isSameCursor(settled.cursor, cursor);
    const known = isSettled ? settled : this.#notes.find(cursor, this.#file.identity());
    return header !== undefined && this.#holdsPosition(cursor.wal, header, frames)
      ? this.#inSameUse(cursor, cursor.wal!, header, known)
      : this.#inNewUse(cursor, header, known);
  }

  /** The log has grown behind the cursor's frame. */
  #inSameUse(
    cursor: PagesCursor,
    position: WalPosition,
    header: WalHeader,
    known: Settled | VolumeNote | undefined,
  ): Continuation | string {
    const completeAt = known?.completeAt ?? 0;
    let shipped = new NewestFrames();
    if (known !== undefined && "shipped" in known) shipped = known.shipped;
    else
      this.#wal.scan(header, completeAt, position.frame, this.#wal.checksumAt(header, completeAt), shipped);
    if (known === undefined && !this.#hasChecksum(cursor, header, shipped)) {
      return "the database file is not as the last capture left it";
    }
    return { cursor, from: position.frame, checksum: position, shipped, completeAt };
  }

  /** The log was started over, or is empty: all that was captured must be in the database file. */
  #inNewUse(
    cursor: PagesCursor,
    header: WalHeader | undefined,
    known: Settled | VolumeNote | undefined,
  ): Continuation | string {
    const isProven = known !== undefined && known.completeAt === lastFrame(cursor);
    const shipped = new NewestFrames();
    if (!isProven && !this.#hasChecksum(cursor, undefined, shipped)) {
      return "the write-ahead log does not go on where the last capture ended";
    }
    return { cursor, from: 0, checksum: header?.checksum ?? { first: 0, second: 0 }, shipped, completeAt: 0 };
  }

  /** Whether the log still holds the frame of the cursor, and with it all before it. */
  #holdsPosition(position: WalPosition | null, header: WalHeader, frames: number): boolean {
    if (position === null || !isSameUse(position, header) || position.frame > frames) return false;
    const checksum = this.#wal.frameHeader(header, position.frame)?.checksum;
    return checksum?.first === position.first && checksum.second === position.second;
  }

  /** Reads the whole database. */
  #hasChecksum(cursor: PagesCursor, header: WalHeader | undefined, shipped: NewestFrames): boolean {
    const layer = header && { wal: this.#wal, header, frames: shipped.pages };
    const view = new PageView(this.#file, layer, cursor.pageSize, cursor.pageCount);
    return formatChecksum(view.checksum()) === cursor.checksum;
  }
}
