import { hash } from "node:crypto";

/**
 * The 64-bit hash of a page: the first 8 bytes of the SHA-256 of its content, as two little-endian halves.
 *
 * It names the page that a dictionary page builds on, and its sum over all pages is the database's checksum.
 */
export interface PageHash {
  low: number;
  high: number;
}

export function hashPage(page: Uint8Array): PageHash {
  // A string is cheaper to come by than a Buffer: 3 us instead of 5 us for a page of 4096 bytes.
  const digest = hash("sha256", page, "binary");
  return { low: wordAt(digest, 0), high: wordAt(digest, 4) };
}

function wordAt(digest: string, at: number): number {
  return (
    (digest.charCodeAt(at) |
      (digest.charCodeAt(at + 1) << 8) |
      (digest.charCodeAt(at + 2) << 16) |
      (digest.charCodeAt(at + 3) << 24)) >>>
    0
  );
}

/**
 * The checksum of a database: the sum of its pages' hashes, each half multiplied by an odd number drawn from the
 * page's number, so that pages in each other's place do not cancel out. It does not depend on the order, so that one
 * page's change needs only its old and its new hash. The lock page does not take part.
 */
export class DatabaseChecksum {
  #low: number;
  #high: number;

  constructor(value = 0n) {
    this.#low = Number(value & 0xffffffffn);
    this.#high = Number(value >> 32n);
  }

  add(page: number, { low, high }: PageHash): void {
    const factor = page * 2 + 1;
    this.#low = (this.#low + Math.imul(low, factor)) >>> 0;
    this.#high = (this.#high + Math.imul(high, factor)) >>> 0;
  }

  remove(page: number, { low, high }: PageHash): void {
    const factor = page * 2 + 1;
    this.#low = (this.#low - Math.imul(low, factor)) >>> 0;
    this.#high = (this.#high - Math.imul(high, factor)) >>> 0;
  }

  get value(): bigint {
    return (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }
}
