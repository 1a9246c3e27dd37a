import type { SetOperation } from "../analyse/expr.ts";
import { pauseEvery, type Rows } from "../run/exec.ts";
import type { Row } from "../types/datum.ts";
import { typeOps } from "../types/registry.ts";
import type { CompiledQuery, PlanContext } from "./context.ts";

/** UNION, INTERSECT and EXCEPT by hashing whole rows; NULLs are equal to each other here. */
export function planSetOperation(
  ctx: PlanContext,
  { op, all, columns }: SetOperation,
  left: CompiledQuery,
  right: CompiledQuery,
): CompiledQuery {
  const { width } = left;
  if (op === "union" && all) {
    return {
      width,
      *run(exec, outer) {
        yield* left.run(exec, outer);
        yield* right.run(exec, outer);
      },
    };
  }
  const keys = columns.map((column) => typeOps(ctx.catalog, column.type).key);
  const keyOf = (row: Row): string => {
    let text = "";
    for (const [i, value] of row.entries()) {
      if (value === null) text += "N";
      else {
        const shown = String(keys[i]!(value));
        text += `${shown.length}:${shown}`;
      }
    }
    return text;
  };
  if (op === "union") {
    return {
      width,
      *run(exec, outer) {
        const seen = new Set<string>();
        for (const rows of [left, right]) {
          for (const row of rows.run(exec, outer)) {
            if (row === null) {
              yield null;
              continue;
            }
            const key = keyOf(row);
            if (seen.has(key)) continue;
            seen.add(key);
            if (seen.size % pauseEvery === 0) yield null;
            yield row;
          }
        }
      },
    };
  }
  return {
    width,
    *run(exec, outer) {
      const counts = new Map<string, number>();
      yield* countRows(right.run(exec, outer), keyOf, counts);
      const given = new Set<string>();
      for (const row of left.run(exec, outer)) {
        if (row === null) {
          yield null;
          continue;
        }
        const key = keyOf(row);
        const count = counts.get(key) ?? 0;
        if (all) {
          if (count > 0) counts.set(key, count - 1);
          if (count > 0 === (op === "intersect")) yield row;
        } else if (count > 0 === (op === "intersect") && !given.has(key)) {
          given.add(key);
          yield row;
        }
      }
    },
  };
}

function* countRows(
  rows: Rows,
  keyOf: (row: Row) => string,
  counts: Map<string, number>,
): Generator<null, void, void> {
  for (const row of rows) {
    if (row === null) yield null;
    else counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + 1);
  }
}
