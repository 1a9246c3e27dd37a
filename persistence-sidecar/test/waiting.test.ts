import { join } from "node:path";
import { createLogger, createMetrics, ReadinessRegistry } from "@weftkit/observe";
import { openStore } from "@weftkit/store";
import { patientMs } from "@weftkit/testing/patience";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, onTestFinished, test } from "vitest";
import { ConflictLog } from "../src/sync/conflict-log.ts";
import { Journal, syncTables, writtenTable } from "../src/sync/journal.ts";
import { mergeColumns } from "../src/sync/resolution.ts";
import { Synchroniser } from "../src/sync/synchroniser.ts";
import { MemorySide } from "./memory-side.ts";

const timeout = patientMs(20_000);
const polling = { timeout: patientMs(10_000), interval: 10 };

/** Two sides whose columns `n` are counters, kept equal. */
async function keepEqual(queueBytesMax = 1024 ** 2) {
  const log = createLogger({ level: "silent", image: "test" });
  const store = await openStore({
    file: join(temporaryFolder(), "sync.db"),
    applicationId: 0x57464b54,
    migrations: [syncTables, writtenTable],
    log,
    metrics: createMetrics({ image: "test", processMetrics: false }),
    readiness: new ReadinessRegistry(log),
  });
  const journal = await Journal.open(store, new ConflictLog(store), "here");
  const [local, remote] = (["local", "remote"] as const).map(
    (side) => new MemorySide(side, () => journal.id),
  );
  const kindOf = (_row: unknown, column: string) => (column === "n" ? "counter" : "register");
  const synchroniser = new Synchroniser({
    journal,
    sides: { local: local!, remote: remote! },
    intervalMs: 0,
    queueBytesMax,
    bandwidth: 0,
    unseenMs: 100,
    resolution: { local: mergeColumns(kindOf, "here.local"), remote: mergeColumns(kindOf, "here.remote") },
    log,
    applied() {},
    conflicting() {},
  });
  onTestFinished(async () => {
    await synchroniser.close();
    await store.close();
  });
  const areEqual = () => {
    expect(remote!.content).toEqual(local!.content);
    return local!.content;
  };
  const start = async () => {
    synchroniser.start();
    await expect.poll(() => [local!.copies, remote!.copies], polling).toEqual([1, 1]);
  };
  return { local: local!, remote: remote!, journal, start, areEqual };
}

test("a change that its side never tells holds up nothing: everything is compared", { timeout }, async () => {
  const { local, remote, start, areEqual } = await keepEqual();
  local.write(1, { n: 10, body: "a" });
  await start();
  await expect.poll(areEqual, polling).toEqual({ '{"id":1}': { id: 1, n: 10, body: "a" } });
  local.write(1, { n: 13, body: "a" }, { isTold: false });
  remote.write(1, { n: 10, body: "b" });
  await expect.poll(areEqual, polling).toEqual({ '{"id":1}': { id: 1, n: 13, body: "b" } });
  expect(local.copies).toBe(2);
  expect(remote.copies).toBe(1);
});

test(
  "two full queues, each with a row that the other has to tell, do not wait for each other",
  { timeout },
  async () => {
    const { local, remote, journal, start, areEqual } = await keepEqual(700);
    const rows = [1, 2, 3];
    for (const id of rows) local.write(id, { n: 0, body: "" });
    await start();
    await expect.poll(() => Object.keys(areEqual()), polling).toHaveLength(3);
    const waiting = () => [journal.waitingBytes("local"), journal.waitingBytes("remote")];
    await expect.poll(waiting, polling).toEqual([0, 0]);
    [local.isTelling, remote.isTelling] = [false, false];
    for (let round = 1; round <= 100; round++) {
      for (const side of [local, remote]) {
        for (const id of rows) side.write(id, { n: round, body: "x".repeat(100) });
      }
    }
    [local.isTelling, remote.isTelling] = [true, true];
    await expect.poll(() => Object.values(areEqual()).map(({ n }) => n), polling).toEqual([200, 200, 200]);
  },
);
