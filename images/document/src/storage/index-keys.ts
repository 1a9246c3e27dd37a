import { hashOfValue } from "../bson/hash.ts";
import { compoundKey } from "../bson/key-bytes.ts";
import { BsonUndefined, Doc, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import { geoCellKeys } from "../geo/cells.ts";
import type { Index, IndexField } from "./collection.ts";

/** The keys that a document has in an index. */
export interface IndexKeys {
  readonly keys: readonly Buffer[];
  /** Whether an array made them: then a document may have more than one key in the index. */
  readonly isMultikey: boolean;
}

const none: IndexKeys = { keys: [], isMultikey: false };

/** @throws MongoError 171 when two fields of a compound index are arrays of their own */
export function indexKeys(index: Index, bytes: Buffer): IndexKeys {
  if (index.partial !== undefined && !index.partial.matches(bytes, 0)) return none;
  const doc = Doc.read(bytes);
  const { fields } = index;
  const first = fields[0]!;
  if (first.kind === "wildcard" || fields.some(({ kind }) => kind === "wildcard"))
    return wildcardKeys(index, doc);
  if (first.kind === "text") return none;
  const texts = index.collation?.key;
  if (fields.length === 1 && first.parts.length === 1 && first.kind === "range") {
    const value = doc.get(first.parts[0]!);
    if (value === undefined && index.isSparse) return none;
    if (!Array.isArray(value)) {
      return { keys: [compoundKey([value ?? null], [first.isDescending], texts)], isMultikey: false };
    }
  }
  const rows = fieldRows(fields, doc);
  if (index.isSparse && rows.rows.every((row) => row.every((value) => value === undefined))) return none;
  const keys = new Map<string, Buffer>();
  const descending = fields.map(({ isDescending }) => isDescending);
  for (const row of rows.rows) {
    for (const stored of storedValues(fields, row)) {
      const key = compoundKey(stored, descending, texts);
      keys.set(key.toString("latin1"), key);
    }
  }
  return { keys: [...keys.values()], isMultikey: rows.isMultikey };
}

/** A row's values as they are kept: hashes of hashed fields, cells of places. */
function storedValues(fields: readonly IndexField[], row: readonly (Value | undefined)[]): Value[][] {
  let rows: Value[][] = [[]];
  for (const [i, { kind }] of fields.entries()) {
    const value = row[i];
    let stored: readonly Value[];
    if (kind === "hashed") stored = [hashOfValue(value ?? null)];
    else if (kind === "2dsphere" || kind === "2d") {
      stored = value === undefined || value === null ? [null] : geoCellKeys(value, kind);
    } else stored = [value ?? null];
    rows = rows.flatMap((before) => stored.map((one) => [...before, one]));
  }
  return rows;
}

interface Rows {
  readonly rows: readonly (readonly (Value | undefined)[])[];
  readonly isMultikey: boolean;
}

/** The values of an index's fields in a document: one row, or one for each element of the array that is on their way. */
export function fieldRows(fields: readonly IndexField[], doc: Doc): Rows {
  const isWhole = fields.map(({ kind }) => kind === "2dsphere" || kind === "2d");
  if (fields.some(({ kind }) => kind === "hashed")) {
    for (const { kind, parts } of fields) {
      if (kind === "hashed" && hasArray(doc, parts)) {
        throw new MongoError(16766, "hashed indexes do not currently support array values");
      }
    }
  }
  return expand(
    fields.map(({ parts }) => parts),
    fields.map((): Value | undefined => undefined),
    doc,
    isWhole,
  );
}

function hasArray(doc: Doc, parts: readonly string[]): boolean {
  let value: Value | undefined = doc;
  for (const part of parts) {
    if (!(value instanceof Doc)) return false;
    value = value.get(part);
    if (Array.isArray(value)) return true;
  }
  return false;
}

/** Paths that are ended have no parts left, and their value in `fixed`. */
function expand(
  paths: readonly (readonly string[] | undefined)[],
  fixed: readonly (Value | undefined)[],
  doc: Doc,
  isWhole: readonly boolean[],
): Rows {
  const rest = [...paths];
  const values = [...fixed];
  let array: Value[] | undefined;
  let arrayPath: string | undefined;
  const waiting: number[] = [];
  for (let i = 0; i < rest.length; i++) {
    const parts = rest[i];
    if (parts === undefined) continue;
    const { value, used } = follow(doc, parts);
    const isGeoValue = isWhole[i] === true && used === parts.length;
    if (Array.isArray(value) && !isGeoValue) {
      const path = parts.slice(0, used).join(".");
      if (array !== undefined && path !== arrayPath) {
        throw new MongoError(171, `cannot index parallel arrays [${last(path)}] [${last(arrayPath!)}]`);
      }
      array = value;
      arrayPath = path;
      rest[i] = parts.slice(used);
      waiting.push(i);
    } else {
      values[i] = value;
      rest[i] = undefined;
    }
  }
  if (array === undefined) return { rows: [values], isMultikey: false };
  return { rows: expandArray(array, rest, values, waiting, isWhole), isMultikey: true };
}

function last(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}

function expandArray(
  array: readonly Value[],
  rest: readonly (readonly string[] | undefined)[],
  fixed: readonly (Value | undefined)[],
  waiting: readonly number[],
  isWhole: readonly boolean[],
): (Value | undefined)[][] {
  // A number as the next part names a place in the array, and no field of its elements.
  const placed = waiting.filter(
    (i) =>
      /^\d+$/.test(rest[i]![0] ?? "") && !array.some((one) => one instanceof Doc && one.has(rest[i]![0]!)),
  );
  if (placed.length > 0 && placed.length === waiting.length) {
    const values = [...fixed];
    const paths = rest.map((parts): readonly string[] | undefined => parts);
    const inner: (Value | undefined)[][] = [];
    for (const i of placed) {
      const parts = rest[i]!;
      const element = array[Number(parts[0])];
      if (parts.length === 1) {
        if (Array.isArray(element)) {
          for (const one of element) inner.push(values.map((value, at) => (at === i ? one : value)));
          if (element.length === 0) values[i] = BsonUndefined.value;
        } else values[i] = element;
      } else if (element instanceof Doc) {
        const nested = expand(
          paths.map((_, at) => (at === i ? parts.slice(1) : undefined)),
          values,
          element,
          isWhole,
        );
        inner.push(...nested.rows.map((row) => [...row]));
      }
    }
    return inner.length > 0 ? inner : [values];
  }
  if (array.length === 0) {
    const values = [...fixed];
    for (const i of waiting) values[i] = rest[i]!.length === 0 ? BsonUndefined.value : undefined;
    return [values];
  }
  const rows: (Value | undefined)[][] = [];
  for (const element of array) {
    const values = [...fixed];
    const inner: (readonly string[] | undefined)[] = rest.map(() => undefined);
    for (const i of waiting) {
      const parts = rest[i]!;
      if (parts.length === 0) values[i] = element;
      else if (element instanceof Doc) inner[i] = parts;
    }
    if (element instanceof Doc && inner.some((parts) => parts !== undefined)) {
      for (const row of expand(inner, values, element, isWhole).rows) rows.push([...row]);
    } else rows.push(values);
  }
  return rows;
}

/** Follows a path up to its end or to the first array. */
function follow(doc: Doc, parts: readonly string[]): { value: Value | undefined; used: number } {
  let value: Value | undefined = doc;
  for (let i = 0; i < parts.length; i++) {
    if (!(value instanceof Doc)) return { value: undefined, used: parts.length };
    value = value.get(parts[i]!);
    if (Array.isArray(value)) return { value, used: i + 1 };
  }
  return { value, used: parts.length };
}

/** A wildcard index has a key of every path and its value. */
function wildcardKeys(index: Index, doc: Doc): IndexKeys {
  const keys = new Map<string, Buffer>();
  let isMultikey = false;
  const texts = index.collation?.key;
  const add = (path: string, value: Value) => {
    const key = compoundKey([path, value], [false, false], texts);
    keys.set(key.toString("latin1"), key);
  };
  const walk = (value: Value, path: string, isElement: boolean) => {
    if (value instanceof Doc) {
      if (value.isEmpty) {
        if (path !== "" && index.covers!(path)) add(path, value);
        return;
      }
      for (const [name, inner] of value) walk(inner, path === "" ? name : `${path}.${name}`, false);
    } else if (Array.isArray(value) && !isElement) {
      isMultikey = true;
      if (value.length === 0 && index.covers!(path)) add(path, BsonUndefined.value);
      for (const inner of value) walk(inner, path, true);
    } else if (index.covers!(path)) add(path, value);
  };
  walk(doc, "", false);
  return { keys: [...keys.values()], isMultikey };
}
