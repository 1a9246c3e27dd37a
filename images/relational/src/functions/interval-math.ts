import { PgError } from "../errors.ts";
import { Interval } from "../types/interval-value.ts";

const outOfRange = () => new PgError("22008", "interval out of range");
const intMax = 2147483647;

function checked(months: number, days: number, micros: bigint): Interval {
  if (
    Math.abs(months) > intMax ||
    Math.abs(days) > intMax ||
    micros > 9223372036854775807n ||
    micros < -9223372036854775808n
  )
    throw outOfRange();
  return new Interval(months + 0, days + 0, micros);
}

export function addIntervals(a: Interval, b: Interval): Interval {
  if (a.infinite !== 0 || b.infinite !== 0) {
    if (a.infinite !== 0 && b.infinite !== 0 && a.infinite !== b.infinite) throw outOfRange();
    return a.infinite !== 0 ? a : b;
  }
  return checked(a.months + b.months, a.days + b.days, a.micros + b.micros);
}

export function negateInterval(a: Interval): Interval {
  if (a.infinite !== 0) return a.infinite > 0 ? Interval.minusInfinity : Interval.infinity;
  return checked(-a.months, -a.days, -a.micros);
}

/** As interval_mul: fractions of months become days, and of days microseconds. */
export function multiplyInterval(a: Interval, factor: number): Interval {
  if (Number.isNaN(factor)) throw outOfRange();
  if (a.infinite !== 0) {
    if (factor === 0) throw outOfRange();
    return factor > 0 ? a : negateInterval(a);
  }
  if (!Number.isFinite(factor)) {
    const sign = Math.sign(Number(a.span)) * Math.sign(factor);
    if (sign === 0) throw outOfRange();
    return sign > 0 ? Interval.infinity : Interval.minusInfinity;
  }
  return scaled(a, (part) => part * factor);
}

export function divideInterval(a: Interval, divisor: number): Interval {
  if (divisor === 0) throw new PgError("22012", "division by zero");
  if (Number.isNaN(divisor)) throw outOfRange();
  if (a.infinite !== 0) {
    if (!Number.isFinite(divisor)) throw outOfRange();
    return divisor < 0 ? negateInterval(a) : a;
  }
  return scaled(a, (part) => part / divisor);
}

function roundTo(value: number): number {
  return Math.round(value * 1_000_000) / 1_000_000;
}

function scaled(a: Interval, apply: (part: number) => number): Interval {
  const months = apply(a.months);
  const days = apply(a.days);
  let wholeMonths = Math.trunc(months);
  let wholeDays = Math.trunc(days);
  // As PostgreSQL does, the remainders are rounded to microseconds before they go down.
  let monthDays = roundTo((months - wholeMonths) * 30);
  let daySeconds = roundTo((days - wholeDays + monthDays - Math.trunc(monthDays)) * 86_400);
  if (Math.abs(daySeconds) >= 86_400) {
    wholeDays += Math.trunc(daySeconds / 86_400);
    daySeconds -= Math.trunc(daySeconds / 86_400) * 86_400;
  }
  wholeDays += Math.trunc(monthDays);
  monthDays = 0;
  wholeMonths += 0;
  const micros = roundHalfEven(apply(Number(a.micros)) + daySeconds * 1_000_000);
  if (!Number.isFinite(micros)) throw outOfRange();
  return checked(wholeMonths, wholeDays, BigInt(micros));
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest === 0.5) return floor % 2 === 0 ? floor : floor + 1;
  return rest < 0.5 ? floor : floor + 1;
}
