/** What the bytes are is no LZF. */
export class LzfError extends Error {}

/** Unpacks LZF: literal runs, and references to what came before (Marc Lehmann, LibLZF; Redis, lzf_d.c). */
export function unpackLzf(packed: Uint8Array, length: number): Buffer {
  const out = Buffer.allocUnsafe(length);
  let at = 0;
  let from = 0;
  while (from < packed.length) {
    const control = packed[from++]!;
    if (control < 32) {
      const count = control + 1;
      if (from + count > packed.length || at + count > length) throw new LzfError("a run is too long");
      out.set(packed.subarray(from, from + count), at);
      from += count;
      at += count;
      continue;
    }
    let count = control >> 5;
    if (count === 7) count += packed[from++] ?? 0;
    const back = ((control & 31) << 8) + (packed[from++] ?? 0) + 1;
    count += 2;
    if (back > at || at + count > length) throw new LzfError("a reference is to nothing");
    // Byte by byte: what is referred to may be what is being written.
    for (let i = 0; i < count; i++, at++) out[at] = out[at - back]!;
  }
  if (at !== length) throw new LzfError("it is too short");
  return out;
}

const HASH_BITS = 16;
const RUN_MAX = 32;
const DISTANCE_MAX = 8192;
const REFERENCE_MAX = 264;
const UNROLLED = 16;

/** Where each three bytes were seen last, plus one; as many places as Redis has, so that the packed bytes are the same. */
const seen = new Uint32Array(1 << HASH_BITS);

/** The place of three bytes, of which `pair` is the first two (LibLZF, IDX of VERY_FAST). */
function placeOf(pair: number, third: number): number {
  const three = ((pair << 8) | third) & 0xffffff;
  return ((three >>> (24 - HASH_BITS)) - three * 5) & ((1 << HASH_BITS) - 1);
}

/** How many bytes from two places on are taken for the same, of which three are. */
function matchLength(bytes: Uint8Array, reference: number, at: number): number {
  const most = Math.min(bytes.length - at - 2, REFERENCE_MAX);
  let length = 3;
  if (most > UNROLLED) {
    // LibLZF looks at so many without asking for the limit, and may go past it.
    for (; length < UNROLLED + 3; length++)
      if (bytes[reference + length] !== bytes[at + length]) return length;
  }
  while (length < most && bytes[reference + length] === bytes[at + length]) length++;
  return length;
}

/**
 * Packs bytes as LibLZF does with the options that Redis builds it with; undefined when the result would not be
 * shorter by at least four bytes.
 */
export function packLzf(bytes: Uint8Array): Buffer | undefined {
  const end = bytes.length;
  const limit = end - 4;
  if (limit <= 0) return undefined;
  const out = Buffer.allocUnsafe(limit);
  seen.fill(0);
  let at = 0;
  let to = 1;
  let run = 0;
  while (at < end - 2) {
    const place = placeOf((bytes[at]! << 8) | bytes[at + 1]!, bytes[at + 2]!);
    const reference = seen[place]! - 1;
    seen[place] = at + 1;
    const distance = at - reference - 1;
    const matches =
      reference > 0 &&
      distance < DISTANCE_MAX &&
      bytes[reference] === bytes[at] &&
      bytes[reference + 1] === bytes[at + 1] &&
      bytes[reference + 2] === bytes[at + 2];
    if (!matches) {
      if (to >= limit) return undefined;
      out[to++] = bytes[at++]!;
      if (++run === RUN_MAX) {
        out[to - RUN_MAX - 1] = RUN_MAX - 1;
        run = 0;
        to++;
      }
      continue;
    }
    if (to - (run === 0 ? 1 : 0) + 4 >= limit) return undefined;
    if (run === 0) to--;
    else out[to - run - 1] = run - 1;
    const length = matchLength(bytes, reference, at);
    const code = length - 2;
    if (code < 7) out[to++] = (distance >> 8) + (code << 5);
    else {
      out[to++] = (distance >> 8) + (7 << 5);
      out[to++] = code - 7;
    }
    out[to++] = distance & 0xff;
    run = 0;
    to++;
    at += length;
    if (at >= end - 2) break;
    // Of what was referred to only the last two places are noted.
    for (let back = at - 2; back < at; back++)
      seen[placeOf((bytes[back]! << 8) | bytes[back + 1]!, bytes[back + 2]!)] = back + 1;
  }
  if (to + 3 > limit) return undefined;
  while (at < end) {
    out[to++] = bytes[at++]!;
    if (++run === RUN_MAX) {
      out[to - RUN_MAX - 1] = RUN_MAX - 1;
      run = 0;
      to++;
    }
  }
  if (run === 0) to--;
  else out[to - run - 1] = run - 1;
  return out.subarray(0, to);
}
