import type { Part } from "../contract/manifest.ts";
import { partBytesCeiling } from "../contract/parse-messages.ts";
import { pieceDamaged } from "../piece/index.ts";
import { blobBytesCeiling } from "./blob-folder.ts";

/*
 * What the body of a piece of blobs holds: records, one behind the other; docs/wkd1.md describes them. All integers
 * are little-endian.
 */

const ADDED = 1;
const REMOVED = 2;
const SHA256_BYTES = 32;
/** Type, SHA-256, length of the blob, number of its parts. */
const ADDED_BYTES = 1 + SHA256_BYTES + 8 + 4;
const REMOVED_BYTES = 1 + SHA256_BYTES;
/** A part's SHA-256 and its length. */
const PART_BYTES = SHA256_BYTES + 4;
export const partsOfBlobMax = 2 ** 20;

/** A blob of the set, with the parts that it is stored in. */
export interface BlobRecord {
  readonly sha256: string;
  readonly bytes: number;
  readonly parts: readonly Part[];
}

/** A change of the set of blobs. Adding one that is there, or removing one that is not, changes nothing. */
export type IndexRecord =
  | ({ readonly type: "added" } & BlobRecord)
  | { readonly type: "removed"; readonly sha256: string };

/** `parts` as `encodeParts` makes them. */
export function encodeAdded(sha256: Uint8Array, bytes: number, parts: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(ADDED_BYTES + parts.length);
  record[0] = ADDED;
  record.set(sha256, 1);
  record.writeBigUInt64LE(BigInt(bytes), 33);
  record.writeUInt32LE(parts.length / PART_BYTES, 41);
  record.set(parts, ADDED_BYTES);
  return record;
}

export function encodeRemoved(sha256: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(REMOVED), sha256]);
}

export function encodeParts(parts: readonly Part[]): Buffer {
  const bytes = Buffer.allocUnsafe(parts.length * PART_BYTES);
  for (const [index, part] of parts.entries()) {
    bytes.write(part.sha256, index * PART_BYTES, "hex");
    bytes.writeUInt32LE(part.bytes, index * PART_BYTES + SHA256_BYTES);
  }
  return bytes;
}

export function decodeParts(bytes: Buffer): Part[] {
  return Array.from({ length: bytes.length / PART_BYTES }, (_, index) => ({
    sha256: bytes.toString("hex", index * PART_BYTES, index * PART_BYTES + SHA256_BYTES),
    bytes: bytes.readUInt32LE(index * PART_BYTES + SHA256_BYTES),
  }));
}

/**
 * Reads records out of runs of bytes that are cut anywhere.
 *
 * @throws WeftkitError `piece_damaged`
 */
export async function* readRecords(
  runs: AsyncIterable<Buffer> | Iterable<Buffer>,
): AsyncGenerator<IndexRecord> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const run of runs) {
    const bytes = rest.length === 0 ? run : Buffer.concat([rest, run]);
    let at = 0;
    for (;;) {
      const length = recordLength(bytes, at);
      if (length === undefined || at + length > bytes.length) break;
      yield decodeRecord(bytes.subarray(at, at + length));
      at += length;
    }
    rest = bytes.subarray(at);
  }
  if (rest.length > 0) throw pieceDamaged("a record of its index is cut off");
}

/** Undefined when the bytes do not reach far enough to tell. */
function recordLength(bytes: Buffer, at: number): number | undefined {
  if (at === bytes.length) return undefined;
  if (bytes[at] === REMOVED) return REMOVED_BYTES;
  if (bytes[at] !== ADDED) throw pieceDamaged(`a record of its index has the unknown type ${bytes[at]}`);
  if (at + ADDED_BYTES > bytes.length) return undefined;
  const parts = bytes.readUInt32LE(at + 41);
  if (parts > partsOfBlobMax) throw pieceDamaged(`a blob of its index has ${parts} parts`);
  return ADDED_BYTES + parts * PART_BYTES;
}

function decodeRecord(record: Buffer): IndexRecord {
  const sha256 = record.toString("hex", 1, 33);
  if (record[0] === REMOVED) return { type: "removed", sha256 };
  const bytes = record.readBigUInt64LE(33);
  if (bytes > BigInt(blobBytesCeiling)) throw pieceDamaged(`blob ${sha256} of its index is too long`);
  const parts = decodeParts(record.subarray(ADDED_BYTES));
  for (const part of parts) {
    if (part.bytes > partBytesCeiling) throw pieceDamaged(`a part of blob ${sha256} is too long`);
  }
  return { type: "added", sha256, bytes: Number(bytes), parts };
}
