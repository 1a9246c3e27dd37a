const DIGIT_0 = 0x30;
const MINUS = 0x2d;
/** So many digits always fit exactly in a double. */
const SAFE_DIGITS = 15;

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/**
 * A signed 64-bit integer in Redis's strict form (string2ll: optional minus, no leading zeros, nothing else), as the
 * nearest double, or NaN when the bytes are not one.
 */
export function parseInteger(bytes: Buffer, offset: number, length: number): number {
  if (length === 0) return Number.NaN;
  let at = offset;
  const end = offset + length;
  const isNegative = bytes[at] === MINUS;
  if (isNegative) at++;
  if (end - at > SAFE_DIGITS || at === end) return parseLong(bytes, offset, length);
  const first = bytes[at]! - DIGIT_0;
  if (first === 0) return length === 1 ? 0 : Number.NaN;
  if (first < 0 || first > 9) return Number.NaN;
  let value = first;
  for (at++; at < end; at++) {
    const digit = bytes[at]! - DIGIT_0;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return isNegative ? -value : value;
}

function parseLong(bytes: Buffer, offset: number, length: number): number {
  const value = parseInteger64(bytes, offset, length);
  return value === undefined ? Number.NaN : Number(value);
}

/** As `parseInteger`, exactly. */
export function parseInteger64(bytes: Buffer, offset: number, length: number): bigint | undefined {
  if (length === 0 || length > 20) return undefined;
  const text = bytes.toString("latin1", offset, offset + length);
  if (!/^(?:0|-?[1-9][0-9]*)$/.test(text)) return undefined;
  const value = BigInt(text);
  return value > INT64_MAX || value < INT64_MIN ? undefined : value;
}

/** Whether a bigint fits into 64 signed bits. */
export function isInt64(value: bigint): boolean {
  return value <= INT64_MAX && value >= INT64_MIN;
}

/**
 * A float as strtod takes it and Redis accepts it: decimal, hexadecimal integer or infinity, no spaces, or NaN when the
 * bytes are none ("nan" included).
 */
export function parseFloat64(bytes: Buffer, offset: number, length: number): number {
  if (length === 0 || length > 256) return Number.NaN;
  const text = bytes.toString("latin1", offset, offset + length);
  if (/^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(text)) return Number(text);
  const infinity = /^([+-]?)inf(?:inity)?$/i.exec(text);
  if (infinity !== null) return infinity[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const hexadecimal = /^([+-]?)(0x[0-9a-f]+)$/i.exec(text);
  if (hexadecimal !== null) return (hexadecimal[1] === "-" ? -1 : 1) * Number(hexadecimal[2]);
  return Number.NaN;
}

/** A double as Redis 7.2 prints it: the shortest digits that read back as the same number. */
export function formatDouble(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "inf";
  if (value === Number.NEGATIVE_INFINITY) return "-inf";
  if (Number.isNaN(value)) return "nan";
  if (Object.is(value, -0)) return "-0";
  return String(value);
}

/**
 * Writes an integer of up to 2^53 in decimal at the start of `into` (at least 17 bytes) without making a string;
 * returns its length.
 */
export function writeInteger(value: number, into: Buffer): number {
  if (value < 0 || value > 0x7fffffff) return into.write(String(value === 0 ? 0 : value), 0, "latin1");
  let rest = value | 0;
  let digits = 1;
  for (let bound = 10; bound <= rest; bound *= 10) digits++;
  for (let at = digits - 1; at >= 0; at--) {
    const quotient = (rest / 10) | 0;
    into[at] = DIGIT_0 + rest - quotient * 10;
    rest = quotient;
  }
  return digits;
}
