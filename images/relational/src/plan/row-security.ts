import type { Query, RowCheck } from "../analyse/expr.ts";
import { PgError } from "../errors.ts";
import type { Exec } from "../run/exec.ts";
import { Scope } from "../run/scope.ts";
import type { Row } from "../types/datum.ts";
import type { PlanContext } from "./context.ts";

export type RowGuard = (row: Row, exec: Exec) => void;

/** The checks of policies on rows that a statement writes or meets; undefined where there are none. */
export interface RowGuards {
  readonly insert: RowGuard | undefined;
  readonly update: RowGuard | undefined;
  readonly existing: RowGuard | undefined;
  readonly deleted: RowGuard | undefined;
}

const none: RowGuards = { insert: undefined, update: undefined, existing: undefined, deleted: undefined };

/** @throws PgError 42501, from the guards */
export function planRowSecurity(ctx: PlanContext, query: Exclude<Query, { command: "select" }>): RowGuards {
  const { rowSecurity: rows, relation } = query;
  if (rows === undefined) return none;
  const scope = new Scope(undefined, new Map([[rows.entry, 0]]));
  const guard = (checks: readonly RowCheck[]): RowGuard | undefined => {
    if (checks.length === 0) return undefined;
    const compiled = checks.map((check) => ({ ...check, holds: ctx.compiler.condition(check.expr, scope) }));
    return (row, exec) => {
      for (const { holds, policy, isUsing = false, subject = "new row" } of compiled) {
        if (holds(row, { exec, row: [], outer: undefined })) continue;
        const which = policy === undefined ? "" : ` "${policy}"`;
        const how = isUsing ? " (USING expression)" : "";
        throw new PgError(
          "42501",
          `${subject} violates row-level security policy${which}${how} for table "${relation.name}"`,
        );
      }
    };
  };
  return {
    insert: guard(rows.insert),
    update: guard(rows.update),
    existing: guard(rows.existing),
    deleted: guard(rows.deleted),
  };
}
