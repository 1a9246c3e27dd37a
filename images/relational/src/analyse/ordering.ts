import { PgError } from "../errors.ts";
import { locationOf, type Node, type pg, stringOf } from "../parse/ast.ts";
import { oid } from "../types/oids.ts";
import type { Analyser } from "./analyser.ts";
import { coerceToTarget, resolveUnknown } from "./coerce.ts";
import type { Level } from "./context.ts";
import type { Expr, OrderItem, SelectQuery, Target } from "./expr.ts";
import { exprKey } from "./expr.ts";
import { analyseExpr } from "./expressions.ts";
import { direction, requireOrdering } from "./sort-keys.ts";

/** ORDER BY and DISTINCT ON name an output column, count to one, or are expressions over the input. */
export function findTarget(
  a: Analyser,
  level: Level,
  node: Node,
  targets: Target[],
  place: "ORDER BY" | "GROUP BY" | "DISTINCT ON",
): number {
  const { ctx } = a;
  const location = locationOf(node);
  const ref = node.ColumnRef?.fields;
  if (ref?.length === 1 && (ref[0] as Node).String !== undefined) {
    const name = stringOf(ref[0] as Node);
    const isInput =
      place === "GROUP BY" &&
      level.namespace.some((item) => item.columnsVisible && item.columns.some((c) => c.name === name));
    if (!isInput) {
      let found = -1;
      for (const [i, target] of targets.entries()) {
        if (target.junk || target.name !== name) continue;
        if (found >= 0 && exprKey(targets[found]!.expr) !== exprKey(target.expr))
          throw new PgError("42702", `${place} "${name}" is ambiguous`, {}, location);
        if (found < 0) found = i;
      }
      if (found >= 0) return found;
    }
  }
  const constant = node.A_Const;
  if (constant !== undefined) {
    if (constant.ival === undefined)
      throw new PgError("42601", `non-integer constant in ${place}`, {}, location);
    const position = constant.ival.ival ?? 0;
    const visible = targets.filter((target) => !target.junk).length;
    if (position < 1 || position > visible)
      throw new PgError("42P10", `${place} position ${position} is not in select list`, {}, location);
    return position - 1;
  }
  level.place = place;
  const expr = resolveUnknown(ctx, analyseExpr(a, level, node));
  const key = exprKey(expr);
  const same = targets.findIndex((target) => exprKey(target.expr) === key);
  if (same >= 0) return same;
  targets.push({ expr, name: "", junk: true });
  return targets.length - 1;
}

export function analyseOrderBy(
  a: Analyser,
  level: Level,
  nodes: readonly Node[],
  targets: Target[],
): OrderItem[] {
  const items: OrderItem[] = [];
  for (const node of nodes) {
    const sort = node.SortBy!;
    const target = findTarget(a, level, sort.node as Node, targets, "ORDER BY");
    requireOrdering(a.ctx, targets[target]!.expr);
    if (items.some((item) => item.target === target)) continue;
    items.push({ target, ...direction(sort) });
  }
  return items;
}

export function analyseLimits(
  a: Analyser,
  level: Level,
  node: pg.SelectStmt,
): Pick<SelectQuery, "limit" | "offset" | "withTies"> {
  const limitOf = (n: pg.Node | undefined, place: "LIMIT" | "OFFSET"): Expr | undefined => {
    if (n === undefined) return undefined;
    if ((n as Node).A_Const?.isnull === true) return undefined;
    level.place = place;
    const expr = analyseExpr(a, level, n as Node);
    const coerced = coerceToTarget(a.ctx, expr, oid.int8, -1, "assignment", "implicit");
    if (coerced === undefined) {
      throw new PgError(
        "42804",
        `argument of ${place} must be type bigint, not type ${a.ctx.formatType(expr.type)}`,
        {},
        expr.location,
      );
    }
    if (hasLocalVar(coerced))
      throw new PgError("42P10", `argument of ${place} must not contain variables`, {}, expr.location);
    return coerced;
  };
  const withTies = node.limitOption === "LIMIT_OPTION_WITH_TIES";
  return { limit: limitOf(node.limitCount, "LIMIT"), offset: limitOf(node.limitOffset, "OFFSET"), withTies };
}

function hasLocalVar(expr: Expr): boolean {
  if (expr.kind === "var") return expr.levelsUp === 0;
  return "args" in expr && Array.isArray(expr.args)
    ? expr.args.some(hasLocalVar)
    : "arg" in expr && hasLocalVar(expr.arg as Expr);
}
