import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, createMetrics, ReadinessRegistry } from "@weftkit/observe";
import { openStore, type Store } from "@weftkit/store";
import { searchMigration } from "../../images/markdown/src/search/schema.ts";

/** "WFBM": no engine's own files. */
const applicationId = 0x5746424d;
/** Beyond this the write-ahead log is moved into the database, so that it does not become a second one. */
const checkpointBytes = 64 * 1024 ** 2;

export interface BenchStore {
  readonly store: Store;
  /** Moves the write-ahead log into the database when it is long, or at once. */
  checkpoint(isNow?: boolean): Promise<void>;
  /** Of the database, without its log. */
  fileBytes(): number;
  close(): Promise<void>;
}

/** The real store in a temporary folder, with the tables of search only; `close` removes it. */
export async function openBenchStore(): Promise<BenchStore> {
  const folder = mkdtempSync(join(tmpdir(), "weftkit-bench-markdown-"));
  const log = createLogger({ level: "warn", image: "bench" });
  const store = await openStore({
    file: join(folder, "markdown.db"),
    applicationId,
    migrations: [searchMigration],
    log,
    metrics: createMetrics({ image: "bench", processMetrics: false }),
    readiness: new ReadinessRegistry(log),
  });
  return {
    store,
    checkpoint: async (isNow = false) => {
      if (!isNow && store.walBytes < checkpointBytes) return;
      await store.exclusively(async (writer) => writer.pragma("wal_checkpoint(TRUNCATE)"));
    },
    fileBytes: () => statSync(store.file).size,
    close: async () => {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
