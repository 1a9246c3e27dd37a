import { nanosPerSecond } from "./calendar.ts";
import { formatTemporal } from "./format-temporal.ts";
import { PointValue } from "./point.ts";
import {
  compareDayTime,
  DateTimeValue,
  DateValue,
  DurationValue,
  LocalDateTimeValue,
  LocalTimeValue,
  TimeValue,
  utcOf,
} from "./temporal.ts";
import { type CypherMap, isList, isMap, NodeRef, PathValue, RelRef, type Value } from "./types.ts";

/** Groups of values that can be compared, in the order of ORDER BY. */
const group = {
  map: 0,
  node: 1,
  relationship: 2,
  list: 3,
  path: 4,
  point: 5,
  dateTime: 6,
  localDateTime: 7,
  date: 8,
  time: 9,
  localTime: 10,
  duration: 11,
  string: 12,
  boolean: 13,
  number: 14,
  bytes: 15,
  null: 16,
} as const;

function groupOf(value: Value): number {
  switch (typeof value) {
    case "bigint":
    case "number":
      return group.number;
    case "string":
      return group.string;
    case "boolean":
      return group.boolean;
  }
  if (value === null) return group.null;
  if (isList(value)) return group.list;
  if (value instanceof NodeRef) return group.node;
  if (value instanceof RelRef) return group.relationship;
  if (isMap(value)) return group.map;
  if (value instanceof PathValue) return group.path;
  if (value instanceof PointValue) return group.point;
  if (value instanceof DateTimeValue) return group.dateTime;
  if (value instanceof LocalDateTimeValue) return group.localDateTime;
  if (value instanceof DateValue) return group.date;
  if (value instanceof TimeValue) return group.time;
  if (value instanceof LocalTimeValue) return group.localTime;
  if (value instanceof DurationValue) return group.duration;
  return group.bytes;
}

/** By code points, as Neo4j compares: JavaScript's own order differs beyond the basic plane. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    const isHighX = x >= 0xd800 && x <= 0xdfff;
    const isHighY = y >= 0xd800 && y <= 0xdfff;
    return isHighX === isHighY ? x - y : isHighX ? 1 : -1;
  }
  return a.length - b.length;
}

function compareNumbers(a: number | bigint, b: number | bigint): number {
  // NaN is the largest number there is when values are put in order.
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1;
  if (Number.isNaN(b)) return -1;
  return a < b ? -1 : a > b ? 1 : 0;
}

function timeInUtc(value: TimeValue): number {
  return value.nanos - value.offset * nanosPerSecond;
}

const averageMonthDays = 30.436875;

function compareDurations(a: DurationValue, b: DurationValue): number {
  const length = ({ months, days, seconds }: DurationValue) =>
    (months * averageMonthDays + days) * 86_400 + Number(seconds);
  return length(a) - length(b) || a.nanos - b.nanos || a.months - b.months || a.days - b.days;
}

function compareSame(kind: number, a: Value, b: Value): number {
  switch (kind) {
    case group.number:
      return compareNumbers(a as bigint, b as bigint);
    case group.string:
      return compareStrings(a as string, b as string);
    case group.boolean:
      return Number(a) - Number(b);
    case group.date:
      return (a as DateValue).days - (b as DateValue).days;
    case group.localTime:
      return (a as LocalTimeValue).nanos - (b as LocalTimeValue).nanos;
    case group.time:
      return (
        timeInUtc(a as TimeValue) - timeInUtc(b as TimeValue) ||
        (a as TimeValue).offset - (b as TimeValue).offset
      );
    case group.localDateTime:
      return compareDayTime(a as LocalDateTimeValue, b as LocalDateTimeValue);
    case group.dateTime: {
      const [x, y] = [a as DateTimeValue, b as DateTimeValue];
      return (
        compareDayTime(utcOf(x), utcOf(y)) ||
        x.offset - y.offset ||
        compareStrings(x.zone ?? "", y.zone ?? "")
      );
    }
    case group.duration:
      return compareDurations(a as DurationValue, b as DurationValue);
    case group.node:
    case group.relationship:
      return (a as NodeRef).id - (b as NodeRef).id;
    case group.list:
      return compareLists(a as readonly Value[], b as readonly Value[]);
    case group.map:
      return compareMaps(a as CypherMap, b as CypherMap);
    case group.path:
      return comparePaths(a as PathValue, b as PathValue);
    case group.point: {
      const [x, y] = [a as PointValue, b as PointValue];
      return x.srid - y.srid || x.x - y.x || x.y - y.y || (x.z ?? 0) - (y.z ?? 0);
    }
    case group.bytes:
      return Buffer.compare(a as Uint8Array, b as Uint8Array);
  }
  return 0;
}

function compareLists(a: readonly Value[], b: readonly Value[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compareValues(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareMaps(a: CypherMap, b: CypherMap): number {
  if (a.size !== b.size) return a.size - b.size;
  const [keysA, keysB] = [[...a.keys()].sort(compareStrings), [...b.keys()].sort(compareStrings)];
  for (const [i, key] of keysA.entries()) {
    const order = compareStrings(key, keysB[i]!);
    if (order !== 0) return order;
  }
  for (const key of keysA) {
    const order = compareValues(a.get(key)!, b.get(key)!);
    if (order !== 0) return order;
  }
  return 0;
}

function comparePaths(a: PathValue, b: PathValue): number {
  const length = Math.min(a.nodes.length, b.nodes.length);
  for (let i = 0; i < length; i++) {
    const order = a.nodes[i]!.id - b.nodes[i]!.id || (a.rels[i]?.id ?? 0) - (b.rels[i]?.id ?? 0);
    if (order !== 0) return order;
  }
  return a.nodes.length - b.nodes.length;
}

/** The order of ORDER BY, of all values: below, at or above 0; null is last. */
export function compareValues(a: Value, b: Value): number {
  const [x, y] = [groupOf(a), groupOf(b)];
  return x !== y ? x - y : compareSame(x, a, b);
}

/** `<` and its kin: undefined where the values cannot be compared, which is null in Cypher; NaN for no order at all. */
export function comparison(a: Value, b: Value): number | undefined {
  if (a === null || b === null) return undefined;
  if (typeof a === "bigint" && typeof b === "bigint") return a < b ? -1 : a > b ? 1 : 0;
  const kind = groupOf(a);
  if (kind !== groupOf(b)) return undefined;
  switch (kind) {
    case group.number:
      if (Number.isNaN(a) || Number.isNaN(b)) return Number.NaN;
      return compareNumbers(a as bigint, b as bigint);
    case group.list:
      return listComparison(a as readonly Value[], b as readonly Value[]);
    case group.duration:
    case group.point:
    case group.node:
    case group.relationship:
    case group.path:
      return equals(a, b) === true ? Number.NaN : undefined;
    case group.map:
      return containsNull(a) || containsNull(b) ? undefined : compareSame(kind, a, b);
  }
  return compareSame(kind, a, b);
}

function containsNull(value: Value): boolean {
  if (value === null) return true;
  if (isList(value)) return value.some(containsNull);
  return isMap(value) && [...value.values()].some(containsNull);
}

function listComparison(a: readonly Value[], b: readonly Value[]): number | undefined {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (equals(a[i]!, b[i]!) === true) continue;
    return comparison(a[i]!, b[i]!);
  }
  return a.length - b.length;
}

/** `=`: null where something unknown decides. */
export function equals(a: Value, b: Value): boolean | null {
  if (a === null || b === null) return null;
  if (typeof a === "string" || typeof a === "boolean") return a === b;
  if (typeof a === "bigint" || typeof a === "number") {
    // Across the two types JavaScript compares the mathematical values.
    // biome-ignore lint/suspicious/noDoubleEquals: the point of it
    return (typeof b === "bigint" || typeof b === "number") && a == b;
  }
  if (isList(a)) return isList(b) ? listsEqual(a, b) : false;
  if (isMap(a)) return isMap(b) ? mapsEqual(a, b) : false;
  const kind = groupOf(a);
  return (
    kind === groupOf(b) &&
    (kind === group.duration
      ? durationsEqual(a as DurationValue, b as DurationValue)
      : compareSame(kind, a, b) === 0)
  );
}

function durationsEqual(a: DurationValue, b: DurationValue): boolean {
  return a.months === b.months && a.days === b.days && a.seconds === b.seconds && a.nanos === b.nanos;
}

function listsEqual(a: readonly Value[], b: readonly Value[]): boolean | null {
  if (a.length !== b.length) return false;
  let result: boolean | null = true;
  for (let i = 0; i < a.length; i++) {
    const same = equals(a[i]!, b[i]!);
    if (same === false) return false;
    if (same === null) result = null;
  }
  return result;
}

function mapsEqual(a: CypherMap, b: CypherMap): boolean | null {
  if (a.size !== b.size) return false;
  let result: boolean | null = true;
  for (const [key, value] of a) {
    const other = b.get(key);
    if (other === undefined) return false;
    const same = equals(value, other);
    if (same === false) return false;
    if (same === null) result = null;
  }
  return result;
}

/** A key that two values share exactly when DISTINCT and grouping take them for the same: null is null, 1 is 1.0. */
export function equivalenceKey(value: Value): string {
  switch (typeof value) {
    case "string":
      return `s${value.length}:${value}`;
    case "bigint":
      return `n${value}`;
    case "number":
      return Number.isInteger(value) ? `n${BigInt(value)}` : `n${value}`;
    case "boolean":
      return value ? "t" : "f";
  }
  if (value === null) return "0";
  if (isList(value)) return `[${value.map(equivalenceKey).join()}]`;
  if (value instanceof NodeRef) return `N${value.id}`;
  if (value instanceof RelRef) return `R${value.id}`;
  if (isMap(value)) {
    const keys = [...value.keys()].sort();
    return `{${keys.map((key) => `${key.length}:${key}=${equivalenceKey(value.get(key)!)}`).join()}}`;
  }
  if (value instanceof PathValue)
    return `P${value.nodes.map(({ id }) => id).join()};${value.rels.map(({ id }) => id).join()}`;
  if (value instanceof PointValue) return `p${value.srid},${value.x},${value.y},${value.z}`;
  if (value instanceof Uint8Array) return `b${Buffer.from(value).toString("latin1")}`;
  if (value instanceof DurationValue) return `d${value.months},${value.days},${value.seconds},${value.nanos}`;
  return `${value.constructor.name}${formatTemporal(value)}`;
}
