import { createLogger, createMetrics, ReadinessRegistry } from "@weftkit/observe";
import type { StoreOptions } from "@weftkit/store";

/** A store of one table, for tests. */
export function storeOptions(file: string): StoreOptions {
  const log = createLogger({ image: "test", level: "silent" });
  return {
    file,
    applicationId: 0x57464b54,
    migrations: [
      {
        name: "create tables",
        apply: (db) =>
          db.exec(
            "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, body BLOB); CREATE INDEX item_name ON item (name)",
          ),
      },
    ],
    log,
    metrics: createMetrics({ image: "test", processMetrics: false }),
    readiness: new ReadinessRegistry(log),
  };
}
