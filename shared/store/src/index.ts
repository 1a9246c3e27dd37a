export type { Migration, Snapshot, Store, StoreOptions, WorkOptions } from "./types.ts";
