import type { SubLink } from "../analyse/expr.ts";
import { outputTargets } from "../analyse/expr.ts";
import { PgError } from "../errors.ts";
import { nestArrays } from "../run/compile.ts";
import type { Compiled, ExprCompiler } from "../run/compiler.ts";
import type { Env, Rows } from "../run/exec.ts";
import type { Scope } from "../run/scope.ts";
import { type Datum, PgArray, PgRecord, type Row } from "../types/datum.ts";
import { typeOps } from "../types/registry.ts";
import type { CompiledQuery, PlanContext } from "./context.ts";
import { isCorrelated } from "./correlation.ts";

function* rowsOf(rows: Rows, env: Env): Generator<Row, void, void> {
  let pauses = 0;
  for (const row of rows) {
    if (row !== null) yield row;
    // No turn of the event loop inside of an expression, but an end when the statement was canceled.
    else if (++pauses % 16 === 0) env.exec.check();
  }
}

interface Cached<T> {
  exec: unknown;
  value: T;
}

/** Subqueries in expressions. One that reads nothing around it runs once. */
export function compileSubLink(
  ctx: PlanContext,
  link: SubLink,
  scope: Scope,
  compiler: ExprCompiler,
): Compiled {
  const query = ctx.query(link.query, scope);
  const once = !isCorrelated(link.query);
  const run = (row: Row, env: Env) => rowsOf(query.run(env.exec, { exec: env.exec, row, outer: env }), env);
  switch (link.link) {
    case "exists":
      return cached(once, (row, env) => {
        for (const _ of run(row, env)) return true;
        return false;
      });
    case "scalar":
      return cached(once, (row, env) => single(run(row, env))?.[0] ?? null);
    case "multi": {
      const targets = outputTargets(link.query);
      const types = targets.map((target) => target.expr.type);
      const names = targets.map((target) => target.name);
      let last: { row: Row; env: Env; value: Datum } | undefined;
      return (row, env) => {
        if (last !== undefined && last.row === row && last.env === env) return last.value;
        const found = single(run(row, env));
        const value = found === undefined ? null : new PgRecord(found, types, names);
        last = { row, env, value };
        return value;
      };
    }
    case "array": {
      const nested = ctx.catalog.type(outputTargets(link.query)[0]!.expr.type)?.category === "A";
      return cached(once, (row, env) => {
        const values: Datum[] = [];
        for (const [value] of run(row, env)) values.push(value ?? null);
        return nested ? nestArrays(values as (PgArray | null)[]) : new PgArray(values);
      });
    }
    case "row": {
      const { cell, compiled } = compiler.withOutput(link.test!, scope);
      return (row, env) => {
        const found = single(run(row, env));
        if (found === undefined) return null;
        cell.row = found;
        return compiled(row, env);
      };
    }
    default:
      return quantified(ctx, link, scope, compiler, query, once, run);
  }
}

function single(rows: Iterable<Row>): Row | undefined {
  let found: Row | undefined;
  for (const row of rows) {
    if (found !== undefined)
      throw new PgError("21000", "more than one row returned by a subquery used as an expression");
    found = row;
  }
  return found;
}

function cached(once: boolean, compute: Compiled): Compiled {
  if (!once) return compute;
  let known: Cached<Datum> | undefined;
  return (row, env) => {
    if (known === undefined || known.exec !== env.exec) known = { exec: env.exec, value: compute(row, env) };
    return known.value;
  };
}

/** ANY and ALL. `x IN (SELECT ...)` that runs once is a look into a set. */
function quantified(
  ctx: PlanContext,
  link: SubLink,
  scope: Scope,
  compiler: ExprCompiler,
  query: CompiledQuery,
  once: boolean,
  run: (row: Row, env: Env) => Iterable<Row>,
): Compiled {
  const any = link.link === "any";
  const { cell, compiled } = compiler.withOutput(link.test!, scope);
  const hashed = any && once ? hashedTest(ctx, link, scope, compiler) : undefined;
  void query;
  let known: Cached<{ rows: Row[]; keys: Set<unknown> | undefined; hasNull: boolean }> | undefined;
  const load = (row: Row, env: Env) => {
    if (known !== undefined && known.exec === env.exec) return known.value;
    const rows = [...run(row, env)];
    const keys =
      hashed === undefined
        ? undefined
        : new Set(rows.filter(([v]) => v !== null).map(([v]) => hashed.key(v!)));
    known = { exec: env.exec, value: { rows, keys, hasNull: rows.some(([v]) => v === null) } };
    return known.value;
  };
  return (row, env) => {
    if (once) {
      const { rows, keys, hasNull } = load(row, env);
      if (keys !== undefined) {
        if (rows.length === 0) return false;
        const value = hashed!.left(row, env);
        if (value === null) return null;
        return keys.has(hashed!.key(value)) ? true : hasNull ? null : false;
      }
      return test(rows, row, env);
    }
    return test(run(row, env), row, env);
  };
  function test(rows: Iterable<Row>, row: Row, env: Env): Datum {
    let unknown = false;
    for (const found of rows) {
      cell.row = found;
      const result = compiled(row, env);
      if (result === any) return any;
      if (result === null) unknown = true;
    }
    return unknown ? null : !any;
  }
}

function hashedTest(ctx: PlanContext, link: SubLink, scope: Scope, compiler: ExprCompiler) {
  const test = link.test!;
  if (test.kind !== "func" || test.operator !== "=") return undefined;
  const [left, right] = test.args;
  if (right?.kind !== "subOutput" || left === undefined || left.type !== right.type) return undefined;
  const { key } = typeOps(ctx.catalog, left.type);
  return key === undefined ? undefined : { key, left: compiler.compile(left, scope) };
}
