import { join } from "node:path";
import type { SecurityContext } from "@weftkit/auth";
import { createLogger, createMetrics, ReadinessRegistry } from "@weftkit/observe";
import { openStore, type Store } from "@weftkit/store";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { onTestFinished } from "vitest";
import { GraphDatabase } from "../src/session/database.ts";
import { graphApplicationId, graphMigrations } from "../src/storage/migrations.ts";
import type { Hydrated } from "../src/values/hydrated-entities.ts";
import type { Value } from "../src/values/types.ts";

/** A user that may do everything. */
export const superuser: SecurityContext = {
  user: "ann",
  roles: ["superuser"],
  can: () => true,
  scope: () => "all",
};

async function openTestStore(): Promise<Store> {
  const log = createLogger({ level: "error", image: "test", stream: { write: () => {} } });
  const store = await openStore({
    file: join(temporaryFolder(), "graph.db"),
    applicationId: graphApplicationId,
    migrations: graphMigrations,
    log,
    metrics: createMetrics({ image: "test", processMetrics: false }),
    readiness: new ReadinessRegistry(log),
    walFsync: false,
  });
  onTestFinished(() => store.close());
  return store;
}

/** The graph without a server: queries in, values out. */
export class OpenedGraph {
  readonly database: GraphDatabase;

  private constructor(database: GraphDatabase) {
    this.database = database;
  }

  static async open(): Promise<OpenedGraph> {
    return new OpenedGraph(await GraphDatabase.open(await openTestStore()));
  }

  /** Runs a query in a transaction of its own. @throws CypherError */
  async rows(
    query: string,
    parameters: ReadonlyMap<string, Value> = new Map(),
    timeoutMs?: number,
  ): Promise<readonly (readonly Hydrated[])[]> {
    const transaction = this.database.begin({
      user: superuser,
      accessMode: "WRITE",
      isImplicit: true,
      timeoutMs,
    });
    try {
      const result = await transaction.run(query, parameters);
      return await result.pull(Number.POSITIVE_INFINITY);
    } finally {
      if (transaction.isOpen) transaction.rollback();
    }
  }
}
