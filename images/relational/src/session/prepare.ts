import { StatementAnalyser } from "../analyse/analyse.ts";
import { AnalyseContext } from "../analyse/context.ts";
import { outputTargets, type Query } from "../analyse/expr.ts";
import { notSupported, PgError } from "../errors.ts";
import { systemRows } from "../introspect/row-sources.ts";
import { type Node, tagOf } from "../parse/ast.ts";
import { type ParsedStatement, sqlTexts } from "../parse/parse.ts";
import { type Plan, planStatement } from "../plan/planner.ts";
import { carryRows } from "./current-rows.ts";
import { type Needs, requireNeeds, secure } from "./privileges.ts";
import type { SessionState } from "./state.ts";
import type { CopyDirection, Prepared, ResultColumn } from "./types.ts";
import { utilityOf } from "./utility.ts";
import type { Utility } from "./utility-types.ts";

/** A prepared statement with what it takes to run it. */
export interface PreparedStatement extends Prepared {
  readonly source: string;
  /** What the plan was made with; another catalog or path makes a new one. */
  readonly planned: Planned | undefined;
  readonly utility: Utility | undefined;
  readonly givenOids: readonly number[];
  readonly preparedAt: number;
  /** Of a cursor: the tables whose rows are told behind the columns. */
  carried?: readonly number[] | undefined;
}

export interface Planned {
  readonly plan: Plan;
  readonly catalogVersion: number;
  readonly path: string;
  readonly pushdown: boolean;
  /** Whose rights it was made for. */
  readonly role: number;
  /** What has to be allowed before it runs; undefined once it was found to be, and for superusers. */
  needs: Needs | undefined;
}

const queryTags: ReadonlySet<string> = new Set([
  "SelectStmt",
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
]);

export function isQuery(node: Node): boolean {
  const tag = tagOf(node);
  return queryTags.has(tag) && !(tag === "SelectStmt" && node.SelectStmt?.intoClause !== undefined);
}

/** In a failed transaction only what ends it is heard. @throws PgError 25P02 */
export function checkNotFailed(session: SessionState, node: Node | undefined): void {
  if (session.block?.isFailed !== true) return;
  const kind = node?.TransactionStmt?.kind;
  if (kind === "TRANS_STMT_ROLLBACK" || kind === "TRANS_STMT_COMMIT" || kind === "TRANS_STMT_ROLLBACK_TO")
    return;
  throw new PgError(
    "25P02",
    "current transaction is aborted, commands ignored until end of transaction block",
  );
}

export function prepareStatement(
  session: SessionState,
  statement: ParsedStatement | undefined,
  parameterOids: readonly number[],
  source: string,
  isCursor = false,
): PreparedStatement {
  const base = { statement, source, givenOids: parameterOids, preparedAt: Date.now() };
  if (statement === undefined) {
    return {
      ...base,
      parameterOids,
      columns: undefined,
      isEmpty: true,
      copy: undefined,
      planned: undefined,
      utility: undefined,
    };
  }
  const { node } = statement;
  checkNotFailed(session, node);
  if (isQuery(node)) {
    const { planned, query, params, carried } = planQuery(session, node, parameterOids, true, isCursor);
    const returns = query.command === "select" || query.returns;
    return {
      ...base,
      parameterOids: params,
      columns: returns ? columnsOf(session, query) : undefined,
      isEmpty: false,
      copy: undefined,
      planned,
      utility: undefined,
      ...(isCursor ? { carried } : {}),
    };
  }
  const utility = utilityOf(session, node, parameterOids);
  return {
    ...base,
    parameterOids: utility.parameterOids ?? parameterOids,
    columns: utility.columns,
    isEmpty: false,
    copy: copyDirection(node),
    planned: undefined,
    utility,
  };
}

function copyDirection(node: Node): CopyDirection | undefined {
  const copy = node.CopyStmt;
  if (copy === undefined || copy.filename !== undefined || copy.is_program === true) return undefined;
  return copy.is_from === true ? "in" : "out";
}

/** Analyses and plans a query. */
export function planQuery(
  session: SessionState,
  node: Node,
  parameterOids: readonly number[],
  openParams: boolean,
  carries = false,
): { planned: Planned; query: Query; params: number[]; carried: readonly number[] | undefined } {
  const { catalog, io } = session;
  const ctx = new AnalyseContext(
    io,
    parameterOids.map((type) => (type === 705 ? 0 : type)),
    openParams,
  );
  const analyser = new StatementAnalyser(ctx, sqlTexts);
  const query = analyser.statement(node);
  const needs = secure(session, query, analyser);
  const carried = carries ? carryRows(query) : undefined;
  const { pushdown } = session.settings;
  const plan = planStatement(
    { catalog, pushdown, systemRows: (relation, exec) => systemRows(session, relation, exec) },
    query,
  );
  return {
    planned: {
      plan,
      catalogVersion: catalog.version,
      path: io.searchPath.join(),
      pushdown,
      role: session.authority.current.oid,
      needs,
    },
    query,
    params: ctx.params,
    carried,
  };
}

export function columnsOf(session: SessionState, query: Query): ResultColumn[] {
  const { catalog } = session;
  return outputTargets(query).map(({ expr, name, origin }) => ({
    name,
    tableOid: origin?.table ?? 0,
    attnum: origin?.attnum ?? 0,
    typeOid: catalog.type(expr.type)?.kind === "d" ? baseOf(session, expr.type) : expr.type,
    typlen: catalog.type(expr.type)?.length ?? -1,
    typmod: expr.typmod,
  }));
}

/** Domains are described as what they are made of. */
function baseOf(session: SessionState, type: number): number {
  const info = session.catalog.type(type);
  return info?.kind === "d" ? baseOf(session, info.baseType) : type;
}

/**
 * The plan of a prepared statement for the definitions and the role of now.
 *
 * @throws PgError 0A000 when its result has changed, 42501
 */
export function currentPlan(session: SessionState, prepared: PreparedStatement): Plan {
  const planned = plannedNow(session, prepared);
  if (planned.needs !== undefined) {
    requireNeeds(session, planned.needs);
    planned.needs = undefined;
  }
  return planned.plan;
}

function plannedNow(session: SessionState, prepared: PreparedStatement): Planned {
  const { planned, statement } = prepared;
  if (planned === undefined || statement === undefined) throw notSupported("running this statement");
  const { catalog, io, settings } = session;
  if (
    planned.catalogVersion === catalog.version &&
    planned.path === io.searchPath.join() &&
    planned.pushdown === settings.pushdown &&
    planned.role === session.authority.current.oid
  )
    return planned;
  const isCursor = "carried" in prepared;
  const {
    planned: next,
    query,
    carried,
  } = planQuery(session, statement.node, prepared.parameterOids, false, isCursor);
  if (isCursor) prepared.carried = carried;
  const returns = query.command === "select" || query.returns;
  const columns = returns ? columnsOf(session, query) : undefined;
  if (!sameColumns(prepared.columns, columns)) {
    throw new PgError("0A000", "cached plan must not change result type", {
      routine: "RevalidateCachedQuery",
    });
  }
  (prepared as { planned: Planned }).planned = next;
  return next;
}

function sameColumns(
  a: readonly ResultColumn[] | undefined,
  b: readonly ResultColumn[] | undefined,
): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.length === b.length &&
    a.every(
      (column, i) =>
        column.name === b[i]!.name && column.typeOid === b[i]!.typeOid && column.typmod === b[i]!.typmod,
    )
  );
}
