import { PointValue } from "./point.ts";
import {
  DateTimeValue,
  DateValue,
  DurationValue,
  LocalDateTimeValue,
  LocalTimeValue,
  TimeValue,
} from "./temporal.ts";
import { isList, isMap, NodeRef, PathValue, RelRef, type Value } from "./types.ts";

/** What a value is, as messages call it. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case "string":
      return "String";
    case "boolean":
      return "Boolean";
    case "bigint":
      return "Integer";
    case "number":
      return "Float";
  }
  if (value === null) return "Null";
  if (isList(value)) return "List";
  if (isMap(value)) return "Map";
  if (value instanceof NodeRef) return "Node";
  if (value instanceof RelRef) return "Relationship";
  if (value instanceof PathValue) return "Path";
  if (value instanceof PointValue) return "Point";
  if (value instanceof DateValue) return "Date";
  if (value instanceof TimeValue) return "Time";
  if (value instanceof LocalTimeValue) return "LocalTime";
  if (value instanceof LocalDateTimeValue) return "LocalDateTime";
  if (value instanceof DateTimeValue) return "DateTime";
  return value instanceof DurationValue ? "Duration" : "ByteArray";
}

/** The name in Cypher's own type language, as `valueType()` gives it. */
export function valueTypeName(value: Value): string {
  if (value === null) return "NULL";
  if (isList(value)) return listTypeName(value);
  const names: Readonly<Record<string, string>> = {
    String: "STRING",
    Boolean: "BOOLEAN",
    Integer: "INTEGER",
    Float: "FLOAT",
    Map: "MAP",
    Node: "NODE",
    Relationship: "RELATIONSHIP",
    Path: "PATH",
    Point: "POINT",
    Date: "DATE",
    Time: "ZONED TIME",
    LocalTime: "LOCAL TIME",
    LocalDateTime: "LOCAL DATETIME",
    DateTime: "ZONED DATETIME",
    Duration: "DURATION",
    ByteArray: "ByteArray",
  };
  return `${names[typeName(value)]} NOT NULL`;
}

const typeOrder = [
  "NULL",
  "BOOLEAN",
  "STRING",
  "INTEGER",
  "FLOAT",
  "DATE",
  "LOCAL TIME",
  "ZONED TIME",
  "LOCAL DATETIME",
  "ZONED DATETIME",
  "DURATION",
  "POINT",
  "NODE",
  "RELATIONSHIP",
  "MAP",
  "LIST",
  "PATH",
];

/** The order in which a list's types are named; lists among them by what they are of. */
function compareTypeNames(a: string, b: string): number {
  const rank = (name: string) => typeOrder.findIndex((prefix) => name.startsWith(prefix));
  const list = "LIST<";
  if (a.startsWith(list) && b.startsWith(list) && a !== b)
    return compareTypeNames(a.slice(list.length), b.slice(list.length));
  return rank(a) - rank(b);
}

const emptyList = "LIST<NOTHING> NOT NULL";

function listTypeName(list: readonly Value[]): string {
  if (list.length === 0) return emptyList;
  const names = new Set(list.map(valueTypeName));
  const hasNull = names.delete("NULL");
  if (names.size === 0) return "LIST<NULL> NOT NULL";
  // What an empty list is of says nothing beside a list that has elements.
  if ([...names].some((name) => name.startsWith("LIST<") && name !== emptyList)) names.delete(emptyList);
  const inner = [...names].sort(compareTypeNames);
  return `LIST<${inner.map((name) => (hasNull ? name.replace(/ NOT NULL$/, "") : name)).join(" | ")}> NOT NULL`;
}
