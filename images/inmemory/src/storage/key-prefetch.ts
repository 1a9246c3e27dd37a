import { PREFETCHED_MAX } from "./chained-table.ts";
import { hashBytes } from "./hashing.ts";
import type { Keyspace } from "./keyspace.ts";

const STAR = 0x2a;
const DOLLAR = 0x24;
const CR = 13;
const ZERO = 0x30;

/**
 * Brings the entries of keys that commands are about to ask for into the processor's cache. A lookup waits two or three
 * times for memory; those of many keys wait at the same time, when they are not interleaved with the commands.
 *
 * It guesses: the first argument of a request is taken for a key, and what does not look like a request is left alone. A wrong
 * guess costs a lookup.
 */
export class KeyPrefetch {
  readonly #hashes = new Int32Array(PREFETCHED_MAX);
  #count = 0;
  #db: Keyspace | undefined;

  /** Notes the keys of the requests in `buffer[start..end)`. */
  add(db: Keyspace, buffer: Buffer, start: number, end: number): void {
    if (db !== this.#db) {
      this.run();
      this.#db = db;
    }
    let at = start;
    while (at < end && this.#count < PREFETCHED_MAX) {
      if (buffer[at] !== STAR) return;
      let count = 0;
      for (at++; at < end && buffer[at] !== CR; at++) count = count * 10 + buffer[at]! - ZERO;
      at += 2;
      for (let i = 0; i < count; i++) {
        if (at >= end || buffer[at] !== DOLLAR) return;
        let length = 0;
        for (at++; at < end && buffer[at] !== CR; at++) length = length * 10 + buffer[at]! - ZERO;
        at += 2;
        if (!(length >= 0 && length <= end - at)) return;
        if (i === 1) this.#hashes[this.#count++] = hashBytes(buffer, at, length);
        at += length + 2;
      }
    }
  }

  /** Looks the noted keys up. */
  run(): void {
    if (this.#count > 1) this.#db?.prefetch(this.#hashes, this.#count);
    this.#count = 0;
  }
}
