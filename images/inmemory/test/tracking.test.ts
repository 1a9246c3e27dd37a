import { BasicClientSideCache, createClient } from "redis";
import { expect, onTestFinished, test } from "vitest";
import { EngineInMemory } from "./engine-in-memory.ts";
import { RunningEngine } from "./running-engine.ts";

/** What a session of RESP3 was pushed, as `name key,key`. */
function pushes(engine: EngineInMemory, session: ReturnType<EngineInMemory["client"]>): string[] {
  engine.server.tracking.send();
  const bytes = session.takePending()?.toString("latin1") ?? "";
  return [
    ...bytes.matchAll(/>2\r\n\$10\r\ninvalidate\r\n(?:\*\d+\r\n((?:\$\d+\r\n[^\r]*\r\n)*)|_\r\n)/g),
  ].map(([, keys]) =>
    keys === undefined
      ? "all"
      : keys
          .replace(/\$\d+\r\n/g, "")
          .trim()
          .split("\r\n")
          .join(","),
  );
}

function tracker(engine: EngineInMemory, ...options: string[]) {
  const session = engine.client();
  session.version = 3;
  engine.runAs(session, "CLIENT", "TRACKING", "ON", ...options);
  return session;
}

test("a reader is told once of each key, whatever changes it", () => {
  let now = 1_000_000;
  const engine = new EngineInMemory({ clock: () => now });
  const reader = tracker(engine);
  for (const [change, ...words] of [
    ["SET", "k", "1"],
    ["DEL", "k"],
    ["RPUSH", "k", "1"],
    ["RENAME", "k", "other"],
    ["EVAL", "redis.call('SET', 'k', 1)", "0"],
    ["PEXPIRE", "k", "100"],
  ] as const) {
    engine.runAs(reader, "EXISTS", "k");
    engine.run(change, ...words);
    engine.run(change === "RENAME" ? "PING" : change, ...(change === "RENAME" ? [] : words));
    expect(pushes(engine, reader), change).toEqual(["k"]);
  }
  engine.runAs(reader, "EXISTS", "k");
  now += 1000;
  engine.run("EXISTS", "k");
  expect(pushes(engine, reader)).toEqual(["k"]);
  engine.runAs(reader, "GET", "k");
  engine.run("FLUSHALL");
  expect(pushes(engine, reader)).toEqual(["all"]);
});

test("prefixes, own writes, choice by command", () => {
  const engine = new EngineInMemory();
  const byPrefix = tracker(engine, "BCAST", "PREFIX", "a:", "PREFIX", "b:");
  const noLoop = tracker(engine, "NOLOOP");
  const optIn = tracker(engine, "OPTIN");
  engine.run("MSET", "a:1", 1, "b:1", 1, "c:1", 1);
  expect(pushes(engine, byPrefix).join(",").split(",").sort()).toEqual(["a:1", "b:1"]);
  engine.runAs(noLoop, "GET", "c:1");
  engine.runAs(noLoop, "SET", "c:1", "2");
  engine.runAs(noLoop, "GET", "c:1");
  engine.run("SET", "c:1", "3");
  expect(pushes(engine, noLoop)).toEqual(["c:1"]);
  engine.runAs(optIn, "GET", "a:1");
  engine.runAs(optIn, "CLIENT", "CACHING", "YES");
  engine.runAs(optIn, "GET", "b:1");
  engine.runAs(optIn, "GET", "c:1");
  engine.run("MSET", "a:1", 2, "b:1", 2, "c:1", 2);
  expect(pushes(engine, optIn)).toEqual(["b:1"]);
});

test("nothing is kept of who has gone, nor beyond the bound", () => {
  const engine = new EngineInMemory({ settings: { trackingKeysMax: 100 } });
  const reader = tracker(engine);
  for (let i = 0; i < 1000; i++) engine.runAs(reader, "GET", `key${i}`);
  expect(engine.server.tracking.keyCount).toBe(100);
  engine.server.closeSession(reader);
  expect(engine.server.watches.count).toBe(0);
});

test("a client that caches reads what others have written since", async () => {
  const engine = await RunningEngine.start();
  const cache = new BasicClientSideCache({ ttl: 0, maxEntries: 0 });
  const url = `redis://127.0.0.1:${engine.port}`;
  const reader = createClient({ url, RESP: 3, clientSideCache: cache });
  const writer = createClient({ url });
  onTestFinished(async () => {
    reader.destroy();
    writer.destroy();
  });
  await Promise.all([reader.connect(), writer.connect()]);
  await writer.set("k", "1");
  for (let i = 0; i < 10; i++) expect(await reader.get("k")).toBe("1");
  expect(cache.stats().hitCount).toBe(9);
  await writer.set("k", "2");
  let value = await reader.get("k");
  while (value !== "2") {
    // A value from the cache is there at once: the invalidation needs a turn of the event loop to come.
    await new Promise((resolve) => setImmediate(resolve));
    value = await reader.get("k");
  }
  expect(cache.stats().missCount).toBe(2);
});
