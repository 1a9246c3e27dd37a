import { violation } from "./violation.ts";

/** A type byte and a length that counts itself (PostgreSQL, protocol-message-formats). */
export const messageHeaderBytes = 5;

/**
 * How long the message at `at` is with its header, in bytes; 0 when that cannot be told yet.
 *
 * @param bytesMax the longest that is taken
 * @throws WireError when its length makes no sense or is above `bytesMax`
 */
export function frameLength(bytes: Buffer, at: number, end: number, bytesMax: number): number {
  if (end - at < messageHeaderBytes) return 0;
  const length = bytes.readInt32BE(at + 1);
  if (length < 4 || length + 1 > bytesMax) throw violation("invalid message length");
  return length + 1;
}

/** The same for what comes before the first message and has no type byte: startup, SSL and GSS requests, cancel requests. */
export function packetLength(bytes: Buffer, at: number, end: number, bytesMax: number): number {
  if (end - at < 4) return 0;
  const length = bytes.readInt32BE(at);
  if (length < 8 || length > bytesMax) throw violation("invalid length of startup packet");
  return length;
}
