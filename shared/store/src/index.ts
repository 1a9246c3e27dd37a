export type { Database, Statement } from "better-sqlite3";
export { GroupedReads } from "./grouped/grouped-reads.ts";
export { GroupedWrites } from "./grouped/grouped-writes.ts";
export type { IsRefusal } from "./grouped/waiting-work.ts";
export {
  cancelWork,
  type InterruptReason,
  interruptSupport,
  WatchedConnection,
} from "./interrupt.ts";
export {
  type LockKey,
  type LockKind,
  type LockKindOptions,
  lockKind,
  postgresRowLocks,
  postgresTableLocks,
  rowKey,
  uniqueValueLocks,
} from "./locks/lock-kind.ts";
export type { HeldLock, LockOptions, LockOwner, Locks, LockWait } from "./locks/types.ts";
export { type StatementMode, statement } from "./statements.ts";
export { openStore } from "./store.ts";
export type {
  BeginOptions,
  ChangedRow,
  JournalLimits,
  Mark,
  SqlValue,
  Transaction,
  TransactionWork,
} from "./transactions/types.ts";
export type { CommitRecorder, Migration, Store, StoreOptions } from "./types.ts";
export { workerUrl } from "./wal/worker-calls.ts";
export type { SlicedWork, Snapshot, WorkOptions } from "./work.ts";
export type { WorkerTask } from "./workers/reader-workers.ts";
