import { PgError } from "../errors.ts";
import {
  checkDate,
  checkTimestamp,
  civilOf,
  clockOf,
  dateInfinity,
  dateMinusInfinity,
  dayMicros,
  dayMicrosNumber,
  dayOfYear,
  daysInMonth,
  daysOf,
  isFiniteTimestamp,
  isoWeek,
  isoWeekday,
  joinTimestamp,
  julianDay,
  splitTimestamp,
  timestampInfinity,
  timestampMinusInfinity,
} from "../types/calendar.ts";
import { compareTimeTz, roundMicros, roundTimestamp } from "../types/datetime-ops.ts";
import { TimeTz } from "../types/datum.ts";
import { applyIntervalTypmod } from "../types/interval-text.ts";
import { Interval } from "../types/interval-value.ts";
import { Numeric } from "../types/numeric.ts";
import { findZone, localToUtc, requireZone, utcToLocal, type Zone } from "../types/time-zones.ts";
import { addIntervals, divideInterval, multiplyInterval, negateInterval } from "./interval-math.ts";
import { type CallContext, define, defineSet, defineWith } from "./registry.ts";

type I = Interval;
const zoneOf = (call: CallContext) => requireZone(call.run.io.timeZone);

// now
defineWith("now transaction_timestamp", (call) => call.run.io.transactionStart);
defineWith("statement_timestamp", (call) => call.run.statementStart);
defineWith(
  "clock_timestamp",
  () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) - 946_684_800_000_000n,
);
defineWith("timeofday", () => new Date().toUTCString());

// conversions
const dateToTimestamp = (days: number): bigint =>
  days === dateInfinity
    ? timestampInfinity
    : days === dateMinusInfinity
      ? timestampMinusInfinity
      : joinTimestamp(days, 0);
const toLocal = (value: bigint, zone: Zone) => (isFiniteTimestamp(value) ? utcToLocal(value, zone) : value);
const toUtc = (value: bigint, zone: Zone) =>
  isFiniteTimestamp(value) ? checkTimestamp(localToUtc(value, zone)) : value;
const dateOf = (value: bigint): number =>
  value === timestampInfinity
    ? dateInfinity
    : value === timestampMinusInfinity
      ? dateMinusInfinity
      : splitTimestamp(value).days;
define("date_timestamp", dateToTimestamp);
defineWith("date_timestamptz", (call, days: number) => toUtc(dateToTimestamp(days), zoneOf(call)));
define("timestamp_date", dateOf);
defineWith("timestamptz_date", (call, value: bigint) => dateOf(toLocal(value, zoneOf(call))));
defineWith("timestamp_timestamptz", (call, value: bigint) => toUtc(value, zoneOf(call)));
defineWith("timestamptz_timestamp", (call, value: bigint) => toLocal(value, zoneOf(call)));
define("timestamp_time", (value: bigint) => (isFiniteTimestamp(value) ? splitTimestamp(value).micros : null));
defineWith("timestamptz_time", (call, value: bigint) =>
  isFiniteTimestamp(value) ? splitTimestamp(toLocal(value, zoneOf(call))).micros : null,
);
defineWith("timestamptz_timetz", (call, value: bigint) => {
  if (!isFiniteTimestamp(value)) return null;
  const zone = zoneOf(call);
  return new TimeTz(splitTimestamp(utcToLocal(value, zone)).micros, -zone.offsetAt(value));
});
define("timetz_time", (value: TimeTz) => value.micros);
defineWith(
  "time_timetz",
  (call, micros: number) => new TimeTz(micros, -zoneOf(call).offsetAt(call.run.io.transactionStart)),
);
define("time_interval", (micros: number) => new Interval(0, 0, BigInt(micros)));
define("interval_time", (value: I) => {
  if (value.infinite !== 0) throw new PgError("22008", "cannot convert infinite interval to time");
  return Number(((value.micros % dayMicros) + dayMicros) % dayMicros);
});
define("datetime_timestamp", (days: number, micros: number) => checkTimestamp(joinTimestamp(days, micros)));
define("datetimetz_timestamptz", (days: number, time: TimeTz) =>
  checkTimestamp(joinTimestamp(days, time.micros) + BigInt(time.zoneSeconds) * 1_000_000n),
);
define("timestamp_scale timestamptz_scale", roundTimestamp);
define("time_scale", roundMicros);
define(
  "timetz_scale",
  (value: TimeTz, precision: number) => new TimeTz(roundMicros(value.micros, precision), value.zoneSeconds),
);
define("interval_scale", applyIntervalTypmod);

// arithmetic
const addDays = (days: number, count: number): number => {
  if (days === dateInfinity || days === dateMinusInfinity) return days;
  return checkDate(days + count);
};
define("date_pli", addDays);
define("date_mii", (days: number, count: number) => addDays(days, -count));
define("date_pl_interval(integer)", addDays);
define("date_mi", (a: number, b: number) => {
  if ([a, b].some((d) => d === dateInfinity || d === dateMinusInfinity))
    throw new PgError("22008", "cannot subtract infinite dates");
  return a - b;
});
/** Months first, clamped to the month's last day, then days, then microseconds. */
export function addToTimestamp(value: bigint, interval: I): bigint {
  if (interval.infinite !== 0) {
    const infinity = interval.infinite > 0 ? timestampInfinity : timestampMinusInfinity;
    if (!isFiniteTimestamp(value) && value !== infinity) throw new PgError("22008", "timestamp out of range");
    return infinity;
  }
  if (!isFiniteTimestamp(value)) return value;
  let { days, micros } = splitTimestamp(value);
  if (interval.months !== 0) {
    const { year, month, day } = civilOf(days);
    const index = year * 12 + month - 1 + interval.months;
    const y = Math.floor(index / 12);
    const m = index - y * 12 + 1;
    days = daysOf(y, m, Math.min(day, daysInMonth(y, m)));
  }
  days += interval.days;
  return checkTimestamp(joinTimestamp(days, micros) + interval.micros);
}
function addToZoned(value: bigint, interval: I, zone: Zone): bigint {
  if (!isFiniteTimestamp(value) || interval.infinite !== 0) return addToTimestamp(value, interval);
  let result = value;
  if (interval.months !== 0 || interval.days !== 0) {
    const local = addToTimestamp(utcToLocal(value, zone), new Interval(interval.months, interval.days, 0n));
    result = localToUtc(local, zone);
  }
  return checkTimestamp(result + interval.micros);
}
define("timestamp_pl_interval", addToTimestamp);
define("timestamp_mi_interval", (value: bigint, interval: I) =>
  addToTimestamp(value, negateInterval(interval)),
);
defineWith("timestamptz_pl_interval", (call, value: bigint, interval: I) =>
  addToZoned(value, interval, zoneOf(call)),
);
defineWith("timestamptz_mi_interval", (call, value: bigint, interval: I) =>
  addToZoned(value, negateInterval(interval), zoneOf(call)),
);
define("timestamptz_pl_interval_at_zone", (value: bigint, interval: I, zone: string) =>
  addToZoned(value, interval, requireZone(zone)),
);
define("timestamptz_mi_interval_at_zone", (value: bigint, interval: I, zone: string) =>
  addToZoned(value, negateInterval(interval), requireZone(zone)),
);
define("date_pl_interval", (days: number, interval: I) => addToTimestamp(dateToTimestamp(days), interval));
define("date_mi_interval", (days: number, interval: I) =>
  addToTimestamp(dateToTimestamp(days), negateInterval(interval)),
);
// SQL-language operators with the arguments the other way round.
define("integer_pl_date(23,1082)", (count: number, days: number) => addDays(days, count));
define("interval_pl_date(1186,1082)", (interval: I, days: number) =>
  addToTimestamp(dateToTimestamp(days), interval),
);
define("interval_pl_timestamp(1186,1114)", (interval: I, value: bigint) => addToTimestamp(value, interval));
defineWith("interval_pl_timestamptz(1186,1184)", (call, interval: I, value: bigint) =>
  addToZoned(value, interval, zoneOf(call)),
);
define("interval_pl_time(1186,1083)", (interval: I, micros: number) =>
  wrap(BigInt(micros) + interval.micros),
);
define(
  "interval_pl_timetz(1186,1266)",
  (interval: I, time: TimeTz) => new TimeTz(wrap(BigInt(time.micros) + interval.micros), time.zoneSeconds),
);
define("timedate_pl(1083,1082)", (micros: number, days: number) => joinTimestamp(days, micros));
define(
  "timetzdate_pl(1266,1082)",
  (time: TimeTz, days: number) => joinTimestamp(days, time.micros) + BigInt(time.zoneSeconds) * 1_000_000n,
);
const subtract = (a: bigint, b: bigint): I => {
  if (!isFiniteTimestamp(a) || !isFiniteTimestamp(b)) {
    if (a === b) throw new PgError("22008", "interval out of range");
    return a === timestampInfinity || b === timestampMinusInfinity
      ? Interval.infinity
      : Interval.minusInfinity;
  }
  const difference = a - b;
  const days = difference / dayMicros;
  return new Interval(0, Number(days), difference - days * dayMicros);
};
define("timestamp_mi timestamptz_mi", subtract);
const wrap = (micros: bigint): number => Number(((micros % dayMicros) + dayMicros) % dayMicros);
define("time_pl_interval", (micros: number, interval: I) => wrap(BigInt(micros) + interval.micros));
define("time_mi_interval", (micros: number, interval: I) => wrap(BigInt(micros) - interval.micros));
define("time_mi_time", (a: number, b: number) => new Interval(0, 0, BigInt(a - b)));
define(
  "timetz_pl_interval",
  (time: TimeTz, interval: I) => new TimeTz(wrap(BigInt(time.micros) + interval.micros), time.zoneSeconds),
);
define(
  "timetz_mi_interval",
  (time: TimeTz, interval: I) => new TimeTz(wrap(BigInt(time.micros) - interval.micros), time.zoneSeconds),
);
define("interval_pl", addIntervals);
define("interval_mi", (a: I, b: I) => addIntervals(a, negateInterval(b)));
define("interval_um", negateInterval);
define("interval_mul", multiplyInterval);
define("mul_d_interval", (factor: number, interval: I) => multiplyInterval(interval, factor));
define("interval_div", divideInterval);
define("interval_larger", (a: I, b: I) => (a.span >= b.span ? a : b));
define("interval_smaller", (a: I, b: I) => (a.span <= b.span ? a : b));
define("timestamp_larger timestamptz_larger", (a: bigint, b: bigint) => (a > b ? a : b));
define("timestamp_smaller timestamptz_smaller", (a: bigint, b: bigint) => (a < b ? a : b));
define("timetz_larger", (a: TimeTz, b: TimeTz) => (compareTimeTz(a, b) > 0 ? a : b));

// comparisons between dates and timestamps
const compareAs = (
  names: string,
  left: (call: CallContext, value: never) => bigint,
  right: (call: CallContext, value: never) => bigint,
) => {
  for (const [word, test] of Object.entries({
    eq: (o: number) => o === 0,
    ne: (o: number) => o !== 0,
    lt: (o: number) => o < 0,
    le: (o: number) => o <= 0,
    gt: (o: number) => o > 0,
    ge: (o: number) => o >= 0,
  })) {
    defineWith(names.replace("OP", word), (call, a: never, b: never) => {
      const x = left(call, a);
      const y = right(call, b);
      return test(x < y ? -1 : x > y ? 1 : 0);
    });
  }
};
const fromDate = (_call: CallContext, days: number) => dateToTimestamp(days);
const zonedDate = (call: CallContext, days: number) => toUtc(dateToTimestamp(days), zoneOf(call));
const same = (_call: CallContext, value: bigint) => value;
const zoned = (call: CallContext, value: bigint) => toUtc(value, zoneOf(call));
compareAs("date_OP_timestamp", fromDate, same);
compareAs("timestamp_OP_date", same, fromDate);
compareAs("date_OP_timestamptz", zonedDate, same);
compareAs("timestamptz_OP_date", same, zonedDate);
compareAs("timestamp_OP_timestamptz", zoned, same);
compareAs("timestamptz_OP_timestamp", same, zoned);

// time zones
const zoneByName = (name: string): Zone => {
  const zone = findZone(name);
  if (zone === undefined) throw new PgError("22023", `time zone "${name}" not recognized`);
  return zone;
};
const fixedZone = (interval: I): Zone => {
  if (interval.months !== 0 || interval.days !== 0)
    throw new PgError("22023", `interval time zone must not include months or days`);
  const seconds = Number(interval.micros / 1_000_000n);
  return { name: "", offsetAt: () => seconds, abbreviationAt: () => "" };
};
define("timestamptz_zone", (name: string, value: bigint) => toLocal(value, zoneByName(name)));
define("timestamp_zone", (name: string, value: bigint) => toUtc(value, zoneByName(name)));
define("timestamptz_izone", (interval: I, value: bigint) => toLocal(value, fixedZone(interval)));
define("timestamp_izone", (interval: I, value: bigint) => toUtc(value, fixedZone(interval)));
defineWith("timetz_zone", (call, name: string, time: TimeTz) =>
  shiftTime(time, zoneByName(name).offsetAt(call.run.io.transactionStart)),
);
define("timetz_izone", (interval: I, time: TimeTz) => shiftTime(time, fixedZone(interval).offsetAt(0n)));
defineWith("timestamptz_at_local", (call, value: bigint) => toLocal(value, zoneOf(call)));
defineWith("timestamp_at_local", (call, value: bigint) => toUtc(value, zoneOf(call)));
function shiftTime(time: TimeTz, east: number): TimeTz {
  return new TimeTz(wrap(BigInt(time.micros) + BigInt(time.zoneSeconds + east) * 1_000_000n), -east);
}

// age
function age(a: bigint, b: bigint): I {
  if (!isFiniteTimestamp(a) || !isFiniteTimestamp(b)) return subtract(a, b);
  const isNegative = a < b;
  const [late, early] = isNegative ? [b, a] : [a, b];
  const x = splitTimestamp(late);
  const y = splitTimestamp(early);
  const cx = civilOf(x.days);
  const cy = civilOf(y.days);
  let micros = x.micros - y.micros;
  let days = cx.day - cy.day;
  let months = (cx.year - cy.year) * 12 + cx.month - cy.month;
  if (micros < 0) {
    micros += dayMicrosNumber;
    days--;
  }
  if (days < 0) {
    // Borrowed from the month of the earlier date, or of the later one when the sign is turned.
    days += isNegative ? daysInMonth(cx.year, cx.month) : daysInMonth(cy.year, cy.month);
    months--;
  }
  return isNegative
    ? new Interval(-months + 0, -days + 0, BigInt(-micros))
    : new Interval(months, days, BigInt(micros));
}
define("timestamp_age", age);
defineWith("timestamptz_age", (call, a: bigint, b: bigint) =>
  age(toLocal(a, zoneOf(call)), toLocal(b, zoneOf(call))),
);
const today = (call: CallContext) =>
  joinTimestamp(splitTimestamp(utcToLocal(call.run.io.transactionStart, zoneOf(call))).days, 0);
defineWith("age(1114)", (call, value: bigint) => age(today(call), value));
defineWith("age(1184)", (call, value: bigint) => age(today(call), toLocal(value, zoneOf(call))));

// extract
const unitAliases: Readonly<Record<string, string>> = {
  microseconds: "microseconds",
  microsecond: "microseconds",
  us: "microseconds",
  usec: "microseconds",
  milliseconds: "milliseconds",
  millisecond: "milliseconds",
  ms: "milliseconds",
  msec: "milliseconds",
  second: "second",
  seconds: "second",
  sec: "second",
  s: "second",
  minute: "minute",
  minutes: "minute",
  min: "minute",
  mins: "minute",
  m: "minute",
  hour: "hour",
  hours: "hour",
  h: "hour",
  hr: "hour",
  day: "day",
  days: "day",
  d: "day",
  week: "week",
  weeks: "week",
  w: "week",
  month: "month",
  months: "month",
  mon: "month",
  mons: "month",
  quarter: "quarter",
  qtr: "quarter",
  quarters: "quarter",
  year: "year",
  years: "year",
  y: "year",
  yr: "year",
  decade: "decade",
  decades: "decade",
  dec: "decade",
  century: "century",
  centuries: "century",
  c: "century",
  millennium: "millennium",
  millennia: "millennium",
  mil: "millennium",
  dow: "dow",
  isodow: "isodow",
  doy: "doy",
  isoyear: "isoyear",
  epoch: "epoch",
  julian: "julian",
  j: "julian",
  jd: "julian",
  timezone: "timezone",
  timezone_h: "timezone_hour",
  timezone_hour: "timezone_hour",
  timezone_m: "timezone_minute",
  timezone_minute: "timezone_minute",
};
const fixedPoint = (value: bigint, scale: number) => new Numeric(value, scale);
const whole = (value: number | bigint) => new Numeric(BigInt(value), 0);
function unit(name: string, typeName: string): string {
  const known = unitAliases[name.toLowerCase()];
  if (known === undefined)
    throw new PgError("22023", `unit "${name.toLowerCase()}" not recognized for type ${typeName}`);
  return known;
}
const century = (year: number) =>
  year > 0 ? Math.floor((year + 99) / 100) : -Math.floor((99 - (year - 1)) / 100);
const millennium = (year: number) =>
  year > 0 ? Math.floor((year + 999) / 1000) : -Math.floor((999 - (year - 1)) / 1000);
function fromClock(field: string, micros: number): Numeric | undefined {
  const clock = clockOf(micros);
  switch (field) {
    case "microseconds":
      return whole(clock.second * 1_000_000 + clock.micros);
    case "milliseconds":
      return fixedPoint(BigInt(clock.second * 1_000_000 + clock.micros), 3);
    case "second":
      return fixedPoint(BigInt(clock.second * 1_000_000 + clock.micros), 6);
    case "minute":
      return whole(clock.minute);
    case "hour":
      return whole(clock.hour);
    default:
      return undefined;
  }
}
function fromDays(field: string, days: number): Numeric | undefined {
  const { year, month, day } = civilOf(days);
  switch (field) {
    case "day":
      return whole(day);
    case "month":
      return whole(month);
    case "quarter":
      return whole(Math.floor((month - 1) / 3) + 1);
    case "week":
      return whole(isoWeek(days).week);
    case "year":
      return whole(year > 0 ? year : year - 1);
    case "decade":
      return whole(Math.floor(year / 10));
    case "century":
      return whole(century(year));
    case "millennium":
      return whole(millennium(year));
    case "isoyear": {
      const { year: iso } = isoWeek(days);
      return whole(iso > 0 ? iso : iso - 1);
    }
    case "dow":
      return whole(isoWeekday(days) % 7);
    case "isodow":
      return whole(isoWeekday(days));
    case "doy":
      return whole(dayOfYear(days));
    default:
      return undefined;
  }
}
const monotone: ReadonlySet<string> = new Set([
  "year",
  "decade",
  "century",
  "millennium",
  "epoch",
  "julian",
  "isoyear",
]);
function unsupportedUnit(field: string, typeName: string): PgError {
  return new PgError("0A000", `unit "${field}" not supported for type ${typeName}`);
}
function extractTimestamp(name: string, value: bigint, zone: Zone | undefined): Numeric | null {
  const typeName = zone === undefined ? "timestamp without time zone" : "timestamp with time zone";
  const field = unit(name, typeName);
  if (!isFiniteTimestamp(value)) {
    if (monotone.has(field)) return value > 0n ? Numeric.infinity : Numeric.minusInfinity;
    return null;
  }
  const local = zone === undefined ? value : utcToLocal(value, zone);
  const { days, micros } = splitTimestamp(local);
  if (field === "epoch") return fixedPoint(value + 946_684_800_000_000n, 6);
  if (field === "julian") {
    if (micros === 0) return whole(julianDay(days));
    const scaled =
      BigInt(julianDay(days)) * 10n ** 20n + (BigInt(micros) * 10n ** 20n + dayMicros / 2n) / dayMicros;
    return new Numeric(scaled, 20).trim();
  }
  if (zone !== undefined) {
    const offset = zone.offsetAt(value);
    if (field === "timezone") return whole(offset);
    if (field === "timezone_hour") return whole(Math.trunc(offset / 3600));
    if (field === "timezone_minute") return whole(Math.trunc(offset / 60) % 60);
  }
  const result = fromClock(field, micros) ?? fromDays(field, days);
  if (result === undefined) throw unsupportedUnit(field, typeName);
  return result;
}
function extractInterval(name: string, value: I): Numeric | null {
  const field = unit(name, "interval");
  if (value.infinite !== 0) {
    if (["hour", "day", "week", "year", "decade", "century", "millennium", "epoch"].includes(field))
      return value.infinite > 0 ? Numeric.infinity : Numeric.minusInfinity;
    return null;
  }
  const years = Math.trunc(value.months / 12);
  const months = value.months % 12;
  const rest = value.micros % 3_600_000_000n;
  switch (field) {
    case "microseconds":
      return whole(rest % 60_000_000n);
    case "milliseconds":
      return fixedPoint(rest % 60_000_000n, 3);
    case "second":
      return fixedPoint(rest % 60_000_000n, 6);
    case "minute":
      return whole(rest / 60_000_000n);
    case "hour":
      return whole(value.micros / 3_600_000_000n);
    case "day":
      return whole(value.days);
    case "week":
      return whole(Math.trunc(value.days / 7));
    case "month":
      return whole(months);
    case "quarter":
      return whole(months >= 0 ? Math.floor(months / 3) + 1 : -(Math.floor(-months / 3) + 1));
    case "year":
      return whole(years);
    case "decade":
      return whole(Math.trunc(years / 10));
    case "century":
      return whole(Math.trunc(years / 100));
    case "millennium":
      return whole(Math.trunc(years / 1000));
    case "epoch": {
      const days =
        BigInt(years) * 36525n * 864n + BigInt(months) * 30n * 86_400n + BigInt(value.days) * 86_400n;
      return fixedPoint(days * 1_000_000n + value.micros, 6);
    }
    default:
      throw unsupportedUnit(field, "interval");
  }
}
function extractDate(name: string, days: number): Numeric | null {
  const field = unit(name, "date");
  if (days === dateInfinity || days === dateMinusInfinity) {
    if (monotone.has(field)) return days > 0 ? Numeric.infinity : Numeric.minusInfinity;
    if (fromDays(field, 0) === undefined) throw unsupportedUnit(field, "date");
    return null;
  }
  if (field === "epoch") return whole((days + 10957) * 86_400);
  if (field === "julian") return whole(julianDay(days));
  const result = fromDays(field, days);
  if (result === undefined) throw unsupportedUnit(field, "date");
  return result;
}
function extractTime(name: string, micros: number, typeName: string, zoneSeconds?: number): Numeric {
  const field = unit(name, typeName);
  if (zoneSeconds !== undefined) {
    if (field === "timezone") return whole(-zoneSeconds);
    if (field === "timezone_hour") return whole(Math.trunc(-zoneSeconds / 3600));
    if (field === "timezone_minute") return whole(Math.trunc(-zoneSeconds / 60) % 60);
  }
  if (field === "epoch") return fixedPoint(BigInt(micros) + BigInt(zoneSeconds ?? 0) * 1_000_000n, 6);
  const result = fromClock(field, micros);
  if (result === undefined) throw unsupportedUnit(field, typeName);
  return result;
}
define("extract_timestamp", (name: string, value: bigint) => extractTimestamp(name, value, undefined));
defineWith("extract_timestamptz", (call, name: string, value: bigint) =>
  extractTimestamp(name, value, zoneOf(call)),
);
define("extract_interval", extractInterval);
define("extract_date", extractDate);
define("extract_time", (name: string, micros: number) => extractTime(name, micros, "time without time zone"));
define("extract_timetz", (name: string, time: TimeTz) =>
  extractTime(name, time.micros, "time with time zone", time.zoneSeconds),
);
const toFloat = (value: Numeric | null) => (value === null ? null : value.toNumber());
define("timestamp_part", (name: string, value: bigint) => toFloat(extractTimestamp(name, value, undefined)));
defineWith("timestamptz_part", (call, name: string, value: bigint) =>
  toFloat(extractTimestamp(name, value, zoneOf(call))),
);
define("interval_part", (name: string, value: I) => toFloat(extractInterval(name, value)));
define("time_part", (name: string, micros: number) =>
  toFloat(extractTime(name, micros, "time without time zone")),
);
define("timetz_part", (name: string, time: TimeTz) =>
  toFloat(extractTime(name, time.micros, "time with time zone", time.zoneSeconds)),
);
define("date_part(25,1082)", (name: string, days: number) =>
  toFloat(extractTimestamp(name, dateToTimestamp(days), undefined)),
);

// date_trunc
function truncate(name: string, value: bigint, typeName: string): bigint {
  const field = unit(name, typeName);
  if (!isFiniteTimestamp(value)) return value;
  const { days, micros } = splitTimestamp(value);
  const { year, month } = civilOf(days);
  const units: Readonly<Record<string, number>> = {
    microseconds: 1,
    milliseconds: 1000,
    second: 1_000_000,
    minute: 60_000_000,
    hour: 3_600_000_000,
    day: dayMicrosNumber,
  };
  const size = units[field];
  if (size !== undefined) return joinTimestamp(days, micros - (micros % size));
  switch (field) {
    case "week":
      return joinTimestamp(days - isoWeekday(days) + 1, 0);
    case "month":
      return joinTimestamp(daysOf(year, month, 1), 0);
    case "quarter":
      return joinTimestamp(daysOf(year, Math.floor((month - 1) / 3) * 3 + 1, 1), 0);
    case "year":
      return joinTimestamp(daysOf(year, 1, 1), 0);
    case "decade":
      return joinTimestamp(daysOf(Math.floor(year / 10) * 10, 1, 1), 0);
    case "century":
      return joinTimestamp(
        daysOf(
          year > 0
            ? Math.floor((year + 99) / 100) * 100 - 99
            : -Math.floor((99 - (year - 1)) / 100) * 100 + 1,
          1,
          1,
        ),
        0,
      );
    case "millennium":
      return joinTimestamp(
        daysOf(
          year > 0
            ? Math.floor((year + 999) / 1000) * 1000 - 999
            : -Math.floor((999 - (year - 1)) / 1000) * 1000 + 1,
          1,
          1,
        ),
        0,
      );
    default:
      throw unsupportedUnit(field, typeName);
  }
}
define("timestamp_trunc", (name: string, value: bigint) =>
  truncate(name, value, "timestamp without time zone"),
);
const truncateZoned = (name: string, value: bigint, zone: Zone) =>
  isFiniteTimestamp(value)
    ? localToUtc(truncate(name, utcToLocal(value, zone), "timestamp with time zone"), zone)
    : value;
defineWith("timestamptz_trunc", (call, name: string, value: bigint) =>
  truncateZoned(name, value, zoneOf(call)),
);
define("timestamptz_trunc_zone", (name: string, value: bigint, zone: string) =>
  truncateZoned(name, value, zoneByName(zone)),
);
define("interval_trunc", (name: string, value: I) => {
  const field = unit(name, "interval");
  if (value.infinite !== 0) return value;
  const units: Readonly<Record<string, bigint>> = {
    microseconds: 1n,
    milliseconds: 1000n,
    second: 1_000_000n,
    minute: 60_000_000n,
    hour: 3_600_000_000n,
  };
  const size = units[field];
  if (size !== undefined) return new Interval(value.months, value.days, value.micros - (value.micros % size));
  const sizes: Readonly<Record<string, number>> = {
    month: 1,
    quarter: 3,
    year: 12,
    decade: 120,
    century: 1200,
    millennium: 12000,
  };
  if (field === "day") return new Interval(value.months, value.days, 0n);
  const months = sizes[field];
  if (months === undefined)
    throw new PgError(
      "0A000",
      `unit "${field}" not supported for type interval`,
      field === "week" ? { detail: "Months usually have fractional weeks." } : {},
    );
  return new Interval(value.months - (value.months % months), 0, 0n);
});
const bin = (stride: I, value: bigint, origin: bigint): bigint => {
  if (stride.months !== 0)
    throw new PgError("0A000", "timestamps cannot be binned into intervals containing months or years");
  const size = BigInt(stride.days) * dayMicros + stride.micros;
  if (size <= 0n) throw new PgError("22008", "stride must be greater than zero");
  const difference = value - origin;
  let rest = difference % size;
  if (rest < 0n) rest += size;
  return value - rest;
};
define("timestamp_bin timestamptz_bin", bin);

// making
define("make_date", (year: number, month: number, day: number) => {
  const y = year < 0 ? year + 1 : year;
  if (year === 0 || month < 1 || month > 12 || day < 1 || day > daysInMonth(y, month))
    throw new PgError(
      "22008",
      `date field value out of range: ${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`,
    );
  return checkDate(daysOf(y, month, day));
});
const makeTime = (hour: number, minute: number, second: number): number => {
  if (
    hour < 0 ||
    minute < 0 ||
    minute > 59 ||
    second < 0 ||
    second > 60 ||
    hour > 24 ||
    (hour === 24 && (minute > 0 || second > 0))
  )
    throw new PgError(
      "22008",
      `time field value out of range: ${hour}:${String(minute).padStart(2, "0")}:${String(second).padStart(2, "0")}`,
    );
  return (hour * 60 + minute) * 60_000_000 + Math.round(second * 1_000_000);
};
define("make_time", makeTime);
const makeTimestamp = (
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): bigint => {
  const y = year < 0 ? year + 1 : year;
  if (year === 0 || month < 1 || month > 12 || day < 1 || day > daysInMonth(y, month))
    throw new PgError(
      "22008",
      `date field value out of range: ${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`,
    );
  return checkTimestamp(joinTimestamp(daysOf(y, month, day), makeTime(hour, minute, second)));
};
define("make_timestamp", makeTimestamp);
defineWith("make_timestamptz", (call, y: number, mo: number, d: number, h: number, mi: number, s: number) =>
  localToUtc(makeTimestamp(y, mo, d, h, mi, s), zoneOf(call)),
);
define(
  "make_timestamptz_at_timezone",
  (y: number, mo: number, d: number, h: number, mi: number, s: number, zone: string) =>
    localToUtc(makeTimestamp(y, mo, d, h, mi, s), zoneByName(zone)),
);
define(
  "make_interval",
  (years: number, months: number, weeks: number, days: number, hours: number, mins: number, secs: number) =>
    new Interval(
      years * 12 + months,
      weeks * 7 + days,
      BigInt(hours) * 3_600_000_000n + BigInt(mins) * 60_000_000n + BigInt(Math.round(secs * 1_000_000)),
    ),
);
define("float8_timestamptz", (seconds: number) => {
  if (Number.isNaN(seconds)) throw new PgError("22008", "timestamp cannot be NaN");
  if (!Number.isFinite(seconds)) return seconds > 0 ? timestampInfinity : timestampMinusInfinity;
  return checkTimestamp(BigInt(Math.round(seconds * 1_000_000)) - 946_684_800_000_000n);
});
define("date_finite", (days: number) => days !== dateInfinity && days !== dateMinusInfinity);
define("timestamp_finite", isFiniteTimestamp);
define("interval_finite", (value: I) => value.infinite === 0);
define("interval_justify_hours", (value: I) => {
  if (value.infinite !== 0) return value;
  let days = value.days + Number(value.micros / dayMicros);
  let micros = value.micros % dayMicros;
  if (days > 0 && micros < 0n) {
    micros += dayMicros;
    days--;
  } else if (days < 0 && micros > 0n) {
    micros -= dayMicros;
    days++;
  }
  return new Interval(value.months, days, micros);
});
const justifyDays = (value: I): I => {
  if (value.infinite !== 0) return value;
  let months = value.months + Math.trunc(value.days / 30);
  let days = value.days % 30;
  if (months > 0 && days < 0) {
    days += 30;
    months--;
  } else if (months < 0 && days > 0) {
    days -= 30;
    months++;
  }
  return new Interval(months + 0, days + 0, value.micros);
};
define("interval_justify_days", justifyDays);
define("interval_justify_interval", (value: I) => {
  if (value.infinite !== 0) return value;
  let { months, days, micros } = value;
  days += Number(micros / dayMicros);
  micros %= dayMicros;
  months += Math.trunc(days / 30);
  days %= 30;
  if (months > 0 && (days < 0 || (days === 0 && micros < 0n))) {
    days += 30;
    months--;
  } else if (months < 0 && (days > 0 || (days === 0 && micros > 0n))) {
    days -= 30;
    months++;
  }
  if (days > 0 && micros < 0n) {
    micros += dayMicros;
    days--;
  } else if (days < 0 && micros > 0n) {
    micros -= dayMicros;
    days++;
  }
  return new Interval(months + 0, days + 0, micros);
});

// overlaps
const overlaps = (
  s1: bigint | null,
  e1: bigint | null,
  s2: bigint | null,
  e2: bigint | null,
): boolean | null => {
  const order = (s: bigint | null, e: bigint | null): [bigint | null, bigint | null] =>
    s === null ? [e, null] : e !== null && s > e ? [e, s] : [s, e];
  const [a1, b1] = order(s1, e1);
  const [a2, b2] = order(s2, e2);
  if (a1 === null || a2 === null) return null;
  if (a1 > a2) {
    if (b2 === null) return null;
    if (a1 < b2) return true;
    return b1 === null ? null : false;
  }
  if (a1 < a2) {
    if (b1 === null) return null;
    if (a2 < b1) return true;
    return b2 === null ? null : false;
  }
  return b1 === null || b2 === null ? null : true;
};
define("overlaps_timestamp", overlaps);
const plus = (start: bigint | null, span: I | null) =>
  start === null || span === null ? null : addToTimestamp(start, span);
for (const type of ["1114", "1184"]) {
  define(`overlaps(${type},1186,${type},1186)`, (a: bigint, b: I, c: bigint, d: I) =>
    overlaps(a, plus(a, b), c, plus(c, d)),
  );
  define(`overlaps(${type},${type},${type},1186)`, (a: bigint, b: bigint, c: bigint, d: I) =>
    overlaps(a, b, c, plus(c, d)),
  );
  define(`overlaps(${type},1186,${type},${type})`, (a: bigint, b: I, c: bigint, d: bigint) =>
    overlaps(a, plus(a, b), c, d),
  );
}

// series
function* series(
  start: bigint,
  stop: bigint,
  step: I,
  add: (value: bigint, step: I) => bigint,
): Generator<bigint> {
  if (!isFiniteTimestamp(start) || !isFiniteTimestamp(stop))
    throw new PgError(
      "22023",
      "start and stop values cannot be infinity".replace("start and stop values", "start value"),
    );
  const span = step.span;
  if (span === 0n) throw new PgError("22023", "step size cannot equal zero");
  for (let at = start; span > 0n ? at <= stop : at >= stop; at = add(at, step)) yield at;
}
defineSet("generate_series_timestamp", (_call, start: bigint, stop: bigint, step: I) =>
  series(start, stop, step, addToTimestamp),
);
defineSet("generate_series_timestamptz", (call, start: bigint, stop: bigint, step: I) =>
  series(start, stop, step, (value, by) => addToZoned(value, by, zoneOf(call))),
);
defineSet(
  "generate_series_timestamptz_at_zone",
  (_call, start: bigint, stop: bigint, step: I, zone: string) =>
    series(start, stop, step, (value, by) => addToZoned(value, by, zoneByName(zone))),
);
