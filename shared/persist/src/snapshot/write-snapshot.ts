import { createHash } from "node:crypto";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress } from "node:zlib";
import { WeftkitError } from "@weftkit/core";
import { type EntryHeader, formatVersion, magic, type SnapshotHeader } from "./format.ts";
import type { StateFile } from "./state-file.ts";

/** Quick rather than small: a test waits for it. */
const compressionLevel = 1;

/** Writes a snapshot of these files to `target`, which it ends; the memory that it takes does not depend on them. */
export async function writeSnapshot(
  header: SnapshotHeader,
  files: AsyncIterable<StateFile>,
  target: Writable,
  signal?: AbortSignal,
): Promise<void> {
  const hash = createHash("sha256");
  const framed = async function* (compressed: AsyncIterable<Uint8Array>) {
    const first = headOf(header);
    hash.update(first);
    yield first;
    for await (const chunk of compressed) {
      hash.update(chunk);
      yield chunk;
    }
    yield hash.digest();
  };
  await pipeline(
    Readable.from(bodyOf(files), { objectMode: false }),
    createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: compressionLevel } }),
    framed,
    target,
    signal === undefined ? {} : { signal },
  );
}

function headOf(header: SnapshotHeader): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const numbers = Buffer.alloc(6);
  numbers.writeUInt16LE(formatVersion, 0);
  numbers.writeUInt32LE(text.length, 2);
  return Buffer.concat([magic, numbers, text]);
}

async function* bodyOf(files: AsyncIterable<StateFile>): AsyncGenerator<Uint8Array> {
  for await (const { place, path, bytes, read } of files) {
    const entry = Buffer.from(JSON.stringify({ place, path, bytes } satisfies EntryHeader));
    yield lengthOf(entry.length);
    yield entry;
    let left = bytes;
    for await (const chunk of read()) {
      left -= chunk.byteLength;
      yield chunk;
    }
    if (left !== 0) {
      throw new WeftkitError("snapshot_failed", `${place}/${path} has changed its length while it was read`);
    }
  }
  yield lengthOf(0);
}

function lengthOf(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(length);
  return bytes;
}
