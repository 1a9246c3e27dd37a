import type { Cursor } from "../stream.ts";
import type { Span } from "./catalog-view.ts";

/** How far the blobs were captured. */
export interface BlobsCursor extends Span {
  /** Of the catalog whose numbers these are. */
  readonly lineage: string;
  /** Bytes of the stream so far: where the next delta begins. */
  readonly to: number;
  /** SHA-256 of the last piece. */
  readonly piece: string;
}

/** Reads a cursor; undefined when it is none of blobs. */
export function readBlobsCursor(cursor: Cursor | undefined): BlobsCursor | undefined {
  const { lineage, added, removed, to, piece } = (cursor ?? {}) as Partial<BlobsCursor>;
  if (typeof lineage !== "string" || typeof piece !== "string") return undefined;
  if (![added, removed, to].every(Number.isSafeInteger)) return undefined;
  return { lineage, added: added!, removed: removed!, to: to!, piece };
}
