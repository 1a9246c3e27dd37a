import { WeftkitError } from "@weftkit/core";
import { PieceReader } from "./piece/index.ts";
import type { ChainPiece, RestorePiece } from "./stream.ts";

/**
 * The bytes of a stream's pieces one after the other, each piece held against the one before it; `state` follows: where
 * the bytes end, and the piece's SHA-256.
 *
 * @throws WeftkitError `piece_damaged` or `chain_broken`
 */
export async function* bytesOfChain(
  pieces: AsyncIterable<RestorePiece>,
  { kind, name }: { readonly kind: "log" | "blobs"; readonly name: string },
  state: { to: number; piece: string },
): AsyncGenerator<Buffer> {
  let before: ChainPiece | undefined;
  let epoch = 0;
  for await (const piece of pieces) {
    const reader = await PieceReader.open(piece.path, piece);
    try {
      const { header } = reader;
      const isFollowing =
        header.kind === "base"
          ? before === undefined
          : header.previous === before?.sha256 && header.seqFrom === before.seqTo + 1;
      const { body } = header;
      const isOfStream = body.stream === kind && header.name === name && body.from === state.to;
      if (!isFollowing || !isOfStream || header.epoch < epoch || header.seqTo !== piece.seqTo) {
        throw new WeftkitError(
          "chain_broken",
          `piece ${piece.sha256} (pushes ${piece.seqFrom} to ${piece.seqTo}) does not follow the one before it`,
        );
      }
      yield* reader.contents();
      state.to = body.to;
      state.piece = piece.sha256;
      epoch = header.epoch;
      before = piece;
    } finally {
      await reader.close();
    }
  }
}
