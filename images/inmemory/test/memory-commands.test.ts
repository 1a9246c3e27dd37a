import { expect, test } from "vitest";
import { EngineInMemory } from "./engine-in-memory.ts";

/** A map of RESP2, by its names. */
function mapOf(reply: unknown): Map<unknown, unknown> {
  const words = reply as unknown[];
  return new Map(Array.from({ length: words.length / 2 }, (_, i) => [words[2 * i], words[2 * i + 1]]));
}

test("MEMORY STATS tells where memory is, DOCTOR what stands out", () => {
  const engine = new EngineInMemory();
  engine.run("SET", "k", "v".repeat(100_000));
  const stats = mapOf(engine.run("MEMORY", "STATS"));
  expect(stats.get("keys.count")).toBe(1);
  expect(stats.get("total.allocated")).toBeGreaterThan(100_000);
  expect(stats.get("peak.allocated")).toBeGreaterThanOrEqual(stats.get("total.allocated") as number);
  expect(stats.get("dataset.bytes")).toBeLessThanOrEqual(stats.get("total.allocated") as number);
  expect(mapOf(stats.get("db.0")).has("overhead.hashtable.main")).toBe(true);
  expect(stats.has("db.1")).toBe(false);
  expect(engine.run("MEMORY", "DOCTOR")).toBe("Nothing about memory stands out.\n");
  engine.run("CONFIG", "SET", "maxmemory", "100001");
  expect(engine.run("MEMORY", "DOCTOR")).toContain("(maxmemory) are used; then noeviction applies");
  expect(engine.run("MEMORY", "MALLOC-STATS")).toBe("Stats not supported for the current allocator");
});
