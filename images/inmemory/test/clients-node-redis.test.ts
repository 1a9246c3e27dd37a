import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { createClient, type RedisClientOptions } from "redis";
import { describe, expect, onTestFinished, test } from "vitest";
import { makeCertificate } from "./certificate.ts";
import { EngineProcess } from "./engine-process.ts";

const login = { WEFTKIT_AUTH: "password", WEFTKIT_USER: "app", WEFTKIT_PASSWORD: "s3cret" };

const start = (environment: Record<string, string> = {}) =>
  EngineProcess.start(temporaryFolder(), environment);

async function connect(
  engine: EngineProcess,
  options: Omit<RedisClientOptions, "RESP"> = {},
  RESP: 2 | 3 = 3,
) {
  const socket = { host: "127.0.0.1", port: engine.port, ...options.socket } as RedisClientOptions["socket"];
  const client = createClient({ ...options, socket: socket!, RESP });
  // Reported by the call that fails, too.
  client.on("error", () => {});
  onTestFinished(() => client.destroy());
  await client.connect();
  return client;
}

describe.each([[2], [3]] as const)("node-redis with RESP%i", (version) => {
  test("logs in with user and password", async () => {
    const engine = await start(login);
    const client = await connect(engine, { username: "app", password: "s3cret" }, version);
    expect(await client.ping()).toBe("PONG");
    // With RESP2 this driver connects whatever AUTH answered; commands then tell.
    const use = async (options: Omit<RedisClientOptions, "RESP">) =>
      (await connect(engine, { ...options, socket: { reconnectStrategy: false } }, version)).get("k");
    await expect(use({ username: "app", password: "wrong" })).rejects.toThrow(/WRONGPASS|NOAUTH/);
    await expect(use({})).rejects.toThrow(/NOAUTH/);
  });

  test("writes and reads what drivers write and read", async () => {
    const client = await connect(await start(), {}, version);
    await client.set("text", "päth", { expiration: { type: "EX", value: 100 } });
    expect(await client.get("text")).toBe("päth");
    await client.hSet("hash", { a: "1", b: "2" });
    expect({ ...(await client.hGetAll("hash")) }).toEqual({ a: "1", b: "2" });
    await client.zAdd("zset", [
      { score: 1.5, value: "one" },
      { score: Number.POSITIVE_INFINITY, value: "two" },
    ]);
    expect(await client.zRangeWithScores("zset", 0, -1)).toEqual([
      { value: "one", score: 1.5 },
      { value: "two", score: Number.POSITIVE_INFINITY },
    ]);
    expect(await client.zScore("zset", "one")).toBe(1.5);
    const id = await client.xAdd("stream", "*", { field: "value" });
    const entries = await client.xRange("stream", "-", "+");
    expect(entries!.map((entry) => [entry.id, { ...entry.message }])).toEqual([[id, { field: "value" }]]);
    expect(await client.exists(["text", "absent"])).toBe(1);
    expect(await client.get("absent")).toBeNull();
  });

  test("pipelines commands of one turn", async () => {
    const client = await connect(await start(), {}, version);
    const replies = await Promise.all(Array.from({ length: 1000 }, () => client.incr("n")));
    expect(replies).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1));
  });

  test("runs transactions, and none when a watched key changed", async () => {
    const engine = await start();
    const [client, other] = [await connect(engine, {}, version), await connect(engine, {}, version)];
    expect(await client.multi().incr("n").incr("n").exec()).toEqual([1, 2]);
    await client.watch("n");
    await other.set("n", "10");
    await expect(client.multi().incr("n").exec()).rejects.toThrow(/watched keys/);
    expect(await client.get("n")).toBe("10");
  });

  test("publishes and subscribes", async () => {
    const engine = await start();
    const [subscriber, publisher] = [await connect(engine, {}, version), await connect(engine, {}, version)];
    const received = Promise.withResolvers<string[]>();
    const matched = Promise.withResolvers<string[]>();
    await subscriber.subscribe("news", (message, channel) => received.resolve([channel, message]));
    await subscriber.pSubscribe("n*", (message, channel) => matched.resolve([channel, message]));
    expect(await publisher.publish("news", "hello")).toBe(2);
    expect(await received.promise).toEqual(["news", "hello"]);
    expect(await matched.promise).toEqual(["news", "hello"]);
    await subscriber.unsubscribe();
    await subscriber.pUnsubscribe();
    // With RESP2 this driver gives the first replies after a subscription as buffers.
    expect(String(await subscriber.ping())).toBe("PONG");
  });

  test("waits in a blocking pop, and gives up in time", async () => {
    const engine = await start();
    const [waiting, pusher] = [await connect(engine, {}, version), await connect(engine, {}, version)];
    const popped = waiting.blPop("queue", 0);
    await pusher.rPush("queue", "job");
    expect({ ...(await popped) }).toEqual({ key: "queue", element: "job" });
    expect(await waiting.blPop("queue", 0.01)).toBeNull();
  });

  test("scans all keys", async () => {
    const client = await connect(await start(), {}, version);
    await Promise.all(Array.from({ length: 2000 }, (_, index) => client.set(`scan:${index}`, "v")));
    const seen = new Set<string>();
    for await (const keys of client.scanIterator({ MATCH: "scan:*", COUNT: 300 })) {
      for (const key of keys) seen.add(key);
    }
    expect(seen.size).toBe(2000);
  });

  test("speaks TLS", async () => {
    const { cert, key, ca } = makeCertificate(temporaryFolder());
    const engine = await start({
      WEFTKIT_TLS_ENABLED: "true",
      WEFTKIT_TLS_CERT_FILE: cert,
      WEFTKIT_TLS_KEY_FILE: key,
    });
    const client = await connect(
      engine,
      { socket: { tls: true, ca, servername: "localhost" } as never },
      version,
    );
    await client.set("k", "x".repeat(1_000_000));
    expect(await client.get("k")).toHaveLength(1_000_000);
  });

  test("reconnects when the engine was restarted, and finds its data", async () => {
    const dataDir = temporaryFolder();
    const first = await EngineProcess.start(dataDir);
    const client = await connect(first, { socket: { reconnectStrategy: () => 10 } }, version);
    await client.set("kept", "value");
    const reconnecting = new Promise((resolve) => client.once("reconnecting", resolve));
    const ready = new Promise((resolve) => client.once("ready", resolve));
    expect(await first.terminate()).toBe(0);
    await reconnecting;
    await EngineProcess.start(dataDir, { WEFTKIT_PORT: String(first.port) });
    await ready;
    expect(await client.get("kept")).toBe("value");
  });
});
