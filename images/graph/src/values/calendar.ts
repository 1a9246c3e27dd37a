/** The proleptic Gregorian calendar by days since 1970-01-01, for all years that Cypher knows. */

export const yearMax = 999_999_999;
export const nanosPerSecond = 1_000_000_000;
export const nanosPerDay = 86_400 * nanosPerSecond;

export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Integer division that rounds down. */
export function floorDiv(a: number, b: number): number {
  return Math.floor(a / b);
}

/** The remainder that goes with `floorDiv`: never negative for a positive divisor. */
export function floorMod(a: number, b: number): number {
  return a - Math.floor(a / b) * b;
}

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

export function daysInYear(year: number): number {
  return isLeapYear(year) ? 366 : 365;
}

/** Days since the epoch of a date; a year of 400-year eras that begin in March makes leap days the last of a year. */
export function epochDay(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = floorDiv(shifted, 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

export function civilDate(days: number): CivilDate {
  const shifted = days + 719_468;
  const era = floorDiv(shifted, 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthIndex = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthIndex + 2) / 5) + 1;
  const month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

/** 1 is Monday. */
export function dayOfWeek(days: number): number {
  return floorMod(days + 3, 7) + 1;
}

export function dayOfYear(days: number): number {
  return days - epochDay(civilDate(days).year, 1, 1) + 1;
}

/** The Monday of the first ISO week of a year: the week with January 4. */
export function firstMonday(weekYear: number): number {
  const fourth = epochDay(weekYear, 1, 4);
  return fourth - (dayOfWeek(fourth) - 1);
}

export function isoWeek(days: number): { readonly weekYear: number; readonly week: number } {
  const thursday = days - (dayOfWeek(days) - 1) + 3;
  const weekYear = civilDate(thursday).year;
  return { weekYear, week: Math.floor((thursday - epochDay(weekYear, 1, 1)) / 7) + 1 };
}

export function weeksInYear(weekYear: number): number {
  return Math.round((firstMonday(weekYear + 1) - firstMonday(weekYear)) / 7);
}

export function quarterOf(month: number): number {
  return Math.floor((month - 1) / 3) + 1;
}

export function firstOfQuarter(days: number): number {
  const { year, month } = civilDate(days);
  return epochDay(year, (quarterOf(month) - 1) * 3 + 1, 1);
}

/** A date some months later; a day that the month does not have becomes its last. */
export function addMonths(days: number, months: number): number {
  if (months === 0) return days;
  const { year, month, day } = civilDate(days);
  const index = year * 12 + (month - 1) + months;
  const newYear = floorDiv(index, 12);
  const newMonth = floorMod(index, 12) + 1;
  return epochDay(newYear, newMonth, Math.min(day, daysInMonth(newYear, newMonth)));
}
