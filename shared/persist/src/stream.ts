import type { Deadline } from "@weftkit/core";
import type { Piece, PieceKind, StreamKind } from "./contract/manifest.ts";

/** A stream's own note of how far it was captured: JSON, kept beside each capture, opaque to everyone else. */
export type Cursor = Readonly<Record<string, unknown>>;

/** A WKD1 file in the folder that the capture was asked to write to. */
export interface CapturedPiece {
  readonly kind: PieceKind;
  /** The file's name in that folder. */
  readonly file: string;
  readonly bytes: number;
  /** Lower-case hexadecimal SHA-256 of the file. */
  readonly sha256: string;
  /** For a delta and a compacted piece one more than the `seqTo` of the piece that it builds on, so that no gap can hide. */
  readonly seqFrom: number;
  readonly seqTo: number;
}

export interface CaptureRequest {
  /** An empty folder that becomes the outbox entry. */
  readonly folder: string;
  readonly epoch: number;
  /** The push that this will be. */
  readonly seq: number;
  /** Unix time in milliseconds. */
  readonly time: number;
  /** Where the last capture ended; undefined when there was none, so that only a base can be written. */
  readonly cursor: Cursor | undefined;
  /** The stream's pieces so far, to chain to the last one and to decide what to compact; empty forces a base. */
  readonly pieces: readonly ChainPiece[];
  /** Set for the last capture before the process ends: nothing will be written any more. */
  readonly final: boolean;
  readonly deadline?: Deadline;
}

/** What a stream knows of a piece before it: as in the manifest, without where it is stored. */
export type ChainPiece = Omit<Piece, "parts">;

/** What changed, written and synced, but not yet part of the outbox. Exactly one of `settle` and `abandon` is called. */
export interface Capture {
  /** Undefined when nothing changed since the cursor. */
  readonly piece: CapturedPiece | undefined;
  /**
   * How many of the pieces before it this piece takes the place of, counted from the end: 0 for a delta, all of them
   * for a base.
   */
  readonly replaces: number;
  readonly cursor: Cursor;
  /** More is waiting and should be captured at once, before the push is taken for done. */
  readonly more: boolean;
  /** The outbox holds the capture for good: what it holds may be checkpointed or deleted here. */
  settle(): Promise<void>;
  /** The capture did not become part of the outbox; the next one starts at the same cursor again. */
  abandon(): Promise<void>;
}

/** A piece to apply, its WKD1 file on this disk. */
export interface RestorePiece extends ChainPiece {
  readonly path: string;
}

/** One stream of an engine's state, as the persistence of the host drives it. Calls never overlap. */
export interface Stream {
  readonly name: string;
  readonly kind: StreamKind;
  /** Whether the data folder holds no state of this stream: neither data nor half of it. */
  isEmpty(): Promise<boolean>;
  /**
   * Writes what changed since the cursor as one piece. Where the cursor does not provably continue what is on the
   * disk, the whole state is written as a new base, never a guess.
   */
  capture(request: CaptureRequest): Promise<Capture>;
  /**
   * Builds the state from its pieces, each verified before it is applied and removed by the caller afterwards, and
   * puts it in place in one step. The stream is empty before. Returns the cursor from which captures go on.
   *
   * @throws WeftkitError `piece_damaged` or `chain_broken`, naming the piece; nothing is put in place then.
   */
  restore(pieces: AsyncIterable<RestorePiece>): Promise<Cursor>;
  /** Moves the state to `folder` (on the same file system), so that the stream is empty: a copy that must not be lost. */
  park(folder: string): Promise<void>;
  /** Bytes written since the last capture, about: what would be lost with the volume. */
  lagBytes(): number;
  /** Called by the stream when enough has gathered that it should be captured soon, before the schedule says so. */
  onPressure: () => void;
  close(): Promise<void>;
}
