import { WeftkitError } from "@weftkit/core";
import { linkOf } from "./contract/manifest.ts";
import { PieceReader } from "./piece/index.ts";
import type { ChainPiece, RestorePiece } from "./stream.ts";

/**
 * The bytes of a stream's pieces one after the other, each piece held against the one before it; `state` follows: where
 * the bytes end, and the SHA-256 by which the next piece refers to it.
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
          : before !== undefined && header.previous === linkOf(before) && header.seqFrom === before.seqTo + 1;
      const { body } = header;
      // What a substitute stands for had another length, from which the next piece goes on.
      const isContinuous =
        body.stream !== "pages" && (body.from === state.to || before?.standsFor !== undefined);
      const isOfStream = body.stream === kind && header.name === name && isContinuous;
      if (!isFollowing || !isOfStream || header.epoch < epoch || header.seqTo !== piece.seqTo) {
        throw new WeftkitError(
          "chain_broken",
          `piece ${piece.sha256} (pushes ${piece.seqFrom} to ${piece.seqTo}) does not follow the one before it`,
        );
      }
      yield* reader.contents();
      state.to = body.to;
      state.piece = linkOf(piece);
      epoch = header.epoch;
      before = piece;
    } finally {
      await reader.close();
    }
  }
}
