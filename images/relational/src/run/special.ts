import type { SpecialExpr } from "../analyse/expr.ts";
import { notSupported, PgError } from "../errors.ts";
import { setJsonElement } from "../functions/json-path-text.ts";
import { type Datum, JsonbValue, PgArray } from "../types/datum.ts";
import type { Compiled, ExprCompiler } from "./compiler.ts";
import { compileCurrentOf } from "./current-of.ts";
import { compileJson } from "./json-expressions.ts";
import type { Scope } from "./scope.ts";

/** Expressions that are neither functions nor operators: assignments to parts of values, SQL/JSON. */
export function compileSpecial(compiler: ExprCompiler, expr: SpecialExpr, scope: Scope): Compiled {
  const args = expr.args.map((arg) => compiler.compile(arg, scope));
  const json = compileJson(compiler, expr, args);
  if (json !== undefined) return json;
  switch (expr.name) {
    case "mergeAction":
      return (_row, env) => env.exec.mergeAction;
    case "arrayAssign":
      return (row, env) => {
        const [array, value, ...at] = args.map((arg) => arg(row, env));
        if (at.includes(null)) throw new PgError("22004", "array subscript in assignment must not be null");
        return assignElement(array as PgArray | null, value!, at as number[]);
      };
    case "arraySliceAssign":
      return (row, env) => {
        const [array, value, ...bounds] = args.map((arg) => arg(row, env));
        return assignSlice(array as PgArray | null, value as PgArray | null, bounds as (number | null)[]);
      };
    case "jsonbAssign":
      return (row, env) => {
        const [base, value, ...path] = args.map((arg) => arg(row, env));
        if (path.includes(null)) throw new PgError("22004", "jsonb subscript in assignment must not be null");
        const given = value === null ? null : (value as JsonbValue).json;
        const before = base === null ? undefined : (base as JsonbValue).json;
        return new JsonbValue(setJsonElement(before, path as (string | number)[], given));
      };
    case "currentOf":
      return compileCurrentOf(expr, args);
    default:
      throw notSupported(expr.name);
  }
}

/** `array[i] = value`: the array grows as far as needed, with NULLs between. */
function assignElement(array: PgArray | null, value: Datum, at: readonly number[]): PgArray {
  if (array === null || array.dimensions.length === 0) {
    return new PgArray(
      [value],
      at.map(() => 1),
      [...at],
    );
  }
  if (array.dimensions.length !== at.length) throw new PgError("2202E", "wrong number of array subscripts");
  if (at.length === 1) {
    const first = array.lowerBounds[0]!;
    const index = at[0]!;
    const lower = Math.min(first, index);
    const upper = Math.max(first + array.elements.length - 1, index);
    if (upper - lower >= 134_217_727)
      throw new PgError("54000", "array size exceeds the maximum allowed (134217727)");
    const elements: Datum[] = Array.from(
      { length: upper - lower + 1 },
      (_, i) => array.elements[lower + i - first] ?? null,
    );
    elements[index - lower] = value;
    return new PgArray(elements, [elements.length], [lower]);
  }
  let position = 0;
  for (const [i, index] of at.entries()) {
    const offset = index - array.lowerBounds[i]!;
    if (offset < 0 || offset >= array.dimensions[i]!)
      throw new PgError("2202E", "array subscript out of range");
    position = position * array.dimensions[i]! + offset;
  }
  const elements = [...array.elements];
  elements[position] = value;
  return new PgArray(elements, array.dimensions, array.lowerBounds);
}

function assignSlice(
  array: PgArray | null,
  value: PgArray | null,
  bounds: readonly (number | null)[],
): Datum {
  if (value === null) return array;
  if (bounds.length !== 2) throw notSupported("assignment to a slice of several dimensions");
  const before = array ?? new PgArray([]);
  const first = before.lowerBounds[0] ?? 1;
  const [low, high] = bounds;
  const lower = low ?? first;
  const upper = high ?? first + before.elements.length - 1;
  const size = upper - lower + 1;
  if (size < 0) throw new PgError("2202E", "upper bound cannot be less than lower bound");
  if (value.elements.length < size) throw new PgError("2202E", "source array too small");
  let result: PgArray = before;
  for (let i = 0; i < size; i++) result = assignElement(result, value.elements[i]!, [lower + i]);
  return result;
}
