import * as decimal from "../bson/decimal-arithmetic.ts";
import { Decimal128 } from "../bson/decimal128.ts";
import {
  addNumbers,
  exactInt64,
  int64Min,
  isInt32,
  isInt64,
  isIntegral,
  multiplyNumbers,
  subtractNumbers,
  toDecimal,
  toDouble,
  truncated,
} from "../bson/numbers.ts";
import { isNullish, isNumeric, typeName } from "../bson/types.ts";
import { DateTime, Double, type Numeric, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import * as decimalFunctions from "./decimal-functions.ts";
import { defineFunction } from "./registry.ts";

/** Numbers, and dates where numbers are added to them. */

const anyNumber: readonly [number, number] = [0, Number.POSITIVE_INFINITY];

defineFunction("$add", anyNumber, (values) => {
  let sum: Numeric = 0;
  let date: DateTime | undefined;
  // Doubles are added with what rounding lost, as MongoDB's summation does.
  let isNull = false;
  const numbers: Numeric[] = [];
  for (const value of values) {
    if (isNullish(value)) isNull = true;
    else if (value instanceof DateTime) {
      if (date !== undefined) throw new MongoError(16612, "only one date allowed in an $add expression");
      date = value;
    } else if (isNumeric(value)) numbers.push(value);
    else throw new MongoError(16554, `$add only supports numeric or date types, not ${typeName(value)}`);
  }
  if (isNull) return null;
  for (const number of numbers) sum = addNumbers(sum, number);
  return date === undefined ? sum : dateAfter(date, sum, "$add");
});

/** A date so many milliseconds later; parts of milliseconds are rounded. @throws MongoError 15 */
export function dateAfter(date: DateTime, by: Numeric, name: string): DateTime {
  const ms = roundedInt64(by);
  if (ms === undefined) throw new MongoError(15, `date overflow in ${name}`);
  const result = date.ms + ms;
  if (!isInt64(result)) throw new MongoError(15, `date overflow in ${name}`);
  return new DateTime(result);
}

function roundedInt64(value: Numeric): bigint | undefined {
  if (typeof value === "number" || typeof value === "bigint") return BigInt(value);
  if (value instanceof Double) {
    if (!Number.isFinite(value.value)) return undefined;
    const whole = BigInt(Math.round(Math.abs(value.value))) * (value.value < 0 ? -1n : 1n);
    return isInt64(whole) ? whole : undefined;
  }
  return exactInt64(decimal.toWhole(value, "half even"));
}

defineFunction("$subtract", [2, 2], ([a, b]) => {
  if (isNullish(a) || isNullish(b)) return null;
  if (a instanceof DateTime) {
    if (b instanceof DateTime) {
      const difference = a.ms - b.ms;
      if (!isInt64(difference)) throw new MongoError(15, "date overflow in $subtract");
      return difference;
    }
    if (isNumeric(b)) {
      const ms = roundedInt64(b);
      if (ms === undefined || !isInt64(a.ms - ms)) throw new MongoError(15, "date overflow in $subtract");
      return new DateTime(a.ms - ms);
    }
  }
  if (!isNumeric(a) || !isNumeric(b)) {
    throw new MongoError(14, `can't $subtract ${typeName(b)} from ${typeName(a)}`);
  }
  return subtractNumbers(a, b);
});

defineFunction("$multiply", anyNumber, (values) => {
  let isNull = false;
  let product: Numeric = 1;
  for (const value of values) {
    if (isNullish(value)) isNull = true;
    else if (!isNumeric(value)) {
      throw new MongoError(14, `$multiply only supports numeric types, not ${typeName(value)}`);
    } else if (!isNull) product = multiplyNumbers(product, value);
  }
  return isNull ? null : product;
});

defineFunction("$divide", [2, 2], ([a, b]) => {
  if (isNullish(a) || isNullish(b)) return null;
  if (!isNumeric(a) || !isNumeric(b)) {
    throw new MongoError(14, `$divide only supports numeric types, not ${typeName(a)} and ${typeName(b)}`);
  }
  if (a instanceof Decimal128 || b instanceof Decimal128) {
    const divisor = toDecimal(b);
    if (divisor.isZero) throw new MongoError(2, "can't $divide by zero");
    return decimal.divide(toDecimal(a), divisor);
  }
  const divisor = toDouble(b);
  if (divisor === 0) throw new MongoError(2, "can't $divide by zero");
  return new Double(toDouble(a) / divisor);
});

defineFunction("$mod", [2, 2], ([a, b]) => {
  if (isNullish(a) || isNullish(b)) return null;
  if (!isNumeric(a) || !isNumeric(b)) {
    throw new MongoError(16611, `$mod only supports numeric types, not ${typeName(a)} and ${typeName(b)}`);
  }
  return remainder(a, b);
});

function remainder(a: Numeric, b: Numeric): Numeric {
  const zero = () => new MongoError(16610, "can't $mod by zero");
  if (a instanceof Decimal128 || b instanceof Decimal128) {
    const divisor = toDecimal(b);
    if (divisor.isZero) throw zero();
    return decimal.remainder(toDecimal(a), divisor);
  }
  if (a instanceof Double || b instanceof Double) {
    const divisor = toDouble(b);
    if (divisor === 0) throw zero();
    return new Double(toDouble(a) % divisor);
  }
  if (b === 0 || b === 0n) throw zero();
  if (typeof a === "number" && typeof b === "number") return a % b || 0;
  const result = BigInt(a) % BigInt(b);
  return result;
}

/** A function of one number; null for null. */
function numeric(name: string, apply: (value: Numeric) => Numeric): void {
  defineFunction(name, [1, 1], ([value]) => {
    if (isNullish(value)) return null;
    if (!isNumeric(value)) {
      throw new MongoError(28765, `${name} only supports numeric types, not ${typeName(value)}`);
    }
    return apply(value);
  });
}

numeric("$abs", (value) => {
  if (value instanceof Decimal128) return decimal.absolute(value);
  if (value instanceof Double) return new Double(Math.abs(value.value));
  if (typeof value === "number") {
    return value === -(2 ** 31) ? 2n ** 31n : Math.abs(value);
  }
  if (value === int64Min) throw new MongoError(28680, "can't take $abs of long long min");
  return value < 0n ? -value : value;
});

numeric("$ceil", (value) => {
  if (value instanceof Decimal128) return decimal.toWhole(value, "ceiling");
  return value instanceof Double ? new Double(Math.ceil(value.value)) : value;
});

numeric("$floor", (value) => {
  if (value instanceof Decimal128) return decimal.toWhole(value, "floor");
  return value instanceof Double ? new Double(Math.floor(value.value)) : value;
});

numeric("$exp", (value) =>
  value instanceof Decimal128 ? decimalFunctions.exp(value) : new Double(Math.exp(toDouble(value))),
);

numeric("$ln", (value) => {
  if (value instanceof Decimal128 ? !value.isNaN && decimal.signOf(value) <= 0 : toDouble(value) <= 0) {
    throw new MongoError(28766, `$ln's argument must be a positive number, but is ${toDouble(value)}`);
  }
  return value instanceof Decimal128 ? decimalFunctions.ln(value) : new Double(Math.log(toDouble(value)));
});

numeric("$log10", (value) => {
  if (value instanceof Decimal128 ? !value.isNaN && decimal.signOf(value) <= 0 : toDouble(value) <= 0) {
    throw new MongoError(28761, `$log10's argument must be a positive number, but is ${toDouble(value)}`);
  }
  return value instanceof Decimal128
    ? decimalFunctions.log10(value)
    : new Double(Math.log10(toDouble(value)));
});

numeric("$sqrt", (value) => {
  if (value instanceof Decimal128 ? decimal.signOf(value) < 0 : toDouble(value) < 0) {
    throw new MongoError(28714, "$sqrt's argument must be greater than or equal to 0");
  }
  return value instanceof Decimal128 ? decimalFunctions.sqrt(value) : new Double(Math.sqrt(toDouble(value)));
});

numeric("$sigmoid", (value) =>
  value instanceof Decimal128
    ? decimal.divide(toDecimal(1), decimal.add(toDecimal(1), decimalFunctions.exp(decimal.negate(value))))
    : new Double(1 / (1 + Math.exp(-toDouble(value)))),
);

defineFunction("$log", [2, 2], ([value, base]) => {
  if (isNullish(value) || isNullish(base)) return null;
  if (!isNumeric(value)) {
    throw new MongoError(28756, `$log's argument must be numeric, not ${typeName(value)}`);
  }
  if (!isNumeric(base)) throw new MongoError(28757, `$log's base must be numeric, not ${typeName(base)}`);
  const [x, b] = [toDouble(value), toDouble(base)];
  if (x <= 0 && !Number.isNaN(x)) {
    throw new MongoError(28758, `$log's argument must be a positive number, but is ${x}`);
  }
  if (b <= 0 || b === 1) {
    throw new MongoError(28759, `$log's base must be a positive number not equal to 1, but is ${b}`);
  }
  if (value instanceof Decimal128 || base instanceof Decimal128) {
    return decimal.divide(decimalFunctions.ln(toDecimal(value)), decimalFunctions.ln(toDecimal(base)));
  }
  return new Double(Math.log(x) / Math.log(b));
});

defineFunction("$pow", [2, 2], ([base, exponent]) => {
  if (isNullish(base) || isNullish(exponent)) return null;
  if (!isNumeric(base)) throw new MongoError(28762, `$pow's base must be numeric, not ${typeName(base)}`);
  if (!isNumeric(exponent)) {
    throw new MongoError(28763, `$pow's exponent must be numeric, not ${typeName(exponent)}`);
  }
  const isBelowZero = exponent instanceof Decimal128 ? decimal.signOf(exponent) < 0 : toDouble(exponent) < 0;
  const isZero = base instanceof Decimal128 ? base.isZero : toDouble(base) === 0;
  if (isZero && isBelowZero) {
    throw new MongoError(28764, "$pow cannot take a base of 0 and a negative exponent");
  }
  if (base instanceof Decimal128 || exponent instanceof Decimal128) {
    return decimalFunctions.pow(toDecimal(base), toDecimal(exponent));
  }
  if (base instanceof Double || exponent instanceof Double) {
    return new Double(toDouble(base) ** toDouble(exponent));
  }
  const isLong = typeof base === "bigint" || typeof exponent === "bigint";
  return integerPower(BigInt(base), BigInt(exponent), isLong);
});

/** An integer where the result is one that fits, else a double. */
function integerPower(base: bigint, exponent: bigint, isLong: boolean): Numeric {
  const typed = (whole: bigint): Numeric => (isLong || !isInt32(whole) ? whole : Number(whole));
  if (exponent < 0n) {
    if (base === 1n) return typed(1n);
    if (base === -1n) return typed(exponent % 2n === 0n ? 1n : -1n);
    return new Double(Number(base) ** Number(exponent));
  }
  if (base === 0n || base === 1n) return typed(exponent === 0n ? 1n : base);
  if (base === -1n) return typed(exponent % 2n === 0n ? 1n : -1n);
  if (exponent > 63n) return new Double(Number(base) ** Number(exponent));
  const result = base ** exponent;
  return isInt64(result) ? typed(result) : new Double(Number(base) ** Number(exponent));
}

function rounding(name: "$round" | "$trunc"): void {
  defineFunction(name, [1, 2], ([value, places]) => {
    if (isNullish(value) || (places !== undefined && isNullish(places))) return null;
    if (!isNumeric(value)) {
      throw new MongoError(51081, `${name} only supports numeric types, not ${typeName(value)}`);
    }
    const digits = placesOf(name, places);
    const mode = name === "$round" ? "half even" : "down";
    if (value instanceof Decimal128) {
      return digits === 0 ? decimal.toWhole(value, mode) : decimal.quantize(value, digits, mode);
    }
    if (value instanceof Double) return new Double(roundDouble(value.value, digits, mode));
    if (digits >= 0) return value;
    const result = truncated(decimal.quantize(toDecimal(value), digits, mode))!;
    if (typeof value === "number") return isInt32(result) ? Number(result) : result;
    if (!isInt64(result)) throw new MongoError(51080, `Overflow in ${name}`);
    return result;
  });
}

function placesOf(name: string, places: Value | undefined): number {
  if (places === undefined) return 0;
  if (!isNumeric(places))
    throw new MongoError(51082, `precision argument to  ${name} must be a integral value`);
  if (!isIntegral(places))
    throw new MongoError(51082, `precision argument to  ${name} must be a integral value`);
  const digits = toDouble(places);
  if (digits < -20 || digits > 100) {
    throw new MongoError(
      51083,
      `cannot apply ${name} with precision value ${digits} value must be in [-20, 100]`,
    );
  }
  return digits;
}

function roundDouble(value: number, digits: number, mode: "half even" | "down"): number {
  if (!Number.isFinite(value)) return value;
  if (digits === 0) {
    if (mode === "down") return Math.trunc(value);
    const floor = Math.floor(value);
    const rest = value - floor;
    if (rest !== 0.5) return rest < 0.5 ? keepZeroSign(floor, value) : keepZeroSign(floor + 1, value);
    return keepZeroSign(floor % 2 === 0 ? floor : floor + 1, value);
  }
  return decimal.quantize(Decimal128.fromDouble(value), digits, mode).toNumber();
}

function keepZeroSign(result: number, value: number): number {
  return result === 0 && value < 0 ? -0 : result;
}

rounding("$round");
rounding("$trunc");

// ---- bits ----------------------------------------------------------------------------------------------------------

function bitwise(name: string, initial: bigint, apply: (a: bigint, b: bigint) => bigint): void {
  defineFunction(name, anyNumber, (values) => {
    let isNull = false;
    let isLong = false;
    let result = initial;
    for (const value of values) {
      if (isNullish(value)) isNull = true;
      else if (typeof value === "number" || typeof value === "bigint") {
        isLong ||= typeof value === "bigint";
        result = apply(result, BigInt(value));
      } else throw new MongoError(14, `${name} only supports int and long operands.`);
    }
    if (isNull) return null;
    return isLong ? BigInt.asIntN(64, result) : Number(BigInt.asIntN(32, result));
  });
}

bitwise("$bitAnd", -1n, (a, b) => a & b);
bitwise("$bitOr", 0n, (a, b) => a | b);
bitwise("$bitXor", 0n, (a, b) => a ^ b);

defineFunction("$bitNot", [1, 1], ([value]) => {
  if (isNullish(value)) return null;
  if (typeof value === "number") return ~value;
  if (typeof value === "bigint") return ~value;
  throw new MongoError(28765, `$bitNot only supports int and long, not ${typeName(value)}.`);
});
