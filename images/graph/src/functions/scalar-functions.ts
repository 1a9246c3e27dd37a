import { randomUUID } from "node:crypto";
import { argumentError, typeError } from "../errors.ts";
import { equals } from "../values/compare.ts";
import { displayOf, textOf } from "../values/text.ts";
import { typeName, valueTypeName } from "../values/type-names.ts";
import {
  int64Max,
  int64Min,
  isList,
  isMap,
  NodeRef,
  PathValue,
  RelRef,
  type Value,
} from "../values/types.ts";
import { define, defineLoose, type FunctionDefinition } from "./definition.ts";

function invalid(name: string, expected: string, value: Value): never {
  throw typeError(`Invalid input for function '${name}()': Expected ${expected}, got: ${displayOf(value)}`);
}

function fitting(value: bigint): bigint | undefined {
  return value >= int64Min && value <= int64Max ? value : undefined;
}

function toInteger(value: Value): Value | undefined {
  if (typeof value === "bigint") return value;
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "number") {
    if (Number.isNaN(value)) return 0n;
    if (!Number.isFinite(value)) return value > 0 ? int64Max : int64Min;
    return fitting(BigInt(Math.trunc(value))) ?? (value > 0 ? int64Max : int64Min);
  }
  if (typeof value !== "string") return undefined;
  const text = value;
  if (/^[+-]?\d+$/.test(text)) return fitting(BigInt(text.replace(/^\+/, ""))) ?? null;
  if (/\s/.test(text)) return null;
  const number = toFloat(text);
  return typeof number === "number" && Number.isFinite(number)
    ? (fitting(BigInt(Math.trunc(number))) ?? null)
    : null;
}

function toFloat(value: Value): Value | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?[fd]?$/i.test(text)) return Number(text.replace(/[fd]$/i, ""));
  return /^[+-]?(?:NaN|Infinity)$/.test(text) ? Number(text) : null;
}

function toBoolean(value: Value): Value | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value === "bigint") return value !== 0n;
  if (typeof value !== "string") return undefined;
  const text = value.trim().toLowerCase();
  return text === "true" ? true : text === "false" ? false : null;
}

function toText(value: Value): Value | undefined {
  return textOf(value);
}

type Conversion = (value: Value) => Value | undefined;

/** `toX`, which refuses what it cannot convert, `toXOrNull`, and `toXList`. */
function conversions(
  name: string,
  gives: "integer" | "float" | "boolean" | "string",
  convert: Conversion,
  expected: string,
  takes: FunctionDefinition["takes"],
): FunctionDefinition[] {
  return [
    define(
      name,
      1,
      gives,
      ([value]) => convert(value!) ?? (convert(value!) === null ? null : invalid(name, expected, value!)),
      takes,
    ),
    define(`${name}OrNull`, 1, gives, ([value]) => convert(value!) ?? null),
    define(`${name}List`, 1, "list", ([value]) => {
      if (!isList(value!)) return invalid(`${name}List`, "a List", value!);
      return value.map((item) => (item === null ? null : (convert(item) ?? null)));
    }),
  ];
}

/** A list is in memory as a whole, and is made without a pause. */
const rangeMax = 10_000_000n;

export const scalarFunctions: readonly FunctionDefinition[] = [
  ...conversions("toInteger", "integer", toInteger, "a String, Float, Integer or Boolean", [
    ["string", "number", "integer", "float", "boolean", "list", "map"],
  ]),
  ...conversions("toFloat", "float", toFloat, "a String, Float or Integer", [
    ["string", "number", "integer", "float"],
  ]),
  ...conversions("toBoolean", "boolean", toBoolean, "a String, Integer or Boolean", [
    ["string", "integer", "boolean"],
  ]),
  ...conversions("toString", "string", toText, "a String, Float, Integer, Boolean, Temporal or Duration", [
    ["string", "number", "integer", "float", "boolean", "temporal", "duration", "point"],
  ]),
  defineLoose(
    "coalesce",
    [1, Number.POSITIVE_INFINITY],
    "any",
    (args) => args.find((value) => value !== null) ?? null,
  ),
  defineLoose("nullIf", 2, "any", ([a, b]) => (equals(a!, b!) === true ? null : a!)),
  define("valueType", 1, "string", ([value]) => valueTypeName(value!)),
  { ...define("valueType", 1, "string", ([value]) => valueTypeName(value!)), isStrict: false },
  define(
    "head",
    1,
    "any",
    ([list]) => (isList(list!) ? (list[0] ?? null) : invalid("head", "a List", list!)),
    [["list"]],
  ),
  define(
    "last",
    1,
    "any",
    ([list]) => (isList(list!) ? (list.at(-1) ?? null) : invalid("last", "a List", list!)),
    [["list"]],
  ),
  define("tail", 1, "list", ([list]) => (isList(list!) ? list.slice(1) : invalid("tail", "a List", list!)), [
    ["list"],
  ]),
  define(
    "size",
    1,
    "integer",
    ([value]) => {
      if (isList(value!)) return BigInt(value.length);
      if (typeof value === "string") return BigInt([...value].length);
      return invalid("size", "a String or List", value!);
    },
    [["list", "string"]],
  ),
  ...["char_length", "character_length"].map((name) =>
    define(
      name,
      1,
      "integer",
      ([value]) =>
        typeof value === "string" ? BigInt([...value].length) : invalid(name, "a String", value!),
      [["string"]],
    ),
  ),
  define(
    "isEmpty",
    1,
    "boolean",
    ([value]) => {
      if (isList(value!)) return value.length === 0;
      if (isMap(value!)) return value.size === 0;
      if (typeof value === "string") return value === "";
      return invalid("isEmpty", "a List, Map or String", value!);
    },
    [["list", "map", "string"]],
  ),
  define(
    "reverse",
    1,
    "any",
    ([value]) => {
      if (isList(value!)) return value.toReversed();
      if (typeof value === "string") return [...value].reverse().join("");
      return invalid("reverse", "a String or List", value!);
    },
    [["list", "string"]],
  ),
  define("range", [2, 3], "list", ([from, to, step = 1n], ctx) => {
    for (const bound of [from, to, step])
      if (typeof bound !== "bigint")
        throw argumentError(
          `Invalid input for function 'range()': Expected an Integer, got: ${typeName(bound!)}`,
        );
    const by = step as bigint;
    if (by === 0n)
      throw argumentError("Invalid input for function 'range()': Step argument to 'range()' cannot be zero");
    if (((to as bigint) - (from as bigint)) / by >= rangeMax)
      throw argumentError(
        `range() makes lists of up to ${rangeMax} elements; UNWIND range(...) has no limit`,
      );
    const list: bigint[] = [];
    for (let i = from as bigint; by > 0n ? i <= (to as bigint) : i >= (to as bigint); i += by) {
      list.push(i);
      ctx.tick();
    }
    return list;
  }),
  { ...define("timestamp", 0, "integer", (_, ctx) => BigInt(Math.floor(ctx.statementMs))), isVolatile: true },
  { ...define("randomUUID", 0, "string", () => randomUUID()), isVolatile: true },
  { ...define("rand", 0, "float", () => Math.random()), isVolatile: true },
].filter((definition, index, all) => all.findLastIndex(({ name }) => name === definition.name) === index);

export function isEntity(value: Value): boolean {
  return value instanceof NodeRef || value instanceof RelRef || value instanceof PathValue;
}
