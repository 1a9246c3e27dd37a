import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress } from "node:zlib";
import { WeftkitError } from "@weftkit/core";
import { ByteSource } from "./byte-source.ts";
import {
  damaged,
  digestBytes,
  type EntryHeader,
  entryBytesMax,
  formatVersion,
  headerBytesMax,
  isNewer,
  magic,
  type SnapshotHeader,
  snapshotError,
} from "./format.ts";

/** Who may restore it. */
export interface SnapshotReader {
  readonly engine: string;
  readonly version: string;
  /** Takes one file; `content` is read to its end before the next one comes. */
  file(entry: EntryHeader, content: AsyncIterable<Uint8Array>): Promise<void>;
}

/**
 * Reads a snapshot as it comes. What `file` was given counts only when this resolves: that it is whole shows at its end.
 *
 * @throws WeftkitError with a `SnapshotErrorCode`, and what `file` throws
 */
export async function readSnapshot(
  source: AsyncIterable<Uint8Array>,
  reader: SnapshotReader,
  signal?: AbortSignal,
): Promise<SnapshotHeader> {
  const bytes = new ByteSource(source);
  const hash = createHash("sha256");
  const header = await readHeader(bytes, (read) => hash.update(read));
  requireReadable(header, reader);
  let written: Buffer | undefined;
  const body = async function* () {
    for await (const piece of bytes.until(digestBytes, (last) => {
      written = last;
    })) {
      hash.update(piece);
      yield piece;
    }
  };
  try {
    await pipeline(
      Readable.from(body(), { objectMode: false }),
      createZstdDecompress(),
      (plain: AsyncIterable<Uint8Array>) => readFiles(plain, reader),
      signal === undefined ? {} : { signal },
    );
  } catch (error) {
    const { code } = error as { code?: unknown };
    // Of the decompression: what it was given is not what was compressed.
    if (typeof code === "string" && /^(ZSTD_|Z_|ERR_STREAM_PREMATURE)/.test(code)) {
      throw damaged("its content cannot be read", error);
    }
    throw error;
  }
  if (written === undefined || !hash.digest().equals(written)) throw damaged("its checksum is wrong");
  return header;
}

/** Compares a snapshot with its checksum; resolves to what it says of itself. @throws WeftkitError `snapshot_damaged` */
export async function checkSnapshot(source: AsyncIterable<Uint8Array>): Promise<SnapshotHeader> {
  const bytes = new ByteSource(source);
  const hash = createHash("sha256");
  const header = await readHeader(bytes, (read) => hash.update(read));
  let written: Buffer | undefined;
  for await (const piece of bytes.until(digestBytes, (last) => {
    written = last;
  })) {
    hash.update(piece);
  }
  if (!hash.digest().equals(written!)) throw damaged("its checksum is wrong");
  return header;
}

async function readHeader(bytes: ByteSource, seen: (read: Buffer) => void): Promise<SnapshotHeader> {
  const start = await bytes.take(magic.length + 6);
  seen(start);
  if (!start.subarray(0, magic.length).equals(magic)) throw damaged("it does not begin like one");
  const version = start.readUInt16LE(magic.length);
  if (version > formatVersion) {
    throw snapshotError(
      "snapshot_newer",
      `the snapshot has format ${version}, and this version reads ${formatVersion}: restore it with the version that wrote it`,
    );
  }
  const length = start.readUInt32LE(magic.length + 2);
  if (length > headerBytesMax) throw damaged("its header is too long");
  const text = await bytes.take(length);
  seen(text);
  const header = parseObject(text);
  const { engine, version: program, createdAt } = header;
  if (typeof engine !== "string" || typeof program !== "string" || typeof createdAt !== "string") {
    throw damaged("its header does not say what it is of");
  }
  return { engine, version: program, createdAt };
}

function requireReadable({ engine, version }: SnapshotHeader, reader: SnapshotReader): void {
  if (engine !== reader.engine) {
    throw snapshotError(
      "snapshot_of_another_engine",
      `the snapshot is of weftkit/${engine}, and this is weftkit/${reader.engine}`,
    );
  }
  if (isNewer(version, reader.version)) {
    throw snapshotError(
      "snapshot_newer",
      `version ${version} has written the snapshot, and this is ${reader.version}: restore it with that version or a later one`,
    );
  }
}

async function readFiles(plain: AsyncIterable<Uint8Array>, reader: SnapshotReader): Promise<void> {
  const bytes = new ByteSource(plain);
  for (;;) {
    const length = (await bytes.take(4)).readUInt32LE();
    if (length === 0) break;
    if (length > entryBytesMax) throw damaged("the name of a file is too long");
    const entry = entryOf(await bytes.take(length));
    let left = entry.bytes;
    const content = async function* () {
      for await (const piece of bytes.run(entry.bytes)) {
        left -= piece.length;
        yield piece;
      }
    };
    await reader.file(entry, content());
    if (left !== 0) throw new WeftkitError("internal", "a file of a snapshot was not read to its end");
  }
  if (!(await bytes.isAtEnd())) throw damaged("there is more behind its end");
}

function entryOf(text: Buffer): EntryHeader {
  const { place, path, bytes } = parseObject(text);
  const isWhole =
    typeof place === "string" &&
    typeof path === "string" &&
    typeof bytes === "number" &&
    Number.isSafeInteger(bytes) &&
    bytes >= 0;
  if (!isWhole) throw damaged("a file in it has no name or length");
  return { place, path, bytes };
}

function parseObject(text: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text.toString());
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Told below: what is no JSON is no header either.
  }
  throw damaged("a header in it is no JSON object");
}
