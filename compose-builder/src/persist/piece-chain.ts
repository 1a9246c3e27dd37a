import { linkOf, type Piece, type StreamState } from "@weftkit/persist/contract";
import type { PieceHeader } from "@weftkit/persist/inspection";

/** A piece and what its file says of itself; undefined where the file could not be read. */
export interface ReadPiece {
  readonly piece: Piece;
  readonly header: PieceHeader | undefined;
}

/**
 * Why a piece cannot stand where the manifest has it: its own header against the manifest and against the piece before
 * it. Undefined when it can.
 */
export function misplacement(
  { piece, header }: ReadPiece,
  before: ReadPiece | undefined,
  stream: { readonly name: string; readonly kind: StreamState["kind"] },
  epochMax: number,
): string | undefined {
  if (header === undefined) return undefined;
  const { body } = header;
  if (body.stream !== stream.kind || header.name !== stream.name) {
    return `it is of the ${body.stream} stream "${header.name}"`;
  }
  if (header.kind !== piece.kind || header.seqFrom !== piece.seqFrom || header.seqTo !== piece.seqTo) {
    return `its file is a ${header.kind} of the pushes ${header.seqFrom} to ${header.seqTo}`;
  }
  if (header.epoch > epochMax) return `it is of epoch ${header.epoch}, and the manifest of epoch ${epochMax}`;
  if (before === undefined) {
    if (header.previous !== null) return "it builds on a piece that the manifest does not have";
    return body.stream === "log" && body.from !== 0 ? `it begins at byte ${body.from} of the log` : undefined;
  }
  // Blobs stand alone; the others are applied one after the other.
  if (stream.kind === "blobs") return undefined;
  if (header.previous !== linkOf(before.piece)) return "it builds on another piece than the one before it";
  if (header.seqFrom !== before.piece.seqTo + 1) return `the pushes after ${before.piece.seqTo} are missing`;
  return before.header === undefined ? undefined : discontinuity(header, before.header, before.piece);
}

function discontinuity(header: PieceHeader, before: PieceHeader, piece: Piece): string | undefined {
  const { body } = header;
  if (header.epoch < before.epoch) return `its epoch goes back from ${before.epoch} to ${header.epoch}`;
  if (body.stream === "pages") {
    const isSame = before.body.stream === "pages" && before.body.pageSize === body.pageSize;
    return isSame ? undefined : "its page size is another one than before";
  }
  // What a substitute stands for had another length, from which the next piece goes on.
  if (piece.standsFor !== undefined) return undefined;
  const end = before.body.stream === "pages" ? undefined : before.body.to;
  return body.from === end ? undefined : `it begins at byte ${body.from} of the log, not at ${end}`;
}
