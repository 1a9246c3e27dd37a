import { notSupported, PgError } from "../errors.ts";
import { type Node, tagOf } from "../parse/ast.ts";
import type { Exec } from "../run/exec.ts";
import type { Datum, Row } from "../types/datum.ts";
import type { Block } from "./block.ts";
import { runDdl, runDdlWithin } from "./ddl-runner.ts";
import type { SessionState } from "./state.ts";
import { applyModes } from "./transaction-modes.ts";
import { plain, type Utility, type UtilityMaker } from "./utility-types.ts";
import { setVariable, showVariable } from "./variables.ts";

function transaction(session: SessionState, node: Node): Utility {
  const stmt = node.TransactionStmt!;
  const control = session.transactions;
  const run = async (): Promise<string> => {
    switch (stmt.kind) {
      case "TRANS_STMT_BEGIN":
      case "TRANS_STMT_START": {
        const block = control.begin();
        applyModes(session, (stmt.options ?? []) as Node[], block);
        return stmt.kind === "TRANS_STMT_START" ? "START TRANSACTION" : "BEGIN";
      }
      case "TRANS_STMT_COMMIT":
        return control.commit(stmt.chain === true);
      case "TRANS_STMT_ROLLBACK":
        if (session.block === undefined || !session.block.isExplicit) {
          session.notice("WARNING", "there is no transaction in progress", "25P01");
          if (session.block !== undefined) await control.rollback();
          return "ROLLBACK";
        }
        await control.rollback(stmt.chain === true);
        return "ROLLBACK";
      case "TRANS_STMT_SAVEPOINT":
        control.savepoint(stmt.savepoint_name ?? "");
        return "SAVEPOINT";
      case "TRANS_STMT_RELEASE":
        control.release(stmt.savepoint_name ?? "");
        return "RELEASE";
      case "TRANS_STMT_ROLLBACK_TO":
        control.rollbackTo(stmt.savepoint_name ?? "");
        return "ROLLBACK";
      case "TRANS_STMT_PREPARE":
        throw new PgError("55000", "prepared transactions are disabled", {
          hint: 'Set "max_prepared_transactions" to a nonzero value.',
        });
      default:
        throw new PgError("42704", `prepared transaction with identifier "${stmt.gid}" does not exist`);
    }
  };
  return { columns: undefined, run: async () => ({ rows: [], tag: await run() }) };
}

const makers: Readonly<Record<string, UtilityMaker>> = {
  TransactionStmt: transaction,
  VariableSetStmt: (session, node) => setVariable(session, node.VariableSetStmt!),
  VariableShowStmt: (session, node) => showVariable(session, node.VariableShowStmt!.name ?? ""),
  VacuumStmt: (session, node) =>
    plain(node.VacuumStmt?.is_vacuumcmd === true ? "VACUUM" : "ANALYZE", () => {
      if (node.VacuumStmt?.is_vacuumcmd === true && session.status !== "I")
        throw new PgError("25001", "VACUUM cannot run inside a transaction block");
    })(session, node, []),
  CheckPointStmt: plain("CHECKPOINT", () => {}),
  ReindexStmt: plain("REINDEX", () => {}),
  ClusterStmt: plain("CLUSTER", () => {}),
  LoadStmt: plain("LOAD", () => {}),
  ListenStmt: (session, node) =>
    plain(
      "LISTEN",
      (s) =>
        void s.transactions
          .current()
          .listens.push({ channel: node.ListenStmt?.conditionname ?? "", isOn: true }),
    )(session, node, []),
  UnlistenStmt: (session, node) =>
    plain(
      "UNLISTEN",
      (s) =>
        void s.transactions
          .current()
          .listens.push({ channel: node.UnlistenStmt?.conditionname ?? "*", isOn: false }),
    )(session, node, []),
  NotifyStmt: (session, node) =>
    plain(
      "NOTIFY",
      (s) =>
        void s.transactions.current().notifications.push({
          channel: node.NotifyStmt?.conditionname ?? "",
          payload: node.NotifyStmt?.payload ?? "",
        }),
    )(session, node, []),
};

const more = new Map<string, UtilityMaker>();

/** Adds the maker of a statement's kind. */
export function defineUtility(tag: string, maker: UtilityMaker): void {
  more.set(tag, maker);
}

/** @throws PgError 0A000 */
export function utilityOf(session: SessionState, node: Node, parameterOids: readonly number[]): Utility {
  const tag = tagOf(node);
  const maker = makers[tag] ?? more.get(tag);
  if (maker !== undefined) return maker(session, node, parameterOids);
  const ddl = runDdl(session, node);
  if (ddl !== undefined) return ddl;
  throw notSupported(statementName(tag));
}

/** What a statement in a routine does that is no query: at once, in the work that runs. */
export type InnerUtility = (
  session: SessionState,
  block: Block,
  exec: Exec,
  node: Node,
  params: readonly Datum[],
) => readonly Row[] | undefined;

const inner = new Map<string, InnerUtility>();

export function defineInner(tag: string, utility: InnerUtility): void {
  inner.set(tag, utility);
}

/** Statements that do nothing here, or whose work is done when they are made. */
const immediate: ReadonlySet<string> = new Set([
  "VariableSetStmt",
  "NotifyStmt",
  "ListenStmt",
  "UnlistenStmt",
  "ReindexStmt",
  "ClusterStmt",
]);

/** Runs a statement inside of a routine. @throws PgError 0A000 */
export function runInner(
  session: SessionState,
  block: Block,
  exec: Exec,
  node: Node,
  params: readonly Datum[],
): readonly Row[] | undefined {
  const tag = tagOf(node);
  const own = inner.get(tag);
  if (own !== undefined) return own(session, block, exec, node, params);
  if (node.TransactionStmt !== undefined)
    throw new PgError("0A000", "unsupported transaction command in PL/pgSQL");
  if (immediate.has(tag)) {
    // They do all of their work before they give their promise.
    void utilityOf(session, node, []).run(params, {});
    return undefined;
  }
  if (node.VacuumStmt !== undefined) {
    if (node.VacuumStmt.is_vacuumcmd === true)
      throw new PgError("25001", "VACUUM cannot be executed from a function");
    return undefined;
  }
  if (runDdlWithin(session, block, exec.work!, node)) return undefined;
  throw notSupported(`${statementName(tag)} in a function`);
}

function statementName(tag: string): string {
  return tag
    .replace(/Stmt$/, "")
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toUpperCase();
}
