import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { describe, expect, onTestFinished, test } from "vitest";
import { isOracleMissing, RedisServer } from "./oracle/redis-server.ts";
import { type EngineOptions, RunningEngine } from "./running-engine.ts";
import { WireClient } from "./wire-client.ts";

/** A Redis with a client of it. */
async function primaryOf() {
  const redis = await RedisServer.start(temporaryFolder());
  onTestFinished(() => redis.stop());
  const client = await WireClient.connect(redis.port);
  onTestFinished(() => client.destroy());
  return { redis, primary: client };
}

async function pair(options: EngineOptions = {}) {
  const { redis, primary } = await primaryOf();
  const engine = await RunningEngine.start(options);
  return { redis, primary, engine, replica: await engine.client() };
}

/** Waits until the replica has run everything that the primary has. */
async function caughtUp(primary: WireClient, replica: WireClient): Promise<void> {
  await expect.poll(() => isUp(replica), { timeout: 60_000 }).toBe(true);
  await expect.poll(() => primary.call("WAIT", 1, 200), { timeout: 60_000 }).toBe(1);
}

const isUp = async (replica: WireClient) =>
  String(await replica.call("INFO", "replication")).includes("master_link_status:up");

describe.skipIf(isOracleMissing)("as the replica of a Redis", () => {
  test("takes everything over, and runs what it runs", async () => {
    const { redis, primary, replica } = await pair();
    await replica.call("SET", "old", "gone");
    await primary.call("SET", "s", "v", "PX", 600_000);
    await primary.call("RPUSH", "l", "a", "b");
    await primary.call("ZADD", "z", 1.5, "m");
    await primary.call("HSET", "h", "f", "w");
    await primary.call("XADD", "x", "1-1", "f", "v");
    await primary.call(
      "FUNCTION",
      "LOAD",
      "#!lua name=lib\nredis.register_function('one', function() return 1 end)",
    );
    await primary.call("SELECT", 3);
    await primary.call("SET", "third", "3");
    await primary.call("SELECT", 0);
    expect(await replica.call("REPLICAOF", "127.0.0.1", redis.port)).toBe("OK");
    expect(await replica.call("REPLICAOF", "127.0.0.1", redis.port)).toBe(
      "OK Already connected to specified master",
    );
    await caughtUp(primary, replica);
    expect(await replica.call("GET", "old")).toBeNull();
    expect(await replica.call("DBSIZE")).toBe(5);
    expect(await replica.call("PTTL", "s")).toBeGreaterThan(0);
    expect(String(await replica.call("FCALL_RO", "one", 0))).toContain(
      "Can not execute a script with write flag",
    );

    await primary.call("MULTI");
    await primary.call("INCR", "n");
    await primary.call("LPOP", "l");
    await primary.call("EXEC");
    await primary.call("EVAL", "for i = 1, 10 do redis.call('RPUSH', KEYS[1], i) end", 1, "scripted");
    await primary.call("XADD", "x", "MAXLEN", "~", 1, "*", "g", "w");
    await primary.call("SET", "gone", "v", "PX", 1);
    await primary.call("SELECT", 3);
    await primary.call("APPEND", "third", "x".repeat(300_000));
    await caughtUp(primary, replica);
    expect(await replica.call("GET", "n")).toBe("1");
    expect(await replica.call("LRANGE", "l", 0, -1)).toEqual(["b"]);
    expect(await replica.call("LLEN", "scripted")).toBe(10);
    await primary.call("SELECT", 0);
    expect(await replica.call("XRANGE", "x", "-", "+")).toEqual(await primary.call("XRANGE", "x", "-", "+"));
    await expect.poll(() => replica.call("GET", "gone")).toBeNull();
    await replica.call("SELECT", 3);
    expect(await replica.call("STRLEN", "third")).toBe(300_001);
    expect(await replica.call("ROLE")).toEqual([
      "slave",
      "127.0.0.1",
      redis.port,
      "connected",
      expect.any(Number),
    ]);
    expect(await primary.call("ROLE")).toEqual([
      "master",
      expect.any(Number),
      [[expect.any(String), expect.any(String), expect.any(String)]],
    ]);
  });

  test("refuses writes, leaves expiry to the primary, and nobody waits for its keys", async () => {
    const { redis, primary, engine, replica } = await pair();
    const waiting = await engine.client();
    const popped = waiting.call("BLPOP", "l", 0);
    await expect.poll(async () => String(await replica.call("CLIENT", "LIST"))).toContain("cmd=blpop");
    await replica.call("REPLICAOF", "127.0.0.1", redis.port);
    expect(String(await popped)).toContain("UNBLOCKED force unblock");
    await primary.call("RPUSH", "l", "a");
    await caughtUp(primary, replica);
    const readonly = new Error("READONLY You can't write against a read only replica.");
    expect(await replica.call("SET", "k", "v")).toEqual(readonly);
    expect(await replica.call("EVAL", "return redis.pcall('SET', KEYS[1], 1).err", 1, "k")).toBe(
      "READONLY You can't write against a read only replica.",
    );
    await replica.call("MULTI");
    expect(await replica.call("SET", "k", "v")).toEqual(readonly);
    await replica.call("DISCARD");
    expect(String(await replica.call("WAIT", 0, 0))).toContain("cannot be used with replica");
    expect(await replica.call("LRANGE", "l", 0, -1)).toEqual(["a"]);

    // What has expired is unseen here before the primary says so, and its later commands are right.
    await primary.call("DEBUG", "SET-ACTIVE-EXPIRE", 0);
    await primary.call("SET", "e", 5, "PX", 30);
    await caughtUp(primary, replica);
    await expect.poll(() => replica.call("GET", "e")).toBeNull();
    expect(await replica.call("DBSIZE")).toBe(2);
    expect(await replica.call("RANDOMKEY")).toMatch(/^[el]$/);
    await primary.call("INCR", "e");
    await caughtUp(primary, replica);
    expect(await replica.call("GET", "e")).toBe("1");
  });

  test("goes on where it was when the link breaks, while the primary is written to", async () => {
    const { redis, primary, replica } = await pair();
    await replica.call("REPLICAOF", "127.0.0.1", redis.port);
    await caughtUp(primary, replica);
    const writer = await WireClient.connect(redis.port);
    onTestFinished(() => writer.destroy());
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 200; i++) {
        await writer.call("INCR", "n");
        await writer.call("MULTI");
        await writer.call("RPUSH", "l", i);
        await writer.call("INCRBY", "sum", i);
        await writer.call("EXEC");
        if (i === 100) await primary.call("CLIENT", "KILL", "TYPE", "replica");
      }
    }
    await caughtUp(primary, replica);
    for (const command of [
      ["GET", "n"],
      ["LRANGE", "l", 0, -1],
      ["GET", "sum"],
    ] as const) {
      expect(await replica.call(...command)).toEqual(await primary.call(...command));
    }
    const [, partial] = /sync_partial_ok:(\d+)/.exec(String(await primary.call("INFO", "stats")))!;
    expect(Number(partial)).toBeGreaterThan(0);
    expect(String(await primary.call("INFO", "stats"))).toContain("sync_full:1\r");
  });

  test("becomes a primary with everything, which is there after a restart", async () => {
    const dataDir = temporaryFolder();
    const { redis, primary, engine, replica } = await pair({ dataDir });
    for (let i = 0; i < 500; i++) await primary.call("SET", `k${i}`, i);
    await replica.call("REPLICAOF", "127.0.0.1", redis.port);
    await caughtUp(primary, replica);
    await primary.call("SET", "last", "one");
    await caughtUp(primary, replica);
    expect(await replica.call("REPLICAOF", "NO", "ONE")).toBe("OK");
    expect(await replica.call("INCR", "mine")).toBe(1);
    await primary.call("SET", "later", "v");
    await engine.image.stop();
    const again = await (await RunningEngine.start({ dataDir })).client();
    expect(await again.call("DBSIZE")).toBe(502);
    expect(await again.call("MGET", "k499", "last", "mine", "later")).toEqual(["499", "one", "1", null]);
    expect(await again.call("ROLE")).toEqual(["master", 0, []]);
  });

  test("logs in at the primary, and says that it cannot", async () => {
    const { redis, primary, replica } = await pair();
    await primary.call("CONFIG", "SET", "requirepass", "secret");
    await primary.call("SET", "k", "v");
    await replica.call("CONFIG", "SET", "masterauth", "wrong");
    await replica.call("REPLICAOF", "127.0.0.1", redis.port);
    await expect
      .poll(async () => String(await replica.call("INFO", "replication")))
      .toContain("master_link_status:down");
    await replica.call("CONFIG", "SET", "slowlog-log-slower-than", 0);
    await replica.call("CONFIG", "SET", "masterauth", "secret");
    await expect.poll(() => isUp(replica), { timeout: 60_000 }).toBe(true);
    expect(await replica.call("GET", "k")).toBe("v");
    expect(JSON.stringify(await replica.call("SLOWLOG", "GET", 100))).not.toContain("secret");
  });

  test("keeps what it has when the primary has what cannot be kept here", async () => {
    const { redis, primary, replica } = await pair({ inmemory: { databases: 2 } });
    await replica.call("SET", "own", "v");
    await primary.call("SELECT", 5);
    await primary.call("SET", "k", "v");
    await replica.call("REPLICAOF", "127.0.0.1", redis.port);
    await expect
      .poll(async () => /sync_full:[1-9]/.test(String(await primary.call("INFO", "stats"))), {
        timeout: 60_000,
      })
      .toBe(true);
    expect(await replica.call("GET", "own")).toBe("v");
    expect(await isUp(replica)).toBe(false);
    await primary.call("FLUSHALL");
    await expect.poll(() => isUp(replica), { timeout: 60_000 }).toBe(true);
    expect(await replica.call("GET", "own")).toBeNull();
  });

  test("follows a primary that was restarted", async () => {
    const { redis, primary, engine, replica } = await pair();
    await primary.call("SET", "k", "old");
    await replica.call("REPLICAOF", "127.0.0.1", redis.port);
    await caughtUp(primary, replica);
    await redis.stop();
    await expect.poll(() => isUp(replica), { timeout: 60_000 }).toBe(false);
    expect(await replica.call("GET", "k")).toBe("old");
    const { redis: other, primary: next } = await primaryOf();
    await next.call("SET", "k", "new");
    await (await engine.client()).call("REPLICAOF", "127.0.0.1", other.port);
    await caughtUp(next, replica);
    expect(await replica.call("GET", "k")).toBe("new");
  });
});

test("REPLICAOF and REPLCONF answer what cannot be done", async () => {
  const engine = await RunningEngine.start();
  const client = await engine.client();
  expect(await client.call("REPLICAOF", "127.0.0.1", "x")).toEqual(new Error("ERR Invalid master port"));
  expect(await client.call("REPLICAOF", "NO", "ONE")).toBe("OK");
  expect(String(await client.call("REPLCONF", "listening-port", 1))).toContain("serves no replicas");
  const cluster = await (await RunningEngine.start({ inmemory: { cluster_enabled: true } })).client();
  expect(String(await cluster.call("REPLICAOF", "127.0.0.1", 1))).toContain("not allowed in cluster mode");
});
