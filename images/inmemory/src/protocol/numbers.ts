const DIGIT_0 = 0x30;
const MINUS = 0x2d;
/** So many digits always fit exactly in a double. */
const SAFE_DIGITS = 15;

/** Longer texts are not looked at as floats; the longest that print a double exactly have about 1,100 characters. */
const FLOAT_CHARACTERS_MAX = 4096;

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
 * A float as strtod takes it and Redis accepts it: decimal, hexadecimal (0x1.8p3) or infinity, no spaces, or NaN when
 * the bytes are none ("nan" included).
 */
export function parseFloat64(bytes: Buffer, offset: number, length: number): number {
  if (length === 0 || length > FLOAT_CHARACTERS_MAX) return Number.NaN;
  const plain = parseShortDecimal(bytes, offset, length);
  if (!Number.isNaN(plain)) return plain;
  const text = bytes.toString("latin1", offset, offset + length);
  if (/^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(text)) return Number(text);
  const infinity = /^([+-]?)inf(?:inity)?$/i.exec(text);
  if (infinity !== null) return infinity[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const hexadecimal = /^([+-]?)0x([0-9a-f]*)(?:\.([0-9a-f]*))?(?:p([+-]?[0-9]+))?$/i.exec(text);
  if (hexadecimal === null) return Number.NaN;
  const [, sign, whole = "", fraction = "", power = "0"] = hexadecimal;
  if (whole === "" && fraction === "") return Number.NaN;
  const digits = Number(BigInt(`0x${whole}${fraction}`));
  return (sign === "-" ? -1 : 1) * digits * 2 ** (Number(power) - 4 * fraction.length);
}

const POINT = 0x2e;
/** Powers of ten that a double holds exactly, for as many decimals as a short number can have. */
const POWERS_OF_TEN = Array.from({ length: SAFE_DIGITS + 1 }, (_, exponent) => 10 ** exponent);

/**
 * The usual float, a few digits with or without a point among them, without making a string: its digits and the power
 * of ten below them are exact doubles, and so one division rounds as strtod does. NaN for all others.
 */
function parseShortDecimal(bytes: Buffer, offset: number, length: number): number {
  const isNegative = bytes[offset] === MINUS;
  const start = isNegative ? offset + 1 : offset;
  const end = offset + length;
  if (end - start > SAFE_DIGITS) return Number.NaN;
  let value = 0;
  let point = end;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === POINT && point === end && at > start) {
      point = at + 1;
      continue;
    }
    const digit = byte - DIGIT_0;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  if (start === end) return Number.NaN;
  if (point < end) value /= POWERS_OF_TEN[end - point]!;
  return isNegative ? -value : value;
}

/** Integers up to here are printed with all their digits (Redis, double2ll). */
const PLAIN_INTEGER_MAX = 2 ** 62;

/**
 * A double as Redis 7.2 prints it (d2string): the shortest digits that read back as the same number; with an exponent
 * when that saves more than 7 zeros.
 */
export function formatDouble(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "inf";
  if (value === Number.NEGATIVE_INFINITY) return "-inf";
  if (Number.isNaN(value)) return "nan";
  if (Object.is(value, -0)) return "-0";
  if (Number.isInteger(value) && Math.abs(value) <= PLAIN_INTEGER_MAX)
    return Number.isSafeInteger(value) ? String(value) : String(BigInt(value));
  const [mantissa, exponentText] = Math.abs(value).toExponential().split("e") as [string, string];
  const sign = value < 0 ? "-" : "";
  const digits = mantissa.replace(".", "");
  const exponent = Number(exponentText);
  const zeros = exponent - (digits.length - 1);
  if (zeros >= 0 && exponent < digits.length + 7) return sign + digits + "0".repeat(zeros);
  if (zeros < 0 && (zeros > -7 || Math.abs(exponent) < 4)) {
    const whole = digits.length + zeros;
    if (whole > 0) return `${sign}${digits.slice(0, whole)}.${digits.slice(whole)}`;
    return `${sign}0.${"0".repeat(-whole)}${digits}`;
  }
  return `${sign}${mantissa}e${exponent < 0 ? "-" : "+"}${Math.abs(exponent)}`;
}

/** A double with 17 significant digits, as printf's %.17g writes it. */
export function formatDouble17(value: number): string {
  if (!Number.isFinite(value)) return formatDouble(value);
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa, exponentText] = value.toExponential(16).split("e") as [string, string];
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 17) {
    const text = value.toFixed(Math.max(0, 16 - exponent));
    return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  }
  const shown = String(Math.abs(exponent)).padStart(2, "0");
  return `${mantissa.replace(/\.?0+$/, "")}e${exponent < 0 ? "-" : "+"}${shown}`;
}

/**
 * Writes an integer of up to 2^53 in decimal at an offset of `into` (at least 17 bytes) without making a string;
 * returns the offset after it.
 */
export function writeInteger(value: number, into: Buffer, offset: number): number {
  if (value < 0) {
    into[offset] = MINUS;
    return writeInteger(-value, into, offset + 1);
  }
  if (value > WORD_MAX) {
    const high = Math.floor(value / LOW_DIGITS);
    const end = writeInteger(high, into, offset);
    return writeDigits(value - high * LOW_DIGITS, LOW_DIGIT_COUNT, into, end);
  }
  let digits = 1;
  for (let bound = 10; bound <= value; bound *= 10) digits++;
  return writeDigits(value, digits, into, offset);
}

/** Larger integers are written in two parts, as 32-bit divisions are much cheaper than others. */
const WORD_MAX = 0x7fffffff;
const LOW_DIGITS = 1e9;
const LOW_DIGIT_COUNT = 9;

function writeDigits(value: number, count: number, into: Buffer, offset: number): number {
  let rest = value | 0;
  for (let at = offset + count - 1; at >= offset; at--) {
    const quotient = (rest / 10) | 0;
    into[at] = DIGIT_0 + rest - quotient * 10;
    rest = quotient;
  }
  return offset + count;
}
