export type { Database, Statement } from "better-sqlite3";
export {
  cancelWork,
  type InterruptReason,
  interruptSupport,
  WatchedConnection,
} from "./interrupt.ts";
export { type StatementMode, statement } from "./statements.ts";
export { openStore } from "./store.ts";
export type { Migration, SlicedWork, Snapshot, Store, StoreOptions, WorkOptions } from "./types.ts";
