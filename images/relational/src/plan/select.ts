import type { RangeEntry, SelectQuery, Target } from "../analyse/expr.ts";
import { some } from "../analyse/expr.ts";
import { notSupported, PgError } from "../errors.ts";
import { type Env, pauseEvery, type Rows } from "../run/exec.ts";
import { rowidSlot, Scope } from "../run/scope.ts";
import type { Datum, Row } from "../types/datum.ts";
import { typeOps } from "../types/registry.ts";
import { planAggregation } from "./aggregation.ts";
import type { CompiledQuery, PlanContext } from "./context.ts";
import { recursiveUnion } from "./ctes.ts";
import { planFrom } from "./from.ts";
import { planSetOperation } from "./set-operations.ts";
import { compareRows, type RowOrder, sortRows, topRows } from "./sort.ts";
import { projectSets } from "./target-sets.ts";
import { planWindows } from "./windows.ts";

type Stage = (env: Env) => Rows;

/** Plans a SELECT: each clause is one operator over the one before it. */
export function planSelect(ctx: PlanContext, query: SelectQuery, parent: Scope | undefined): CompiledQuery {
  const own = new Scope(parent);
  for (const cte of query.ctes) if (!ctx.ctes.has(cte)) ctx.ctes.set(cte, ctx.query(cte.query, own));
  let stage: Stage;
  let scope = own;
  let width = 0;
  if (query.setOperation !== undefined) {
    // The two sides, and a recursive CTE's terms, see the queries around through one more level: this one.
    const isRecursive = query.setOperation.recursive !== undefined;
    const inputScope = isRecursive ? parent : new Scope(parent);
    const left = ctx.query(query.setOperation.left, inputScope);
    const right = ctx.query(query.setOperation.right, inputScope);
    const combined =
      query.setOperation.recursive === undefined
        ? planSetOperation(ctx, query.setOperation, left, right)
        : recursiveUnion(ctx, query, left, right);
    own.offsets.set(query.setOperation.entry, 0);
    width = combined.width;
    stage = (env) => combined.run(env.exec, isRecursive ? env : { exec: env.exec, row: [], outer: env });
  } else {
    const { source, conditions } = planFrom(ctx, query.from, query.where, own);
    const filters = conditions.map((c) => ctx.compiler.condition(c.expr, own));
    width = source?.width ?? 0;
    stage = (env) => filterStage(source === undefined ? oneRow() : source.run(env, []), filters, env);
  }
  if (query.grouped) {
    const aggregation = planAggregation(ctx, query, own, width, stage);
    stage = aggregation.stage;
    scope = aggregation.scope;
    width = aggregation.width;
    if (query.having !== undefined) {
      const having = ctx.compiler.condition(query.having, scope);
      const before = stage;
      stage = (env) => filterStage(before(env), [having], env);
    }
  }
  if (query.windows.length > 0) {
    const windows = planWindows(ctx, query.windows, scope, width, stage);
    stage = windows.stage;
    scope = windows.scope;
    width = windows.width;
  }
  return finish(ctx, query, scope, width, stage);
}

function* oneRow(): Rows {
  yield [];
}

function* filterStage(rows: Rows, filters: readonly ((row: Row, env: Env) => boolean)[], env: Env): Rows {
  let count = 0;
  for (const row of rows) {
    if (row === null) {
      yield null;
      continue;
    }
    if (++count % pauseEvery === 0) yield null;
    let isKept = true;
    for (const filter of filters) {
      if (!filter(row, env)) {
        isKept = false;
        break;
      }
    }
    if (isKept) yield row;
  }
}

interface LockSlot {
  readonly entry: RangeEntry;
  /** Where the rowid is in the row of FROM. */
  readonly from: number;
}

/** The tables whose rows FOR UPDATE and the like lock. */
function lockSlots(query: SelectQuery, scope: Scope): LockSlot[] {
  return query.locks.flatMap((lock) =>
    lock.entries.flatMap((entry) => {
      const offset = scope.offsets.get(entry);
      return offset === undefined || entry.kind !== "table"
        ? []
        : [{ entry, from: offset + rowidSlot(entry) }];
    }),
  );
}

/** Locks the rows in the order in which they come, behind ORDER BY and before LIMIT; leaves out what is skipped. */
function* lockRows(rows: Rows, slots: readonly LockSlot[], first: number, env: Env): Rows {
  const { lockRow } = env.exec;
  for (const row of rows) {
    if (row === null || lockRow === undefined) {
      yield row;
      continue;
    }
    let isLocked = true;
    for (const [i, { entry }] of slots.entries()) {
      const rowid = row[first + i];
      if (typeof rowid === "number" && !lockRow(entry, rowid)) isLocked = false;
    }
    if (isLocked) yield row;
  }
}

function orderOf(
  ctx: PlanContext,
  target: Target,
  slot: number,
  descending: boolean,
  nullsFirst: boolean,
): RowOrder {
  const { compare } = typeOps(ctx.catalog, target.expr.type);
  if (compare === undefined) throw new PgError("42883", "could not identify an ordering operator");
  return { slot, compare, descending, nullsFirst };
}

/** The target list, DISTINCT, ORDER BY, LIMIT. */
function finish(
  ctx: PlanContext,
  query: SelectQuery,
  scope: Scope,
  width: number,
  input: Stage,
): CompiledQuery {
  const { targets } = query;
  const hasSets = targets.some((target) => some(target.expr, (e) => e.kind === "func" && e.proc.returnsSet));
  const exprs = targets.map((target) => target.expr);
  const locked = hasSets ? [] : lockSlots(query, scope);
  if (hasSets && query.locks.length > 0) throw notSupported("FOR UPDATE with functions that return sets");
  let stage: Stage;
  if (hasSets) stage = projectSets(ctx, exprs, scope, width, input);
  else {
    const compiled = exprs.map((expr) => ctx.compiler.compile(expr, scope));
    // Rowids to lock are carried behind the targets.
    for (const { from } of locked) compiled.push((row) => row[from] ?? null);
    stage = (env) => project(input(env), compiled, env);
  }
  const visible = targets.map((target, i) => (target.junk ? -1 : i)).filter((i) => i >= 0);
  const orders = query.orderBy.map((item) =>
    orderOf(ctx, targets[item.target]!, item.target, item.descending, item.nullsFirst),
  );
  const limit = query.limit === undefined ? undefined : ctx.compiler.compile(query.limit, scope);
  const offset = query.offset === undefined ? undefined : ctx.compiler.compile(query.offset, scope);
  const distinct = distinctOf(ctx, query);
  const compare = orders.length === 0 ? undefined : compareRows(orders);
  const isPlainVisible = visible.length === targets.length && locked.length === 0;
  return {
    width: visible.length,
    *run(exec, outer) {
      const own: Env = outer ?? { exec, row: [], outer: undefined };
      const { skip, count } = limits(limit, offset, own, query.withTies);
      if (count === 0) return;
      let rows = stage(own);
      if (distinct !== undefined) rows = distinct(rows, own);
      if (compare !== undefined)
        rows = sorted(rows, compare, query.withTies || locked.length > 0 ? undefined : sum(skip, count));
      if (locked.length > 0) rows = lockRows(rows, locked, targets.length, own);
      rows = limited(rows, skip, count, query.withTies ? compare : undefined);
      if (isPlainVisible) yield* rows;
      else for (const row of rows) yield row === null ? null : visible.map((i) => row[i]!);
    },
  };
}

function sum(skip: number, count: number | undefined): number | undefined {
  return count === undefined ? undefined : skip + count;
}

function limits(
  limit: ((row: Row, env: Env) => Datum) | undefined,
  offset: ((row: Row, env: Env) => Datum) | undefined,
  env: Env,
  withTies: boolean,
): { skip: number; count: number | undefined } {
  const count = limit?.([], env) as bigint | null | undefined;
  const skip = offset?.([], env) as bigint | null | undefined;
  if (typeof count === "bigint" && count < 0n) throw new PgError("2201W", "LIMIT must not be negative");
  if (typeof skip === "bigint" && skip < 0n) throw new PgError("2201X", "OFFSET must not be negative");
  if (withTies && count === null)
    throw new PgError("22004", "row count cannot be null in FETCH FIRST ... WITH TIES clause");
  return {
    skip: Number(skip ?? 0n),
    count: count === undefined || count === null ? undefined : Number(count),
  };
}

function* project(rows: Rows, compiled: readonly ((row: Row, env: Env) => Datum)[], env: Env): Rows {
  const count = compiled.length;
  let done = 0;
  for (const row of rows) {
    if (row === null) {
      yield null;
      continue;
    }
    if (++done % pauseEvery === 0) yield null;
    const result: Row = new Array<Datum>(count);
    for (let i = 0; i < count; i++) result[i] = compiled[i]!(row, env);
    yield result;
  }
}

function* sorted(rows: Rows, compare: (a: Row, b: Row) => number, top: number | undefined): Rows {
  yield* top !== undefined && top < 10_000
    ? yield* topRows(rows, compare, top)
    : yield* sortRows(rows, compare);
}

function* limited(
  rows: Rows,
  skip: number,
  count: number | undefined,
  ties: ((a: Row, b: Row) => number) | undefined,
): Rows {
  let seen = 0;
  let last: Row | undefined;
  for (const row of rows) {
    if (row === null) {
      yield null;
      continue;
    }
    seen++;
    if (seen <= skip) continue;
    if (count !== undefined && seen > skip + count) {
      if (ties === undefined || last === undefined || ties(last, row) !== 0) return;
    }
    last = row;
    yield row;
    if (count !== undefined && ties === undefined && seen >= skip + count) return;
  }
}

type Distinct = (rows: Rows, env: Env) => Rows;

function distinctOf(ctx: PlanContext, query: SelectQuery): Distinct | undefined {
  const { distinct, targets } = query;
  if (distinct === undefined) return undefined;
  const slots =
    distinct === "all" ? targets.map((t, i) => (t.junk ? -1 : i)).filter((i) => i >= 0) : distinct;
  const keys = slots.map((slot) => ({ slot, key: typeOps(ctx.catalog, targets[slot]!.expr.type).key! }));
  const keyOf = (row: Row): string => {
    let text = "";
    for (const { slot, key } of keys) {
      const value = row[slot]!;
      if (value === null) text += "N";
      else {
        const shown = String(key(value));
        text += `${shown.length}:${shown}`;
      }
    }
    return text;
  };
  // DISTINCT ON keeps the first row of each group in the order of ORDER BY.
  const orders =
    distinct === "all"
      ? []
      : [
          ...query.orderBy.map((item) =>
            orderOf(ctx, targets[item.target]!, item.target, item.descending, item.nullsFirst),
          ),
        ];
  return function* (rows) {
    const input = orders.length === 0 ? rows : sorted(rows, compareRows(orders), undefined);
    const seen = new Set<string>();
    for (const row of input) {
      if (row === null) {
        yield null;
        continue;
      }
      const key = keyOf(row);
      if (seen.has(key)) continue;
      seen.add(key);
      yield row;
    }
  };
}
