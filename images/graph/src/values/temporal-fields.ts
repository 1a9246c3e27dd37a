import {
  civilDate,
  dayOfWeek,
  dayOfYear,
  firstOfQuarter,
  isoWeek,
  nanosPerSecond,
  quarterOf,
} from "./calendar.ts";
import { formatOffset } from "./format-temporal.ts";
import {
  DateTimeValue,
  DateValue,
  type DurationValue,
  LocalTimeValue,
  type Temporal,
  TimeValue,
  utcOf,
} from "./temporal.ts";
import type { Value } from "./types.ts";

const dateFields: Readonly<Record<string, (days: number) => number>> = {
  year: (days) => civilDate(days).year,
  quarter: (days) => quarterOf(civilDate(days).month),
  month: (days) => civilDate(days).month,
  week: (days) => isoWeek(days).week,
  weekYear: (days) => isoWeek(days).weekYear,
  dayOfQuarter: (days) => days - firstOfQuarter(days) + 1,
  quarterDay: (days) => days - firstOfQuarter(days) + 1,
  day: (days) => civilDate(days).day,
  ordinalDay: dayOfYear,
  dayOfWeek,
  weekDay: dayOfWeek,
};

const timeFields: Readonly<Record<string, (nanos: number) => number>> = {
  hour: (nanos) => Math.floor(nanos / (3600 * nanosPerSecond)),
  minute: (nanos) => Math.floor(nanos / (60 * nanosPerSecond)) % 60,
  second: (nanos) => Math.floor(nanos / nanosPerSecond) % 60,
  millisecond: (nanos) => Math.floor((nanos % nanosPerSecond) / 1e6),
  microsecond: (nanos) => Math.floor((nanos % nanosPerSecond) / 1e3),
  nanosecond: (nanos) => nanos % nanosPerSecond,
};

/** A component of a temporal value, or undefined when it has none of that name. */
export function temporalField(value: Temporal, field: string): Value | undefined {
  const ofDate = Object.hasOwn(dateFields, field) ? dateFields[field] : undefined;
  if (ofDate !== undefined)
    return value instanceof LocalTimeValue || value instanceof TimeValue
      ? undefined
      : BigInt(ofDate(value.days));
  const ofTime = Object.hasOwn(timeFields, field) ? timeFields[field] : undefined;
  if (ofTime !== undefined) return value instanceof DateValue ? undefined : BigInt(ofTime(value.nanos));
  if (!(value instanceof TimeValue || value instanceof DateTimeValue)) return undefined;
  switch (field) {
    case "timezone":
      return value instanceof DateTimeValue && value.zone !== undefined
        ? value.zone
        : formatOffset(value.offset);
    case "offset":
      return formatOffset(value.offset);
    case "offsetMinutes":
      return BigInt(Math.trunc(value.offset / 60));
    case "offsetSeconds":
      return BigInt(value.offset);
    case "epochSeconds":
      return value instanceof DateTimeValue
        ? epochMillis(value) / 1000n - (isBefore(value) ? 1n : 0n)
        : undefined;
    case "epochMillis":
      return value instanceof DateTimeValue ? epochMillis(value) : undefined;
  }
  return undefined;
}

function epochMillis(value: DateTimeValue): bigint {
  const utc = utcOf(value);
  return BigInt(utc.days) * 86_400_000n + BigInt(Math.floor(utc.nanos / 1e6));
}

/** Whether the division of its milliseconds by 1000 rounds up, as it is before the epoch. */
function isBefore(value: DateTimeValue): boolean {
  const millis = epochMillis(value);
  return millis < 0n && millis % 1000n !== 0n;
}

export function durationField(value: DurationValue, field: string): Value | undefined {
  const { months, days, seconds, nanos } = value;
  switch (field) {
    case "years":
      return BigInt(Math.trunc(months / 12));
    case "quarters":
      return BigInt(Math.trunc(months / 3));
    case "months":
      return BigInt(months);
    case "weeks":
      return BigInt(Math.trunc(days / 7));
    case "days":
      return BigInt(days);
    case "hours":
      return seconds / 3600n;
    case "minutes":
      return seconds / 60n;
    case "seconds":
      return seconds;
    case "milliseconds":
      return seconds * 1000n + BigInt(Math.floor(nanos / 1e6));
    case "microseconds":
      return seconds * 1_000_000n + BigInt(Math.floor(nanos / 1e3));
    case "nanoseconds":
      return seconds * 1_000_000_000n + BigInt(nanos);
    case "quartersOfYear":
      return BigInt(Math.trunc((months % 12) / 3));
    case "monthsOfQuarter":
      return BigInt(months % 3);
    case "monthsOfYear":
      return BigInt(months % 12);
    case "daysOfWeek":
      return BigInt(days % 7);
    case "minutesOfHour":
      return (seconds / 60n) % 60n;
    case "secondsOfMinute":
      return seconds % 60n;
    case "millisecondsOfSecond":
      return BigInt(Math.floor(nanos / 1e6));
    case "microsecondsOfSecond":
      return BigInt(Math.floor(nanos / 1e3));
    case "nanosecondsOfSecond":
      return BigInt(nanos);
  }
  return undefined;
}
