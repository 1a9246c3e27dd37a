import { WireMongoError } from "./violation.ts";

/** Every message begins with its length, its number, the number of what it answers, and its kind. */
export const headerBytes = 16;

/** maxMessageSizeBytes of every MongoDB since 3.6, and a kilobyte for what stands around the documents. */
export const messageBytesMax = 48_000_000;

/** MongoDB Wire Protocol, "Opcodes": those that are still spoken. */
export const opCodes = { reply: 1, query: 2004, compressed: 2012, msg: 2013 } as const;

/**
 * As `FrameLength` of @weftkit/sockets wants it: how long the message at `at` is, or 0 when that is not known yet.
 *
 * @throws WireMongoError `malformed_message`, `message_too_long`
 */
export function frameLength(bytes: Buffer, at: number, end: number, bytesMax = messageBytesMax): number {
  if (end - at < 4) return 0;
  const length = bytes.readInt32LE(at);
  if (length < headerBytes) {
    throw new WireMongoError(
      "malformed_message",
      `a message of ${length} bytes is shorter than its own header`,
    );
  }
  if (length > bytesMax) {
    throw new WireMongoError(
      "message_too_long",
      `a message of ${length} bytes; the longest is ${bytesMax} bytes`,
    );
  }
  return length;
}
