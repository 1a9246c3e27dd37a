import * as decimal from "./decimal-arithmetic.ts";
import { Decimal128 } from "./decimal128.ts";
import { isNumeric } from "./types.ts";
import { BsonUndefined, Double, type Numeric, type Value } from "./values.ts";

/** MongoDB's arithmetic: the result has the wider of the types, and int32 becomes int64 where it does not fit. */

export const int32Min = -(2 ** 31);
export const int32Max = 2 ** 31 - 1;
export const int64Min = -(2n ** 63n);
export const int64Max = 2n ** 63n - 1n;

export function toDouble(value: Numeric): number {
  if (typeof value === "number") return value;
  if (value instanceof Double) return value.value;
  return typeof value === "bigint" ? Number(value) : value.toNumber();
}

export function toDecimal(value: Numeric): Decimal128 {
  if (value instanceof Decimal128) return value;
  if (typeof value === "bigint") return Decimal128.fromBigInt(value);
  return typeof value === "number"
    ? Decimal128.fromBigInt(BigInt(value))
    : Decimal128.fromDouble(value.value);
}

export function isInt32(value: number | bigint): boolean {
  return value >= int32Min && value <= int32Max;
}

export function isInt64(value: bigint): boolean {
  return value >= int64Min && value <= int64Max;
}

/** The integer as an int32 when it fits and `isWide` does not ask for more; a double when it is beyond int64. */
export function integer(value: bigint, isWide: boolean): Numeric {
  if (!isWide && isInt32(value)) return Number(value);
  return isInt64(value) ? value : new Double(Number(value));
}

function binary(
  a: Numeric,
  b: Numeric,
  integers: (a: bigint, b: bigint) => bigint,
  doubles: (a: number, b: number) => number,
  decimals: (a: Decimal128, b: Decimal128) => Decimal128,
): Numeric {
  if (typeof a === "number" && typeof b === "number") {
    const result = doubles(a, b);
    if (Number.isSafeInteger(result)) return isInt32(result) ? result + 0 || 0 : BigInt(result);
    return integer(integers(BigInt(a), BigInt(b)), true);
  }
  if (a instanceof Decimal128 || b instanceof Decimal128) return decimals(toDecimal(a), toDecimal(b));
  if (a instanceof Double || b instanceof Double) return new Double(doubles(toDouble(a), toDouble(b)));
  const result = integers(BigInt(a), BigInt(b));
  return integer(result, true);
}

export function addNumbers(a: Numeric, b: Numeric): Numeric {
  return binary(
    a,
    b,
    (x, y) => x + y,
    (x, y) => x + y,
    decimal.add,
  );
}

export function subtractNumbers(a: Numeric, b: Numeric): Numeric {
  return binary(
    a,
    b,
    (x, y) => x - y,
    (x, y) => x - y,
    decimal.subtract,
  );
}

export function multiplyNumbers(a: Numeric, b: Numeric): Numeric {
  return binary(
    a,
    b,
    (x, y) => x * y,
    (x, y) => x * y,
    decimal.multiply,
  );
}

/** Whether a number is whole; NaN and the infinities are not. */
export function isIntegral(value: Numeric): boolean {
  if (typeof value === "number" || typeof value === "bigint") return true;
  return value instanceof Double ? Number.isInteger(value.value) : decimal.isWhole(value);
}

/** A number's whole part as a bigint; undefined for NaN and the infinities. */
export function truncated(value: Numeric): bigint | undefined {
  if (typeof value === "number") return BigInt(value);
  if (typeof value === "bigint") return value;
  if (value instanceof Double)
    return Number.isFinite(value.value) ? BigInt(Math.trunc(value.value)) : undefined;
  return decimal.toBigInt(value);
}

/** A whole number that fits into int32 as a JavaScript number; undefined for anything else. */
export function exactInt32(value: Value | undefined): number | undefined {
  if (!isNumeric(value) || !isIntegral(value)) return undefined;
  const whole = truncated(value);
  return whole !== undefined && isInt32(whole) ? Number(whole) : undefined;
}

export function exactInt64(value: Value | undefined): bigint | undefined {
  if (!isNumeric(value) || !isIntegral(value)) return undefined;
  const whole = truncated(value);
  return whole !== undefined && isInt64(whole) ? whole : undefined;
}

export function isNaNValue(value: Value | undefined): boolean {
  return (
    (value instanceof Double && Number.isNaN(value.value)) || (value instanceof Decimal128 && value.isNaN)
  );
}

export function isInfinite(value: Value | undefined): boolean {
  if (value instanceof Double) return Math.abs(value.value) === Number.POSITIVE_INFINITY;
  return value instanceof Decimal128 && value.kind === "infinite";
}

/** What a value is taken for where a condition is: everything but false, zero, null and what is not there. */
export function isTruthy(value: Value | undefined): boolean {
  if (typeof value === "boolean") return value;
  if (value === undefined || value === null) return false;
  if (typeof value === "number") return value !== 0;
  if (typeof value === "bigint") return value !== 0n;
  if (value instanceof Double) return value.value !== 0;
  if (value instanceof Decimal128) return !value.isZero;
  return !(value instanceof BsonUndefined);
}
