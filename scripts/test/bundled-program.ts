import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createLogger, createMetrics, ReadinessRegistry } from "@weftkit/observe";
import { PagesStream } from "@weftkit/persist/pages";
import { type Migration, openStore, type Store } from "@weftkit/store";
import { startMaintenance } from "@weftkit/store/wal";

/** A program of its own that captures a database and maintains another: it is bundled, and run without node_modules. */
const folder = process.argv[2]!;
const log = createLogger({ image: "test", level: "silent" });
const file = join(folder, "store.db");

function openFile(file: string): Promise<Store> {
  const migrations: Migration[] = [
    { name: "create", apply: (db) => db.exec("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)") },
  ];
  const metrics = createMetrics({ image: "test", processMetrics: false });
  const readiness = new ReadinessRegistry(log);
  return openStore({ file, applicationId: 0x57464b54, migrations, log, metrics, readiness });
}

const stream = new PagesStream({ name: "pages", file, stateFolder: join(folder, "state"), log });
const store = await openFile(file);
await stream.attach(store);
await store.write((db) => db.exec("INSERT INTO item (name) VALUES ('one')"));
mkdirSync(join(folder, "outbox"));
const request = {
  folder: join(folder, "outbox"),
  epoch: 1,
  seq: 1,
  time: Date.now(),
  pieces: [],
  final: false,
};
const capture = await stream.capture({ ...request, cursor: undefined });
await capture.settle();
await store.close();
stream.detach();
await stream.close();

const maintained = await openFile(join(folder, "maintained.db"));
const maintenance = startMaintenance(maintained, { log });
await maintenance.pass();
await maintenance.stop();
await maintained.close();
console.log(`captured a ${capture.piece?.kind} of ${capture.piece?.seqTo} push`);
