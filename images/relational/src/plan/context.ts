import type { Cte, Query, RowLock } from "../analyse/expr.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Relation } from "../catalog/model.ts";
import type { ExprCompiler } from "../run/compiler.ts";
import type { Env, Exec, Rows } from "../run/exec.ts";
import type { Scope } from "../run/scope.ts";
import type { Datum, Row } from "../types/datum.ts";

/** A query that can run: it gives the values of its visible columns. */
export interface CompiledQuery {
  readonly width: number;
  /** `outer` is the row of the query around it, if there is one. */
  run(exec: Exec, outer: Env | undefined): Rows;
  /** As `run`, of a query that locks rows: it locks only those that hold a condition on its result. */
  readonly runWhere?: (exec: Exec, outer: Env, holds: (row: Row) => boolean) => Rows;
  /** As `run`, with a `LateValue` in these places: for columns that cost much and that not every row's reader comes to. */
  readonly runLate?: (exec: Exec, outer: Env, places: ReadonlySet<number>) => Rows;
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
  /** What FOR UPDATE and the like lock, in all parts of the statement. */
  readonly locks: RowLock[];
  /** What changes a table's rows, by its OID; made once, as tables refer to themselves and each other. */
  readonly changers: Map<number, unknown>;
  /** What changes the rows of a partitioned table: for actions of foreign keys that move them. */
  partitionedChanger(relation: Relation): {
    update(rowid: Datum, before: Row, after: Row, exec: Exec): boolean;
  };
}

export function makeEnv(exec: Exec, outer: Env | undefined, row: Row = []): Env {
  return { exec, row, outer };
}
