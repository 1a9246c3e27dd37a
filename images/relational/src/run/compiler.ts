import type { Expr } from "../analyse/expr.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Datum, Row } from "../types/datum.ts";
import type { Env } from "./exec.ts";
import type { Scope } from "./scope.ts";

/** An expression that can run. */
export type Compiled = (row: Row, env: Env) => Datum;

export interface Cell {
  value: Datum;
}

/** What turns expressions into functions, as those see it that compile parts of them. */
export interface ExprCompiler {
  readonly catalog: Catalog;
  compile(expr: Expr, scope: Scope): Compiled;
  /** As `compile`, with a condition's result as a boolean: NULL is false. */
  condition(expr: Expr, scope: Scope): (row: Row, env: Env) => boolean;
  /** Compiles what sees `cell.value` as the value under test. */
  withTest(expr: Expr, scope: Scope): { cell: Cell; compiled: Compiled };
  /** Compiles what sees `cell.row` as the row that a subquery gave. */
  withOutput(expr: Expr, scope: Scope): { cell: { row: Row }; compiled: Compiled };
}
