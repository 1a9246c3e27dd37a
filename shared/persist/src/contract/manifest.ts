/** What a stream is made of: changed pages of an SQLite file, bytes of an append-only log, or content-addressed files. */
export type StreamKind = "pages" | "log" | "blobs";

/**
 * What a piece holds. `base` stands alone; `delta` is what changed since the piece before it; `compacted` is what
 * several deltas changed, each page once.
 */
export type PieceKind = "base" | "delta" | "compacted";

/** A stored run of bytes, at most `limits.partBytesMax` long, named by its own hash. */
export interface Part {
  /** Lower-case hexadecimal SHA-256 of the bytes as they are stored (after encryption). */
  readonly sha256: string;
  readonly bytes: number;
}

/** One WKD1 file: what a stream changed during the pushes `seqFrom` to `seqTo`. */
export interface Piece {
  readonly kind: PieceKind;
  readonly seqFrom: number;
  readonly seqTo: number;
  /** Unix time in milliseconds of the push that wrote it. */
  readonly time: number;
  /** Length and SHA-256 of the whole WKD1 file, before it was encrypted and cut into parts. */
  readonly bytes: number;
  readonly sha256: string;
  /**
   * Set where a base or a compacted piece was put in the place of others later, beside the pushes: the SHA-256 of the
   * last piece that it stands for. What comes after it builds on that one, whose state is the same.
   */
  readonly standsFor?: string;
  /** Empty where they stand in lists. */
  readonly parts: readonly Part[];
  /** Where a piece has many parts: stored lists of them, in order. */
  readonly partLists?: readonly PartList[];
}

/** A list of parts, stored like a part. */
export interface PartList extends Part {
  /** How many parts it has. */
  readonly count: number;
}

/** The SHA-256 by which the next piece refers to this one. */
export function linkOf({ sha256, standsFor }: Pick<Piece, "sha256" | "standsFor">): string {
  return standsFor ?? sha256;
}

/** The pieces that make one stream's state, in the order in which they are applied; the first is a base. */
export interface StreamState {
  readonly kind: StreamKind;
  readonly pieces: readonly Piece[];
}

/** An earlier state that can still be restored. */
export interface RestorePoint {
  readonly seq: number;
  /** Unix time in milliseconds, by the engine's clock when it captured. */
  readonly time: number;
  /** SHA-256 of that state's manifest. */
  readonly manifest: string;
  /** Every part of this state was read back once and found whole. */
  readonly verified?: true;
}

/** A state that retention let go of; what only it names is deleted a day later. */
export interface DroppedState {
  /** SHA-256 of that state's manifest. */
  readonly manifest: string;
  /** Unix time in milliseconds when it was let go of. */
  readonly time: number;
}

/**
 * One consistent state of one subtree. A manifest is stored as UTF-8 JSON under the SHA-256 of its bytes, which is
 * also its place in the chain: `previous` names the manifest before it.
 */
export interface Manifest {
  readonly version: 1;
  readonly subtree: string;
  readonly engine: string;
  /** Of the owner that captured it. */
  readonly epoch: number;
  /** The number of the push: higher than the one before; numbers may be left out. */
  readonly seq: number;
  /** Unix time in milliseconds, by the engine's clock when it captured. */
  readonly time: number;
  /** SHA-256 of the manifest of the push before; null for the first. */
  readonly previous: string | null;
  readonly streams: Readonly<Record<string, StreamState>>;
  /** Earlier states that retention keeps, newest first. What neither they nor this manifest name may be deleted. */
  readonly history: readonly RestorePoint[];
  /** States that may be deleted from the store once they were dropped for a day, oldest first. */
  readonly dropped: readonly DroppedState[];
  /** Set when this chain was taken back to an earlier state by `restore_at`: the request, so that it happens once. */
  readonly restoredAt?: string;
  /** Set when parts are encrypted: how, and a name of the key that tells keys apart without revealing them. */
  readonly encryption?: { readonly scheme: "aes-256-gcm"; readonly keyName: string };
}
