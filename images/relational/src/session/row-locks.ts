import { postgresRowLocks, statement, type TransactionWork } from "@weftkit/store";
import type { Exec } from "../run/exec.ts";
import { readPartitionRowid } from "../storage/ctid.ts";
import { tableName } from "../storage/tables.ts";
import type { SessionState } from "./state.ts";

const modes = {
  update: "update",
  noKeyUpdate: "no key update",
  share: "share",
  keyShare: "key share",
} as const;

/** How FOR UPDATE and the like lock rows, wherever in a statement they are. */
export function lockRowOf(session: SessionState, work: TransactionWork): NonNullable<Exec["lockRow"]> {
  return (lock, entry, place) => {
    const timeoutMs = session.settings.ms("lock_timeout");
    const { leaf, rowid } =
      typeof place === "string" ? readPartitionRowid(place) : { leaf: entry.relation!.oid, rowid: place };
    const table = tableName(leaf);
    const isLocked = work.lock(postgresRowLocks, table, rowid, modes[lock.strength], {
      ...(lock.wait === "error" ? { nowait: true } : {}),
      ...(lock.wait === "skip" ? { skipLocked: true } : {}),
      ...(timeoutMs > 0 ? { timeoutMs } : {}),
    });
    // Deleted by who held it before.
    return (
      isLocked &&
      statement(work.db, `SELECT 1 FROM ${table} WHERE rowid_ = ?`, { pluck: true }).get(rowid) !== undefined
    );
  };
}
