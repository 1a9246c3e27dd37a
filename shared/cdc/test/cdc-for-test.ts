import { join } from "node:path";
import { recordChange, StoreChanges, type StoreChangesOptions } from "@weftkit/changes";
import { type Config, loadConfig } from "@weftkit/config";
import { createLogger, createMetrics, ReadinessRegistry, type Registry } from "@weftkit/observe";
import { openStore, type Store } from "@weftkit/store";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { onTestFinished } from "vitest";
import { type Cdc, openCdc } from "../src/index.ts";

export interface Notes {
  readonly dataDir: string;
  readonly store: Store;
  readonly metrics: Registry;
  readonly readiness: ReadinessRegistry;
  readonly fatal: unknown[];
  /** Writes each note in a commit of its own. */
  write(...bodies: readonly string[]): Promise<void>;
  cdc(settings: Readonly<Record<string, unknown>>): Promise<Cdc>;
}

/** What `[cdc]` is with some settings. */
export function cdcConfig(settings: Readonly<Record<string, unknown>>): Config["cdc"] {
  const values = { cdc: { enabled: true, ...settings }, auth: { method: "none" } };
  return loadConfig({ env: {}, file: false, values }).config.cdc;
}

/** A store of notes that are JSON; all is closed when the test has ended. */
export async function openNotes(
  options: Partial<StoreChangesOptions> = {},
  keyOf?: (body: string) => string,
): Promise<Notes> {
  const dataDir = temporaryFolder();
  const log = createLogger({ level: "silent", image: "test" });
  const metrics = createMetrics({ image: "test", processMetrics: false });
  const readiness = new ReadinessRegistry(log);
  const store = await openStore({
    file: join(dataDir, "notes.db"),
    applicationId: 1,
    migrations: [
      {
        name: "create",
        apply: (db) => db.exec("CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL)"),
      },
    ],
    log,
    metrics,
    readiness,
  });
  const changes = await StoreChanges.open({ store, log, ...options });
  const opened: Cdc[] = [];
  const fatal: unknown[] = [];
  onTestFinished(async () => {
    for (const cdc of opened) await cdc.close();
    await changes.close();
    await store.close();
  });
  const writeOne = (body: string) =>
    store.write((db) => {
      const { lastInsertRowid } = db.prepare("INSERT INTO note (body) VALUES (?)").run(body);
      recordChange(db, () => ({
        namespace: "note",
        key: Buffer.from(keyOf?.(body) ?? String(lastInsertRowid)),
        op: "insert",
        after: Buffer.from(body),
        format: "json",
      }));
    });
  return {
    dataDir,
    store,
    metrics,
    readiness,
    fatal,
    write: async (...bodies) => void (await Promise.all(bodies.map(writeOne))),
    cdc: async (settings) => {
      const cdc = await openCdc({
        config: cdcConfig(settings),
        engine: "relational",
        nodeName: "node-1",
        version: "0.1.0",
        dataDir,
        changes,
        form: undefined,
        log,
        metrics,
        readiness,
        fatal: (error) => fatal.push(error),
      });
      opened.push(cdc);
      return cdc;
    },
  };
}

/** Looks again after every turn of the event loop. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}
