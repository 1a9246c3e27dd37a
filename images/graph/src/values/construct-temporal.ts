import { argumentError } from "../errors.ts";
import {
  civilDate,
  dayOfWeek,
  dayOfYear,
  firstOfQuarter,
  isoWeek,
  nanosPerSecond,
  quarterOf,
} from "./calendar.ts";
import { durationOf } from "./duration.ts";
import {
  checkedDay,
  dateTimeInZone,
  dayOfQuarterDate,
  dayOfWeekDate,
  inZone,
  ordinalDate,
  parseOffset,
  zoneOffset,
} from "./parse-temporal.ts";
import type { DurationValue } from "./temporal.ts";
import {
  DateTimeValue,
  DateValue,
  LocalDateTimeValue,
  LocalTimeValue,
  normalized,
  type Temporal,
  TimeValue,
  utcOf,
} from "./temporal.ts";
import type { CypherMap, Value } from "./types.ts";

const dateFields = ["year", "month", "day", "week", "dayOfWeek", "quarter", "dayOfQuarter", "ordinalDay"];
const timeFields = ["hour", "minute", "second", "millisecond", "microsecond", "nanosecond"];
const baseFields = ["date", "time", "datetime", "epochSeconds", "epochMillis"];

/** A map of components, as `date({...})` and its kin take them. */
export class Components {
  readonly #map: CypherMap;
  readonly #kind: string;

  constructor(kind: string, map: CypherMap, allowed: "date" | "time" | "both", withZone: boolean) {
    this.#map = map;
    this.#kind = kind;
    const known = new Set([
      ...baseFields,
      ...(allowed === "time" ? [] : dateFields),
      ...(allowed === "date" ? [] : timeFields),
      ...(withZone ? ["timezone"] : []),
    ]);
    for (const key of map.keys()) {
      if (!known.has(key) && key !== "timezone") throw argumentError(`No such field: ${key}`);
      if (key === "timezone" && !withZone) throw argumentError(`Cannot assign time zone to ${kind}`);
    }
  }

  has(field: string): boolean {
    return this.#map.has(field);
  }

  hasAny(fields: readonly string[]): boolean {
    return fields.some((field) => this.#map.has(field));
  }

  get(field: string): Value | undefined {
    return this.#map.get(field);
  }

  integer(field: string): number | undefined {
    const value = this.#map.get(field);
    if (value === undefined) return undefined;
    if (typeof value !== "bigint") {
      throw argumentError(`${this.#kind}: ${field} must be an integer value`);
    }
    return Number(value);
  }

  text(field: string): string | undefined {
    const value = this.#map.get(field);
    if (value === undefined) return undefined;
    if (typeof value !== "string") throw argumentError(`${this.#kind}: ${field} must be a string`);
    return value;
  }

  /** The value that the others are laid over. */
  temporal(field: string): Temporal | undefined {
    const value = this.#map.get(field);
    if (value === undefined) return undefined;
    if (
      value instanceof DateValue ||
      value instanceof LocalTimeValue ||
      value instanceof TimeValue ||
      value instanceof LocalDateTimeValue ||
      value instanceof DateTimeValue
    )
      return value;
    throw argumentError(`${this.#kind}: ${field} must be a temporal value`);
  }
}

function dateBase(components: Components): number | undefined {
  const base = components.temporal("date") ?? components.temporal("datetime");
  if (base === undefined) return undefined;
  if (base instanceof LocalTimeValue || base instanceof TimeValue)
    throw argumentError("Cannot get the date of: a time");
  return base.days;
}

/** The day that components give, on top of `base` where they leave something out. */
export function dayOf(components: Components, base: number | undefined, isTruncation = false): number {
  const get = (field: string) => components.integer(field);
  const has = (field: string) => components.has(field);
  const civil = base === undefined ? undefined : civilDate(base);
  const week = base === undefined ? undefined : isoWeek(base);
  if (has("week") || (has("dayOfWeek") && base !== undefined)) {
    forbid(components, ["month", "day", "quarter", "dayOfQuarter", "ordinalDay"], "week");
    const year = get("year") ?? week?.weekYear;
    if (year === undefined) throw argumentError("year must be specified");
    return dayOfWeekDate(
      year,
      get("week") ?? week?.week ?? 1,
      get("dayOfWeek") ?? (base === undefined ? 1 : dayOfWeek(base)),
    );
  }
  const year = get("year") ?? civil?.year;
  if (year === undefined) throw argumentError("year must be specified");
  if (has("quarter") || has("dayOfQuarter")) {
    forbid(components, ["month", "day", "ordinalDay"], "quarter");
    if (!has("quarter") && base === undefined) throw argumentError("quarter must be specified");
    const quarter = get("quarter") ?? quarterOf(civil!.month);
    const day = get("dayOfQuarter") ?? (base === undefined ? 1 : base - firstOfQuarter(base) + 1);
    return dayOfQuarterDate(year, quarter, day);
  }
  if (has("ordinalDay")) {
    forbid(components, ["month", "day"], "ordinalDay");
    return ordinalDate(year, get("ordinalDay") ?? dayOfYear(base!));
  }
  if (has("dayOfWeek")) throw argumentError("week must be specified");
  if (has("day") && !has("month") && base === undefined) throw argumentError("month must be specified");
  const month = get("month") ?? civil?.month ?? 1;
  const day = get("day") ?? civil?.day ?? 1;
  void isTruncation;
  return checkedDay(year, month, day);
}

function forbid(components: Components, fields: readonly string[], with_: string): void {
  for (const field of fields)
    if (components.has(field)) throw argumentError(`Cannot assign ${field} together with ${with_}`);
}

function checked(value: number | undefined, max: number, field: string): number | undefined {
  if (value !== undefined && (value < 0 || value > max))
    throw argumentError(`Invalid value for ${field}: ${value} (valid values 0 - ${max})`);
  return value;
}

/** The time of day that components give, on top of `base`. */
export function timeOf(components: Components, base: number | undefined, keepsFraction = false): number {
  const get = (field: string, max: number) => checked(components.integer(field), max, field);
  const start = base ?? 0;
  const [hour, minute, second] = [get("hour", 23), get("minute", 59), get("second", 59)];
  const isFirst = base === undefined;
  if (isFirst) {
    const given = [hour, minute, second, fractionOf(components)];
    const names = ["hour", "minute", "second"];
    for (let i = 1; i < given.length; i++) {
      if (given[i] !== undefined && given[i - 1] === undefined)
        throw argumentError(`${names[i - 1]} must be specified`);
    }
  }
  const startSeconds = Math.floor(start / nanosPerSecond);
  const seconds =
    (hour ?? Math.floor(startSeconds / 3600)) * 3600 +
    (minute ?? Math.floor(startSeconds / 60) % 60) * 60 +
    (second ?? startSeconds % 60);
  const millisecond = get("millisecond", 999);
  const microsecond = get("microsecond", millisecond === undefined ? 999_999 : 999);
  const hasCoarser = millisecond !== undefined || microsecond !== undefined;
  const nanosecond = get("nanosecond", microsecond !== undefined ? 999 : hasCoarser ? 999_999 : 999_999_999);
  let fraction = start % nanosPerSecond;
  if (hasCoarser || nanosecond !== undefined) {
    const kept = keepsFraction ? fraction : 0;
    fraction = (millisecond ?? 0) * 1e6 + (microsecond ?? 0) * 1e3 + (nanosecond ?? 0) + kept;
  }
  return seconds * nanosPerSecond + fraction;
}

function fractionOf(components: Components): number | undefined {
  return (
    components.integer("millisecond") ?? components.integer("microsecond") ?? components.integer("nanosecond")
  );
}

export function dateFrom(map: CypherMap): DateValue {
  const components = new Components("Date", map, "date", false);
  return new DateValue(dayOf(components, dateBase(components)));
}

interface TimeBase {
  readonly nanos: number;
  readonly offset: number | undefined;
  readonly zone: string | undefined;
}

function timeBase(components: Components): TimeBase | undefined {
  const base = components.temporal("time") ?? components.temporal("datetime");
  if (base === undefined) return undefined;
  if (base instanceof DateValue) throw argumentError("Cannot get the time of: a date");
  if (base instanceof TimeValue) return { nanos: base.nanos, offset: base.offset, zone: undefined };
  if (base instanceof DateTimeValue) return { nanos: base.nanos, offset: base.offset, zone: base.zone };
  return { nanos: base.nanos, offset: undefined, zone: undefined };
}

export function localTimeFrom(map: CypherMap): LocalTimeValue {
  const components = new Components("LocalTime", map, "time", false);
  const base = timeBase(components);
  if (base === undefined && !components.has("hour")) throw argumentError("hour must be specified");
  return new LocalTimeValue(timeOf(components, base?.nanos));
}

export function timeFrom(map: CypherMap, defaultZone: string): TimeValue {
  const components = new Components("Time", map, "time", true);
  const base = timeBase(components);
  if (base === undefined && !components.has("hour")) throw argumentError("hour must be specified");
  const zone = components.text("timezone");
  const now = Math.floor(Date.now() / 1000);
  const wanted = zone === undefined ? undefined : zoneOffset(zone, now);
  let start = base?.nanos;
  if (start !== undefined && wanted !== undefined && base?.offset !== undefined)
    start = normalized(0, start + (wanted - base.offset) * nanosPerSecond).nanos;
  const offset = wanted ?? base?.offset ?? zoneOffset(defaultZone, now);
  return new TimeValue(timeOf(components, start), offset);
}

export function localDateTimeFrom(map: CypherMap): LocalDateTimeValue {
  const components = new Components("LocalDateTime", map, "both", false);
  const time = timeBase(components);
  const hasDate = components.has("date") || components.has("datetime") || components.hasAny(dateFields);
  if (!hasDate) throw argumentError("year must be specified");
  return new LocalDateTimeValue(dayOf(components, dateBase(components)), timeOf(components, time?.nanos));
}

export function dateTimeFrom(map: CypherMap, defaultZone: string): DateTimeValue {
  const components = new Components("DateTime", map, "both", true);
  const zone = components.text("timezone");
  if (components.has("epochSeconds") || components.has("epochMillis"))
    return fromEpoch(components, zone ?? defaultZone);
  const time = timeBase(components);
  const day = dayOf(components, dateBase(components));
  const clock = timeOf(components, time?.nanos);
  if (zone === undefined && time?.zone === undefined && time?.offset !== undefined)
    return new DateTimeValue(day, clock, time.offset, undefined);
  if (zone === undefined || time?.offset === undefined)
    return dateTimeInZone(day, clock, zone ?? time?.zone ?? defaultZone);
  // The components say what the clock shows where the time comes from; the zone, where that moment is to be shown.
  const source =
    time.zone === undefined
      ? new DateTimeValue(day, clock, time.offset, undefined)
      : dateTimeInZone(day, clock, time.zone);
  const utc = utcOf(source);
  return inZone(utc.days, utc.nanos, zone);
}

function fromEpoch(components: Components, zone: string): DateTimeValue {
  const seconds = components.integer("epochSeconds");
  const millis = components.integer("epochMillis");
  const total = seconds ?? Math.floor(millis! / 1000);
  const fraction =
    (seconds === undefined ? (millis! - total * 1000) * 1e6 : 0) +
    (components.integer("millisecond") ?? 0) * 1e6 +
    (components.integer("microsecond") ?? 0) * 1e3 +
    (components.integer("nanosecond") ?? 0);
  const days = Math.floor(total / 86_400);
  return inZone(days, (total - days * 86_400) * nanosPerSecond + fraction, zone);
}

const durationFields: Readonly<Record<string, readonly ["months" | "days" | "seconds" | "nanos", number]>> = {
  years: ["months", 12],
  quarters: ["months", 3],
  months: ["months", 1],
  weeks: ["days", 7],
  days: ["days", 1],
  hours: ["seconds", 3600],
  minutes: ["seconds", 60],
  seconds: ["seconds", 1],
  milliseconds: ["nanos", 1e6],
  microseconds: ["nanos", 1e3],
  nanoseconds: ["nanos", 1],
};

export function durationFrom(map: CypherMap): DurationValue {
  const totals = { months: 0, days: 0, seconds: 0, nanos: 0 };
  let wholeSeconds = 0n;
  for (const [key, value] of map) {
    const field = durationFields[key];
    if (field === undefined) throw argumentError(`No such field: ${key}`);
    if (typeof value === "bigint" && field[0] === "seconds") {
      wholeSeconds += value * BigInt(field[1]);
      continue;
    }
    if (typeof value === "bigint" && field[0] === "nanos") {
      const nanos = value * BigInt(field[1]);
      wholeSeconds += nanos / 1_000_000_000n;
      totals.nanos += Number(nanos % 1_000_000_000n);
      continue;
    }
    if (typeof value !== "bigint" && typeof value !== "number")
      throw argumentError(`${key} must be a number`);
    totals[field[0]] += Number(value) * field[1];
  }
  return durationOf(totals.months, totals.days, totals.seconds, totals.nanos, wholeSeconds);
}

/** A temporal value as another kind: `date(datetime(...))` and its kin. */
export function convert(kind: TemporalKind, value: Temporal, defaultZone: string): Temporal {
  const days = value instanceof LocalTimeValue || value instanceof TimeValue ? undefined : value.days;
  const nanos = value instanceof DateValue ? undefined : value.nanos;
  const impossible = () => argumentError(`Cannot make a ${kind} of this value`);
  switch (kind) {
    case "date":
      if (days === undefined) throw impossible();
      return new DateValue(days);
    case "localtime":
      if (nanos === undefined) throw impossible();
      return new LocalTimeValue(nanos);
    case "time": {
      if (nanos === undefined) throw impossible();
      const offset =
        value instanceof TimeValue || value instanceof DateTimeValue
          ? value.offset
          : zoneOffset(defaultZone, Math.floor(Date.now() / 1000));
      return new TimeValue(nanos, offset);
    }
    case "localdatetime":
      if (days === undefined) throw impossible();
      return new LocalDateTimeValue(days, nanos ?? 0);
    case "datetime":
      if (days === undefined) throw impossible();
      if (value instanceof DateTimeValue) return value;
      return dateTimeInZone(days, nanos ?? 0, defaultZone);
  }
}

export type TemporalKind = "date" | "localtime" | "time" | "localdatetime" | "datetime";

/** The current moment in a zone. */
export function now(kind: TemporalKind, epochMillis: number, zone: string): Temporal {
  const days = Math.floor(epochMillis / 86_400_000);
  const nanos = Math.round((epochMillis - days * 86_400_000) * 1e6);
  const moment = inZone(days, nanos, zone);
  if (kind === "datetime") return moment;
  return convert(kind, moment, zone);
}

export { parseOffset, utcOf };
