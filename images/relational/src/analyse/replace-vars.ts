import { notSupported } from "../errors.ts";
import type { Expr, RangeEntry, Var } from "./expr.ts";

/** Properties whose values belong to the catalog, not to the query. */
const foreignKeys: ReadonlySet<string> = new Set(["relation", "proc", "constraint", "layers"]);

/**
 * Puts another expression in the place of each column of an entry, wherever it stands in a query that was just analysed: its
 * subqueries too. Whole rows of the entry are those of `whole`.
 */
export function replaceVars(
  root: object,
  entry: RangeEntry,
  to: (found: Var) => Expr,
  whole: RangeEntry,
): void {
  const seen = new Set<unknown>();
  const replaced = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    const found = value as Partial<Var>;
    if (found.kind === "var") return found.entry === entry ? to(value as Var) : value;
    visit(value);
    return value;
  };
  const visit = (value: object): void => {
    if (seen.has(value)) return;
    seen.add(value);
    if (value instanceof Map) {
      for (const [key, item] of value) value.set(key, replaced(item));
      return;
    }
    const holder = value as Record<string, unknown>;
    if (holder.kind === "const") return;
    if (holder.wholeRow === entry) holder.wholeRow = whole;
    for (const key of Object.keys(holder)) {
      if (foreignKeys.has(key)) continue;
      const item = holder[key];
      const next = replaced(item);
      if (next !== item) holder[key] = next;
    }
  };
  visit(root);
}

/** A copy of an expression with other columns. @throws PgError 0A000 for one with a subquery, which cannot be copied */
export function withVars(expr: Expr, to: (found: Var) => Expr): Expr {
  const copy = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(copy);
    const { kind } = value as Expr;
    if (kind === "var") return to(value as Var);
    if (kind === "const") return value;
    if (kind === "sublink") throw notSupported("this use of a view's column that is a subquery");
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, foreignKeys.has(key) ? item : copy(item)]),
    );
  };
  return copy(expr) as Expr;
}
