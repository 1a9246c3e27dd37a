import { type CompressorName, compressors } from "./compression.ts";
import { crc32c } from "./crc32c.ts";
import { headerBytes, opCodes } from "./frame.ts";
import { type DocumentSequence, msgFlags } from "./messages.ts";

/** Writing messages, of clients and of servers. */

function header(length: number, requestId: number, responseTo: number, opCode: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  bytes.writeInt32LE(length, 0);
  bytes.writeInt32LE(requestId, 4);
  bytes.writeInt32LE(responseTo, 8);
  bytes.writeInt32LE(opCode, 12);
  return bytes;
}

export interface OutgoingMsg {
  readonly requestId: number;
  /** Of the request that it answers; 0 for a request. */
  readonly responseTo?: number;
  readonly flags?: number;
  /** The document in one piece, or in pieces that are it when put together. */
  readonly body: Buffer | readonly Buffer[];
  readonly sequences?: readonly DocumentSequence[];
}

/** OP_MSG; with the flag `checksumPresent` also its checksum. */
export function writeMsg({
  requestId,
  responseTo = 0,
  flags = 0,
  body,
  sequences = [],
}: OutgoingMsg): Buffer {
  const pieces: readonly Buffer[] = Buffer.isBuffer(body) ? [body] : (body as readonly Buffer[]);
  const names = sequences.map(({ identifier }) => Buffer.from(`${identifier}\0`));
  const sizes = sequences.map(({ documents }, i) =>
    documents.reduce((sum, one) => sum + one.length, 4 + names[i]!.length),
  );
  const hasChecksum = (flags & msgFlags.checksumPresent) !== 0;
  const length =
    headerBytes +
    5 +
    pieces.reduce((sum, piece) => sum + piece.length, 0) +
    sizes.reduce((sum, size) => sum + 1 + size, 0) +
    (hasChecksum ? 4 : 0);
  const bytes = header(length, requestId, responseTo, opCodes.msg);
  bytes.writeUInt32LE(flags >>> 0, 16);
  bytes[20] = 0;
  let at = 21;
  for (const piece of pieces) at += piece.copy(bytes, at);
  for (const [i, { documents }] of sequences.entries()) {
    bytes[at++] = 1;
    at = bytes.writeInt32LE(sizes[i]!, at);
    at += names[i]!.copy(bytes, at);
    for (const document of documents) at += document.copy(bytes, at);
  }
  if (hasChecksum) bytes.writeUInt32LE(crc32c(bytes, 0, at), at);
  return bytes;
}

/** OP_QUERY of a command, as drivers say hello with. */
export function writeQuery(requestId: number, collection: string, query: Buffer): Buffer {
  const name = Buffer.from(`${collection}\0`);
  const bytes = header(headerBytes + 4 + name.length + 8 + query.length, requestId, 0, opCodes.query);
  let at = bytes.writeInt32LE(0, 16);
  at += name.copy(bytes, at);
  at = bytes.writeInt32LE(0, at);
  at = bytes.writeInt32LE(-1, at);
  query.copy(bytes, at);
  return bytes;
}

/** OP_REPLY, which answers an OP_QUERY. */
export function writeReply(requestId: number, responseTo: number, document: Buffer, flags = 8): Buffer {
  const bytes = header(headerBytes + 20 + document.length, requestId, responseTo, opCodes.reply);
  bytes.writeInt32LE(flags, 16);
  bytes.writeBigInt64LE(0n, 20);
  bytes.writeInt32LE(0, 28);
  bytes.writeInt32LE(1, 32);
  document.copy(bytes, 36);
  return bytes;
}

/** A message as OP_COMPRESSED. */
export function compressMessage(message: Buffer, name: CompressorName): Buffer {
  const body = message.subarray(headerBytes);
  const { id, compress } = compressors[name];
  const compressed = compress(body);
  const bytes = header(
    headerBytes + 9 + compressed.length,
    message.readInt32LE(4),
    message.readInt32LE(8),
    opCodes.compressed,
  );
  bytes.writeInt32LE(message.readInt32LE(12), 16);
  bytes.writeInt32LE(body.length, 20);
  bytes[24] = id;
  compressed.copy(bytes, 25);
  return bytes;
}
