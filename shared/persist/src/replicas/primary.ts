import { createReadStream } from "node:fs";
import type { Duplex } from "node:stream";
import { WeftkitError } from "@weftkit/core";
import { linkOf } from "../contract/manifest.ts";
import type { RestorePiece } from "../stream.ts";
import { Channel, type ChannelOptions, frameBytesMax } from "./channel.ts";
import {
  frameTypes,
  type ReplicaPosition,
  readCount,
  readMessage,
  readPosition,
  sendMessage,
} from "./messages.ts";

export interface SendOptions extends ChannelOptions {
  /** Of the primary. */
  readonly epoch: number;
  /** The pieces to send to a replica that is there, each behind the one before; goes on for as long as it is wanted. */
  readonly follow: (position: ReplicaPosition) => AsyncIterable<RestorePiece>;
  /** The replica holds all up to `seq` on its disk. */
  readonly acknowledged: (seq: number) => void;
}

/** The pieces of a chain that a replica lacks: all from the base where its own last one is not among them. */
export function piecesAfter<P extends RestorePiece>(
  pieces: readonly P[],
  { link }: ReplicaPosition,
): readonly P[] {
  return pieces.slice(pieces.findIndex((piece) => linkOf(piece) === link) + 1);
}

/**
 * Sends pieces to the replica at the other end of `socket`, one at a time: the next when the last is acknowledged.
 * Resolves when `follow` ends; the socket is closed in any case.
 *
 * @throws WeftkitError `fenced` when the replica knows a later epoch: this primary must stop writing; `peer_refused` or
 * `peer_gone` otherwise
 */
export async function sendPieces(socket: Duplex, options: SendOptions): Promise<void> {
  try {
    const channel = await Channel.open(socket, true, options);
    await sendMessage(channel, frameTypes.primary, { epoch: options.epoch });
    const answer = await channel.receive();
    if (answer.type === frameTypes.fenced) {
      const epoch = readCount(readMessage(answer, frameTypes.fenced).epoch);
      throw new WeftkitError(
        "fenced",
        `epoch ${options.epoch} is over: a replica was promoted in epoch ${epoch}; start this engine as its replica`,
      );
    }
    for await (const piece of options.follow(readPosition(readMessage(answer, frameTypes.position)))) {
      await sendPiece(channel, piece);
      options.acknowledged(readCount(readMessage(await channel.receive(), frameTypes.acknowledged).seq));
    }
  } finally {
    socket.destroy();
  }
}

async function sendPiece(channel: Channel, { path, ...piece }: RestorePiece): Promise<void> {
  await sendMessage(channel, frameTypes.piece, piece);
  for await (const bytes of createReadStream(path, { highWaterMark: frameBytesMax })) {
    await channel.send(frameTypes.data, bytes);
  }
}
