import { describe, expect, test } from "vitest";
import { EngineInMemory } from "./engine-in-memory.ts";
import { RecordingJournal } from "./recording-journal.ts";

const MIB = 1 << 20;
const OOM = new Error("OOM command not allowed when used memory > 'maxmemory'.");

/** An engine whose keys k0, k1, ... of 1 KiB fill it to just below 2 MiB. */
function filled(policy: string, clock?: () => number) {
  const engine = new EngineInMemory({ settings: { maxMemory: 2 * MIB }, ...(clock && { clock }) });
  engine.run("CONFIG", "SET", "maxmemory-policy", policy, "maxmemory-samples", "10");
  let keys = 0;
  while (engine.server.usedMemory < 2 * MIB - 8192) engine.run("SET", `k${keys++}`, "x".repeat(1000));
  return { engine, keys };
}

describe("maxmemory", () => {
  test("noeviction refuses what needs memory, and lets reads and deletions through", () => {
    const { engine } = filled("noeviction");
    let refused: unknown;
    for (let i = 0; i < 40 && !(refused instanceof Error); i++)
      refused = engine.run("SET", `more${i}`, "x".repeat(1000));
    expect(refused).toEqual(OOM);
    expect(engine.run("GET", "k0")).toBe("x".repeat(1000));
    expect(engine.run("LPUSH", "l", 1)).toEqual(OOM);
    for (let i = 0; i < 40; i++) engine.run("DEL", `more${i}`);
    expect(engine.run("SET", "small", "x")).toBe("OK");
  });

  test.each(["allkeys-lru", "allkeys-lfu", "allkeys-random"])(
    "%s makes room, and memory stays below the limit",
    (policy) => {
      const { engine, keys } = filled(policy);
      for (let i = 0; i < keys; i++) expect(engine.run("SET", `new${i}`, "x".repeat(1000))).toBe("OK");
      expect(engine.server.usedMemory).toBeLessThan(2 * MIB + 4096);
      expect(engine.server.statistics.evictedKeys).toBeGreaterThan(keys / 2);
    },
  );

  test("LRU keeps what is used", () => {
    let now = 1_000_000_000;
    const { engine, keys } = filled("allkeys-lru", () => now);
    now += 100_000;
    engine.server.tick();
    engine.server.updateAccessClock();
    for (let i = 0; i < 100; i++) engine.run("GET", `k${i}`);
    for (let i = 0; i < keys / 2; i++) engine.run("SET", `new${i}`, "x".repeat(1000));
    const kept = Array.from({ length: 100 }, (_, i) => engine.run("EXISTS", `k${i}`)).filter(
      (found) => found === 1,
    );
    expect(kept.length).toBeGreaterThan(95);
  });

  test("volatile policies touch only keys with an expiry, and refuse when there is none", () => {
    const { engine } = filled("volatile-ttl");
    for (let i = 0; i < 10; i++) engine.run("EXPIRE", `k${i}`, 1000 + i);
    let answer: unknown = "OK";
    let added = 0;
    while (answer === "OK") answer = engine.run("SET", `new${added++}`, "x".repeat(1000));
    expect(answer).toEqual(OOM);
    expect(engine.server.statistics.evictedKeys).toBe(10);
    expect(engine.run("EXISTS", "k10")).toBe(1);
  });

  test("an eviction is recorded and announced", () => {
    const { engine } = filled("allkeys-random");
    const journal = new RecordingJournal();
    engine.server.propagation.journal = journal;
    const listener = engine.client();
    engine.run("CONFIG", "SET", "notify-keyspace-events", "Ee");
    engine.runAs(listener, "SUBSCRIBE", "__keyevent@0__:evicted");
    for (let i = 0; i < 20; i++) engine.run("SET", `new${i}`, "x".repeat(1000));
    const evicted = engine.received(listener).map((message) => (message as string[])[2]);
    expect(evicted.length).toBeGreaterThan(0);
    expect(journal.take()).toEqual(expect.arrayContaining([`DEL ${evicted[0]}`]));
  });

  test("deleting everything gives the memory back", () => {
    const { engine } = filled("noeviction");
    for (let i = 0; i < 3000; i++) engine.run("HSET", "h", `field${i}`, i);
    engine.run("FLUSHALL", "SYNC");
    while (engine.server.lazyFree.step(100));
    expect(engine.server.slab.usedBytes).toBe(0);
  });
});
