import { deflateSync, inflateSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { WireMongoError } from "./violation.ts";

/** A compressor that both sides may agree on in `hello`. */
export type CompressorName = "zlib" | "zstd";

interface Compressor {
  readonly id: number;
  compress(bytes: Buffer): Buffer;
  decompress(bytes: Buffer, bytesMax: number): Buffer;
}

/** OP_COMPRESSED's compressor identifiers. snappy (1) is not offered: Node has none. */
export const compressors: Readonly<Record<CompressorName, Compressor>> = {
  zstd: {
    id: 3,
    compress: (bytes) => zstdCompressSync(bytes),
    decompress: (bytes, bytesMax) => zstdDecompressSync(bytes, { maxOutputLength: bytesMax }),
  },
  zlib: {
    id: 2,
    compress: (bytes) => deflateSync(bytes),
    decompress: (bytes, bytesMax) => inflateSync(bytes, { maxOutputLength: bytesMax }),
  },
};

/** The body of a message as it was before it was compressed. @throws WireMongoError */
export function decompress(id: number, bytes: Buffer, uncompressedBytes: number): Buffer {
  if (id === 0) return bytes;
  const compressor = Object.values(compressors).find((one) => one.id === id);
  if (compressor === undefined) {
    throw new WireMongoError("unknown_compressor", `compressor ${id} is not one that was agreed on`);
  }
  let body: Buffer;
  try {
    body = compressor.decompress(bytes, Math.max(1, uncompressedBytes));
  } catch (error) {
    throw new WireMongoError("malformed_message", "the compressed message cannot be decompressed", {
      cause: error,
    });
  }
  if (body.length !== uncompressedBytes) {
    throw new WireMongoError("malformed_message", "the compressed message is not as long as it says");
  }
  return body;
}
