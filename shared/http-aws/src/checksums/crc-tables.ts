/** A cyclic redundancy check, reflected, with all bits set before and flipped after, as all of AWS's are. */
export interface CrcKind {
  readonly bits: 32 | 64;
  /** Reflected: the lowest bit is the highest power. */
  readonly polynomial: bigint;
}

export const crc32Kind: CrcKind = { bits: 32, polynomial: 0xedb88320n };
export const crc32cKind: CrcKind = { bits: 32, polynomial: 0x82f63b78n };
export const crc64NvmeKind: CrcKind = { bits: 64, polynomial: 0x9a6c9329ac4bc9b5n };

/** Tables for eight bytes at once: `words[t * 256 + byte]` is what that byte does when `t` bytes follow it. */
export interface CrcTables {
  readonly low: Uint32Array;
  /** The upper half, of 64 bits. */
  readonly high: Uint32Array;
}

export function crcTables({ polynomial }: CrcKind): CrcTables {
  const low = new Uint32Array(8 * 256);
  const high = new Uint32Array(8 * 256);
  const first: bigint[] = [];
  for (let byte = 0; byte < 256; byte++) {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) value = (value & 1n) === 1n ? (value >> 1n) ^ polynomial : value >> 1n;
    first.push(value);
  }
  const row = [...first];
  for (let table = 0; table < 8; table++) {
    for (let byte = 0; byte < 256; byte++) {
      const value = row[byte]!;
      low[table * 256 + byte] = Number(value & 0xffffffffn);
      high[table * 256 + byte] = Number(value >> 32n);
      row[byte] = (value >> 8n) ^ first[Number(value & 0xffn)]!;
    }
  }
  return { low, high };
}

/** The product of two polynomials, modulo that of the kind. */
function multiply({ bits, polynomial }: CrcKind, a: bigint, b: bigint): bigint {
  let product = 0n;
  let shifted = b;
  for (let bit = BigInt(bits) - 1n; bit >= 0n; bit--) {
    if (((a >> bit) & 1n) === 1n) product ^= shifted;
    shifted = (shifted & 1n) === 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n;
  }
  return product;
}

/** The sum of two contents one after the other, of their sums and the second one's length. */
export function combineSums(kind: CrcKind, first: bigint, second: bigint, secondBytes: number): bigint {
  const one = 1n << BigInt(kind.bits - 1);
  // x to the power of 8, then of 8 times each bit of the length.
  let power = one >> 1n;
  for (let squared = 0; squared < 3; squared++) power = multiply(kind, power, power);
  let shift = one;
  for (let rest = BigInt(secondBytes); rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) shift = multiply(kind, shift, power);
    power = multiply(kind, power, power);
  }
  return multiply(kind, shift, first) ^ second;
}
