import type { ChangeQuery } from "../analyse/expr.ts";
import { PgError } from "../errors.ts";
import type { Exec } from "../run/exec.ts";
import { Scope } from "../run/scope.ts";
import type { Row } from "../types/datum.ts";
import { failingRow } from "./checks.ts";
import type { PlanContext } from "./context.ts";

/** WITH CHECK OPTION: asked of a row once it is written. @throws PgError 44000, from what it gives */
export function planViewChecks(ctx: PlanContext, query: ChangeQuery): (row: Row, exec: Exec) => void {
  const checks = (query.viewChecks ?? []).flatMap(({ view, expr }) => {
    if (expr === undefined) return [];
    return [
      { view, holds: ctx.compiler.condition(expr, new Scope(undefined, new Map([[query.target, 0]]))) },
    ];
  });
  if (checks.length === 0) return () => {};
  return (row, exec) => {
    for (const { view, holds } of checks)
      if (!holds(row, { exec, row: [], outer: undefined }))
        throw new PgError("44000", `new row violates check option for view "${view}"`, {
          detail: failingRow(ctx, query.relation, row, exec),
        });
  };
}
