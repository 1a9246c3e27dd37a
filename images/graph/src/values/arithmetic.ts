import { arithmeticError, type CypherError, typeError } from "../errors.ts";
import { addDuration, addDurations, scaleDuration } from "./duration.ts";
import { DurationValue, isTemporal } from "./temporal.ts";
import { textOf } from "./text.ts";
import { typeName } from "./type-names.ts";
import { int64Max, int64Min, isList, type Value } from "./types.ts";

function checked(result: bigint, describe: () => string): bigint {
  if (result < int64Min || result > int64Max) throw arithmeticError(`long overflow: ${describe()}`, "22003");
  return result;
}

function cannot(operation: string, a: Value, b: Value): CypherError {
  return typeError(`Cannot ${operation} \`${typeName(a)}\` and \`${typeName(b)}\``);
}

function isNumber(value: Value): value is number | bigint {
  return typeof value === "bigint" || typeof value === "number";
}

/** @throws CypherError of every operation: TypeError, ArithmeticError */
export function add(a: Value, b: Value): Value {
  if (typeof a === "bigint" && typeof b === "bigint") return checked(a + b, () => `${a} + ${b}`);
  if (isList(a)) return isList(b) ? [...a, ...b] : b === null ? null : [...a, b];
  if (isList(b)) return a === null ? null : [a, ...b];
  if (a === null || b === null) return null;
  if (isNumber(a) && isNumber(b)) return Number(a) + Number(b);
  if (typeof a === "string" || typeof b === "string") {
    const [x, y] = [textOf(a), textOf(b)];
    if (x !== undefined && y !== undefined && typeof a !== "boolean" && typeof b !== "boolean") return x + y;
    throw cannot("add", a, b);
  }
  if (a instanceof DurationValue) {
    if (b instanceof DurationValue) return addDurations(a, b, 1);
    if (isTemporal(b)) return addDuration(b, a, 1);
  }
  if (isTemporal(a) && b instanceof DurationValue) return addDuration(a, b, 1);
  throw cannot("add", a, b);
}

/** `||`: strings or lists, nothing else. */
export function concatenate(a: Value, b: Value): Value {
  if (a === null || b === null) return null;
  if ((typeof a === "string" && typeof b === "string") || (isList(a) && isList(b))) return add(a, b);
  throw cannot("concatenate", a, b);
}

export function subtract(a: Value, b: Value): Value {
  if (typeof a === "bigint" && typeof b === "bigint") return checked(a - b, () => `${a} - ${b}`);
  if (a === null || b === null) return null;
  if (isNumber(a) && isNumber(b)) return Number(a) - Number(b);
  if (b instanceof DurationValue) {
    if (a instanceof DurationValue) return addDurations(a, b, -1);
    if (isTemporal(a)) return addDuration(a, b, -1);
  }
  throw cannot("subtract", a, b);
}

export function multiply(a: Value, b: Value): Value {
  if (typeof a === "bigint" && typeof b === "bigint") return checked(a * b, () => `${a} * ${b}`);
  if (a === null || b === null) return null;
  if (isNumber(a) && isNumber(b)) return Number(a) * Number(b);
  if (a instanceof DurationValue && isNumber(b)) return scaleDuration(a, Number(b));
  if (b instanceof DurationValue && isNumber(a)) return scaleDuration(b, Number(a));
  throw cannot("multiply", a, b);
}

export function divide(a: Value, b: Value): Value {
  // Neo4j looks at the divisor first: null / 0 is an error there.
  if (b === 0n && (typeof a === "bigint" || a === null || a instanceof DurationValue))
    throw arithmeticError("/ by zero");
  if (typeof a === "bigint" && typeof b === "bigint") return BigInt.asIntN(64, a / b);
  if (a === null || b === null) return null;
  if (isNumber(a) && isNumber(b)) return Number(a) / Number(b);
  if (a instanceof DurationValue && isNumber(b)) return scaleDuration(a, 1 / Number(b));
  throw cannot("divide", a, b);
}

export function modulo(a: Value, b: Value): Value {
  if (b === 0n && (typeof a === "bigint" || a === null)) throw arithmeticError("/ by zero");
  if (typeof a === "bigint" && typeof b === "bigint") return a % b;
  if (a === null || b === null) return null;
  if (isNumber(a) && isNumber(b)) return Number(a) % Number(b);
  throw cannot("calculate modulus of", a, b);
}

export function power(a: Value, b: Value): Value {
  if (a === null || b === null) return null;
  if (isNumber(a) && isNumber(b)) return Number(a) ** Number(b);
  throw cannot("raise", a, b);
}

export function negate(a: Value): Value {
  if (a === null) return null;
  if (typeof a === "bigint") return checked(-a, () => `-(${a})`);
  if (typeof a === "number") return -a;
  if (a instanceof DurationValue) return scaleDuration(a, -1);
  throw typeError(`Cannot negate \`${typeName(a)}\``);
}
