import type { RangeEntry, RowLock, SelectQuery, Target } from "../analyse/expr.ts";
import { some } from "../analyse/expr.ts";
import { lockWords } from "../analyse/row-locks.ts";
import { notSupported, PgError } from "../errors.ts";
import { type Env, type Exec, pauseEvery, type Rows } from "../run/exec.ts";
import { lastAttnum, Scope } from "../run/scope.ts";
import type { Datum, Row } from "../types/datum.ts";
import { typeOps } from "../types/registry.ts";
import { planAggregation } from "./aggregation.ts";
import type { CompiledQuery, PlanContext } from "./context.ts";
import { isCorrelatedCte } from "./correlation.ts";
import { recursiveUnion } from "./ctes.ts";
import { planFrom } from "./from.ts";
import { LateValue } from "./late-values.ts";
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
        : recursiveUnion(ctx, query, left, right, parent);
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
  readonly lock: RowLock;
  readonly entry: RangeEntry;
  /** Where the rowid is in the row of FROM. */
  readonly from: number;
}

const strengths: readonly RowLock["strength"][] = ["keyShare", "share", "noKeyUpdate", "update"];
const waits: readonly RowLock["wait"][] = ["block", "skip", "error"];

/** Of two clauses for one table the stronger holds, and the one that waits less. */
function stronger(a: RowLock, b: RowLock): RowLock {
  const strength = strengths.indexOf(a.strength) > strengths.indexOf(b.strength) ? a.strength : b.strength;
  const wait = waits.indexOf(a.wait) > waits.indexOf(b.wait) ? a.wait : b.wait;
  return { ...a, strength, wait };
}

/** Where the rowids of an entry's tables are in the row of FROM. */
function rowidsOf(entry: RangeEntry, scope: Scope): { entry: RangeEntry; from: number }[] {
  const offset = scope.offsets.get(entry);
  if (offset === undefined) throw new PgError("XX000", "a table to lock is not in FROM");
  const first = offset + lastAttnum(entry);
  const tables = entry.kind === "table" ? [entry] : (entry.carried ?? []);
  return tables.map((table, i) => ({ entry: table, from: first + i }));
}

/** The tables whose rows FOR UPDATE and the like lock. */
function lockSlots(query: SelectQuery, scope: Scope): LockSlot[] {
  const slots = new Map<RangeEntry, LockSlot>();
  for (const lock of query.locks)
    for (const { entry, from } of lock.entries.flatMap((item) => rowidsOf(item, scope))) {
      const known = slots.get(entry)?.lock;
      slots.set(entry, { lock: known === undefined ? lock : stronger(known, lock), entry, from });
    }
  return [...slots.values()];
}

/** Where the rowids are that the query around wants to lock. */
function carriedSlots(query: SelectQuery, scope: Scope): number[] {
  const places = new Map<RangeEntry, number>();
  for (const entry of scope.offsets.keys())
    for (const { entry: table, from } of rowidsOf(entry, scope)) places.set(table, from);
  return (query.carries ?? []).map((entry) => places.get(entry)!);
}

/** Locks the rows in the order in which they come, behind ORDER BY and before LIMIT; leaves out what is skipped. */
function* lockRows(rows: Rows, slots: readonly LockSlot[], first: number, env: Env): Rows {
  const { lockRow } = env.exec;
  for (const row of rows) {
    if (row === null) {
      yield row;
      continue;
    }
    if (lockRow === undefined) throw notSupported(`${lockWords[slots[0]!.lock.strength]} in this place`);
    let isLocked = true;
    for (const [i, { lock, entry }] of slots.entries()) {
      const rowid = row[first + i];
      if ((typeof rowid === "number" || typeof rowid === "string") && !lockRow(lock, entry, rowid))
        isLocked = false;
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
  const locked = lockSlots(query, scope);
  const carried = query.carries === undefined ? [] : carriedSlots(query, scope);
  if (hasSets && locked.length + carried.length > 0)
    throw notSupported("FOR UPDATE with functions that return sets");
  ctx.locks.push(...query.locks);
  let stage: Stage;
  let lateStage: ((env: Env, places: ReadonlySet<number>) => Rows) | undefined;
  if (hasSets) stage = projectSets(ctx, exprs, scope, width, input);
  else {
    const compiled = exprs.map((expr) => ctx.compiler.compile(expr, scope));
    // Rowids to lock are carried behind the targets.
    for (const from of [...locked.map((slot) => slot.from), ...carried])
      compiled.push((row) => row[from] ?? null);
    stage = (env) => project(input(env), compiled, env);
    const isPlain = targets.every(({ junk }) => !junk) && locked.length + carried.length === 0;
    if (isPlain && query.orderBy.length === 0 && query.distinct === undefined)
      lateStage = (env, places) => project(input(env), lately(compiled, places), env);
  }
  const visible = targets.map((target, i) => (target.junk ? -1 : i)).filter((i) => i >= 0);
  for (const i of carried.keys()) visible.push(targets.length + locked.length + i);
  const orders = query.orderBy.map((item) =>
    orderOf(ctx, targets[item.target]!, item.target, item.descending, item.nullsFirst),
  );
  const limit = query.limit === undefined ? undefined : ctx.compiler.compile(query.limit, scope);
  const offset = query.offset === undefined ? undefined : ctx.compiler.compile(query.offset, scope);
  const distinct = distinctOf(ctx, query);
  const compare = orders.length === 0 ? undefined : compareRows(orders);
  const isPlainVisible = visible.length === targets.length && locked.length === 0;
  const show = (row: Row): Row => visible.map((i) => row[i]!);
  const remade = query.ctes.filter(isCorrelatedCte);
  const run = function* (
    exec: Exec,
    outer: Env | undefined,
    holds: ((row: Row) => boolean) | undefined,
    late?: ReadonlySet<number>,
  ): Rows {
    const own: Env = outer ?? { exec, row: [], outer: undefined };
    // They are made anew for each row of the query around.
    for (const cte of remade) exec.ctes.delete(cte);
    const { skip, count } = limits(limit, offset, own, query.withTies);
    if (count === 0) return;
    let rows = late === undefined ? stage(own) : lateStage!(own, late);
    if (distinct !== undefined) rows = distinct(rows, own);
    if (compare !== undefined)
      rows = sorted(rows, compare, query.withTies || locked.length > 0 ? undefined : sum(skip, count));
    if (holds !== undefined) rows = where(rows, (row) => holds(show(row)));
    if (locked.length > 0) rows = lockRows(rows, locked, targets.length, own);
    rows = limited(rows, skip, count, query.withTies ? compare : undefined);
    if (isPlainVisible) yield* rows;
    else for (const row of rows) yield row === null ? null : show(row);
  };
  const isLimited = limit !== undefined || offset !== undefined;
  return {
    width: visible.length,
    run: (exec, outer) => run(exec, outer, undefined),
    ...(locked.length > 0 && !isLimited && { runWhere: run }),
    ...(lateStage !== undefined && {
      runLate: (exec: Exec, outer: Env, places: ReadonlySet<number>) => run(exec, outer, undefined, places),
    }),
  };
}

/** Gives a value to come instead of the values in these places. */
function lately(
  compiled: readonly ((row: Row, env: Env) => Datum)[],
  places: ReadonlySet<number>,
): readonly ((row: Row, env: Env) => Datum)[] {
  return compiled.map((compute, i) =>
    places.has(i) ? (row, env) => new LateValue(compute, row, env) as never : compute,
  );
}

function* where(rows: Rows, holds: (row: Row) => boolean): Rows {
  for (const row of rows) if (row === null || holds(row)) yield row;
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
