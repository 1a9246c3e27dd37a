import type { Interval } from "./interval-value.ts";
import type { Json } from "./json-value.ts";
import type { Numeric } from "./numeric.ts";

/**
 * A value as operators and functions see it; which JavaScript type stands for which SQL type:
 * bool boolean · int2, int4, oid, date (days since 2000), time (microseconds), floats number · int8, timestamps
 * (microseconds since 2000) bigint · numeric `Numeric` · text types, uuid, json, enums string · bytea Uint8Array ·
 * jsonb `JsonbValue` · interval `Interval` · arrays `PgArray` · rows `PgRecord` · ranges `PgRange`, `PgMultirange` · NULL null.
 */
export type Datum =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Numeric
  | Interval
  | JsonbValue
  | PgArray
  | PgRecord
  | PgRange
  | PgMultirange
  | TimeTz;

export type Row = Datum[];

/** A jsonb: its own class, so that a JSON null is not the SQL NULL. */
export class JsonbValue {
  readonly json: Json;
  constructor(json: Json) {
    this.json = json;
  }
}

/** Elements in row-major order; an empty array has no dimensions. */
export class PgArray {
  readonly elements: readonly Datum[];
  readonly dimensions: readonly number[];
  readonly lowerBounds: readonly number[];

  constructor(elements: readonly Datum[], dimensions?: readonly number[], lowerBounds?: readonly number[]) {
    this.elements = elements;
    this.dimensions = dimensions ?? (elements.length === 0 ? [] : [elements.length]);
    this.lowerBounds = lowerBounds ?? this.dimensions.map(() => 1);
  }
}

/** A row value: of a composite type when `typeOid` is not `record`. */
export class PgRecord {
  readonly values: readonly Datum[];
  readonly types: readonly number[];
  readonly names: readonly string[];
  readonly typeOid: number;

  constructor(values: readonly Datum[], types: readonly number[], names: readonly string[], typeOid = 2249) {
    this.values = values;
    this.types = types;
    this.names = names;
    this.typeOid = typeOid;
  }
}

/** A bound that is null is infinite. */
export class PgRange {
  readonly empty: boolean;
  readonly lower: Datum;
  readonly upper: Datum;
  readonly lowerInclusive: boolean;
  readonly upperInclusive: boolean;

  constructor(lower: Datum, upper: Datum, lowerInclusive: boolean, upperInclusive: boolean, empty = false) {
    this.lower = lower;
    this.upper = upper;
    this.lowerInclusive = lowerInclusive;
    this.upperInclusive = upperInclusive;
    this.empty = empty;
  }

  static readonly empty = new PgRange(null, null, false, false, true);
}

/** Disjoint, ascending, none empty. */
export class PgMultirange {
  readonly ranges: readonly PgRange[];
  constructor(ranges: readonly PgRange[]) {
    this.ranges = ranges;
  }
}

export class TimeTz {
  /** Local microseconds of the day. */
  readonly micros: number;
  /** Seconds west of Greenwich, as PostgreSQL keeps it. */
  readonly zoneSeconds: number;
  constructor(micros: number, zoneSeconds: number) {
    this.micros = micros;
    this.zoneSeconds = zoneSeconds;
  }
}
