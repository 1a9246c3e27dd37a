import { expect, test } from "vitest";
import { EngineInMemory } from "./engine-in-memory.ts";

test("LATENCY tells of commands that took longer than the threshold, the longest of each second", () => {
  let now = 1_000_000;
  const engine = new EngineInMemory({ clock: () => now });
  expect(engine.run("LATENCY", "LATEST")).toEqual([]);
  expect(engine.run("LATENCY", "DOCTOR")).toContain("Nothing is observed");
  engine.server.noteLatency(engine.server.registry.byName("keys")!, 5000);
  expect(engine.run("LATENCY", "LATEST")).toEqual([]);
  expect(engine.run("CONFIG", "SET", "latency-monitor-threshold", 5)).toBe("OK");
  expect(engine.run("LATENCY", "DOCTOR")).toContain("Nothing has taken as long");
  for (const [name, microseconds] of [
    ["keys", 5999],
    ["keys", 9000],
    ["keys", 4999],
    ["get", 7000],
  ] as const) {
    engine.server.noteLatency(engine.server.registry.byName(name)!, microseconds);
  }
  now += 2000;
  engine.server.tick();
  engine.server.noteLatency(engine.server.registry.byName("keys")!, 6000);
  expect(engine.run("LATENCY", "HISTORY", "command")).toEqual([
    [1000, 9],
    [1002, 6],
  ]);
  expect(engine.run("LATENCY", "HISTORY", "nosuch")).toEqual([]);
  expect(engine.run("LATENCY", "LATEST")).toEqual([
    ["command", 1002, 6, 9],
    ["fast-command", 1000, 7, 7],
  ]);
  expect(engine.run("LATENCY", "DOCTOR")).toContain(
    "1. command: 2 times (average 8ms, mean deviation 2ms, period 1.00 sec). Longest 9ms.",
  );
  expect(engine.run("LATENCY", "RESET", "command", "nosuch")).toBe(1);
  expect(engine.run("LATENCY", "RESET")).toBe(1);
  expect(engine.run("LATENCY", "LATEST")).toEqual([]);
});

test("a command that takes long is one of them", () => {
  const engine = new EngineInMemory({ settings: { isDebugEnabled: true } });
  engine.run("CONFIG", "SET", "latency-monitor-threshold", 10);
  engine.run("DEBUG", "SLEEP", 0.02);
  const [[name, , latest]] = engine.run("LATENCY", "LATEST") as [[string, number, number]];
  expect(name).toBe("command");
  expect(latest).toBeGreaterThanOrEqual(19);
});
