import { argumentError, arithmeticError, typeError } from "../errors.ts";
import { displayOf } from "../values/text.ts";
import { int64Min, isList, type Value } from "../values/types.ts";
import { define, type FunctionDefinition } from "./definition.ts";

const numbers = [["number", "integer", "float"]] as const;

function number(name: string, value: Value): number {
  if (typeof value === "number" || typeof value === "bigint") return Number(value);
  throw typeError(
    `Invalid input for function '${name}()': Expected a Float or Integer, got: ${displayOf(value)}`,
  );
}

function real(name: string, calculate: (x: number) => number): FunctionDefinition {
  return define(name, 1, "float", ([x]) => calculate(number(name, x!)), numbers);
}

/** Half goes up, as in Java's Math.round; with a precision the modes of java.math.RoundingMode. */
function rounded(value: number, precision: number, mode: string): number {
  if (!Number.isFinite(value)) return value;
  const scale = 10 ** precision;
  // Through the decimal text, so that 1.005 is what it looks like.
  const shifted = precision === 0 ? value : Number(`${value}e${precision}`);
  const scaled = Number.isNaN(shifted) ? value * scale : shifted;
  const floor = Math.floor(scaled);
  const fraction = scaled - floor;
  const isHalf = Math.abs(fraction - 0.5) < 1e-12;
  const nearest = fraction > 0.5 && !isHalf ? floor + 1 : floor;
  const away = scaled < 0 ? floor : floor + 1;
  const toward = scaled < 0 ? floor + 1 : floor;
  const results: Readonly<Record<string, () => number>> = {
    UP: () => (fraction === 0 ? floor : away),
    DOWN: () => Math.trunc(scaled),
    CEILING: () => Math.ceil(scaled),
    FLOOR: () => floor,
    HALF_UP: () => (isHalf ? away : nearest),
    HALF_DOWN: () => (isHalf ? toward : nearest),
    HALF_EVEN: () => (isHalf ? (floor % 2 === 0 ? floor : floor + 1) : nearest),
  };
  const result = results[mode.toUpperCase()];
  if (result === undefined)
    throw argumentError(
      `Unknown rounding mode. Valid values are: CEILING, FLOOR, UP, DOWN, HALF_EVEN, HALF_UP, HALF_DOWN. Got: ${mode}`,
    );
  const unscaled = result();
  return precision === 0 ? unscaled : Number(`${unscaled}e${-precision}`);
}

function vector(name: string, value: Value): number[] {
  if (isList(value) && value.length > 0) return value.map((item) => number(name, item));
  throw argumentError(`Invalid input for '${name}()': Expected a list of numbers`);
}

function similarity(
  name: string,
  calculate: (a: readonly number[], b: readonly number[]) => number,
): FunctionDefinition {
  return define(name, 2, "float", ([a, b]) => {
    const [x, y] = [vector(name, a!), vector(name, b!)];
    if (x.length !== y.length)
      throw argumentError(`Invalid input for '${name}()': The lists have different lengths`);
    return calculate(x, y);
  });
}

export const mathFunctions: readonly FunctionDefinition[] = [
  define(
    "abs",
    1,
    "number",
    ([x]) => {
      if (typeof x !== "bigint") return Math.abs(number("abs", x!));
      if (x === int64Min) throw arithmeticError("long overflow", "22003");
      return x < 0n ? -x : x;
    },
    numbers,
  ),
  real("ceil", Math.ceil),
  real("ceiling", Math.ceil),
  real("floor", Math.floor),
  define(
    "round",
    [1, 3],
    "float",
    ([x, precision = 0n, mode]) => {
      const value = number("round", x!);
      if (mode === undefined && precision === 0n) return Math.floor(value + 0.5);
      return rounded(value, number("round", precision), typeof mode === "string" ? mode : "HALF_UP");
    },
    [...numbers, ["integer", "number"], ["string"]],
  ),
  define(
    "sign",
    1,
    "integer",
    ([x]) => {
      const value = number("sign", x!);
      return Number.isNaN(value) ? 0n : BigInt(Math.sign(value));
    },
    numbers,
  ),
  define("isNaN", 1, "boolean", ([x]) => Number.isNaN(number("isNaN", x!)), numbers),
  real("sqrt", Math.sqrt),
  real("exp", Math.exp),
  real("log", Math.log),
  real("ln", Math.log),
  real("log10", Math.log10),
  real("sin", Math.sin),
  real("cos", Math.cos),
  real("tan", Math.tan),
  real("cot", (x) => 1 / Math.tan(x)),
  real("asin", Math.asin),
  real("acos", Math.acos),
  real("atan", Math.atan),
  real("haversin", (x) => (1 - Math.cos(x)) / 2),
  real("degrees", (x) => (x * 180) / Math.PI),
  real("radians", (x) => (x * Math.PI) / 180),
  define("atan2", 2, "float", ([y, x]) => Math.atan2(number("atan2", y!), number("atan2", x!)), numbers),
  define("pi", 0, "float", () => Math.PI),
  define("e", 0, "float", () => Math.E),
  similarity("vector.similarity.cosine", (a, b) => {
    const dot = a.reduce((sum, x, i) => sum + x * b[i]!, 0);
    return (1 + dot / (Math.hypot(...a) * Math.hypot(...b))) / 2;
  }),
  similarity(
    "vector.similarity.euclidean",
    (a, b) => 1 / (1 + a.reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0)),
  ),
];
