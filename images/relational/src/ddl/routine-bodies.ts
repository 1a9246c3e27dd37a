import { StatementAnalyser } from "../analyse/analyse.ts";
import { ArgumentNames } from "../analyse/argument-names.ts";
import { coerceToTarget } from "../analyse/coerce.ts";
import { AnalyseContext } from "../analyse/context.ts";
import { outputTargets, type Query } from "../analyse/expr.ts";
import { isPolymorphic } from "../analyse/polymorphic.ts";
import { catalogNamespace, type Proc, type RoutineBody } from "../catalog/model.ts";
import { deparseQuery } from "../deparse/query.ts";
import { PgError } from "../errors.ts";
import { type Node, tagOf } from "../parse/ast.ts";
import { deparseNode } from "../parse/deparse.ts";
import { sqlTexts } from "../parse/parse.ts";
import { oid } from "../types/oids.ts";
import { formatType } from "../types/type-text.ts";
import type { Ddl } from "./context.ts";
import { qualifyNames } from "./qualify-names.ts";

export interface BodyArgument {
  readonly name: string;
  readonly type: number;
}

export interface AnalysedBody {
  readonly body: RoutineBody;
  readonly queries: readonly Query[];
}

/** RETURN or BEGIN ATOMIC of CREATE FUNCTION and PROCEDURE. @throws PgError 42P13, 0A000 */
export function analyseBody(
  ddl: Ddl,
  node: Node,
  routine: { readonly name: string; readonly inputs: readonly BodyArgument[]; readonly result: ResultType },
): AnalysedBody {
  const { name, inputs } = routine;
  if (inputs.some(({ type }) => isPolymorphic(type)))
    throw new PgError("42P13", "SQL function with unquoted function body cannot have polymorphic arguments");
  const isReturn = node.ReturnStmt !== undefined;
  const statements = isReturn ? [selectOf(node.ReturnStmt!.returnval as Node)] : statementsOf(node);
  const types = inputs.map(({ type }) => type);
  const names = inputs.map((input) => input.name);
  const contextOn = (searchPath: readonly number[]): AnalyseContext => {
    const ctx = new AnalyseContext({ ...ddl.io, catalog: ddl.catalog, searchPath }, types, false);
    ctx.variables = new ArgumentNames(name, names, types);
    return ctx;
  };
  const analyse = (statement: Node, searchPath: readonly number[]): Query => {
    if (!["SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"].includes(tagOf(statement)))
      throw new PgError(
        "0A000",
        `${tagOf(statement)
          .replace(/Stmt$/, "")
          .replace(/([a-z])([A-Z])/g, "$1 $2")
          .toUpperCase()} is not yet supported in unquoted SQL function body`,
      );
    return new StatementAnalyser(contextOn(searchPath), sqlTexts).statement(statement);
  };
  const queries = statements.map((statement) => analyse(statement, ddl.io.searchPath));
  const texts = statements.map((statement, i) => {
    const query = queries[i]!;
    const text =
      query.command === "select" && query.ctes.every((cte) => cte.query.command === "select")
        ? deparseQuery(
            ddl.catalog,
            { ...ddl.io, catalog: ddl.catalog, searchPath: [catalogNamespace] },
            query,
          ).trim()
        : deparseNode(qualifyNames(contextOn(ddl.io.searchPath), statement));
    const written = text.replace(/;$/, "");
    // What cannot be read again is no use.
    analyse(sqlTexts.query(written), [catalogNamespace]);
    return written;
  });
  checkResult(contextOn(ddl.io.searchPath), queries.at(-1), routine.result);
  return { body: { isReturn, statements: texts, label: name }, queries };
}

export interface ResultType {
  readonly type: number;
  /** Its rows have the columns of OUT parameters or of RETURNS TABLE. */
  readonly hasColumns: boolean;
  readonly isProcedure: boolean;
}

function selectOf(value: Node): Node {
  const target = { ResTarget: { val: value } };
  return {
    SelectStmt: { targetList: [target], limitOption: "LIMIT_OPTION_DEFAULT", op: "SETOP_NONE" },
  } as Node;
}

function statementsOf(node: Node): Node[] {
  const lists = (node.List?.items ?? []) as Node[];
  return lists.flatMap((list) => (list.List?.items ?? []) as Node[]);
}

/** @throws PgError 42P13 */
function checkResult(
  ctx: AnalyseContext,
  last: Query | undefined,
  { type, hasColumns, isProcedure }: ResultType,
): void {
  if (type === oid.void || isProcedure) return;
  const mismatch = (detail: string): never => {
    throw new PgError(
      "42P13",
      `return type mismatch in function declared to return ${ctx.formatType(type)}`,
      {
        detail,
      },
    );
  };
  const targets = last === undefined ? [] : outputTargets(last);
  if (targets.length === 0)
    mismatch("Function's final statement must be SELECT or INSERT/UPDATE/DELETE/MERGE RETURNING.");
  if (hasColumns || type === oid.record || ctx.catalog.type(type)?.kind === "c") return;
  if (targets.length > 1) mismatch("Final statement must return exactly one column.");
  const { expr } = targets[0]!;
  if (coerceToTarget(ctx, expr, type, -1, "assignment", "implicit") === undefined)
    mismatch(`Actual return type is ${ctx.formatType(expr.type)}.`);
}

export function routineShown(ddl: Pick<Ddl, "catalog" | "io">, proc: Proc): string {
  const types = proc.arguments.map((type) => formatType(ddl.catalog, type, -1, ddl.io.searchPath));
  return `function ${proc.name}(${types.join(",")})`;
}

/** Routines whose body reads or changes a relation, or one of its columns. */
export function dependentRoutines(ddl: Pick<Ddl, "catalog">, relation: number, attnum?: number): Proc[] {
  const found = new Map<number, Proc>();
  for (const { on, attnum: at, dependent } of ddl.catalog.all("depend")) {
    if (on !== relation || (attnum !== undefined && at !== attnum)) continue;
    const proc = ddl.catalog.get("proc", dependent);
    if (proc !== undefined) found.set(proc.oid, proc);
  }
  return [...found.values()];
}
