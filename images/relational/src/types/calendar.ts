import { PgError } from "../errors.ts";

/** Days and microseconds since 2000-01-01, and the calendar. */

export const dayMicros = 86_400_000_000n;
export const dayMicrosNumber = 86_400_000_000;
/** Days from 1970 to 2000. */
export const epochDays = 10957;
export const timestampInfinity = 9223372036854775807n;
export const timestampMinusInfinity = -9223372036854775808n;
export const dateInfinity = 2147483647;
export const dateMinusInfinity = -2147483648;
/** From 4713-11-24 BC. */
const timestampMin = -211813488000000000n;
const timestampEnd = 9223371331200000000n;
const dateMin = -2451545;
const dateEnd = 2145031949;

export interface Civil {
  /** Astronomical: 0 is 1 BC. */
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

export interface ClockTime {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly micros: number;
}

/** Days since 2000 of a proleptic Gregorian date; months beyond 12 are not allowed. */
export function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468 - epochDays;
}

export function civilOf(days: number): Civil {
  const z = days + epochDays + 719468;
  const era = Math.floor(z / 146097);
  const dayOfEra = z - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

export function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

export function daysInMonth(year: number, month: number): number {
  return month === 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}

export function isFiniteTimestamp(timestamp: bigint): boolean {
  return timestamp !== timestampInfinity && timestamp !== timestampMinusInfinity;
}

/** @throws PgError 22008 */
export function checkTimestamp(timestamp: bigint): bigint {
  if (timestamp < timestampMin || timestamp >= timestampEnd)
    throw new PgError("22008", "timestamp out of range");
  return timestamp;
}

/** @throws PgError 22008 */
export function checkDate(days: number): number {
  if (days < dateMin || days >= dateEnd) throw new PgError("22008", "date out of range");
  return days;
}

/** The day and the microseconds in it. */
export function splitTimestamp(timestamp: bigint): { days: number; micros: number } {
  let days = timestamp / dayMicros;
  let micros = timestamp - days * dayMicros;
  if (micros < 0n) {
    micros += dayMicros;
    days -= 1n;
  }
  return { days: Number(days), micros: Number(micros) };
}

export function joinTimestamp(days: number, micros: number): bigint {
  return BigInt(days) * dayMicros + BigInt(micros);
}

export function clockOf(micros: number): ClockTime {
  const seconds = Math.floor(micros / 1_000_000);
  return {
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
    micros: micros - seconds * 1_000_000,
  };
}

/** Monday is 1, Sunday 7. */
export function isoWeekday(days: number): number {
  return ((((days + 5) % 7) + 7) % 7) + 1;
}

export function isoWeek(days: number): { year: number; week: number } {
  const thursday = days - isoWeekday(days) + 4;
  const { year } = civilOf(thursday);
  return { year, week: Math.floor((thursday - daysOf(year, 1, 1)) / 7) + 1 };
}

export function dayOfYear(days: number): number {
  return days - daysOf(civilOf(days).year, 1, 1) + 1;
}

const julianOfEpoch = 2451545;
export function julianDay(days: number): number {
  return days + julianOfEpoch;
}

export function fromJulian(julian: number): number {
  return julian - julianOfEpoch;
}
