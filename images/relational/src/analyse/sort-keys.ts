import { notSupported, PgError } from "../errors.ts";
import { type Node, type pg, stringOf } from "../parse/ast.ts";
import { typeOps } from "../types/registry.ts";
import type { AnalyseContext } from "./context.ts";
import type { Expr, SortKey } from "./expr.ts";

/** How a SortBy orders, nulls too. */
export function direction(sort: pg.SortBy): { descending: boolean; nullsFirst: boolean } {
  let descending = sort.sortby_dir === "SORTBY_DESC";
  if (sort.sortby_dir === "SORTBY_USING") {
    const op = stringOf(sort.useOp?.at(-1) as Node | undefined);
    if (op !== "<" && op !== ">") {
      if (/^[<>]=$|^=$|^<>$/.test(op))
        throw new PgError("42809", `operator ${op} is not a valid ordering operator`, {
          hint: 'Ordering operators must be "<" or ">" members of btree operator families.',
        });
      throw notSupported(`ORDER BY USING ${op}`);
    }
    descending = op === ">";
  }
  const nullsFirst =
    sort.sortby_nulls === "SORTBY_NULLS_FIRST" || (sort.sortby_nulls !== "SORTBY_NULLS_LAST" && descending);
  return { descending, nullsFirst };
}

/** @throws PgError 42883 when the type cannot be sorted */
export function sortKeyOf(ctx: AnalyseContext, sort: pg.SortBy, expr: Expr): SortKey {
  requireOrdering(ctx, expr);
  return { expr, ...direction(sort) };
}

export function requireOrdering(ctx: AnalyseContext, expr: Expr): void {
  if (typeOps(ctx.catalog, ctx.base(expr.type).oid).compare === undefined) {
    throw new PgError(
      "42883",
      `could not identify an ordering operator for type ${ctx.formatType(expr.type)}`,
      { hint: "Use an explicit ordering operator or modify the query." },
      expr.location,
    );
  }
}

export function requireEquality(ctx: AnalyseContext, expr: Expr): void {
  if (typeOps(ctx.catalog, ctx.base(expr.type).oid).key === undefined) {
    throw new PgError(
      "42883",
      `could not identify an equality operator for type ${ctx.formatType(expr.type)}`,
      {},
      expr.location,
    );
  }
}
