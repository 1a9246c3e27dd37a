import { PgError } from "../errors.ts";
import { at, type Node, type pg } from "../parse/ast.ts";
import { oid } from "../types/oids.ts";
import { coerceToBoolean, resolveUnknown } from "./coerce.ts";
import { Level } from "./context.ts";
import { analyseWith } from "./ctes.ts";
import type { FromNode, OrderItem, SelectQuery, Target } from "./expr.ts";
import { analyseExpr } from "./expressions.ts";
import { type Analyser, analyseFrom } from "./from.ts";
import { analyseGrouping, checkGrouping } from "./grouping.ts";
import { analyseLimits, analyseOrderBy, findTarget } from "./ordering.ts";
import { analyseLocks } from "./row-locks.ts";
import { analyseSetOperation, analyseValues } from "./set-operations.ts";
import { requireEquality } from "./sort-keys.ts";
import { analyseTargets } from "./targets.ts";
import { define } from "./windows.ts";

/** A SELECT, VALUES or set operation. `wanted` is what a literal without a type becomes: INSERT lets it be the column's. */
export function analyseSelect(
  a: Analyser,
  node: pg.SelectStmt,
  parent: Level | undefined,
  options: { readonly keepUnknown?: boolean; readonly prepared?: Level } = {},
): SelectQuery {
  const level = options.prepared ?? new Level(parent);
  const ctes = analyseWith(a, level, node.withClause);
  if (node.intoClause !== undefined) throw new PgError("42601", "SELECT ... INTO is not allowed here");
  if (node.valuesLists !== undefined)
    return analyseValues(a, level, node, ctes, options.keepUnknown === true);
  if (node.op !== undefined && node.op !== "SETOP_NONE") return analyseSetOperation(a, level, node, ctes);
  return plainSelect(a, level, node, ctes, options.keepUnknown === true);
}

function plainSelect(
  a: Analyser,
  level: Level,
  node: pg.SelectStmt,
  ctes: SelectQuery["ctes"],
  keepUnknown: boolean,
): SelectQuery {
  const { ctx } = a;
  const from: FromNode[] = analyseFrom(a, level, (node.fromClause ?? []) as Node[]);
  for (const item of (node.windowClause ?? []) as Node[]) {
    const name = item.WindowDef?.name ?? "";
    if (level.namedWindows.has(name))
      throw new PgError("42P20", `window "${name}" is already defined`, {}, at(item.WindowDef?.location));
    level.place = "WINDOW";
    const base =
      item.WindowDef?.refname === undefined ? undefined : level.namedWindows.get(item.WindowDef.refname);
    if (item.WindowDef?.refname !== undefined && base === undefined)
      throw new PgError(
        "42704",
        `window "${item.WindowDef.refname}" does not exist`,
        {},
        at(item.WindowDef.location),
      );
    level.namedWindows.set(
      name,
      define(
        a,
        level,
        item.WindowDef!,
        base,
        item.WindowDef?.refname,
        at(item.WindowDef?.location),
        analyseExpr,
      ),
    );
  }
  level.place = "SELECT";
  const targets: Target[] = analyseTargets(a, level, (node.targetList ?? []) as Node[]);
  level.place = "WHERE";
  const where =
    node.whereClause === undefined
      ? undefined
      : coerceToBoolean(ctx, analyseExpr(a, level, node.whereClause as Node), "WHERE");
  level.place = "HAVING";
  const having =
    node.havingClause === undefined
      ? undefined
      : coerceToBoolean(ctx, analyseExpr(a, level, node.havingClause as Node), "HAVING");
  if (!keepUnknown) for (let i = 0; i < targets.length; i++) targets[i] = resolved(a, targets[i]!);
  const orderBy = analyseOrderBy(a, level, (node.sortClause ?? []) as Node[], targets);
  const grouping = analyseGrouping(a, level, node, targets);
  const distinct = analyseDistinct(a, level, node, targets, orderBy);
  const limits = analyseLimits(a, level, node);
  const grouped = grouping !== undefined || level.aggregates.length > 0 || having !== undefined;
  if (grouped) {
    checkGrouping(a, level, {
      targets,
      having,
      groupBy: grouping?.exprs ?? [],
      windows: level.windows,
    });
  }
  const query: SelectQuery = {
    command: "select",
    ctes,
    from,
    where,
    targets,
    grouped,
    groupBy: grouping?.exprs ?? [],
    groupingSets: grouping?.sets,
    having,
    aggregates: level.aggregates,
    windows: level.windows,
    distinct,
    orderBy,
    ...limits,
    locks: [],
    targetSets: level.sets,
  };
  query.locks.push(...analyseLocks(level, node, query));
  return query;
}

function resolved(a: Analyser, target: Target): Target {
  return target.expr.type === oid.unknown ? { ...target, expr: resolveUnknown(a.ctx, target.expr) } : target;
}

function analyseDistinct(
  a: Analyser,
  level: Level,
  node: pg.SelectStmt,
  targets: Target[],
  orderBy: readonly OrderItem[],
): SelectQuery["distinct"] {
  if (node.distinctClause === undefined) return undefined;
  const nodes = node.distinctClause as Node[];
  if (nodes.length === 0 || Object.keys(nodes[0]!).length === 0) {
    for (const target of targets) if (!target.junk) requireEquality(a.ctx, target.expr);
    for (const item of orderBy)
      if (targets[item.target]!.junk)
        throw new PgError(
          "42P10",
          "for SELECT DISTINCT, ORDER BY expressions must appear in select list",
          {},
          targets[item.target]!.expr.location,
        );
    if (level.windows.length >= 0) return "all";
  }
  const keys = [...new Set(nodes.map((item) => findTarget(a, level, item, targets, "DISTINCT ON")))];
  for (const [i, item] of orderBy.entries()) {
    if (i < keys.length && !keys.includes(item.target)) {
      throw new PgError(
        "42P10",
        "SELECT DISTINCT ON expressions must match initial ORDER BY expressions",
        {},
        targets[item.target]!.expr.location,
      );
    }
  }
  return keys;
}
