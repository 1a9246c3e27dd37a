import { PgError } from "../errors.ts";
import { at, type Node, type pg } from "../parse/ast.ts";
import { oid } from "../types/oids.ts";
import type { AnalyseExpr, Analyser } from "./analyser.ts";
import { coerceToTarget, resolveUnknown } from "./coerce.ts";
import type { Level } from "./context.ts";
import type { Expr, FrameBound, SortKey, WindowDefinition, WindowFrame } from "./expr.ts";
import { findOperator } from "./resolve-operator.ts";
import { requireEquality, sortKeyOf } from "./sort-keys.ts";

const frame = {
  nonDefault: 0x1,
  range: 0x2,
  rows: 0x4,
  groups: 0x8,
  between: 0x10,
  startUnboundedPreceding: 0x20,
  endUnboundedPreceding: 0x40,
  startUnboundedFollowing: 0x80,
  endUnboundedFollowing: 0x100,
  startCurrent: 0x200,
  endCurrent: 0x400,
  startPreceding: 0x800,
  endPreceding: 0x1000,
  startFollowing: 0x2000,
  endFollowing: 0x4000,
  excludeCurrent: 0x8000,
  excludeGroup: 0x10000,
  excludeTies: 0x20000,
} as const;

/** An OVER clause or a WINDOW definition. */
export function analyseWindow(
  a: Analyser,
  level: Level,
  node: pg.WindowDef,
  analyse: AnalyseExpr,
): WindowDefinition {
  const location = at(node.location);
  const isReference = node.name !== undefined && node.name !== "";
  const baseName = isReference ? node.name : node.refname;
  let base: WindowDefinition | undefined;
  if (baseName !== undefined && baseName !== "") {
    base = level.namedWindows.get(baseName);
    if (base === undefined) throw new PgError("42704", `window "${baseName}" does not exist`, {}, location);
    if (isReference) return base;
  }
  const { place } = level;
  level.place = "WINDOW";
  try {
    return define(a, level, node, base, baseName, location, analyse);
  } finally {
    level.place = place;
  }
}

export function define(
  a: Analyser,
  level: Level,
  node: pg.WindowDef,
  base: WindowDefinition | undefined,
  baseName: string | undefined,
  location: number | undefined,
  analyse: AnalyseExpr,
): WindowDefinition {
  const { ctx } = a;
  const expr = (n: Node) => resolveUnknown(ctx, analyse(a, level, n));
  let partitionBy = ((node.partitionClause ?? []) as Node[]).map(expr);
  let orderBy = ((node.orderClause ?? []) as Node[]).map(
    (sort): SortKey => sortKeyOf(ctx, sort.SortBy!, expr(sort.SortBy!.node as Node)),
  );
  for (const key of partitionBy) requireEquality(ctx, key);
  if (base !== undefined) {
    if (partitionBy.length > 0)
      throw new PgError("42P20", `cannot override PARTITION BY clause of window "${baseName}"`, {}, location);
    if (orderBy.length > 0 && base.orderBy.length > 0)
      throw new PgError("42P20", `cannot override ORDER BY clause of window "${baseName}"`, {}, location);
    if (base.frame.explicit)
      throw new PgError(
        "42P20",
        `cannot copy window "${baseName}" because it has a frame clause`,
        {},
        location,
      );
    partitionBy = [...base.partitionBy];
    if (orderBy.length === 0) orderBy = [...base.orderBy];
  }
  return { partitionBy, orderBy, frame: frameOf(a, level, node, orderBy, location, analyse) };
}

function frameOf(
  a: Analyser,
  level: Level,
  node: pg.WindowDef,
  orderBy: readonly SortKey[],
  location: number | undefined,
  analyse: AnalyseExpr,
): WindowFrame {
  const options = node.frameOptions ?? 0;
  const has = (bit: number) => (options & bit) !== 0;
  const mode = has(frame.rows) ? "rows" : has(frame.groups) ? "groups" : "range";
  const exclude = has(frame.excludeCurrent)
    ? "current"
    : has(frame.excludeGroup)
      ? "group"
      : has(frame.excludeTies)
        ? "ties"
        : "none";
  const offsets = has(frame.startPreceding | frame.startFollowing | frame.endPreceding | frame.endFollowing);
  if (mode === "range" && offsets && orderBy.length !== 1) {
    throw new PgError(
      "42P20",
      "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column",
      {},
      location,
    );
  }
  if (mode === "groups" && orderBy.length === 0)
    throw new PgError("42P20", "GROUPS mode requires an ORDER BY clause", {}, location);
  let inRange: WindowFrame["inRange"];
  const offset = (n: pg.Node | undefined): Expr => {
    const expr = analyse(a, level, n as Node);
    if (mode !== "range") {
      const coerced = coerceToTarget(a.ctx, expr, oid.int8, -1, "assignment", "implicit");
      if (coerced === undefined) {
        throw new PgError(
          "42804",
          `argument of ${mode.toUpperCase()} must be type bigint, not type ${a.ctx.formatType(expr.type)}`,
          {},
          expr.location,
        );
      }
      return coerced;
    }
    const found = rangeOffset(a, orderBy[0]!.expr, expr, location);
    inRange = found.inRange;
    return found.offset;
  };
  const bound = (start: boolean): FrameBound => {
    if (has(start ? frame.startUnboundedPreceding : frame.endUnboundedPreceding))
      return { kind: "unboundedPreceding" };
    if (has(start ? frame.startUnboundedFollowing : frame.endUnboundedFollowing))
      return { kind: "unboundedFollowing" };
    if (has(start ? frame.startPreceding : frame.endPreceding))
      return { kind: "preceding", offset: offset(start ? node.startOffset : node.endOffset) };
    if (has(start ? frame.startFollowing : frame.endFollowing))
      return { kind: "following", offset: offset(start ? node.startOffset : node.endOffset) };
    if (has(start ? frame.startCurrent : frame.endCurrent)) return { kind: "current" };
    return start ? { kind: "unboundedPreceding" } : { kind: "current" };
  };
  const start = bound(true);
  const end = bound(false);
  return {
    mode,
    start,
    end,
    exclude,
    explicit: has(frame.nonDefault),
    ...(inRange === undefined ? {} : { inRange }),
  };
}

/** RANGE frames add and subtract the offset: with the operators that the ordering column's type has. */
function rangeOffset(
  a: Analyser,
  column: Expr,
  given: Expr,
  location: number | undefined,
): { offset: Expr; inRange: WindowFrame["inRange"] } {
  const { ctx } = a;
  const base = ctx.base(column.type).oid;
  const wanted: Readonly<Record<number, readonly number[]>> = {
    [oid.int2]: [oid.int8, oid.int4, oid.int2],
    [oid.int4]: [oid.int8, oid.int4, oid.int2],
    [oid.int8]: [oid.int8],
    [oid.float4]: [oid.float8],
    [oid.float8]: [oid.float8],
    [oid.numeric]: [oid.numeric],
    [oid.date]: [oid.interval],
    [oid.timestamp]: [oid.interval],
    [oid.timestamptz]: [oid.interval],
    [oid.interval]: [oid.interval],
    [oid.time]: [oid.interval],
    [oid.timetz]: [oid.interval],
  };
  const choices = wanted[base];
  if (choices === undefined) {
    throw new PgError(
      "0A000",
      `RANGE with offset PRECEDING/FOLLOWING is not supported for column type ${ctx.formatType(column.type)}`,
      {},
      location,
    );
  }
  const type = choices.includes(given.type)
    ? given.type
    : choices.length > 1 && given.type !== oid.unknown
      ? undefined
      : choices[choices.length > 1 ? 1 : 0];
  const offset =
    type === undefined ? undefined : coerceToTarget(ctx, given, type, -1, "implicit", "implicit");
  if (offset === undefined) {
    throw new PgError(
      "0A000",
      `RANGE with offset PRECEDING/FOLLOWING is not supported for column type ${ctx.formatType(column.type)} and offset type ${ctx.formatType(given.type)}`,
      { hint: "Cast the offset value to an appropriate type." },
      given.location,
    );
  }
  const add = findOperator(ctx, "+", base, offset.type);
  const subtract = findOperator(ctx, "-", base, offset.type);
  if (typeof add === "string" || typeof subtract === "string")
    throw new PgError(
      "0A000",
      `RANGE with offset is not supported for column type ${ctx.formatType(column.type)}`,
      {},
      location,
    );
  return { offset, inRange: { add: ctx.proc(add.proc), subtract: ctx.proc(subtract.proc) } };
}
