import { murmur64 } from "./murmur64.ts";

/** Registers, and the bits of a hash that choose one. */
export const REGISTERS = 16_384;
const INDEX_BITS = 14;
/** Bits of a hash that are left for the run of zeros. */
const RUN_BITS = 50;
const REGISTER_BITS = 6;
const REGISTER_MAX = 63;
const SEED = 0xadc83b19;

/** "HYLL", the encoding, three bytes, and the last cardinality, whose highest bit says that it is void. */
export const HEADER_BYTES = 16;
const MAGIC = 0x4c_4c_59_48;
const CARDINALITY_AT = 8;
export const DENSE = 0;
export const SPARSE = 1;
const DENSE_BYTES = HEADER_BYTES + (REGISTERS * REGISTER_BITS) / 8;

/** Largest value and longest runs of the sparse form's codes. */
const VALUE_MAX = 32;
const VALUE_RUN_MAX = 4;
const ZERO_RUN_MAX = 64;
const VALUE_BIT = 0x80;
const LONG_ZERO_BIT = 0x40;
/** Codes looked at for neighbours of one value. */
const MERGE_CODES = 5;

/** The bytes are no HyperLogLog. */
export class CorruptHyperLogLog extends Error {}

/** Whether a string says that it is a HyperLogLog and can be one (Redis, isHLLObjectOrReply). */
export function isHyperLogLog(bytes: Buffer): boolean {
  if (bytes.length < HEADER_BYTES || bytes.readUInt32LE(0) !== MAGIC || bytes[4]! > SPARSE) return false;
  return bytes[4] !== DENSE || bytes.length === DENSE_BYTES;
}

/** An empty one, in the sparse form. */
export function createHyperLogLog(): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + 2);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes[4] = SPARSE;
  writeLongZero(bytes, HEADER_BYTES, REGISTERS);
  return bytes;
}

export function invalidateCardinality(bytes: Buffer): void {
  bytes[CARDINALITY_AT + 7]! |= 0x80;
}

/** The cardinality that was computed last, if nothing has changed since. */
export function cachedCardinality(bytes: Buffer): bigint | undefined {
  return (bytes[CARDINALITY_AT + 7]! & 0x80) !== 0 ? undefined : bytes.readBigUInt64LE(CARDINALITY_AT);
}

export function cacheCardinality(bytes: Buffer, cardinality: number): void {
  bytes.writeBigUInt64LE(BigInt(cardinality), CARDINALITY_AT);
}

/** The register of an element, and the length of the run of zeros that its hash has, plus one. */
export function patternOf(bytes: Buffer, offset: number, length: number): { index: number; run: number } {
  const { high, low } = murmur64(bytes, offset, length, SEED);
  const index = low & (REGISTERS - 1);
  const restLow = ((low >>> INDEX_BITS) | (high << (32 - INDEX_BITS))) >>> 0;
  const restHigh = ((high >>> INDEX_BITS) | (1 << (RUN_BITS - 32))) >>> 0;
  const zeros = restLow === 0 ? 32 + trailingZeros(restHigh) : trailingZeros(restLow);
  return { index, run: zeros + 1 };
}

function trailingZeros(value: number): number {
  return 31 - Math.clz32(value & -value);
}

// ---- the dense form: six bits per register -----------------------------------------------------------------------

function denseGet(bytes: Buffer, index: number): number {
  const bit = index * REGISTER_BITS;
  const at = HEADER_BYTES + (bit >> 3);
  const shift = bit & 7;
  return ((bytes[at]! >> shift) | ((bytes[at + 1] ?? 0) << (8 - shift))) & REGISTER_MAX;
}

function denseSet(bytes: Buffer, index: number, value: number): void {
  const bit = index * REGISTER_BITS;
  const at = HEADER_BYTES + (bit >> 3);
  const shift = bit & 7;
  bytes[at] = (bytes[at]! & ~(REGISTER_MAX << shift)) | (value << shift);
  if (shift > 2) {
    bytes[at + 1] = (bytes[at + 1]! & ~(REGISTER_MAX >> (8 - shift))) | (value >> (8 - shift));
  }
}

// ---- the sparse form: runs of zeros and of values ----------------------------------------------------------------

/** One code: its bytes, how many registers it is for, and what they have. */
interface Code {
  readonly bytes: 1 | 2;
  readonly run: number;
  readonly value: number;
  readonly isLongZero: boolean;
}

function codeAt(bytes: Buffer, at: number): Code {
  const first = bytes[at]!;
  if (first & VALUE_BIT)
    return { bytes: 1, run: (first & 3) + 1, value: ((first >> 2) & 31) + 1, isLongZero: false };
  if (first & LONG_ZERO_BIT) {
    const run = (((first & 63) << 8) | (bytes[at + 1] ?? 0)) + 1;
    return { bytes: 2, run, value: 0, isLongZero: true };
  }
  return { bytes: 1, run: (first & 63) + 1, value: 0, isLongZero: false };
}

function writeLongZero(bytes: Buffer, at: number, run: number): void {
  bytes[at] = LONG_ZERO_BIT | ((run - 1) >> 8);
  bytes[at + 1] = (run - 1) & 0xff;
}

function zeroCode(run: number): number[] {
  if (run <= ZERO_RUN_MAX) return [run - 1];
  return [LONG_ZERO_BIT | ((run - 1) >> 8), (run - 1) & 0xff];
}

function valueCode(value: number, run: number): number {
  return VALUE_BIT | ((value - 1) << 2) | (run - 1);
}

/** Calls `each` with the value of every register. Throws CorruptHyperLogLog. */
export function forEachRegister(bytes: Buffer, each: (index: number, value: number) => void): void {
  if (bytes[4] === DENSE) {
    for (let index = 0; index < REGISTERS; index++) each(index, denseGet(bytes, index));
    return;
  }
  let index = 0;
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    const code = codeAt(bytes, at);
    at += code.bytes;
    if (index + code.run > REGISTERS) throw new CorruptHyperLogLog();
    for (const end = index + code.run; index < end; index++) each(index, code.value);
  }
  if (index !== REGISTERS) throw new CorruptHyperLogLog();
}

/** The same in the dense form. Throws CorruptHyperLogLog. */
export function toDense(bytes: Buffer): Buffer {
  if (bytes[4] === DENSE) return bytes;
  const dense = Buffer.alloc(DENSE_BYTES);
  bytes.copy(dense, 0, 0, HEADER_BYTES);
  dense[4] = DENSE;
  forEachRegister(bytes, (index, value) => {
    if (value > 0) denseSet(dense, index, value);
  });
  return dense;
}

/**
 * Raises a register to a value. Returns the bytes that have it, the same ones where nothing or only themselves changed, and
 * whether anything did. The sparse form becomes dense when a value or its length is too large for it (Redis,
 * hllSparseSet: the codes are the same, one for one). Throws CorruptHyperLogLog.
 */
export function raiseRegister(
  bytes: Buffer,
  index: number,
  value: number,
  sparseBytesMax: number,
): { bytes: Buffer; isChanged: boolean } {
  if (bytes[4] === DENSE) {
    if (denseGet(bytes, index) >= value) return { bytes, isChanged: false };
    denseSet(bytes, index, value);
    return { bytes, isChanged: true };
  }
  if (value > VALUE_MAX) return raiseRegister(toDense(bytes), index, value, sparseBytesMax);
  let at = HEADER_BYTES;
  let previous = -1;
  let first = 0;
  let code: Code | undefined;
  while (at < bytes.length) {
    code = codeAt(bytes, at);
    if (index < first + code.run) break;
    previous = at;
    at += code.bytes;
    first += code.run;
  }
  if (code === undefined || at >= bytes.length) throw new CorruptHyperLogLog();
  const last = first + code.run - 1;
  if (code.value >= value) return { bytes, isChanged: false };
  let changed = bytes;
  if (code.run === 1) changed[at] = valueCode(value, 1);
  else {
    const codes: number[] = [];
    const rest = (run: number) => {
      if (run === 0) return;
      if (code.value > 0) codes.push(valueCode(code.value, run));
      else codes.push(...zeroCode(run));
    };
    rest(index - first);
    codes.push(valueCode(value, 1));
    rest(last - index);
    const grown = codes.length - code.bytes;
    if (grown > 0 && bytes.length + grown > sparseBytesMax)
      return raiseRegister(toDense(bytes), index, value, sparseBytesMax);
    changed = Buffer.concat([bytes.subarray(0, at), Buffer.from(codes), bytes.subarray(at + code.bytes)]);
  }
  return { bytes: mergeValues(changed, previous < 0 ? HEADER_BYTES : previous), isChanged: true };
}

/** Joins neighbouring codes of one value, of the few from `from` on. */
function mergeValues(bytes: Buffer, from: number): Buffer {
  let at = from;
  let { length } = bytes;
  for (let left = MERGE_CODES; at < length && left > 0; left--) {
    const code = codeAt(bytes, at);
    if (code.value === 0) {
      at += code.bytes;
      continue;
    }
    if (at + 1 < length) {
      const next = codeAt(bytes, at + 1);
      if (next.value === code.value && code.run + next.run <= VALUE_RUN_MAX) {
        bytes[at + 1] = valueCode(code.value, code.run + next.run);
        bytes.copyWithin(at, at + 1, length);
        length--;
        // What was joined is looked at again.
        continue;
      }
    }
    at++;
  }
  return length === bytes.length ? bytes : bytes.subarray(0, length);
}

// ---- cardinality -------------------------------------------------------------------------------------------------

const ALPHA_INFINITE = 0.7213475204444817;

function sigma(given: number): number {
  if (given === 1) return Number.POSITIVE_INFINITY;
  let x = given;
  let y = 1;
  let z = x;
  let before: number;
  do {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  } while (before !== z);
  return z;
}

function tau(given: number): number {
  if (given === 0 || given === 1) return 0;
  let x = given;
  let y = 1;
  let z = 1 - x;
  let before: number;
  do {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) ** 2 * y;
  } while (before !== z);
  return z / 3;
}

/** The estimate from how many registers have each value (Otmar Ertl, "New cardinality estimation algorithms", 2017). */
export function cardinalityOf(histogram: ArrayLike<number>): number {
  let z = REGISTERS * tau((REGISTERS - histogram[RUN_BITS + 1]!) / REGISTERS);
  for (let value = RUN_BITS; value >= 1; value--) {
    z += histogram[value]!;
    z *= 0.5;
  }
  z += REGISTERS * sigma(histogram[0]! / REGISTERS);
  return roundAway((ALPHA_INFINITE * REGISTERS * REGISTERS) / z);
}

/** As C's llroundl: halves away from zero. */
function roundAway(value: number): number {
  return Math.floor(value + 0.5);
}

/** How many registers have each value. Throws CorruptHyperLogLog. */
export function histogramOf(bytes: Buffer): Int32Array {
  const histogram = new Int32Array(REGISTER_MAX + 1);
  forEachRegister(bytes, (_, value) => {
    histogram[value]!++;
  });
  return histogram;
}

/** The sparse form's codes as PFDEBUG DECODE shows them: `z:10 Z:200 v:3,1`. */
export function describeCodes(bytes: Buffer): string {
  const words: string[] = [];
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    const code = codeAt(bytes, at);
    if (code.value > 0) words.push(`v:${code.value},${code.run}`);
    else words.push(`${code.isLongZero ? "Z" : "z"}:${code.run}`);
    at += code.bytes;
  }
  return words.join(" ");
}
