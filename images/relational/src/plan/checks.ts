import type { Relation } from "../catalog/model.ts";
import { PgError } from "../errors.ts";
import type { Exec } from "../run/exec.ts";
import { Scope } from "../run/scope.ts";
import type { Row } from "../types/datum.ts";
import { typeOps } from "../types/registry.ts";
import type { PlanContext } from "./context.ts";
import { compileGenerated } from "./generated.ts";
import { tableExpression } from "./table-expressions.ts";

export type RowCheck = (row: Row, exec: Exec) => void;

/** Computes the stored generated columns of a row, in place. */
export function planGenerated(ctx: PlanContext, relation: Relation): RowCheck {
  const columns = relation.columns
    .filter((column) => column.generated !== undefined && column.dropped !== true)
    .map((column) => ({ at: column.attnum - 1, compute: compileGenerated(ctx, relation, column) }));
  return (row, exec) => {
    for (const { at } of columns) row[at] = null;
    for (const { at, compute } of columns) row[at] = compute(row, exec);
  };
}

/** NOT NULL and CHECK. @throws PgError 23502, 23514 */
export function planChecks(ctx: PlanContext, relation: Relation): RowCheck {
  const required = relation.columns.filter((column) => column.notNull && column.dropped !== true);
  const checks = ctx.catalog
    .constraintsOf(relation.oid)
    .filter((constraint) => constraint.type === "c" && constraint.enforced !== false)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((constraint) => {
      const { expr, entry } = tableExpression(ctx, relation, constraint.expression!);
      const compiled = ctx.compiler.compile(expr, new Scope(undefined, new Map([[entry, 0]])));
      return {
        name: constraint.name,
        holds: (row: Row, exec: Exec) => compiled(row, { exec, row: [], outer: undefined }) !== false,
      };
    });
  return (row, exec) => {
    for (const column of required) {
      if ((row[column.attnum - 1] ?? null) === null) {
        throw new PgError(
          "23502",
          `null value in column "${column.name}" of relation "${relation.name}" violates not-null constraint`,
          {
            detail: failingRow(ctx, relation, row, exec),
            ...placeOf(ctx, relation),
            column: column.name,
          },
        );
      }
    }
    for (const check of checks) {
      if (!check.holds(row, exec)) {
        throw new PgError(
          "23514",
          `new row for relation "${relation.name}" violates check constraint "${check.name}"`,
          {
            detail: failingRow(ctx, relation, row, exec),
            ...placeOf(ctx, relation),
            constraint: check.name,
          },
        );
      }
    }
  };
}

function placeOf(ctx: PlanContext, relation: Relation): { schema: string | undefined; table: string } {
  return { schema: ctx.catalog.get("namespace", relation.namespace)?.name, table: relation.name };
}

/** 23514, for a row that is of another partition */
export function partitionViolation(ctx: PlanContext, relation: Relation, row: Row, exec: Exec): PgError {
  return new PgError("23514", `new row for relation "${relation.name}" violates partition constraint`, {
    detail: failingRow(ctx, relation, row, exec),
    ...placeOf(ctx, relation),
  });
}

export function failingRow(ctx: PlanContext, relation: Relation, row: Row, exec: Exec): string {
  const values = relation.columns
    .filter((column) => column.dropped !== true)
    .map((column) => {
      if (column.generated === "v") return "virtual";
      const value = row[column.attnum - 1] ?? null;
      if (value === null) return "null";
      const text = typeOps(ctx.catalog, column.type).output(value, exec.io);
      return text.length > 64 ? `${text.slice(0, 64)}...` : text;
    });
  return `Failing row contains (${values.join(", ")}).`;
}
