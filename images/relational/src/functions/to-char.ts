import { PgError } from "../errors.ts";
import {
  civilOf,
  clockOf,
  dayOfYear,
  daysInMonth,
  daysOf,
  fromJulian,
  isFiniteTimestamp,
  isoWeek,
  isoWeekday,
  joinTimestamp,
  julianDay,
  splitTimestamp,
} from "../types/calendar.ts";
import type { Interval } from "../types/interval-value.ts";
import { Numeric } from "../types/numeric.ts";
import { localToUtc, requireZone, utcToLocal } from "../types/time-zones.ts";
import { numberFromChar, numberToChar } from "./number-format.ts";
import { define, defineWith } from "./registry.ts";

/** Fields of a moment or an interval that templates name. */
interface Fields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly micros: number;
  /** Days since 2000; undefined of an interval. */
  readonly days: number | undefined;
  readonly zone: { readonly offset: number; readonly name: string } | undefined;
}

const monthNames = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const dayNames = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const romans = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];
const patterns = [
  "Y,YYY",
  "YYYY",
  "IYYY",
  "HH24",
  "HH12",
  "SSSSS",
  "SSSS",
  "MONTH",
  "Month",
  "month",
  "A.D.",
  "a.d.",
  "B.C.",
  "b.c.",
  "A.M.",
  "a.m.",
  "P.M.",
  "p.m.",
  "IDDD",
  "YYY",
  "IYY",
  "DDD",
  "DAY",
  "Day",
  "day",
  "MON",
  "Mon",
  "mon",
  "FF1",
  "FF2",
  "FF3",
  "FF4",
  "FF5",
  "FF6",
  "TZH",
  "TZM",
  "YY",
  "IY",
  "MM",
  "DD",
  "DY",
  "Dy",
  "dy",
  "ID",
  "WW",
  "IW",
  "CC",
  "HH",
  "MI",
  "SS",
  "MS",
  "US",
  "AM",
  "am",
  "PM",
  "pm",
  "AD",
  "ad",
  "BC",
  "bc",
  "RM",
  "rm",
  "TZ",
  "tz",
  "OF",
  "Y",
  "I",
  "D",
  "W",
  "J",
  "Q",
];

export interface Token {
  readonly kind: "field" | "text";
  readonly text: string;
  readonly fill: boolean;
  readonly ordinal: "" | "TH" | "th";
  readonly spell?: boolean;
}

const tokensOf = new Map<string, readonly Token[]>();

export function tokenize(format: string): readonly Token[] {
  const known = tokensOf.get(format);
  if (known !== undefined) return known;
  const tokens: Token[] = [];
  let at = 0;
  let fill = false;
  while (at < format.length) {
    if (/^fm/i.test(format.slice(at))) {
      fill = true;
      at += 2;
      continue;
    }
    if (/^fx/i.test(format.slice(at)) || /^tm/i.test(format.slice(at))) {
      at += 2;
      continue;
    }
    if (format[at] === '"') {
      let text = "";
      at++;
      while (at < format.length && format[at] !== '"') {
        if (format[at] === "\\" && at + 1 < format.length) at++;
        text += format[at++];
      }
      at++;
      tokens.push({ kind: "text", text, fill: false, ordinal: "" });
      continue;
    }
    if (format[at] === "\\" && format[at + 1] === '"') {
      tokens.push({ kind: "text", text: '"', fill: false, ordinal: "" });
      at += 2;
      continue;
    }
    const rest = format.slice(at);
    const exact = patterns.find((pattern) => rest.startsWith(pattern));
    const folded = patterns.find(
      (pattern) => rest.toUpperCase().startsWith(pattern.toUpperCase()) && pattern === pattern.toUpperCase(),
    );
    const found =
      exact !== undefined && (folded === undefined || exact.length >= folded.length) ? exact : folded;
    if (found !== undefined) {
      at += found.length;
      const ordinal = /^th/i.exec(format.slice(at));
      if (ordinal !== null) at += 2;
      // The case of a word is that of its first two letters.
      const given = rest.slice(0, found.length);
      tokens.push({
        kind: "field",
        text: cased(found, given),
        fill,
        ordinal: ordinal === null ? "" : ordinal[0] === "TH" ? "TH" : "th",
      });
      fill = false;
      continue;
    }
    tokens.push({ kind: "text", text: format[at]!, fill: false, ordinal: "" });
    at++;
  }
  if (tokensOf.size > 500) tokensOf.clear();
  tokensOf.set(format, tokens);
  return tokens;
}

function cased(found: string, given: string): string {
  if (!/^(month|mon|day|dy|rm|am|pm|ad|bc|a\.m\.|p\.m\.|a\.d\.|b\.c\.|tz)$/i.test(found))
    return found.toUpperCase();
  return given;
}

function ordinalOf(value: number, style: "" | "TH" | "th"): string {
  if (style === "") return "";
  const last = Math.abs(value) % 100;
  const suffix = last >= 11 && last <= 13 ? "th" : (["th", "st", "nd", "rd"][last % 10] ?? "th");
  return style === "TH" ? suffix.toUpperCase() : suffix;
}

function format(template: string, f: Fields): string {
  const isInterval = f.days === undefined;
  const bc = !isInterval && f.year <= 0;
  const shownYear = isInterval ? f.year : bc ? 1 - f.year : f.year;
  return tokenize(template)
    .map((token) => {
      if (token.kind === "text") return token.text;
      const { fill, ordinal } = token;
      const number = (value: number, width: number): string => {
        const digits = String(Math.abs(value));
        const padded = fill ? digits : digits.padStart(width, "0");
        return `${value < 0 ? "-" : ""}${padded}${ordinalOf(value, ordinal)}`;
      };
      const word = (name: string, width: number): string => (fill ? name : name.padEnd(width));
      const style = (name: string): string =>
        token.text === token.text.toUpperCase()
          ? name.toUpperCase()
          : token.text === token.text.toLowerCase()
            ? name.toLowerCase()
            : name;
      const noInterval = () => {
        if (isInterval)
          throw new PgError("22007", "invalid format specification for an interval value", {
            hint: "Intervals are not tied to specific calendar dates.",
          });
      };
      const hour12 = f.hour % 12 === 0 ? 12 : Math.abs(f.hour) % 12;
      const iso = f.days === undefined ? { year: 0, week: 0 } : isoWeek(f.days);
      switch (token.text.toUpperCase()) {
        case "YYYY":
          return number(shownYear, isInterval && shownYear < 0 ? 4 : 4);
        case "YYY":
          return number(shownYear % 1000, 3);
        case "YY":
          return number(shownYear % 100, 2);
        case "Y":
          return number(shownYear % 10, 1);
        case "Y,YYY": {
          const thousands = Math.floor(shownYear / 1000);
          return `${thousands},${String(shownYear % 1000).padStart(3, "0")}${ordinalOf(shownYear, ordinal)}`;
        }
        case "IYYY":
          return number(iso.year, 4);
        case "IYY":
          return number(iso.year % 1000, 3);
        case "IY":
          return number(iso.year % 100, 2);
        case "I":
          return number(iso.year % 10, 1);
        case "MM":
          return number(f.month, 2);
        case "MONTH":
          noInterval();
          return word(style(monthNames[f.month - 1] ?? ""), 9);
        case "MON":
          noInterval();
          return style((monthNames[f.month - 1] ?? "").slice(0, 3));
        case "RM":
          if (f.month === 0) return "";
          return word(token.text === "RM" ? romans[f.month - 1]! : romans[f.month - 1]!.toLowerCase(), 4);
        case "DD":
          return number(f.day, 2);
        case "DDD":
          return f.days === undefined
            ? number(f.year * 360 + f.month * 30 + f.day, 3)
            : number(dayOfYear(f.days), 3);
        case "IDDD":
          noInterval();
          return number(f.days! - weekStart(iso.year) + 1, 3);
        case "D":
          noInterval();
          return number((isoWeekday(f.days!) % 7) + 1, 1);
        case "ID":
          noInterval();
          return number(isoWeekday(f.days!), 1);
        case "DAY":
          noInterval();
          return word(style(dayNames[isoWeekday(f.days!) % 7]!), 9);
        case "DY":
          noInterval();
          return style(dayNames[isoWeekday(f.days!) % 7]!.slice(0, 3));
        case "W":
          return number(Math.floor((f.day - 1) / 7) + 1, 1);
        case "WW":
          return number(f.days === undefined ? 0 : Math.floor((dayOfYear(f.days) - 1) / 7) + 1, 2);
        case "IW":
          return number(iso.week, 2);
        case "CC": {
          if (isInterval) return number(Math.trunc(f.year / 100), 2);
          const century =
            f.year > 0 ? Math.floor((f.year - 1) / 100) + 1 : -(Math.floor(-f.year / 100) + 1) + 0;
          return Math.abs(century) <= 99 ? number(century, 2) : number(century, 2);
        }
        case "J":
          return number(f.days === undefined ? 0 : julianDay(f.days), 1);
        case "Q":
          return f.month === 0 ? "" : number(Math.floor((f.month - 1) / 3) + 1, 1);
        case "HH":
        case "HH12":
          return number(f.hour < 0 ? -hour12 : hour12, 2);
        case "HH24":
          return number(f.hour, 2);
        case "MI":
          return number(f.minute, 2);
        case "SS":
          return number(f.second, 2);
        case "MS":
        case "FF3":
          return number(Math.trunc(f.micros / 1000), 3);
        case "US":
        case "FF6":
          return number(f.micros, 6);
        case "FF1":
          return number(Math.trunc(f.micros / 100_000), 1);
        case "FF2":
          return number(Math.trunc(f.micros / 10_000), 2);
        case "FF4":
          return number(Math.trunc(f.micros / 100), 4);
        case "FF5":
          return number(Math.trunc(f.micros / 10), 5);
        case "SSSS":
        case "SSSSS":
          return number(f.hour * 3600 + f.minute * 60 + f.second, 1);
        case "AM":
        case "PM":
          return style(f.hour % 24 >= 12 ? "PM" : "AM");
        case "A.M.":
        case "P.M.":
          return style(f.hour % 24 >= 12 ? "P.M." : "A.M.");
        case "AD":
        case "BC":
          return style(bc ? "BC" : "AD");
        case "A.D.":
        case "B.C.":
          return style(bc ? "B.C." : "A.D.");
        case "TZ":
          noInterval();
          return f.zone === undefined ? "" : token.text === "tz" ? f.zone.name.toLowerCase() : f.zone.name;
        case "TZH": {
          const offset = f.zone?.offset ?? 0;
          return `${offset < 0 ? "-" : "+"}${String(Math.trunc(Math.abs(offset) / 3600)).padStart(2, "0")}`;
        }
        case "TZM":
          return String(Math.trunc((Math.abs(f.zone?.offset ?? 0) % 3600) / 60)).padStart(2, "0");
        case "OF": {
          const offset = f.zone?.offset ?? 0;
          const minutes = Math.trunc((Math.abs(offset) % 3600) / 60);
          return `${offset < 0 ? "-" : "+"}${String(Math.trunc(Math.abs(offset) / 3600)).padStart(2, "0")}${minutes === 0 ? "" : `:${String(minutes).padStart(2, "0")}`}`;
        }
        default:
          return token.text;
      }
    })
    .join("");
}

function weekStart(isoYear: number): number {
  const fourth = daysOf(isoYear, 1, 4);
  return fourth - isoWeekday(fourth) + 1;
}

function fieldsOf(local: bigint, zone: Fields["zone"]): Fields {
  const { days, micros } = splitTimestamp(local);
  return { ...civilOf(days), ...clockOf(micros), days, zone };
}

define("timestamp_to_char", (value: bigint, template: string) =>
  template === "" || !isFiniteTimestamp(value)
    ? template === ""
      ? ""
      : value > 0n
        ? "infinity"
        : "-infinity"
    : format(template, fieldsOf(value, undefined)),
);
defineWith("timestamptz_to_char", (call, value: bigint, template: string) => {
  if (template === "") return "";
  if (!isFiniteTimestamp(value)) return value > 0n ? "infinity" : "-infinity";
  const zone = requireZone(call.run.io.timeZone);
  return format(
    template,
    fieldsOf(utcToLocal(value, zone), { offset: zone.offsetAt(value), name: zone.abbreviationAt(value) }),
  );
});
define("interval_to_char", (value: Interval, template: string) => {
  if (template === "" || value.infinite !== 0) return null;
  const seconds = value.micros / 1_000_000n;
  return format(template, {
    year: Math.trunc(value.months / 12),
    month: value.months % 12,
    day: value.days,
    hour: Number(seconds / 3600n),
    minute: Number((seconds / 60n) % 60n),
    second: Number(seconds % 60n),
    micros: Number(value.micros % 1_000_000n),
    days: undefined,
    zone: undefined,
  });
});

/** Reads a text by a template. */
function parse(text: string, template: string): { days: number; micros: number; offset: number | undefined } {
  let at = 0;
  const found = new Map<string, number>();
  let bc = false;
  let pm: boolean | undefined;
  let offset: number | undefined;
  const tokens = tokenize(template);
  const skip = () => {
    while (/\s/.test(text[at] ?? "")) at++;
  };
  const invalidValue = (field: string, value: string, detail: string) =>
    new PgError("22007", `invalid value "${value}" for "${field}"`, { detail });
  const number = (field: string, width: number, isOpen: boolean): number => {
    skip();
    const match = new RegExp(`^[+-]?\\d{1,${isOpen ? 10 : width}}`).exec(text.slice(at));
    if (match === null) throw invalidValue(field, text.slice(at, at + width), "Value must be an integer.");
    at += match[0].length;
    return Number(match[0]);
  };
  for (const [i, token] of tokens.entries()) {
    if (token.kind === "text") {
      if (/\s/.test(token.text)) skip();
      else if (/[^A-Za-z0-9]/.test(token.text)) {
        skip();
        if (at < text.length && /[^A-Za-z0-9+-]/.test(text[at]!)) at++;
        else if (text[at] === token.text) at++;
      } else if (at < text.length) at++;
      continue;
    }
    if (at >= text.length) break;
    const next = tokens[i + 1];
    const isOpen = next === undefined || next.kind === "text" || token.fill;
    const field = token.text.toUpperCase();
    switch (field) {
      case "YYYY":
      case "IYYY":
        found.set(field, number(field, 4, isOpen));
        break;
      case "YYY":
      case "YY":
      case "Y": {
        const value = number(field, field.length, isOpen);
        found.set(
          "YYYY",
          value < 100
            ? value < 70
              ? value + 2000
              : value + 1900
            : value < 1000 && field === "YYY"
              ? value + 2000
              : value,
        );
        break;
      }
      case "MM":
      case "DD":
      case "HH":
      case "HH12":
      case "HH24":
      case "MI":
      case "SS":
      case "WW":
      case "IW":
        found.set(field === "HH12" ? "HH" : field, number(field, 2, isOpen));
        break;
      case "DDD":
        found.set(field, number(field, 3, isOpen));
        break;
      case "D":
      case "ID":
      case "Q":
      case "W":
        found.set(field, number(field, 1, false));
        break;
      case "J":
        found.set(field, number(field, 10, true));
        break;
      case "SSSS":
      case "SSSSS":
        found.set("SSSS", number(field, 5, isOpen));
        break;
      case "CC":
        found.set(field, number(field, 2, isOpen));
        break;
      case "MS":
      case "US":
      case "FF1":
      case "FF2":
      case "FF3":
      case "FF4":
      case "FF5":
      case "FF6": {
        skip();
        const digits = /^\d+/.exec(text.slice(at))?.[0] ?? "";
        at += digits.length;
        found.set("US", Math.round(Number(`0.${digits || "0"}`) * 1_000_000));
        break;
      }
      case "MONTH":
      case "MON": {
        skip();
        const rest = text.slice(at).toLowerCase();
        const index = monthNames.findIndex((name) =>
          rest.startsWith(field === "MON" ? name.slice(0, 3).toLowerCase() : name.toLowerCase()),
        );
        if (index < 0)
          throw new PgError(
            "22007",
            `invalid value "${/^\S+/.exec(text.slice(at))?.[0] ?? ""}" for "${token.text}"`,
            { detail: "The given value did not match any of the allowed values for this field." },
          );
        at += field === "MON" ? 3 : monthNames[index]!.length;
        found.set("MM", index + 1);
        break;
      }
      case "RM": {
        const match = /^[ivx]+/i.exec(text.slice(at));
        found.set("MM", romans.indexOf((match?.[0] ?? "").toUpperCase()) + 1);
        at += match?.[0].length ?? 0;
        break;
      }
      case "DAY":
      case "DY": {
        skip();
        at += /^[A-Za-z]+/.exec(text.slice(at))?.[0].length ?? 0;
        break;
      }
      case "AM":
      case "PM":
      case "A.M.":
      case "P.M.": {
        skip();
        const match = /^(a\.?m\.?|p\.?m\.?)/i.exec(text.slice(at));
        if (match === null)
          throw new PgError("22007", `invalid value "${text.slice(at, at + 2)}" for "${token.text}"`, {
            detail: "The given value did not match any of the allowed values for this field.",
          });
        pm = match[0].toLowerCase().startsWith("p");
        at += match[0].length;
        break;
      }
      case "AD":
      case "BC":
      case "A.D.":
      case "B.C.": {
        skip();
        const match = /^(a\.?d\.?|b\.?c\.?)/i.exec(text.slice(at));
        bc = match?.[0].toLowerCase().startsWith("b") === true;
        at += match?.[0].length ?? 0;
        break;
      }
      case "TZH": {
        skip();
        const match = /^([+-]?)(\d{1,2})/.exec(text.slice(at));
        if (match !== null) {
          offset = Number(match[2]) * 3600 * (match[1] === "-" ? -1 : 1);
          at += match[0].length;
        }
        break;
      }
      case "TZM":
        offset = (offset ?? 0) + Math.sign(offset ?? 1) * number(field, 2, false) * 60;
        break;
      case "TZ":
      case "OF": {
        skip();
        const match = /^([+-])(\d{1,2})(?::?(\d{2}))?/.exec(text.slice(at));
        if (match !== null) {
          offset = (Number(match[2]) * 3600 + Number(match[3] ?? 0) * 60) * (match[1] === "-" ? -1 : 1);
          at += match[0].length;
        } else at += /^[A-Za-z/_]+/.exec(text.slice(at))?.[0].length ?? 0;
        break;
      }
      default:
        break;
    }
    if (token.ordinal !== "") at += 2;
  }
  const outOfRange = () => new PgError("22008", `date/time field value out of range: "${text}"`);
  const clock = (hour: number) => {
    const minute = found.get("MI") ?? 0;
    const second = found.get("SS") ?? 0;
    if (hour > 24 || minute > 59 || second > 60) throw outOfRange();
    return (hour * 60 + minute) * 60_000_000 + second * 1_000_000 + (found.get("US") ?? 0);
  };
  let hour = found.get("HH24") ?? 0;
  if (found.has("HH")) {
    const given = found.get("HH")!;
    if (given < 1 || given > 12)
      throw new PgError("22007", `hour "${given}" is invalid for the 12-hour clock`, {
        hint: "Use the 24-hour clock, or give an hour between 1 and 12.",
      });
    hour =
      pm === undefined ? (given === 12 ? (pm === undefined ? 12 : 0) : given) : (given % 12) + (pm ? 12 : 0);
  }
  const micros = found.has("SSSS") ? found.get("SSSS")! * 1_000_000 : clock(hour);
  if (found.has("J")) return { days: fromJulian(found.get("J")!), micros, offset };
  let year = found.get("YYYY") ?? (found.has("CC") ? (found.get("CC")! - 1) * 100 + 1 : undefined);
  if (year !== undefined && bc) year = 1 - year;
  const astronomical = year === undefined ? (found.has("IYYY") ? 0 : 0) : year;
  if (found.has("IYYY")) {
    const days =
      weekStart(found.get("IYYY")!) + ((found.get("IW") ?? 1) - 1) * 7 + (found.get("ID") ?? 1) - 1;
    return { days, micros, offset };
  }
  // Without a year it is 1 BC, as PostgreSQL has it.
  const y = year === undefined ? 0 : astronomical === 0 && !bc ? 0 : astronomical;
  if (found.has("DDD")) return { days: daysOf(y, 1, 1) + found.get("DDD")! - 1, micros, offset };
  if (found.has("WW")) return { days: daysOf(y, 1, 1) + (found.get("WW")! - 1) * 7, micros, offset };
  const month = found.get("MM") ?? (found.has("Q") ? 1 : 1);
  const day = found.get("DD") ?? 1;
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(y, month)) throw outOfRange();
  return { days: daysOf(y, month, day), micros, offset };
}

define("to_date", (text: string, template: string) => parse(text, template).days);
defineWith("to_timestamp", (call, text: string, template: string) => {
  const { days, micros, offset } = parse(text, template);
  const local = joinTimestamp(days, micros);
  return offset === undefined
    ? localToUtc(local, requireZone(call.run.io.timeZone))
    : local - BigInt(offset) * 1_000_000n;
});
define("int4_to_char", (value: number, template: string) =>
  numberToChar(Numeric.fromInteger(value), template),
);
define("int8_to_char", (value: bigint, template: string) =>
  numberToChar(Numeric.fromInteger(value), template),
);
define("numeric_to_char", numberToChar);
define("float8_to_char", (value: number, template: string) =>
  numberToChar(Numeric.fromFloat(value, 15), template),
);
define("float4_to_char", (value: number, template: string) =>
  numberToChar(Numeric.fromFloat(value, 6), template),
);
define("numeric_to_number", numberFromChar);
