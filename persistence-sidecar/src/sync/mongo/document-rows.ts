import { parseExact, writeExact } from "@weftkit/cdc/exact-json";
import { BSON } from "mongodb";
import type { Row } from "../rows.ts";

const { EJSON, Long } = BSON;

/** A document as a row: its one column has it as canonical extended JSON, with the order of its fields. */
export function rowOf(document: BSON.Document): Row {
  return { document: EJSON.serialize(document, { relaxed: false }) };
}

export function documentOf(row: Row): BSON.Document {
  return EJSON.deserialize(row.document as BSON.Document, { relaxed: false }) as BSON.Document;
}

/** An `_id` as the key of a row: numbers that are equal are one key, whatever their types. */
export function keyOf(id: unknown): string {
  return writeExact({ _id: EJSON.serialize(plain(id) as BSON.Document, { relaxed: false }) });
}

export function idOf(key: string): unknown {
  const { _id } = EJSON.deserialize(parseExact(key) as BSON.Document, { relaxed: false }) as { _id: unknown };
  return _id;
}

function plain(value: unknown): unknown {
  if (value instanceof BSON.Int32 || value instanceof BSON.Double) return integer(value.value) ?? value;
  if (typeof value === "number") return integer(value) ?? new BSON.Double(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
  return value;
}

function integer(value: number): BSON.Long | undefined {
  return Number.isSafeInteger(value) ? Long.fromNumber(value) : undefined;
}
