import { argumentError } from "../errors.ts";
import { addMonths, civilDate, nanosPerDay, nanosPerSecond } from "./calendar.ts";
import { cannotParse, dateTimeInZone, inZone } from "./parse-temporal.ts";
import {
  DateTimeValue,
  DateValue,
  DurationValue,
  LocalDateTimeValue,
  LocalTimeValue,
  normalized,
  type Temporal,
  TimeValue,
  utcOf,
} from "./temporal.ts";

/** An average month of 365.2425 / 12 days, which fractions of months are made of. */
const secondsPerMonth = 2_629_746;

/** The amounts that a duration is made of, before fractions are carried down. */
export interface DurationParts {
  months?: number;
  days?: number;
  seconds?: number;
  nanos?: number;
}

/**
 * A duration of amounts with fractions: those of months become days and seconds by the average month, those of days become seconds.
 * Whole seconds may be given as an integer, which keeps all their digits.
 */
export function durationOf(
  months: number,
  days: number,
  seconds: number,
  nanos: number,
  wholeSeconds = 0n,
): DurationValue {
  const wholeMonths = Math.trunc(months);
  const monthSeconds = (months - wholeMonths) * secondsPerMonth;
  const monthDays = Math.trunc(monthSeconds / 86_400);
  const dayTotal = days;
  const wholeDays = Math.trunc(dayTotal);
  const daySeconds = (dayTotal - wholeDays) * 86_400;
  const parts = [monthSeconds - monthDays * 86_400, daySeconds, seconds];
  let secondTotal = wholeSeconds;
  let nanoTotal = nanos;
  for (const part of parts) {
    const whole = Math.trunc(part);
    if (!Number.isFinite(whole)) throw argumentError("the duration is too long");
    secondTotal += BigInt(whole);
    nanoTotal += (part - whole) * nanosPerSecond;
  }
  return new DurationValue(wholeMonths, wholeDays + monthDays, secondTotal, roundNanos(nanoTotal));
}

/** Fractions of a nanosecond are cut off, but not what a binary fraction misses of a whole one. */
function roundNanos(nanos: number): number {
  const near = Math.round(nanos);
  return Math.abs(nanos - near) < 1e-3 ? near : Math.trunc(nanos);
}

const amount = "([+-]?\\d+(?:[.,]\\d+)?|[+-]?[.,]\\d+)";
const durationForm = new RegExp(
  `^([+-])?P(?:${amount}Y)?(?:${amount}M)?(?:${amount}W)?(?:${amount}D)?(?:T(?:${amount}H)?(?:${amount}M)?(?:${amount}S)?)?$`,
  "i",
);
const dateLikeForm = /^P(\d{4})-?(\d{2})-?(\d{2})(?:T(\d{2}):?(\d{2}):?(\d{2})(?:[.,](\d{1,9}))?)?$/;

/** @throws CypherError */
export function parseDuration(text: string): DurationValue {
  const like = dateLikeForm.exec(text);
  if (like !== null) {
    const [, years, months, days, hours = 0, minutes = 0, seconds = 0, fraction = ""] = like;
    return new DurationValue(
      Number(years) * 12 + Number(months),
      Number(days),
      BigInt(Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)),
      Number(fraction.padEnd(9, "0")),
    );
  }
  const match = durationForm.exec(text);
  if (match === null || /^[+-]?P?T?$/i.test(text) || /T$/i.test(text)) throw cannotParse("Duration", text);
  const sign = match[1] === "-" ? -1 : 1;
  const numbers = match.slice(2).map((part) => sign * Number((part ?? "0").replace(",", ".")));
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0] = numbers;
  const second = (match[8] ?? "0").replace(",", ".");
  const [whole = "0", fraction = ""] = second.replace(/^[+-]/, "").split(".");
  const secondSign = (/^-/.test(second) ? -1 : 1) * sign;
  const nanos = secondSign * Number(fraction.slice(0, 9).padEnd(9, "0"));
  const seconds = BigInt(whole === "" ? "0" : whole) * BigInt(secondSign);
  return durationOf(years * 12 + months, weeks * 7 + days, hours * 3600 + minutes * 60, nanos, seconds);
}

export function addDurations(a: DurationValue, b: DurationValue, sign: 1 | -1): DurationValue {
  return new DurationValue(
    a.months + sign * b.months,
    a.days + sign * b.days,
    a.seconds + BigInt(sign) * b.seconds,
    a.nanos + sign * b.nanos,
  );
}

export function scaleDuration(value: DurationValue, factor: number): DurationValue {
  const { months, days, seconds, nanos } = value;
  const scaledSeconds = Number(seconds) * factor;
  if (Number.isInteger(factor) && Number.isSafeInteger(factor)) {
    return new DurationValue(
      months * factor,
      days * factor,
      seconds * BigInt(factor) + BigInt(Math.floor((nanos * factor) / nanosPerSecond)),
      Math.round(nanos * factor - Math.floor((nanos * factor) / nanosPerSecond) * nanosPerSecond),
    );
  }
  return durationOf(months * factor, days * factor, scaledSeconds, nanos * factor);
}

/** A temporal value some duration later: months first, then days, then the clock. */
export function addDuration(value: Temporal, by: DurationValue, sign: 1 | -1): Temporal {
  const clock = sign * Number(by.seconds % 86_400n) * nanosPerSecond + sign * by.nanos;
  const clockDays = sign * Number(by.seconds / 86_400n);
  if (value instanceof LocalTimeValue) return new LocalTimeValue(normalized(0, value.nanos + clock).nanos);
  if (value instanceof TimeValue)
    return new TimeValue(normalized(0, value.nanos + clock).nanos, value.offset);
  const shifted = addMonths(value.days, sign * by.months) + sign * by.days;
  if (value instanceof DateValue)
    return new DateValue(shifted + Math.trunc((sign * Number(by.seconds)) / 86_400));
  if (value instanceof LocalDateTimeValue) {
    const at = normalized(shifted + clockDays, value.nanos + clock);
    return new LocalDateTimeValue(at.days, at.nanos);
  }
  if (value.zone === undefined) {
    const at = normalized(shifted + clockDays, value.nanos + clock);
    return new DateTimeValue(at.days, at.nanos, value.offset, undefined);
  }
  // Months and days move the calendar; the clock runs through changes of the offset.
  const moved = by.months === 0 && by.days === 0 ? value : dateTimeInZone(shifted, value.nanos, value.zone);
  if (clock === 0 && clockDays === 0) return moved;
  const utc = utcOf(moved);
  const at = normalized(utc.days + clockDays, utc.nanos + clock);
  return inZone(at.days, at.nanos, value.zone);
}

interface Moment {
  readonly days: number;
  readonly nanos: number;
}

/** Two values as moments that can be compared: in one zone, on one day when one of them has no date. */
function comparable(from: Temporal, to: Temporal): readonly [Moment, Moment] {
  const zone = zoneOf(from) ?? zoneOf(to);
  const moment = (value: Temporal): Moment => {
    const days = dayOf(value, value === from ? to : from);
    const nanos = value instanceof DateValue ? 0 : value.nanos;
    if (zoneOf(from) !== undefined && zoneOf(to) !== undefined) {
      if (value instanceof DateTimeValue && zone?.zone !== undefined) {
        const utc = utcOf(value);
        const local = inZone(utc.days, utc.nanos, zone.zone);
        return { days: local.days, nanos: local.nanos };
      }
      const { offset } = value as TimeValue | DateTimeValue;
      return normalized(days, nanos + (zone!.offset - offset) * nanosPerSecond);
    }
    return { days, nanos };
  };
  return [moment(from), moment(to)];
}

/** The day of a value; of one without a date, that of the value it is compared with. */
function dayOf(value: Temporal, other: Temporal): number {
  if (!(value instanceof LocalTimeValue || value instanceof TimeValue)) return value.days;
  return other instanceof LocalTimeValue || other instanceof TimeValue ? 0 : other.days;
}

function hasDate(value: Temporal): boolean {
  return !(value instanceof LocalTimeValue || value instanceof TimeValue);
}

function zoneOf(value: Temporal): { readonly offset: number; readonly zone: string | undefined } | undefined {
  if (value instanceof TimeValue) return { offset: value.offset, zone: undefined };
  return value instanceof DateTimeValue ? { offset: value.offset, zone: value.zone } : undefined;
}

/** Nanoseconds between two values, as instants where both have a zone. */
function elapsed(from: Temporal, to: Temporal): { readonly seconds: bigint; readonly nanos: number } {
  const pair = instants(from, to);
  const [a, b] = pair;
  const seconds = BigInt(b.days - a.days) * 86_400n;
  const nanos = b.nanos - a.nanos;
  const whole = Math.floor(nanos / nanosPerSecond);
  return { seconds: seconds + BigInt(whole), nanos: nanos - whole * nanosPerSecond };
}

function instants(from: Temporal, to: Temporal): readonly [Moment, Moment] {
  const zone = zoneOf(from) ?? zoneOf(to);
  if (zone === undefined) return comparable(from, to);
  const moment = (value: Temporal): Moment => {
    if (value instanceof DateTimeValue) return utcOf(value);
    if (value instanceof TimeValue)
      return normalized(
        dayOf(value, value === from ? to : from),
        value.nanos - value.offset * nanosPerSecond,
      );
    const days = dayOf(value, value === from ? to : from);
    const nanos = value instanceof DateValue ? 0 : value.nanos;
    if (zone.zone !== undefined) return utcOf(dateTimeInZone(days, nanos, zone.zone));
    return normalized(days, nanos - zone.offset * nanosPerSecond);
  };
  return [moment(from), moment(to)];
}

/** duration.between: whole months, whole days, and the rest by the clock. */
export function durationBetween(from: Temporal, to: Temporal): DurationValue {
  if (!(hasDate(from) && hasDate(to))) {
    const { seconds, nanos } = elapsed(from, to);
    return new DurationValue(0, 0, seconds, nanos);
  }
  const [a, b] = comparable(from, to);
  const months = monthsBetween(a, b);
  const reached: Moment = { days: addMonths(a.days, months), nanos: a.nanos };
  const days = daysBetween(reached, b);
  const left: Moment = { days: reached.days + days, nanos: a.nanos };
  if (from instanceof DateTimeValue && from.zone !== undefined) {
    const at = dateTimeInZone(left.days, left.nanos, from.zone);
    const { seconds, nanos } = elapsed(at, to);
    return new DurationValue(months, days, seconds, nanos);
  }
  const nanos = (b.days - left.days) * nanosPerDay + (b.nanos - left.nanos);
  return new DurationValue(months, days, 0n, nanos);
}

/** Whole months from one moment to another, towards zero: from the 31st, no day of a shorter month is a month away. */
function monthsBetween(a: Moment, b: Moment): number {
  const months = (days: number): { readonly month: number; readonly day: number } => {
    const { year, month, day } = civilDate(days);
    return { month: year * 12 + month, day };
  };
  const from = months(a.days);
  const to = months(a.days + daysBetween(a, b));
  const whole = to.month - from.month;
  if (whole > 0 && to.day < from.day) return whole - 1;
  return whole < 0 && to.day > from.day ? whole + 1 : whole;
}

function daysBetween(a: Moment, b: Moment): number {
  const days = b.days - a.days;
  if (days > 0 && b.nanos < a.nanos) return days - 1;
  if (days < 0 && b.nanos > a.nanos) return days + 1;
  return days;
}

export function durationInMonths(from: Temporal, to: Temporal): DurationValue {
  if (!(hasDate(from) && hasDate(to))) return new DurationValue(0, 0, 0n, 0);
  const [a, b] = comparable(from, to);
  return new DurationValue(monthsBetween(a, b), 0, 0n, 0);
}

export function durationInDays(from: Temporal, to: Temporal): DurationValue {
  if (!(hasDate(from) && hasDate(to))) return new DurationValue(0, 0, 0n, 0);
  const [a, b] = comparable(from, to);
  return new DurationValue(0, daysBetween(a, b), 0n, 0);
}

export function durationInSeconds(from: Temporal, to: Temporal): DurationValue {
  const { seconds, nanos } = elapsed(from, to);
  return new DurationValue(0, 0, seconds, nanos);
}
