import { createHash, type Hash } from "node:crypto";
import { crc32 } from "node:zlib";
import {
  type CrcKind,
  type CrcTables,
  combineSums,
  crc32cKind,
  crc32Kind,
  crc64NvmeKind,
  crcTables,
} from "./crc-tables.ts";

/** The checksums that S3 keeps of an object. */
export const checksumAlgorithms = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const;

export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];

/** A checksum that is made piece by piece. */
export interface RunningChecksum {
  update(bytes: Uint8Array): void;
  /** The bytes, most significant first, as they are sent in base64. */
  digest(): Buffer;
}

const crcKinds: Partial<Record<ChecksumAlgorithm, CrcKind>> = {
  CRC32: crc32Kind,
  CRC32C: crc32cKind,
  CRC64NVME: crc64NvmeKind,
};

/** How many bytes the checksum has. */
export const checksumBytes: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};

export function runningChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  switch (algorithm) {
    case "CRC32":
      return new ZlibCrc32();
    case "CRC32C":
      return new Crc32c();
    case "CRC64NVME":
      return new Crc64Nvme();
    case "SHA1":
      return hashed(createHash("sha1"));
    case "SHA256":
      return hashed(createHash("sha256"));
  }
}

/** Whether the checksum of a whole can be made of its parts' checksums. */
export function isCombinable(algorithm: ChecksumAlgorithm): boolean {
  return crcKinds[algorithm] !== undefined;
}

/** The checksum of two contents one after the other; only where `isCombinable`. */
export function combineChecksums(
  algorithm: ChecksumAlgorithm,
  first: Buffer,
  second: Buffer,
  secondBytes: number,
): Buffer {
  const kind = crcKinds[algorithm];
  if (kind === undefined) throw new Error(`${algorithm} cannot be combined`);
  const sum = combineSums(kind, numberOf(first), numberOf(second), secondBytes);
  return Buffer.from(sum.toString(16).padStart(kind.bits / 4, "0"), "hex");
}

function numberOf(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString("hex")}`);
}

function hashed(hash: Hash): RunningChecksum {
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
}

class ZlibCrc32 implements RunningChecksum {
  #value = 0;

  update(bytes: Uint8Array): void {
    this.#value = crc32(bytes, this.#value);
  }

  digest(): Buffer {
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeUInt32BE(this.#value);
    return bytes;
  }
}

let crc32cTables: CrcTables | undefined;

class Crc32c implements RunningChecksum {
  #value = 0xffffffff | 0;

  update(bytes: Uint8Array): void {
    crc32cTables ??= crcTables(crc32cKind);
    const { low: table } = crc32cTables;
    const { length } = bytes;
    let crc = this.#value;
    let at = 0;
    for (const end = length - 7; at < end; at += 8) {
      const word =
        crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
      crc =
        table[1792 + (word & 255)]! ^
        table[1536 + ((word >>> 8) & 255)]! ^
        table[1280 + ((word >>> 16) & 255)]! ^
        table[1024 + (word >>> 24)]! ^
        table[768 + bytes[at + 4]!]! ^
        table[512 + bytes[at + 5]!]! ^
        table[256 + bytes[at + 6]!]! ^
        table[bytes[at + 7]!]!;
    }
    for (; at < length; at++) crc = (crc >>> 8) ^ table[(crc ^ bytes[at]!) & 255]!;
    this.#value = crc;
  }

  digest(): Buffer {
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeInt32BE(~this.#value);
    return bytes;
  }
}

let crc64Tables: CrcTables | undefined;

class Crc64Nvme implements RunningChecksum {
  #low = 0xffffffff | 0;
  #high = 0xffffffff | 0;

  update(bytes: Uint8Array): void {
    crc64Tables ??= crcTables(crc64NvmeKind);
    const { low: lows, high: highs } = crc64Tables;
    const { length } = bytes;
    let low = this.#low;
    let high = this.#high;
    let at = 0;
    for (const end = length - 7; at < end; at += 8) {
      low ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      high ^= bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24);
      const a = 1792 + (low & 255);
      const b = 1536 + ((low >>> 8) & 255);
      const c = 1280 + ((low >>> 16) & 255);
      const d = 1024 + (low >>> 24);
      const e = 768 + (high & 255);
      const f = 512 + ((high >>> 8) & 255);
      const g = 256 + ((high >>> 16) & 255);
      const h = high >>> 24;
      low = lows[a]! ^ lows[b]! ^ lows[c]! ^ lows[d]! ^ lows[e]! ^ lows[f]! ^ lows[g]! ^ lows[h]!;
      high = highs[a]! ^ highs[b]! ^ highs[c]! ^ highs[d]! ^ highs[e]! ^ highs[f]! ^ highs[g]! ^ highs[h]!;
    }
    for (; at < length; at++) {
      const index = (low ^ bytes[at]!) & 255;
      low = ((low >>> 8) | (high << 24)) ^ lows[index]!;
      high = (high >>> 8) ^ highs[index]!;
    }
    this.#low = low;
    this.#high = high;
  }

  digest(): Buffer {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeInt32BE(~this.#high, 0);
    bytes.writeInt32BE(~this.#low, 4);
    return bytes;
  }
}
