import type { Expr, RangeEntry } from "../analyse/expr.ts";
import type { Relation } from "../catalog/model.ts";
import { attnumsIn, leavesOf } from "../catalog/partitions.ts";
import type { Compiled } from "../run/compiler.ts";
import type { Env } from "../run/exec.ts";
import { entryWidth, Scope } from "../run/scope.ts";
import type { Source } from "../run/source.ts";
import type { Row } from "../types/datum.ts";
import type { Conjunct } from "./conjuncts.ts";
import type { PlanContext } from "./context.ts";
import { type KeyTest, PartitionLevel } from "./partition-bounds.ts";

/** A comparison of a partition key's column with what is known before the scan. */
interface KeyFilter {
  readonly attnum: number;
  readonly operator: string;
  readonly value: Compiled;
}

/** Reads a partitioned table: one partition after the other, those left out that cannot have what is looked for. */
export function partitionedScan(
  ctx: PlanContext,
  entry: RangeEntry,
  start: number,
  filters: readonly Conjunct[],
  own: Scope,
  outside: Scope,
  scanOf: (leaf: Relation) => Source,
): Source {
  const relation = entry.relation!;
  const leaves = leavesOf(ctx.catalog, relation).map((leaf) => ({ leaf, source: scanOf(leaf) }));
  const keyFilters = ctx.pushdown ? filters.flatMap((filter) => keyFilter(ctx, entry, filter, outside)) : [];
  const scope = new Scope(own.parent, new Map([[entry, 0]]));
  const conditions = filters.map((filter) => ctx.compiler.condition(filter.expr, scope));
  return {
    start,
    width: entryWidth(entry),
    entries: [entry],
    isLateral: false,
    estimate: leaves.reduce((sum, { source }) => sum + (source.estimate ?? 1000), 0),
    *run(env, prefix) {
      const frozen = env.exec.frozen.get(relation.oid);
      if (frozen !== undefined) {
        for (const row of frozen) if (conditions.every((holds) => holds(row, env))) yield row;
        return;
      }
      const isWanted = pruning(ctx, relation, keyFilters, env, prefix);
      for (const { leaf, source } of leaves) if (isWanted(leaf)) yield* source.run(env, prefix);
    },
    lookups: [],
  };
}

const mirrored: Readonly<Record<string, string>> = { "=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<=" };

function keyFilter(
  ctx: PlanContext,
  entry: RangeEntry,
  { expr, isVolatile, entries }: Conjunct,
  outside: Scope,
): KeyFilter[] {
  if (isVolatile || expr.kind !== "func" || expr.args.length !== 2) return [];
  const { operator } = expr;
  if (operator === undefined || mirrored[operator] === undefined || entries.size !== 1) return [];
  const [a, b] = expr.args as [Expr, Expr];
  const isKey = (e: Expr) => e.kind === "var" && e.entry === entry && e.levelsUp === 0 && e.attnum > 0;
  const isPlain = (e: Expr) => e.kind === "const" || e.kind === "param" || isOuter(e);
  const of = (column: Expr, value: Expr, op: string): KeyFilter[] =>
    column.kind === "var" && isKey(column) && isPlain(value) && column.type === value.type
      ? [{ attnum: column.attnum, operator: op, value: ctx.compiler.compile(value, outside) }]
      : [];
  return [...of(a, b, operator), ...of(b, a, mirrored[operator]!)];
}

function isOuter(expr: Expr): boolean {
  return expr.kind === "var" && expr.levelsUp > 0;
}

/** Which leaves a scan comes to, now that the values are known. */
function pruning(
  ctx: PlanContext,
  root: Relation,
  filters: readonly KeyFilter[],
  env: Env,
  prefix: Row,
): (leaf: Relation) => boolean {
  if (filters.length === 0) return () => true;
  const known = filters.map(({ attnum, operator, value }) => ({
    attnum,
    operator,
    value: value(prefix, env),
  }));
  // Nothing is true of NULL.
  if (known.some(({ value }) => value === null)) return () => false;
  const testsOf = (level: Relation): KeyTest[][] => {
    const there = attnumsIn(root, level);
    return level.partitionBy!.keys.map(({ attnum }) =>
      attnum === 0 ? [] : known.filter((test) => there.get(test.attnum) === attnum),
    );
  };
  const isReached = (relation: Relation): boolean => {
    if (relation.oid === root.oid) return true;
    const parent = ctx.catalog.get("relation", relation.partitionOf!.parent)!;
    return PartitionLevel.of(ctx.catalog, parent).mayHold(relation, testsOf(parent)) && isReached(parent);
  };
  return isReached;
}
