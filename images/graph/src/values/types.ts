import type { PointValue } from "./point.ts";
import type {
  DateTimeValue,
  DateValue,
  DurationValue,
  LocalDateTimeValue,
  LocalTimeValue,
  TimeValue,
} from "./temporal.ts";

/** A node in a row: which one it is; labels and properties are read where they are asked for. */
export class NodeRef {
  readonly id: number;

  constructor(id: number) {
    this.id = id;
  }
}

/** A relationship in a row. Its type and its ends never change. */
export class RelRef {
  readonly id: number;
  /** The number of its type. */
  readonly type: number;
  readonly start: number;
  readonly end: number;

  constructor(id: number, type: number, start: number, end: number) {
    this.id = id;
    this.type = type;
    this.start = start;
    this.end = end;
  }
}

export class PathValue {
  /** One more than relationships. */
  readonly nodes: readonly NodeRef[];
  readonly rels: readonly RelRef[];

  constructor(nodes: readonly NodeRef[], rels: readonly RelRef[]) {
    this.nodes = nodes;
    this.rels = rels;
  }
}

export type CypherMap = ReadonlyMap<string, Value>;

/** A value of Cypher. INTEGER is `bigint`, FLOAT is `number`. */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | readonly Value[]
  | CypherMap
  | NodeRef
  | RelRef
  | PathValue
  | DateValue
  | LocalTimeValue
  | TimeValue
  | LocalDateTimeValue
  | DateTimeValue
  | DurationValue
  | PointValue;

export function isMap(value: Value): value is CypherMap {
  return value instanceof Map;
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export const int64Min = -(2n ** 63n);
export const int64Max = 2n ** 63n - 1n;
