import { argumentError } from "../errors.ts";
import {
  civilDate,
  dayOfWeek,
  epochDay,
  firstMonday,
  firstOfQuarter,
  floorDiv,
  isoWeek,
  nanosPerSecond,
} from "./calendar.ts";
import { Components, dayOf, type TemporalKind, timeOf } from "./construct-temporal.ts";
import { dateTimeInZone, zoneOffset } from "./parse-temporal.ts";
import {
  DateTimeValue,
  DateValue,
  LocalDateTimeValue,
  LocalTimeValue,
  type Temporal,
  TimeValue,
} from "./temporal.ts";
import type { CypherMap } from "./types.ts";

/** Days back to the beginning of a unit, for units of a day and longer. */
const dayUnits: Readonly<Record<string, (days: number) => number>> = {
  millennium: (days) => epochDay(floorDiv(civilDate(days).year, 1000) * 1000, 1, 1),
  century: (days) => epochDay(floorDiv(civilDate(days).year, 100) * 100, 1, 1),
  decade: (days) => epochDay(floorDiv(civilDate(days).year, 10) * 10, 1, 1),
  year: (days) => epochDay(civilDate(days).year, 1, 1),
  weekyear: (days) => firstMonday(isoWeek(days).weekYear),
  quarter: firstOfQuarter,
  month: (days) => epochDay(civilDate(days).year, civilDate(days).month, 1),
  week: (days) => days - (dayOfWeek(days) - 1),
  day: (days) => days,
};

/** Nanoseconds of units shorter than a day. */
const clockUnits: Readonly<Record<string, number>> = {
  hour: 3600 * nanosPerSecond,
  minute: 60 * nanosPerSecond,
  second: nanosPerSecond,
  millisecond: 1e6,
  microsecond: 1e3,
};

/** `kind.truncate(unit, value, fields)`. */
export function truncate(
  kind: TemporalKind,
  unitName: string,
  value: Temporal,
  fields: CypherMap,
  defaultZone: string,
): Temporal {
  const unit = unitName.toLowerCase();
  const dayUnit = dayUnits[unit];
  const clockUnit = clockUnits[unit];
  const isTimeKind = kind === "localtime" || kind === "time";
  if (
    (dayUnit === undefined && clockUnit === undefined) ||
    (isTimeKind && dayUnit !== undefined && unit !== "day")
  )
    throw argumentError(`Unit is too large or unknown for truncation: ${unitName}`);
  if (kind === "date" && dayUnit === undefined)
    throw argumentError(`Unit is too small for truncation: ${unitName}`);
  const hasDate = !(value instanceof LocalTimeValue || value instanceof TimeValue);
  if (!hasDate && !isTimeKind) throw argumentError(`Cannot truncate a time to a ${kind}`);
  if (value instanceof DateValue && isTimeKind) throw argumentError(`Cannot truncate a date to a ${kind}`);
  let days = hasDate ? value.days : 0;
  let nanos = value instanceof DateValue ? 0 : value.nanos;
  if (dayUnit !== undefined) {
    days = hasDate ? dayUnit(days) : days;
    nanos = 0;
  } else nanos -= nanos % clockUnit!;
  const withZone = kind === "time" || kind === "datetime";
  const allowed = kind === "date" ? "date" : isTimeKind ? "time" : "both";
  const components = new Components(kind, fields, allowed, withZone);
  if (!isTimeKind) days = dayOf(components, days, true);
  if (kind !== "date") nanos = timeOf(components, nanos, unit === "millisecond" || unit === "microsecond");
  const zone = components.text("timezone");
  switch (kind) {
    case "date":
      return new DateValue(days);
    case "localtime":
      return new LocalTimeValue(nanos);
    case "localdatetime":
      return new LocalDateTimeValue(days, nanos);
    case "time": {
      const offset =
        zone !== undefined
          ? zoneOffset(zone, Math.floor(Date.now() / 1000))
          : value instanceof TimeValue || value instanceof DateTimeValue
            ? value.offset
            : zoneOffset(defaultZone, Math.floor(Date.now() / 1000));
      return new TimeValue(nanos, offset);
    }
    case "datetime": {
      if (zone !== undefined) return dateTimeInZone(days, nanos, zone);
      if (!(value instanceof DateTimeValue)) return dateTimeInZone(days, nanos, defaultZone);
      if (value.zone !== undefined) return dateTimeInZone(days, nanos, value.zone);
      return new DateTimeValue(days, nanos, value.offset, undefined);
    }
  }
}
