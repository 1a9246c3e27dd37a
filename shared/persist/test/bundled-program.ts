import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createLogger } from "@weftkit/observe";
import { openStore } from "@weftkit/store";
import { startMaintenance } from "@weftkit/store/wal";
import { PagesStream } from "../src/pages/index.ts";
import { storeOptions } from "./store-options.ts";

/** A program of its own that captures a database and maintains another: it is bundled, and run without node_modules. */
const folder = process.argv[2]!;
const log = createLogger({ image: "test", level: "silent" });
const file = join(folder, "store.db");

const stream = new PagesStream({ name: "pages", file, stateFolder: join(folder, "state"), log });
const store = await openStore(storeOptions(file));
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

const maintained = await openStore(storeOptions(join(folder, "maintained.db")));
const maintenance = startMaintenance(maintained, { log });
await maintenance.pass();
await maintenance.stop();
await maintained.close();
console.log(`captured a ${capture.piece?.kind} of ${capture.piece?.seqTo} push`);
