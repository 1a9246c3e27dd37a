/**
 * IEEE 754-2008 decimal128 in the binary integer encoding that BSON uses: sign, coefficient of up to 34 digits, exponent. The
 * exponent is kept as given (1.0 and 1.00 are equal and print differently), as MongoDB does.
 */
export class Decimal128 {
  /** -1 for negative, also for -0 and -Infinity. */
  readonly sign: 1 | -1;
  readonly kind: "finite" | "infinite" | "nan";
  readonly coefficient: bigint;
  readonly exponent: number;

  constructor(sign: 1 | -1, coefficient: bigint, exponent: number, kind: Decimal128["kind"] = "finite") {
    this.sign = sign;
    this.coefficient = coefficient;
    this.exponent = exponent;
    this.kind = kind;
  }

  static readonly nan = new Decimal128(1, 0n, 0, "nan");
  static readonly infinity = new Decimal128(1, 0n, 0, "infinite");
  static readonly negativeInfinity = new Decimal128(-1, 0n, 0, "infinite");
  static readonly zero = new Decimal128(1, 0n, 0);

  get isNaN(): boolean {
    return this.kind === "nan";
  }

  get isZero(): boolean {
    return this.kind === "finite" && this.coefficient === 0n;
  }

  /** The coefficient with its sign. */
  get signed(): bigint {
    return this.sign < 0 ? -this.coefficient : this.coefficient;
  }

  static read(bytes: Buffer, at: number): Decimal128 {
    const low = bytes.readBigUInt64LE(at);
    const high = bytes.readBigUInt64LE(at + 8);
    const sign = high >> 63n ? -1 : 1;
    const combination = Number((high >> 58n) & 0x1fn);
    if (combination === 0x1f) return Decimal128.nan;
    if (combination === 0x1e) return sign < 0 ? Decimal128.negativeInfinity : Decimal128.infinity;
    // With the first two bits of the combination set the coefficient would be too long: it counts as zero.
    if (combination >> 3 === 3) {
      return new Decimal128(sign, 0n, Number((high >> 47n) & 0x3fffn) - exponentBias);
    }
    const exponent = Number((high >> 49n) & 0x3fffn) - exponentBias;
    const coefficient = ((high & 0x1ffffffffffffn) << 64n) | low;
    return new Decimal128(sign, coefficient > coefficientMax ? 0n : coefficient, exponent);
  }

  write(bytes: Buffer, at: number): void {
    const signBit = this.sign < 0 ? 1n << 63n : 0n;
    if (this.kind === "nan") {
      bytes.writeBigUInt64LE(0n, at);
      bytes.writeBigUInt64LE(0x7c00000000000000n, at + 8);
    } else if (this.kind === "infinite") {
      bytes.writeBigUInt64LE(0n, at);
      bytes.writeBigUInt64LE(signBit | 0x7800000000000000n, at + 8);
    } else {
      bytes.writeBigUInt64LE(this.coefficient & 0xffffffffffffffffn, at);
      const exponent = BigInt(this.exponent + exponentBias);
      bytes.writeBigUInt64LE(signBit | (exponent << 49n) | (this.coefficient >> 64n), at + 8);
    }
  }

  /** Undefined when `text` is no number, or too long or large to be one exactly. */
  static parse(text: string): Decimal128 | undefined {
    const special = /^([+-])?(inf|infinity|nan)$/i.exec(text);
    if (special !== null) {
      if (special[2]!.toLowerCase() === "nan") return Decimal128.nan;
      return special[1] === "-" ? Decimal128.negativeInfinity : Decimal128.infinity;
    }
    const match = /^([+-])?(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
    if (match === null || ((match[2] ?? "") === "" && (match[3] ?? "") === "")) return undefined;
    const [, signText, whole = "", fraction = "", exponentText = "0"] = match;
    const exponent = Number(exponentText) - fraction.length;
    return Decimal128.rounded(signText === "-" ? -1 : 1, BigInt(whole + fraction), exponent);
  }

  /** The nearest decimal128 to `coefficient` times ten to the `exponent`, half to even. */
  static rounded(sign: 1 | -1, coefficient: bigint, exponent: number, isInexact = false): Decimal128 {
    if (coefficient === 0n && !isInexact) {
      return new Decimal128(sign, 0n, Math.min(Math.max(exponent, exponentMin), exponentMax));
    }
    let digits = coefficient.toString().length;
    let drop = Math.max(0, digits - digitsMax);
    if (exponent + drop < exponentMin) drop = Math.max(drop, Math.min(exponentMin - exponent, digits + 1));
    if (drop > 0) {
      const divisor = 10n ** BigInt(drop);
      const rest = coefficient % divisor;
      coefficient /= divisor;
      exponent += drop;
      const half = divisor / 2n;
      if (rest > half || (rest === half && (isInexact || coefficient % 2n === 1n))) coefficient += 1n;
      if (coefficient > coefficientMax) {
        coefficient /= 10n;
        exponent += 1;
      }
      if (coefficient === 0n && exponent < exponentMin) exponent = exponentMin;
    }
    if (exponent < exponentMin) return new Decimal128(sign, 0n, exponentMin);
    if (exponent > exponentMax) {
      digits = coefficient.toString().length;
      const shift = exponent - exponentMax;
      if (coefficient !== 0n && digits + shift > digitsMax) {
        return sign < 0 ? Decimal128.negativeInfinity : Decimal128.infinity;
      }
      coefficient *= 10n ** BigInt(shift);
      exponent = exponentMax;
    }
    return new Decimal128(sign, coefficient, exponent);
  }

  static fromBigInt(value: bigint): Decimal128 {
    return value < 0n ? Decimal128.rounded(-1, -value, 0) : Decimal128.rounded(1, value, 0);
  }

  /**
   * MongoDB's conversion of a double: to 15 significant digits, which is what a double holds for certain, so that 0.1 becomes 0.1.
   */
  static fromDouble(value: number): Decimal128 {
    if (Number.isNaN(value)) return Decimal128.nan;
    if (!Number.isFinite(value)) return value < 0 ? Decimal128.negativeInfinity : Decimal128.infinity;
    const sign = value < 0 || Object.is(value, -0) ? -1 : 1;
    if (value === 0) return new Decimal128(sign, 0n, 0);
    if (Number.isSafeInteger(value)) {
      const whole = BigInt(Math.abs(value));
      if (whole.toString().length <= 15) return padded(sign, whole, 0);
    }
    const [mantissa = "0", exponent = "0"] = Math.abs(value).toExponential(14).split("e");
    return Decimal128.rounded(sign, BigInt(mantissa.replace(".", "")), Number(exponent) - 14);
  }

  /** Every digit that a double has, rounded to 34. */
  static fromDoubleExactly(value: number): Decimal128 {
    if (!Number.isFinite(value) || value === 0) return Decimal128.fromDouble(value);
    const { mantissa, exponent } = binaryParts(Math.abs(value));
    const sign = value < 0 ? -1 : 1;
    if (exponent >= 0) return Decimal128.rounded(sign, mantissa << BigInt(exponent), 0);
    // m / 2^k is m * 5^k / 10^k.
    return Decimal128.rounded(sign, mantissa * 5n ** BigInt(-exponent), exponent);
  }

  toNumber(): number {
    if (this.kind === "nan") return Number.NaN;
    if (this.kind === "infinite") return this.sign * Number.POSITIVE_INFINITY;
    return this.sign * Number(`${this.coefficient}e${this.exponent}`);
  }

  /** Decimal Arithmetic Specification, "to-scientific-string". */
  toString(): string {
    if (this.kind === "nan") return "NaN";
    const sign = this.sign < 0 ? "-" : "";
    if (this.kind === "infinite") return `${sign}Infinity`;
    const digits = this.coefficient.toString();
    const adjusted = this.exponent + digits.length - 1;
    if (this.exponent <= 0 && adjusted >= -6) {
      if (this.exponent === 0) return sign + digits;
      const point = digits.length + this.exponent;
      return point > 0
        ? `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
        : `${sign}0.${"0".repeat(-point)}${digits}`;
    }
    const mantissa = digits.length === 1 ? digits : `${digits[0]}.${digits.slice(1)}`;
    return `${sign}${mantissa}E${adjusted < 0 ? "-" : "+"}${Math.abs(adjusted)}`;
  }
}

export const digitsMax = 34;
export const exponentMin = -6176;
export const exponentMax = 6111;
const exponentBias = 6176;
const coefficientMax = 10n ** 34n - 1n;

function padded(sign: 1 | -1, whole: bigint, exponent: number): Decimal128 {
  return new Decimal128(sign, whole, exponent);
}

const scratch = Buffer.alloc(8);

/** A finite positive double as `mantissa` times two to the `exponent`. */
export function binaryParts(value: number): { mantissa: bigint; exponent: number } {
  scratch.writeDoubleBE(value, 0);
  const bits = scratch.readBigUInt64BE(0);
  const fraction = bits & 0xfffffffffffffn;
  const biased = Number((bits >> 52n) & 0x7ffn);
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | 0x10000000000000n, exponent: biased - 1075 };
}
