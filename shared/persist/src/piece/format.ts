import { WeftkitError } from "@weftkit/core";
import type { PieceKind, StreamKind } from "../contract/manifest.ts";

/*
 * WKD1: the file that holds one piece of one stream. docs/wkd1.md describes it byte by byte; all integers are
 * little-endian. Header, blocks, trailer; nothing between them and nothing behind.
 */

export const MAGIC = 0x31444b57; // "WKD1"
export const FORMAT_VERSION = 1;

/** The header without the stream's name, which follows it. */
export const HEADER_BYTES = 104;
export const NAME_BYTES_MAX = 64;
export const TRAILER_BYTES = 48;
/** A block's header, the same for pages and for bytes. */
export const BLOCK_HEADER_BYTES = 12;
/** What a block holds at most, uncompressed: the bound on what a reader allocates for one. */
export const BLOCK_CONTENT_BYTES_MAX = 1 << 20;
export const BLOCK_PAGES_MAX = 64;

export const SHA256_BYTES = 32;
export const PAGE_SIZE_MIN = 512;
export const PAGE_SIZE_MAX = 65_536;
/** SQLite's own limit. */
export const PAGE_NUMBER_MAX = 0xfffffffe;
/** The byte that SQLite locks: the page that holds it is never used, and never shipped. */
export const LOCK_BYTE_OFFSET = 0x40000000;

/** What a body of pages states about the database file. */
export interface PagesBody {
  readonly stream: "pages";
  readonly pageSize: number;
  /** Pages of the database after this piece. */
  readonly pagesAfter: number;
  /** Pages in this piece. */
  readonly pageCount: number;
}

/** What a body of bytes states: which run of the stream it holds. */
export interface BytesBody {
  readonly stream: "log" | "blobs";
  /** Offset in the stream of the first byte, and of the first byte behind: `to - from` bytes are in the body. */
  readonly from: number;
  readonly to: number;
}

export interface PieceHeader {
  readonly kind: PieceKind;
  /** The stream's name, 1 to 64 bytes of UTF-8. */
  readonly name: string;
  readonly epoch: number;
  readonly seqFrom: number;
  readonly seqTo: number;
  /** Unix time in milliseconds. */
  readonly time: number;
  /** Lower-case hexadecimal SHA-256 of the file of the piece before this one; null for a base. */
  readonly previous: string | null;
  readonly body: PagesBody | BytesBody;
}

export interface PieceTrailer {
  readonly bodyBytes: number;
  /** `DatabaseChecksum` of all pages after this piece was applied; zero for bytes. */
  readonly checksum: bigint;
}

const kindCodes: Readonly<Record<PieceKind, number>> = { base: 1, delta: 2, compacted: 3 };
const streamCodes: Readonly<Record<StreamKind, number>> = { pages: 1, log: 2, blobs: 3 };
/** The body is a sequence of blocks, each stored as it is or as one zstd frame. */
const BLOCKS_CODEC = 1;

/** A WKD1 file that is not as it was written, or not what it should be. */
export function pieceDamaged(what: string, options?: ErrorOptions): WeftkitError {
  return new WeftkitError(
    "piece_damaged",
    `the piece is damaged: ${what}; fetch it again, or restore an earlier state`,
    options,
  );
}

/** The page that holds SQLite's lock byte. */
export function lockPage(pageSize: number): number {
  return LOCK_BYTE_OFFSET / pageSize + 1;
}

/** How many of the pages 1 to `pages` a base holds: all but the lock page. */
export function pagesOfBase(pages: number, pageSize: number): number {
  return pages >= lockPage(pageSize) ? pages - 1 : pages;
}

/** Bytes of the body once decoded. */
export function contentBytes(body: PagesBody | BytesBody): number {
  return body.stream === "pages" ? body.pageCount * body.pageSize : body.to - body.from;
}

/** @throws WeftkitError `piece_invalid` when a field has no place in the format: a mistake of the caller. */
export function encodeHeader(header: PieceHeader): Buffer {
  const wrong = invalidField(header);
  if (wrong !== undefined) {
    throw new WeftkitError("piece_invalid", `a piece cannot be written: ${wrong}`);
  }
  const name = Buffer.from(header.name);
  const bytes = Buffer.alloc(HEADER_BYTES + name.length);
  const { body } = header;
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt16LE(FORMAT_VERSION, 4);
  bytes[6] = kindCodes[header.kind];
  bytes[7] = streamCodes[body.stream];
  bytes[8] = BLOCKS_CODEC;
  bytes[9] = name.length;
  if (body.stream === "pages") {
    bytes.writeUInt32LE(body.pageSize, 12);
    bytes.writeUInt32LE(body.pagesAfter, 16);
    bytes.writeUInt32LE(body.pageCount, 20);
  } else {
    writeU64(bytes, 56, body.from);
    writeU64(bytes, 64, body.to);
  }
  writeU64(bytes, 24, header.epoch);
  writeU64(bytes, 32, header.seqFrom);
  writeU64(bytes, 40, header.seqTo);
  writeU64(bytes, 48, header.time);
  if (header.previous !== null) bytes.write(header.previous, 72, "hex");
  bytes.set(name, HEADER_BYTES);
  return bytes;
}

/**
 * The header at the start of `bytes`, which hold at least `HEADER_BYTES + NAME_BYTES_MAX` bytes or the whole file.
 *
 * @throws WeftkitError `piece_damaged`
 */
export function decodeHeader(bytes: Buffer): { header: PieceHeader; length: number } {
  if (bytes.length < HEADER_BYTES) throw pieceDamaged("it ends within its header");
  if (bytes.readUInt32LE(0) !== MAGIC) throw pieceDamaged("it does not begin as a WKD1 file");
  const version = bytes.readUInt16LE(4);
  if (version !== FORMAT_VERSION) {
    throw new WeftkitError(
      "piece_unsupported",
      `the piece is of format version ${version} and this release reads version ${FORMAT_VERSION}: restore with the release that wrote it, or a later one`,
    );
  }
  const kind = nameOf(kindCodes, bytes[6]!, "kind");
  const stream = nameOf(streamCodes, bytes[7]!, "kind of stream");
  if (bytes[8] !== BLOCKS_CODEC) throw pieceDamaged(`codec ${bytes[8]} is unknown`);
  const length = HEADER_BYTES + bytes[9]!;
  if (bytes.length < length) throw pieceDamaged("it ends within its header");
  if (bytes.readUInt16LE(10) !== 0) throw pieceDamaged("reserved bytes of the header are set");
  const [pageSize, pagesAfter, pageCount] = [12, 16, 20].map((at) => bytes.readUInt32LE(at));
  const [from, to] = [56, 64].map((at) => readU64(bytes, at));
  const isPages = stream === "pages";
  if (isPages ? from !== 0 || to !== 0 : pageSize !== 0 || pagesAfter !== 0 || pageCount !== 0) {
    throw pieceDamaged("fields of another kind of stream are set");
  }
  const previous = bytes.toString("hex", 72, HEADER_BYTES);
  const header: PieceHeader = {
    kind,
    name: bytes.toString("utf8", HEADER_BYTES, length),
    epoch: readU64(bytes, 24),
    seqFrom: readU64(bytes, 32),
    seqTo: readU64(bytes, 40),
    time: readU64(bytes, 48),
    previous: /^0+$/.test(previous) ? null : previous,
    body: isPages
      ? { stream, pageSize: pageSize!, pagesAfter: pagesAfter!, pageCount: pageCount! }
      : { stream, from: from!, to: to! },
  };
  const wrong = invalidField(header);
  if (wrong !== undefined) throw pieceDamaged(wrong);
  return { header, length };
}

/** What is before the hash in the trailer; the hash of all before it follows. */
export function encodeTrailer({ bodyBytes, checksum }: PieceTrailer): Buffer {
  const bytes = Buffer.alloc(TRAILER_BYTES - SHA256_BYTES);
  writeU64(bytes, 0, bodyBytes);
  bytes.writeBigUInt64LE(checksum, 8);
  return bytes;
}

export function decodeTrailer(bytes: Buffer): PieceTrailer & { sha256: Buffer } {
  return {
    bodyBytes: readU64(bytes, 0),
    checksum: bytes.readBigUInt64LE(8),
    sha256: bytes.subarray(TRAILER_BYTES - SHA256_BYTES, TRAILER_BYTES),
  };
}

/** The first field that is out of its bounds, said in words. */
function invalidField({ kind, name, previous, body, ...numbers }: PieceHeader): string | undefined {
  const nameBytes = Buffer.from(name);
  if (nameBytes.length < 1 || nameBytes.length > NAME_BYTES_MAX || !/^[a-z0-9._-]+$/.test(name)) {
    return `the stream's name must have 1 to ${NAME_BYTES_MAX} of a-z, 0-9, ".", "_" and "-"`;
  }
  for (const [field, value] of Object.entries(numbers)) {
    if (!Number.isSafeInteger(value) || value < 0) return `${field} is ${value}`;
  }
  if (numbers.seqFrom < 1 || numbers.seqTo < numbers.seqFrom) {
    return `it covers the pushes ${numbers.seqFrom} to ${numbers.seqTo}`;
  }
  if ((kind === "base") !== (previous === null)) {
    return previous === null ? `a ${kind} names no piece before it` : "a base names a piece before it";
  }
  if (previous !== null && !/^[0-9a-f]{64}$/.test(previous))
    return "the hash of the piece before it is no SHA-256";
  return body.stream === "pages" ? invalidPages(kind, body) : invalidRange(body);
}

function invalidPages(kind: PieceKind, { pageSize, pagesAfter, pageCount }: PagesBody): string | undefined {
  if (pageSize < PAGE_SIZE_MIN || pageSize > PAGE_SIZE_MAX || (pageSize & (pageSize - 1)) !== 0) {
    return `its page size is ${pageSize}`;
  }
  for (const [field, value] of [
    ["pagesAfter", pagesAfter],
    ["pageCount", pageCount],
  ] as const) {
    if (!Number.isInteger(value) || value < 0 || value > PAGE_NUMBER_MAX) return `${field} is ${value}`;
  }
  const most = pagesOfBase(pagesAfter, pageSize);
  if (pageCount > most) return `it has ${pageCount} pages for a database of ${pagesAfter}`;
  if (kind === "base" && pageCount !== most) return `it is a base with ${pageCount} of ${most} pages`;
  return undefined;
}

function invalidRange({ from, to }: BytesBody): string | undefined {
  const isValid = Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0 && to >= from;
  return isValid ? undefined : `it holds the bytes ${from} to ${to}`;
}

function nameOf<T extends string>(codes: Readonly<Record<T, number>>, code: number, what: string): T {
  for (const name of Object.keys(codes) as T[]) if (codes[name] === code) return name;
  throw pieceDamaged(`${what} ${code} is unknown`);
}

function writeU64(bytes: Buffer, at: number, value: number): void {
  bytes.writeBigUInt64LE(BigInt(value), at);
}

/** A length or a number; no field of the format goes above 2^53 - 1. */
function readU64(bytes: Buffer, at: number): number {
  const value = bytes.readBigUInt64LE(at);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw pieceDamaged(`a number at byte ${at} is too large`);
  return Number(value);
}
