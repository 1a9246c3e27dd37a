import { join } from "node:path";
import {
  type Change,
  type ChangeBatch,
  recordChange,
  StoreChanges,
  type StoreChangesOptions,
} from "@weftkit/changes";
import { createLogger, createMetrics, ReadinessRegistry } from "@weftkit/observe";
import { type Database, openStore, type Store } from "@weftkit/store";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { onTestFinished } from "vitest";

export interface Opened {
  readonly store: Store;
  readonly changes: StoreChanges;
}

/** A store of notes and its change log, in a folder of its own; closed when the test has ended. */
export async function openForTest(
  options: Partial<StoreChangesOptions> & { readonly file?: string } = {},
): Promise<Opened> {
  const log = createLogger({ level: "silent", image: "test" });
  const store = await openStore({
    file: options.file ?? join(temporaryFolder(), "test.db"),
    applicationId: 0x57464b54,
    migrations: [
      {
        name: "create note",
        apply: (db) => db.exec("CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL)"),
      },
    ],
    log,
    metrics: createMetrics({ image: "test", processMetrics: false }),
    readiness: new ReadinessRegistry(log),
  });
  const changes = await StoreChanges.open({ store, log, ...options });
  onTestFinished(async () => {
    await changes.close();
    await store.close();
  });
  return { store, changes };
}

export function noteChange(id: number, body: string, op: Change["op"] = "insert"): Change {
  return { namespace: "note", key: Buffer.from(String(id)), op, after: Buffer.from(body), format: "text" };
}

/** Adds a note within a write, and records it. */
export function addNote(db: Database, body: string): void {
  const { lastInsertRowid } = db.prepare("INSERT INTO note (body) VALUES (?)").run(body);
  recordChange(db, () => noteChange(Number(lastInsertRowid), body));
}

/** What the batches say was written. */
export function bodies(batches: readonly ChangeBatch[]): string[][] {
  return batches.map(({ changes }) => changes.map(({ after }) => Buffer.from(after!).toString()));
}
