import { documentLength, requireDocument } from "./bson-elements.ts";
import { decompress } from "./compression.ts";
import { crc32c } from "./crc32c.ts";
import { headerBytes, messageBytesMax, opCodes } from "./frame.ts";
import { WireMongoError } from "./violation.ts";

/** OP_MSG's flag bits. Bits 0 to 15 that are not known make a message an error. */
export const msgFlags = { checksumPresent: 1, moreToCome: 2, exhaustAllowed: 1 << 16 } as const;

const requiredFlagBits = 0xffff;

/** A section of kind 1: many documents, without an array around them. */
export interface DocumentSequence {
  /** The field of the command that they stand for: "documents", "updates", "deletes". */
  readonly identifier: string;
  readonly documents: readonly Buffer[];
}

export interface MsgMessage {
  readonly kind: "msg";
  readonly requestId: number;
  readonly responseTo: number;
  readonly flags: number;
  /** The one document of kind 0. */
  readonly body: Buffer;
  readonly sequences: readonly DocumentSequence[];
}

/** A message whose documents are parts of the frame they came in, unless it was compressed. */
export type Message =
  | MsgMessage
  | {
      readonly kind: "query";
      readonly requestId: number;
      readonly responseTo: number;
      readonly flags: number;
      /** "admin.$cmd" for a command. */
      readonly collection: string;
      readonly skip: number;
      readonly returnCount: number;
      readonly query: Buffer;
    }
  | {
      readonly kind: "reply";
      readonly requestId: number;
      readonly responseTo: number;
      readonly flags: number;
      readonly cursorId: bigint;
      readonly documents: readonly Buffer[];
    }
  | {
      readonly kind: "unknown";
      readonly requestId: number;
      readonly responseTo: number;
      readonly opCode: number;
    };

/**
 * Reads the message `bytes[at..at + length)`; compressed ones come out as what they hold.
 *
 * @throws WireMongoError
 */
export function readMessage(bytes: Buffer, at: number, length: number): Message {
  const requestId = bytes.readInt32LE(at + 4);
  const responseTo = bytes.readInt32LE(at + 8);
  let opCode = bytes.readInt32LE(at + 12);
  let body = bytes.subarray(at + headerBytes, at + length);
  let whole: Buffer | undefined = bytes.subarray(at, at + length);
  if (opCode === opCodes.compressed) {
    if (body.length < 9) throw malformed("a compressed message without its header");
    opCode = body.readInt32LE(0);
    const uncompressedBytes = body.readInt32LE(4);
    if (uncompressedBytes < 0 || uncompressedBytes > messageBytesMax) {
      throw new WireMongoError("message_too_long", `a compressed message of ${uncompressedBytes} bytes`);
    }
    if (opCode === opCodes.compressed) throw malformed("a compressed message in a compressed message");
    body = decompress(body[8]!, body.subarray(9), uncompressedBytes);
    whole = undefined;
  }
  switch (opCode) {
    case opCodes.msg:
      return readMsg(body, requestId, responseTo, whole);
    case opCodes.query:
      return readQuery(body, requestId, responseTo);
    case opCodes.reply:
      return readReply(body, requestId, responseTo);
    default:
      return { kind: "unknown", requestId, responseTo, opCode };
  }
}

function readMsg(body: Buffer, requestId: number, responseTo: number, whole: Buffer | undefined): MsgMessage {
  if (body.length < 4) throw malformed("an OP_MSG without flags");
  const flags = body.readUInt32LE(0);
  const unknown = flags & requiredFlagBits & ~(msgFlags.checksumPresent | msgFlags.moreToCome);
  if (unknown !== 0) throw malformed(`an OP_MSG with the unknown flags 0x${unknown.toString(16)}`);
  let end = body.length;
  if (flags & msgFlags.checksumPresent) {
    end -= 4;
    if (end < 4) throw malformed("an OP_MSG without its checksum");
    // The checksum is over the header too, as it was before compression; of a compressed message it cannot be told.
    if (whole !== undefined && crc32c(whole, 0, whole.length - 4) !== whole.readUInt32LE(whole.length - 4)) {
      throw new WireMongoError("checksum", "the OP_MSG does not match its checksum");
    }
  }
  let document: Buffer | undefined;
  const sequences: DocumentSequence[] = [];
  for (let at = 4; at < end; ) {
    const kind = body[at++];
    if (kind === 0) {
      if (document !== undefined) throw malformed("an OP_MSG with two bodies");
      const length = requireDocument(body, at, end);
      document = body.subarray(at, at + length);
      at += length;
    } else if (kind === 1) {
      const { sequence, length } = readSequence(body, at, end);
      if (sequences.some(({ identifier }) => identifier === sequence.identifier)) {
        throw malformed(`an OP_MSG with two sequences "${sequence.identifier}"`);
      }
      sequences.push(sequence);
      at += length;
    } else throw malformed(`an OP_MSG with a section of the unknown kind ${kind}`);
  }
  if (document === undefined) throw malformed("an OP_MSG without a body");
  return { kind: "msg", requestId, responseTo, flags, body: document, sequences };
}

function readSequence(body: Buffer, at: number, end: number): { sequence: DocumentSequence; length: number } {
  if (end - at < 5) throw malformed("a sequence that is cut off");
  const length = body.readInt32LE(at);
  if (length < 5 || length > end - at) throw malformed("a sequence of an impossible length");
  const last = at + length;
  const nameEnd = body.indexOf(0, at + 4);
  if (nameEnd === -1 || nameEnd >= last) throw malformed("a sequence without a name");
  const identifier = body.toString("utf8", at + 4, nameEnd);
  const documents: Buffer[] = [];
  for (let next = nameEnd + 1; next < last; ) {
    const size = requireDocument(body, next, last);
    documents.push(body.subarray(next, next + size));
    next += size;
  }
  return { sequence: { identifier, documents }, length };
}

function readQuery(body: Buffer, requestId: number, responseTo: number): Message {
  const nameEnd = body.length < 5 ? -1 : body.indexOf(0, 4);
  if (nameEnd === -1 || body.length < nameEnd + 9) throw malformed("an OP_QUERY that is cut off");
  const at = nameEnd + 9;
  const length = requireDocument(body, at, body.length);
  return {
    kind: "query",
    requestId,
    responseTo,
    flags: body.readInt32LE(0),
    collection: body.toString("utf8", 4, nameEnd),
    skip: body.readInt32LE(nameEnd + 1),
    returnCount: body.readInt32LE(nameEnd + 5),
    query: body.subarray(at, at + length),
  };
}

function readReply(body: Buffer, requestId: number, responseTo: number): Message {
  if (body.length < 20) throw malformed("an OP_REPLY that is cut off");
  const documents: Buffer[] = [];
  for (let at = 20; at < body.length; ) {
    requireDocument(body, at, body.length);
    const length = documentLength(body, at);
    documents.push(body.subarray(at, at + length));
    at += length;
  }
  return {
    kind: "reply",
    requestId,
    responseTo,
    flags: body.readInt32LE(0),
    cursorId: body.readBigInt64LE(4),
    documents,
  };
}

function malformed(what: string): WireMongoError {
  return new WireMongoError("malformed_message", `the peer sent ${what}`);
}
