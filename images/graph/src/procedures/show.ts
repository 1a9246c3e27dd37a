import type { Clause, Expr, Projection, Query, ShowCommand } from "../parse/ast.ts";
import { showColumns, showName } from "./show-procedures.ts";

/** SHOW as the query that it is short for: a procedure's call, with its YIELD, WHERE and RETURN. */
export function showToQuery(command: ShowCommand): Query {
  const { at, what, filter, yields, where, returns } = command;
  const args: readonly Expr[] = [{ kind: "literal", at, value: filter ?? null }];
  const name = showName(what, yields === "all" ? "all" : yields === undefined ? "brief" : "named");
  const columns = showColumns(what, yields !== undefined).map((column) => ({
    at,
    name: column,
    alias: undefined,
  }));
  const call: Clause = {
    kind: "call",
    at,
    isOptional: false,
    name,
    args,
    yields: yields === undefined || yields === "all" ? columns : yields,
    where: undefined,
  };
  const clauses: Clause[] = [call];
  const names = (yields === undefined || yields === "all" ? columns : yields).map(
    (item) => item.alias ?? item.name,
  );
  const plain: Projection = {
    at,
    isDistinct: false,
    includesAll: false,
    items: names.map((column) => ({
      at,
      expression: { kind: "variable", at, name: column },
      alias: column,
      text: column,
    })),
    orderBy: [],
    skip: undefined,
    limit: undefined,
  };
  const { orderBy, skip, limit } = command;
  clauses.push({ kind: "with", at, projection: { ...plain, orderBy, skip, limit }, where });
  clauses.push({ kind: "return", at, projection: returns ?? plain });
  return { kind: "query", at, parts: [{ clauses, graph: undefined }], unionAll: [] };
}
