import type { Expr, FuncExpr } from "../analyse/expr.ts";
import { children, exprKey } from "../analyse/expr.ts";
import { callSet } from "../functions/set-calls.ts";
import { type Env, pauseEvery, type Rows } from "../run/exec.ts";
import { Scope } from "../run/scope.ts";
import { type Datum, PgRecord, type Row } from "../types/datum.ts";
import type { PlanContext } from "./context.ts";
import { fieldNames } from "./field-names.ts";

/**
 * Functions that return sets in the target list: all of one level run side by side, shorter ones give NULL when they are
 * at their end; those in arguments of others run before them.
 */
export function projectSets(
  ctx: PlanContext,
  exprs: readonly Expr[],
  scope: Scope,
  width: number,
  input: (env: Env) => Rows,
): (env: Env) => Rows {
  const levels = levelsOf(exprs);
  let stage = input;
  let current = scope;
  let base = width;
  for (const sets of levels) {
    const before = stage;
    const inner = current;
    const calls = sets.map((expr) => ({
      args: expr.args.map((arg) => ctx.compiler.compile(arg, inner)),
      call: callSet(ctx.catalog, expr),
      shape: recordShape(ctx, expr),
    }));
    const slots = new Map(inner.slots);
    for (const [i, expr] of sets.entries()) slots.set(exprKey(expr), base + i);
    const from = base;
    base += sets.length;
    current = new Scope(inner.parent, inner.offsets, slots);
    stage = function* (env) {
      let count = 0;
      for (const row of before(env)) {
        if (row === null) {
          yield null;
          continue;
        }
        const iterators = calls.map(({ args, call, shape }) => ({
          iterator: call(
            args.map((arg) => arg(row, env)),
            env.exec,
          )[Symbol.iterator](),
          shape,
        }));
        while (true) {
          if (++count % pauseEvery === 0) yield null;
          let isOver = true;
          const next: Row = row.slice();
          while (next.length < from) next.push(null);
          for (const { iterator, shape } of iterators) {
            const step = iterator.next();
            if (step.done !== true) isOver = false;
            next.push(step.done === true ? null : shape(step.value));
          }
          if (isOver) break;
          yield next;
        }
      }
    };
  }
  const compiled = exprs.map((expr) => ctx.compiler.compile(expr, current));
  const last = stage;
  return function* (env) {
    for (const row of last(env)) {
      if (row === null) yield null;
      else yield compiled.map((value) => value(row, env));
    }
  };
}

function recordShape(ctx: PlanContext, expr: FuncExpr): (value: Datum | readonly Datum[]) => Datum {
  const fields = fieldNames(ctx.catalog, expr);
  return (value) => {
    if (!Array.isArray(value)) return value as Datum;
    const values = value as readonly Datum[];
    return new PgRecord(values, fields.types, fields.names, expr.type);
  };
}

/** The sets of the deepest level first. */
function levelsOf(exprs: readonly Expr[]): FuncExpr[][] {
  const levels: Map<string, FuncExpr>[] = [];
  const visit = (expr: Expr): number => {
    let depth = 0;
    for (const child of children(expr)) depth = Math.max(depth, visit(child));
    if (expr.kind !== "func" || !expr.proc.returnsSet) return depth;
    while (levels.length <= depth) levels.push(new Map());
    levels[depth]!.set(exprKey(expr), expr);
    return depth + 1;
  };
  for (const expr of exprs) visit(expr);
  return levels.map((level) => [...level.values()]);
}
