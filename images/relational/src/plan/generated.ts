import type { Column, Relation } from "../catalog/model.ts";
import type { Exec } from "../run/exec.ts";
import { Scope } from "../run/scope.ts";
import type { Datum, Row } from "../types/datum.ts";
import type { PlanContext } from "./context.ts";
import { tableExpression } from "./table-expressions.ts";

/** What computes a generated column from the row's other columns. */
export function compileGenerated(
  ctx: PlanContext,
  relation: Relation,
  column: Column,
): (row: Row, exec: Exec) => Datum {
  const { expr, entry } = tableExpression(ctx, relation, column.default!, {
    type: column.type,
    typmod: column.typmod,
  });
  const compiled = ctx.compiler.compile(expr, new Scope(undefined, new Map([[entry, 0]])));
  return (row, exec) => compiled(row, { exec, row: [], outer: undefined });
}
