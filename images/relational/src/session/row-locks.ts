import { postgresRowLocks, statement, type TransactionWork } from "@weftkit/store";
import type { Query, RangeEntry, RowLock } from "../analyse/expr.ts";
import { tableName } from "../storage/tables.ts";
import type { SessionState } from "./state.ts";

const modes = {
  update: "update",
  noKeyUpdate: "no key update",
  share: "share",
  keyShare: "key share",
} as const;

/** How FOR UPDATE and the like lock the rows of a query. */
export function lockRowOf(
  session: SessionState,
  query: Query,
  work: TransactionWork,
): ((entry: RangeEntry, rowid: number) => boolean) | undefined {
  if (query.command !== "select" && query.ctes.length === 0) return undefined;
  const locks = new Map<RangeEntry, RowLock>();
  collect(query, locks, new Set());
  if (locks.size === 0) return undefined;
  const timeoutMs = session.settings.ms("lock_timeout");
  return (entry, rowid) => {
    const lock = locks.get(entry);
    if (lock === undefined) return true;
    const table = tableName(entry.relation!.oid);
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

function collect(value: unknown, locks: Map<RangeEntry, RowLock>, seen: Set<unknown>): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  const query = value as Partial<Query>;
  if (query.command === "select") {
    const select = value as { locks: readonly RowLock[] };
    for (const lock of select.locks) for (const entry of lock.entries) locks.set(entry, lock);
  }
  for (const item of Object.values(value)) collect(item, locks, seen);
}
