import { PgError } from "../errors.ts";
import type { Node, pg } from "../parse/ast.ts";
import { settingText } from "../settings/set-value.ts";
import { oid } from "../types/oids.ts";
import type { SessionState } from "./state.ts";
import { applyModes } from "./transaction-modes.ts";
import { column, type Utility } from "./utility-types.ts";

/** SET, RESET, SET TRANSACTION. */
export function setVariable(session: SessionState, node: pg.VariableSetStmt): Utility {
  const name = node.name ?? "";
  const isReset = node.kind === "VAR_RESET" || node.kind === "VAR_RESET_ALL";
  const run = (): void => {
    const block = session.transactions.current();
    const isLocal = node.is_local === true;
    const args = (node.args ?? []) as Node[];
    if (isLocal && !block.isExplicit)
      session.notice("WARNING", "SET LOCAL can only be used in transaction blocks", "25P01");
    switch (node.kind) {
      case "VAR_SET_MULTI":
        setMulti(session, name, args, block);
        return;
      case "VAR_RESET_ALL":
        session.settings.resetAll(block);
        return;
      case "VAR_SET_DEFAULT":
      case "VAR_RESET":
        session.settings.set(name, undefined, isLocal, block);
        return;
      case "VAR_SET_CURRENT":
        return;
      default: {
        const text = settingText(name, args);
        if (name.toLowerCase() === "transaction_isolation") {
          applyModes(session, [{ DefElem: { defname: name.toLowerCase(), arg: args[0] as pg.Node } }], block);
          return;
        }
        session.settings.set(name, text, isLocal, block);
      }
    }
  };
  return {
    columns: undefined,
    run: () => {
      run();
      return Promise.resolve({ rows: [], tag: isReset ? "RESET" : "SET" });
    },
  };
}

function setMulti(
  session: SessionState,
  name: string,
  args: readonly Node[],
  block: NonNullable<SessionState["block"]>,
): void {
  if (name === "TRANSACTION") {
    if (!block.isExplicit)
      session.notice("WARNING", "SET TRANSACTION can only be used in transaction blocks", "25P01");
    applyModes(session, args, block);
    return;
  }
  if (name === "TRANSACTION SNAPSHOT") {
    importSnapshot(session, args[0]?.A_Const?.sval?.sval ?? "", block);
    return;
  }
  if (name === "SESSION CHARACTERISTICS") {
    for (const option of args) {
      const { defname = "", arg } = option.DefElem!;
      const constant = (arg as Node).A_Const;
      const value = constant?.sval?.sval ?? ((constant?.ival?.ival ?? 0) === 0 ? "off" : "on");
      session.settings.set(`default_${defname}`, value, false, block);
    }
    return;
  }
  throw new PgError("0A000", `SET ${name} is not supported`);
}

/** SET TRANSACTION SNAPSHOT. @throws PgError 0A000, 22023, 25001, 42704 */
function importSnapshot(
  session: SessionState,
  name: string,
  block: NonNullable<SessionState["block"]>,
): void {
  if (!block.isExplicit)
    session.notice("WARNING", "SET TRANSACTION can only be used in transaction blocks", "25P01");
  if (block.hasQueried || block.snapshot !== undefined)
    throw new PgError("25001", "SET TRANSACTION SNAPSHOT must be called before any query");
  if (block.isolation === "read committed")
    throw new PgError(
      "0A000",
      "a snapshot-importing transaction must have isolation level SERIALIZABLE or REPEATABLE READ",
    );
  if (!/^[0-9A-F-]+$/.test(name)) throw new PgError("22023", `invalid snapshot identifier: "${name}"`);
  const snapshot = session.database.exports.take(name);
  if (snapshot === undefined) throw new PgError("42704", `snapshot "${name}" does not exist`);
  block.snapshot = snapshot;
}

export function showVariable(session: SessionState, name: string): Utility {
  if (name === "all") {
    const rows = session.settings
      .names()
      .map((key) => [session.settings.displayName(key), session.settings.show(key) ?? "", ""]);
    return {
      columns: [column("name", oid.text), column("setting", oid.text), column("description", oid.text)],
      run: () => Promise.resolve({ rows, tag: "SHOW" }),
    };
  }
  const shown = session.settings.show(name);
  if (shown === undefined) throw new PgError("42704", `unrecognized configuration parameter "${name}"`);
  return {
    columns: [column(session.settings.displayName(name), oid.text)],
    run: () => Promise.resolve({ rows: [[currentValue(session, name) ?? ""]], tag: "SHOW" }),
  };
}

function currentValue(session: SessionState, name: string): string | undefined {
  if (name === "transaction_isolation" && session.block !== undefined) return session.block.isolation;
  if (name === "transaction_read_only" && session.block !== undefined)
    return session.block.isReadOnly ? "on" : "off";
  return session.settings.show(name);
}
