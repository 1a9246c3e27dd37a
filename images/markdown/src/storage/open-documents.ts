import type { EngineContext } from "@weftkit/host";
import type { EngineStore } from "@weftkit/persist/pages";
import type { Store } from "@weftkit/store";
import { applicationId } from "../identity.ts";
import { migrations } from "./schema.ts";

/** The database, in the data folder. */
export const databaseFile = "markdown.db";

/** Opens the engine's database. */
export function openDocuments(ctx: EngineContext<"markdown">, engineStore: EngineStore): Promise<Store> {
  return engineStore.open({
    dataDir: ctx.dataDir,
    applicationId,
    migrations,
    walFsync: ctx.section.wal_fsync,
    log: ctx.log,
    metrics: ctx.metrics,
    readiness: ctx.readiness,
    fatal: (error) => ctx.fatal(error),
  });
}
