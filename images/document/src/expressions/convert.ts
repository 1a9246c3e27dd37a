import * as decimal from "../bson/decimal-arithmetic.ts";
import { Decimal128 } from "../bson/decimal128.ts";
import { exactInt32, isInt32, isInt64, isTruthy, toDecimal, toDouble, truncated } from "../bson/numbers.ts";
import { show, uuidText } from "../bson/show.ts";
import { isNullish, isNumeric, typeName, typeNames, typeNumber } from "../bson/types.ts";
import {
  BinData,
  DateTime,
  Doc,
  Double,
  type Numeric,
  ObjectId,
  Timestamp,
  type Value,
} from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import { parseDate } from "./dates.ts";
import { isoText } from "./iso-text.ts";
import { define, defineFunction } from "./registry.ts";
import { doubleText } from "./strings.ts";

/** Types, and values of one made into values of another. */

const failure = (message: string) => new MongoError(241, message);

defineFunction("$type", [1, 1], ([value]) => typeName(value));
defineFunction("$isNumber", [1, 1], ([value]) => isNumeric(value));

interface Options {
  readonly base?: number | undefined;
  readonly format?: string | undefined;
  readonly subtype?: number | undefined;
}

/** @throws MongoError 241 when there is no such conversion, or not of this value */
export function convert(value: Value, to: number, options: Options = {}): Value {
  if (typeNumber(value) === to && to !== 2 && to !== 5) return value;
  switch (to) {
    case 1:
      return new Double(
        numberFor(
          value,
          "double",
          (text) => doubleOf(text),
          (number) => toDouble(number),
        ),
      );
    case 2:
      return textOf(value, options.format);
    case 5:
      return binaryOf(value, options);
    case 7:
      if (typeof value === "string" && /^[0-9a-f]{24}$/i.test(value))
        return new ObjectId(Buffer.from(value, "hex"));
      if (typeof value === "string")
        throw failure(
          `Failed to parse objectId '${value}' in $convert with no onError value: Invalid string length for parsing to OID, expected 24 but found ${value.length}`,
        );
      if (value instanceof ObjectId) return value;
      break;
    case 8:
      return isTruthy(value);
    case 9:
      return dateOf(value);
    case 16: {
      const whole = integerOf(value, "int");
      if (!isInt32(whole)) throw overflow(value, "int");
      return Number(whole);
    }
    case 18: {
      const whole = integerOf(value, "long");
      if (!isInt64(whole)) throw overflow(value, "long");
      return whole;
    }
    case 19:
      return numberFor<Decimal128>(
        value,
        "decimal",
        (text) => {
          const parsed = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$|^[+-]?(?:inf|infinity|nan)$/i.test(text)
            ? Decimal128.parse(text)
            : undefined;
          if (parsed === undefined)
            throw failure(`Failed to parse number '${text}' in $convert with no onError value`);
          return parsed;
        },
        toDecimal,
      );
    default:
      break;
  }
  throw unsupported(value, to);
}

function unsupported(value: Value, to: number): MongoError {
  return failure(
    `Unsupported conversion from ${typeName(value)} to ${typeNames.get(to)} in $convert with no onError value`,
  );
}

function overflow(value: Value, to: string): MongoError {
  return failure(
    `Conversion would overflow target type in $convert with no onError value: ${show(value)} to ${to}`,
  );
}

function numberFor<T>(
  value: Value,
  name: string,
  ofText: (text: string) => T,
  ofNumber: (number: Numeric) => T,
): T {
  if (typeof value === "string") return ofText(value);
  if (isNumeric(value)) return ofNumber(value);
  if (typeof value === "boolean") return ofNumber(value ? 1 : 0);
  if (value instanceof DateTime) return ofNumber(value.ms);
  if (value instanceof BinData) {
    const { bytes } = value;
    if (name === "double" && (bytes.length === 4 || bytes.length === 8)) {
      return ofNumber(new Double(bytes.length === 4 ? bytes.readFloatLE(0) : bytes.readDoubleLE(0)));
    }
  }
  throw failure(
    `Unsupported conversion from ${typeName(value)} to ${name} in $convert with no onError value`,
  );
}

function doubleOf(text: string): number {
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$|^[+-]?(?:inf|infinity|nan)$/i.test(text)) {
    throw failure(
      `Failed to parse number '${text}' in $convert with no onError value: Did not consume whole string.`,
    );
  }
  const special = /^([+-]?)(inf|nan)/i.exec(text);
  if (special !== null) {
    if (special[2]!.toLowerCase() === "nan") return Number.NaN;
    return special[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  const number = Number(text);
  if (!Number.isFinite(number))
    throw failure(`Failed to parse number '${text}' in $convert with no onError value: Out of range`);
  return number;
}

function integerOf(value: Value, name: "int" | "long"): bigint {
  if (typeof value === "string") {
    if (!/^[+-]?\d+$/.test(value))
      throw failure(
        `Failed to parse number '${value}' in $convert with no onError value: Did not consume whole string.`,
      );
    return BigInt(value.replace("+", ""));
  }
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (value instanceof DateTime && name === "long") return value.ms;
  if (value instanceof BinData) {
    const { bytes } = value;
    if ([1, 2, 4].includes(bytes.length)) return BigInt(bytes.readIntLE(0, bytes.length));
    if (bytes.length === 8 && name === "long") return bytes.readBigInt64LE(0);
  }
  if (!isNumeric(value))
    throw failure(
      `Unsupported conversion from ${typeName(value)} to ${name} in $convert with no onError value`,
    );
  if (value instanceof Double && !Number.isFinite(value.value)) {
    throw failure(
      `Attempt to convert ${Number.isNaN(value.value) ? "NaN" : "infinity"} value to integer type in $convert with no onError value`,
    );
  }
  if (value instanceof Decimal128 && value.kind !== "finite") {
    throw failure(
      `Attempt to convert ${value.isNaN ? "NaN" : "infinity"} value to integer type in $convert with no onError value`,
    );
  }
  const whole = truncated(value);
  if (whole === undefined) throw overflow(value, name);
  return whole;
}

function textOf(value: Value, format: string | undefined): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  if (value instanceof Double) return doubleText(value.value);
  if (isNumeric(value)) return String(value);
  if (value instanceof ObjectId) return value.toHex();
  if (value instanceof DateTime) return isoText(value);
  if (value instanceof BinData) {
    switch (format) {
      case "base64":
        return value.bytes.toString("base64");
      case "base64url":
        return value.bytes.toString("base64url");
      case "hex":
        return value.bytes.toString("hex").toUpperCase();
      case "utf8":
        return value.bytes.toString("utf8");
      case "uuid":
      case "auto":
        if (value.subtype === 4 && value.bytes.length === 16) return uuidText(value.bytes);
        if (format === "auto") return value.bytes.toString("base64");
        break;
      default:
        if (format === undefined && value.subtype === 4) return uuidText(value.bytes);
        if (format === undefined) return value.bytes.toString("base64");
    }
  }
  throw unsupported(value, 2);
}

function binaryOf(value: Value, { format, subtype = 0 }: Options): BinData {
  if (value instanceof BinData) {
    if (value.subtype !== subtype)
      throw failure(`Conversions between different BinData subtypes are not supported`);
    return value;
  }
  if (typeof value === "string") {
    switch (format) {
      case "base64":
        if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value))
          return new BinData(subtype, Buffer.from(value, "base64"));
        break;
      case "base64url":
        if (/^[A-Za-z0-9_-]*={0,2}$/.test(value))
          return new BinData(subtype, Buffer.from(value, "base64url"));
        break;
      case "hex":
        if (/^(?:[0-9a-f]{2})*$/i.test(value)) return new BinData(subtype, Buffer.from(value, "hex"));
        break;
      case "utf8":
        return new BinData(subtype, Buffer.from(value));
      case "uuid":
        if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value) && subtype === 4)
          return new BinData(4, Buffer.from(value.replaceAll("-", ""), "hex"));
        break;
      default:
        break;
    }
    throw failure(`Input '${value}' is not a valid ${format} string.`);
  }
  if (typeof value === "number") {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return new BinData(subtype, bytes);
  }
  if (typeof value === "bigint") {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return new BinData(subtype, bytes);
  }
  if (value instanceof Double) {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value.value);
    return new BinData(subtype, bytes);
  }
  throw unsupported(value, 5);
}

function dateOf(value: Value): DateTime {
  if (value instanceof DateTime) return value;
  if (typeof value === "string") return new DateTime(parseDate(value, undefined, undefined));
  if (value instanceof ObjectId) return new DateTime(BigInt(value.bytes.readUInt32BE(0)) * 1000n);
  if (value instanceof Timestamp) return new DateTime(BigInt(value.seconds) * 1000n);
  if (typeof value === "bigint") return new DateTime(value);
  if (value instanceof Double || value instanceof Decimal128) {
    const whole = value instanceof Decimal128 ? truncated(decimal.toWhole(value, "down")) : truncated(value);
    if (whole === undefined || !isInt64(whole)) throw overflow(value, "date");
    return new DateTime(whole);
  }
  throw unsupported(value, 9);
}

for (const [name, type] of [
  ["$toBool", 8],
  ["$toInt", 16],
  ["$toLong", 18],
  ["$toDouble", 1],
  ["$toDecimal", 19],
  ["$toString", 2],
  ["$toDate", 9],
  ["$toObjectId", 7],
  ["$toUUID", 5],
] as const) {
  define(name, (operand, context, parse) => {
    const values = Array.isArray(operand) ? operand : [operand];
    if (values.length !== 1)
      throw new MongoError(50723, `${name} requires a single argument, got ${values.length}`);
    const source = parse(values[0]!, context);
    return {
      isConstant: false,
      evaluate: (scope) => {
        const value = source.evaluate(scope);
        if (isNullish(value)) return null;
        return convert(
          value,
          type,
          name === "$toUUID"
            ? { format: "uuid", subtype: 4 }
            : name === "$toString"
              ? { format: "auto" }
              : {},
        );
      },
    };
  });
}

define("$convert", (operand, context, parse) => {
  if (!(operand instanceof Doc))
    throw new MongoError(9, `$convert expects an object of named arguments but found: ${typeName(operand)}`);
  const known = ["input", "to", "onError", "onNull", "format", "byteOrder", "base"];
  for (const name of operand.keys()) {
    if (!known.includes(name)) throw new MongoError(9, `$convert found an unknown argument: ${name}`);
  }
  if (!operand.has("input")) throw new MongoError(9, "Missing 'input' parameter to $convert");
  if (!operand.has("to")) throw new MongoError(9, "Missing 'to' parameter to $convert");
  const parts = Object.fromEntries([...operand].map(([name, value]) => [name, parse(value, context)]));
  return {
    isConstant: false,
    evaluate: (scope) => {
      const target = parts.to!.evaluate(scope);
      const input = parts.input!.evaluate(scope);
      if (isNullish(target)) return null;
      const { type, subtype } = targetOf(target);
      const format = parts.format?.evaluate(scope);
      if (parts.format !== undefined && !isNullish(format) && typeof format !== "string")
        throw new MongoError(
          4341114,
          `$convert requires that 'format' be a string, found: ${typeName(format)}`,
        );
      if (
        typeof format === "string" &&
        !["base64", "base64url", "utf8", "hex", "uuid", "auto"].includes(format)
      ) {
        throw new MongoError(4341125, `Invalid 'format' argument for $convert: ${format}`);
      }
      if (isNullish(input)) return parts.onNull === undefined ? null : parts.onNull.evaluate(scope);
      if (parts.format !== undefined && isNullish(format)) return null;
      if (type === 5 && typeof input === "string" && format === undefined)
        throw new MongoError(4341115, "Format must be specified when converting from 'string' to 'binData'.");
      if (type === 2 && input instanceof BinData && format === undefined)
        throw new MongoError(4341115, "Format must be specified when converting from 'binData' to 'string'.");
      try {
        return convert(input, type, { format: typeof format === "string" ? format : undefined, subtype });
      } catch (error) {
        if (parts.onError !== undefined && error instanceof MongoError && error.number === 241)
          return parts.onError.evaluate(scope);
        throw error;
      }
    },
  };
});

function targetOf(target: Value): { type: number; subtype: number | undefined } {
  let value: Value | undefined = target;
  let subtype: number | undefined;
  if (target instanceof Doc) {
    value = target.get("type");
    const given = target.get("subtype");
    if (given !== undefined) {
      if (!isNumeric(given))
        throw new MongoError(
          4341108,
          `$convert's 'subtype' argument must be numeric, found: ${typeName(given)}`,
        );
      const whole = exactInt32(given);
      if (whole === undefined)
        throw new MongoError(
          4341106,
          "In $convert, numeric value for 'subtype' does not correspond to a BinData type",
        );
      if (whole < 0 || (whole > 9 && whole < 128) || whole > 255)
        throw new MongoError(
          4341107,
          `In $convert, numeric value for 'subtype' does not correspond to a BinData type: ${whole}`,
        );
      subtype = whole;
    }
    if (value === undefined) throw new MongoError(9, "Missing 'type' in $convert's 'to'");
  }
  if (typeof value === "string") {
    for (const [number, name] of typeNames)
      if (name === value && number !== 0) return { type: number, subtype };
    throw new MongoError(2, `Unknown type name: ${value}`);
  }
  if (!isNumeric(value))
    throw new MongoError(9, `$convert's 'to' argument must be a string or number, but is ${typeName(value)}`);
  const number = exactInt32(value);
  if (number === undefined) throw new MongoError(9, "In $convert, numeric 'to' argument is not an integer");
  if (!typeNames.has(number === -1 ? 255 : number))
    throw new MongoError(
      9,
      `In $convert, numeric value for 'to' does not correspond to a BSON type: ${number}`,
    );
  return { type: number === -1 ? 255 : number, subtype };
}
