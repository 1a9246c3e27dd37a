import { type Analysis, QueryAnalyser } from "../analyse/query-analyser.ts";
import { CypherError } from "../errors.ts";
import { databaseName } from "../identity.ts";
import type { Query, SchemaCommand, ShowCommand, Statement } from "../parse/ast.ts";
import { parse } from "../parse/parse.ts";
import { type QueryPlan, QueryPlanner } from "../plan/query-planner.ts";
import type { FindProcedure } from "../procedures/definition.ts";
import type { Schema } from "../storage/schema.ts";

/** What a query does, as summaries tell it. */
export type QueryType = "r" | "rw" | "w" | "s";

interface PreparedBase {
  readonly statement: Statement;
  readonly type: QueryType;
  readonly columns: readonly string[];
}

/** A statement that was read, checked and planned; good for any number of runs while the schema is the same. */
export type PreparedQuery = PreparedBase &
  (
    | { readonly kind: "query"; readonly plan: QueryPlan; readonly analysis: Analysis; readonly query: Query }
    | { readonly kind: "schema"; readonly command: SchemaCommand }
  );

/** SHOW is a query of its own making: `CALL` of what lists it. */
export type ShowToQuery = (command: ShowCommand) => Query;

function checkDatabase(query: Query): void {
  for (const { graph } of query.parts) {
    if (graph === undefined || graph.name.toLowerCase() === databaseName) continue;
    throw new CypherError("Neo.ClientError.Database.DatabaseNotFound", `Graph not found: ${graph.name}`, {
      phase: "compile",
    });
  }
}

/** @throws CypherError */
export function prepareQuery(
  text: string,
  schema: Schema,
  findProcedure: FindProcedure,
  showToQuery: ShowToQuery,
): PreparedQuery {
  const statement = parse(text);
  const { body } = statement;
  if (body.kind !== "query" && body.kind !== "show")
    return { statement, kind: "schema", command: body, type: "s", columns: [] };
  const query = body.kind === "query" ? body : showToQuery(body);
  checkDatabase(query);
  const analysis = new QueryAnalyser(findProcedure).statement(query);
  const plan = new QueryPlanner(schema, findProcedure).plan(query);
  const returns = plan.columns.length > 0;
  const type: QueryType =
    analysis.changesSchema || analysis.isAdministration
      ? "s"
      : analysis.isWrite
        ? returns
          ? "rw"
          : "w"
        : "r";
  return {
    statement,
    kind: "query",
    query,
    plan,
    analysis,
    type,
    columns: plan.columns.map(({ name }) => name),
  };
}
