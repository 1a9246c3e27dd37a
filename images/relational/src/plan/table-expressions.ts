import type { Expr, RangeEntry } from "../analyse/expr.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Relation } from "../catalog/model.ts";
import type { Exec } from "../run/exec.ts";
import { Scope } from "../run/scope.ts";
import type { Row } from "../types/datum.ts";
import type { PlanContext } from "./context.ts";

/** An expression over a table's columns that the catalog keeps as text: analysed once for a definition. */
export interface TableExpression {
  readonly expr: Expr;
  readonly entry: RangeEntry;
}

export type TableExpressionSource = (
  catalog: Catalog,
  relation: Relation,
  text: string,
  wanted?: { readonly type: number; readonly typmod: number },
) => TableExpression;

let source: TableExpressionSource = () => {
  throw new TypeError("no analyser for the expressions of tables");
};
/** Given by what knows the grammar. */
export function useTableExpressions(given: TableExpressionSource): void {
  source = given;
}

export function tableExpression(
  ctx: Pick<PlanContext, "catalog">,
  relation: Relation,
  text: string,
  wanted?: { readonly type: number; readonly typmod: number },
): TableExpression {
  return source(ctx.catalog, relation, text, wanted);
}

/** Whether a row belongs to an index, or a constraint, with this predicate; without one every row does. */
export function membership(
  ctx: Pick<PlanContext, "catalog" | "compiler">,
  relation: Relation,
  predicate: string | undefined,
): (row: Row, exec: Exec) => boolean {
  if (predicate === undefined) return () => true;
  const { expr, entry } = tableExpression(ctx, relation, predicate);
  const holds = ctx.compiler.condition(expr, new Scope(undefined, new Map([[entry, 0]])));
  return (row, exec) => holds(row, { exec, row: [], outer: undefined });
}
