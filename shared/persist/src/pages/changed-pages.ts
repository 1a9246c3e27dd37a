import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { replaceFileSync } from "@weftkit/core";

const SUFFIX = ".pages";

/**
 * Which pages each delta holds, kept on the volume so that deltas can be compacted without being fetched again: one
 * file per delta, named by the piece's SHA-256, of page numbers (32 bits, little-endian) and their CRC-32. Where
 * one is missing, a base is written instead.
 */
export class ChangedPages {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  write(sha256: string, pages: readonly number[]): void {
    const bytes = Buffer.alloc(pages.length * 4 + 4);
    pages.forEach((page, index) => {
      bytes.writeUInt32LE(page, index * 4);
    });
    const numbers = bytes.subarray(0, -4);
    bytes.writeUInt32LE(crc32(numbers), numbers.length);
    replaceFileSync(this.#path(sha256), bytes);
  }

  /** Undefined when the file is missing or damaged. */
  read(sha256: string): number[] | undefined {
    const path = this.#path(sha256);
    if (!existsSync(path)) return undefined;
    const bytes = readFileSync(path);
    if (bytes.length < 4 || bytes.length % 4 !== 0) return undefined;
    const numbers = bytes.subarray(0, -4);
    if (crc32(numbers) !== bytes.readUInt32LE(numbers.length)) return undefined;
    return Array.from({ length: numbers.length / 4 }, (_, index) => numbers.readUInt32LE(index * 4));
  }

  /** The pages of all these pieces, or undefined when one of them is not known. */
  union(sha256s: readonly string[]): Set<number> | undefined {
    const union = new Set<number>();
    for (const sha256 of sha256s) {
      const pages = this.read(sha256);
      if (pages === undefined) return undefined;
      for (const page of pages) union.add(page);
    }
    return union;
  }

  remove(sha256: string): void {
    rmSync(this.#path(sha256), { force: true });
  }

  /** Removes what belongs to no piece of the chain any more. */
  keepOnly(sha256s: readonly string[]): void {
    const kept = new Set(sha256s.map((sha256) => `${sha256}${SUFFIX}`));
    for (const name of readdirSync(this.#folder)) {
      if (name.endsWith(SUFFIX) && !kept.has(name)) rmSync(join(this.#folder, name), { force: true });
    }
  }

  #path(sha256: string): string {
    return join(this.#folder, `${sha256}${SUFFIX}`);
  }
}
