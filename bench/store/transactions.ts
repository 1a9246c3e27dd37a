import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { recordChange, StoreChanges } from "@weftkit/changes";
import { createLogger, createMetrics, ReadinessRegistry } from "@weftkit/observe";
import { openStore, postgresRowLocks, type Store, statement } from "@weftkit/store";

/**
 * What transactions over many calls, reads in a worker and the change log cost:
 *
 *   node bench/store/transactions.ts [--seconds 2] [--folder FOLDER]
 *
 * Rates depend on the disk and on what else the machine does; the processor's time for one operation does so much less.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "2" },
    folder: { type: "string", default: tmpdir() },
  },
});
const seconds = Number(values.seconds);
const rows = 100_000;
const sessionCounts = [1, 8, 32];
const folder = mkdtempSync(join(values.folder, "weftkit-bench-"));
const log = createLogger({ image: "bench", level: "warn" });
const metrics = createMetrics({ image: "bench", processMetrics: false });
const updateSql = "UPDATE item SET n = n + 1 WHERE id = ?";
const insertSql = "INSERT INTO item (id, n, body) VALUES (?, 0, ?)";

async function open(name: string): Promise<Store> {
  const store = await openStore({
    file: join(folder, `${name}.db`),
    applicationId: 1,
    migrations: [
      {
        name: "create",
        apply: (db) =>
          db.exec("CREATE TABLE item (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, body TEXT NOT NULL)"),
      },
    ],
    log,
    metrics,
    readiness: new ReadinessRegistry(log),
  });
  await store.write((db) => {
    const insert = db.prepare("INSERT INTO item VALUES (?, 0, ?)");
    for (let id = 1; id <= rows; id++) insert.run(id, "x".repeat(100));
  });
  return store;
}

interface Rate {
  readonly perSecond: number;
  /** Of the processor, user and system, for one. */
  readonly cpuMicros: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** How often `once` is done by so many at a time. */
async function rateOf(workers: number, once: (worker: number) => Promise<unknown>): Promise<Rate> {
  const run = async (untilMs: number, latenciesMs: number[]) => {
    const work = async (worker: number) => {
      for (let nowMs = performance.now(); nowMs < untilMs; ) {
        await once(worker);
        const doneMs = performance.now();
        latenciesMs.push(doneMs - nowMs);
        nowMs = doneMs;
      }
    };
    await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
  };
  await run(performance.now() + 300, []);
  const latenciesMs: number[] = [];
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  await run(startedMs + seconds * 1000, latenciesMs);
  const { user, system } = process.cpuUsage(cpu);
  latenciesMs.sort((left, right) => left - right);
  return {
    perSecond: (latenciesMs.length / (performance.now() - startedMs)) * 1000,
    cpuMicros: (user + system) / latenciesMs.length,
    p50Ms: latenciesMs[Math.floor(latenciesMs.length / 2)]!,
    p99Ms: latenciesMs[Math.floor(latenciesMs.length * 0.99)]!,
  };
}

function say(what: string, { perSecond, cpuMicros, p50Ms, p99Ms }: Rate, more = ""): void {
  const numbers = [Math.round(perSecond), cpuMicros.toFixed(1), p50Ms.toFixed(2), p99Ms.toFixed(2)];
  console.log(what.padEnd(52), ...numbers.map((number) => String(number).padStart(10)), more);
}

const randomRow = () => 1 + Math.floor(Math.random() * rows);

async function parks(): Promise<number> {
  const found = await metrics.getSingleMetric("weftkit_store_parks_total")?.get();
  return found?.values[0]?.value ?? 0;
}

/** Three updates and an insert, each a call of its own, with the locks that an engine takes. */
async function transaction(store: Store): Promise<void> {
  const open = store.begin();
  for (let call = 0; call < 3; call++) {
    const id = randomRow();
    await open.run((work) => {
      work.lock(postgresRowLocks, "item", id, "no key update");
      work.change(updateSql, [id]);
    });
  }
  await open.run((work) => work.change(insertSql, [work.nextRowid("item"), "new"]));
  await open.commit();
}

async function transactions(): Promise<void> {
  const store = await open("transactions");
  for (const sessions of sessionCounts) {
    const before = await parks();
    const rate = await rateOf(sessions, () => transaction(store));
    const parked = (await parks()) - before;
    say(`${sessions} sessions, four calls and a commit`, rate, `${parked} times parked`);
  }
  for (const sessions of sessionCounts) {
    const once = () =>
      store.transact((work) => {
        const ids = [randomRow(), randomRow(), randomRow()].sort((left, right) => left - right);
        for (const id of ids) {
          work.lock(postgresRowLocks, "item", id, "no key update");
          work.change(updateSql, [id]);
        }
        work.change(insertSql, [work.nextRowid("item"), "new"]);
      });
    say(`${sessions} sessions, the same in one call (transact)`, await rateOf(sessions, once));
  }
  await store.close();
}

async function writes(): Promise<void> {
  const store = await open("writes");
  const write = () => store.write((db) => statement(db, updateSql).run(randomRow()));
  for (const sessions of [1, 32]) {
    say(`${sessions} writers, write() of one update`, await rateOf(sessions, write));
  }
  say("1 reader, read() of one row", await rateOf(1, () => pointRead(store)));
  await store.close();
}

function pointRead(store: Store): Promise<unknown> {
  return store.read((db) => statement(db, "SELECT body FROM item WHERE id = ?").get(randomRow()));
}

async function readsBesideLongOne(): Promise<void> {
  const store = await open("reads");
  const module = new URL("./long-statement.ts", import.meta.url);
  await store.readInWorker({ module, argument: 1 });
  const controller = new AbortController();
  const running = store
    .readInWorker({ module, argument: 1e12 }, { signal: controller.signal })
    .catch((error: { code: string }) => error.code);
  say("point reads beside a statement that does not end", await rateOf(1, () => pointRead(store)));
  const canceledMs = performance.now();
  controller.abort();
  const code = await running;
  console.log(`  which ended ${(performance.now() - canceledMs).toFixed(1)} ms after its cancel: ${code}`);
  await store.close();
}

async function changeLog(): Promise<void> {
  const once = (store: Store) =>
    rateOf(1, () =>
      store.write((db) => {
        const id = randomRow();
        statement(db, updateSql).run(id);
        recordChange(db, () => ({
          namespace: "item",
          key: Buffer.from(String(id)),
          op: "update",
          after: Buffer.from(JSON.stringify({ id, body: "x".repeat(100) })),
          format: "json",
        }));
      }),
    );
  const plain = await open("unlogged");
  say("a write, the store without a change log", await once(plain));
  await plain.close();
  const store = await open("logged");
  const changes = await StoreChanges.open({ store, log });
  say("a write, nobody listens to the change log", await once(store));
  await changes.listen();
  say("a write, somebody listens", await once(store));
  await changes.close();
  await store.close();
}

try {
  console.log("".padEnd(52), ...["per s", "cpu us", "p50 ms", "p99 ms"].map((title) => title.padStart(10)));
  await writes();
  await transactions();
  await changeLog();
  await readsBesideLongOne();
} finally {
  rmSync(folder, { recursive: true });
}
