import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { Cluster as RedisCluster } from "ioredis";
import { createCluster } from "redis";
import { expect, onTestFinished, test } from "vitest";
import { slotOf } from "../src/server/cluster.ts";
import { RunningEngine } from "./running-engine.ts";

const inmemory = { cluster_enabled: true };

test("keys are in the slots of the specification", () => {
  for (const [key, slot] of [
    ["123456789", 0x31c3],
    ["foo", 12182],
    ["{user1000}.following", 3443],
    ["{user1000}.followers", 3443],
    ["foo{}{bar}", 8363],
    ["foo{{bar}}zap", 4015],
    ["foo{bar}{zap}", 5061],
    ["", 0],
  ] as const) {
    const bytes = Buffer.from(key);
    expect(slotOf(bytes, 0, bytes.length), key).toBe(slot);
  }
});

test("drivers that speak to clusters connect, and work", async () => {
  const engine = await RunningEngine.start({ inmemory });
  const nodes = [{ host: "127.0.0.1", port: engine.port }];
  const io = new RedisCluster(nodes);
  const url = `redis://127.0.0.1:${engine.port}`;
  const node = createCluster({ rootNodes: [{ url }] });
  onTestFinished(() => {
    io.disconnect();
    node.destroy();
  });
  await node.connect();
  for (let i = 0; i < 50; i++) await io.set(`key${i}`, i);
  expect(await Promise.all(Array.from({ length: 50 }, (_, i) => node.get(`key${i}`)))).toEqual(
    Array.from({ length: 50 }, (_, i) => String(i)),
  );
  expect(await io.mget("{a}1", "{a}2")).toEqual([null, null]);
  expect(await io.eval("return redis.call('SET', KEYS[1], ARGV[1])", 1, "{a}1", "v")).toBe("OK");
});

test("what no cluster does is refused", async () => {
  const engine = await RunningEngine.start({ inmemory });
  const client = await engine.client();
  const error = async (...words: string[]) => String(await client.call(...words));
  expect(await error("MGET", "a", "b")).toContain("CROSSSLOT");
  expect(await error("MGET", "{a}1", "{a}2")).toBe(",");
  expect(await error("SELECT", "1")).toContain("SELECT is not allowed in cluster mode");
  expect(await error("SWAPDB", "0", "1")).toContain("SWAPDB is not allowed in cluster mode");
  expect(await error("EVAL", "return 1", "2", "a", "b")).toContain("CROSSSLOT");
  expect(await error("EVAL", "return redis.call('MGET', 'a', 'b')", "0")).toContain("CROSSSLOT");
  expect(await error("CLUSTER", "MEET", "127.0.0.1", "1")).toContain("is not supported");
  await client.call("MULTI");
  await client.call("SET", "a", "1");
  await client.call("SET", "b", "1");
  expect(await error("EXEC")).toContain("CROSSSLOT");
  expect(await error("EXISTS", "a")).toBe("0");
  await client.call("SET", "foo", "1");
  expect(await client.call("CLUSTER", "GETKEYSINSLOT", "12182", "10")).toEqual(["foo"]);
  expect(await client.call("CLUSTER", "COUNTKEYSINSLOT", "12182")).toBe(1);
});

test("without the key it is no cluster, and with data elsewhere it becomes none", async () => {
  const dataDir = temporaryFolder();
  const engine = await RunningEngine.start({ dataDir });
  const client = await engine.client();
  expect(String(await client.call("CLUSTER", "SLOTS"))).toContain("cluster support disabled");
  expect(await client.call("MGET", "a", "b")).toEqual([null, null]);
  await client.call("SELECT", 3);
  await client.call("SET", "k", "v");
  await engine.image.stop();
  await expect(RunningEngine.start({ dataDir, inmemory })).rejects.toThrow(/database 3 has 1 keys/);
});
