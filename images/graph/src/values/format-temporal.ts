import { civilDate, nanosPerSecond } from "./calendar.ts";
import {
  DateTimeValue,
  DateValue,
  type DurationValue,
  LocalDateTimeValue,
  LocalTimeValue,
  type Temporal,
  TimeValue,
} from "./temporal.ts";

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

export function formatDate(days: number): string {
  const { year, month, day } = civilDate(days);
  const digits = String(Math.abs(year)).padStart(4, "0");
  const sign = year < 0 ? "-" : year > 9999 ? "+" : "";
  return `${sign}${digits}-${two(month)}-${two(day)}`;
}

/** Seconds only where they are not zero, as Neo4j writes them. */
export function formatTime(nanos: number): string {
  const seconds = Math.floor(nanos / nanosPerSecond);
  const fraction = nanos - seconds * nanosPerSecond;
  const minutes = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}`;
  if (seconds % 60 === 0 && fraction === 0) return minutes;
  const whole = `${minutes}:${two(seconds % 60)}`;
  return fraction === 0 ? whole : `${whole}.${String(fraction).padStart(9, "0").replace(/0+$/, "")}`;
}

export function formatOffset(offset: number): string {
  if (offset === 0) return "Z";
  const size = Math.abs(offset);
  const text = `${offset < 0 ? "-" : "+"}${two(Math.floor(size / 3600))}:${two(Math.floor(size / 60) % 60)}`;
  return size % 60 === 0 ? text : `${text}:${two(size % 60)}`;
}

function fraction(nanos: number): string {
  return nanos === 0 ? "" : `.${String(nanos).padStart(9, "0").replace(/0+$/, "")}`;
}

export function formatDuration({ months, days, seconds, nanos }: DurationValue): string {
  const years = Math.trunc(months / 12);
  let text = "P";
  if (years !== 0) text += `${years}Y`;
  if (months % 12 !== 0) text += `${months % 12}M`;
  if (days !== 0) text += `${days}D`;
  if (seconds !== 0n || nanos !== 0) {
    text += "T";
    // The fraction counts up from the seconds, also below zero: -1 s and 900,000,000 ns are -0.1 s.
    const isNegative = seconds < 0n;
    const whole = isNegative && nanos > 0 ? seconds + 1n : seconds;
    const rest = isNegative && nanos > 0 ? nanosPerSecond - nanos : nanos;
    const hours = whole / 3600n;
    const minutes = (whole / 60n) % 60n;
    const left = whole % 60n;
    if (hours !== 0n) text += `${hours}H`;
    if (minutes !== 0n) text += `${minutes}M`;
    if (left !== 0n || rest !== 0) text += `${isNegative && left === 0n ? "-0" : left}${fraction(rest)}S`;
  }
  return text === "P" ? "PT0S" : text;
}

export function formatTemporal(value: Temporal | DurationValue): string {
  if (value instanceof DateValue) return formatDate(value.days);
  if (value instanceof LocalTimeValue) return formatTime(value.nanos);
  if (value instanceof TimeValue) return formatTime(value.nanos) + formatOffset(value.offset);
  if (value instanceof LocalDateTimeValue) return `${formatDate(value.days)}T${formatTime(value.nanos)}`;
  if (value instanceof DateTimeValue) {
    const zone = value.zone === undefined ? "" : `[${value.zone}]`;
    return `${formatDate(value.days)}T${formatTime(value.nanos)}${formatOffset(value.offset)}${zone}`;
  }
  return formatDuration(value);
}
