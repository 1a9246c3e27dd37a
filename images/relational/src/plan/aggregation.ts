import type { Aggref, Expr, RangeEntry, SelectQuery } from "../analyse/expr.ts";
import { children, exprKey } from "../analyse/expr.ts";
import { builtinAggregates } from "../catalog/builtin.ts";
import {
  type Accumulator,
  type AggregateShape,
  aggregateOf,
  orderedSetOf,
} from "../functions/aggregate-registry.ts";
import type { FunctionRun } from "../functions/registry.ts";
import type { Compiled } from "../run/compiler.ts";
import { type Env, pauseEvery, type Rows } from "../run/exec.ts";
import { Scope } from "../run/scope.ts";
import type { Datum, Row } from "../types/datum.ts";
import { typeOps } from "../types/registry.ts";
import type { PlanContext } from "./context.ts";
import { compareRows, type RowOrder } from "./sort.ts";

type Stage = (env: Env) => Rows;

/** A group's row: its keys, then its aggregates, then which keys are grouped away, then one of its input rows' columns. */
export function planAggregation(
  ctx: PlanContext,
  query: SelectQuery,
  input: Scope,
  inputWidth: number,
  before: Stage,
): { stage: Stage; scope: Scope; width: number } {
  const { groupBy, groupingSets } = query;
  const keys = groupBy.map((expr) => ctx.compiler.compile(expr, input));
  const keyOps = groupBy.map((expr) => typeOps(ctx.catalog, expr.type).key!);
  const aggregates = query.aggregates.map((aggref) => planAggregate(ctx, aggref, input));
  const slots = new Map<string, number>();
  for (const [i, expr] of groupBy.entries()) slots.set(exprKey(expr), i);
  for (const [i, aggref] of query.aggregates.entries()) slots.set(`agg${aggref.ordinal}`, groupBy.length + i);
  const groupings = groupingExpressions(query, groupBy, slots, groupBy.length + aggregates.length);
  const sampleAt = groupBy.length + aggregates.length + groupings.length;
  const offsets = new Map<RangeEntry, number>();
  // Columns that depend on the keys are read from one row of the group.
  for (const [entry, offset] of input.offsets) offsets.set(entry, sampleAt + offset);
  const scope = new Scope(input.parent, offsets, slots);

  const sets = groupingSets ?? [groupBy.map((_, i) => i)];
  const stage: Stage = function* (env) {
    const groups = sets.map(() => new Map<string, Group>());
    const run = env.exec;
    let count = 0;
    for (const row of before(env)) {
      if (row === null) {
        yield null;
        continue;
      }
      if (++count % pauseEvery === 0) yield null;
      const values = keys.map((key) => key(row, env));
      const texts = values.map((value, i) => {
        if (value === null) return "N";
        const shown = String(keyOps[i]!(value));
        return `${shown.length}:${shown}`;
      });
      for (const [s, set] of sets.entries()) {
        const key = set.length === texts.length ? texts.join("") : set.map((i) => texts[i]!).join("");
        let group = groups[s]!.get(key);
        if (group === undefined) {
          group = { values, sample: row, states: aggregates.map((aggregate) => aggregate.begin(run)) };
          groups[s]!.set(key, group);
        }
        for (const [i, aggregate] of aggregates.entries()) aggregate.add(group.states[i]!, row, env);
      }
    }
    for (const [s, set] of sets.entries()) {
      const found = groups[s]!;
      // Without keys there is one group even of no rows.
      if (found.size === 0 && set.length === 0)
        found.set("", {
          values: keys.map(() => null),
          sample: [],
          states: aggregates.map((aggregate) => aggregate.begin(run)),
        });
      const present = new Set(set);
      for (const group of found.values()) {
        if (++count % pauseEvery === 0) yield null;
        const row: Row = group.values.map((value, i) => (present.has(i) ? value : null));
        for (const [i, aggregate] of aggregates.entries()) row.push(aggregate.end(group.states[i]!, env));
        for (const grouping of groupings) row.push(grouping(present));
        for (const value of group.sample) row.push(value);
        yield row;
      }
    }
  };
  return { stage, scope, width: sampleAt + inputWidth };
}

/** GROUPING(): for each use of it a slot, from `first` on, and what it is for a grouping set. */
function groupingExpressions(
  query: SelectQuery,
  groupBy: readonly Expr[],
  slots: Map<string, number>,
  first: number,
): ((present: ReadonlySet<number>) => number)[] {
  const found = new Map<string, Expr & { kind: "grouping" }>();
  const visit = (expr: Expr): void => {
    if (expr.kind === "grouping") found.set(exprKey(expr), expr);
    for (const child of children(expr)) visit(child);
    if (expr.kind === "window") {
      for (const part of expr.window.partitionBy) visit(part);
      for (const key of expr.window.orderBy) visit(key.expr);
    }
  };
  for (const target of query.targets) visit(target.expr);
  if (query.having !== undefined) visit(query.having);
  return [...found.values()].map((expr, i) => {
    slots.set(exprKey(expr), first + i);
    const positions = expr.args.map((arg) => groupBy.findIndex((key) => exprKey(key) === exprKey(arg)));
    return (present) => positions.reduce((mask, at) => mask * 2 + (present.has(at) ? 0 : 1), 0);
  });
}

interface Group {
  readonly values: Row;
  readonly sample: Row;
  readonly states: State[];
}

interface State {
  readonly accumulator: Accumulator | undefined;
  /** Rows kept for sorting or for ordered sets. */
  readonly rows: Row[] | undefined;
  readonly seen: Set<string> | undefined;
  readonly sampleRow: Row[];
}

export interface PlannedAggregate {
  begin(run: FunctionRun): State;
  add(state: State, row: Row, env: Env): void;
  end(state: State, env: Env): Datum;
}

export function planAggregate(ctx: PlanContext, aggref: Aggref, input: Scope): PlannedAggregate {
  const { compiler, catalog } = ctx;
  const args = aggref.args.map((arg) => compiler.compile(arg, input));
  const filter = aggref.filter === undefined ? undefined : compiler.condition(aggref.filter, input);
  const kind = builtinAggregates.get(aggref.proc.oid)?.kind ?? "n";
  const shape: AggregateShape = {
    catalog,
    argTypes: aggref.args.map((arg) => arg.type),
    resultType: aggref.type,
    collation: aggref.collation ?? 0,
    run: undefined as unknown as FunctionRun,
  };
  const keyFunctions = aggref.distinct ? aggref.args.map((arg) => typeOps(catalog, arg.type).key!) : [];
  const keyOf = (values: Row): string =>
    values
      .map((value, i) => {
        if (value === null) return "N";
        const shown = String(keyFunctions[i]!(value));
        return `${shown.length}:${shown}`;
      })
      .join("");
  if (kind !== "n") return orderedSet(ctx, aggref, input, args, filter, shape);
  const make = aggregateOf(aggref.proc);
  const sortExprs: Compiled[] = aggref.orderBy.map((key) => compiler.compile(key.expr, input));
  let orders: RowOrder[] = aggref.orderBy.map((key, i) => ({
    slot: args.length + i,
    compare: typeOps(catalog, key.expr.type).compare!,
    descending: key.descending,
    nullsFirst: key.nullsFirst,
  }));
  // DISTINCT sorts by the arguments, after what ORDER BY says.
  if (aggref.distinct) {
    const more = aggref.args.map((arg, slot) => ({
      slot,
      compare: typeOps(catalog, arg.type).compare,
      descending: false,
      nullsFirst: false,
    }));
    orders = [...orders, ...more.filter((order): order is RowOrder => order.compare !== undefined)];
  }
  const compare = orders.length === 0 ? undefined : compareRows(orders);
  return {
    begin: (run) => {
      shape.run = run;
      return {
        accumulator: make({ ...shape, run }),
        rows: compare === undefined ? undefined : [],
        seen: aggref.distinct ? new Set() : undefined,
        sampleRow: [],
      };
    },
    add: (state, row, env) => {
      if (filter !== undefined && !filter(row, env)) return;
      const values = args.map((arg) => arg(row, env));
      if (state.seen !== undefined) {
        const key = keyOf(values);
        if (state.seen.has(key)) return;
        state.seen.add(key);
      }
      if (state.rows === undefined) state.accumulator!.add(values);
      else state.rows.push([...values, ...sortExprs.map((expr) => expr(row, env))]);
    },
    end: (state) => {
      if (state.rows !== undefined) {
        state.rows.sort(compare);
        for (const row of state.rows) state.accumulator!.add(row.slice(0, args.length));
      }
      return state.accumulator!.result();
    },
  };
}

function orderedSet(
  ctx: PlanContext,
  aggref: Aggref,
  input: Scope,
  args: readonly Compiled[],
  filter: ((row: Row, env: Env) => boolean) | undefined,
  shape: AggregateShape,
): PlannedAggregate {
  const result = orderedSetOf(aggref.proc);
  const direct = aggref.direct.map((expr) => ctx.compiler.compile(expr, input));
  const compare = compareRows(
    aggref.orderBy.map((key, slot) => ({
      slot,
      compare: typeOps(ctx.catalog, key.expr.type).compare!,
      descending: key.descending,
      nullsFirst: key.nullsFirst,
    })),
  );
  return {
    begin: (run) => {
      shape.run = run;
      return { accumulator: undefined, rows: [], seen: undefined, sampleRow: [] };
    },
    add: (state, row, env) => {
      if (filter !== undefined && !filter(row, env)) return;
      if (state.sampleRow.length === 0) state.sampleRow.push(row);
      state.rows!.push(args.map((arg) => arg(row, env)));
    },
    end: (state, env) => {
      const given = direct.map((expr) => expr(state.sampleRow[0] ?? [], env) ?? null);
      state.rows!.sort(compare);
      return result(given, state.rows!, (a, b) => compare(a as Row, b as Row), shape);
    },
  };
}
