/** Bits of the significand of an x87 extended number, which is what Redis calculates decimal increments in. */
const PRECISION_BITS = 64;
/** Exponent of the lowest bit of the smallest number. */
const EXPONENT_MIN = -16445;
/** A number of so many bits before the point is infinite. */
const BITS_MAX = 16384;
/** Decimal exponents beyond these are infinite or zero whatever the digits are (arguments have at most 5 KiB). */
const DECIMAL_EXPONENT_BOUND = 12_000;
const TEXT_BYTES_MAX = 5 * 1024;
const FRACTION_DIGITS = 17;
const FRACTION_SCALE = 10n ** BigInt(FRACTION_DIGITS);

/**
 * An 80-bit extended floating-point number (IEEE 754 binary64 extended, as x87 has it), exactly: significand times
 * two to the exponent. INCRBYFLOAT and HINCRBYFLOAT calculate in it, so that their results have the same digits as
 * those of Redis on the platforms it is mostly run on.
 */
export class LongDouble {
  readonly significand: bigint;
  readonly exponent: number;
  readonly isInfinite: boolean;

  private constructor(significand: bigint, exponent: number, isInfinite = false) {
    this.significand = significand;
    this.exponent = exponent;
    this.isInfinite = isInfinite;
  }

  static readonly ZERO = new LongDouble(0n, 0);
  static readonly #INFINITY = new LongDouble(1n, 0, true);

  /** Reads a number as C's strtold does, all of it and without leading spaces; undefined when it is none, or NaN. */
  static parse(bytes: Buffer, offset: number, length: number): LongDouble | undefined {
    if (length === 0 || length >= TEXT_BYTES_MAX) return undefined;
    const text = bytes.toString("latin1", offset, offset + length);
    const decimal = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(text);
    if (decimal !== null) {
      const [, sign, whole = "", fraction = "", exponent = "0"] = decimal;
      if (whole.length + fraction.length === 0) return undefined;
      return LongDouble.#fromDecimal(
        sign === "-",
        BigInt(whole + fraction),
        Number(exponent) - fraction.length,
      );
    }
    const hexadecimal = /^([+-]?)0x([0-9a-f]*)(?:\.([0-9a-f]*))?(?:p([+-]?\d+))?$/i.exec(text);
    if (hexadecimal !== null) {
      const [, sign, whole = "", fraction = "", exponent = "0"] = hexadecimal;
      if (whole.length + fraction.length === 0) return undefined;
      const digits = BigInt(`0x${whole}${fraction}`);
      if (digits === 0n) return LongDouble.ZERO;
      const shift = Math.max(-1e6, Math.min(1e6, Number(exponent))) - fraction.length * 4;
      return accepted(LongDouble.#rounded(digits, shift, false, sign === "-"));
    }
    return /^[+-]?inf(?:inity)?$/i.test(text) ? LongDouble.#INFINITY : undefined;
  }

  static #fromDecimal(isNegative: boolean, digits: bigint, exponent: number): LongDouble | undefined {
    if (digits === 0n) return LongDouble.ZERO;
    if (exponent > DECIMAL_EXPONENT_BOUND || exponent < -DECIMAL_EXPONENT_BOUND) return undefined;
    if (exponent >= 0) {
      return accepted(LongDouble.#rounded(digits * 10n ** BigInt(exponent), 0, false, isNegative));
    }
    const divisor = 10n ** BigInt(-exponent);
    // Two bits more than are kept, so that the remainder only decides ties.
    const shift = Math.max(0, PRECISION_BITS + 2 - (bitLength(digits) - bitLength(divisor)));
    const scaled = digits << BigInt(shift);
    const quotient = scaled / divisor;
    const isInexact = quotient * divisor !== scaled;
    return accepted(LongDouble.#rounded(quotient, -shift, isInexact, isNegative));
  }

  /** The nearest number to `magnitude` times two to the `exponent`, ties to even; `isInexact`: and a little more. */
  static #rounded(magnitude: bigint, exponent: number, isInexact: boolean, isNegative: boolean): LongDouble {
    const drop = Math.max(0, bitLength(magnitude) - PRECISION_BITS, EXPONENT_MIN - exponent);
    let significand = magnitude;
    if (drop > 0) {
      const bits = BigInt(drop);
      const half = 1n << (bits - 1n);
      const rest = magnitude & ((1n << bits) - 1n);
      significand = magnitude >> bits;
      if (rest > half || (rest === half && (isInexact || (significand & 1n) === 1n))) significand++;
    }
    if (bitLength(significand) + exponent + drop > BITS_MAX) return LongDouble.#INFINITY;
    return new LongDouble(isNegative ? -significand : significand, exponent + drop);
  }

  plus(other: LongDouble): LongDouble {
    if (this.isInfinite || other.isInfinite) return LongDouble.#INFINITY;
    const exponent = Math.min(this.exponent, other.exponent);
    const sum =
      (this.significand << BigInt(this.exponent - exponent)) +
      (other.significand << BigInt(other.exponent - exponent));
    return LongDouble.#rounded(sum < 0n ? -sum : sum, exponent, false, sum < 0n);
  }

  /** The number with 17 digits after the point, without trailing zeros (C's `%.17Lf`, then trimmed as Redis does). */
  toString(): string {
    const isNegative = this.significand < 0n;
    const magnitude = isNegative ? -this.significand : this.significand;
    let scaled = magnitude * FRACTION_SCALE;
    if (this.exponent >= 0) scaled <<= BigInt(this.exponent);
    else {
      const bits = BigInt(-this.exponent);
      const rest = scaled & ((1n << bits) - 1n);
      const half = 1n << (bits - 1n);
      scaled >>= bits;
      if (rest > half || (rest === half && (scaled & 1n) === 1n)) scaled++;
    }
    const digits = scaled.toString().padStart(FRACTION_DIGITS + 1, "0");
    const fraction = digits.slice(-FRACTION_DIGITS).replace(/0+$/, "");
    const text = digits.slice(0, -FRACTION_DIGITS) + (fraction === "" ? "" : `.${fraction}`);
    return isNegative && text !== "0" ? `-${text}` : text;
  }
}

/** What overflows, or is not zero but too small to be anything else, is not a number to Redis (strtold's ERANGE). */
function accepted(value: LongDouble): LongDouble | undefined {
  return value.isInfinite || value.significand === 0n ? undefined : value;
}

function bitLength(value: bigint): number {
  const hexadecimal = value.toString(16);
  return hexadecimal === "0"
    ? 0
    : hexadecimal.length * 4 - (Math.clz32(Number.parseInt(hexadecimal[0]!, 16)) - 28);
}
