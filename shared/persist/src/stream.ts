import type { Deadline } from "@weftkit/core";
import type { PartCipher } from "./contract/encryption.ts";
import type { Manifest, Part, Piece, PieceKind, StreamKind } from "./contract/manifest.ts";

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

/** A base or a compacted piece with the state of the delta that was captured together with it. */
export interface Substitute extends CapturedPiece {
  /** SHA-256 of that delta: what comes after it builds on either. */
  readonly standsFor: string;
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
  /**
   * An empty folder for a substitute, where one may be made: not while the last one still waits to be sent, nor at the
   * end of the process.
   */
  readonly substituteFolder?: string;
  /** Aborted when only what is needed may be made from now on: a substitute that is under way is given up. */
  readonly hurry?: AbortSignal;
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
  /**
   * A piece that takes the place of the delta and of others before it once it is stored. Nothing waits for it: the state
   * is whole by the delta alone.
   */
  readonly substitute?: Substitute | undefined;
  readonly cursor: Cursor;
  /** More is waiting and should be captured at once, before the push is taken for done. */
  readonly more: boolean;
  /** The outbox holds the capture for good: what it holds may be checkpointed or deleted here. */
  settle(): Promise<void>;
  /** The capture did not become part of the outbox; the next one starts at the same cursor again. */
  abandon(): Promise<void>;
}

/** Whether what is written may be acknowledged: not while another engine may own the state. */
export interface AcknowledgeGate {
  /** As of this moment, also right after the process stood still. */
  readonly isOpen: boolean;
  /** Whether a write may begin: not when the gate would close before it is acknowledged. */
  readonly admits: boolean;
  /** Why it does not, for people. */
  readonly reason: string;
  /** Calls back once it is open, at once when it is; `ended` instead, when the process ends before. */
  whenOpen(done: () => void, ended?: () => void): void;
  /** Calls back when `admits` has changed; at once when it is false. */
  onChange(listener: () => void): void;
}

/** A piece to apply, its WKD1 file on this disk. */
export interface RestorePiece extends ChainPiece {
  readonly path: string;
}

/** A state that is whole, durable, and not in its place yet. Exactly one of `install` and `discard` is called. */
export interface BuiltState {
  /** Puts it in place in one step; the stream is empty before. Returns the cursor from which captures go on. */
  install(): Promise<Cursor>;
  discard(): Promise<void>;
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
   * Builds the state from its pieces beside its place, each verified before it is applied and removed by the caller
   * afterwards. What is in place stays as it is until the stream is parked and what was built is installed.
   *
   * `parts` gives what the pieces refer to, for a stream that has `referenced`.
   *
   * @throws WeftkitError `piece_damaged` or `chain_broken`, naming the piece; nothing is left then.
   */
  build(pieces: AsyncIterable<RestorePiece>, parts: PartSource): Promise<BuiltState>;
  /** Moves the state to `folder` (on the same file system), so that the stream is empty: a copy that must not be lost. */
  park(folder: string): Promise<void>;
  /** Bytes written since the last capture, about: what would be lost with the volume. */
  lagBytes(): number;
  /** Called by the stream when enough has gathered that it should be captured soon, before the schedule says so. */
  onPressure: () => void;
  /**
   * Called by the stream when what was not captured is about to be rewritten, so that it could only be captured whole
   * later. Resolves when it is captured, or could not be.
   */
  captureNow: () => Promise<void>;
  /** Called before the engine is open: what it writes to this stream is acknowledged only while the gate is open. */
  guard?(gate: AcknowledgeGate): void;
  /** Where pieces refer to parts that are stored beside them. */
  readonly referenced?: ReferencedParts;
  close(): Promise<void>;
}

/** A part whose bytes, as they are stored, are read when they are to be sent. */
export interface SendablePart extends Part {
  read(): Promise<Uint8Array>;
}

/** Where a stream's own parts are sent to. */
export interface PartsRemote {
  readonly subtree: string;
  readonly cipher: PartCipher | undefined;
  /** Undefined as long as the function was not reached. */
  readonly partBytesMax: number | undefined;
  /** Nothing was ever pushed there: no part is stored that a push could count on. */
  readonly isNew: boolean;
  /** Sends those of the parts that the function does not have, or that may be gone soon; resolves to the bytes sent. */
  send(parts: readonly SendablePart[], signal?: AbortSignal): Promise<number>;
}

/** Where the parts come from that restored pieces refer to. */
export interface PartSource {
  /** The plain bytes of part `index` of the content that has this SHA-256. */
  fetch(contentSha256: string, index: number, part: Part): Promise<Uint8Array>;
}

/** The parts that a stream's pieces refer to, as those of a blob: the manifest does not name them. */
export interface ReferencedParts {
  /** Called once the subtree is known, and again when the function was reached; parts may be sent from then on. */
  connect(remote: PartsRemote): Promise<void>;
  /** From here on parts are only sent by `send`. */
  quiet(): Promise<void>;
  /**
   * Sends what the piece in this file refers to and no confirmed push did, and resolves to the bytes that were sent and
   * the names of the parts, at most `namesMax` of them.
   *
   * @throws WeftkitError `content_changed`: what it refers to is not on the volume any more as it was; a new base must
   * be captured
   */
  send(piece: string, namesMax: number, signal?: AbortSignal): Promise<{ bytes: number; names: string[] }>;
  /** The function has confirmed push `seq`, which had this cursor. */
  acknowledged(seq: number, cursor: Cursor): Promise<void>;
  /** Leaves only those names that no content of the stream needs. */
  unused(names: ReadonlySet<string>): Promise<ReadonlySet<string>>;
  /**
   * Deletes parts that no kept state needs any more. `manifest` is the last confirmed one; `remove` deletes parts and
   * resolves to those that the function has kept.
   */
  prune(
    manifest: Manifest,
    nowMs: number,
    remove: (parts: readonly string[]) => Promise<readonly string[]>,
  ): Promise<void>;
}
