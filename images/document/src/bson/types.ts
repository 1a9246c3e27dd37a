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
  type Numeric,
  ObjectId,
  Regex,
  Timestamp,
  type Value,
} from "./values.ts";

/** The number of a BSON type, as $type takes it; 0 is a value that is not there. */
export function typeNumber(value: Value | undefined): number {
  switch (typeof value) {
    case "undefined":
      return 0;
    case "number":
      return 16;
    case "bigint":
      return 18;
    case "string":
      return 2;
    case "boolean":
      return 8;
    default:
      break;
  }
  if (value === null) return 10;
  if (value instanceof Doc) return 3;
  if (Array.isArray(value)) return 4;
  if (value instanceof Double) return 1;
  if (value instanceof ObjectId) return 7;
  if (value instanceof DateTime) return 9;
  if (value instanceof Decimal128) return 19;
  if (value instanceof BinData) return 5;
  if (value instanceof Timestamp) return 17;
  if (value instanceof Regex) return 11;
  if (value instanceof BsonUndefined) return 6;
  if (value instanceof MinKey) return 255;
  if (value instanceof MaxKey) return 127;
  if (value instanceof Code) return 13;
  if (value instanceof BsonSymbol) return 14;
  if (value instanceof CodeWithScope) return 15;
  if (value instanceof DbPointer) return 12;
  throw new TypeError("not a BSON value");
}

/** The names of $type, and what error messages call a type. */
export const typeNames: ReadonlyMap<number, string> = new Map([
  [0, "missing"],
  [1, "double"],
  [2, "string"],
  [3, "object"],
  [4, "array"],
  [5, "binData"],
  [6, "undefined"],
  [7, "objectId"],
  [8, "bool"],
  [9, "date"],
  [10, "null"],
  [11, "regex"],
  [12, "dbPointer"],
  [13, "javascript"],
  [14, "symbol"],
  [15, "javascriptWithScope"],
  [16, "int"],
  [17, "timestamp"],
  [18, "long"],
  [19, "decimal"],
  [127, "maxKey"],
  [255, "minKey"],
]);

export function typeName(value: Value | undefined): string {
  return typeNames.get(typeNumber(value))!;
}

/**
 * The place of a type in MongoDB's order of types (canonicalizeBSONType); types of the same place are compared by value.
 */
export function canonicalType(type: number): number {
  switch (type) {
    case 255:
      return -1;
    case 0:
    case 6:
      return 0;
    case 10:
      return 5;
    case 1:
    case 16:
    case 18:
    case 19:
      return 10;
    case 2:
    case 14:
      return 15;
    case 3:
      return 20;
    case 4:
      return 25;
    case 5:
      return 30;
    case 7:
      return 35;
    case 8:
      return 40;
    case 9:
      return 45;
    case 17:
      return 47;
    case 11:
      return 50;
    case 12:
      return 55;
    case 13:
      return 60;
    case 15:
      return 65;
    default:
      return 127;
  }
}

export function isNumeric(value: Value | undefined): value is Numeric {
  return (
    typeof value === "number" ||
    typeof value === "bigint" ||
    value instanceof Double ||
    value instanceof Decimal128
  );
}

/** Missing, null or undefined: what most expressions answer with null. */
export function isNullish(value: Value | undefined): value is undefined | null | BsonUndefined {
  return value === undefined || value === null || value instanceof BsonUndefined;
}
