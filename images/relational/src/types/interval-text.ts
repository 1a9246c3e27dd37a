import { PgError } from "../errors.ts";
import { Interval } from "./interval-value.ts";
import type { IoContext } from "./type-ops.ts";

const unitNames: Readonly<Record<string, string>> = {
  us: "us",
  usec: "us",
  usecs: "us",
  microsecond: "us",
  microseconds: "us",
  microsecon: "us",
  ms: "ms",
  msec: "ms",
  msecs: "ms",
  millisecond: "ms",
  milliseconds: "ms",
  mseconds: "ms",
  s: "s",
  sec: "s",
  secs: "s",
  second: "s",
  seconds: "s",
  m: "m",
  min: "m",
  mins: "m",
  minute: "m",
  minutes: "m",
  h: "h",
  hr: "h",
  hrs: "h",
  hour: "h",
  hours: "h",
  d: "d",
  day: "d",
  days: "d",
  w: "w",
  week: "w",
  weeks: "w",
  mon: "mon",
  mons: "mon",
  month: "mon",
  months: "mon",
  y: "y",
  yr: "y",
  yrs: "y",
  year: "y",
  years: "y",
  qtr: "q",
  quarter: "q",
  quarters: "q",
  dec: "dec",
  decs: "dec",
  decade: "dec",
  decades: "dec",
  c: "c",
  cent: "c",
  century: "c",
  centuries: "c",
  mil: "mil",
  mils: "mil",
  millennium: "mil",
  millennia: "mil",
};

interface Sum {
  months: number;
  days: number;
  micros: bigint;
}

const microsOf: Readonly<Record<string, number>> = {
  us: 1,
  ms: 1000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
};
const monthsOf: Readonly<Record<string, number>> = { mon: 1, q: 3, y: 12, dec: 120, c: 1200, mil: 12000 };

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

function fractionMicros(fraction: number, unitMicros: number): bigint {
  return BigInt(roundHalfEven(fraction * unitMicros));
}

/** Adds `whole.fraction` of a unit; fractions go down to the smaller fields. */
function add(sum: Sum, unit: string, whole: number, fraction: number): void {
  const micros = microsOf[unit];
  if (micros !== undefined) {
    sum.micros += BigInt(Math.trunc(whole)) * BigInt(micros) + fractionMicros(fraction, micros);
    return;
  }
  if (unit === "d" || unit === "w") {
    const size = unit === "w" ? 7 : 1;
    const days = fraction * size;
    sum.days += whole * size + Math.trunc(days);
    sum.micros += fractionMicros(days - Math.trunc(days), 86_400_000_000);
    return;
  }
  const size = monthsOf[unit]!;
  const months = fraction * size;
  if (unit === "mon") {
    sum.months += whole;
    const days = fraction * 30;
    sum.days += Math.trunc(days);
    sum.micros += fractionMicros(days - Math.trunc(days), 86_400_000_000);
    return;
  }
  // Of years and longer only whole months come out of the fraction.
  sum.months += whole * size + roundHalfEven(months);
}

const fieldOrder: Readonly<Record<number, string>> = {
  4: "y",
  2: "mon",
  8: "d",
  1024: "h",
  2048: "m",
  4096: "s",
};

/** The unit of a bare number: the last of the fields that the type names, or seconds. */
function defaultUnit(fields: number): string {
  for (const mask of [4096, 2048, 1024, 8, 2, 4]) if ((fields & mask) !== 0) return fieldOrder[mask]!;
  return "s";
}

/** @throws PgError 22007, 22008, 22015 */
export function parseInterval(text: string, typmod: number): Interval {
  const invalid = () => new PgError("22007", `invalid input syntax for type interval: "${text}"`);
  const fields = typmod < 0 ? 0x7fff : (typmod >> 16) & 0x7fff;
  let rest = text.trim();
  if (/^[+-]?infinity$/i.test(rest)) return rest.startsWith("-") ? Interval.minusInfinity : Interval.infinity;
  if (rest === "") throw invalid();
  if (/^P/i.test(rest)) return fit(iso(rest, invalid), typmod, text);
  const sum: Sum = { months: 0, days: 0, micros: 0n };
  let ago = false;
  let isEmpty = true;
  if (rest.startsWith("@")) rest = rest.slice(1);
  const sqlNegative = /^-/.test(rest) && /^-\s*\d+-\d+|^-\s*\d+ \d+:/.test(rest);
  void sqlNegative;
  while (true) {
    rest = rest.replace(/^[\s,]+/, "");
    if (rest === "") break;
    const word = /^ago\b/i.exec(rest);
    if (word !== null && !isEmpty) {
      ago = true;
      rest = rest.slice(3);
      continue;
    }
    const clock = /^([+-]?)(\d+):(\d+)(?::(\d+)(?:\.(\d*))?|\.(\d+))?/.exec(rest);
    if (clock !== null) {
      const [, sign, first, second, third, fractionText, minuteFraction] = clock;
      let hours = Number(first);
      let minutes = Number(second);
      let seconds = Number(third ?? 0);
      let fraction = Number(`0.${fractionText || "0"}`);
      // `MINUTE TO SECOND` and a fraction make two fields minutes and seconds.
      if (third === undefined && (minuteFraction !== undefined || fields === 6144)) {
        seconds = minutes;
        minutes = hours;
        hours = 0;
        fraction = Number(`0.${minuteFraction ?? "0"}`);
      }
      if (minutes > 59 || seconds > 60)
        throw new PgError("22008", `interval field value out of range: "${text}"`);
      const micros =
        BigInt(hours) * 3_600_000_000n +
        BigInt(minutes * 60 + seconds) * 1_000_000n +
        BigInt(Math.round(fraction * 1_000_000));
      sum.micros += sign === "-" ? -micros : micros;
      rest = rest.slice(clock[0].length);
      isEmpty = false;
      continue;
    }
    const yearMonth = /^([+-]?)(\d+)-(\d+)(?=\s|$)/.exec(rest);
    if (yearMonth !== null) {
      const months = Number(yearMonth[2]) * 12 + Number(yearMonth[3]);
      if (Number(yearMonth[3]) > 11)
        throw new PgError("22008", `interval field value out of range: "${text}"`);
      sum.months += yearMonth[1] === "-" ? -months : months;
      rest = rest.slice(yearMonth[0].length);
      isEmpty = false;
      continue;
    }
    const number = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?\s*([A-Za-z]+)?/.exec(rest);
    if (number === null || (number[2] === "" && (number[3] ?? "") === "")) throw invalid();
    const [matched, sign, wholeText, fractionText, , unitText] = number;
    let unit: string | undefined;
    let used = matched;
    if (unitText !== undefined && !/^ago$/i.test(unitText)) {
      unit = unitNames[unitText.toLowerCase()];
      if (unit === undefined) throw invalid();
    } else {
      used = unitText === undefined ? matched : matched.slice(0, matched.length - unitText.length);
      // A number before a time is days.
      unit = /^\s+[+-]?\d+:/.test(rest.slice(used.trimEnd().length)) ? "d" : defaultUnit(fields);
    }
    if (
      wholeText !== undefined &&
      wholeText.length > 10 &&
      Number(wholeText) > 2147483647 &&
      (monthsOf[unit] !== undefined || unit === "d" || unit === "w")
    )
      throw new PgError("22008", `interval field value out of range: "${text}"`);
    const direction = sign === "-" ? -1 : 1;
    add(sum, unit, direction * Number(wholeText || "0"), direction * Number(`0.${fractionText || "0"}`));
    rest = rest.slice(used.length);
    isEmpty = false;
  }
  if (isEmpty) throw invalid();
  if (ago) {
    sum.months = -sum.months;
    sum.days = -sum.days;
    sum.micros = -sum.micros;
  }
  return fit(sum, typmod, text);
}

/** `P1Y2M3DT4H5M6S` and `P0001-02-03T04:05:06` */
function iso(text: string, invalid: () => PgError): Sum {
  const sum: Sum = { months: 0, days: 0, micros: 0n };
  const alternative = /^P(-?\d+)-(\d+)-(\d+)(?:T(\d+):(\d+):(\d+(?:\.\d+)?))?$/i.exec(text);
  if (alternative !== null) {
    const [, years, months, days, hours, minutes, seconds] = alternative;
    sum.months = Number(years) * 12 + Number(months);
    sum.days = Number(days);
    sum.micros =
      BigInt(Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60) * 1_000_000n +
      BigInt(Math.round(Number(seconds ?? 0) * 1_000_000));
    return sum;
  }
  let rest = text.slice(1);
  let inTime = false;
  if (rest === "") throw invalid();
  while (rest !== "") {
    if (/^T/i.test(rest)) {
      inTime = true;
      rest = rest.slice(1);
      continue;
    }
    const match = /^([+-]?)(\d*)(?:\.(\d*))?([A-Za-z])/.exec(rest);
    if (match === null || (match[2] === "" && (match[3] ?? "") === "")) throw invalid();
    const letter = match[4]!.toUpperCase();
    const unit = inTime ? { H: "h", M: "m", S: "s" }[letter] : { Y: "y", M: "mon", W: "w", D: "d" }[letter];
    if (unit === undefined) throw invalid();
    const direction = match[1] === "-" ? -1 : 1;
    add(sum, unit, direction * Number(match[2] || "0"), direction * Number(`0.${match[3] || "0"}`));
    rest = rest.slice(match[0].length);
  }
  return sum;
}

const int4Max = 2147483647;

function fit(sum: Sum, typmod: number, text: string): Interval {
  if (
    Math.abs(sum.months) > int4Max ||
    Math.abs(sum.days) > int4Max ||
    sum.micros > 9223372036854775807n ||
    sum.micros < -9223372036854775808n
  )
    throw new PgError("22008", `interval field value out of range: "${text}"`);
  return applyIntervalTypmod(new Interval(sum.months + 0, sum.days + 0, sum.micros), typmod);
}

/** Keeps the fields that the type has, and rounds the seconds. */
export function applyIntervalTypmod(interval: Interval, typmod: number): Interval {
  if (typmod < 0 || interval.infinite !== 0) return interval;
  const fields = (typmod >> 16) & 0x7fff;
  const precision = typmod & 0xffff;
  let { months, days, micros } = interval;
  const cut = (unit: bigint) => {
    micros -= micros % unit;
  };
  if (fields !== 0x7fff) {
    if ((fields & 0x1c00) === 0) {
      micros = 0n;
      if ((fields & 8) === 0) {
        days = 0;
        if ((fields & 2) === 0) months -= months % 12;
      }
    } else if ((fields & 4096) === 0) cut((fields & 2048) === 0 ? 3_600_000_000n : 60_000_000n);
  }
  if (precision < 6) {
    const unit = 10n ** BigInt(6 - precision);
    const half = unit / 2n;
    micros = micros >= 0n ? ((micros + half) / unit) * unit : ((micros - half) / unit) * unit;
  }
  return new Interval(months, days, micros);
}

const pad = (value: bigint | number) => String(value).padStart(2, "0");

interface Parts {
  readonly years: number;
  readonly months: number;
  readonly days: number;
  readonly negative: boolean;
  readonly hours: bigint;
  readonly minutes: bigint;
  readonly seconds: bigint;
  readonly fraction: string;
}

function partsOf(interval: Interval): Parts {
  const negative = interval.micros < 0n;
  const size = negative ? -interval.micros : interval.micros;
  const rest = size % 1_000_000n;
  return {
    years: Math.trunc(interval.months / 12),
    months: interval.months % 12,
    days: interval.days,
    negative,
    hours: size / 3_600_000_000n,
    minutes: (size / 60_000_000n) % 60n,
    seconds: (size / 1_000_000n) % 60n,
    fraction: rest === 0n ? "" : `.${String(rest).padStart(6, "0").replace(/0+$/, "")}`,
  };
}

export function formatInterval(interval: Interval, style: IoContext["intervalStyle"]): string {
  if (interval.infinite !== 0) return interval.infinite > 0 ? "infinity" : "-infinity";
  const p = partsOf(interval);
  switch (style) {
    case "iso_8601":
      return isoText(p, interval);
    case "sql_standard":
      return sqlText(p, interval);
    case "postgres_verbose":
      return verboseText(p, interval);
    default:
      return postgresText(p, interval);
  }
}

function postgresText(p: Parts, interval: Interval): string {
  const parts: string[] = [];
  let before = false;
  const unit = (value: number, name: string) => {
    if (value === 0) return;
    parts.push(`${before && value > 0 ? "+" : ""}${value} ${name}${value === 1 ? "" : "s"}`);
    before = value < 0;
  };
  unit(p.years, "year");
  unit(p.months, "mon");
  unit(p.days, "day");
  if (interval.micros !== 0n || parts.length === 0) {
    const sign = p.negative ? "-" : before ? "+" : "";
    parts.push(`${sign}${pad(p.hours)}:${pad(p.minutes)}:${pad(p.seconds)}${p.fraction}`);
  }
  return parts.join(" ");
}

function verboseText(p: Parts, interval: Interval): string {
  let first: boolean | undefined;
  const parts: string[] = [];
  const unit = (value: number | bigint, name: string, text?: string) => {
    const isZero = value === 0 || value === 0n;
    if (isZero && text === undefined) return;
    const negative = value < 0;
    first ??= negative;
    const shown = text ?? String(first ? -value : value);
    parts.push(`${shown} ${name}${shown === "1" || shown === "-1" ? "" : "s"}`);
  };
  unit(p.years, "year");
  unit(p.months, "mon");
  unit(p.days, "day");
  const sign = p.negative ? -1n : 1n;
  unit(sign * p.hours, "hour");
  unit(sign * p.minutes, "min");
  if (p.seconds !== 0n || p.fraction !== "") {
    first ??= p.negative;
    const minus = p.negative !== first ? "-" : "";
    const shown = `${minus}${p.seconds}${p.fraction}`;
    parts.push(`${shown} sec${p.seconds === 1n && p.fraction === "" ? "" : "s"}`);
  }
  if (parts.length === 0) return "@ 0";
  void interval;
  return `@ ${parts.join(" ")}${first === true ? " ago" : ""}`;
}

function isoText(p: Parts, interval: Interval): string {
  if (interval.months === 0 && interval.days === 0 && interval.micros === 0n) return "PT0S";
  const sign = p.negative ? "-" : "";
  const date = `${p.years === 0 ? "" : `${p.years}Y`}${p.months === 0 ? "" : `${p.months}M`}${p.days === 0 ? "" : `${p.days}D`}`;
  const seconds = p.seconds === 0n && p.fraction === "" ? "" : `${sign}${p.seconds}${p.fraction}S`;
  const time = `${p.hours === 0n ? "" : `${sign}${p.hours}H`}${p.minutes === 0n ? "" : `${sign}${p.minutes}M`}${seconds}`;
  return `P${date}${time === "" ? "" : `T${time}`}`;
}

function sqlText(p: Parts, interval: Interval): string {
  const { months, days, micros } = interval;
  if (months === 0 && days === 0 && micros === 0n) return "0";
  const hasNegative = months < 0 || days < 0 || micros < 0n;
  const hasPositive = months > 0 || days > 0 || micros > 0n;
  const hasMonths = months !== 0;
  const hasDays = days !== 0 || micros !== 0n;
  const clock = `${p.hours}:${pad(p.minutes)}:${pad(p.seconds)}${p.fraction}`;
  if ((hasNegative && hasPositive) || (hasMonths && hasDays)) {
    const sign = (negative: boolean) => (negative ? "-" : "+");
    return `${sign(months < 0)}${Math.abs(p.years)}-${Math.abs(p.months)} ${sign(days < 0)}${Math.abs(days)} ${sign(p.negative)}${clock}`;
  }
  const sign = hasNegative ? "-" : "";
  if (hasMonths) return `${sign}${Math.abs(p.years)}-${Math.abs(p.months)}`;
  return days !== 0 ? `${sign}${Math.abs(days)} ${clock}` : `${sign}${clock}`;
}
