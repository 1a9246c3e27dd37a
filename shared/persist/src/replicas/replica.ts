import { type FileHandle, open } from "node:fs/promises";
import type { Duplex } from "node:stream";
import { Channel, type ChannelOptions, refused } from "./channel.ts";
import { frameTypes, readCount, readMessage, readPiece, sendMessage } from "./messages.ts";
import type { ReplicaSpool } from "./spool.ts";

/**
 * Takes what the primary at the other end of `socket` sends into the spool until the connection ends. One connection at
 * a time may use a spool.
 *
 * @throws WeftkitError `fenced` for a primary of an epoch that is over; `peer_refused`, `piece_damaged` or
 * `chain_broken` for what is not believed, `peer_gone` at the end; what was acknowledged stays as it is
 */
export async function receivePieces(
  socket: Duplex,
  spool: ReplicaSpool,
  options: ChannelOptions,
): Promise<never> {
  try {
    const channel = await Channel.open(socket, false, options);
    const epoch = readCount(readMessage(await channel.receive(), frameTypes.primary).epoch);
    await admit(channel, spool, epoch);
    await sendMessage(channel, frameTypes.position, spool.position);
    for (;;) {
      const piece = readPiece(readMessage(await channel.receive(), frameTypes.piece));
      spool.checkRoom(piece.bytes);
      await receiveFile(channel, spool.incoming, piece.bytes);
      await spool.add(piece, epoch);
      await sendMessage(channel, frameTypes.acknowledged, { seq: piece.seqTo });
    }
  } finally {
    socket.destroy();
  }
}

async function admit(channel: Channel, spool: ReplicaSpool, epoch: number): Promise<void> {
  try {
    spool.admit(epoch);
  } catch (error) {
    await sendMessage(channel, frameTypes.fenced, { epoch: spool.epoch });
    throw error;
  }
}

async function receiveFile(channel: Channel, path: string, bytes: number): Promise<void> {
  const file = await open(path, "w", 0o600);
  try {
    await receiveBytes(channel, file, bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function receiveBytes(channel: Channel, file: FileHandle, bytes: number): Promise<void> {
  let left = bytes;
  while (left > 0) {
    const { type, payload } = await channel.receive();
    if (type !== frameTypes.data || payload.length === 0 || payload.length > left) {
      throw refused("what came is not the rest of the piece");
    }
    await file.writeFile(payload);
    left -= payload.length;
  }
}
