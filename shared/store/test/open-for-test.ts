import { join } from "node:path";
import { createLogger, createMetrics, ReadinessRegistry, type Registry } from "@weftkit/observe";
import { type Migration, openStore, type Store, type StoreOptions } from "@weftkit/store";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { onTestFinished } from "vitest";

export const applicationId = 0x57464b54;

/** One table that every test writes to. */
export const noteTable: Migration = {
  name: "create note",
  apply: (db) => db.exec("CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL UNIQUE)"),
};

export interface Opened {
  readonly store: Store;
  readonly metrics: Registry;
  readonly readiness: ReadinessRegistry;
  /** What was logged, parsed. */
  readonly lines: Record<string, unknown>[];
}

/** Opens a store in a folder of its own and closes it when the test has ended. */
export async function openForTest(options: Partial<StoreOptions> = {}, open = openStore): Promise<Opened> {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger({
    level: "debug",
    image: "test",
    stream: { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  });
  const readiness = new ReadinessRegistry(log);
  const metrics = createMetrics({ image: "test", processMetrics: false });
  const file = options.file ?? join(temporaryFolder(), "test.db");
  const store = await open({
    file,
    applicationId,
    migrations: [noteTable],
    log,
    metrics,
    readiness,
    ...options,
  });
  // A close that failed is the test's own matter; it is the same one that is answered here.
  onTestFinished(() => store.close().catch(() => {}));
  return { store, metrics, readiness, lines };
}

/** Adds a note. */
export function addNote(store: Store, body: string): Promise<void> {
  return store.write((db) => {
    db.prepare("INSERT INTO note (body) VALUES (?)").run(body);
  });
}

/** All notes, in the order in which they were written. */
export function notes(store: Pick<Store, "read">): Promise<string[]> {
  return store.read((db) => db.prepare("SELECT body FROM note ORDER BY id").pluck().all() as string[]);
}
