import { exactInt64, isInt64, isIntegral } from "../bson/numbers.ts";
import { show } from "../bson/show.ts";
import { isNullish, isNumeric, typeName } from "../bson/types.ts";
import { DateTime, Doc, ObjectId, Timestamp, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import type { Expression, ExpressionContext, Scope } from "./expression.ts";
import { civil, dayMs, daysOfCivil } from "./iso-text.ts";
import { define, type Parse } from "./registry.ts";
import { offsetMs } from "./time-zones.ts";

/** Dates and their parts, in UTC or in a time zone. */

/** What counts as a date: also an ObjectId and a Timestamp, which have one. @throws MongoError 16006 */
export function toDate(value: Value | undefined): bigint {
  if (value instanceof DateTime) return value.ms;
  if (value instanceof Timestamp) return BigInt(value.seconds) * 1000n;
  if (value instanceof ObjectId) return BigInt(value.bytes.readUInt32BE(0)) * 1000n;
  throw new MongoError(16006, `can't convert from BSON type ${typeName(value)} to Date`);
}

const dayOfWeek = (ms: bigint) => Number((((floorDiv(ms, dayMs) + 4n) % 7n) + 7n) % 7n);

function floorDiv(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

function dayOfYear(ms: bigint): number {
  return Number(floorDiv(ms, dayMs)) - daysOfCivil(civil(ms).year, 1, 1) + 1;
}

/** ISO 8601: weeks begin on Monday, the first is the one with the year's first Thursday. */
export function isoWeek(ms: bigint): { year: number; week: number; day: number } {
  const days = Number(floorDiv(ms, dayMs));
  const weekday = (dayOfWeek(ms) + 6) % 7;
  const thursday = days - weekday + 3;
  const { year } = civil(BigInt(thursday) * dayMs);
  const week = Math.floor((thursday - daysOfCivil(year, 1, 1)) / 7) + 1;
  return { year, week, day: weekday + 1 };
}

/** Of the year, from 0; weeks begin on Sunday. */
function week(ms: bigint): number {
  return Math.floor((dayOfYear(ms) + 6 - dayOfWeek(ms)) / 7);
}

const parts: Readonly<Record<string, (ms: bigint) => Value>> = {
  $year: (ms) => civil(ms).year,
  $month: (ms) => civil(ms).month,
  $dayOfMonth: (ms) => civil(ms).day,
  $hour: (ms) => civil(ms).hour,
  $minute: (ms) => civil(ms).minute,
  $second: (ms) => civil(ms).second,
  $millisecond: (ms) => civil(ms).millisecond,
  $dayOfWeek: (ms) => dayOfWeek(ms) + 1,
  $dayOfYear: dayOfYear,
  $week: week,
  $isoWeek: (ms) => isoWeek(ms).week,
  $isoWeekYear: (ms) => BigInt(isoWeek(ms).year),
  $isoDayOfWeek: (ms) => isoWeek(ms).day,
};

/** The offset of a time zone's value at a moment; undefined for null. */
function offsetOf(zone: Value | undefined, ms: bigint): bigint | undefined {
  if (isNullish(zone)) return undefined;
  if (typeof zone !== "string")
    throw new MongoError(40517, `timezone must evaluate to a string, found ${typeName(zone)}`);
  return offsetMs(zone, ms);
}

for (const [name, part] of Object.entries(parts)) {
  define(name, (operand, context, parse) => {
    let dateSpec: Value | undefined = operand;
    let zoneSpec: Value | undefined;
    if (operand instanceof Doc && operand.firstKey?.startsWith("$") !== true) {
      for (const field of operand.keys()) {
        if (field !== "date" && field !== "timezone")
          throw new MongoError(40535, `unrecognized option to ${name}: "${field}"`);
      }
      dateSpec = operand.get("date");
      zoneSpec = operand.get("timezone");
      if (dateSpec === undefined)
        throw new MongoError(40539, `missing 'date' argument to ${name}, provided: ${show(operand)}`);
    } else if (Array.isArray(operand)) {
      if (operand.length !== 1)
        throw new MongoError(
          40536,
          `${name} accepts exactly one argument if given an array, but was given ${operand.length}`,
        );
      dateSpec = operand[0]!;
    }
    const date = parse(dateSpec!, context);
    const zone = zoneSpec === undefined ? undefined : parse(zoneSpec, context);
    return {
      isConstant: false,
      evaluate: (scope) => {
        const value = date.evaluate(scope);
        const offset = zone === undefined ? 0n : undefined;
        if (isNullish(value)) return null;
        const ms = toDate(value);
        const shift = offset ?? offsetOf(zone!.evaluate(scope), ms);
        return shift === undefined ? null : part(ms + shift);
      },
    };
  });
}

type Fields = Readonly<Record<string, Expression | undefined>>;

/** The named arguments of an operator, each an expression. */
function named(
  name: string,
  operand: Value,
  context: ExpressionContext,
  parse: Parse,
  fields: readonly string[],
  codes: { readonly notObject: number; readonly unknown: number },
): Fields {
  if (!(operand instanceof Doc))
    throw new MongoError(
      codes.notObject,
      `${name} only supports an object as its argument, found ${typeName(operand)}`,
    );
  const found: Record<string, Expression> = {};
  for (const [field, value] of operand) {
    if (!fields.includes(field))
      throw new MongoError(codes.unknown, `Unrecognized argument to ${name}: ${field}`);
    found[field] = parse(value, context);
  }
  return found;
}

define("$dateToParts", (operand, context, parse) => {
  const args = named("$dateToParts", operand, context, parse, ["date", "timezone", "iso8601"], {
    notObject: 40524,
    unknown: 40520,
  });
  if (args.date === undefined) throw new MongoError(40522, "Missing 'date' parameter to $dateToParts");
  return {
    isConstant: false,
    evaluate: (scope) => {
      const value = args.date!.evaluate(scope);
      const iso = args.iso8601?.evaluate(scope);
      if (args.iso8601 !== undefined && isNullish(iso)) return null;
      if (iso !== undefined && typeof iso !== "boolean")
        throw new MongoError(40521, `iso8601 must evaluate to a bool, found ${typeName(iso)}`);
      if (args.timezone !== undefined && isNullish(args.timezone.evaluate(scope))) return null;
      if (isNullish(value)) return null;
      const ms = toDate(value);
      const offset = args.timezone === undefined ? 0n : offsetOf(args.timezone.evaluate(scope), ms)!;
      const local = civil(ms + offset);
      const time = {
        hour: local.hour,
        minute: local.minute,
        second: local.second,
        millisecond: local.millisecond,
      };
      if (iso === true) {
        const { year, week: isoWeekNumber, day } = isoWeek(ms + offset);
        return Doc.of({ isoWeekYear: year, isoWeek: isoWeekNumber, isoDayOfWeek: day, ...time });
      }
      return Doc.of({ year: local.year, month: local.month, day: local.day, ...time });
    },
  };
});

const partNames = ["year", "month", "day", "hour", "minute", "second", "millisecond"] as const;
const isoNames = ["isoWeekYear", "isoWeek", "isoDayOfWeek"] as const;

define("$dateFromParts", (operand, context, parse) => {
  const args = named("$dateFromParts", operand, context, parse, [...partNames, ...isoNames, "timezone"], {
    notObject: 40519,
    unknown: 40518,
  });
  const isIso = isoNames.some((name) => args[name] !== undefined);
  const isCalendar = ["year", "month", "day"].some((name) => args[name] !== undefined);
  if (isIso && isCalendar) {
    throw new MongoError(
      args.isoWeekYear !== undefined && args.year === undefined ? 40489 : 40525,
      "$dateFromParts does not allow mixing natural dates with ISO dates",
    );
  }
  if (!isIso && args.year === undefined)
    throw new MongoError(40516, "$dateFromParts requires either 'year' or 'isoWeekYear' to be present");
  if (isIso && args.isoWeekYear === undefined)
    throw new MongoError(40489, "$dateFromParts requires 'isoWeekYear' to be present");
  return {
    isConstant: false,
    evaluate: (scope) => {
      let isNull = false;
      const part = (name: string, fallback: number): number => {
        const spec = args[name];
        if (spec === undefined) return fallback;
        const value = spec.evaluate(scope);
        if (isNullish(value)) {
          isNull = true;
          return fallback;
        }
        const number = isNumeric(value) && isIntegral(value) ? exactInt64(value) : undefined;
        if (number === undefined)
          throw new MongoError(
            40515,
            `'${name}' must evaluate to an integer, found ${typeName(value)} with value ${show(value)}`,
          );
        if (name === "year" || name === "isoWeekYear") {
          if (number < 1n || number > 9999n)
            throw new MongoError(
              40523,
              `'${name}' must evaluate to an integer in the range 1 to 9999, found ${number}`,
            );
        } else if (number < -32_768n || number > 32_767n) {
          if (
            !["hour", "minute", "second", "millisecond"].includes(name) ||
            number < -(2n ** 31n) ||
            number > 2n ** 31n
          ) {
            throw new MongoError(
              31034,
              `'${name}' must evaluate to a value in the range [-32768, 32767]; value ${number} is not in range`,
            );
          }
        }
        return Number(number);
      };
      let days: number;
      if (isIso) {
        const [year, isoWeekNumber, day] = [
          part("isoWeekYear", 1970),
          part("isoWeek", 1),
          part("isoDayOfWeek", 1),
        ];
        const january4 = daysOfCivil(year, 1, 4);
        const weekday = (dayOfWeek(BigInt(january4) * dayMs) + 6) % 7;
        days = january4 - weekday + (isoWeekNumber - 1) * 7 + (day - 1);
      } else days = daysOfCivil(part("year", 1970), part("month", 1), part("day", 1));
      const [hour, minute, second, millisecond] = [
        part("hour", 0),
        part("minute", 0),
        part("second", 0),
        part("millisecond", 0),
      ];
      const zone = args.timezone?.evaluate(scope);
      if (args.timezone !== undefined && isNullish(zone)) return null;
      if (isNull) return null;
      const local = BigInt(days) * dayMs + BigInt(((hour * 60 + minute) * 60 + second) * 1000 + millisecond);
      return new DateTime(zone === undefined ? local : fromLocal(local, zone));
    },
  };
});

/** The moment that a clock of a zone shows as these milliseconds. */
function fromLocal(local: bigint, zone: Value): bigint {
  const first = local - offsetOf(zone, local)!;
  return local - offsetOf(zone, first)!;
}

// ---- texts ---------------------------------------------------------------------------------------------------------

const months = [
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

function formatted(ms: bigint, format: string, offset: bigint): string {
  const at = civil(ms + offset);
  const pad = (value: number, digits: number) => String(value).padStart(digits, "0");
  return format.replace(/%([\s\S]?)/g, (all, letter: string) => {
    switch (letter) {
      case "Y":
        if (at.year < 0 || at.year > 9999)
          throw new MongoError(
            18537,
            `$dateToString is only defined on year 0-9999, tried to use year ${at.year}`,
          );
        return pad(at.year, 4);
      case "m":
        return pad(at.month, 2);
      case "d":
        return pad(at.day, 2);
      case "H":
        return pad(at.hour, 2);
      case "M":
        return pad(at.minute, 2);
      case "S":
        return pad(at.second, 2);
      case "L":
        return pad(at.millisecond, 3);
      case "j":
        return pad(dayOfYear(ms + offset), 3);
      case "w":
        return String(dayOfWeek(ms + offset) + 1);
      case "u":
        return String(isoWeek(ms + offset).day);
      case "U":
        return pad(week(ms + offset), 2);
      case "V":
        return pad(isoWeek(ms + offset).week, 2);
      case "G":
        return pad(isoWeek(ms + offset).year, 4);
      case "b":
        return months[at.month - 1]!.slice(0, 3);
      case "B":
        return months[at.month - 1]!;
      case "z":
        return `${offset < 0n ? "-" : "+"}${pad(Math.floor(Math.abs(Number(offset)) / 3_600_000), 2)}${pad(Math.floor(Math.abs(Number(offset)) / 60_000) % 60, 2)}`;
      case "Z":
        return String(Number(offset) / 60_000);
      case "%":
        return "%";
      default:
        throw new MongoError(18536, `Invalid format character '${all}' in format string`);
    }
  });
}

function requireFormat(format: string): void {
  for (const match of format.matchAll(/%([\s\S]?)/g)) {
    if (!"YmdHMSLjwuUVGbBzZ%".includes(match[1]!) || match[1] === "") {
      throw new MongoError(
        match[1] === "" ? 18535 : 18536,
        `Invalid format character '%${match[1]}' in format string`,
      );
    }
  }
}

define("$dateToString", (operand, context, parse) => {
  const args = named("$dateToString", operand, context, parse, ["format", "date", "timezone", "onNull"], {
    notObject: 18629,
    unknown: 18534,
  });
  if (args.date === undefined) throw new MongoError(18628, "Missing 'date' parameter to $dateToString");
  if (args.format?.isConstant === true) {
    const format = args.format.evaluate({ root: undefined, slots: [] });
    if (typeof format === "string") requireFormat(format);
  }
  return {
    isConstant: false,
    evaluate: (scope) => {
      const onNull = () => (args.onNull === undefined ? null : args.onNull.evaluate(scope));
      const format = args.format?.evaluate(scope);
      if (args.format !== undefined && !isNullish(format) && typeof format !== "string") {
        throw new MongoError(
          18533,
          `$dateToString requires that 'format' be a string, found: ${typeName(format)} with value ${show(format)}`,
        );
      }
      const value = args.date!.evaluate(scope);
      if (isNullish(value)) return onNull();
      const ms = toDate(value);
      const zone = args.timezone?.evaluate(scope);
      if (args.timezone !== undefined && isNullish(zone)) return null;
      if (args.format !== undefined && isNullish(format)) return null;
      const offset = zone === undefined ? 0n : offsetOf(zone, ms)!;
      const chosen =
        (format as string | undefined) ??
        (zone === undefined || offset === 0n ? "%Y-%m-%dT%H:%M:%S.%LZ" : "%Y-%m-%dT%H:%M:%S.%L");
      requireFormat(chosen);
      return formatted(ms, chosen, offset);
    },
  };
});

define("$dateFromString", (operand, context, parse) => {
  const args = named(
    "$dateFromString",
    operand,
    context,
    parse,
    ["dateString", "format", "timezone", "onError", "onNull"],
    { notObject: 40540, unknown: 40541 },
  );
  if (args.dateString === undefined)
    throw new MongoError(40542, "Missing 'dateString' parameter to $dateFromString");
  return {
    isConstant: false,
    evaluate: (scope) => {
      const text = args.dateString!.evaluate(scope);
      const format = args.format?.evaluate(scope);
      const zone = args.timezone?.evaluate(scope);
      if (args.format !== undefined && !isNullish(format) && typeof format !== "string") {
        throw new MongoError(
          40684,
          `$dateFromString requires that 'format' be a string, found: ${typeName(format)}`,
        );
      }
      if (isNullish(text)) return args.onNull === undefined ? null : args.onNull.evaluate(scope);
      if (args.timezone !== undefined && isNullish(zone)) return null;
      if (args.format !== undefined && isNullish(format)) return null;
      try {
        if (typeof text !== "string") {
          throw new MongoError(
            241,
            `$dateFromString requires that 'dateString' be a string, found: ${typeName(text)} with value ${show(text)}`,
          );
        }
        return new DateTime(parseDate(text, format as string | undefined, zone));
      } catch (error) {
        if (args.onError !== undefined && error instanceof MongoError && error.number === 241)
          return args.onError.evaluate(scope);
        throw error;
      }
    },
  };
});

const failed = (text: string, why: string) =>
  new MongoError(241, `Error parsing date string '${text}'; ${why}`);

/** A text as a moment: by a format, or in one of the usual forms. @throws MongoError 241 */
export function parseDate(text: string, format: string | undefined, zone: Value | undefined): bigint {
  if (format !== undefined) return parseByFormat(text, format, zone);
  const match =
    /^\s*(\d{4})-?(\d{2})-?(\d{2})(?:[T ](\d{1,2})(?::?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?)?)?\s*(Z|UTC|GMT|[A-Z]{1,4}|[+-]\d{2}(?::?\d{2})?)?\s*$/i.exec(
      text,
    );
  if (match === null) {
    const other = Date.parse(`${text} UTC`);
    if (/[a-z]{3}/i.test(text) && !Number.isNaN(other))
      return BigInt(other) - (zone === undefined ? 0n : offsetOf(zone, BigInt(other))!);
    const slashes = /^\s*(\d{1,2})\/(\d{1,2})\/(\d{4})\s*$/.exec(text);
    if (slashes !== null) {
      const local = BigInt(daysOfCivil(Number(slashes[3]), Number(slashes[1]), Number(slashes[2]))) * dayMs;
      return zone === undefined ? local : fromLocal(local, zone);
    }
    throw failed(
      text,
      "0: passing a time zone identifier as part of the string is not allowed or the string is incomplete",
    );
  }
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", suffix] = match;
  if (
    Number(month) < 1 ||
    Number(month) > 12 ||
    Number(day) < 1 ||
    Number(day) > 31 ||
    Number(hour) > 24 ||
    Number(minute) > 59 ||
    Number(second) > 60
  ) {
    throw failed(text, "a number out of its range");
  }
  const local = moment(
    Number(year),
    Number(month),
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    Number(`${fraction}000`.slice(0, 3)),
  );
  if (suffix !== undefined) {
    if (zone !== undefined)
      throw new MongoError(
        241,
        `you cannot pass in a date/time string with GMT offset together with a timezone argument`,
      );
    return local - suffixOffset(suffix, text);
  }
  return zone === undefined ? local : fromLocal(local, zone);
}

function moment(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  ms: number,
): bigint {
  return (
    BigInt(daysOfCivil(year, month, day)) * dayMs + BigInt(((hour * 60 + minute) * 60 + second) * 1000 + ms)
  );
}

function suffixOffset(suffix: string, text: string): bigint {
  if (/^(Z|UTC|GMT)$/i.test(suffix)) return 0n;
  const match = /^([+-])(\d{2}):?(\d{2})?$/.exec(suffix);
  if (match === null) throw failed(text, "a time zone that is not known");
  return BigInt((Number(match[2]) * 60 + Number(match[3] ?? 0)) * 60_000) * (match[1] === "-" ? -1n : 1n);
}

function parseByFormat(text: string, format: string, zone: Value | undefined): bigint {
  const names: string[] = [];
  const patterns: Readonly<Record<string, string>> = {
    Y: "(\\d{4})",
    m: "(\\d{1,2})",
    d: "(\\d{1,2})",
    H: "(\\d{1,2})",
    M: "(\\d{1,2})",
    S: "(\\d{1,2})",
    L: "(\\d{1,3})",
    j: "(\\d{1,3})",
    G: "(\\d{4})",
    V: "(\\d{1,2})",
    u: "(\\d)",
    b: "([A-Za-z]{3})",
    B: "([A-Za-z]+)",
    z: "([+-]\\d{2}:?\\d{2}|Z)",
    Z: "([+-]?\\d{1,4})",
  };
  const source = format.replace(/%([\s\S]?)|[\\^$.*+?()[\]{}|/-]/g, (all, letter?: string) => {
    if (letter === undefined) return `\\${all}`;
    if (letter === "%") return "%";
    const pattern = patterns[letter];
    if (pattern === undefined)
      throw new MongoError(40685, `Invalid format character '${all}' in format string`);
    names.push(letter);
    return pattern;
  });
  const match = new RegExp(`^${source}$`).exec(text);
  if (match === null) throw failed(text, `it does not match the format '${format}'`);
  const found = new Map(names.map((name, i) => [name, match[i + 1]!]));
  const number = (name: string, fallback: number) => (found.has(name) ? Number(found.get(name)) : fallback);
  let days: number;
  if (found.has("G")) {
    const january4 = daysOfCivil(number("G", 1970), 1, 4);
    const weekday = (dayOfWeek(BigInt(january4) * dayMs) + 6) % 7;
    days = january4 - weekday + (number("V", 1) - 1) * 7 + number("u", 1) - 1;
  } else if (found.has("j")) days = daysOfCivil(number("Y", 1970), 1, number("j", 1));
  else {
    const named = found.get("b") ?? found.get("B");
    const month =
      named === undefined
        ? number("m", 1)
        : months.findIndex((one) => one.toLowerCase().startsWith(named.toLowerCase())) + 1;
    const day = number("d", 1);
    if (month < 1 || month > 12 || day < 1 || day > 31) throw failed(text, "a number out of its range");
    if (!found.has("Y")) throw failed(text, "a year is missing");
    days = daysOfCivil(number("Y", 1970), month, day);
  }
  const [hour, minute, second] = [number("H", 0), number("M", 0), number("S", 0)];
  if (hour > 23 || minute > 59 || second > 59) throw failed(text, "a number out of its range");
  const local = BigInt(days) * dayMs + BigInt(((hour * 60 + minute) * 60 + second) * 1000 + number("L", 0));
  const suffix = found.get("z");
  if (suffix !== undefined) return local - suffixOffset(suffix, text);
  if (found.has("Z")) return local - BigInt(number("Z", 0) * 60_000);
  return zone === undefined ? local : fromLocal(local, zone);
}

// ---- arithmetic ----------------------------------------------------------------------------------------------------

const units = ["year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond"] as const;
export type Unit = (typeof units)[number];

export function isUnit(name: string): name is Unit {
  return (units as readonly string[]).includes(name);
}
const unitMs: Readonly<Record<string, bigint>> = {
  week: 7n * dayMs,
  day: dayMs,
  hour: 3_600_000n,
  minute: 60_000n,
  second: 1000n,
  millisecond: 1n,
};

/** @throws MongoError 5439013, 5439014 */
function unitOf(value: Value | undefined, name: string): Unit {
  if (typeof value !== "string")
    throw new MongoError(5439013, `${name} requires 'unit' to be a string, but got ${typeName(value)}`);
  if (!(units as readonly string[]).includes(value))
    throw new MongoError(9, `unknown time unit value: ${value}`);
  return value as Unit;
}

/** A date so many units later; days that a month does not have become its last. */
export function addUnits(ms: bigint, unit: Unit, amount: bigint, offset: (ms: bigint) => bigint): bigint {
  const size = unitMs[unit];
  if (size !== undefined) {
    if (unit !== "day" && unit !== "week") return ms + amount * size;
    const local = ms + offset(ms) + amount * size;
    return local - offset(local - offset(ms));
  }
  const local = ms + offset(ms);
  const at = civil(local);
  const monthsToAdd = amount * (unit === "year" ? 12n : unit === "quarter" ? 3n : 1n);
  const total = BigInt(at.year) * 12n + BigInt(at.month - 1) + monthsToAdd;
  const year = Number(floorDiv(total, 12n));
  const month = Number(total - BigInt(year) * 12n) + 1;
  const last = daysOfCivil(year, month + 1, 1) - daysOfCivil(year, month, 1);
  const shifted = moment(year, month, Math.min(at.day, last), at.hour, at.minute, at.second, at.millisecond);
  return shifted - offset(shifted - offset(ms));
}

for (const [name, sign] of [
  ["$dateAdd", 1n],
  ["$dateSubtract", -1n],
] as const) {
  define(name, (operand, context, parse) => {
    const args = named(name, operand, context, parse, ["startDate", "unit", "amount", "timezone"], {
      notObject: 5166400,
      unknown: 5166401,
    });
    for (const field of ["startDate", "unit", "amount"]) {
      if (args[field] === undefined)
        throw new MongoError(5166402, `${name} requires startDate, unit, and amount to be present`);
    }
    return {
      isConstant: false,
      evaluate: (scope) => {
        const [start, unitValue, amountValue] = [args.startDate!, args.unit!, args.amount!].map((one) =>
          one.evaluate(scope),
        );
        const zone = args.timezone?.evaluate(scope);
        if (isNullish(start) || isNullish(unitValue) || isNullish(amountValue)) return null;
        if (args.timezone !== undefined && isNullish(zone)) return null;
        if (!(start instanceof DateTime || start instanceof Timestamp || start instanceof ObjectId)) {
          throw new MongoError(5166403, `${name} requires startDate to be convertible to a date`);
        }
        if (typeof unitValue !== "string")
          throw new MongoError(5166404, `${name} expects string defining the time unit`);
        const unit = unitOf(unitValue, name);
        const amount = exactInt64(amountValue);
        if (amount === undefined)
          throw new MongoError(5166405, `${name} expects integer amount of time units`);
        if (name === "$dateSubtract" && amount === -(2n ** 63n))
          throw new MongoError(6045000, "invalid $dateSubtract 'amount' parameter value");
        const ms = addUnits(toDate(start), unit, sign * amount, (at) =>
          zone === undefined ? 0n : offsetOf(zone, at)!,
        );
        if (!isInt64(ms)) throw new MongoError(5166406, `${name} overflowed`);
        return new DateTime(ms);
      },
    };
  });
}

const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

function startOfWeek(name: string, value: Value | undefined): number {
  if (typeof value !== "string")
    throw new MongoError(
      5439015,
      `${name} requires 'startOfWeek' to be a string, but got ${typeName(value)}`,
    );
  const lower = value.toLowerCase();
  const index = weekdays.findIndex((day) => day === lower || day.slice(0, 3) === lower);
  if (index === -1)
    throw new MongoError(
      5439016,
      `${name} parameter 'startOfWeek' value cannot be recognized as a day of a week: ${value}`,
    );
  return index;
}

define("$dateDiff", (operand, context, parse) => {
  const args = named(
    "$dateDiff",
    operand,
    context,
    parse,
    ["startDate", "endDate", "unit", "timezone", "startOfWeek"],
    { notObject: 5166301, unknown: 5166302 },
  );
  for (const [field, code] of [
    ["startDate", 5166303],
    ["endDate", 5166304],
    ["unit", 5166305],
  ] as const) {
    if (args[field] === undefined) throw new MongoError(code, `Missing '${field}' parameter to $dateDiff`);
  }
  return {
    isConstant: false,
    evaluate: (scope) => {
      const [start, end, unitValue] = [args.startDate!, args.endDate!, args.unit!].map((one) =>
        one.evaluate(scope),
      );
      const zone = args.timezone?.evaluate(scope);
      const weekStart = args.startOfWeek?.evaluate(scope);
      if (isNullish(start) || isNullish(end) || isNullish(unitValue)) return null;
      if (args.timezone !== undefined && isNullish(zone)) return null;
      const unit = unitOf(unitValue, "$dateDiff");
      if (args.startOfWeek !== undefined && unit === "week" && isNullish(weekStart)) return null;
      const firstDay =
        args.startOfWeek === undefined || unit !== "week" ? 0 : startOfWeek("$dateDiff", weekStart);
      for (const [value, field] of [
        [start, "startDate"],
        [end, "endDate"],
      ] as const) {
        if (!(value instanceof DateTime || value instanceof Timestamp || value instanceof ObjectId)) {
          throw new MongoError(
            5166307,
            `$dateDiff requires '${field}' to be a date, but got ${typeName(value)}`,
          );
        }
      }
      const [from, to] = [toDate(start), toDate(end)];
      const offset = (at: bigint) => (zone === undefined ? 0n : offsetOf(zone, at)!);
      return difference(from + offset(from), to + offset(to), from, to, unit, firstDay);
    },
  };
});

function difference(
  from: bigint,
  to: bigint,
  fromUtc: bigint,
  toUtc: bigint,
  unit: Unit,
  firstDay: number,
): bigint {
  const [a, b] = [civil(from), civil(to)];
  const dayOf = (ms: bigint) => floorDiv(ms, dayMs);
  switch (unit) {
    case "year":
      return BigInt(b.year - a.year);
    case "quarter":
      return BigInt((b.year - a.year) * 4 + Math.floor((b.month - 1) / 3) - Math.floor((a.month - 1) / 3));
    case "month":
      return BigInt((b.year - a.year) * 12 + b.month - a.month);
    case "week": {
      const weekOf = (ms: bigint) => floorDiv(dayOf(ms) + 4n - BigInt(firstDay), 7n);
      return weekOf(to) - weekOf(from);
    }
    case "day":
      return dayOf(to) - dayOf(from);
    case "hour":
      return floorDiv(to, 3_600_000n) - floorDiv(from, 3_600_000n);
    default:
      return floorDiv(toUtc, unitMs[unit]!) - floorDiv(fromUtc, unitMs[unit]!);
  }
}

define("$dateTrunc", (operand, context, parse) => {
  const args = named(
    "$dateTrunc",
    operand,
    context,
    parse,
    ["date", "unit", "binSize", "timezone", "startOfWeek"],
    { notObject: 5439007, unknown: 5439008 },
  );
  if (args.date === undefined) throw new MongoError(5439009, "Missing 'date' parameter to $dateTrunc");
  if (args.unit === undefined) throw new MongoError(5439010, "Missing 'unit' parameter to $dateTrunc");
  return {
    isConstant: false,
    evaluate: (scope) => {
      const [date, unitValue] = [args.date!.evaluate(scope), args.unit!.evaluate(scope)];
      const size = args.binSize?.evaluate(scope);
      const zone = args.timezone?.evaluate(scope);
      const weekStart = args.startOfWeek?.evaluate(scope);
      if (isNullish(date) || isNullish(unitValue)) return null;
      if ((args.binSize !== undefined && isNullish(size)) || (args.timezone !== undefined && isNullish(zone)))
        return null;
      const unit = unitOf(unitValue, "$dateTrunc");
      if (unit === "week" && args.startOfWeek !== undefined && isNullish(weekStart)) return null;
      if (!(date instanceof DateTime || date instanceof Timestamp || date instanceof ObjectId)) {
        throw new MongoError(5439012, `$dateTrunc requires 'date' to be a date, but got ${typeName(date)}`);
      }
      let bin = 1n;
      if (size !== undefined) {
        const whole = exactInt64(size);
        if (whole === undefined)
          throw new MongoError(
            5439017,
            `$dateTrunc requires 'binSize' to be a 64-bit integer, but got value '${show(size)}' of type ${typeName(size)}`,
          );
        if (whole <= 0n)
          throw new MongoError(
            5439018,
            `$dateTrunc requires 'binSize' to be greater than 0, but got value ${whole}`,
          );
        bin = whole;
      }
      const firstDay =
        unit === "week" && args.startOfWeek !== undefined ? startOfWeek("$dateTrunc", weekStart) : 0;
      const offset = (at: bigint) => (zone === undefined ? 0n : offsetOf(zone, at)!);
      return new DateTime(truncate(toDate(date), unit, bin, firstDay, offset));
    },
  };
});

/** Bins are counted from the beginning of 2000. */
function truncate(
  ms: bigint,
  unit: Unit,
  bin: bigint,
  firstDay: number,
  offset: (ms: bigint) => bigint,
): bigint {
  const reference = BigInt(daysOfCivil(2000, 1, 1)) * dayMs;
  const local = ms + offset(ms);
  const back = (result: bigint) => result - offset(result - offset(ms));
  if (unit === "year" || unit === "quarter" || unit === "month") {
    const at = civil(local);
    const size = bin * (unit === "year" ? 12n : unit === "quarter" ? 3n : 1n);
    const since = BigInt((at.year - 2000) * 12 + at.month - 1);
    const start = floorDiv(since, size) * size;
    return back(BigInt(daysOfCivil(2000, 1 + Number(start), 1)) * dayMs);
  }
  const size = bin * unitMs[unit]!;
  if (!isInt64(size)) throw new MongoError(5439002, "invalid $dateTrunc parameter binSize");
  if (unit === "day" || unit === "week") {
    // 2000-01-01 was a Saturday.
    const shift = unit === "week" ? BigInt((firstDay - 6 + 7) % 7) * dayMs : 0n;
    return back(floorDiv(local - reference - shift, size) * size + reference + shift);
  }
  if (unit === "hour") return back(floorDiv(local - reference, size) * size + reference);
  return floorDiv(ms - reference, size) * size + reference;
}

for (const [name, pick] of [
  ["$tsSecond", (value: Timestamp) => BigInt(value.seconds)],
  ["$tsIncrement", (value: Timestamp) => BigInt(value.increment)],
] as const) {
  define(name, (operand, context, parse) => {
    const values = Array.isArray(operand) ? operand : [operand];
    if (values.length !== 1)
      throw new MongoError(
        16020,
        `Expression ${name} takes exactly 1 arguments. ${values.length} were passed in.`,
      );
    const source = parse(values[0]!, context);
    return {
      isConstant: false,
      evaluate: (scope: Scope) => {
        const value = source.evaluate(scope);
        if (isNullish(value)) return null;
        if (!(value instanceof Timestamp))
          throw new MongoError(5687301, `Argument to ${name} must be a timestamp, but is ${typeName(value)}`);
        return pick(value);
      },
    };
  });
}
