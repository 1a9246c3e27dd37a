import type { TransactionWork } from "@weftkit/store";
import { StatementAnalyser } from "../analyse/analyse.ts";
import { AnalyseContext } from "../analyse/context.ts";
import { outputTargets } from "../analyse/expr.ts";
import { Catalog } from "../catalog/catalog.ts";
import { bootstrapRole } from "../catalog/model.ts";
import { alterTable } from "../ddl/alter-table.ts";
import type { Ddl } from "../ddl/context.ts";
import { createTable } from "../ddl/create-table.ts";
import { drop } from "../ddl/drop.ts";
import { createExtension } from "../ddl/extensions.ts";
import { createIndex } from "../ddl/indexes.ts";
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
import { rename, setSchema } from "../ddl/rename.ts";
import { alterRoutine, createRoutine } from "../ddl/routines.ts";
import { alterSequence, createSequence } from "../ddl/sequences.ts";
import { createTrigger } from "../ddl/triggers.ts";
import { createTableAs, createView, refreshView } from "../ddl/views.ts";
import { PgError } from "../errors.ts";
import { systemRows } from "../introspect/row-sources.ts";
import { type Node, tagOf } from "../parse/ast.ts";
import { sqlTexts } from "../parse/parse.ts";
import { makePlanContext, planStatement } from "../plan/planner.ts";
import { saveChanges, takeOids } from "../storage/catalog-store.ts";
import type { Row } from "../types/datum.ts";
import type { Block } from "./block.ts";
import { makeExec } from "./exec.ts";
import { requireSchema } from "./privileges.ts";
import { runLimited } from "./running.ts";
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
    () => {},
  ],
  GrantStmt: [
    (node: Node) => (node.GrantStmt?.is_grant === true ? "GRANT" : "REVOKE"),
    // Rights come with the roles of the image's users; a script that grants may go on, and is told.
    (ddl: Ddl) =>
      ddl.notice("no privileges were changed: they follow from the roles of the users", "WARNING"),
  ],
  AlterDefaultPrivilegesStmt: ["ALTER DEFAULT PRIVILEGES", () => {}],
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
  const [tag, work] = command;
  return {
    columns: undefined,
    run: async () => {
      const own = await inDdl(session, (ddl) => work(ddl, node));
      return { rows: [], tag: typeof own === "string" ? own : typeof tag === "string" ? tag : tag(node) };
    },
  };
}

/** SELECT ... INTO is CREATE TABLE AS. */
function selectInto(node: Node): Node | undefined {
  const into = node.SelectStmt?.intoClause;
  if (into === undefined) return undefined;
  const { intoClause: _into, ...select } = node.SelectStmt!;
  return { CreateTableAsStmt: { query: { SelectStmt: select } as never, into, objtype: "OBJECT_TABLE" } };
}

/** Changes definitions in the session's transaction: on a copy of the catalog, with the writer held to its end. */
export async function inDdl<T>(session: SessionState, work: (ddl: Ddl) => T): Promise<T> {
  const block = session.transactions.current();
  if (block.isReadOnly) throw new PgError("25006", "cannot execute this command in a read-only transaction");
  block.hasQueried = true;
  const transaction = session.transactions.transaction(block);
  const before = block.catalog;
  return runLimited(session, async (limits) => {
    try {
      return await transaction.run((holder) => {
        block.catalog = before;
        return ddlWithin(session, block, holder, work);
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
): T {
  holder.hold();
  // Others may have changed definitions while this waited for the writer.
  const catalog = new Catalog(block.catalog ?? session.database.catalog);
  block.catalog = catalog;
  const exec = makeExec(session, block, holder.db, holder, []);
  const plan = () =>
    makePlanContext({
      catalog,
      pushdown: session.settings.pushdown,
      systemRows: (r, e) => systemRows(session, r, e),
    });
  const ddl: Ddl = {
    catalog,
    io: { ...session.io, catalog },
    work: holder,
    user: session.user.user,
    owner: bootstrapRole,
    sessionId: session.processId,
    exec,
    plan,
    notice: (message, severity = "NOTICE", details = {}) =>
      session.notice(severity, message, undefined, details),
    requireSchema: (name) => requireSchema(session, name),
    temporaryNamespace: () => {
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
    query: (node) => {
      const ctx = new AnalyseContext({ ...session.io, catalog }, [], false);
      const query = new StatementAnalyser(ctx, sqlTexts).statement(node);
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
    },
  };
  const result = work(ddl);
  saveChanges(holder.db, catalog.takeChanges());
  return result;
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
  ddlWithin(session, block, work, (ddl) => command[1](ddl, node));
  return true;
}

function* rowsOf(rows: Generator<Row | null, void, void>): Generator<Row> {
  for (const row of rows) if (row !== null) yield row;
}
