import { join } from "node:path";
import type { EngineContext } from "@weftkit/host";
import { openStore, type Store } from "@weftkit/store";
import { applicationId } from "../identity.ts";
import { migrations } from "./schema.ts";

/** Beyond this much of the write-ahead log is moved into the database file. */
const checkpointBytes = 16 * 1024 ** 2;

/** Opens the engine's database in the data folder. */
export async function openDocuments(ctx: EngineContext<"markdown">): Promise<Store> {
  const store = await openStore({
    file: join(ctx.dataDir, "markdown.db"),
    applicationId,
    migrations,
    walFsync: ctx.section.wal_fsync,
    log: ctx.log,
    metrics: ctx.metrics,
    readiness: ctx.readiness,
    fatal: (error) => ctx.fatal(error),
  });
  let isCheckpointing = false;
  store.onWalGrowth = () => {
    if (isCheckpointing || store.walBytes < checkpointBytes) return;
    isCheckpointing = true;
    store
      .exclusively(async (writer) => writer.pragma("wal_checkpoint(PASSIVE)"))
      .catch((error: unknown) =>
        ctx.log.warn({ err: error }, "the write-ahead log could not be checkpointed"),
      )
      .finally(() => {
        isCheckpointing = false;
      });
  };
  return store;
}
