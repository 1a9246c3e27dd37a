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
  type MaxKey,
  MinKey,
  ObjectId,
  Regex,
  Timestamp,
  type Value,
} from "./values.ts";

/**
 * A value in MongoDB's canonical Extended JSON (v2), in which every type can be told from every other:
 * https://github.com/mongodb/specifications/blob/master/source/extended-json/extended-json.md
 */
export function extendedJson(value: Value): string {
  return JSON.stringify(plain(value));
}

type Plain = null | boolean | string | number | Plain[] | { [name: string]: Plain };

function plain(value: Value): Plain {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return { $numberInt: String(value) };
  if (typeof value === "bigint") return { $numberLong: String(value) };
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Doc) return plainDoc(value);
  if (value instanceof Double) return { $numberDouble: doubleText(value.value) };
  if (value instanceof ObjectId) return { $oid: value.toHex() };
  if (value instanceof DateTime) return { $date: { $numberLong: String(value.ms) } };
  if (value instanceof Decimal128) return { $numberDecimal: value.toString() };
  if (value instanceof BinData) {
    const subType = value.subtype.toString(16).padStart(2, "0");
    return { $binary: { base64: value.bytes.toString("base64"), subType } };
  }
  if (value instanceof Timestamp) return { $timestamp: { t: value.seconds, i: value.increment } };
  if (value instanceof Regex)
    return { $regularExpression: { pattern: value.pattern, options: value.options } };
  if (value instanceof DbPointer)
    return { $dbPointer: { $ref: value.namespace, $id: { $oid: value.id.toHex() } } };
  if (value instanceof CodeWithScope) return { $code: value.code, $scope: plainDoc(value.scope) };
  if (value instanceof Code) return { $code: value.code };
  if (value instanceof BsonSymbol) return { $symbol: value.text };
  if (value instanceof BsonUndefined) return { $undefined: true };
  if (value instanceof MinKey) return { $minKey: 1 };
  value satisfies MaxKey;
  return { $maxKey: 1 };
}

function plainDoc(doc: Doc): Plain {
  // Names such as __proto__ are fields like any other.
  const fields: { [name: string]: Plain } = Object.create(null);
  for (const [name, value] of doc) fields[name] = plain(value);
  return fields;
}

function doubleText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value < 0 ? "-Infinity" : "Infinity";
  if (Object.is(value, -0)) return "-0.0";
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value).replace("e", "E");
}
