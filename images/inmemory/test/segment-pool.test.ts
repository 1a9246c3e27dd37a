import { randomIntegers } from "@weftkit/testing/random-numbers";
import { describe, expect, test } from "vitest";
import { memorySupport, SEGMENT_BYTES, SegmentPool } from "../src/storage/segment-pool.ts";
import { EngineInMemory } from "./engine-in-memory.ts";

const { available: isBuilt, why } = memorySupport();
if (!isBuilt) console.log(`the tests of memory that is given back are left out: ${why}`);

// Elsewhere a compiler may be missing; in CI these tests must not be left out.
test.runIf(process.env.CI)("the module is found", () => {
  expect(memorySupport()).toEqual({ available: true });
});

const MANY = 1000;

/** Takes segments and writes all their pages. */
function takeSome(pool: SegmentPool, count: number): Buffer[] {
  return Array.from({ length: count }, () => pool.take().fill(1));
}

function giveBackAll(pool: SegmentPool): void {
  for (let i = 0; i < MANY; i++) pool.giveBack();
}

describe.runIf(isBuilt)("the pages of segments that nobody uses", () => {
  test("go back to the system", () => {
    const pool = new SegmentPool();
    const segments = takeSome(pool, 200);
    const before = process.memoryUsage.rss();
    for (const segment of segments) pool.give(segment);
    expect(pool.spareBytes).toBe(200 * SEGMENT_BYTES);
    giveBackAll(pool);
    expect(pool.spareBytes).toBe(0);
    expect(before - process.memoryUsage.rss()).toBeGreaterThan(150 * SEGMENT_BYTES);
  });

  test("go little by little, and not those that were needed again meanwhile", () => {
    const pool = new SegmentPool();
    const segments = takeSome(pool, 64);
    for (const segment of segments) pool.give(segment);
    pool.giveBack();
    expect(pool.spareBytes).toBe(64 * SEGMENT_BYTES);
    pool.giveBack();
    expect(pool.spareBytes).toBe(60 * SEGMENT_BYTES);
    for (const segment of takeSome(pool, 60)) pool.give(segment);
    pool.giveBack();
    expect(pool.spareBytes).toBe(60 * SEGMENT_BYTES);
  });

  test("never go from under what is used", () => {
    const random = randomIntegers(7);
    const pool = new SegmentPool();
    const live: { segment: Buffer; tag: number }[] = [];
    for (let step = 0; step < 3000; step++) {
      if (random(5) < 2 && live.length < 40) {
        const tag = random(256);
        const segment = pool.take();
        for (let at = 0; at < SEGMENT_BYTES; at += 4096) segment[at] = tag;
        segment[SEGMENT_BYTES - 1] = tag;
        live.push({ segment, tag });
      } else if (live.length > 0 && random(2) === 0) {
        pool.give(live.splice(random(live.length), 1)[0]!.segment);
      } else pool.giveBack();
    }
    expect(live.length).toBeGreaterThan(0);
    for (const { segment, tag } of live) {
      for (let at = 0; at < SEGMENT_BYTES; at += 4096) expect(segment[at]).toBe(tag);
      expect(segment[SEGMENT_BYTES - 1]).toBe(tag);
    }
  });

  test("go after FLUSHALL, whatever the size of the values was", () => {
    const engine = new EngineInMemory();
    const { slab } = engine.server;
    for (const bytes of [10, 5000, 100_000]) {
      for (let i = 0; i < 30e6 / bytes / (bytes < 100 ? 20 : 1); i++)
        engine.run("SET", `key:${bytes}:${i}`, "x".repeat(bytes));
    }
    expect(slab.residentBytes).toBeGreaterThan(60e6);
    engine.run("FLUSHALL", "SYNC");
    while (engine.server.lazyFree.step(100));
    expect(engine.run("MEMORY", "PURGE")).toBe("OK");
    expect(slab.residentBytes).toBeLessThan(12e6);
  });
});

test.runIf(isBuilt)("large values after FLUSHALL take the place of what was small", () => {
  const engine = new EngineInMemory();
  const { slab } = engine.server;
  const fill = (bytes: number) => {
    for (let i = 0; i < 100e6 / bytes; i++) engine.run("SET", `key:${i}`, Buffer.alloc(bytes));
  };
  fill(5000);
  const before = slab.residentBytes;
  engine.run("FLUSHALL");
  while (engine.server.lazyFree.step(100));
  fill(1_500_000);
  expect(slab.residentBytes).toBeLessThan(before * 1.2);
});

test("without the module segments are left to the garbage collector", () => {
  const pool = new SegmentPool(null);
  for (const segment of takeSome(pool, 3)) pool.give(segment);
  expect(pool.spareBytes).toBe(0);
  pool.giveBack();
  expect(pool.take().buffer).toBeInstanceOf(ArrayBuffer);
});
