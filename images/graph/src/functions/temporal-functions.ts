import { argumentError, typeError } from "../errors.ts";
import type { RunContext } from "../runtime/context.ts";
import {
  convert,
  dateFrom,
  dateTimeFrom,
  durationFrom,
  localDateTimeFrom,
  localTimeFrom,
  now,
  type TemporalKind,
  timeFrom,
} from "../values/construct-temporal.ts";
import {
  durationBetween,
  durationInDays,
  durationInMonths,
  durationInSeconds,
  parseDuration,
} from "../values/duration.ts";
import {
  inZone,
  parseDate,
  parseDateTime,
  parseLocalDateTime,
  parseLocalTime,
  parseTime,
  zoneOffset,
} from "../values/parse-temporal.ts";
import {
  DurationValue as Duration,
  type DurationValue,
  isTemporal,
  type Temporal,
} from "../values/temporal.ts";
import { displayOf } from "../values/text.ts";
import { truncate } from "../values/truncate-temporal.ts";
import { type CypherMap, isMap, type Value } from "../values/types.ts";
import { define, defineLoose, type FunctionDefinition } from "./definition.ts";

const kinds: readonly (readonly [string, TemporalKind])[] = [
  ["date", "date"],
  ["localtime", "localtime"],
  ["time", "time"],
  ["localdatetime", "localdatetime"],
  ["datetime", "datetime"],
];

function parseKind(kind: TemporalKind, text: string, zone: string): Temporal {
  switch (kind) {
    case "date":
      return parseDate(text);
    case "localtime":
      return parseLocalTime(text);
    case "time":
      return parseTime(text, zoneOffset(zone, Math.floor(Date.now() / 1000)));
    case "localdatetime":
      return parseLocalDateTime(text);
    case "datetime":
      return parseDateTime(text, zone);
  }
}

function fromMap(kind: TemporalKind, map: CypherMap, zone: string): Temporal {
  switch (kind) {
    case "date":
      return dateFrom(map);
    case "localtime":
      return localTimeFrom(map);
    case "time":
      return timeFrom(map, zone);
    case "localdatetime":
      return localDateTimeFrom(map);
    case "datetime":
      return dateTimeFrom(map, zone);
  }
}

function construct(kind: TemporalKind, value: Value, ctx: RunContext): Value {
  if (typeof value === "string") return parseKind(kind, value, ctx.timeZone);
  if (isTemporal(value)) return convert(kind, value, ctx.timeZone);
  if (!isMap(value))
    throw typeError(
      `Invalid input for function '${kind}()': Expected a String or Map, got: ${displayOf(value)}`,
    );
  if ([...value.values()].includes(null)) return null;
  const zone = value.get("timezone");
  if (value.size === 1 && typeof zone === "string") return now(kind, ctx.statementMs, zone);
  return fromMap(kind, value, ctx.timeZone);
}

function temporal(name: string, value: Value): Temporal {
  if (isTemporal(value)) return value;
  throw typeError(
    `Invalid input for function '${name}()': Expected a temporal value, got: ${displayOf(value)}`,
  );
}

/** `date()` and its kin: a clock without arguments, else a constructor. */
function constructors([name, kind]: readonly [string, TemporalKind]): FunctionDefinition[] {
  const clock = (suffix: string, ms: (ctx: RunContext) => number): FunctionDefinition => ({
    ...define(`${name}${suffix}`, [0, 1], "temporal", ([zone], ctx) => {
      if (zone !== undefined && typeof zone !== "string")
        throw typeError(`Expected a time zone's name, got: ${displayOf(zone)}`);
      return now(kind, ms(ctx), zone ?? ctx.timeZone);
    }),
    isVolatile: true,
  });
  return [
    define(
      name,
      [0, 1],
      "temporal",
      ([value], ctx) =>
        value === undefined ? now(kind, ctx.statementMs, ctx.timeZone) : construct(kind, value, ctx),
      [["string", "map", "temporal"]],
    ),
    clock(".transaction", (ctx) => ctx.transactionMs),
    clock(".statement", (ctx) => ctx.statementMs),
    clock(".realtime", () => performance.timeOrigin + performance.now()),
    define(`${name}.truncate`, [1, 3], "temporal", ([unit, value, fields = new Map()], ctx) => {
      if (typeof unit !== "string") throw typeError("Expected the name of a unit");
      const at =
        value === undefined ? now(kind, ctx.statementMs, ctx.timeZone) : temporal(`${name}.truncate`, value);
      if (!isMap(fields)) throw typeError("Expected a map of components");
      return truncate(kind, unit, at, fields, ctx.timeZone);
    }),
  ];
}

function between(name: string, calculate: (a: Temporal, b: Temporal) => DurationValue): FunctionDefinition {
  return define(name, 2, "duration", ([a, b]) => calculate(temporal(name, a!), temporal(name, b!)));
}

function epoch(seconds: Value, nanos: bigint, zone: string): Value {
  if (typeof seconds !== "bigint") throw argumentError("Expected an Integer");
  const total = Number(seconds);
  const days = Math.floor(total / 86_400);
  return inZone(days, (total - days * 86_400) * 1e9 + Number(nanos), zone);
}

export const temporalFunctions: readonly FunctionDefinition[] = [
  ...kinds.flatMap(constructors),
  define(
    "duration",
    1,
    "duration",
    ([value]) => {
      if (typeof value === "string") return parseDuration(value);
      if (value instanceof Duration) return value;
      if (isMap(value!)) return [...value.values()].includes(null) ? null : durationFrom(value);
      throw typeError(
        `Invalid input for function 'duration()': Expected a String or Map, got: ${displayOf(value!)}`,
      );
    },
    [["string", "map", "duration"]],
  ),
  between("duration.between", durationBetween),
  between("duration.inMonths", durationInMonths),
  between("duration.inDays", durationInDays),
  between("duration.inSeconds", durationInSeconds),
  define("datetime.fromepoch", 2, "temporal", ([seconds, nanos]) =>
    epoch(seconds!, BigInt(Number(nanos)), "Z"),
  ),
  define("datetime.fromepochmillis", 1, "temporal", ([millis]) => {
    if (typeof millis !== "bigint") throw argumentError("Expected an Integer");
    const seconds = millis >= 0n ? millis / 1000n : -((-millis + 999n) / 1000n);
    return epoch(seconds, (millis - seconds * 1000n) * 1_000_000n, "Z");
  }),
  defineLoose("timezone", 0, "string", (_, ctx) => ctx.timeZone),
];
