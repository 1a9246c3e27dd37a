import { endianness } from "node:os";

/*
 * The write-ahead log as SQLite lays it out (sqlite.org/fileformat2.html, section 4): a header, then frames of one page
 * each. Its numbers are big-endian; the words its checksums are made of are in the order that the magic number tells.
 */

export const WAL_HEADER_BYTES = 32;
export const FRAME_HEADER_BYTES = 24;

const MAGIC_LITTLE_ENDIAN = 0x377f0682;
const MAGIC_BIG_ENDIAN = 0x377f0683;
const WAL_FORMAT = 3_007_000;

/** The running checksum: two 32-bit words, each frame's computed from the one before it. */
export interface WalChecksum {
  readonly first: number;
  readonly second: number;
}

/** One use of the log: when all of it is in the database, the next write starts over with other salts. */
export interface WalHeader {
  readonly pageSize: number;
  /** Counts how often the log was started over. */
  readonly checkpointSequence: number;
  /** Goes up by one with each start; the other is random. */
  readonly salt1: number;
  readonly salt2: number;
  readonly isBigEndian: boolean;
  readonly checksum: WalChecksum;
}

export interface FrameHeader {
  readonly page: number;
  /** Pages of the database after the commit that this frame ends; 0 for a frame that ends none. */
  readonly pagesAfterCommit: number;
  readonly salt1: number;
  readonly salt2: number;
  readonly checksum: WalChecksum;
}

/** The header in the first 32 bytes of the log, or undefined where there is none that was written whole. */
export function decodeWalHeader(bytes: Buffer): WalHeader | undefined {
  if (bytes.length < WAL_HEADER_BYTES) return undefined;
  const magic = bytes.readUInt32BE(0);
  if (magic !== MAGIC_LITTLE_ENDIAN && magic !== MAGIC_BIG_ENDIAN) return undefined;
  if (bytes.readUInt32BE(4) !== WAL_FORMAT) return undefined;
  const isBigEndian = magic === MAGIC_BIG_ENDIAN;
  const checksum = addToChecksum({ first: 0, second: 0 }, bytes.subarray(0, 24), isBigEndian);
  const stored = checksumAt(bytes, 24);
  if (checksum.first !== stored.first || checksum.second !== stored.second) return undefined;
  return {
    pageSize: bytes.readUInt32BE(8),
    checkpointSequence: bytes.readUInt32BE(12),
    salt1: bytes.readUInt32BE(16),
    salt2: bytes.readUInt32BE(20),
    isBigEndian,
    checksum,
  };
}

export function decodeFrameHeader(bytes: Buffer, at: number): FrameHeader {
  return {
    page: bytes.readUInt32BE(at),
    pagesAfterCommit: bytes.readUInt32BE(at + 4),
    salt1: bytes.readUInt32BE(at + 8),
    salt2: bytes.readUInt32BE(at + 12),
    checksum: checksumAt(bytes, at + 16),
  };
}

/** `checksum` continued over a frame: the first 8 bytes of its header, and its page. */
export function frameChecksum(checksum: WalChecksum, frame: Buffer, isBigEndian: boolean): WalChecksum {
  const withHeader = addToChecksum(checksum, frame.subarray(0, 8), isBigEndian);
  return addToChecksum(withHeader, frame.subarray(FRAME_HEADER_BYTES), isBigEndian);
}

/** SQLite's checksum over `bytes`, whose length is a multiple of 8. */
function addToChecksum(start: WalChecksum, bytes: Buffer, isBigEndian: boolean): WalChecksum {
  const words = wordsOf(bytes, isBigEndian);
  let first = start.first | 0;
  let second = start.second | 0;
  for (let at = 0; at < words.length; at += 2) {
    first = (first + words[at]! + second) | 0;
    second = (second + words[at + 1]! + first) | 0;
  }
  return { first: first >>> 0, second: second >>> 0 };
}

/** The bytes as words of this machine; in place where their order and their address allow it. */
function wordsOf(bytes: Buffer, isBigEndian: boolean): Uint32Array {
  const isNative = (endianness() === "BE") === isBigEndian;
  if (isNative && bytes.byteOffset % 4 === 0) {
    return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  }
  const copy = new Uint8Array(bytes);
  if (!isNative) Buffer.from(copy.buffer).swap32();
  return new Uint32Array(copy.buffer);
}

function checksumAt(bytes: Buffer, at: number): WalChecksum {
  return { first: bytes.readUInt32BE(at), second: bytes.readUInt32BE(at + 4) };
}
