import type { RangeEntry, TableFunction } from "../analyse/expr.ts";
import { callSet } from "../functions/set-calls.ts";
import { type Env, pauseEvery } from "../run/exec.ts";
import type { Scope } from "../run/scope.ts";
import type { Source } from "../run/source.ts";
import { type Datum, PgRecord, type Row } from "../types/datum.ts";
import type { PlanContext } from "./context.ts";

/** Functions in FROM: their rows side by side, the shorter ones filled with NULLs. */
export function functionScan(ctx: PlanContext, entry: RangeEntry, scope: Scope): Pick<Source, "run"> {
  const functions = entry.functions!.map((fn) => tableFunction(ctx, fn, scope));
  const width = entry.columns.length;
  const ordinality = entry.ordinality === true;
  return {
    *run(env, prefix) {
      const iterators = functions.map((fn) => fn(prefix, env));
      for (let number = 1; ; number++) {
        if (number % pauseEvery === 0) yield null;
        const row: Row = [];
        let isOver = true;
        for (const { iterator, count } of iterators) {
          const next = iterator.next();
          if (next.done === true) for (let i = 0; i < count; i++) row.push(null);
          else {
            isOver = false;
            row.push(...next.value);
          }
        }
        if (isOver) return;
        if (ordinality) row.push(BigInt(number));
        while (row.length < width) row.push(null);
        yield row;
      }
    },
  };
}

/** They give one row, of the columns that are asked for. */
const givesColumns: ReadonlySet<string> = new Set(["json_to_record", "jsonb_to_record"]);

type FunctionRows = (row: Row, env: Env) => { iterator: Iterator<Row>; count: number };

function tableFunction(ctx: PlanContext, fn: TableFunction, scope: Scope): FunctionRows {
  const { expr, composite, columns } = fn;
  const count = columns.length;
  const spread = (value: Datum | readonly Datum[]): Row => {
    if (Array.isArray(value)) return [...value];
    if (composite) {
      if (value instanceof PgRecord) return [...value.values];
      return new Array<Datum>(count).fill(null);
    }
    return [value as Datum];
  };
  if (expr.kind === "func" && (expr.proc.returnsSet || givesColumns.has(expr.proc.name))) {
    const args = expr.args.map((arg) => ctx.compiler.compile(arg, scope));
    const call = callSet(ctx.catalog, expr, columns);
    return (row, env) => {
      const values = args.map((arg) => arg(row, env));
      const results = call(values, env.exec);
      return { iterator: mapped(results, spread), count };
    };
  }
  const value = ctx.compiler.compile(expr, scope);
  return (row, env) => ({ iterator: [spread(value(row, env))].values(), count });
}

function* mapped(
  values: Iterable<Datum | readonly Datum[]>,
  spread: (value: Datum | readonly Datum[]) => Row,
): Generator<Row> {
  for (const value of values) yield spread(value);
}
