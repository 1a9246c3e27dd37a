import type { Expr, RangeEntry } from "../analyse/expr.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Relation } from "../catalog/model.ts";
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
