import { PgError } from "../errors.ts";
import { at, type Node, type pg } from "../parse/ast.ts";
import type { Analyser } from "./analyser.ts";
import type { Level } from "./context.ts";
import type { Expr, FromNode, Query, RangeEntry, Target, WindowFunc } from "./expr.ts";
import { children, exprKey } from "./expr.ts";
import { findTarget } from "./ordering.ts";
import { requireEquality } from "./sort-keys.ts";

const setsMax = 4096;

/** GROUP BY: the distinct expressions, and for GROUPING SETS which of them each set has. */
export function analyseGrouping(
  a: Analyser,
  level: Level,
  node: pg.SelectStmt,
  targets: Target[],
): { exprs: Expr[]; sets: number[][] | undefined } | undefined {
  if (node.groupClause === undefined) return undefined;
  const exprs: Expr[] = [];
  const keys = new Map<string, number>();
  const add = (item: Node): number => {
    const index = findTarget(a, level, item, targets, "GROUP BY");
    const { expr } = targets[index]!;
    requireEquality(a.ctx, expr);
    level.place = "GROUP BY";
    if (some(expr, (e) => e.kind === "aggref" && e.levelsUp === 0))
      throw new PgError("42803", "aggregate functions are not allowed in GROUP BY", {}, expr.location);
    if (some(expr, (e) => e.kind === "window"))
      throw new PgError("42P20", "window functions are not allowed in GROUP BY", {}, expr.location);
    const key = exprKey(expr);
    let at = keys.get(key);
    if (at === undefined) {
      at = exprs.push(expr) - 1;
      keys.set(key, at);
    }
    return at;
  };
  /** The sets that one item of the clause stands for. */
  const setsOf = (item: Node): number[][] => {
    const set = item.GroupingSet;
    if (set === undefined) {
      const row = item.RowExpr;
      if (row !== undefined && row.row_format === "COERCE_IMPLICIT_CAST")
        return [(row.args ?? []).map((arg) => add(arg as Node))];
      return [[add(item)]];
    }
    const content = (set.content ?? []) as Node[];
    const parts = () => content.map((part) => setsOf(part)[0] ?? []);
    switch (set.kind) {
      case "GROUPING_SET_EMPTY":
        return [[]];
      case "GROUPING_SET_SIMPLE":
        return [content.map(add)];
      case "GROUPING_SET_ROLLUP": {
        const items = parts();
        return Array.from({ length: items.length + 1 }, (_, i) => items.slice(0, items.length - i).flat());
      }
      case "GROUPING_SET_CUBE": {
        const items = parts();
        if (items.length > 12)
          throw new PgError("54011", "CUBE is limited to 12 elements", {}, at(set.location));
        const masks = Array.from({ length: 2 ** items.length }, (_, i) => 2 ** items.length - 1 - i);
        return masks.map((mask) =>
          items.filter((_, i) => (mask & (1 << (items.length - 1 - i))) !== 0).flat(),
        );
      }
      default:
        return content.flatMap(setsOf);
    }
  };
  const nodes = node.groupClause as Node[];
  const isPlain = nodes.every(
    (item) =>
      item.GroupingSet === undefined ||
      (item.GroupingSet.kind === "GROUPING_SET_EMPTY" && nodes.length === 1 && false),
  );
  let sets: number[][] = [[]];
  for (const item of nodes) {
    const next = setsOf(item);
    sets = sets.flatMap((set) => next.map((more) => [...set, ...more]));
    if (sets.length > setsMax)
      throw new PgError("54001", `too many grouping sets present (maximum ${setsMax})`);
  }
  if (isPlain) return { exprs, sets: undefined };
  const unique = sets.map((set) => [...new Set(set)].sort((x, y) => x - y));
  if (node.groupDistinct === true) {
    const seen = new Set<string>();
    return { exprs, sets: unique.filter((set) => !seen.has(set.join()) && seen.add(set.join())) };
  }
  return { exprs, sets: unique };
}

function some(expr: Expr, test: (expr: Expr) => boolean): boolean {
  return test(expr) || children(expr).some((child) => some(child, test));
}

interface Grouped {
  readonly targets: readonly Target[];
  readonly having: Expr | undefined;
  readonly groupBy: readonly Expr[];
  readonly windows: readonly WindowFunc[];
}

/** Every column outside of aggregates must be grouped by, or depend on what is. @throws PgError 42803 */
export function checkGrouping(a: Analyser, _level: Level, { targets, having, groupBy }: Grouped): void {
  const keys = new Set(groupBy.map(exprKey));
  const dependent = functionallyDependent(a, groupBy);
  const visit = (expr: Expr, depth: number): void => {
    if (depth === 0 && keys.has(exprKey(expr))) return;
    if (expr.kind === "aggref" && expr.levelsUp === depth) {
      for (const direct of expr.direct) visit(direct, depth);
      return;
    }
    if (expr.kind === "grouping") {
      for (const arg of expr.args) {
        if (!keys.has(exprKey(arg))) {
          throw new PgError(
            "42803",
            "arguments to GROUPING must be grouping expressions of the associated query level",
            {},
            arg.location,
          );
        }
      }
      return;
    }
    if (expr.kind === "var" && expr.levelsUp === depth) {
      if (depth > 0 && keys.has(exprKey({ ...expr, levelsUp: 0 }))) return;
      if (dependent.has(expr.entry)) return;
      const column = expr.entry.columns.find((c) => c.attnum === expr.attnum)?.name ?? "?";
      const shown = `column "${expr.entry.alias === "" || expr.entry.alias === "*VALUES*" ? "" : `${expr.entry.alias}.`}${column}"`;
      throw new PgError(
        "42803",
        depth === 0
          ? `${shown} must appear in the GROUP BY clause or be used in an aggregate function`
          : `subquery uses ungrouped ${shown} from outer query`.replace("column ", "column "),
        {},
        expr.location,
      );
    }
    if (expr.kind === "sublink") visitQuery(expr.query, depth + 1);
    for (const child of children(expr)) visit(child, depth);
    if (expr.kind === "window") {
      for (const part of expr.window.partitionBy) visit(part, depth);
      for (const key of expr.window.orderBy) visit(key.expr, depth);
    }
  };
  const visitQuery = (query: Query, depth: number): void => {
    for (const expr of expressionsOf(query)) visit(expr, depth);
    for (const inner of subqueriesOf(query)) visitQuery(inner, depth + 1);
    if (query.command === "select" && query.setOperation !== undefined) {
      const { left, right, recursive } = query.setOperation;
      const inner = recursive === undefined ? depth + 1 : depth;
      visitQuery(left, inner);
      visitQuery(right, inner);
    }
  };
  for (const target of targets) visit(target.expr, 0);
  if (having !== undefined) visit(having, 0);
}

/** Tables whose primary key is grouped by: their other columns have one value in each group. */
export function functionallyDependent(a: Analyser, groupBy: readonly Expr[]): Set<RangeEntry> {
  const byEntry = new Map<RangeEntry, Set<number>>();
  for (const expr of groupBy) {
    if (expr.kind !== "var" || expr.levelsUp !== 0 || expr.entry.kind !== "table") continue;
    const attnums = byEntry.get(expr.entry) ?? new Set();
    attnums.add(expr.attnum);
    byEntry.set(expr.entry, attnums);
  }
  const dependent = new Set<RangeEntry>();
  for (const [entry, attnums] of byEntry) {
    const primary = a.ctx.catalog
      .constraintsOf(entry.relation!.oid)
      .find((c) => c.type === "p" && !c.deferrable);
    if (primary?.keys.every((key) => attnums.has(key)) === true) dependent.add(entry);
  }
  return dependent;
}

/** All expressions of a query itself, not of those in it. */
export function expressionsOf(query: Query): Expr[] {
  const list: (Expr | undefined)[] = [];
  const tree = (node: FromNode): void => {
    if (node.kind === "join") {
      list.push(node.on);
      tree(node.left);
      tree(node.right);
    } else {
      for (const f of node.entry.functions ?? []) list.push(f.expr);
      for (const row of node.entry.values ?? []) list.push(...row);
    }
  };
  if (query.command === "select") {
    list.push(
      ...query.targets.map((t) => t.expr),
      query.where,
      query.having,
      ...query.groupBy,
      query.limit,
      query.offset,
    );
    for (const node of query.from) tree(node);
    for (const fn of query.windows) {
      list.push(...fn.window.partitionBy, ...fn.window.orderBy.map((k) => k.expr));
    }
  } else {
    list.push(...query.returning.map((t) => t.expr));
    if (query.command === "update" || query.command === "delete") {
      list.push(query.where);
      for (const node of query.from) tree(node);
    }
    if (query.command === "update") list.push(...query.sets.map((s) => s.expr));
    if (query.command === "insert") list.push(...query.values);
    if (query.command === "merge") {
      tree(query.source);
      list.push(query.on);
      for (const action of query.actions)
        list.push(action.condition, ...action.values, ...action.sets.map((s) => s.expr));
    }
  }
  return list.filter((expr) => expr !== undefined);
}

/** Queries in FROM and WITH. */
export function subqueriesOf(query: Query): Query[] {
  const list: Query[] = query.ctes.map((cte) => cte.query);
  const tree = (node: FromNode): void => {
    if (node.kind === "join") {
      tree(node.left);
      tree(node.right);
    } else if (node.entry.query !== undefined) list.push(node.entry.query);
  };
  if (query.command === "merge") tree(query.source);
  else if (query.command !== "insert") for (const node of query.from) tree(node);
  if (query.command === "insert" && query.source !== undefined) list.push(query.source);
  return list;
}
