import { postgresTableLocks, type TransactionWork } from "@weftkit/store";
import { StatementAnalyser } from "../analyse/analyse.ts";
import { AnalyseContext } from "../analyse/context.ts";
import { outputTargets } from "../analyse/expr.ts";
import { Catalog, type CatalogChange } from "../catalog/catalog.ts";
import { bootstrapRole, type Constraint } from "../catalog/model.ts";
import { alterTable } from "../ddl/alter-table.ts";
import type { Ddl } from "../ddl/context.ts";
import { createTable } from "../ddl/create-table.ts";
import { drop } from "../ddl/drop.ts";
import { createExtension } from "../ddl/extensions.ts";
import { alterDefaultPrivileges, grant } from "../ddl/grants.ts";
import { createIndex } from "../ddl/indexes.ts";
import { grantRole } from "../ddl/memberships.ts";
import {
  alterDomain,
  alterEnum,
  comment,
  createComposite,
  createDomain,
  createEnum,
  createSchema,
  truncate,
} from "../ddl/objects.ts";
import { alterOwner, dropOwned, reassignOwned } from "../ddl/owners.ts";
import { alterPolicy, createPolicy } from "../ddl/policies.ts";
import { alterPublication, createPublication } from "../ddl/publications.ts";
import { rename, setSchema } from "../ddl/rename.ts";
import { requireOnDatabase } from "../ddl/rights.ts";
import { alterDatabaseSettings, alterRole, alterRoleSettings, createRole, dropRole } from "../ddl/roles.ts";
import { alterRoutine, createRoutine } from "../ddl/routines.ts";
import { alterSequence, createSequence } from "../ddl/sequences.ts";
import { createTrigger } from "../ddl/triggers.ts";
import { createTableAs, createView, refreshView } from "../ddl/views.ts";
import { PgError } from "../errors.ts";
import { systemRows } from "../introspect/row-sources.ts";
import { type Node, tagOf } from "../parse/ast.ts";
import { sqlTexts } from "../parse/parse.ts";
import { makePlanContext, planStatement } from "../plan/planner.ts";
import type { Exec } from "../run/exec.ts";
import { saveChanges, takeOids } from "../storage/catalog-store.ts";
import { tableName } from "../storage/tables.ts";
import type { Row } from "../types/datum.ts";
import type { Block } from "./block.ts";
import { makeExec } from "./exec.ts";
import { requireNeeds, secure } from "./privileges.ts";
import { runLimited, Told } from "./running.ts";
import { recordSchema } from "./schema-changes.ts";
import type { SessionState } from "./state.ts";
import type { Utility } from "./utility-types.ts";

/** A text that is returned is the tag. */
type DdlCommand = (ddl: Ddl, node: Node) => unknown;

/** Statements that change definitions, by their node: what they do, and their tag. */
const commands: Record<string, readonly [tag: string | ((node: Node) => string), run: DdlCommand]> = {
  CreateStmt: ["CREATE TABLE", (ddl, node) => void createTable(ddl, node.CreateStmt!)],
  IndexStmt: ["CREATE INDEX", (ddl, node) => createIndex(ddl, node.IndexStmt!)],
  CreateSeqStmt: ["CREATE SEQUENCE", (ddl, node) => createSequence(ddl, node.CreateSeqStmt!)],
  AlterSeqStmt: ["ALTER SEQUENCE", (ddl, node) => alterSequence(ddl, node.AlterSeqStmt!)],
  ViewStmt: ["CREATE VIEW", (ddl, node) => createView(ddl, node.ViewStmt!)],
  RefreshMatViewStmt: [
    "REFRESH MATERIALIZED VIEW",
    (ddl, node) => refreshView(ddl, node.RefreshMatViewStmt!),
  ],
  CreateTableAsStmt: [
    (node) =>
      node.CreateTableAsStmt?.objtype === "OBJECT_MATVIEW" ? "CREATE MATERIALIZED VIEW" : "CREATE TABLE AS",
    (ddl, node) => {
      const count = createTableAs(ddl, node.CreateTableAsStmt!);
      return count === undefined ? undefined : `SELECT ${count}`;
    },
  ],
  DropStmt: [
    (node) =>
      `DROP ${(node.DropStmt?.removeType ?? "").replace("OBJECT_", "").replace("MATVIEW", "MATERIALIZED VIEW").replaceAll("_", " ")}`,
    (ddl, node) => drop(ddl, node.DropStmt!),
  ],
};

Object.assign(commands, {
  AlterTableStmt: [
    (node: Node) =>
      `ALTER ${(node.AlterTableStmt?.objtype ?? "OBJECT_TABLE").replace("OBJECT_", "").replace("MATVIEW", "MATERIALIZED VIEW")}`,
    (ddl: Ddl, node: Node) => alterTable(ddl, node.AlterTableStmt!),
  ],
  CreateSchemaStmt: ["CREATE SCHEMA", (ddl: Ddl, node: Node) => createSchema(ddl, node.CreateSchemaStmt!)],
  CreateEnumStmt: ["CREATE TYPE", (ddl: Ddl, node: Node) => createEnum(ddl, node.CreateEnumStmt!)],
  AlterEnumStmt: ["ALTER TYPE", (ddl: Ddl, node: Node) => alterEnum(ddl, node.AlterEnumStmt!)],
  CreateDomainStmt: ["CREATE DOMAIN", (ddl: Ddl, node: Node) => createDomain(ddl, node.CreateDomainStmt!)],
  AlterDomainStmt: ["ALTER DOMAIN", (ddl: Ddl, node: Node) => alterDomain(ddl, node.AlterDomainStmt!)],
  CompositeTypeStmt: ["CREATE TYPE", (ddl: Ddl, node: Node) => createComposite(ddl, node.CompositeTypeStmt!)],
  CreateFunctionStmt: [
    (node: Node) => (node.CreateFunctionStmt?.is_procedure === true ? "CREATE PROCEDURE" : "CREATE FUNCTION"),
    (ddl: Ddl, node: Node) => createRoutine(ddl, node.CreateFunctionStmt!),
  ],
  AlterFunctionStmt: [
    (node: Node) => `ALTER ${renameWord(node.AlterFunctionStmt?.objtype, undefined)}`,
    (ddl: Ddl, node: Node) => alterRoutine(ddl, node.AlterFunctionStmt!),
  ],
  CreateExtensionStmt: [
    "CREATE EXTENSION",
    (ddl: Ddl, node: Node) => createExtension(ddl, node.CreateExtensionStmt!),
  ],
  CreateTrigStmt: ["CREATE TRIGGER", (ddl: Ddl, node: Node) => createTrigger(ddl, node.CreateTrigStmt!)],
  TruncateStmt: ["TRUNCATE TABLE", (ddl: Ddl, node: Node) => truncate(ddl, node.TruncateStmt!)],
  CommentStmt: ["COMMENT", (ddl: Ddl, node: Node) => comment(ddl, node.CommentStmt!)],
  RenameStmt: [
    (node: Node) => `ALTER ${renameWord(node.RenameStmt?.renameType, node.RenameStmt?.relationType)}`,
    (ddl: Ddl, node: Node) => rename(ddl, node.RenameStmt!),
  ],
  AlterObjectSchemaStmt: [
    (node: Node) => `ALTER ${renameWord(node.AlterObjectSchemaStmt?.objectType, undefined)}`,
    (ddl: Ddl, node: Node) => setSchema(ddl, node.AlterObjectSchemaStmt!),
  ],
  AlterOwnerStmt: [
    (node: Node) => `ALTER ${renameWord(node.AlterOwnerStmt?.objectType, undefined)}`,
    (ddl: Ddl, node: Node) => alterOwner(ddl, node.AlterOwnerStmt!),
  ],
  GrantStmt: [
    (node: Node) => (node.GrantStmt?.is_grant === true ? "GRANT" : "REVOKE"),
    (ddl: Ddl, node: Node) => grant(ddl, node.GrantStmt!),
  ],
  AlterDefaultPrivilegesStmt: [
    "ALTER DEFAULT PRIVILEGES",
    (ddl: Ddl, node: Node) => alterDefaultPrivileges(ddl, node.AlterDefaultPrivilegesStmt!),
  ],
  CreateRoleStmt: ["CREATE ROLE", (ddl: Ddl, node: Node) => createRole(ddl, node.CreateRoleStmt!)],
  AlterRoleStmt: ["ALTER ROLE", (ddl: Ddl, node: Node) => alterRole(ddl, node.AlterRoleStmt!)],
  AlterRoleSetStmt: ["ALTER ROLE", (ddl: Ddl, node: Node) => alterRoleSettings(ddl, node.AlterRoleSetStmt!)],
  AlterDatabaseSetStmt: [
    "ALTER DATABASE",
    (ddl: Ddl, node: Node) => alterDatabaseSettings(ddl, node.AlterDatabaseSetStmt!),
  ],
  CreatePolicyStmt: ["CREATE POLICY", (ddl: Ddl, node: Node) => createPolicy(ddl, node.CreatePolicyStmt!)],
  AlterPolicyStmt: ["ALTER POLICY", (ddl: Ddl, node: Node) => alterPolicy(ddl, node.AlterPolicyStmt!)],
  CreatePublicationStmt: [
    "CREATE PUBLICATION",
    (ddl: Ddl, node: Node) => createPublication(ddl, node.CreatePublicationStmt!),
  ],
  AlterPublicationStmt: [
    "ALTER PUBLICATION",
    (ddl: Ddl, node: Node) => alterPublication(ddl, node.AlterPublicationStmt!),
  ],
  DropRoleStmt: ["DROP ROLE", (ddl: Ddl, node: Node) => dropRole(ddl, node.DropRoleStmt!)],
  GrantRoleStmt: [
    (node: Node) => (node.GrantRoleStmt?.is_grant === true ? "GRANT ROLE" : "REVOKE ROLE"),
    (ddl: Ddl, node: Node) => grantRole(ddl, node.GrantRoleStmt!),
  ],
  ReassignOwnedStmt: [
    "REASSIGN OWNED",
    (ddl: Ddl, node: Node) => reassignOwned(ddl, node.ReassignOwnedStmt!),
  ],
  DropOwnedStmt: ["DROP OWNED", (ddl: Ddl, node: Node) => dropOwned(ddl, node.DropOwnedStmt!)],
});

function renameWord(type: string | undefined, relationType: string | undefined): string {
  const word =
    type === "OBJECT_COLUMN" || type === "OBJECT_TABCONSTRAINT" || type === "OBJECT_ATTRIBUTE"
      ? (relationType ?? "OBJECT_TABLE")
      : (type ?? "");
  return word.replace("OBJECT_", "").replace("MATVIEW", "MATERIALIZED VIEW");
}

export function defineDdl(name: string, tag: string | ((node: Node) => string), run: DdlCommand): void {
  commands[name] = [tag, run];
}

export function runDdl(session: SessionState, given: Node): Utility | undefined {
  const node = selectInto(given) ?? given;
  const command = commands[tagOf(node)];
  if (command === undefined) return undefined;
  const [, work] = command;
  const shown = tagFor(command, node);
  return {
    columns: undefined,
    run: async () => {
      const own = await inDdl(session, (ddl) => work(ddl, node), { node, tag: shown });
      return { rows: [], tag: typeof own === "string" ? own : shown };
    },
  };
}

function tagFor([tag]: (typeof commands)[string], node: Node): string {
  return typeof tag === "string" ? tag : tag(node);
}

/** What is told to those who follow the changes. */
interface SchemaCommand {
  readonly node: Node;
  readonly tag: string;
}

/** SELECT ... INTO is CREATE TABLE AS. */
function selectInto(node: Node): Node | undefined {
  const into = node.SelectStmt?.intoClause;
  if (into === undefined) return undefined;
  const { intoClause: _into, ...select } = node.SelectStmt!;
  return { CreateTableAsStmt: { query: { SelectStmt: select } as never, into, objtype: "OBJECT_TABLE" } };
}

/** Changes definitions in the session's transaction: on a copy of the catalog, with the writer held to its end. */
export async function inDdl<T>(
  session: SessionState,
  work: (ddl: Ddl) => T,
  told?: SchemaCommand,
): Promise<T> {
  const block = session.transactions.current();
  if (block.isReadOnly) throw new PgError("25006", "cannot execute this command in a read-only transaction");
  block.hasQueried = true;
  const transaction = session.transactions.transaction(block);
  const before = block.catalog;
  const notices = new Told(session);
  return runLimited(session, async (limits) => {
    try {
      return await transaction.run((holder) => {
        block.catalog = before;
        return ddlWithin(session, block, holder, work, told, notices.again());
      }, limits);
    } catch (error) {
      block.catalog = before;
      throw error;
    }
  });
}

/** As `inDdl`, in a work of the transaction that runs. Whoever catches its error puts the block's catalog back. */
export function ddlWithin<T>(
  session: SessionState,
  block: Block,
  holder: TransactionWork,
  work: (ddl: Ddl) => T,
  told?: SchemaCommand,
  notice: Exec["notice"] = (severity, message, code, details) =>
    session.notice(severity, message, code, details),
): T {
  holder.hold();
  // Others may have changed definitions while this waited for the writer.
  const before = block.catalog ?? session.database.catalog;
  const catalog = new Catalog(before);
  block.catalog = catalog;
  const exec = makeExec(session, block, holder.db, holder, []);
  const plan = () =>
    makePlanContext({
      catalog,
      pushdown: session.settings.pushdown,
      systemRows: (r, e) => systemRows(session, r, e),
    });
  const afterTold: (() => void)[] = [];
  const lockTable = (oid: number, mode: TableLockMode) => {
    const timeoutMs = session.settings.ms("lock_timeout");
    const limits = timeoutMs > 0 ? { timeoutMs } : {};
    holder.lock(postgresTableLocks, tableName(oid), 0, mode, limits);
  };
  const ddl: Ddl = {
    catalog,
    afterTold: (tell) => void afterTold.push(tell),
    io: { ...session.io, catalog },
    work: holder,
    lockTable: (oid) => lockTable(oid, "access exclusive"),
    database: session.database.name,
    authority: session.authority,
    owner: session.authority.owner,
    sessionId: session.processId,
    exec,
    plan,
    notice: (message, severity = "NOTICE", details = {}) => notice(severity, message, "00000", details),
    temporaryNamespace: () => {
      requireOnDatabase(ddl, "T");
      const name = `pg_temp_${session.processId}`;
      const known = catalog.namespaceByName(name);
      if (known !== undefined) return known.oid;
      const oid = takeOids(holder.db, 1);
      catalog.set("namespace", { oid, name, owner: bootstrapRole });
      return oid;
    },
    forgetSequence: (oid) => session.database.sequences.forget(oid),
    restartSequence: (oid, value) => {
      session.database.sequences.set(catalog.get("sequence", oid)!, value, false);
      session.database.sequences.save(holder, oid, true);
    },
    sequenceValue: (oid) => session.database.sequences.peek(catalog.get("sequence", oid)!),
    query: (node, as) => {
      const end = as === undefined ? undefined : session.authority.actAs(as);
      try {
        const { columns, rows } = runQuery(session, catalog, exec, node);
        return { columns, rows: as === undefined ? rows : [...rows] };
      } finally {
        end?.();
      }
    },
  };
  const result = work(ddl);
  const changes = catalog.takeChanges();
  if (told === undefined || !beside.has(tagOf(told.node))) {
    const mode = (told === undefined ? undefined : weaker.get(tagOf(told.node))) ?? "access exclusive";
    // Others may have changed rows and not committed yet: what they wrote is in the form of before.
    for (const oid of tablesOf(changes, before)) lockTable(oid, mode);
  }
  saveChanges(holder.db, changes);
  if (told !== undefined) {
    const { searchPath } = session.io;
    recordSchema(holder.db, { ...told, changes, before, after: catalog, searchPath });
  }
  for (const tell of afterTold) tell();
  return result;
}

/** Commands that may be run while others change rows of the same table. */
const beside: ReadonlySet<string> = new Set([
  "CommentStmt",
  "GrantStmt",
  "AlterDefaultPrivilegesStmt",
  "AlterOwnerStmt",
  "ReassignOwnedStmt",
  "AlterSeqStmt",
]);

type TableLockMode = "share" | "share row exclusive" | "access exclusive";

/** Commands that keep only changes of rows away: who reads under ACCESS SHARE, as pg_dump does, goes on. */
const weaker: ReadonlyMap<string, TableLockMode> = new Map([
  ["IndexStmt", "share"],
  ["CreateTrigStmt", "share row exclusive"],
]);

/** The tables that were there before and whose definitions are changed, by their OIDs. */
function tablesOf(changes: readonly CatalogChange[], before: Catalog): ReadonlySet<number> {
  const tables = new Set<number>();
  for (const { kind, oid, object } of changes) {
    if (kind === "relation") tables.add(oid);
    else if (kind === "index" || kind === "constraint" || kind === "trigger" || kind === "policy") {
      const changed = (object ?? before.get(kind, oid)) as Partial<Constraint> | undefined;
      if (changed?.relation !== undefined) tables.add(changed.relation);
      if (changed?.foreign !== undefined) tables.add(changed.foreign.relation);
    }
  }
  for (const oid of tables) if (before.get("relation", oid) === undefined) tables.delete(oid);
  return tables;
}

/** Runs a statement that changes definitions inside of a routine; false when it is none. */
export function runDdlWithin(
  session: SessionState,
  block: Block,
  work: TransactionWork,
  given: Node,
): boolean {
  const node = selectInto(given) ?? given;
  const command = commands[tagOf(node)];
  if (command === undefined) return false;
  ddlWithin(session, block, work, (ddl) => command[1](ddl, node), { node, tag: tagFor(command, node) });
  return true;
}

function* rowsOf(rows: Generator<Row | null, void, void>): Generator<Row> {
  for (const row of rows) if (row !== null) yield row;
}

/** A query of a definition: of CREATE TABLE AS and the like. @throws PgError 42501 */
function runQuery(session: SessionState, catalog: Catalog, exec: Exec, node: Node): ReturnType<Ddl["query"]> {
  const ctx = new AnalyseContext({ ...session.io, catalog }, [], false);
  const analyser = new StatementAnalyser(ctx, sqlTexts);
  const query = analyser.statement(node);
  const needs = secure(session, query, analyser);
  if (needs !== undefined) requireNeeds(session, needs);
  const planned = planStatement(
    {
      catalog,
      pushdown: session.settings.pushdown,
      systemRows: (r, e) => systemRows(session, r, e),
    },
    query,
  );
  const columns = outputTargets(query).map(({ expr, name }) => ({
    name,
    type: expr.type,
    typmod: expr.typmod,
    collation: expr.collation ?? 0,
  }));
  return { columns, rows: rowsOf(planned.run(exec)) };
}
