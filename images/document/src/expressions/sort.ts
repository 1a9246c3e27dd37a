import type { Collation } from "../bson/collation.ts";
import { compoundKey } from "../bson/key-bytes.ts";
import { exactInt32, isIntegral, toDouble } from "../bson/numbers.ts";
import { compareValues } from "../bson/order.ts";
import { show } from "../bson/show.ts";
import { isNumeric } from "../bson/types.ts";
import { BsonUndefined, Doc, Double, type Value } from "../bson/values.ts";
import { badValue, MongoError } from "../errors.ts";
import { metadataOf } from "./context.ts";

export interface SortSpec {
  readonly fields: readonly SortField[];
  /** `{$natural: 1}` or -1. */
  readonly natural?: number;
}

export interface SortField {
  readonly path: string;
  readonly parts: readonly string[];
  readonly isDescending: boolean;
  /** Of `{$meta: ...}`: what it sorts by. */
  readonly meta?: string;
}

const metaSorts = new Set(["textScore", "randVal", "searchScore", "geoNearDistance", "vectorSearchScore"]);

/** @throws MongoError */
export function parseSort(spec: Doc, isStage = false): SortSpec {
  const fields: SortField[] = [];
  if (spec.size > 32) throw new MongoError(13103, "too many compound keys");
  for (const [path, order] of spec) {
    if (path === "$natural" && !isStage) {
      const direction = exactInt32(order);
      if (spec.size > 1) throw badValue(`Cannot include '$natural' in compound sort: ${show(spec)}`);
      if (direction !== 1 && direction !== -1)
        throw badValue("$natural sort cannot be set to a value other than -1 or 1.");
      return { fields: [], natural: direction };
    }
    if (order instanceof Doc) {
      const meta = order.get("$meta");
      if (order.size !== 1 || meta === undefined) {
        throw new MongoError(17312, "$meta is the only expression supported by $sort right now");
      }
      if (typeof meta !== "string" || !metaSorts.has(meta)) {
        throw new MongoError(31138, `Illegal $meta sort: $meta: ${show(meta)}`);
      }
      fields.push({ path, parts: [], isDescending: meta !== "geoNearDistance", meta });
      continue;
    }
    if (!isNumeric(order))
      throw new MongoError(15974, `Illegal key in $sort specification: ${path}: ${show(order)}`);
    const direction = isIntegral(order) ? toDouble(order) : Number.NaN;
    if (direction !== 1 && direction !== -1) {
      throw new MongoError(15975, "$sort key ordering must be 1 (for ascending) or -1 (for descending)");
    }
    fields.push({ path, parts: sortParts(path), isDescending: direction < 0 });
  }
  return { fields };
}

function sortParts(path: string): string[] {
  if (path === "") throw new MongoError(40352, "FieldPath cannot be constructed with empty string");
  if (path.endsWith(".")) throw new MongoError(40353, "FieldPath must not end with a '.'.");
  const parts = path.split(".");
  for (const part of parts) {
    if (part === "") throw new MongoError(15998, "FieldPath field names may not be empty strings.");
    if (part.startsWith("$"))
      throw new MongoError(
        16410,
        "FieldPath field names may not start with '$'. Consider using $getField or $setField.",
      );
  }
  return parts;
}

/** What a document is sorted by in one field: the least, or the greatest, of all values that its path leads to. */
export function sortValue(doc: Doc, field: SortField, collation: Collation | undefined): Value {
  if (field.meta !== undefined) return metaValue(doc, field.meta);
  const { parts } = field;
  if (parts.length === 1) {
    const value = doc.get(parts[0]!);
    if (!Array.isArray(value)) return value ?? null;
  }
  let best: Value | undefined;
  const consider = (value: Value) => {
    if (best === undefined) best = value;
    else {
      const order = compareValues(value, best, collation?.order);
      if (field.isDescending ? order > 0 : order < 0) best = value;
    }
  };
  collect(doc, parts, 0, consider);
  return best ?? null;
}

function collect(doc: Doc, parts: readonly string[], from: number, consider: (value: Value) => void): void {
  let value: Value | undefined = doc;
  for (let i = from; i < parts.length; i++) {
    value = value instanceof Doc ? value.get(parts[i]!) : undefined;
    if (Array.isArray(value)) {
      collectArray(value, parts, i + 1, consider);
      return;
    }
    if (!(value instanceof Doc) && i < parts.length - 1) {
      consider(null);
      return;
    }
  }
  consider(value ?? null);
}

function collectArray(
  values: readonly Value[],
  parts: readonly string[],
  from: number,
  consider: (value: Value) => void,
): void {
  if (from === parts.length) {
    // An empty array stands before null.
    if (values.length === 0) consider(BsonUndefined.value);
    for (const value of values) consider(value);
    return;
  }
  const index = /^\d+$/.test(parts[from]!) ? Number(parts[from]) : -1;
  if (index >= 0 && !values.some((one) => one instanceof Doc && one.has(parts[from]!))) {
    const element = values[index];
    if (from + 1 === parts.length) consider(element ?? null);
    else if (Array.isArray(element)) collectArray(element, parts, from + 1, consider);
    else if (element instanceof Doc) collect(element, parts, from + 1, consider);
    else consider(null);
    return;
  }
  let isAny = false;
  for (const value of values) {
    if (value instanceof Doc) {
      collect(value, parts, from, consider);
      isAny = true;
    } else consider(null);
  }
  if (!isAny && values.length === 0) consider(null);
}

function metaValue(doc: Doc, meta: string): Value {
  const found = metadataOf(doc);
  if (meta === "textScore") return new Double(found?.textScore ?? 0);
  if (meta === "randVal") return new Double(found?.randVal ?? Math.random());
  if (meta === "geoNearDistance") return new Double(found?.geoDistance ?? 0);
  return null;
}

/** Compares documents by the keys that were made of them once. */
export interface Sorter {
  keyOf(doc: Doc): SortKey;
  compare(a: SortKey, b: SortKey): number;
}

export type SortKey = Buffer | readonly Value[];

/** Bytes where texts are compared by bytes; else the values. */
export function makeSorter({ fields }: SortSpec, collation: Collation | undefined): Sorter {
  const descending = fields.map(({ isDescending }) => isDescending);
  const valuesOf = (doc: Doc) => fields.map((field) => sortValue(doc, field, collation));
  if (collation === undefined) {
    return {
      keyOf: (doc) => compoundKey(valuesOf(doc), descending),
      compare: (a, b) => (a as Buffer).compare(b as Buffer),
    };
  }
  return {
    keyOf: valuesOf,
    compare: (a, b) => {
      for (let i = 0; i < descending.length; i++) {
        const order = compareValues((a as Value[])[i], (b as Value[])[i], collation.order);
        if (order !== 0) return descending[i] ? -order : order;
      }
      return 0;
    },
  };
}
