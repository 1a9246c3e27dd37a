import { randomBytes } from "node:crypto";

/**
 * HalfSipHash-1-3 of `length` bytes at `offset`, its low 30 bits, which V8 never boxes (Aumasson and Bernstein, SipHash; the 32-bit
 * variant). Keyed, so that a client cannot choose keys that fall into one bucket.
 */
export function hashBytes(bytes: Uint8Array, offset: number, length: number): number {
  let v0 = key0;
  let v1 = key1;
  let v2 = key0 ^ 0x6c796765;
  let v3 = key1 ^ 0x74656462;
  const wordsEnd = offset + (length & ~3);
  let at = offset;
  let word = 0;
  for (; at < wordsEnd; at += 4) {
    word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  word = length << 24;
  switch (length & 3) {
    case 3:
      word |= (bytes[at + 2]! << 16) | (bytes[at + 1]! << 8) | bytes[at]!;
      break;
    case 2:
      word |= (bytes[at + 1]! << 8) | bytes[at]!;
      break;
    case 1:
      word |= bytes[at]!;
      break;
  }
  v3 ^= word;
  for (let round = 0; round < 4; round++) {
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    if (round === 0) {
      // The message's last word is in; three more rounds finish.
      v0 ^= word;
      v2 ^= 0xff;
    }
  }
  return (v1 ^ v3) & SMALL_INTEGER_MASK;
}

/** So many hashes are known at a time: what they lead to lies in the second level of the cache then. */
export const KNOWN_MAX = 256;

const SMALL_INTEGER_MASK = 0x3fffffff;

const seed = randomBytes(8);
const key0 = seed.readInt32LE(0);
const key1 = seed.readInt32LE(4);

/**
 * Hashes of byte strings in one buffer, made before the commands that ask for them run. They hold as long as the bytes
 * of the buffer do.
 */
export class KnownHashes {
  readonly #offsets = new Int32Array(KNOWN_MAX);
  readonly #lengths = new Int32Array(KNOWN_MAX);
  readonly hashes = new Int32Array(KNOWN_MAX);
  buffer: Buffer | undefined;
  count = 0;
  /** What stands before this one was asked for, or will not be. */
  #next = 0;

  get isFull(): boolean {
    return this.count === KNOWN_MAX;
  }

  /** Hashes what is at an offset, which is behind those before. */
  add(buffer: Buffer, offset: number, length: number): void {
    const at = this.count++;
    this.buffer = buffer;
    this.#offsets[at] = offset;
    this.#lengths[at] = length;
    this.hashes[at] = hashBytes(buffer, offset, length);
  }

  clear(): void {
    this.buffer = undefined;
    this.count = 0;
    this.#next = 0;
  }

  /** The hash of what is at an offset, known or not. Offsets that are asked for rise. */
  hash(bytes: Buffer, offset: number, length: number): number {
    if (bytes !== this.buffer) return hashBytes(bytes, offset, length);
    const { count } = this;
    const offsets = this.#offsets;
    let at = this.#next;
    while (at < count && offsets[at]! < offset) at++;
    this.#next = at;
    return at < count && offsets[at] === offset && this.#lengths[at] === length
      ? this.hashes[at]!
      : hashBytes(bytes, offset, length);
  }
}

/** Known hashes of keys, and of members of large collections. One command runs at a time, so there is one of each. */
export const keyHashes = new KnownHashes();
export const memberHashes = new KnownHashes();
