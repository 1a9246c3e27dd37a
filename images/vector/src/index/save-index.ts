import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { syncFolderSync } from "@weftkit/core";

/**
 * The file of an index: "WKVX2\n\0\0", the length of the description and of the memory (8 bytes each, little-endian), the
 * description (JSON), the memory, and a CRC-32 of all that.
 */
export const saveMagic = Buffer.from("WKVX2\n\0\0");
const pieceBytes = 4 * 1024 * 1024;

/** Writes an index's memory under another name first. What others change meanwhile is written as it is found. */
export function saveIndex(memory: Uint8Array, file: string, meta: Uint8Array): void {
  const unfinished = `${file}.new`;
  const descriptor = openSync(unfinished, "w");
  try {
    const lengths = Buffer.alloc(16);
    lengths.writeBigUInt64LE(BigInt(meta.length), 0);
    lengths.writeBigUInt64LE(BigInt(memory.length), 8);
    let checksum = 0;
    const write = (bytes: Uint8Array) => {
      checksum = crc32(bytes, checksum);
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    };
    write(saveMagic);
    write(lengths);
    write(meta);
    const piece = Buffer.alloc(pieceBytes);
    for (let at = 0; at < memory.length; at += pieceBytes) {
      const part = memory.subarray(at, Math.min(at + pieceBytes, memory.length));
      // What is checked must be what is written.
      piece.set(part);
      write(piece.subarray(0, part.length));
    }
    const end = Buffer.alloc(4);
    end.writeUInt32LE(checksum);
    write(end);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(unfinished, file);
  syncFolderSync(dirname(file));
}
