import { describe, expect, test } from "vitest";
import { Counter, createLogger, createMetrics, ReadinessRegistry } from "../src/index.ts";
import { prettyLines } from "../src/pretty.ts";

function collect() {
  const lines: string[] = [];
  return { lines, stream: { write: (line: string) => void lines.push(line) } };
}

describe("the log", () => {
  test("is one JSON object a line, from its level on", () => {
    const { lines, stream } = collect();
    const log = createLogger({ level: "info", image: "inmemory", node: "n1", stream });
    log.debug("not this");
    log.child({ component: "aof" }).info({ bytes: 3 }, "rewritten");
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toEqual({
      level: "info",
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      image: "inmemory",
      node: "n1",
      component: "aof",
      bytes: 3,
      msg: "rewritten",
    });
  });

  test("never holds a secret", () => {
    const { lines, stream } = collect();
    const log = createLogger({ level: "info", image: "inmemory", stream });
    log.info({ password: "hush", user: { password: "hush", name: "u" }, headers: { authorization: "hush" } });
    expect(lines[0]).not.toMatch(/hush/);
    expect(lines[0]).toMatch(/"name":"u"/);
  });

  test("is readable on a terminal", () => {
    const { lines, stream } = collect();
    const log = createLogger({ level: "info", image: "inmemory", stream: prettyLines(stream) });
    log.error({ err: new Error("broken"), port: 1 }, "cannot listen");
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} .*ERROR.* cannot listen.*port=.*1\nError: broken\n/);
  });
});

describe("metrics", () => {
  test("carry the image's name, and the process's own when asked for", async () => {
    const metrics = createMetrics({ image: "inmemory", processMetrics: true });
    new Counter({ name: "commands_total", help: "Commands.", registers: [metrics] }).inc(2);
    const text = await metrics.metrics();
    expect(text).toMatch(/^commands_total\{image="inmemory"\} 2$/m);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds\{/m);
    expect(text).toMatch(/^process_resident_memory_bytes\{/m);
  });

  test("of two images do not mix", async () => {
    const first = createMetrics({ image: "graph", processMetrics: false });
    new Counter({ name: "commands_total", help: "Commands.", registers: [first] });
    expect(await createMetrics({ image: "vector", processMetrics: false }).metrics()).not.toMatch(
      /commands_total/,
    );
  });
});

test("ready is when every component is, and says why not", () => {
  const { lines, stream } = collect();
  const readiness = new ReadinessRegistry(createLogger({ level: "info", image: "inmemory", stream }));
  expect(readiness.ready).toBe(false);
  readiness.set("engine", true);
  readiness.set("disk", true);
  expect(readiness.ready).toBe(true);
  readiness.set("disk", false, "full");
  readiness.set("disk", false, "full");
  expect(readiness.ready).toBe(false);
  expect(readiness.components()).toEqual({ engine: { ok: true }, disk: { ok: false, why: "full" } });
  expect(lines).toHaveLength(1);
});
