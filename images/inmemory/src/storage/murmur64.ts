const LOW = 0xffff;

/** MurmurHash64A of a range of bytes, as two halves of 32 bits (Austin Appleby; little endian). */
export interface Hash64 {
  high: number;
  low: number;
}

const M_HIGH = 0xc6a4a793;
const M_LOW = 0x5bd1e995;
const SHIFT = 47;

/** The upper half of the product of two unsigned 32-bit integers. */
function upperProduct(left: number, right: number): number {
  const leftHigh = left >>> 16;
  const leftLow = left & LOW;
  const rightHigh = right >>> 16;
  const rightLow = right & LOW;
  const low = leftLow * rightLow;
  const middle = leftHigh * rightLow + Math.floor(low / 65_536);
  const other = leftLow * rightHigh + (middle % 65_536);
  return (leftHigh * rightHigh + Math.floor(middle / 65_536) + Math.floor(other / 65_536)) >>> 0;
}

function multiply(value: Hash64): void {
  const { high, low } = value;
  value.high = (upperProduct(low, M_LOW) + Math.imul(low, M_HIGH) + Math.imul(high, M_LOW)) >>> 0;
  value.low = Math.imul(low, M_LOW) >>> 0;
}

/** value ^= value >> 47 */
function mix(value: Hash64): void {
  value.low = (value.low ^ (value.high >>> (SHIFT - 32))) >>> 0;
}

export function murmur64(bytes: Buffer, offset: number, length: number, seed: number): Hash64 {
  const hash: Hash64 = { high: 0, low: length >>> 0 };
  multiply(hash);
  hash.low = (hash.low ^ seed) >>> 0;
  const word: Hash64 = { high: 0, low: 0 };
  const end = offset + (length & ~7);
  let at = offset;
  for (; at < end; at += 8) {
    word.low = bytes.readUInt32LE(at);
    word.high = bytes.readUInt32LE(at + 4);
    multiply(word);
    mix(word);
    multiply(word);
    hash.low = (hash.low ^ word.low) >>> 0;
    hash.high = (hash.high ^ word.high) >>> 0;
    multiply(hash);
  }
  const rest = length & 7;
  if (rest > 0) {
    for (let i = 0; i < rest; i++) {
      const byte = bytes[at + i]!;
      if (i < 4) hash.low = (hash.low ^ (byte << (8 * i))) >>> 0;
      else hash.high = (hash.high ^ (byte << (8 * (i - 4)))) >>> 0;
    }
    multiply(hash);
  }
  mix(hash);
  multiply(hash);
  mix(hash);
  return hash;
}
