import type { EngineName } from "@weftkit/config";
import type { Console, Transfers } from "./console.ts";

/** By engine: the console, with its driver, is loaded when somebody opens it. */
const loaders: Partial<Readonly<Record<EngineName, () => Promise<Console>>>> = {
  relational: async () => (await import("./sql/sql-console.ts")).sqlConsole,
  document: async () => (await import("./document/document-console.ts")).documentConsole,
  graph: async () => (await import("./graph/graph-console.ts")).graphConsole,
  inmemory: async () => (await import("./redis/redis-console.ts")).redisConsole,
  keyvalue: async () => (await import("./keyvalue/keyvalue-console.ts")).keyvalueConsole,
  markdown: async () => (await import("./http/rest-console.ts")).restConsole,
  filestore: async () => (await import("./filestore/filestore-console.ts")).filestoreConsole,
  vector: async () => (await import("./vector/vector-console.ts")).vectorConsole,
};

export function hasConsole(engine: EngineName): boolean {
  return loaders[engine] !== undefined;
}

/** The console of an engine; undefined where there is none. */
export async function loadConsole(engine: EngineName): Promise<Console | undefined> {
  return loaders[engine]?.();
}

/** How the files of an engine come and go; undefined where it has none. */
export async function loadTransfers(engine: EngineName): Promise<Transfers | undefined> {
  return engine === "filestore" ? (await import("./filestore/transfers.ts")).filestoreTransfers : undefined;
}
