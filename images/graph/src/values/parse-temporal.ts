import { argumentError, CypherError, syntaxError } from "../errors.ts";
import {
  daysInMonth,
  daysInYear,
  epochDay,
  firstMonday,
  nanosPerDay,
  nanosPerSecond,
  weeksInYear,
} from "./calendar.ts";
import { DateTimeValue, DateValue, LocalDateTimeValue, LocalTimeValue, TimeValue } from "./temporal.ts";
import { isZone, offsetAt, resolveLocal } from "./zones.ts";

/** A text that is no temporal value of the kind that is asked for. */
export function cannotParse(kind: string, text: string): CypherError {
  return syntaxError(`Text cannot be parsed to a ${kind}\n"${text}"\n ^`, 0, "22000");
}

const dateForm =
  /^([+-]?\d{4,9}?)(?:-?(?:W(\d{1,2})(?:-?(\d))?|Q(\d)(?:-?(\d{1,2}))?)|-(\d{1,2})(?:-(\d{1,2}))?|-?(\d{3})|(\d{2})(\d{2})?|)$/;
const longYearForm = /^([+-]\d{1,9})(?:-(\d{1,2})(?:-(\d{1,2}))?|-?W(\d{1,2})(?:-?(\d))?|-(\d{3}))?$/;

function range(value: number, min: number, max: number, what: string): number {
  if (value < min || value > max)
    throw argumentError(`Invalid value for ${what}: ${value} (it is ${min} to ${max})`);
  return value;
}

/** The months by name, for Neo4j's message about a day that a month does not have. */
const monthNames =
  "JANUARY FEBRUARY MARCH APRIL MAY JUNE JULY AUGUST SEPTEMBER OCTOBER NOVEMBER DECEMBER".split(" ");

export function checkedDay(year: number, month: number, day: number): number {
  range(year, -999_999_999, 999_999_999, "Year");
  range(month, 1, 12, "MonthOfYear");
  range(day, 1, 31, "DayOfMonth");
  if (day > daysInMonth(year, month)) {
    const message =
      month === 2 && day === 29
        ? `Invalid date 'February 29' as '${year}' is not a leap year`
        : `Invalid date '${monthNames[month - 1]} ${day}'`;
    throw syntaxError(message, 0, "22000");
  }
  return epochDay(year, month, day);
}

export function dayOfWeekDate(year: number, week: number, day: number): number {
  range(week, 1, 53, "WeekOfWeekBasedYear");
  range(day, 1, 7, "DayOfWeek");
  if (week > weeksInYear(year)) throw argumentError(`Year ${year} does not contain ${week} weeks.`);
  return firstMonday(year) + (week - 1) * 7 + (day - 1);
}

export function dayOfQuarterDate(year: number, quarter: number, day: number): number {
  range(quarter, 1, 4, "QuarterOfYear");
  range(day, 1, 92, "DayOfQuarter");
  const month = (quarter - 1) * 3 + 1;
  const length = daysInMonth(year, month) + daysInMonth(year, month + 1) + daysInMonth(year, month + 2);
  if (day > length) throw argumentError(`Quarter ${quarter} of ${year} has only ${length} days.`);
  return epochDay(year, month, 1) + day - 1;
}

export function ordinalDate(year: number, ordinal: number): number {
  range(ordinal, 1, 366, "DayOfYear");
  if (ordinal > daysInYear(year))
    throw argumentError(`Invalid date 'DayOfYear 366' as '${year}' is not a leap year`);
  return epochDay(year, 1, 1) + ordinal - 1;
}

function tryDate(text: string): number | undefined {
  const long = longYearForm.exec(text);
  if (long !== null) {
    const year = Number(long[1]);
    if (long[4] !== undefined) return dayOfWeekDate(year, Number(long[4]), Number(long[5] ?? 1));
    if (long[6] !== undefined) return ordinalDate(year, Number(long[6]));
    return checkedDay(year, Number(long[2] ?? 1), Number(long[3] ?? 1));
  }
  const match = dateForm.exec(text);
  if (match === null) return undefined;
  const [, yearText, week, weekDay, quarter, quarterDay, month, day, ordinal, month2, day2] = match;
  if (yearText!.replace(/^[+-]/, "").length > 4 && !/^[+-]/.test(yearText!)) return undefined;
  const year = Number(yearText);
  if (week !== undefined) return dayOfWeekDate(year, Number(week), Number(weekDay ?? 1));
  if (quarter !== undefined) return dayOfQuarterDate(year, Number(quarter), Number(quarterDay ?? 1));
  if (ordinal !== undefined) return ordinalDate(year, Number(ordinal));
  return checkedDay(year, Number(month ?? month2 ?? 1), Number(day ?? day2 ?? 1));
}

const timeForm = /^(\d{2})(?::?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?)?$/;

function tryTime(text: string): number | undefined {
  const match = timeForm.exec(text);
  if (match === null) return undefined;
  const hour = range(Number(match[1]), 0, 23, "HourOfDay");
  const minute = range(Number(match[2] ?? 0), 0, 59, "MinuteOfHour");
  const second = range(Number(match[3] ?? 0), 0, 59, "SecondOfMinute");
  const fraction = Number((match[4] ?? "").padEnd(9, "0"));
  return (hour * 3600 + minute * 60 + second) * nanosPerSecond + fraction;
}

const offsetForm = /^([+-])(\d{1,2})(?::?(\d{2})(?::?(\d{2}))?)?$/;

/** The offset of `Z`, `+01:00`, `+0100`, `+01`; undefined for what is none. */
export function parseOffset(text: string): number | undefined {
  if (text === "Z" || text === "z") return 0;
  const match = offsetForm.exec(text);
  if (match === null) return undefined;
  const [hours, minutes, seconds] = [Number(match[2]), Number(match[3] ?? 0), Number(match[4] ?? 0)];
  if (hours > 18 || minutes > 59 || seconds > 59) throw argumentError(`Invalid time zone offset '${text}'`);
  const size = hours * 3600 + minutes * 60 + seconds;
  return match[1] === "-" ? -size : size;
}

interface Zoned {
  readonly rest: string;
  readonly offset: number | undefined;
  readonly zone: string | undefined;
}

/** Takes the offset and the zone's name off the end. */
function splitZone(text: string): Zoned {
  let rest = text;
  let zone: string | undefined;
  const named = /\[([^\]]+)\]$/.exec(rest);
  if (named !== null) {
    zone = named[1]!;
    rest = rest.slice(0, named.index);
  }
  const match = /(?:[Zz]|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)$/.exec(rest);
  if (match === null) return { rest, offset: undefined, zone };
  return { rest: rest.slice(0, match.index), offset: parseOffset(match[0]), zone };
}

/** What is out of range in a text is wrong with the text. */
function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof CypherError && error.message.startsWith("Invalid value for"))
      throw syntaxError(error.message, 0, "22000");
    throw error;
  }
}

/** @throws CypherError */
export function parseDate(text: string): DateValue {
  const days = reading(() => tryDate(text));
  if (days === undefined) throw cannotParse("Date", text);
  return new DateValue(days);
}

export function parseLocalTime(text: string): LocalTimeValue {
  const nanos = reading(() => tryTime(text.replace(/^T/i, "")));
  if (nanos === undefined) throw cannotParse("LocalTime", text);
  return new LocalTimeValue(nanos);
}

export function parseTime(text: string, defaultOffset: number): TimeValue {
  const { rest, offset, zone } = splitZone(text.replace(/^T/i, ""));
  const nanos = reading(() => tryTime(rest));
  if (nanos === undefined) throw cannotParse("Time", text);
  if (zone !== undefined && offset === undefined)
    return new TimeValue(nanos, zoneOffset(zone, Math.floor(Date.now() / 1000)));
  return new TimeValue(nanos, offset ?? defaultOffset);
}

function splitDateTime(text: string): readonly [string, string | undefined] {
  const at = text.search(/[Tt ]/);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

export function parseLocalDateTime(text: string): LocalDateTimeValue {
  const [datePart, timePart] = splitDateTime(text);
  const days = reading(() => tryDate(datePart));
  const nanos = timePart === undefined ? 0 : reading(() => tryTime(timePart));
  if (days === undefined || nanos === undefined) throw cannotParse("LocalDateTime", text);
  return new LocalDateTimeValue(days, nanos);
}

export function parseDateTime(text: string, defaultZone: string): DateTimeValue {
  const [datePart, timeText] = splitDateTime(text);
  const zoned = timeText === undefined ? splitZoneOfDate(datePart) : splitZone(timeText);
  const days = reading(() => tryDate(timeText === undefined ? zoned.rest : datePart));
  const nanos = timeText === undefined ? 0 : reading(() => tryTime(zoned.rest));
  if (days === undefined || nanos === undefined) throw cannotParse("DateTime", text);
  const { offset, zone } = zoned;
  if (offset !== undefined && zone !== undefined) {
    // The offset says which instant it is; the zone says how that is to be shown.
    const at = inZone(days, nanos - offset * nanosPerSecond, zone);
    if (at.offset !== offset) throw argumentError(`Timezone and offset do not match: ${text}`);
    return at;
  }
  if (offset !== undefined) return new DateTimeValue(days, nanos, offset, undefined);
  return reading(() => dateTimeInZone(days, nanos, zone ?? defaultZone));
}

/** A date alone has no offset that could be told from its parts, but may name its zone. */
function splitZoneOfDate(text: string): Zoned {
  const named = /\[([^\]]+)\]$/.exec(text);
  if (named === null) return { rest: text, offset: undefined, zone: undefined };
  return { rest: text.slice(0, named.index), offset: undefined, zone: named[1]! };
}

/** The zone's offset at an instant; the name may itself be an offset. */
export function zoneOffset(zone: string, epochSeconds: number): number {
  return parseOffset(zone) ?? offsetAt(zone, epochSeconds);
}

function resolveInZone(
  zone: string,
  days: number,
  nanos: number,
): { days: number; nanos: number; offset: number } {
  if (!isZone(zone)) throw argumentError(`Invalid value for TimeZone: '${zone}'`);
  return resolveLocal(zone, days, nanos);
}

/** A local date and time in a zone, which may be given as an offset. */
export function dateTimeInZone(days: number, nanos: number, zone: string): DateTimeValue {
  const fixed = parseOffset(zone);
  if (fixed !== undefined) return new DateTimeValue(days, nanos, fixed, undefined);
  const at = resolveInZone(zone, days, nanos);
  return new DateTimeValue(at.days, at.nanos, at.offset, zone);
}

/** An instant, given in UTC, as it is in a zone. */
export function inZone(utcDays: number, utcNanos: number, zone: string): DateTimeValue {
  const days = utcDays + Math.floor(utcNanos / nanosPerDay);
  const nanos = utcNanos - Math.floor(utcNanos / nanosPerDay) * nanosPerDay;
  const fixed = parseOffset(zone);
  if (fixed === undefined && !isZone(zone)) throw argumentError(`Invalid value for TimeZone: '${zone}'`);
  const offset = fixed ?? offsetAt(zone, days * 86_400 + Math.floor(nanos / nanosPerSecond));
  const local = nanos + offset * nanosPerSecond;
  const carried = Math.floor(local / nanosPerDay);
  return new DateTimeValue(
    days + carried,
    local - carried * nanosPerDay,
    offset,
    fixed === undefined ? zone : undefined,
  );
}
