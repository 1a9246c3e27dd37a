import { PgError } from "../errors.ts";
import {
  checkDate,
  checkTimestamp,
  civilOf,
  clockOf,
  dateInfinity,
  dateMinusInfinity,
  daysInMonth,
  daysOf,
  fromJulian,
  isoWeekday,
  joinTimestamp,
  splitTimestamp,
  timestampInfinity,
  timestampMinusInfinity,
} from "./calendar.ts";
import {
  abbreviationOffset,
  findZone,
  localToUtc,
  requireZone,
  utcToLocal,
  type Zone,
} from "./time-zones.ts";
import type { IoContext } from "./type-ops.ts";

/** What a text of a date or time says. */
export interface DateTimeText {
  readonly special?:
    | "infinity"
    | "-infinity"
    | "epoch"
    | "now"
    | "today"
    | "tomorrow"
    | "yesterday"
    | undefined;
  readonly days?: number | undefined;
  /** Microseconds of the day; may be a whole day (24:00). */
  readonly micros?: number | undefined;
  /** Seconds east of Greenwich. */
  readonly offset?: number | undefined;
  readonly zone?: Zone | undefined;
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const monthNames = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];
const weekdays = /^(sun|mon|tue|tues|wed|weds|thu|thur|thurs|fri|sat)(day|sday|nesday|rsday|urday)?$/;

function monthOf(word: string): number {
  const lower = word.toLowerCase();
  const index = months.indexOf(lower === "sept" ? "sep" : lower);
  return (index >= 0 ? index : monthNames.indexOf(lower)) + 1;
}

class Reader {
  readonly typeName: string;
  readonly text: string;
  readonly io: IoContext;
  days: number | undefined;
  micros: number | undefined;
  offset: number | undefined;
  zone: Zone | undefined;
  special: DateTimeText["special"];
  pm: "am" | "pm" | undefined;
  bc = false;
  /** Numbers of a date that came apart: day, month word, year. */
  numbers: { text: string; value: number }[] = [];
  month = 0;

  constructor(typeName: string, text: string, io: IoContext) {
    this.typeName = typeName;
    this.text = text;
    this.io = io;
  }

  invalid(): PgError {
    return new PgError("22007", `invalid input syntax for type ${this.typeName}: "${this.text}"`);
  }

  outOfRange(): PgError {
    return new PgError("22008", `date/time field value out of range: "${this.text}"`);
  }

  setDate(year: number, month: number, day: number): void {
    if (this.days !== undefined) throw this.invalid();
    if (year === 0 && !this.bc) throw this.outOfRange();
    const hint = this.io.dateOrder;
    if (month < 1 || month > 12) {
      throw new PgError("22008", `date/time field value out of range: "${this.text}"`, {
        hint: month > 12 && day <= 12 ? `Perhaps you need a different "DateStyle" setting.` : undefined,
      });
    }
    void hint;
    const astronomical = this.bc ? 1 - year : year;
    if (day < 1 || day > daysInMonth(astronomical, month)) throw this.outOfRange();
    if (astronomical > 6_000_000) throw this.outOfRange();
    this.days = daysOf(astronomical, month, day);
  }

  setTime(hour: number, minute: number, second: number, micros: number): void {
    if (this.micros !== undefined) throw this.invalid();
    let h = hour;
    if (this.pm !== undefined) {
      if (h > 12 || h < 0) throw this.outOfRange();
      h = (h % 12) + (this.pm === "pm" ? 12 : 0);
    }
    if (minute > 59 || second > 60 || h > 24 || (h === 24 && (minute > 0 || second > 0 || micros > 0)))
      throw this.outOfRange();
    this.micros = ((h * 60 + minute) * 60 + second) * 1_000_000 + micros;
  }
}

function fraction(text: string | undefined): number {
  return text === undefined || text === "" ? 0 : Math.round(Number(`0.${text}`) * 1_000_000);
}

function twoDigitYear(text: string): number {
  const value = Number(text);
  return text.length <= 2 ? (value < 70 ? value + 2000 : value + 1900) : value;
}

const timePart = /^(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d*))?)?/;

/** Reads a date, time or both in any of the forms that PostgreSQL takes. @throws PgError 22007, 22008 */
export function parseDateTime(text: string, typeName: string, io: IoContext): DateTimeText {
  const reader = new Reader(typeName, text, io);
  let rest = text.trim();
  if (rest === "" || rest.length > 120) throw reader.invalid();
  // Before and after the common era, and the half of the day, decide how earlier parts are read.
  reader.bc = /\d.*\bbc$/i.test(rest) || /\dbc$/i.test(rest);
  const half = /(?:\d|\s)(am|pm)(?:\s|$|[+-])/i.exec(rest);
  if (half !== null) reader.pm = half[1]!.toLowerCase() as "am" | "pm";
  while (rest !== "") {
    const skipped = /^[\s,]+/.exec(rest);
    if (skipped !== null) {
      rest = rest.slice(skipped[0].length);
      continue;
    }
    rest = step(reader, rest);
  }
  finishDate(reader);
  const { days, micros, offset, zone, special } = reader;
  return { days, micros, offset, zone, special };
}

function step(reader: Reader, rest: string): string {
  const iso = /^(\d{4,7})-(\d{1,2})-(\d{1,2})(?![\d])/.exec(rest);
  if (iso !== null && reader.days === undefined) {
    reader.setDate(Number(iso[1]), Number(iso[2]), Number(iso[3]));
    return afterDate(rest.slice(iso[0].length));
  }
  const time = timePart.exec(rest);
  if (time !== null) {
    reader.setTime(Number(time[1]), Number(time[2]), Number(time[3] ?? 0), 0);
    const micros = fraction(time[4]);
    reader.micros! += micros;
    return rest.slice(time[0].length);
  }
  const compact = /^(\d{4})(\d{2})(\d{2})(?:[tT ]?(\d{2})(\d{2})(\d{2})(?:\.(\d+))?|[tT])?(?![\d:.])/.exec(
    rest,
  );
  if (compact !== null && reader.days === undefined && reader.numbers.length === 0) {
    reader.setDate(Number(compact[1]), Number(compact[2]), Number(compact[3]));
    if (compact[4] !== undefined) {
      reader.setTime(Number(compact[4]), Number(compact[5]), Number(compact[6]), 0);
      reader.micros! += fraction(compact[7]);
    }
    return rest.slice(compact[0].length);
  }
  const numeric = /^(\d{1,7})([-/.])(\d{1,2}|[A-Za-z]{3,9})\2(\d{1,7})(?!\d)/.exec(rest);
  if (numeric !== null && reader.days === undefined) {
    orderedDate(reader, numeric[1]!, numeric[3]!, numeric[4]!);
    return afterDate(rest.slice(numeric[0].length));
  }
  const yearDay = /^(\d{4})[.-](\d{3})(?!\d)/.exec(rest);
  if (yearDay !== null && reader.days === undefined) {
    const day = Number(yearDay[2]);
    if (day < 1 || day > 366) throw reader.outOfRange();
    reader.days = daysOf(Number(yearDay[1]), 1, 1) + day - 1;
    return afterDate(rest.slice(yearDay[0].length));
  }
  const wordDate = /^([A-Za-z]{3,9})[-/](\d{1,2})[-/](\d{1,7})(?!\d)/.exec(rest);
  if (wordDate !== null && monthOf(wordDate[1]!) > 0 && reader.days === undefined) {
    reader.setDate(twoDigitYear(wordDate[3]!), monthOf(wordDate[1]!), Number(wordDate[2]));
    return afterDate(rest.slice(wordDate[0].length));
  }
  const offset = /^([+-])(\d{1,2})(?::?(\d{2}))?(?::?(\d{2}))?(?![\d])/.exec(rest);
  if (
    offset !== null &&
    (reader.micros !== undefined || reader.days !== undefined) &&
    reader.offset === undefined
  ) {
    const [hours, minutes, seconds] = [Number(offset[2]), Number(offset[3] ?? 0), Number(offset[4] ?? 0)];
    if (hours > 15 || minutes > 59 || seconds > 59)
      throw new PgError("22009", `time zone displacement out of range: "${reader.text}"`);
    reader.offset = (hours * 3600 + minutes * 60 + seconds) * (offset[1] === "-" ? -1 : 1);
    return rest.slice(offset[0].length);
  }
  const julian = /^[jJ](\d+)/.exec(rest);
  if (julian !== null && reader.days === undefined) {
    reader.days = fromJulian(Number(julian[1]));
    return rest.slice(julian[0].length);
  }
  if (/^[tT]\d/.test(rest)) return compactTime(reader, rest.slice(1));
  const number = /^\d+/.exec(rest);
  if (number !== null) {
    if (
      reader.days !== undefined &&
      reader.micros === undefined &&
      number[0].length !== 2 &&
      reader.numbers.length === 0
    )
      return compactTime(reader, rest);
    if (reader.pm !== undefined && reader.micros === undefined && /^\d{1,2}\s*[ap]m/i.test(rest)) {
      reader.setTime(Number(number[0]), 0, 0, 0);
      return rest.slice(number[0].length);
    }
    reader.numbers.push({ text: number[0], value: Number(number[0]) });
    return rest
      .slice(number[0].length)
      .replace(/^(st|nd|rd|th)\b/i, "")
      .replace(/^[-/.](?=\w)/, " ");
  }
  return word(reader, rest);
}

function afterDate(rest: string): string {
  return /^[tT](?=\d)/.test(rest) ? rest.slice(1) : rest;
}

/** `040506`, `0405` */
function compactTime(reader: Reader, rest: string): string {
  const match = timePart.exec(rest);
  if (match !== null) return rest;
  const compact = /^(\d{2})(\d{2})(?:(\d{2})(?:\.(\d+))?)?(?![\d])/.exec(rest);
  if (compact === null) {
    const hour = /^(\d{2})(?!\d)/.exec(rest);
    if (hour === null) throw reader.invalid();
    reader.setTime(Number(hour[1]), 0, 0, 0);
    return rest.slice(2);
  }
  reader.setTime(Number(compact[1]), Number(compact[2]), Number(compact[3] ?? 0), 0);
  reader.micros! += fraction(compact[4]);
  return rest.slice(compact[0].length);
}

function orderedDate(reader: Reader, a: string, b: string, c: string): void {
  const month = monthOf(b);
  if (month > 0) {
    if (a.length > 2) reader.setDate(Number(a), month, Number(c));
    else reader.setDate(twoDigitYear(c), month, Number(a));
    return;
  }
  if (/[A-Za-z]/.test(b)) throw reader.invalid();
  const order = reader.io.dateOrder;
  if (a.length > 2) reader.setDate(Number(a), Number(b), Number(c));
  else if (order === "DMY") reader.setDate(twoDigitYear(c), Number(b), Number(a));
  else if (order === "YMD") reader.setDate(twoDigitYear(a), Number(b), Number(c));
  else reader.setDate(twoDigitYear(c), Number(a), Number(b));
}

const specials = ["epoch", "now", "today", "tomorrow", "yesterday"] as const;

function word(reader: Reader, rest: string): string {
  const infinity = /^([+-]?)infinity\b/i.exec(rest);
  if (infinity !== null) {
    reader.special = infinity[1] === "-" ? "-infinity" : "infinity";
    return rest.slice(infinity[0].length);
  }
  const zoneName = /^[A-Za-z][A-Za-z_]*(?:\/[A-Za-z_+-]+\d*)+/.exec(rest);
  if (zoneName !== null) {
    const zone = findZone(zoneName[0]);
    if (zone === undefined)
      throw new PgError("22023", `time zone "${zoneName[0].toLowerCase()}" not recognized`);
    reader.zone = zone;
    return rest.slice(zoneName[0].length);
  }
  const match = /^[A-Za-z]+\.?/.exec(rest);
  if (match === null) throw reader.invalid();
  const name = match[0].replace(".", "").toLowerCase();
  const after = rest.slice(match[0].length);
  if (
    name === "am" ||
    name === "pm" ||
    name === "bc" ||
    name === "ad" ||
    name === "t" ||
    name === "at" ||
    name === "on"
  )
    return after;
  if (name === "allballs") {
    reader.setTime(0, 0, 0, 0);
    reader.offset = 0;
    return after;
  }
  const special = specials.find((s) => s === name);
  if (special !== undefined) {
    reader.special = special;
    return after;
  }
  const month = monthOf(name);
  if (month > 0) {
    if (reader.month > 0) throw reader.invalid();
    reader.month = month;
    return after.replace(/^[-/](?=\d)/, " ");
  }
  if (weekdays.test(name)) return after;
  const posix = /^([+-])(\d{1,2})(?::(\d{2}))?/.exec(after);
  const offset = abbreviationOffset(name);
  if (offset !== undefined && reader.offset === undefined) {
    if (posix !== null && (name === "utc" || name === "gmt")) {
      const west = (Number(posix[2]) * 3600 + Number(posix[3] ?? 0) * 60) * (posix[1] === "-" ? -1 : 1);
      reader.offset = -west;
      return after.slice(posix[0].length);
    }
    reader.offset = offset;
    return after.replace(/^\s+dst\b/i, "");
  }
  const zone = name.length > 2 ? findZone(match[0]) : undefined;
  if (zone !== undefined && (reader.days !== undefined || reader.micros !== undefined)) {
    reader.zone = zone;
    return after;
  }
  throw reader.invalid();
}

/** Puts together a date that came in separate words: `January 8, 1999`. */
function finishDate(reader: Reader): void {
  const { numbers, month } = reader;
  if (reader.days !== undefined) {
    if (numbers.length > 0 || month > 0) throw reader.invalid();
    return;
  }
  if (month > 0) {
    const [first, second] = numbers;
    if (first === undefined || second === undefined) throw reader.invalid();
    if (first.text.length > 2) reader.setDate(first.value, month, second.value);
    else reader.setDate(twoDigitYear(second.text), month, first.value);
    return;
  }
  if (numbers.length === 3) orderedDate(reader, numbers[0]!.text, numbers[1]!.text, numbers[2]!.text);
  else if (numbers.length === 1 && numbers[0]!.text.length === 6) {
    const { text } = numbers[0]!;
    reader.setDate(twoDigitYear(text.slice(0, 2)), Number(text.slice(2, 4)), Number(text.slice(4)));
  } else if (numbers.length > 0) throw reader.invalid();
}

function startOfDay(io: IoContext, days: number): { local: bigint; days: number } {
  const { days: today } = splitTimestamp(utcToLocal(io.transactionStart, requireZone(io.timeZone)));
  return { local: joinTimestamp(today + days, 0), days: today + days };
}

export function readDate(text: string, io: IoContext): number {
  const parsed = parseDateTime(text, "date", io);
  switch (parsed.special) {
    case "infinity":
      return dateInfinity;
    case "-infinity":
      return dateMinusInfinity;
    case "epoch":
      return -10957;
    case "now":
    case "today":
      return startOfDay(io, 0).days;
    case "tomorrow":
      return startOfDay(io, 1).days;
    case "yesterday":
      return startOfDay(io, -1).days;
  }
  if (parsed.days === undefined) throw new PgError("22007", `invalid input syntax for type date: "${text}"`);
  try {
    return checkDate(parsed.days);
  } catch {
    throw new PgError("22008", `date out of range: "${text}"`);
  }
}

export function readTimestamp(text: string, io: IoContext, withZone: boolean): bigint {
  const typeName = withZone ? "timestamp with time zone" : "timestamp";
  const parsed = parseDateTime(text, typeName, io);
  const zone = parsed.zone ?? requireZone(io.timeZone);
  const fromLocal = (local: bigint) => (withZone ? localToUtc(local, zone) : local);
  const micros = parsed.micros ?? 0;
  switch (parsed.special) {
    case "infinity":
      return timestampInfinity;
    case "-infinity":
      return timestampMinusInfinity;
    case "epoch":
      return -946684800000000n;
    case "now":
      return withZone ? io.transactionStart : utcToLocal(io.transactionStart, requireZone(io.timeZone));
    case "today":
      return fromLocal(startOfDay(io, 0).local + BigInt(micros));
    case "tomorrow":
      return fromLocal(startOfDay(io, 1).local + BigInt(micros));
    case "yesterday":
      return fromLocal(startOfDay(io, -1).local + BigInt(micros));
  }
  if (parsed.days === undefined)
    throw new PgError("22007", `invalid input syntax for type ${typeName}: "${text}"`);
  const local = joinTimestamp(parsed.days, micros);
  const value =
    withZone && parsed.offset !== undefined ? local - BigInt(parsed.offset) * 1_000_000n : fromLocal(local);
  try {
    return checkTimestamp(value);
  } catch {
    throw new PgError("22008", `timestamp out of range: "${text}"`);
  }
}

/** Microseconds of the day, and the offset when the text has one. */
export function readTime(
  text: string,
  io: IoContext,
  typeName: string,
): { micros: number; offset: number | undefined; zone: Zone | undefined; days: number | undefined } {
  let source = text.trim();
  const compact = /^(\d{2})(\d{2})(\d{2})(\.\d+)?(?![\d:])/.exec(source);
  if (compact !== null)
    source = `${compact[1]}:${compact[2]}:${compact[3]}${compact[4] ?? ""}${source.slice(compact[0].length)}`;
  else if (/^\d{4}(?![\d-])/.test(source)) source = `${source.slice(0, 2)}:${source.slice(2)}`;
  const parsed = parseDateTime(source, typeName, io);
  if (parsed.special === "now") {
    const zone = requireZone(io.timeZone);
    return {
      micros: splitTimestamp(utcToLocal(io.transactionStart, zone)).micros,
      offset: undefined,
      zone,
      days: undefined,
    };
  }
  if (parsed.micros === undefined || parsed.special !== undefined)
    throw new PgError("22007", `invalid input syntax for type ${typeName}: "${text}"`);
  return { micros: parsed.micros, offset: parsed.offset, zone: parsed.zone, days: parsed.days };
}

const pad = (value: number, length = 2) => String(value).padStart(length, "0");

export function formatClock(micros: number): string {
  const { hour, minute, second, micros: rest } = clockOf(micros);
  const text = `${pad(hour)}:${pad(minute)}:${pad(second)}`;
  return rest === 0 ? text : `${text}.${pad(rest, 6).replace(/0+$/, "")}`;
}

export function formatOffset(seconds: number): string {
  const size = Math.abs(seconds);
  const minutes = Math.floor(size / 60) % 60;
  const rest = size % 60;
  return `${seconds < 0 ? "-" : "+"}${pad(Math.floor(size / 3600))}${minutes > 0 || rest > 0 ? `:${pad(minutes)}` : ""}${rest > 0 ? `:${pad(rest)}` : ""}`;
}

export function formatDate(days: number, io: IoContext): string {
  if (days === dateInfinity) return "infinity";
  if (days === dateMinusInfinity) return "-infinity";
  const { year, month, day } = civilOf(days);
  const suffix = year <= 0 ? " BC" : "";
  const y = pad(year <= 0 ? 1 - year : year, 4);
  switch (io.dateStyle) {
    case "SQL":
      return `${io.dateOrder === "DMY" ? `${pad(day)}/${pad(month)}` : `${pad(month)}/${pad(day)}`}/${y}${suffix}`;
    case "German":
      return `${pad(day)}.${pad(month)}.${y}${suffix}`;
    case "Postgres":
      return `${io.dateOrder === "DMY" ? `${pad(day)}-${pad(month)}` : `${pad(month)}-${pad(day)}`}-${y}${suffix}`;
    default:
      return `${y}-${pad(month)}-${pad(day)}${suffix}`;
  }
}

const weekdayNames = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const monthShort = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export function formatTimestamp(timestamp: bigint, io: IoContext, zoned: boolean): string {
  if (timestamp === timestampInfinity) return "infinity";
  if (timestamp === timestampMinusInfinity) return "-infinity";
  const zone = zoned ? requireZone(io.timeZone) : undefined;
  const offset = zone?.offsetAt(timestamp) ?? 0;
  const { days, micros } = splitTimestamp(timestamp + BigInt(offset) * 1_000_000n);
  const { year, month, day } = civilOf(days);
  const bc = year <= 0 ? " BC" : "";
  const clock = formatClock(micros);
  if (io.dateStyle === "ISO") {
    const date = `${pad(year <= 0 ? 1 - year : year, 4)}-${pad(month)}-${pad(day)}`;
    return `${date} ${clock}${zone === undefined ? "" : formatOffset(offset)}${bc}`;
  }
  const zoneText = zone === undefined ? "" : ` ${zone.abbreviationAt(timestamp)}`;
  if (io.dateStyle === "Postgres") {
    const weekday = weekdayNames[isoWeekday(days) - 1]!;
    const name = monthShort[month - 1]!;
    const dayMonth = io.dateOrder === "DMY" ? `${pad(day)} ${name}` : `${name} ${pad(day)}`;
    return `${weekday} ${dayMonth} ${clock} ${pad(year <= 0 ? 1 - year : year, 4)}${zoneText}${bc}`;
  }
  const date = formatDate(days, io).replace(" BC", "");
  return `${date} ${clock}${zoneText}${bc}`;
}
