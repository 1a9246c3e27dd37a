import { Decimal128 } from "./decimal128.ts";
import {
  BinData,
  BsonSymbol,
  BsonUndefined,
  Code,
  CodeWithScope,
  DateTime,
  DbPointer,
  Doc,
  Double,
  MaxKey,
  MinKey,
  ObjectId,
  Regex,
  Timestamp,
  type Value,
} from "./values.ts";

/** A value as MongoDB's messages show it: `{ a: 1, b: "x" }`. */
export function show(value: Value | undefined): string {
  if (value === undefined) return "MISSING";
  if (value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
    return String(value);
  if (value instanceof Double) return showDouble(value.value);
  if (value instanceof Decimal128) return value.toString();
  if (Array.isArray(value)) return value.length === 0 ? "[]" : `[ ${value.map(show).join(", ")} ]`;
  if (value instanceof Doc) {
    const fields = [...value].map(([name, field]) => `${name}: ${show(field)}`);
    return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
  }
  if (value instanceof ObjectId) return `ObjectId('${value.toHex()}')`;
  if (value instanceof DateTime) return `new Date(${value.ms})`;
  if (value instanceof Timestamp) return `Timestamp(${value.seconds}, ${value.increment})`;
  if (value instanceof Regex) return `/${value.pattern}/${value.options}`;
  if (value instanceof BinData) {
    if (value.subtype === 4 && value.bytes.length === 16) return `UUID("${uuidText(value.bytes)}")`;
    return `BinData(${value.subtype}, ${value.bytes.toString("hex").toUpperCase()})`;
  }
  if (value instanceof BsonUndefined) return "undefined";
  if (value instanceof MinKey) return "MinKey";
  if (value instanceof MaxKey) return "MaxKey";
  if (value instanceof Code) return value.code;
  if (value instanceof BsonSymbol) return JSON.stringify(value.text);
  if (value instanceof CodeWithScope) return `CodeWScope(${value.code}, ${show(value.scope)})`;
  if (value instanceof DbPointer) return `DBRef('${value.namespace}', ${value.id.toHex()})`;
  return "?";
}

/** Whole doubles are shown with a point, so that they are not taken for integers. */
export function showDouble(value: number): string {
  if (Number.isNaN(value)) return "nan.0";
  if (!Number.isFinite(value)) return value < 0 ? "-inf.0" : "inf.0";
  if (Object.is(value, -0)) return "-0.0";
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? `${value}.0` : String(value);
}

export function uuidText(bytes: Buffer): string {
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
