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

const SMALL_INTEGER_MASK = 0x3fffffff;

const seed = randomBytes(8);
const key0 = seed.readInt32LE(0);
const key1 = seed.readInt32LE(4);
