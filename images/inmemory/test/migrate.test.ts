import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { describe, expect, onTestFinished, test } from "vitest";
import { isOracleMissing, RedisServer } from "./oracle/redis-server.ts";
import { RunningEngine } from "./running-engine.ts";
import { WireClient } from "./wire-client.ts";

/** An engine, a server that keys are moved to, and a client of each. */
async function pair(isRedis: boolean) {
  const source = await RunningEngine.start();
  let port: number;
  if (isRedis) {
    const redis = await RedisServer.start(temporaryFolder());
    onTestFinished(() => redis.stop());
    port = redis.port;
  } else port = (await RunningEngine.start()).port;
  const target = await WireClient.connect(port);
  onTestFinished(() => target.destroy());
  return { source, here: await source.client(), there: target, port };
}

describe.each([
  ["another engine", false],
  ["a Redis", true],
])("MIGRATE to %s", (_, isRedis) => {
  test.skipIf(isRedis && isOracleMissing)("moves values of all kinds with their expiry", async () => {
    const { here, there, port } = await pair(isRedis);
    await here.call("SET", "s", "v", "PX", 600_000);
    await here.call("RPUSH", "l", "a", "b");
    await here.call("ZADD", "z", 1.5, "m");
    await here.call("HSET", "h", "f", "w");
    await here.call("SADD", "i", 1, 2);
    const keys = ["s", "l", "z", "h", "i", "absent"];
    expect(await here.call("MIGRATE", "127.0.0.1", port, "", 3, 5000, "KEYS", ...keys)).toBe("OK");
    expect(await here.call("DBSIZE")).toBe(0);
    await there.call("SELECT", 3);
    expect(await there.call("GET", "s")).toBe("v");
    expect(await there.call("PTTL", "s")).toBeGreaterThan(0);
    expect(await there.call("LRANGE", "l", 0, -1)).toEqual(["a", "b"]);
    expect(await there.call("ZSCORE", "z", "m")).toBe("1.5");
    expect(await there.call("HGET", "h", "f")).toBe("w");
    expect(await there.call("SCARD", "i")).toBe(2);
  });

  test.skipIf(isRedis && isOracleMissing)("keeps what the target has refused, and copies", async () => {
    const { here, there, port } = await pair(isRedis);
    await here.call("MSET", "a", "new", "b", 2);
    await there.call("SET", "a", "old");
    expect(await here.call("MIGRATE", "127.0.0.1", port, "", 0, 5000, "KEYS", "a", "b")).toEqual(
      new Error("ERR Target instance replied with error: BUSYKEY Target key name already exists."),
    );
    expect(await here.call("MGET", "a", "b")).toEqual(["new", null]);
    expect(await here.call("MIGRATE", "127.0.0.1", port, "a", 0, 5000, "COPY", "REPLACE")).toBe("OK");
    expect(await there.call("MGET", "a", "b")).toEqual(["new", "2"]);
    expect(await here.call("GET", "a")).toBe("new");
    expect(await here.call("MIGRATE", "127.0.0.1", port, "a", 99, 5000)).toEqual(
      new Error("ERR Target instance replied with error: ERR DB index is out of range"),
    );
    expect(await here.call("GET", "a")).toBe("new");
  });
});

test("MIGRATE answers what cannot be done", async () => {
  const engine = await RunningEngine.start();
  const client = await engine.client();
  expect(await client.call("MIGRATE", "127.0.0.1", 1, "absent", 0, 1000)).toBe("NOKEY");
  await client.call("SET", "k", "v");
  expect(await client.call("MIGRATE", "127.0.0.1", 1, "k", 0, 10, "KEYS", "a")).toEqual(
    new Error("ERR When using MIGRATE KEYS option, the key argument must be set to the empty string"),
  );
  expect(await client.call("MIGRATE", "127.0.0.1", 1, "k", 0, 10, "FOO")).toEqual(
    new Error("ERR syntax error"),
  );
  expect(((await client.call("MIGRATE", "127.0.0.1", 1, "k", 0, 1000)) as Error).message).toMatch(/^IOERR /);
  await client.call("MULTI");
  await client.call("MIGRATE", "127.0.0.1", 1, "k", 0, 1000);
  expect(await client.call("EXEC")).toEqual([
    new Error("ERR MIGRATE is not supported in transactions and scripts"),
  ]);
  expect(
    await client.call("COMMAND", "GETKEYS", "MIGRATE", "h", 1, "", 0, 9, "AUTH", "KEYS", "KEYS", "x"),
  ).toEqual(["x"]);
});

test("writes wait while keys are moved, and reads do not", async () => {
  const engine = await RunningEngine.start();
  const [mover, writer, reader] = [await engine.client(), await engine.client(), await engine.client()];
  await writer.call("SET", "k", "v");
  // The engine is paused as a target: it takes the connection and answers when it may.
  const target = await RunningEngine.start();
  const pauser = await target.client();
  await pauser.call("CLIENT", "PAUSE", 60_000);
  const moved = mover.call("MIGRATE", "127.0.0.1", target.port, "k", 0, 30_000);
  await reader.callUntil("cmd=migrate", "CLIENT", "LIST");
  const appended = writer.call("APPEND", "k", "w");
  await reader.callUntil("cmd=append", "CLIENT", "LIST");
  expect(await reader.call("GET", "k")).toBe("v");
  await pauser.call("CLIENT", "UNPAUSE");
  expect(await moved).toBe("OK");
  expect(await appended).toBe(1);
  expect(await pauser.call("GET", "k")).toBe("v");
});
