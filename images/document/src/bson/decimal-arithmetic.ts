import { Decimal128, digitsMax, exponentMax, exponentMin } from "./decimal128.ts";

/** Arithmetic of decimal128, each result rounded once to 34 digits, half to even. */

export function negate(a: Decimal128): Decimal128 {
  if (a.kind === "nan") return a;
  return new Decimal128(a.sign < 0 ? 1 : -1, a.coefficient, a.exponent, a.kind);
}

export function absolute(a: Decimal128): Decimal128 {
  return a.sign < 0 && a.kind !== "nan" ? negate(a) : a;
}

/** Numbers this many powers of ten apart do not touch each other's digits, and only rounding sees the smaller one. */
const alignMax = 80;

export function add(a: Decimal128, b: Decimal128): Decimal128 {
  if (a.kind === "nan" || b.kind === "nan") return Decimal128.nan;
  if (a.kind === "infinite") return b.kind === "infinite" && a.sign !== b.sign ? Decimal128.nan : a;
  if (b.kind === "infinite") return b;
  const exponent = Math.min(a.exponent, b.exponent);
  if (a.coefficient === 0n && b.coefficient === 0n) {
    return new Decimal128(a.sign < 0 && b.sign < 0 ? -1 : 1, 0n, exponent);
  }
  const [aTop, bTop] = [top(a), top(b)];
  if (a.coefficient !== 0n && b.coefficient !== 0n && Math.abs(aTop - bTop) > alignMax) {
    return far(aTop > bTop ? a : b, aTop > bTop ? b : a);
  }
  if (a.coefficient === 0n || b.coefficient === 0n) {
    const [other, zero] = a.coefficient === 0n ? [b, a] : [a, b];
    // A zero lends its exponent as far as there is room for digits.
    const room = digitsMax - digitsOf(other.coefficient);
    const shift = Math.min(Math.max(0, other.exponent - zero.exponent), room);
    return new Decimal128(other.sign, other.coefficient * 10n ** BigInt(shift), other.exponent - shift);
  }
  const sum =
    a.signed * 10n ** BigInt(a.exponent - exponent) + b.signed * 10n ** BigInt(b.exponent - exponent);
  return Decimal128.rounded(sum < 0n ? -1 : 1, sum < 0n ? -sum : sum, exponent);
}

/** The sum where `small` is below the last digit of `large`. */
function far(large: Decimal128, small: Decimal128): Decimal128 {
  const shift = digitsMax + 3 - digitsOf(large.coefficient);
  const coefficient = large.coefficient * 10n ** BigInt(Math.max(0, shift));
  const nudge = small.sign === large.sign ? 1n : -1n;
  return Decimal128.rounded(large.sign, coefficient + nudge, large.exponent - Math.max(0, shift));
}

export function subtract(a: Decimal128, b: Decimal128): Decimal128 {
  return add(a, negate(b));
}

export function multiply(a: Decimal128, b: Decimal128): Decimal128 {
  if (a.kind === "nan" || b.kind === "nan") return Decimal128.nan;
  const sign = a.sign === b.sign ? 1 : -1;
  if (a.kind === "infinite" || b.kind === "infinite") {
    if (a.isZero || b.isZero) return Decimal128.nan;
    return sign < 0 ? Decimal128.negativeInfinity : Decimal128.infinity;
  }
  return Decimal128.rounded(sign, a.coefficient * b.coefficient, a.exponent + b.exponent);
}

export function divide(a: Decimal128, b: Decimal128): Decimal128 {
  if (a.kind === "nan" || b.kind === "nan") return Decimal128.nan;
  const sign = a.sign === b.sign ? 1 : -1;
  if (a.kind === "infinite") {
    if (b.kind === "infinite") return Decimal128.nan;
    return sign < 0 ? Decimal128.negativeInfinity : Decimal128.infinity;
  }
  if (b.kind === "infinite") return new Decimal128(sign, 0n, exponentMin);
  if (b.coefficient === 0n) {
    if (a.coefficient === 0n) return Decimal128.nan;
    return sign < 0 ? Decimal128.negativeInfinity : Decimal128.infinity;
  }
  const ideal = a.exponent - b.exponent;
  if (a.coefficient === 0n) return Decimal128.rounded(sign, 0n, ideal);
  const shift = Math.max(0, digitsMax + 2 + digitsOf(b.coefficient) - digitsOf(a.coefficient));
  const dividend = a.coefficient * 10n ** BigInt(shift);
  let quotient = dividend / b.coefficient;
  const isInexact = quotient * b.coefficient !== dividend;
  let exponent = ideal - shift;
  // An exact quotient has the exponent nearest to the ideal one.
  if (!isInexact) {
    while (exponent < ideal && quotient % 10n === 0n) {
      quotient /= 10n;
      exponent += 1;
    }
  }
  return Decimal128.rounded(sign, quotient, exponent, isInexact);
}

/** The remainder with the sign of `a`, as `fmod` gives it. */
export function remainder(a: Decimal128, b: Decimal128): Decimal128 {
  if (a.kind !== "finite" || b.kind === "nan" || b.isZero) return Decimal128.nan;
  if (b.kind === "infinite") return a;
  const exponent = Math.min(a.exponent, b.exponent);
  const left = a.coefficient * 10n ** BigInt(a.exponent - exponent);
  const right = b.coefficient * 10n ** BigInt(b.exponent - exponent);
  return Decimal128.rounded(a.sign, left % right, exponent);
}

export type Rounding = "half even" | "down" | "floor" | "ceiling";

/** Rounds to a number of digits after the point (negative: before it). */
export function quantize(a: Decimal128, places: number, rounding: Rounding): Decimal128 {
  if (a.kind !== "finite") return a;
  const target = -places;
  if (a.exponent >= target) {
    const room = digitsMax - digitsOf(a.coefficient);
    const shift = a.exponent - target;
    if (a.coefficient === 0n) return new Decimal128(a.sign, 0n, clampExponent(target));
    if (shift <= room) return new Decimal128(a.sign, a.coefficient * 10n ** BigInt(shift), target);
    return a;
  }
  const drop = target - a.exponent;
  const divisor = 10n ** BigInt(Math.min(drop, 10_000));
  const rest = a.coefficient % divisor;
  let kept = a.coefficient / divisor;
  const half = divisor / 2n;
  const isUp =
    rounding === "half even"
      ? rest > half || (rest === half && kept % 2n === 1n)
      : rest !== 0n && ((rounding === "ceiling" && a.sign > 0) || (rounding === "floor" && a.sign < 0));
  if (isUp) kept += 1n;
  return Decimal128.rounded(a.sign, kept, target);
}

/** The whole number below, above or nearest. Whole numbers stay as they are. */
export function toWhole(a: Decimal128, rounding: Rounding): Decimal128 {
  return a.kind !== "finite" || a.exponent >= 0 ? a : quantize(a, 0, rounding);
}

/** As a whole number, cut off towards zero; undefined for what has none. */
export function toBigInt(a: Decimal128): bigint | undefined {
  if (a.kind !== "finite") return undefined;
  if (a.exponent >= 0)
    return a.exponent > 60 && a.coefficient !== 0n ? undefined : a.signed * 10n ** BigInt(a.exponent);
  if (-a.exponent > 60) return 0n;
  return a.signed / 10n ** BigInt(-a.exponent);
}

export function isWhole(a: Decimal128): boolean {
  if (a.kind !== "finite") return false;
  if (a.exponent >= 0 || a.coefficient === 0n) return true;
  if (-a.exponent > digitsMax) return false;
  return a.coefficient % 10n ** BigInt(-a.exponent) === 0n;
}

/** -1, 0, 1; both finite. */
export function compareFinite(a: Decimal128, b: Decimal128): number {
  if (a.coefficient === 0n && b.coefficient === 0n) return 0;
  const [aSign, bSign] = [a.coefficient === 0n ? 0 : a.sign, b.coefficient === 0n ? 0 : b.sign];
  if (aSign !== bSign) return aSign < bSign ? -1 : 1;
  const [aTop, bTop] = [top(a), top(b)];
  if (aTop !== bTop) return aTop < bTop ? -aSign : aSign;
  const exponent = Math.min(a.exponent, b.exponent);
  const left = a.coefficient * 10n ** BigInt(a.exponent - exponent);
  const right = b.coefficient * 10n ** BigInt(b.exponent - exponent);
  return left === right ? 0 : left < right ? -aSign : aSign;
}

export function digitsOf(coefficient: bigint): number {
  return coefficient === 0n ? 1 : coefficient.toString().length;
}

/** The power of ten of the first digit. */
function top(a: Decimal128): number {
  return a.exponent + digitsOf(a.coefficient) - 1;
}

function clampExponent(exponent: number): number {
  return Math.min(Math.max(exponent, exponentMin), exponentMax);
}

/** -1, 0 or 1; NaN counts as 1, as it is neither zero nor below. */
export function signOf(a: Decimal128): number {
  if (a.kind === "nan") return 1;
  return a.isZero ? 0 : a.sign;
}
