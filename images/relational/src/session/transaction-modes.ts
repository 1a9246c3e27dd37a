import { PgError } from "../errors.ts";
import type { Node } from "../parse/ast.ts";
import type { Isolation } from "./block.ts";
import type { SessionState } from "./state.ts";

/** ISOLATION LEVEL, READ ONLY and the like, of BEGIN and SET TRANSACTION. */
export function applyModes(
  session: SessionState,
  options: readonly Node[],
  block: NonNullable<SessionState["block"]>,
): void {
  for (const option of options) {
    const { defname, arg } = option.DefElem!;
    const constant = (arg as Node | undefined)?.A_Const;
    if (defname === "transaction_isolation") {
      const level = (constant?.sval?.sval ?? "").replace("read uncommitted", "read committed") as Isolation;
      if (block.hasQueried && level !== block.isolation)
        throw new PgError("25001", "SET TRANSACTION ISOLATION LEVEL must be called before any query");
      block.isolation = level;
      session.settings.set("transaction_isolation", constant?.sval?.sval ?? "read committed", true, block);
    } else if (defname === "transaction_read_only") {
      const isReadOnly = (constant?.ival?.ival ?? 0) !== 0;
      if (!isReadOnly && block.isReadOnly && block.hasQueried)
        throw new PgError("25001", "transaction read-write mode must be set before any query");
      block.isReadOnly = isReadOnly;
      session.settings.set("transaction_read_only", isReadOnly ? "on" : "off", true, block);
    } else if (defname === "transaction_deferrable") {
      session.settings.set(
        "transaction_deferrable",
        (constant?.ival?.ival ?? 0) !== 0 ? "on" : "off",
        true,
        block,
      );
    }
  }
}
