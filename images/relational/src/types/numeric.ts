import { divisionByZero, invalidText, outOfRange, PgError } from "../errors.ts";

type Special = "NaN" | "Infinity" | "-Infinity";

const scaleMax = 16383;
const displayScaleMax = 1000;
const significantMin = 16;

const powers: bigint[] = [1n];
/** 10 to the power of a number that is not negative. */
export function pow10(exponent: number): bigint {
  if (exponent > 4096) return 10n ** BigInt(exponent);
  for (let i = powers.length; i <= exponent; i++) powers.push(powers[i - 1]! * 10n);
  return powers[exponent]!;
}

/** Rounds half away from zero. */
export function divideRounded(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const rest = dividend % divisor;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  if (twice < (divisor < 0n ? -divisor : divisor)) return quotient;
  return dividend < 0n === divisor < 0n ? quotient + 1n : quotient - 1n;
}

/** PostgreSQL's numeric: `digits / 10^scale`, where the scale is what is displayed; or NaN, or an infinity. */
export class Numeric {
  readonly digits: bigint;
  readonly scale: number;
  readonly special: Special | undefined;

  constructor(digits: bigint, scale: number, special?: Special) {
    this.digits = digits;
    this.scale = scale;
    this.special = special;
  }

  static readonly zero = new Numeric(0n, 0);
  static readonly one = new Numeric(1n, 0);
  static readonly nan = new Numeric(0n, 0, "NaN");
  static readonly infinity = new Numeric(0n, 0, "Infinity");
  static readonly minusInfinity = new Numeric(0n, 0, "-Infinity");

  static fromInteger(value: number | bigint): Numeric {
    return new Numeric(BigInt(value), 0);
  }

  /** As float8 is cast: 15 significant digits. */
  static fromFloat(value: number, significant = 15): Numeric {
    if (Number.isNaN(value)) return Numeric.nan;
    if (!Number.isFinite(value)) return value > 0 ? Numeric.infinity : Numeric.minusInfinity;
    const [mantissa = "0", exponent = "0"] = value.toExponential(significant - 1).split("e");
    const trimmed = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
    return Numeric.parse(`${trimmed}e${exponent}`);
  }

  /** @throws PgError 22P02 */
  static parse(text: string): Numeric {
    const parsed = Numeric.tryParse(text.trim());
    if (parsed === undefined) throw invalidText("numeric", text);
    return parsed;
  }

  static tryParse(text: string): Numeric | undefined {
    const match = /^([+-]?)(\d+(?:_\d+)*)?(?:\.(\d+(?:_\d+)*)?)?(?:[eE]([+-]?\d+(?:_\d+)*))?$/.exec(text);
    if (match === null || (match[2] === undefined && match[3] === undefined)) return specialOrRadix(text);
    const fraction = (match[3] ?? "").replaceAll("_", "");
    let digits = BigInt((match[2] ?? "").replaceAll("_", "") + fraction);
    if (match[1] === "-") digits = -digits;
    const exponent = Number((match[4] ?? "0").replaceAll("_", ""));
    if (Math.abs(exponent) > 200_000) throw outOfRange("value overflows numeric format");
    let scale = fraction.length - exponent;
    if (scale < 0) {
      digits *= pow10(-scale);
      scale = 0;
    }
    return checked(new Numeric(digits, scale));
  }

  get isNaN(): boolean {
    return this.special === "NaN";
  }

  /** -1, 0 or 1; NaN counts as 1. */
  get sign(): -1 | 0 | 1 {
    if (this.special !== undefined) return this.special === "-Infinity" ? -1 : 1;
    return this.digits === 0n ? 0 : this.digits < 0n ? -1 : 1;
  }

  toString(): string {
    if (this.special !== undefined) return this.special;
    const negative = this.digits < 0n;
    let text = (negative ? -this.digits : this.digits).toString();
    if (this.scale > 0) {
      if (text.length <= this.scale) text = "0".repeat(this.scale - text.length + 1) + text;
      text = `${text.slice(0, -this.scale)}.${text.slice(-this.scale)}`;
    }
    return negative ? `-${text}` : text;
  }

  toNumber(): number {
    if (this.special !== undefined) return Number(this.special);
    return this.scale === 0 ? Number(this.digits) : Number(this.toString());
  }

  negate(): Numeric {
    if (this.special === "Infinity") return Numeric.minusInfinity;
    if (this.special === "-Infinity") return Numeric.infinity;
    return this.special === undefined ? new Numeric(-this.digits, this.scale) : this;
  }

  abs(): Numeric {
    return this.sign < 0 ? this.negate() : this;
  }

  /** To so many decimals, half away from zero; a negative scale rounds before the point. */
  round(scale: number): Numeric {
    if (this.special !== undefined) return this;
    const to = Math.min(Math.max(scale, -scaleMax * 8), scaleMax);
    if (to >= this.scale) return new Numeric(this.digits * pow10(to - this.scale), to);
    const divided = divideRounded(this.digits, pow10(this.scale - to));
    return to >= 0 ? new Numeric(divided, to) : new Numeric(divided * pow10(-to), 0);
  }

  truncate(scale: number): Numeric {
    if (this.special !== undefined) return this;
    const to = Math.min(Math.max(scale, -scaleMax * 8), scaleMax);
    if (to >= this.scale) return new Numeric(this.digits * pow10(to - this.scale), to);
    const divided = this.digits / pow10(this.scale - to);
    return to >= 0 ? new Numeric(divided, to) : new Numeric(divided * pow10(-to), 0);
  }

  floor(): Numeric {
    const whole = this.truncate(0);
    return this.special === undefined && this.digits < 0n && compareNumeric(whole, this) !== 0
      ? new Numeric(whole.digits - 1n, 0)
      : whole;
  }

  ceil(): Numeric {
    return this.negate().floor().negate();
  }

  /** Without trailing zeros of the fraction. */
  trim(): Numeric {
    let { digits, scale } = this;
    while (scale > 0 && digits % 10n === 0n) {
      digits /= 10n;
      scale--;
    }
    return this.special === undefined ? new Numeric(digits, scale) : this;
  }

  /** A text that equal numbers share. */
  get key(): string {
    return this.special ?? this.trim().toString();
  }
}

function specialOrRadix(text: string): Numeric | undefined {
  const lower = text.toLowerCase();
  if (lower === "nan") return Numeric.nan;
  if (/^\+?inf(inity)?$/.test(lower)) return Numeric.infinity;
  if (/^-inf(inity)?$/.test(lower)) return Numeric.minusInfinity;
  const radix = /^([+-]?)(0x[0-9a-f]+(?:_[0-9a-f]+)*|0o[0-7]+(?:_[0-7]+)*|0b[01]+(?:_[01]+)*)$/.exec(lower);
  if (radix === null) return undefined;
  const value = BigInt(radix[2]!.replaceAll("_", ""));
  return new Numeric(radix[1] === "-" ? -value : value, 0);
}

/** Rounds what has too many decimals, refuses what has too many digits. */
export function checked(value: Numeric): Numeric {
  const fitting = value.scale > scaleMax ? value.round(scaleMax) : value;
  const { digits } = fitting;
  if (digits > limit || digits < -limit) {
    const length = (digits < 0n ? -digits : digits).toString().length - fitting.scale;
    if (length > 131_072) throw outOfRange("value overflows numeric format");
  }
  return fitting;
}
const limit = 10n ** 131_072n;

export function compareNumeric(a: Numeric, b: Numeric): number {
  if (a.special !== undefined || b.special !== undefined) return rank(a) - rank(b);
  if (a.scale === b.scale) return a.digits < b.digits ? -1 : a.digits > b.digits ? 1 : 0;
  const x = a.scale < b.scale ? a.digits * pow10(b.scale - a.scale) : a.digits;
  const y = b.scale < a.scale ? b.digits * pow10(a.scale - b.scale) : b.digits;
  return x < y ? -1 : x > y ? 1 : 0;
}

function rank(value: Numeric): number {
  if (value.special === undefined) return 1;
  return value.special === "-Infinity" ? 0 : value.special === "Infinity" ? 2 : 3;
}

export function addNumeric(a: Numeric, b: Numeric): Numeric {
  if (a.special !== undefined || b.special !== undefined) {
    if (a.isNaN || b.isNaN) return Numeric.nan;
    if (a.special !== undefined && b.special !== undefined && a.special !== b.special) return Numeric.nan;
    return a.special !== undefined ? a : b;
  }
  const scale = Math.max(a.scale, b.scale);
  return checked(new Numeric(a.digits * pow10(scale - a.scale) + b.digits * pow10(scale - b.scale), scale));
}

export function subtractNumeric(a: Numeric, b: Numeric): Numeric {
  return addNumeric(a, b.negate());
}

export function multiplyNumeric(a: Numeric, b: Numeric): Numeric {
  if (a.special !== undefined || b.special !== undefined) {
    if (a.isNaN || b.isNaN || a.sign === 0 || b.sign === 0) return Numeric.nan;
    return a.sign === b.sign ? Numeric.infinity : Numeric.minusInfinity;
  }
  return checked(new Numeric(a.digits * b.digits, a.scale + b.scale));
}

/** The weight and first digit of the representation in base 10,000, which scale rules are told in. */
function leading(value: Numeric): { weight: number; first: number; second: number; count: number } {
  const digits = value.digits < 0n ? -value.digits : value.digits;
  if (digits === 0n) return { weight: 0, first: 0, second: 0, count: 0 };
  const text = digits.toString();
  // The decimal exponent of the first digit, and from it the base-10,000 group that it is in.
  const exponent = text.length - 1 - value.scale;
  const weight = Math.floor(exponent / 4);
  const firstLength = exponent - weight * 4 + 1;
  const padded = text.padEnd(firstLength + 4, "0");
  const rest = text.slice(firstLength).replace(/0+$/, "");
  return {
    weight,
    first: Number(padded.slice(0, firstLength)),
    second: Number(padded.slice(firstLength, firstLength + 4)),
    count: 1 + Math.ceil(rest.length / 4),
  };
}

function clampScale(scale: number, ...atLeast: number[]): number {
  return Math.min(Math.max(scale, ...atLeast, 0), displayScaleMax);
}

export function divisionScale(a: Numeric, b: Numeric): number {
  const x = leading(a);
  const y = leading(b);
  const quotientWeight = x.weight - y.weight - (x.first <= y.first ? 1 : 0);
  return clampScale(significantMin - quotientWeight * 4, a.scale, b.scale);
}

export function divideNumeric(a: Numeric, b: Numeric): Numeric {
  if (a.special !== undefined || b.special !== undefined) {
    if (a.isNaN || b.isNaN) return Numeric.nan;
    if (a.special !== undefined) {
      if (b.special !== undefined) return Numeric.nan;
      if (b.sign === 0) throw divisionByZero();
      return a.sign === b.sign ? Numeric.infinity : Numeric.minusInfinity;
    }
    return Numeric.zero;
  }
  if (b.digits === 0n) throw divisionByZero();
  const scale = divisionScale(a, b);
  return divideToScale(a, b, scale);
}

export function divideToScale(a: Numeric, b: Numeric, scale: number): Numeric {
  const shift = scale - a.scale + b.scale;
  return shift >= 0
    ? new Numeric(divideRounded(a.digits * pow10(shift), b.digits), scale)
    : new Numeric(divideRounded(a.digits, b.digits * pow10(-shift)), scale);
}

/** The quotient without its fraction. */
export function divideTruncated(a: Numeric, b: Numeric): Numeric {
  if (a.special !== undefined || b.special !== undefined) return divideNumeric(a, b);
  if (b.digits === 0n) throw divisionByZero();
  const scale = Math.max(a.scale, b.scale);
  return new Numeric((a.digits * pow10(scale - a.scale)) / (b.digits * pow10(scale - b.scale)), 0);
}

export function moduloNumeric(a: Numeric, b: Numeric): Numeric {
  if (a.special !== undefined || b.special !== undefined) {
    if (a.isNaN || b.isNaN) return Numeric.nan;
    if (a.special !== undefined) {
      if (b.sign === 0) throw divisionByZero();
      return Numeric.nan;
    }
    return a;
  }
  if (b.digits === 0n) throw divisionByZero();
  const scale = Math.max(a.scale, b.scale);
  return new Numeric((a.digits * pow10(scale - a.scale)) % (b.digits * pow10(scale - b.scale)), scale);
}

/** Applies `numeric(precision, scale)`. @throws PgError 22003 */
export function applyNumericTypmod(value: Numeric, typmod: number): Numeric {
  if (typmod < 4) return value;
  const { precision, scale } = numericTypmod(typmod);
  if (value.special !== undefined) {
    if (value.isNaN) return value;
    throw new PgError("22003", "numeric field overflow", {
      detail: `A field with precision ${precision}, scale ${scale} cannot hold an infinite value.`,
    });
  }
  const rounded = value.round(scale);
  const magnitude = rounded.digits < 0n ? -rounded.digits : rounded.digits;
  const limitDigits = precision - scale + rounded.scale;
  if (limitDigits < 0 ? magnitude !== 0n : magnitude >= pow10(limitDigits)) {
    throw new PgError("22003", "numeric field overflow", {
      detail: `A field with precision ${precision}, scale ${scale} must round to an absolute value less than ${
        precision - scale === 0 ? "1" : `10^${precision - scale}`
      }.`,
    });
  }
  return rounded;
}

export function numericTypmod(typmod: number): { precision: number; scale: number } {
  const packed = typmod - 4;
  return { precision: (packed >> 16) & 0xffff, scale: ((packed & 0x7ff) ^ 1024) - 1024 };
}

function integerSquareRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let x = 1n << BigInt((value.toString(2).length + 1) >> 1);
  while (true) {
    const next = (x + value / x) >> 1n;
    if (next >= x) return x;
    x = next;
  }
}

export function sqrtNumeric(value: Numeric): Numeric {
  if (value.special === "NaN" || value.special === "Infinity") return value;
  if (value.sign < 0) throw new PgError("2201F", "cannot take square root of a negative number");
  const { weight } = leading(value);
  const rootWeight = weight >= 0 ? Math.trunc((weight * 4) / 2) + 1 : 1 - Math.trunc((1 - weight * 4) / 2);
  const scale = clampScale(significantMin - rootWeight, value.scale);
  const shift = 2 * (scale + 1) - value.scale;
  const scaled = shift >= 0 ? value.digits * pow10(shift) : value.digits / pow10(-shift);
  return new Numeric(divideRounded(integerSquareRoot(scaled), 10n), scale);
}

/** log10 of the number and its weight, roughly, as PostgreSQL estimates how many digits a logarithm has. */
function lnWeight(value: Numeric): number {
  const nine = new Numeric(9n, 1);
  const eleven = new Numeric(11n, 1);
  if (compareNumeric(value, nine) >= 0 && compareNumeric(value, eleven) <= 0) {
    const { weight, first, count } = leading(subtractNumeric(value, Numeric.one));
    return count > 0 ? weight * 4 + Math.trunc(Math.log10(first)) : 0;
  }
  const { weight, first, second, count } = leading(value);
  if (count === 0) return 0;
  const [digits, decimals] = count > 1 ? [first * 10_000 + second, weight * 4 - 4] : [first, weight * 4];
  return Math.trunc(Math.log10(Math.abs(Math.log(digits) + decimals * Math.LN10)));
}

/** ln of `value`, a positive number, as an integer of `scale` decimals; the last few may be off. */
function lnFixed(value: Numeric, scale: number): bigint {
  const one = pow10(scale);
  let x =
    scale >= value.scale
      ? value.digits * pow10(scale - value.scale)
      : value.digits / pow10(value.scale - scale);
  // Small numbers keep their digits: shift by powers of ten first.
  let tens = 0;
  const length = value.digits.toString().length - value.scale;
  if (length < -2 || length > 3) {
    tens = length;
    const to = scale - value.scale - length;
    x = to >= 0 ? value.digits * pow10(to) : value.digits / pow10(-to);
  }
  let doublings = 0n;
  while (x > (one * 11n) / 10n || x < (one * 9n) / 10n) {
    x = integerSquareRoot(x * one);
    doublings++;
  }
  // ln x = 2 artanh((x - 1) / (x + 1))
  const z = ((x - one) * one) / (x + one);
  const square = (z * z) / one;
  let term = z;
  let sum = z;
  for (let k = 3n; term !== 0n; k += 2n) {
    term = (term * square) / one;
    sum += term / k;
  }
  const result = (sum * 2n) << doublings;
  return tens === 0 ? result : result + BigInt(tens) * lnTen(scale);
}

const lnTens = new Map<number, bigint>();
function lnTen(scale: number): bigint {
  let known = lnTens.get(scale);
  if (known === undefined) {
    known = lnFixed(new Numeric(10n, 0), scale + 5) / 100_000n;
    if (lnTens.size < 100) lnTens.set(scale, known);
  }
  return known;
}

export function lnNumeric(value: Numeric): Numeric {
  if (value.special === "NaN" || value.special === "Infinity") return value;
  if (value.sign === 0) throw new PgError("2201E", "cannot take logarithm of zero");
  if (value.sign < 0) throw new PgError("2201E", "cannot take logarithm of a negative number");
  const scale = clampScale(significantMin - lnWeight(value), value.scale);
  return new Numeric(divideRounded(lnFixed(value, scale + 20), pow10(20)), scale);
}

/** The logarithm to any base. */
export function logNumeric(base: Numeric, value: Numeric): Numeric {
  for (const argument of [base, value]) {
    if (argument.special === undefined && argument.sign === 0)
      throw new PgError("2201E", "cannot take logarithm of zero");
    if (argument.sign < 0) throw new PgError("2201E", "cannot take logarithm of a negative number");
  }
  if (base.isNaN || value.isNaN) return Numeric.nan;
  if (base.special !== undefined) return value.special !== undefined ? Numeric.nan : Numeric.zero;
  if (value.special !== undefined) return value;
  const weight = lnWeight(value) - lnWeight(base);
  const scale = clampScale(significantMin - weight, base.scale, value.scale);
  const working = scale + 30;
  const divisor = lnFixed(base, working);
  if (divisor === 0n) throw divisionByZero();
  return new Numeric(divideRounded(lnFixed(value, working) * pow10(scale), divisor), scale);
}

/** e to the power of `x / 10^scale`, as an integer of `scale` decimals. */
function expFixed(x: bigint, scale: number): bigint {
  const one = pow10(scale);
  let halvings = 0n;
  let reduced = x;
  while (reduced > one / 100n || reduced < -one / 100n) {
    reduced >>= 1n;
    halvings++;
  }
  let term = one;
  let sum = one;
  for (let k = 1n; term !== 0n; k++) {
    term = (term * reduced) / (one * k);
    sum += term;
    if (k > 1000n) break;
  }
  for (let i = 0n; i < halvings; i++) sum = (sum * sum) / one;
  return sum;
}

function expToScale(exponent: Numeric, scale: number, magnitude: number): Numeric {
  // Squaring loses digits in proportion to the size of the result.
  const working = Math.max(scale + 40 + Math.max(0, Math.ceil(magnitude)) * 2, exponent.scale + 20);
  const x = exponent.digits * pow10(working - exponent.scale);
  const value = expFixed(x < 0n ? -x : x, working);
  const result = x < 0n ? pow10(2 * working) / value : value;
  return checked(new Numeric(divideRounded(result, pow10(working - scale)), scale));
}

export function expNumeric(value: Numeric): Numeric {
  if (value.special !== undefined) return value.special === "-Infinity" ? Numeric.zero : value;
  const magnitude = value.toNumber() * Math.LOG10E;
  if (magnitude > 131_072) throw outOfRange("value overflows numeric format");
  const scale = clampScale(
    significantMin - Math.trunc(Math.max(-2000, Math.min(2000, magnitude))),
    value.scale,
  );
  if (magnitude < -2000) return new Numeric(0n, scale);
  return expToScale(value, scale, Math.abs(magnitude));
}

export function powerNumeric(base: Numeric, exponent: Numeric): Numeric {
  const special = specialPower(base, exponent);
  if (special !== undefined) return special;
  if (base.sign === 0 && exponent.sign < 0)
    throw new PgError("2201F", "zero raised to a negative power is undefined");
  const whole = exponent.truncate(0);
  const isWhole = compareNumeric(whole, exponent) === 0;
  if (base.sign < 0 && !isWhole)
    throw new PgError("2201F", "a negative number raised to a non-integer power yields a complex result");
  if (isWhole && whole.digits < 2147483648n && whole.digits > -2147483649n)
    return integerPower(base, Number(whole.digits), exponent.scale);
  if (base.sign === 0) return new Numeric(0n, significantMin);
  const magnitudeBase = base.abs();
  const lnScale =
    Math.max(significantMin - lnWeight(magnitudeBase), 0) + 40 + exponent.digits.toString().length;
  const ln = new Numeric(lnFixed(magnitudeBase, lnScale), lnScale);
  const product = multiplyNumeric(ln, exponent);
  const magnitude = product.toNumber() * Math.LOG10E;
  if (magnitude > 131_072) throw outOfRange("value overflows numeric format");
  const scale = clampScale(
    significantMin - Math.trunc(Math.max(-2000, magnitude)),
    base.scale,
    exponent.scale,
  );
  if (magnitude < -2000) return new Numeric(0n, scale);
  const result = expToScale(product, scale, Math.abs(magnitude));
  return base.sign < 0 && whole.digits % 2n !== 0n ? result.negate() : result;
}

function specialPower(base: Numeric, exponent: Numeric): Numeric | undefined {
  if (base.special === undefined && exponent.special === undefined) return undefined;
  const isOne = base.special === undefined && compareNumeric(base, Numeric.one) === 0;
  if (base.isNaN) return exponent.special === undefined && exponent.sign === 0 ? Numeric.one : base;
  if (exponent.isNaN) return isOne ? Numeric.one : exponent;
  if (exponent.sign === 0 || isOne) return Numeric.one;
  if (exponent.special !== undefined) {
    const size = base.special !== undefined ? 1 : compareNumeric(base.abs(), Numeric.one);
    if (base.sign === 0 && exponent.sign < 0)
      throw new PgError("2201F", "zero raised to a negative power is undefined");
    if (size === 0) return Numeric.one;
    return size > 0 === exponent.sign > 0 ? Numeric.infinity : Numeric.zero;
  }
  if (exponent.sign < 0) return Numeric.zero;
  if (base.special === "Infinity") return base;
  const whole = exponent.truncate(0);
  if (compareNumeric(whole, exponent) !== 0)
    throw new PgError("2201F", "a negative number raised to a non-integer power yields a complex result");
  return whole.digits % 2n === 0n ? Numeric.infinity : Numeric.minusInfinity;
}

function integerPower(base: Numeric, exponent: number, exponentScale: number): Numeric {
  if (base.sign === 0)
    return exponent === 0
      ? new Numeric(pow10(significantMin), significantMin)
      : new Numeric(0n, clampScale(significantMin, base.scale, exponentScale));
  const text = (base.digits < 0n ? -base.digits : base.digits).toString();
  const lead = text.slice(0, 17);
  const log = Math.log10(Number(lead)) + (text.length - lead.length) - base.scale;
  const magnitude = exponent * log;
  if (magnitude > 131_076) throw outOfRange("value overflows numeric format");
  if (magnitude + 1 < -displayScaleMax) return new Numeric(0n, displayScaleMax);
  const scale = clampScale(significantMin - Math.trunc(magnitude), base.scale, exponentScale);
  if (exponent >= 0) {
    const exactScale = base.scale * exponent;
    if (exactScale < 20_000)
      return checked(new Numeric(base.digits ** BigInt(exponent), exactScale).round(scale));
  } else if (base.scale * -exponent < 20_000 && text.length * -exponent < 20_000) {
    const power = new Numeric(base.digits ** BigInt(-exponent), base.scale * -exponent);
    return divideToScale(Numeric.one, power, scale);
  }
  const lnScale = 60 + String(Math.abs(exponent)).length;
  const product = new Numeric(lnFixed(base.abs(), lnScale) * BigInt(exponent), lnScale);
  const result = expToScale(product, scale, Math.abs(magnitude));
  return base.sign < 0 && exponent % 2 !== 0 ? result.negate() : result;
}
