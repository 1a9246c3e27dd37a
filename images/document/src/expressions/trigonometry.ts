import { divide, multiply } from "../bson/decimal-arithmetic.ts";
import { Decimal128 } from "../bson/decimal128.ts";
import { isNaNValue, toDecimal, toDouble } from "../bson/numbers.ts";
import { isNullish, isNumeric, typeName } from "../bson/types.ts";
import { Double } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import * as decimals from "./decimal-functions.ts";
import { defineFunction } from "./registry.ts";

/** Functions of angles, in radians. */

const any = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
const finite = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, isOpen: true };
const unit = { low: -1, high: 1 };

const functions: readonly (readonly [
  string,
  (x: number) => number,
  (x: Decimal128) => Decimal128,
  { readonly low: number; readonly high: number; readonly isOpen?: boolean },
])[] = [
  ["$sin", Math.sin, decimals.sin, finite],
  ["$cos", Math.cos, decimals.cos, finite],
  ["$tan", Math.tan, decimals.tan, finite],
  ["$asin", Math.asin, decimals.asin, unit],
  ["$acos", Math.acos, decimals.acos, unit],
  ["$atan", Math.atan, decimals.atan, any],
  ["$sinh", Math.sinh, decimals.sinh, any],
  ["$cosh", Math.cosh, decimals.cosh, any],
  ["$tanh", Math.tanh, decimals.tanh, any],
  ["$asinh", Math.asinh, decimals.asinh, any],
  ["$acosh", Math.acosh, decimals.acosh, { low: 1, high: Number.POSITIVE_INFINITY }],
  ["$atanh", Math.atanh, decimals.atanh, unit],
];

for (const [name, double, decimal, { low, high, isOpen = false }] of functions) {
  defineFunction(name, [1, 1], ([value]) => {
    if (isNullish(value)) return null;
    if (!isNumeric(value))
      throw new MongoError(28765, `${name} only supports numeric types, not ${typeName(value)}`);
    const number = toDouble(value);
    const isOutside = isOpen ? Math.abs(number) === Number.POSITIVE_INFINITY : number < low || number > high;
    if (!isNaNValue(value) && isOutside) {
      throw new MongoError(
        50989,
        `cannot apply ${name} to ${number}, value must be in ${isOpen ? "(" : "["}${low},${high}${isOpen ? ")" : "]"}`,
      );
    }
    return value instanceof Decimal128 ? decimal(value) : new Double(double(number));
  });
}

defineFunction("$atan2", [2, 2], ([y, x]) => {
  if (isNullish(y) || isNullish(x)) return null;
  for (const value of [y, x]) {
    if (!isNumeric(value))
      throw new MongoError(51044, `$atan2 only supports numeric types, not ${typeName(value)}`);
  }
  if (!isNumeric(y) || !isNumeric(x)) return null;
  if (y instanceof Decimal128 || x instanceof Decimal128) return decimals.atan2(toDecimal(y), toDecimal(x));
  return new Double(Math.atan2(toDouble(y), toDouble(x)));
});

const halfTurn = Decimal128.parse("180")!;

for (const [name, double, decimal] of [
  [
    "$degreesToRadians",
    (x: number) => (x * Math.PI) / 180,
    (x: Decimal128) => multiply(x, divide(decimals.pi, halfTurn)),
  ],
  [
    "$radiansToDegrees",
    (x: number) => (x * 180) / Math.PI,
    (x: Decimal128) => multiply(x, divide(halfTurn, decimals.pi)),
  ],
] as const) {
  defineFunction(name, [1, 1], ([value]) => {
    if (isNullish(value)) return null;
    if (!isNumeric(value))
      throw new MongoError(28765, `${name} only supports numeric types, not ${typeName(value)}`);
    return value instanceof Decimal128 ? decimal(value) : new Double(double(toDouble(value)));
  });
}
