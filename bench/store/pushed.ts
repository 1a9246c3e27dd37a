import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { constants, setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadConfig } from "@weftkit/config";
import { Deadline } from "@weftkit/core";
import { createLogger, createMetrics, ReadinessRegistry } from "@weftkit/observe";
import { openPersistence } from "@weftkit/persist";
import { EngineStore } from "@weftkit/persist/pages";
import type { Store } from "@weftkit/store";
import { freePort } from "@weftkit/testing/free-ports";
import { commitLatencies, StallWatch } from "./measures.ts";

/**
 * What commits see while a database grows to its size and is pushed all the time, to the Node function on this machine:
 *
 *   npm run build && node bench/store/pushed.ts [--megabytes 1000] [--rate 20] [--folder FOLDER]
 *
 * A client commits one small row after the other; another fills the database with --rate megabytes a second. The
 * function stands for one on another machine: its folder is in memory where there is /dev/shm, and the engine's threads
 * go before it where cores are short.
 */
const { values } = parseArgs({
  options: {
    megabytes: { type: "string", default: "1000" },
    rate: { type: "string", default: "20" },
    folder: { type: "string", default: tmpdir() },
  },
});
const secret = "only for this run of the bench";
const rowBytes = 1000;
const rowsPerFill = 200;
const folder = mkdtempSync(join(values.folder, "weftkit-bench-"));
const pushedTo = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : values.folder, "weftkit-bench-"));
const log = createLogger({ image: "bench", level: "warn" });

const port = await freePort();
const server = spawn(process.execPath, [join(import.meta.dirname, "../../functions/node-s3/dist/main.mjs")], {
  env: { WKP_PORT: String(port), WKP_STORE: `file://${pushedTo}`, WKP_SECRET: secret },
  stdio: ["ignore", "pipe", "inherit"],
});
await once(server.stdout, "data");
setPriority(server.pid!, constants.priority.PRIORITY_BELOW_NORMAL);

const dataDir = join(folder, "data");
mkdirSync(dataDir);
const metrics = createMetrics({ image: "bench", processMetrics: false });
const readiness = new ReadinessRegistry(log);
const engineStore = new EngineStore("bench.db");
const persist = { mode: "serverless", url: `http://127.0.0.1:${port}`, secret, replica: "0" };
const persistence = await openPersistence({
  config: loadConfig({ env: {}, file: false, values: { persist } }).config.persist,
  engine: "bench",
  dataDir,
  streams: [engineStore.stream(dataDir, log)],
  log,
  metrics,
  readiness,
  fenced: (error) => {
    throw error;
  },
});
const store = await engineStore.open({
  dataDir,
  applicationId: 0x57464b42,
  migrations: [
    { name: "create", apply: (db) => db.exec("CREATE TABLE rows (id INTEGER PRIMARY KEY, body BLOB)") },
  ],
  log,
  metrics,
  readiness,
});
persistence.start();
try {
  const filling = fill(store);
  const stalls = new StallWatch();
  const latencies = await commitLatencies(
    () => store.write((db) => db.prepare("INSERT INTO rows (body) VALUES (?)").run("small")),
    filling,
  );
  stalls.stop();
  const { seq, lagBytes } = persistence.status();
  console.log(
    JSON.stringify(
      {
        megabytes: Math.round(statSync(join(dataDir, "bench.db")).size / 1e6),
        commits: latencies.count,
        p50Ms: latencies.at(0.5),
        p99Ms: latencies.at(0.99),
        p999Ms: latencies.at(0.999),
        maxMs: latencies.at(1),
        longestStall: stalls.longest,
        pushes: seq,
        lagMegabytes: Math.round(lagBytes / 1e6),
      },
      (_, value) => (typeof value === "number" ? Math.round(value * 100) / 100 : value),
    ),
  );
} finally {
  using deadline = Deadline.after(120_000);
  await persistence.stop(deadline);
  await engineStore.close();
  server.kill();
  for (const used of [folder, pushedTo]) rmSync(used, { recursive: true, force: true });
}

/** Writes rows, a fifth of a megabyte in a transaction, not faster than the rate. */
async function fill(into: Store): Promise<void> {
  const total = (Number(values.megabytes) * 1e6) / rowBytes;
  const startedMs = performance.now();
  for (let rows = 0; rows < total; rows += rowsPerFill) {
    await into.write((db) => {
      const insert = db.prepare("INSERT INTO rows (body) VALUES (?)");
      for (let row = 0; row < rowsPerFill; row++) insert.run(randomBytes(rowBytes / 2).toString("hex"));
    });
    const dueMs = startedMs + (rows * rowBytes) / 1e3 / Number(values.rate);
    const aheadMs = dueMs - performance.now();
    if (aheadMs > 1) await new Promise((resolve) => setTimeout(resolve, aheadMs));
  }
}
