import type { SubscriptExpr } from "../analyse/expr.ts";
import { jsonElement } from "../functions/json-path-text.ts";
import { type Datum, JsonbValue, PgArray, type Row } from "../types/datum.ts";
import type { Compiled, ExprCompiler } from "./compiler.ts";
import type { Env } from "./exec.ts";
import type { Scope } from "./scope.ts";

export function compileSubscript(compiler: ExprCompiler, expr: SubscriptExpr, scope: Scope): Compiled {
  const arg = compiler.compile(expr.arg, scope);
  const subscripts = expr.subscripts.map(({ lower, upper }) => ({
    lower: lower === undefined ? undefined : compiler.compile(lower, scope),
    upper: upper === undefined ? undefined : compiler.compile(upper, scope),
  }));
  if (expr.container === "jsonb") {
    return (row, env) => {
      let value = arg(row, env) as JsonbValue | null;
      for (const { upper } of subscripts) {
        const at = upper!(row, env);
        if (value === null || at === null) return null;
        const found = jsonElement(value.json, at as string | number);
        value = found === undefined ? null : new JsonbValue(found);
      }
      return value;
    };
  }
  if (expr.slice) return slice(arg, subscripts);
  const indexes = subscripts.map(({ upper }) => upper!);
  return (row, env) => {
    const array = arg(row, env);
    const at: number[] = [];
    for (const index of indexes) {
      const value = index(row, env);
      if (value === null) return null;
      at.push(value as number);
    }
    if (array === null) return null;
    if (typeof array === "string") return array[at[0]!] ?? "";
    return elementAt(array as PgArray, at);
  };
}

export function elementAt(array: PgArray, at: readonly number[]): Datum {
  if (at.length !== array.dimensions.length) return null;
  let position = 0;
  for (const [i, index] of at.entries()) {
    const offset = index - array.lowerBounds[i]!;
    if (offset < 0 || offset >= array.dimensions[i]!) return null;
    position = position * array.dimensions[i]! + offset;
  }
  return array.elements[position] ?? null;
}

type Bound = Compiled | undefined;

function slice(arg: Compiled, subscripts: readonly { lower: Bound; upper: Bound }[]): Compiled {
  return (row: Row, env: Env) => {
    const array = arg(row, env) as PgArray | null;
    const bounds: { lower: number | undefined; upper: number | undefined }[] = [];
    for (const { lower, upper } of subscripts) {
      const low = lower?.(row, env);
      const high = upper?.(row, env);
      if (low === null || high === null) return null;
      bounds.push({ lower: low as number | undefined, upper: high as number | undefined });
    }
    return array === null ? null : sliceArray(array, bounds);
  };
}

/** Dimensions that no bounds are given for are taken whole; the result counts from 1. */
export function sliceArray(
  array: PgArray,
  bounds: readonly { readonly lower: number | undefined; readonly upper: number | undefined }[],
): PgArray {
  const count = array.dimensions.length;
  if (bounds.length > count || count === 0) return new PgArray([]);
  const ranges = array.dimensions.map((size, i) => {
    const first = array.lowerBounds[i]!;
    const lower = Math.max(bounds[i]?.lower ?? first, first);
    const upper = Math.min(bounds[i]?.upper ?? first + size - 1, first + size - 1);
    return { from: lower - first, size: upper - lower + 1 };
  });
  if (ranges.some((range) => range.size <= 0)) return new PgArray([]);
  const elements: Datum[] = [];
  const visit = (depth: number, position: number): void => {
    const { from, size } = ranges[depth]!;
    for (let i = 0; i < size; i++) {
      const at = position * array.dimensions[depth]! + from + i;
      if (depth === count - 1) elements.push(array.elements[at]!);
      else visit(depth + 1, at);
    }
  };
  visit(0, 0);
  return new PgArray(
    elements,
    ranges.map((range) => range.size),
  );
}
