import { Decimal as DecimalLibrary } from "decimal.js";
import { toWhole } from "../bson/decimal-arithmetic.ts";
import { Decimal128 } from "../bson/decimal128.ts";

/** Functions of decimal128 beyond the four operations, computed with more digits than are kept. */

const Decimal = DecimalLibrary.clone({
  precision: 42,
  minE: -9e15,
  maxE: 9e15,
  toExpNeg: -7,
  toExpPos: 40,
});
type DecimalValue = InstanceType<typeof Decimal>;

function toLibrary(value: Decimal128): DecimalValue {
  return new Decimal(value.kind === "finite" ? `${value.signed}e${value.exponent}` : value.toString());
}

function fromLibrary(value: DecimalValue): Decimal128 {
  return Decimal128.parse(value.toString()) ?? Decimal128.nan;
}

function lift(apply: (value: DecimalValue) => DecimalValue): (value: Decimal128) => Decimal128 {
  return (value) => (value.isNaN ? value : fromLibrary(apply(toLibrary(value))));
}

export const ln = lift((value) => value.ln());
export const log10 = lift((value) => value.log(10));
export const sqrt = lift((value) => value.sqrt());
export const sin = lift((value) => value.sin());
export const cos = lift((value) => value.cos());
export const tan = lift((value) => value.tan());
export const asin = lift((value) => value.asin());
export const acos = lift((value) => value.acos());
export const atan = lift((value) => value.atan());
export const sinh = lift((value) => value.sinh());
export const cosh = lift((value) => value.cosh());
export const tanh = lift((value) => value.tanh());
export const asinh = lift((value) => value.asinh());
export const acosh = lift((value) => value.acosh());
export const atanh = lift((value) => value.atanh());

/** Beyond these the result is infinite or zero. */
const exponentMax = 14_150;

export function exp(value: Decimal128): Decimal128 {
  if (value.kind !== "finite") {
    if (value.kind === "infinite" && value.sign < 0) return Decimal128.zero;
    return value;
  }
  const size = value.toNumber();
  if (size > exponentMax) return Decimal128.infinity;
  if (size < -exponentMax - 100) return new Decimal128(1, 0n, -6176);
  return fromLibrary(toLibrary(value).exp());
}

export function atan2(y: Decimal128, x: Decimal128): Decimal128 {
  if (y.isNaN || x.isNaN) return Decimal128.nan;
  return fromLibrary(Decimal.atan2(toLibrary(y), toLibrary(x)));
}

export function pow(base: Decimal128, exponent: Decimal128): Decimal128 {
  if (exponent.isZero) return Decimal128.parse("1")!;
  if (base.isNaN || exponent.isNaN) return Decimal128.nan;
  const wanted = exponent.toNumber();
  if (base.kind === "finite" && !base.isZero) {
    const magnitude = wanted * Math.log10(Math.abs(base.toNumber()));
    const isOdd = toWhole(exponent, "down").coefficient % 2n === 1n && exponent.exponent === 0;
    if (magnitude > 6200) return base.sign < 0 && isOdd ? Decimal128.negativeInfinity : Decimal128.infinity;
    if (magnitude < -6300) return new Decimal128(1, 0n, -6176);
  }
  return fromLibrary(toLibrary(base).pow(toLibrary(exponent)));
}

/** Pi with the digits that a decimal128 has. */
export const pi = Decimal128.parse("3.141592653589793238462643383279503")!;
