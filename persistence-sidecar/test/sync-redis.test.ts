import { patientMs } from "@weftkit/testing/patience";
import { isRedisMissing } from "@weftkit/testing/real-redis";
import { describe, expect, test } from "vitest";
import { connectRedis, keysOf, realRedis } from "./redis-sites.ts";
import { type Database, Inmemory, SyncSidecar } from "./sites.ts";

const timeout = patientMs(60_000);
const polling = { timeout: patientMs(20_000), interval: 50 };

interface Remote extends Database {
  kill(): Promise<void>;
  start(): Promise<void>;
}

const remotes: Readonly<Record<string, () => Promise<Remote>>> = {
  "weftkit/inmemory": () => Inmemory.start(),
  "the real Redis": () => realRedis(),
  "a Redis that tells nothing": () => realRedis(["--rename-command", "CONFIG", ""]),
};

async function pair(startRemote: () => Promise<Remote>) {
  const [local, remote] = await Promise.all([Inmemory.start(), startRemote()]);
  const [here, there] = [connectRedis(local), connectRedis(remote)];
  const start = (variables: Record<string, string> = {}) => SyncSidecar.start(local, remote, variables);
  const areEqual = async () => {
    const [a, b] = await Promise.all([keysOf(local), keysOf(remote)]);
    expect(b).toEqual(a);
    return a;
  };
  return { local, remote, here, there, start, areEqual };
}

describe.each(Object.keys(remotes))("with %s", (name) => {
  const startRemote = remotes[name]!;
  const it = test.skipIf(name !== "weftkit/inmemory" && isRedisMissing);

  it("what is there is copied both ways, and what is written comes after it", { timeout }, async () => {
    const { local, remote, here, there, start, areEqual } = await pair(startRemote);
    const inAnHour = Date.now() + 3_600_000;
    await here.mset(
      Object.fromEntries(Array.from({ length: 1200 }, (_, index) => [`key:${index}`, `${index}`])),
    );
    await here.hset("hash", { name: "Ann", "": "empty", n: "1" });
    await here.zadd("zset", "1.5", "a", "-inf", "b", "0.1", "c", "1e-9", "d");
    await here.sadd("set", "x", "y", Buffer.from([255, 0, 1]));
    await here.rpush("list", "one", "two", "one");
    await here.set(Buffer.from([0, 200, 10]), Buffer.from([1, 255]), "PXAT", inAnHour);
    await there.set("remote", "from there");
    const sidecar = await start();
    await sidecar.copied();
    await expect.poll(areEqual, polling).toHaveLength(1206);
    await here.hset("hash", { name: "Bob", more: "yes" });
    await here.hdel("hash", "n");
    await here.zrem("zset", "b");
    await here.srem("set", "x");
    await here.lpush("list", "zero");
    await here.set("key:7", "changed");
    await here.del("key:8");
    await here.pexpireat("key:9", inAnHour);
    await there.set("remote", "later");
    await there.rename("key:10", "renamed");
    await there.hset("other", { a: "1" });
    await expect
      .poll(async () => (await keysOf(remote)).some(([key]) => key === "key:8"), polling)
      .toBe(false);
    await expect.poll(() => here.hget("other", "a"), polling).toBe("1");
    await expect.poll(areEqual, polling).toHaveLength(1206);
    const keys = new Map(await keysOf(local));
    expect(keys.get("hash")).toEqual([
      "hash",
      [
        ["", "empty"],
        ["more", "yes"],
        ["name", "Bob"],
      ],
    ]);
    expect(keys.get("key:9")).toEqual(["string", "9", inAnHour]);
    expect(keys.get("remote")).toEqual(["string", "later"]);
    expect(keys.get("renamed")).toEqual(["string", "10"]);
    // What expires here expires there.
    await here.set("short", "x", "PX", 300);
    await expect.poll(async () => (await areEqual()).some(([key]) => key === "short"), polling).toBe(false);
    expect(await sidecar.conflicts()).toEqual([]);
  });

  it("who writes last wins, and the other value is kept as a conflict", { timeout }, async () => {
    const { local, remote, here, there, start, areEqual } = await pair(startRemote);
    await here.mset({ a: "0", b: "0", c: "0", same: "0" });
    const sidecar = await start();
    await sidecar.copied();
    await expect.poll(areEqual, polling).toHaveLength(4);
    await sidecar.kill();
    await here.set("a", "first, here");
    await here.set("same", "equal");
    await there.mset({ a: "second, there", b: "there", same: "equal" });
    await there.del("c");
    await sidecar.start();
    const expected = [
      ["a", ["string", "second, there"]],
      ["b", ["string", "there"]],
      ["same", ["string", "equal"]],
    ];
    await expect.poll(() => keysOf(local), polling).toEqual(expected);
    await expect.poll(() => keysOf(remote), polling).toEqual(expected);
    await expect.poll(() => sidecar.conflicts(), polling).toHaveLength(1);
    const [conflict] = await sidecar.conflicts();
    expect(conflict).toMatchObject({
      how: "lww",
      key: '{"key":"a"}',
      winnerRow: { value: "second, there" },
      loserRow: { value: "first, here" },
    });
    await sidecar.ask(`/v1/sync/resolve?id=${conflict!.id}&with=loser`, "POST");
    await expect.poll(() => here.get("a"), polling).toBe("first, here");
    await expect.poll(() => there.get("a"), polling).toBe("first, here");
    expect(await sidecar.conflicts()).toEqual([]);
  });
});

test("a remote that was emptied, or lost what it had confirmed, is filled again", { timeout }, async () => {
  const { remote, here, there, start, areEqual } = await pair(remotes["weftkit/inmemory"]!);
  await here.mset({ a: "1", b: "2" });
  await there.set("c", "3");
  const sidecar = await start();
  await sidecar.copied();
  await here.set("d", "4");
  await expect.poll(areEqual, polling).toHaveLength(4);
  await there.flushall();
  await expect.poll(() => there.dbsize(), polling).toBeGreaterThan(4);
  await expect.poll(areEqual, polling).toHaveLength(4);
  await remote.kill();
  await here.del("a");
  await remote.start();
  await there.flushdb();
  await expect.poll(areEqual, polling).toHaveLength(3);
});

test("values of types that are not synchronised are left out, and told", { timeout }, async () => {
  const { here, there, start } = await pair(remotes["weftkit/inmemory"]!);
  await here.xadd("events", "*", "a", "1");
  await there.set("events", "a string here");
  await here.set("kept", "1");
  const sidecar = await start();
  await expect.poll(() => there.get("kept"), polling).toBe("1");
  await expect
    .poll(async () => (await sidecar.conflicts()).map(({ how, reason }) => [how, reason]), polling)
    .toEqual([["refused", "there is a stream at the local side"]]);
  const { local } = await sidecar.ask<{ local: { leftOut: Record<string, string> } }>("/v1/sync/status");
  expect(local.leftOut).toEqual({ events: "a stream" });
});
