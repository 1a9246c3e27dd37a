import { typeNames } from "../bson/types.ts";
import type { Value } from "../bson/values.ts";
import { badValue, failedToParse, typeMismatch } from "../errors.ts";

/** JSON Schema's own names of types. "integer" is refused, as MongoDB does. */
const jsonTypes: Readonly<Record<string, readonly number[]>> = {
  array: [4],
  boolean: [8],
  null: [10],
  number: [1, 16, 18, 19],
  object: [3],
  string: [2],
};

/** The types of `type` or `bsonType` of a schema. @throws MongoError */
export function parseSchemaTypes(operand: Value, keyword: "type" | "bsonType"): ReadonlySet<number> {
  const names = Array.isArray(operand) ? operand : [operand];
  if (names.length === 0) throw failedToParse(`$jsonSchema keyword '${keyword}' must name at least one type`);
  const types = new Set<number>();
  const seen = new Set<string>();
  for (const name of names) {
    if (typeof name !== "string") {
      throw typeMismatch(`$jsonSchema keyword '${keyword}' must be either a string or an array of strings`);
    }
    if (seen.has(name)) throw failedToParse(`$jsonSchema keyword '${keyword}' has duplicate value: ${name}`);
    seen.add(name);
    for (const type of keyword === "type" ? jsonType(name) : bsonType(name)) types.add(type);
  }
  return types;
}

function jsonType(name: string): readonly number[] {
  if (name === "integer") {
    throw failedToParse("$jsonSchema type 'integer' is not currently supported.");
  }
  const types = jsonTypes[name];
  if (types === undefined) throw badValue(`Unknown type name alias: ${name}`);
  return types;
}

function bsonType(name: string): readonly number[] {
  if (name === "integer") throw failedToParse("$jsonSchema type 'integer' is not currently supported.");
  if (name === "number") return [1, 16, 18, 19];
  for (const [number, known] of typeNames) if (known === name && number !== 0) return [number];
  throw badValue(`Unknown type name alias: ${name}`);
}
