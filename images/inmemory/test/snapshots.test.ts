import { join } from "node:path";
import { ChangeReader } from "@weftkit/testing/change-reader";
import { EngineProgram } from "@weftkit/testing/engine-program";
import { startPersistFunction } from "@weftkit/testing/persist-function";
import { adminToken, pushNow, restoreSnapshot, takeSnapshot } from "@weftkit/testing/snapshots";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";

const main = join(import.meta.dirname, "../src/main.ts");

function start(dataDir = temporaryFolder(), environment: Readonly<Record<string, string>> = {}) {
  return new EngineProgram(main, dataDir, { WEFTKIT_ADMIN_TOKEN: adminToken, ...environment }).ready();
}

/** Its database is an option: what it is asked while it connects again goes to that, and not to one that was selected. */
function clientOf({ port }: EngineProgram, db = 0): Redis {
  const redis = new Redis({ host: "127.0.0.1", port, db });
  // A connection ends when a snapshot is restored, and the client makes another one.
  redis.on("error", () => {});
  onTestFinished(() => redis.disconnect());
  return redis;
}

test("everything of a snapshot is back, under a client that goes on", async () => {
  const engine = await start();
  const redis = clientOf(engine);
  await redis.set("text", "as it was");
  await redis.hset("hash", { one: "1" });
  await redis.set("brief", "x", "EX", 1000);
  const third = clientOf(engine, 3);
  await third.rpush("list", "a", "b");
  await redis.call(
    "FUNCTION",
    "LOAD",
    "#!lua name=l\nredis.register_function('answer', function() return 42 end)",
  );
  const file = await takeSnapshot(engine);
  await redis.flushall();
  await redis.set("new", "x");
  for (let round = 0; round < 3; round++) {
    await restoreSnapshot(engine, file);
    expect(await third.lrange("list", 0, -1)).toEqual(["a", "b"]);
    expect(await redis.call("FCALL", "answer", "0")).toBe(42);
    const other = clientOf(engine);
    expect(await other.get("text")).toBe("as it was");
    expect(await other.hgetall("hash")).toEqual({ one: "1" });
    expect(await other.ttl("brief")).toBeGreaterThan(0);
    expect(await other.dbsize()).toBe(3);
    await other.set(`of round ${round}`, "x");
    await third.rpush("list", "c");
  }
});

test("a limit of clients that was set ends with the engine that a snapshot replaces", async () => {
  const engine = await start();
  const redis = clientOf(engine);
  const before = await redis.config("GET", "maxclients");
  const file = await takeSnapshot(engine);
  await redis.config("SET", "maxclients", "1");
  await restoreSnapshot(engine, file);
  const [other, third] = [clientOf(engine), clientOf(engine)];
  expect(await Promise.all([other.ping(), third.ping()])).toEqual(["PONG", "PONG"]);
  expect(await other.config("GET", "maxclients")).toEqual(before);
});

test("what is written while a snapshot is taken is whole or not in it", async () => {
  const engine = await start();
  const redis = clientOf(engine);
  await redis.mset("one", "0", "other", "0");
  let isDone = false;
  const writing = (async () => {
    for (let number = 1; !isDone; number++) await redis.mset("one", number, "other", number);
  })();
  const files: Buffer[] = [];
  for (let round = 0; round < 5; round++) files.push(await takeSnapshot(engine));
  isDone = true;
  await writing;
  let last = -1;
  for (const file of files) {
    await restoreSnapshot(engine, file);
    const [one, other] = await clientOf(engine).mget("one", "other");
    expect(one).toBe(other);
    expect(Number(one)).toBeGreaterThanOrEqual(last);
    last = Number(one);
  }
});

test("who follows the changes is told", async () => {
  const engine = await start();
  const redis = clientOf(engine);
  const follower = await ChangeReader.open(engine.adminPort, adminToken);
  const durable = await ChangeReader.open(engine.adminPort, adminToken, "durable");
  await redis.set("key", "1");
  const file = await takeSnapshot(engine);
  await redis.set("key", "2");
  expect(await follower.changes()).toHaveLength(2);
  await restoreSnapshot(engine, file);
  await expect(follower.read()).rejects.toThrow(/^410 .*other_database/);
  await expect(durable.read("&consumer=durable")).rejects.toThrow(/^410 /);
  // Also who has left its place to the server, until it has begun anew.
  await expect(ChangeReader.open(engine.adminPort, adminToken, "durable")).rejects.toThrow(
    /^410 .*replaced by that of a snapshot/,
  );
  const again = await ChangeReader.open(engine.adminPort, adminToken);
  await clientOf(engine).set("key", "3");
  expect(await again.changes()).toMatchObject([{ key: "key" }]);
});

test("WKP-1 goes on with the restored state", async () => {
  const environment = await startPersistFunction();
  const engine = await start(temporaryFolder(), environment);
  const redis = clientOf(engine);
  await redis.set("key", "of the snapshot");
  await pushNow(engine);
  const file = await takeSnapshot(engine);
  await redis.set("key", "later");
  await redis.set("other", "later");
  const before = await pushNow(engine);
  await restoreSnapshot(engine, file);
  await expect.poll(async () => (await statusOf(engine)).seq).toBeGreaterThan(before);
  expect(await engine.terminate()).toBe(0);

  const second = await start(temporaryFolder(), environment);
  const client = clientOf(second);
  expect(await client.keys("*")).toEqual(["key"]);
  expect(await client.get("key")).toBe("of the snapshot");
  // The same way a second time, with what is written behind it.
  await restoreSnapshot(second, file);
  await clientOf(second).set("after", "1");
  expect(await second.terminate()).toBe(0);

  const third = await start(temporaryFolder(), environment);
  expect((await clientOf(third).keys("*")).sort()).toEqual(["after", "key"]);
});

async function statusOf({ adminPort }: EngineProgram): Promise<{ seq: number }> {
  const response = await fetch(`http://127.0.0.1:${adminPort}/v1/status`);
  return ((await response.json()) as { persistence: { seq: number } }).persistence;
}
