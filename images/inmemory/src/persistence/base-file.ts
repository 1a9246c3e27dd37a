import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { Keyspace } from "../storage/keyspace.ts";
import { checksumLine } from "./append-only-file.ts";
import { dumpDatabases } from "./dump.ts";
import { encodeCommand, encodedLength } from "./encoding.ts";

const CHUNK_BYTES = 1 << 20;

/** Writes the state of all databases as a base file, synced, with a checksum line per MiB or so; returns its size. */
export function writeBaseFile(
  databases: readonly Keyspace[],
  libraries: readonly Buffer[],
  path: string,
): number {
  const file = openSync(path, "wx", 0o600);
  let buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES * 2);
  let length = 0;
  let written = 0;
  const flush = () => {
    if (length === 0) return;
    const line = Buffer.from(checksumLine(crc32(buffer.subarray(0, length)), length));
    for (const bytes of [buffer.subarray(0, length), line]) {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    }
    written += length + line.length;
    length = 0;
  };
  try {
    dumpDatabases(databases, libraries, (...values) => {
      const buffers = values.map((value) => (typeof value === "string" ? Buffer.from(value) : value));
      const needed = encodedLength(buffers);
      if (length + needed > buffer.length) flush();
      if (needed > buffer.length) buffer = Buffer.allocUnsafeSlow(needed);
      length = encodeCommand(buffers, buffer, length);
      if (length >= CHUNK_BYTES) flush();
    });
    flush();
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return written;
}
