import type { Expr, SortKey, WindowDefinition, WindowFunc } from "../analyse/expr.ts";
import { exprKey } from "../analyse/expr.ts";
import { PgError } from "../errors.ts";
import { aggregateOf } from "../functions/aggregate-registry.ts";
import { callOf } from "../functions/calls.ts";
import { type WindowCall, windowFunctionOf } from "../functions/window-functions.ts";
import type { Compiled } from "../run/compiler.ts";
import { type Env, pauseEvery, type Rows } from "../run/exec.ts";
import { Scope } from "../run/scope.ts";
import type { Datum, Row } from "../types/datum.ts";
import { Interval } from "../types/interval-value.ts";
import { Numeric } from "../types/numeric.ts";
import { typeOps } from "../types/registry.ts";
import type { PlanContext } from "./context.ts";
import { compareRows, sortRows } from "./sort.ts";
import { FrameReader, type FrameRow } from "./window-frames.ts";

type Stage = (env: Env) => Rows;

/** One pass for each different window, over rows sorted by it. */
export function planWindows(
  ctx: PlanContext,
  functions: readonly WindowFunc[],
  input: Scope,
  width: number,
  before: Stage,
): { stage: Stage; scope: Scope; width: number } {
  const slots = new Map(input.slots);
  const scope = new Scope(input.parent, input.offsets, slots);
  const groups = new Map<string, { window: WindowDefinition; functions: WindowFunc[] }>();
  for (const fn of functions) {
    const key = sortText(fn.window);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { window: fn.window, functions: [fn] });
    else group.functions.push(fn);
  }
  let stage = before;
  let slot = width;
  for (const { window, functions: list } of groups.values()) {
    const planned = list.map((fn) => planFunction(ctx, fn, input, slot + list.indexOf(fn)));
    stage = windowStage(ctx, window, planned, input, stage);
    for (const fn of list) slots.set(exprKey(fn), slot++);
  }
  return { stage, scope, width: slot };
}

function sortText(window: WindowDefinition): string {
  const keys = window.orderBy.map((key) => `${exprKey(key.expr)}${key.descending}${key.nullsFirst}`);
  return `${window.partitionBy.map(exprKey).join()}/${keys.join()}`;
}

interface PlannedFunction {
  readonly slot: number;
  run(
    partition: readonly FrameRow[],
    env: Env,
    isPeer: (a: number, b: number) => boolean,
    keyOf: (at: number) => Datum,
  ): Generator<null, void, void>;
}

function windowStage(
  ctx: PlanContext,
  window: WindowDefinition,
  functions: readonly PlannedFunction[],
  input: Scope,
  before: Stage,
): Stage {
  const compile = (expr: Expr) => ctx.compiler.compile(expr, input);
  const partition = window.partitionBy.map((expr) => ({
    value: compile(expr),
    ops: typeOps(ctx.catalog, expr.type),
  }));
  const order = window.orderBy.map((key: SortKey) => ({
    key,
    value: compile(key.expr),
    ops: typeOps(ctx.catalog, key.expr.type),
  }));
  const compare = compareRows([
    ...partition.map(({ ops }, slot) => ({
      slot,
      compare: ops.compare!,
      descending: false,
      nullsFirst: false,
    })),
    ...order.map(({ key, ops }, i) => ({
      slot: partition.length + i,
      compare: ops.compare!,
      descending: key.descending,
      nullsFirst: key.nullsFirst,
    })),
  ]);
  const partitionCompare = compareRows(
    partition.map(({ ops }, slot) => ({ slot, compare: ops.compare!, descending: false, nullsFirst: false })),
  );
  return function* (env) {
    const keyed = function* (): Rows {
      let count = 0;
      for (const row of before(env)) {
        if (row === null) {
          yield null;
          continue;
        }
        if (++count % pauseEvery === 0) yield null;
        const keys: Row = [
          ...partition.map(({ value }) => value(row, env)),
          ...order.map(({ value }) => value(row, env)),
        ];
        // A row of its own: the values of the functions are put behind it.
        keys.push(row.slice() as unknown as Datum);
        yield keys;
      }
    };
    const sorted = yield* sortRows(keyed(), compare);
    const rowAt = partition.length + order.length;
    let from = 0;
    while (from < sorted.length) {
      let to = from + 1;
      while (to < sorted.length && partitionCompare(sorted[from]!, sorted[to]!) === 0) to++;
      const rows = sorted
        .slice(from, to)
        .map((keys): FrameRow => ({ keys, row: keys[rowAt] as unknown as Row }));
      const isPeer = (a: number, b: number) =>
        order.length === 0 || compare(rows[a]!.keys, rows[b]!.keys) === 0;
      for (const fn of functions)
        yield* fn.run(rows, env, isPeer, (at) => rows[at]!.keys[partition.length] ?? null);
      for (const { row } of rows) yield row;
      from = to;
    }
  };
}

function planFunction(ctx: PlanContext, fn: WindowFunc, input: Scope, slot: number): PlannedFunction {
  const { compiler, catalog } = ctx;
  const args = fn.args.map((arg) => compiler.compile(arg, input));
  const filter = fn.filter === undefined ? undefined : compiler.condition(fn.filter, input);
  const frames = frameMaker(ctx, fn, input);
  if (fn.proc.kind === "w") {
    const implementation = windowFunctionOf(fn.proc);
    return {
      slot,
      *run(partition, env, isPeer, keyOf) {
        const frame = frames(partition, env, isPeer, keyOf);
        const call: WindowCall = {
          size: partition.length,
          at: 0,
          isPeer,
          args: (at) => args.map((arg) => arg(partition[at]!.row, env)),
          frame: () => frame.rowsOf(call.at),
          state: undefined,
        };
        for (let at = 0; at < partition.length; at++) {
          if (at % pauseEvery === 0) yield null;
          call.at = at;
          partition[at]!.row[slot] = implementation(call);
        }
      },
    };
  }
  const make = aggregateOf(fn.proc);
  const shape = {
    catalog,
    argTypes: fn.args.map((arg) => arg.type),
    resultType: fn.type,
    collation: fn.collation ?? 0,
  };
  return {
    slot,
    *run(partition, env, isPeer, keyOf) {
      const frame = frames(partition, env, isPeer, keyOf);
      const add = (accumulator: { add(values: readonly Datum[]): void }, at: number) => {
        const { row } = partition[at]!;
        if (filter !== undefined && !filter(row, env)) return;
        accumulator.add(args.map((arg: Compiled) => arg(row, env)));
      };
      // A frame that only grows is added to; any other is computed anew, unless it is the one before.
      let accumulator = make({ ...shape, run: env.exec });
      let start = 0;
      let end = 0;
      let isFresh = true;
      let last: Datum = null;
      const results: Datum[] = [];
      for (let at = 0; at < partition.length; at++) {
        if (at % 64 === 0) yield null;
        if (frame.excludes) {
          accumulator = make({ ...shape, run: env.exec });
          for (const i of frame.rowsOf(at)) add(accumulator, i);
          results.push(accumulator.result());
          continue;
        }
        const bounds = frame.boundsOf(at);
        if (bounds.start !== start || bounds.end < end) {
          accumulator = make({ ...shape, run: env.exec });
          start = bounds.start;
          end = start;
          isFresh = true;
        }
        if (bounds.end > end || isFresh) {
          for (; end < bounds.end; end++) add(accumulator, end);
          last = accumulator.result();
          isFresh = false;
        }
        results.push(last);
      }
      for (const [at, value] of results.entries()) partition[at]!.row[slot] = value;
    },
  };
}

function frameMaker(ctx: PlanContext, fn: WindowFunc, input: Scope) {
  const { frame, orderBy } = fn.window;
  const outer = new Scope(input.parent, input.offsets, input.slots);
  const offsetOf = (bound: typeof frame.start) =>
    bound.kind === "preceding" || bound.kind === "following"
      ? ctx.compiler.compile(bound.offset, outer)
      : undefined;
  const start = offsetOf(frame.start);
  const end = offsetOf(frame.end);
  const [key] = orderBy;
  const compare = key === undefined ? undefined : typeOps(ctx.catalog, key.expr.type).compare;
  const shapes = (proc: NonNullable<typeof frame.inRange>["add"], offset: Expr) =>
    callOf(ctx.catalog, { proc, argTypes: [key!.expr.type, offset.type], type: proc.result });
  const anyOffset = [frame.start, frame.end].find((b) => b.kind === "preceding" || b.kind === "following");
  const shift =
    frame.inRange === undefined || anyOffset === undefined || !("offset" in anyOffset)
      ? undefined
      : {
          add: shapes(frame.inRange.add, anyOffset.offset),
          subtract: shapes(frame.inRange.subtract, anyOffset.offset),
        };
  return (
    partition: readonly FrameRow[],
    env: Env,
    isPeer: (a: number, b: number) => boolean,
    keyOf: (at: number) => Datum,
  ) => {
    const value = (compiled: Compiled | undefined, word: string): Datum => {
      if (compiled === undefined) return null;
      const offset = compiled(partition[0]?.row ?? [], env);
      if (offset === null) throw new PgError("22004", `frame ${word} offset must not be null`);
      if (isNegative(offset))
        throw new PgError(
          "22013",
          frame.mode === "range"
            ? "invalid preceding or following size in window function"
            : `frame ${word} offset must not be negative`,
        );
      return offset;
    };
    return new FrameReader(
      frame,
      partition.length,
      isPeer,
      { start: value(start, "starting"), end: value(end, "ending") },
      shift === undefined || key === undefined || compare === undefined
        ? undefined
        : {
            keyOf,
            descending: key.descending,
            nullsFirst: key.nullsFirst,
            compare,
            add: (a, b) => shift.add([a, b], env.exec),
            subtract: (a, b) => shift.subtract([a, b], env.exec),
          },
    );
  };
}

function isNegative(value: Datum): boolean {
  if (typeof value === "number" || typeof value === "bigint") return value < 0;
  if (value instanceof Numeric) return value.sign < 0;
  return value instanceof Interval && value.span < 0n;
}
