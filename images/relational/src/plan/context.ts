import type { Cte, Query } from "../analyse/expr.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Relation } from "../catalog/model.ts";
import type { ExprCompiler } from "../run/compiler.ts";
import type { Env, Exec, Rows } from "../run/exec.ts";
import type { Scope } from "../run/scope.ts";
import type { Row } from "../types/datum.ts";

/** A query that can run: it gives the values of its visible columns. */
export interface CompiledQuery {
  readonly width: number;
  /** `outer` is the row of the query around it, if there is one. */
  run(exec: Exec, outer: Env | undefined): Rows;
}

/** What planning one statement shares. */
export interface PlanContext {
  readonly catalog: Catalog;
  readonly compiler: ExprCompiler;
  /** Whether SQLite may compute what it computes exactly. */
  readonly pushdown: boolean;
  /** The rows of a table of pg_catalog. */
  systemRows(relation: Relation, exec: Exec): Iterable<Row>;
  query(query: Query, parent: Scope | undefined): CompiledQuery;
  /** Plans of CTEs, by the CTE. */
  readonly ctes: Map<Cte, CompiledQuery>;
  /** What changes a table's rows, by its OID; made once, as tables refer to themselves and each other. */
  readonly changers: Map<number, unknown>;
}

export function makeEnv(exec: Exec, outer: Env | undefined, row: Row = []): Env {
  return { exec, row, outer };
}
