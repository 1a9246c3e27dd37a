/** Bits set in a byte. */
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll("0", "").length);

/** The bits of a byte from `first` to `last`, counted from the highest. */
function maskOf(first: number, last: number): number {
  return (0xff >>> first) & (0xff << (7 - last)) & 0xff;
}

/** Counts the bits set among those from `first` to `last` of the bytes from `offset` on. */
export function countBits(bytes: Buffer, offset: number, first: number, last: number): number {
  const from = offset + Math.floor(first / 8);
  const to = offset + Math.floor(last / 8);
  if (from === to) return ONES[bytes[from]! & maskOf(first % 8, last % 8)]!;
  let count = ONES[bytes[from]! & maskOf(first % 8, 7)]! + ONES[bytes[to]! & maskOf(0, last % 8)]!;
  for (let at = from + 1; at < to; at++) count += ONES[bytes[at]!]!;
  return count;
}

/** The first bit among those from `first` to `last` that is `wanted` (0 or 1), or -1. */
export function findBit(bytes: Buffer, offset: number, first: number, last: number, wanted: number): number {
  const flip = wanted === 1 ? 0 : 0xff;
  const from = Math.floor(first / 8);
  const to = Math.floor(last / 8);
  for (let at = from; at <= to; at++) {
    let byte = bytes[offset + at]! ^ flip;
    if (byte === 0) continue;
    if (at === from) byte &= maskOf(first % 8, 7);
    if (at === to) byte &= maskOf(0, last % 8);
    if (byte !== 0) return at * 8 + Math.clz32(byte) - 24;
  }
  return -1;
}

/**
 * The integer of `width` bits (up to 64) at a bit offset, unsigned. Bits at `end` and beyond, an offset in `bytes`, are
 * clear.
 */
export function readField(
  bytes: Buffer,
  offset: number,
  end: number,
  bitOffset: number,
  width: number,
): bigint {
  const first = Math.floor(bitOffset / 8);
  const last = Math.floor((bitOffset + width - 1) / 8);
  let value = 0n;
  for (let at = first; at <= last; at++) {
    value = (value << 8n) | BigInt(offset + at < end ? bytes[offset + at]! : 0);
  }
  return BigInt.asUintN(width, value >> BigInt(7 - ((bitOffset + width - 1) % 8)));
}

/** Writes the low `width` bits of a number at a bit offset. */
export function writeField(
  bytes: Buffer,
  offset: number,
  bitOffset: number,
  width: number,
  value: bigint,
): void {
  let rest = BigInt.asUintN(width, value);
  for (let left = width; left > 0; ) {
    const lastBit = bitOffset + left - 1;
    const at = offset + Math.floor(lastBit / 8);
    const bits = Math.min(left, (lastBit % 8) + 1);
    const mask = maskOf((lastBit % 8) - bits + 1, lastBit % 8);
    const shift = 7 - (lastBit % 8);
    bytes[at] = (bytes[at]! & ~mask) | ((Number(rest & 0xffn) << shift) & mask);
    rest >>= BigInt(bits);
    left -= bits;
  }
}
