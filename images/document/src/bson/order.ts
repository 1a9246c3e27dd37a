import { compareFinite } from "./decimal-arithmetic.ts";
import { binaryParts, Decimal128 } from "./decimal128.ts";
import { canonicalType, typeNumber } from "./types.ts";
import {
  type BinData,
  type BsonSymbol,
  type Code,
  type CodeWithScope,
  type DateTime,
  type DbPointer,
  type Doc,
  Double,
  type Numeric,
  type ObjectId,
  type Regex,
  type Timestamp,
  type Value,
} from "./values.ts";

/** Compares two texts as a collation does. */
export type TextOrder = (a: string, b: string) => number;

/**
 * MongoDB's order of all values, across types: negative, 0 or positive. A value that is not there stands with undefined, before
 * null. Without a text order, texts are compared by the bytes of their UTF-8.
 */
export function compareValues(a: Value | undefined, b: Value | undefined, texts?: TextOrder): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return compareTexts(a, b, texts);
  const aType = canonicalType(typeNumber(a));
  const bType = canonicalType(typeNumber(b));
  if (aType !== bType) return aType - bType;
  switch (aType) {
    case 10:
      return compareNumbers(a as Numeric, b as Numeric);
    case 15:
      return compareTexts(textOf(a as string | BsonSymbol), textOf(b as string | BsonSymbol), texts);
    case 20:
      return compareDocs(a as Doc, b as Doc, texts);
    case 25:
      return compareArrays(a as Value[], b as Value[], texts);
    case 30: {
      const [left, right] = [a as BinData, b as BinData];
      return (
        left.bytes.length - right.bytes.length ||
        left.subtype - right.subtype ||
        left.bytes.compare(right.bytes)
      );
    }
    case 35:
      return (a as ObjectId).bytes.compare((b as ObjectId).bytes);
    case 40:
      return Number(a) - Number(b);
    case 45:
      return compareBigInts((a as DateTime).ms, (b as DateTime).ms);
    case 47:
      return compareBigInts((a as Timestamp).bits, (b as Timestamp).bits);
    case 50: {
      const [left, right] = [a as Regex, b as Regex];
      return compareBytes(left.pattern, right.pattern) || compareBytes(left.options, right.options);
    }
    case 55: {
      const [left, right] = [a as DbPointer, b as DbPointer];
      return (
        left.namespace.length - right.namespace.length ||
        compareBytes(left.namespace, right.namespace) ||
        left.id.bytes.compare(right.id.bytes)
      );
    }
    case 60:
      return compareBytes((a as Code).code, (b as Code).code);
    case 65: {
      const [left, right] = [a as CodeWithScope, b as CodeWithScope];
      return compareBytes(left.code, right.code) || compareDocs(left.scope, right.scope);
    }
    default:
      return 0;
  }
}

function textOf(value: string | BsonSymbol): string {
  return typeof value === "string" ? value : value.text;
}

function compareTexts(a: string, b: string, texts: TextOrder | undefined): number {
  return texts === undefined ? compareBytes(a, b) : texts(a, b);
}

/** The order of the UTF-8 bytes, which is that of code points and not of JavaScript's code units. */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    let left = a.charCodeAt(i);
    let right = b.charCodeAt(i);
    if (left === right) continue;
    // Surrogates stand for code points above all others.
    if (left >= 0xd800 && right >= 0xd800) {
      if (left >= 0xe000) left -= 0x2000 + 0x1000;
      if (right >= 0xe000) right -= 0x2000 + 0x1000;
    }
    return left - right;
  }
  return a.length - b.length;
}

function compareDocs(a: Doc, b: Doc, texts?: TextOrder): number {
  const right = b[Symbol.iterator]();
  for (const [name, value] of a) {
    const next = right.next();
    if (next.done) return 1;
    const [otherName, otherValue] = next.value;
    const types = canonicalType(typeNumber(value)) - canonicalType(typeNumber(otherValue));
    if (types !== 0) return types;
    const order = compareBytes(name, otherName) || compareValues(value, otherValue, texts);
    if (order !== 0) return order;
  }
  return right.next().done ? 0 : -1;
}

function compareArrays(a: readonly Value[], b: readonly Value[], texts?: TextOrder): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compareValues(a[i], b[i], texts);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareBigInts(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** NaN is equal to itself and below every other number. */
export function compareNumbers(a: Numeric, b: Numeric): number {
  const left = typeof a === "number" ? a : a instanceof Double ? a.value : a;
  const right = typeof b === "number" ? b : b instanceof Double ? b.value : b;
  if (typeof left === "number" && typeof right === "number") return compareDoubles(left, right);
  if (typeof left === "bigint" && typeof right === "bigint") return compareBigInts(left, right);
  if (left instanceof Decimal128 || right instanceof Decimal128) return compareWithDecimal(left, right);
  // One is a double and one an int64. JavaScript compares the two exactly.
  if (Number.isNaN(left)) return -1;
  if (Number.isNaN(right)) return 1;
  return left < right ? -1 : left > right ? 1 : 0;
}

function compareDoubles(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  return Number(Number.isNaN(b)) - Number(Number.isNaN(a));
}

/** -2 for NaN, -1 and 1 for the infinities, 0 for what is finite. */
function magnitudeClass(value: number | bigint | Decimal128): number {
  if (typeof value === "bigint") return 0;
  const asNumber = typeof value === "number" ? value : value.kind === "finite" ? 0 : value.toNumber();
  if (Number.isNaN(asNumber)) return -2;
  return Number.isFinite(asNumber) ? 0 : Math.sign(asNumber);
}

function compareWithDecimal(a: number | bigint | Decimal128, b: number | bigint | Decimal128): number {
  const classes = magnitudeClass(a) - magnitudeClass(b);
  if (classes !== 0 || magnitudeClass(a) !== 0) return Math.sign(classes);
  return compareFinite(exactDecimal(a), exactDecimal(b));
}

/** A finite number with all of its digits, however many. */
export function exactDecimal(value: number | bigint | Decimal128): Decimal128 {
  if (value instanceof Decimal128) return value;
  if (typeof value === "bigint") return new Decimal128(value < 0n ? -1 : 1, value < 0n ? -value : value, 0);
  const sign = value < 0 ? -1 : 1;
  if (Number.isSafeInteger(value)) return new Decimal128(sign, BigInt(Math.abs(value)), 0);
  const { mantissa, exponent } = binaryParts(Math.abs(value));
  return exponent >= 0
    ? new Decimal128(sign, mantissa << BigInt(exponent), 0)
    : new Decimal128(sign, mantissa * 5n ** BigInt(-exponent), exponent);
}
