import { expect, test } from "vitest";
import { Cron } from "../src/server/cron.ts";
import { EngineInMemory } from "./engine-in-memory.ts";
import { RecordingJournal } from "./recording-journal.ts";

test("expired keys are removed in the background, few among many too, and the journal is told", async () => {
  let now = 1_000_000;
  const engine = new EngineInMemory({ clock: () => now });
  for (let i = 0; i < 10_000; i++) engine.run("SET", `long${i}`, i, "EX", 100_000);
  for (let i = 0; i < 5; i++) engine.run("SET", `short${i}`, i, "PX", 10);
  const journal = new RecordingJournal();
  engine.server.propagation.journal = journal;
  now += 1000;
  const isDone = Promise.withResolvers<void>();
  const cron = new Cron(engine.server, () => {
    if (engine.server.databases[0]!.size === 10_000) isDone.resolve();
  });
  await isDone.promise;
  cron.stop();
  expect(journal.take().filter((line) => line.startsWith("DEL short"))).toHaveLength(5);
  expect(engine.server.statistics.expiredKeys).toBe(5);
});

test("a key lives until its time is over, not until it comes", () => {
  let now = 1_000_000;
  const engine = new EngineInMemory({ clock: () => now });
  engine.run("SET", "k", 1, "PXAT", 1_000_100);
  now = 1_000_100;
  expect(engine.run("GET", "k")).toBe("1");
  now = 1_000_101;
  expect(engine.run("GET", "k")).toBeNull();
});

test("large values are freed in slices, and meanwhile their key is gone", () => {
  const engine = new EngineInMemory();
  for (let i = 0; i < 5000; i++) engine.run("RPUSH", "l", "x".repeat(100));
  const before = engine.server.slab.usedBytes;
  engine.run("UNLINK", "l");
  expect(engine.run("EXISTS", "l")).toBe(0);
  expect(engine.server.lazyFree.pending).toBe(1);
  while (engine.server.lazyFree.step(1));
  expect(engine.server.slab.usedBytes).toBeLessThan(before / 100);
});
