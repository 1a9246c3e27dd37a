import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { BLOCK_CONTENT_BYTES_MAX, BLOCK_HEADER_BYTES, BLOCK_PAGES_MAX, pieceDamaged } from "./format.ts";

/** How a block's content is stored. */
const RAW = 0;
const ZSTD = 1;

/** 1 is 10% larger and hardly faster, above 3 the time doubles. */
const COMPRESSION_LEVEL = 3;
/** No frame asks a reader for a larger window than this: 2 MiB, a block and its dictionary. */
const WINDOW_LOG_MAX = 21;
const WINDOW_LOG_MIN = 10;

/**
 * Before every dictionary: zstd takes a dictionary for a trained one when it begins with zstd's magic number, and a
 * page may begin with anything.
 */
const dictionaryPrefix = Buffer.alloc(8);

export interface BlockHeader {
  /** Bytes behind the block's header and its table of pages. */
  readonly storedBytes: number;
  readonly contentBytes: number;
  readonly codec: number;
  /** Zero in a body of bytes. */
  readonly pageCount: number;
}

export interface PackedBlock {
  readonly codec: number;
  readonly stored: Uint8Array;
}

/** The dictionary made of older versions of pages. */
export function dictionaryOf(pages: readonly Uint8Array[]): Buffer | undefined {
  return pages.length === 0 ? undefined : Buffer.concat([dictionaryPrefix, ...pages]);
}

/** Compresses `content`, or leaves it as it is where that does not make it smaller. */
export function packBlock(content: Uint8Array, dictionary?: Uint8Array): PackedBlock {
  const reach = content.length + (dictionary?.length ?? 0);
  const windowLog = Math.min(Math.max(Math.ceil(Math.log2(reach)), WINDOW_LOG_MIN), WINDOW_LOG_MAX);
  const stored = zstdCompressSync(content, {
    params: {
      [constants.ZSTD_c_compressionLevel]: COMPRESSION_LEVEL,
      [constants.ZSTD_c_windowLog]: windowLog,
    },
    pledgedSrcSize: content.length,
    ...(dictionary === undefined ? {} : { dictionary }),
  });
  return stored.length < content.length ? { codec: ZSTD, stored } : { codec: RAW, stored: content };
}

/** @throws WeftkitError `piece_damaged` when the content is not exactly as long as the block says. */
export function unpackBlock(
  { codec, contentBytes }: BlockHeader,
  stored: Uint8Array,
  dictionary?: Uint8Array,
): Buffer {
  const content = codec === RAW ? Buffer.from(stored) : decompress(stored, contentBytes, dictionary);
  if (content.length !== contentBytes) {
    throw pieceDamaged(`a block holds ${content.length} bytes and says ${contentBytes}`);
  }
  return content;
}

export function encodeBlockHeader({ storedBytes, contentBytes, codec, pageCount }: BlockHeader): Buffer {
  const bytes = Buffer.alloc(BLOCK_HEADER_BYTES);
  bytes.writeUInt32LE(storedBytes, 0);
  bytes.writeUInt32LE(contentBytes, 4);
  bytes[8] = codec;
  bytes.writeUInt16LE(pageCount, 10);
  return bytes;
}

/** @throws WeftkitError `piece_damaged` when a field is out of its bounds. */
export function decodeBlockHeader(bytes: Buffer): BlockHeader {
  const storedBytes = bytes.readUInt32LE(0);
  const contentBytes = bytes.readUInt32LE(4);
  const codec = bytes[8]!;
  const pageCount = bytes.readUInt16LE(10);
  if (codec !== RAW && codec !== ZSTD) throw pieceDamaged(`a block has the unknown codec ${codec}`);
  if (bytes[9] !== 0) throw pieceDamaged("a reserved byte of a block is set");
  if (contentBytes < 1 || contentBytes > BLOCK_CONTENT_BYTES_MAX) {
    throw pieceDamaged(`a block says that it holds ${contentBytes} bytes`);
  }
  const isStoredShorter = storedBytes >= 1 && storedBytes < contentBytes;
  if (codec === RAW ? storedBytes !== contentBytes : !isStoredShorter) {
    throw pieceDamaged(`a block of ${contentBytes} bytes is stored in ${storedBytes}`);
  }
  if (pageCount > BLOCK_PAGES_MAX) throw pieceDamaged(`a block has ${pageCount} pages`);
  return { storedBytes, contentBytes, codec, pageCount };
}

function decompress(stored: Uint8Array, contentBytes: number, dictionary?: Uint8Array): Buffer {
  try {
    return zstdDecompressSync(stored, {
      maxOutputLength: contentBytes,
      params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX },
      ...(dictionary === undefined ? {} : { dictionary }),
    });
  } catch (error) {
    throw pieceDamaged("a block cannot be decompressed", { cause: error });
  }
}
