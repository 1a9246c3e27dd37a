import type { TransactionWork } from "@weftkit/store";
import { StatementAnalyser } from "../analyse/analyse.ts";
import { AnalyseContext, Level } from "../analyse/context.ts";
import type { Expr } from "../analyse/expr.ts";
import { analyseExpr } from "../analyse/expressions.ts";
import { itemOf, lookUpRelation, tableEntry } from "../analyse/from.ts";
import { catalogNamespace, type Relation } from "../catalog/model.ts";
import { type DeparseContext, deparse } from "../deparse/expr.ts";
import { type ErrorDetails, notSupported, PgError } from "../errors.ts";
import { at, type Node, type pg } from "../parse/ast.ts";
import { sqlTexts } from "../parse/parse.ts";
import type { PlanContext } from "../plan/context.ts";
import type { Exec } from "../run/exec.ts";
import { takeOids } from "../storage/catalog-store.ts";
import type { Row } from "../types/datum.ts";
import type { IoContext } from "../types/type-ops.ts";
import { type Definer, requireCreate } from "./rights.ts";

/** What one statement that changes definitions works with: a copy of the catalog that is its own, and the writer. */
export interface Ddl extends Definer {
  readonly io: IoContext;
  readonly work: TransactionWork;
  /** Waits until no other transaction has changed rows of a table and is open, `lock_timeout` at most, and keeps others from it. */
  lockTable(oid: number): void;
  readonly exec: Exec;
  readonly plan: () => PlanContext;
  notice(message: string, severity?: "NOTICE" | "WARNING", details?: ErrorDetails): void;
  /** The schema of the session's temporary tables, made at its first use. */
  temporaryNamespace(): number;
  forgetSequence(oid: number): void;
  /** Called when those who follow the changes were told of the definition: for rows that come with it. */
  afterTold(tell: () => void): void;
  restartSequence(oid: number, value: bigint): void;
  sequenceValue(oid: number): { readonly last: bigint; readonly isCalled: boolean };
  /** Runs a query, for CREATE TABLE AS and the like; its rows. */
  readonly query: (
    node: Node,
    /** Whose rights count, where they are not those of who runs the statement. */
    as?: number,
  ) => {
    columns: { name: string; type: number; typmod: number; collation: number }[];
    rows: Iterable<Row>;
  };
}

export function newOid(ddl: Ddl): number {
  return takeOids(ddl.work.db, 1);
}

export function analyserOf(ddl: Ddl): { ctx: AnalyseContext; analyser: StatementAnalyser } {
  const ctx = new AnalyseContext({ ...ddl.io, catalog: ddl.catalog }, [], false);
  return { ctx, analyser: new StatementAnalyser(ctx, sqlTexts) };
}

/** The schema that a new object goes to. @throws PgError 3F000, 42501 */
export function targetNamespace(ddl: Ddl, name: pg.RangeVar | undefined): number {
  const schema = name?.schemaname;
  if (schema !== undefined && schema !== "") {
    const namespace =
      schema === "pg_temp"
        ? ddl.catalog.get("namespace", ddl.temporaryNamespace())
        : ddl.catalog.namespaceByName(schema);
    if (namespace === undefined)
      throw new PgError("3F000", `schema "${schema}" does not exist`, {}, at(name?.location));
    if (namespace.oid === catalogNamespace || namespace.name === "information_schema")
      throw new PgError("42501", `permission denied to create "${schema}.${name?.relname}"`, {
        detail: "System catalog modifications are currently disallowed.",
      });
    ddl.io.requireUsage?.(namespace);
    requireCreate(ddl, namespace.oid, name?.relname);
    return namespace.oid;
  }
  const first = ddl.io.searchPath.find(
    (namespace) =>
      namespace !== catalogNamespace &&
      ddl.catalog.get("namespace", namespace)?.name.startsWith("pg_temp_") !== true,
  );
  if (first === undefined)
    throw new PgError("3F000", "no schema has been selected to create in", {}, at(name?.location));
  requireCreate(ddl, first, name?.relname);
  return first;
}

export function qualifiedNamespace(ddl: Ddl, names: readonly string[]): { namespace: number; name: string } {
  const name = names.at(-1)!;
  const schema = names.at(-2);
  return {
    namespace: targetNamespace(
      ddl,
      schema === undefined ? { relname: name } : { schemaname: schema, relname: name },
    ),
    name,
  };
}

/** A relation of one of the kinds. @throws PgError 42P01, 42809 */
export function requireRelation(
  ddl: Ddl,
  name: pg.RangeVar,
  kinds?: readonly string[],
  what = "table",
): Relation {
  const { ctx } = analyserOf(ddl);
  const relation = lookUpRelation(ctx, name.schemaname, name.relname ?? "");
  if (relation === undefined) {
    const shown = name.schemaname ? `${name.schemaname}.${name.relname}` : name.relname;
    throw new PgError("42P01", `relation "${shown}" does not exist`, {}, at(name.location));
  }
  if (relation.system === true)
    throw new PgError("42501", `permission denied: "${relation.name}" is a system catalog`);
  if (kinds !== undefined && !kinds.includes(relation.kind))
    throw new PgError("42809", `"${relation.name}" is not a ${what}`);
  return relation;
}

/** How expressions that the catalog keeps are written: columns by their bare names. */
export function deparseContext(ddl: Pick<Ddl, "catalog" | "io">): DeparseContext {
  return {
    catalog: ddl.catalog,
    io: { ...ddl.io, catalog: ddl.catalog, searchPath: [catalogNamespace] },
    column: (entry, attnum) => {
      const column = entry.columns.find((c) => c.attnum === attnum);
      if (column === undefined) throw notSupported("system columns in this expression");
      return quoted(column.name);
    },
    query: () => {
      throw new PgError("0A000", "cannot use subquery in this expression");
    },
  };
}

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) && !sqlWords.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
const sqlWords = new Set([
  "user",
  "order",
  "group",
  "select",
  "from",
  "where",
  "table",
  "check",
  "default",
  "column",
  "end",
  "case",
  "when",
  "then",
  "else",
  "all",
  "and",
  "or",
  "not",
  "desc",
  "asc",
  "limit",
  "offset",
  "to",
  "in",
  "is",
  "null",
  "true",
  "false",
  "for",
  "on",
  "using",
  "with",
  "primary",
  "references",
  "unique",
  "foreign",
  "constraint",
  "create",
  "grant",
  "having",
  "union",
  "window",
  "as",
  "array",
  "both",
  "cast",
  "collate",
  "distinct",
  "do",
  "except",
  "fetch",
  "initially",
  "intersect",
  "into",
  "lateral",
  "leading",
  "only",
  "placing",
  "returning",
  "some",
  "symmetric",
  "trailing",
  "variadic",
  "analyse",
  "analyze",
  "any",
  "asymmetric",
  "current_date",
  "current_role",
  "current_time",
  "current_timestamp",
  "current_user",
  "deferrable",
  "localtime",
  "localtimestamp",
  "session_user",
  "values",
  "row",
  "time",
  "timestamp",
  "interval",
  "position",
  "exists",
  "extract",
  "substring",
  "trim",
  "coalesce",
  "nullif",
  "greatest",
  "least",
  "overlay",
  "between",
  "left",
  "right",
  "full",
  "inner",
  "join",
  "cross",
  "natural",
  "outer",
  "like",
  "ilike",
  "similar",
  "isnull",
  "notnull",
  "overlaps",
  "freeze",
  "verbose",
  "binary",
  "collation",
  "concurrently",
  "authorization",
  "current_schema",
  "tablesample",
  "char",
  "character",
  "varchar",
  "int",
  "integer",
  "bigint",
  "smallint",
  "real",
  "float",
  "numeric",
  "decimal",
  "boolean",
  "bit",
  "national",
  "nchar",
  "none",
  "inout",
  "out",
  "setof",
  "treat",
  "precision",
]);

/** An expression over a table's columns, checked and written as the catalog keeps it. */
export function columnExpression(
  ddl: Ddl,
  relation: Relation,
  node: Node,
  place: Level["place"],
): { expr: Expr; text: string } {
  const { ctx, analyser } = analyserOf(ddl);
  const level = new Level();
  level.place = place;
  level.namespace = [itemOf(tableEntry(ctx, relation, relation.name))];
  const expr = analyseExpr(analyser, level, node);
  refuseSubqueries(expr, place);
  return { expr, text: deparse(deparseContext(ddl), expr) };
}

const places: Readonly<Record<string, string>> = {
  CHECK: "check constraint",
  DEFAULT: "DEFAULT expression",
  INDEX: "index expression",
  "INDEX PREDICATE": "index predicate",
  GENERATED: "column generation expression",
  "ALTER USING": "transform expression",
};

function refuseSubqueries(expr: Expr, place: string): void {
  if (expr.kind === "sublink")
    throw new PgError("0A000", `cannot use subquery in ${places[place] ?? place}`, {}, expr.location);
  for (const value of Object.values(expr).flat() as unknown[])
    if (typeof value === "object" && value !== null && "kind" in value && "typmod" in value)
      refuseSubqueries(value as Expr, place);
}
