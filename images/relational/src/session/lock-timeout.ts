import type { TransactionWork } from "@weftkit/store";
import type { SessionState } from "./state.ts";

/** A work whose waits for locks end after the session's lock_timeout, where they do not say another time themselves. */
export function underLockTimeout(session: SessionState, work: TransactionWork): TransactionWork {
  const timeoutMs = session.settings.ms("lock_timeout");
  if (timeoutMs <= 0) return work;
  return {
    get db() {
      return work.db;
    },
    change: (sql, values, row) => work.change(sql, values, row),
    lock: (kind, scope, key, mode, options) => work.lock(kind, scope, key, mode, { timeoutMs, ...options }),
    nextRowid: (table) => work.nextRowid(table),
    forgetRowids: (table) => work.forgetRowids(table),
    hold: () => work.hold(),
    within: (part) => work.within(part),
  };
}
