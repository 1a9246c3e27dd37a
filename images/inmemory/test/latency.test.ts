import { expect, test } from "vitest";
import { LatencyHistogram } from "../src/command-table/latency-histogram.ts";
import { EngineInMemory } from "./engine-in-memory.ts";

test("LATENCY tells of commands that took longer than the threshold, the longest of each second", () => {
  // Times that no command really takes, however busy the machine is.
  let now = 1_000_000;
  const engine = new EngineInMemory({ clock: () => now });
  expect(engine.run("LATENCY", "LATEST")).toEqual([]);
  expect(engine.run("LATENCY", "DOCTOR")).toContain("Nothing is observed");
  engine.server.noteLatency(engine.server.registry.byName("keys")!, 5_000_000_000);
  expect(engine.run("LATENCY", "LATEST")).toEqual([]);
  expect(engine.run("CONFIG", "SET", "latency-monitor-threshold", 5_000_000)).toBe("OK");
  expect(engine.run("LATENCY", "DOCTOR")).toContain("Nothing has taken as long");
  for (const [name, microseconds] of [
    ["keys", 5_999_000_000],
    ["keys", 9_000_000_000],
    ["keys", 4_999_999_999],
    ["get", 7_000_000_000],
  ] as const) {
    engine.server.noteLatency(engine.server.registry.byName(name)!, microseconds);
  }
  now += 2000;
  engine.server.tick();
  engine.server.noteLatency(engine.server.registry.byName("keys")!, 6_000_000_000);
  expect(engine.run("LATENCY", "HISTORY", "command")).toEqual([
    [1000, 9_000_000],
    [1002, 6_000_000],
  ]);
  expect(engine.run("LATENCY", "HISTORY", "nosuch")).toEqual([]);
  expect(engine.run("LATENCY", "LATEST")).toEqual([
    ["command", 1002, 6_000_000, 9_000_000],
    ["fast-command", 1000, 7_000_000, 7_000_000],
  ]);
  expect(engine.run("LATENCY", "DOCTOR")).toContain(
    "1. command: 2 times (average 7500000ms, mean deviation 1500000ms, period 1.00 sec). Longest 9000000ms.",
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

test("LATENCY GRAPH draws an event", () => {
  let now = 1_000_000;
  const engine = new EngineInMemory({ clock: () => now });
  engine.run("CONFIG", "SET", "latency-monitor-threshold", 1_000_000);
  for (const ms of [1_000_000, 4_000_000, 2_000_000]) {
    engine.server.noteLatency(engine.server.registry.byName("keys")!, ms * 1000);
    now += 60_000;
    engine.server.tick();
  }
  expect(String(engine.run("LATENCY", "GRAPH", "command")).split("\n")).toEqual([
    "command - high 4000000 ms, low 1000000 ms (all time high 4000000 ms)",
    "-".repeat(80),
    " |",
    " |",
    " ||",
    "|||",
    "3m to 1m ago",
    "",
  ]);
  expect(engine.run("LATENCY", "GRAPH", "nosuch")).toEqual(
    new Error("ERR No samples available for event 'nosuch'"),
  );
});

test("a histogram tells of its values with the bounds that Redis has", () => {
  const histogram = new LatencyHistogram();
  for (const microseconds of [0, 0.5, 1, 1.5, 30, 100, 100, 5000, 3_000_000])
    histogram.add(LatencyHistogram.bucketOf(microseconds));
  expect(histogram.total).toBe(9);
  expect(histogram.cumulative()).toEqual([
    [1, 3],
    [2, 4],
    [33, 5],
    [132, 7],
    [8454, 8],
    [1_082_130, 9],
  ]);
  for (const [percent, least] of [
    [0, 0.001],
    [50, 30],
    [75, 100],
    [100, 1_000_000],
  ] as const) {
    const told = histogram.percentile(percent);
    expect(told).toBeGreaterThanOrEqual(least);
    expect(told).toBeLessThan(least * 1.04);
  }
});

test("what commands take is kept, unless latency-tracking is off", () => {
  const engine = new EngineInMemory();
  engine.run("SET", "k", 1);
  engine.run("GET", "k");
  engine.run("GET", "k");
  // Brief commands are counted when another one comes that is timed alone.
  engine.run("KEYS", "*");
  engine.run("CONFIG", "SET", "latency-tracking-info-percentiles", "50 99.5");
  const told = engine.run("LATENCY", "HISTOGRAM", "get", "nosuch", "config") as unknown[];
  expect(told).toEqual([
    "get",
    ["calls", 2, "histogram_usec", expect.any(Array)],
    "config|set",
    ["calls", 1, "histogram_usec", expect.any(Array)],
  ]);
  expect(engine.run("INFO", "latencystats")).toMatch(
    /^# Latencystats\r\n(?:latency_percentiles_usec_[a-z|]+:p50=\d+\.\d{3},p99\.5=\d+\.\d{3}\r\n)+$/,
  );
  engine.run("CONFIG", "RESETSTAT");
  engine.run("CONFIG", "SET", "latency-tracking", "no");
  engine.run("KEYS", "*");
  expect(engine.run("LATENCY", "HISTOGRAM", "keys")).toEqual([]);
  expect(engine.run("INFO", "latencystats")).toBe("# Latencystats\r\n");
  const refused = engine.run("CONFIG", "SET", "latency-tracking-info-percentiles", "101") as Error;
  expect(refused.message).toContain("should sit between [0.0,100.0]");
});
