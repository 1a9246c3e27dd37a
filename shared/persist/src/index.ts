export { openPersistence, type PersistenceOptions, readSettings } from "./engine/open.ts";
export type { Persistence, PersistStatus } from "./engine/persistence.ts";
export type { Pushed } from "./engine/pusher.ts";
export { scheduleMistake } from "./engine/schedule.ts";
export type { LogFile, LogSource } from "./log/log-source.ts";
export { LogStream } from "./log/log-stream.ts";
export type * from "./stream.ts";
