import type { Expr, FromNode, Query, RangeEntry } from "../analyse/expr.ts";
import { children, some } from "../analyse/expr.ts";
import { expressionsOf, subqueriesOf } from "../analyse/grouping.ts";

/** A condition that must hold, and the entries of its own query that it reads. */
export interface Conjunct {
  readonly expr: Expr;
  readonly entries: ReadonlySet<RangeEntry>;
  readonly isVolatile: boolean;
}

/** The parts of a condition that all must hold. */
export function split(expr: Expr | undefined): Conjunct[] {
  if (expr === undefined) return [];
  if (expr.kind === "bool" && expr.op === "and") return expr.args.flatMap(split);
  return [{ expr, entries: entriesOf(expr), isVolatile: isVolatile(expr) }];
}

/** Entries of the query that an expression stands in that it reads, subqueries too. */
export function entriesOf(expr: Expr): Set<RangeEntry> {
  const found = new Set<RangeEntry>();
  visitVars(expr, 0, (entry) => found.add(entry));
  return found;
}

/** `attnum` is undefined of a whole row. */
type FoundVar = (entry: RangeEntry, attnum?: number) => void;

function visitVars(expr: Expr, depth: number, found: FoundVar): void {
  if (expr.kind === "var") {
    if (expr.levelsUp === depth) found(expr.entry, expr.attnum);
    return;
  }
  if (expr.kind === "sublink") visitQuery(expr.query, depth + 1, found);
  if (expr.kind === "row" && expr.wholeRow !== undefined && depth === 0 && expr.fields.length === 0)
    found(expr.wholeRow);
  for (const child of children(expr)) visitVars(child, depth, found);
  if (expr.kind === "window") {
    for (const part of expr.window.partitionBy) visitVars(part, depth, found);
    for (const key of expr.window.orderBy) visitVars(key.expr, depth, found);
  }
}

/** Whether an expression reads a column of an entry of its own query, in subqueries too. */
export function readsColumn(expr: Expr, entry: RangeEntry, attnum: number): boolean {
  let found = false;
  visitVars(expr, 0, (read, at) => {
    if (read === entry && (at === attnum || at === undefined)) found = true;
  });
  return found;
}

export function visitQuery(query: Query, depth: number, found: FoundVar): void {
  for (const expr of expressionsOf(query)) visitVars(expr, depth, found);
  if (query.command === "select") {
    for (const aggregate of query.aggregates) visitVars(aggregate, depth, found);
    if (query.setOperation !== undefined) {
      const { left, right, recursive } = query.setOperation;
      // The terms of a recursive CTE see the queries around as the CTE itself does.
      const inner = recursive === undefined ? depth + 1 : depth;
      visitQuery(left, inner, found);
      visitQuery(right, inner, found);
    }
  }
  for (const inner of subqueriesOf(query)) visitQuery(inner, depth + 1, found);
}

/** Entries of its own query that an entry reads: functions' arguments, LATERAL subqueries. */
export function dependenciesOf(entry: RangeEntry): Set<RangeEntry> {
  const found = new Set<RangeEntry>();
  for (const fn of entry.functions ?? []) visitVars(fn.expr, 0, (e) => found.add(e));
  for (const row of entry.values ?? []) for (const expr of row) visitVars(expr, 0, (e) => found.add(e));
  if (entry.query !== undefined) visitQuery(entry.query, 1, (e) => found.add(e));
  found.delete(entry);
  return found;
}

export function isVolatile(expr: Expr): boolean {
  return some(expr, (e) => e.kind === "func" && e.proc.volatility === "v");
}

export function entriesOfNode(node: FromNode): RangeEntry[] {
  return node.kind === "entry" ? [node.entry] : [...entriesOfNode(node.left), ...entriesOfNode(node.right)];
}
