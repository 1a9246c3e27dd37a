import { argumentError } from "../errors.ts";
import { civilDate, epochDay, floorDiv, floorMod, nanosPerDay, nanosPerSecond, yearMax } from "./calendar.ts";

const daysMin = epochDay(-yearMax, 1, 1);
const daysMax = epochDay(yearMax, 12, 31);

function checkedDays(days: number): number {
  if (!(days >= daysMin && days <= daysMax))
    throw argumentError("the date is outside of the years that can be kept");
  return days;
}

/** DATE */
export class DateValue {
  /** Since 1970-01-01. */
  readonly days: number;

  constructor(days: number) {
    this.days = checkedDays(days);
  }
}

/** LOCAL TIME */
export class LocalTimeValue {
  /** Since midnight. */
  readonly nanos: number;

  constructor(nanos: number) {
    this.nanos = nanos;
  }
}

/** ZONED TIME */
export class TimeValue {
  readonly nanos: number;
  /** East of UTC, in seconds. */
  readonly offset: number;

  constructor(nanos: number, offset: number) {
    this.nanos = nanos;
    this.offset = offset;
  }
}

/** LOCAL DATETIME */
export class LocalDateTimeValue {
  readonly days: number;
  readonly nanos: number;

  constructor(days: number, nanos: number) {
    this.days = checkedDays(days);
    this.nanos = nanos;
  }
}

/** ZONED DATETIME: the local date and time, and the offset it is at; with the name of its zone if it has one. */
export class DateTimeValue {
  readonly days: number;
  readonly nanos: number;
  readonly offset: number;
  readonly zone: string | undefined;

  constructor(days: number, nanos: number, offset: number, zone: string | undefined) {
    this.days = checkedDays(days);
    this.nanos = nanos;
    this.offset = offset;
    this.zone = zone;
  }
}

const int64Max = 2n ** 63n - 1n;

/** DURATION: the parts do not convert into one another, as months and days differ in length. */
export class DurationValue {
  readonly months: number;
  readonly days: number;
  readonly seconds: bigint;
  /** 0 to 999,999,999, also when the seconds are negative. */
  readonly nanos: number;

  constructor(months: number, days: number, seconds: bigint, nanos: number) {
    const carried = floorDiv(nanos, nanosPerSecond);
    this.months = months;
    this.days = days;
    this.seconds = seconds + BigInt(carried);
    this.nanos = nanos - carried * nanosPerSecond;
    if (
      !Number.isSafeInteger(months) ||
      !Number.isSafeInteger(days) ||
      this.seconds > int64Max ||
      this.seconds < -int64Max - 1n
    )
      throw argumentError("the duration is too long");
  }
}

export type Temporal = DateValue | LocalTimeValue | TimeValue | LocalDateTimeValue | DateTimeValue;

export function isTemporal(value: unknown): value is Temporal {
  return (
    value instanceof DateValue ||
    value instanceof LocalTimeValue ||
    value instanceof TimeValue ||
    value instanceof LocalDateTimeValue ||
    value instanceof DateTimeValue
  );
}

/** A day and a time that may have run over midnight, put right. */
export function normalized(days: number, nanos: number): { readonly days: number; readonly nanos: number } {
  const carried = floorDiv(nanos, nanosPerDay);
  return { days: days + carried, nanos: floorMod(nanos, nanosPerDay) };
}

/** The same instant in UTC. */
export function utcOf(value: DateTimeValue): { readonly days: number; readonly nanos: number } {
  return normalized(value.days, value.nanos - value.offset * nanosPerSecond);
}

/** Seconds since the epoch by the local clock; exact within JavaScript's safe integers, which dates are up to the year 285 million. */
export function localSeconds(days: number, nanos: number): number {
  return days * 86_400 + Math.floor(nanos / nanosPerSecond);
}

/** Compares by calendar and clock: numbers below, at and above 0. */
export function compareDayTime(
  a: { readonly days: number; readonly nanos: number },
  b: { readonly days: number; readonly nanos: number },
): number {
  return a.days - b.days || a.nanos - b.nanos;
}

export { civilDate };
