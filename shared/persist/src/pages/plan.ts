import type { ChainPiece } from "../stream.ts";

/** What would shorten the chain, beside the next delta. */
export type PiecePlan =
  | { readonly kind: "base" }
  /** Nothing yet: the delta is enough. */
  | { readonly kind: "delta" }
  /** The deltas that it takes the place of: the last ones. */
  | { readonly kind: "compacted"; readonly replaced: readonly ChainPiece[] };

/** So many deltas in a row become one piece. */
const DELTAS_MAX = 16;
const PIECES_MAX = 64;
const BASE_AGE_MAX_MS = 24 * 60 * 60 * 1000;
/** What follows the base is at most this part of it: beyond, a new base is soon cheaper to restore and to keep. */
const CHAIN_PART_OF_BASE = 0.5;

/** Decides from the pieces so far, oldest first, what is due at `time` (Unix milliseconds). */
export function planPiece(pieces: readonly ChainPiece[], time: number): PiecePlan {
  const base = pieces[0];
  if (base === undefined || base.kind !== "base") return { kind: "base" };
  if (isBaseDue(base, pieces, time)) return { kind: "base" };
  const replaced = pieces.slice(pieces.findLastIndex(({ kind }) => kind !== "delta") + 1);
  return replaced.length >= DELTAS_MAX ? { kind: "compacted", replaced } : { kind: "delta" };
}

function isBaseDue(base: ChainPiece, pieces: readonly ChainPiece[], time: number): boolean {
  const chainBytes = pieces.reduce((sum, { bytes }) => sum + bytes, 0) - base.bytes;
  return (
    chainBytes > base.bytes * CHAIN_PART_OF_BASE ||
    pieces.length >= PIECES_MAX ||
    time - base.time >= BASE_AGE_MAX_MS
  );
}
