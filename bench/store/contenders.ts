import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createLogger, createMetrics, ReadinessRegistry } from "@weftkit/observe";
import { openStore, statement } from "@weftkit/store";
import Database from "better-sqlite3";

const schema = "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, body TEXT NOT NULL)";
const insert = "INSERT INTO item (name, body) VALUES (?, ?)";
const body = "x".repeat(100);

/** Something that keeps rows durably. */
export interface Contender {
  readonly name: string;
  /** Writes `rows` small rows in one transaction; resolves when they are on the disk. */
  write(rows: number): Promise<void>;
  close(): Promise<void>;
}

/** Names that come in no order, as keys do. */
function nextName(): string {
  return Math.random().toString(36).slice(2) + Math.random().toString(36).slice(2);
}

/** The durable store. */
export async function openWeftkit(parent: string): Promise<Contender> {
  const folder = mkdtempSync(join(parent, "weftkit-bench-"));
  const log = createLogger({ level: "warn", image: "bench" });
  const store = await openStore({
    file: join(folder, "bench.db"),
    applicationId: 1,
    migrations: [{ name: "create item", apply: (db) => db.exec(schema) }],
    log,
    metrics: createMetrics({ image: "bench", processMetrics: false }),
    readiness: new ReadinessRegistry(log),
  });
  return {
    name: "store",
    write: (rows) =>
      store.write((db) => {
        const add = statement(db, insert);
        for (let row = 0; row < rows; row++) add.run(nextName(), body);
      }),
    close: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** better-sqlite3 alone with its safest setting: every commit waits for its own sync, and the event loop with it. */
export function openPlain(parent: string): Contender {
  const folder = mkdtempSync(join(parent, "plain-bench-"));
  const db = new Database(join(folder, "bench.db"));
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.pragma("wal_autocheckpoint = 0");
  db.exec(schema);
  const add = db.prepare(insert);
  const transaction = db.transaction((rows: number) => {
    for (let row = 0; row < rows; row++) add.run(nextName(), body);
  });
  return {
    name: "plain",
    write: async (rows) => {
      await new Promise(setImmediate);
      transaction.immediate(rows);
    },
    close: async () => {
      db.close();
      rmSync(folder, { recursive: true });
    },
  };
}
