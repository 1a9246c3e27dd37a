import { once } from "node:events";
import type { ConnectionOptions } from "node:tls";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { Redis } from "ioredis";
import { describe, expect, onTestFinished, test } from "vitest";
import { makeCertificate } from "./certificate.ts";
import { EngineProcess } from "./engine-process.ts";

const login = { WEFTKIT_AUTH: "password", WEFTKIT_USER: "app", WEFTKIT_PASSWORD: "s3cret" };

interface Options {
  username?: string;
  password?: string;
  tls?: ConnectionOptions;
  retryStrategy?: () => number | null;
}

function connect(engine: EngineProcess, options: Options = {}): Redis {
  const redis = new Redis(engine.port, "127.0.0.1", options);
  // What fails is told by the call that fails, too.
  redis.on("error", () => {});
  onTestFinished(() => redis.disconnect());
  return redis;
}

const start = (environment: Record<string, string> = {}) =>
  EngineProcess.start(temporaryFolder(), environment);

describe("ioredis", () => {
  test("logs in with user and password, or with the password alone", async () => {
    const engine = await start(login);
    expect(await connect(engine, { username: "app", password: "s3cret" }).ping()).toBe("PONG");
    expect(await connect(engine, { password: "s3cret" }).ping()).toBe("PONG");
    const refused = connect(engine, { password: "wrong", retryStrategy: () => null });
    const [error] = (await once(refused, "error")) as [Error];
    expect(error.message).toMatch(/^WRONGPASS/);
  });

  test("writes and reads what drivers write and read", async () => {
    const redis = connect(await start());
    await redis.set("text", "päth", "EX", 100);
    expect(await redis.get("text")).toBe("päth");
    expect(await redis.ttl("text")).toBeGreaterThan(90);
    const bytes = Buffer.from([0, 255, 13, 10]);
    await redis.set("bytes", bytes);
    expect(await redis.getBuffer("bytes")).toEqual(bytes);
    await redis.hset("hash", { a: "1", b: "2" });
    expect(await redis.hgetall("hash")).toEqual({ a: "1", b: "2" });
    await redis.zadd("zset", 1, "one", 2, "two");
    expect(await redis.zrange("zset", "0", "-1", "WITHSCORES")).toEqual(["one", "1", "two", "2"]);
    await redis.sadd("set", "x", "y");
    expect((await redis.smembers("set")).sort()).toEqual(["x", "y"]);
    const id = await redis.xadd("stream", "*", "field", "value");
    expect(await redis.xrange("stream", "-", "+")).toEqual([[id, ["field", "value"]]]);
  });

  test("pipelines a thousand commands", async () => {
    const redis = connect(await start());
    const pipeline = redis.pipeline();
    for (let i = 0; i < 1000; i++) {
      pipeline.set(`key${i}`, String(i));
      pipeline.get(`key${i}`);
    }
    const replies = await pipeline.exec();
    expect(replies).toHaveLength(2000);
    expect(replies![1999]).toEqual([null, "999"]);
  });

  test("runs transactions, and none when a watched key changed", async () => {
    const engine = await start();
    const [redis, other] = [connect(engine), connect(engine)];
    expect(await redis.multi().incr("n").incr("n").exec()).toEqual([
      [null, 1],
      [null, 2],
    ]);
    await redis.watch("n");
    await other.set("n", 10);
    expect(await redis.multi().incr("n").exec()).toBeNull();
    expect(await redis.get("n")).toBe("10");
  });

  test("publishes and subscribes", async () => {
    const engine = await start();
    const [subscriber, publisher] = [connect(engine), connect(engine)];
    expect(await subscriber.subscribe("news", "more")).toBe(2);
    expect(await subscriber.psubscribe("n*")).toBe(3);
    const [message, patternMessage] = [once(subscriber, "message"), once(subscriber, "pmessage")];
    expect(await publisher.publish("news", "hello")).toBe(2);
    expect(await message).toEqual(["news", "hello"]);
    expect(await patternMessage).toEqual(["n*", "news", "hello"]);
    expect(await subscriber.unsubscribe("news", "more")).toBe(1);
    expect(await subscriber.punsubscribe("n*")).toBe(0);
    expect(await subscriber.ping()).toBe("PONG");
  });

  test("waits in a blocking pop, and gives up in time", async () => {
    const engine = await start();
    const [waiting, pusher] = [connect(engine), connect(engine)];
    const popped = waiting.blpop("queue", 0);
    await pusher.rpush("queue", "job");
    expect(await popped).toEqual(["queue", "job"]);
    expect(await waiting.blpop("queue", 0.01)).toBeNull();
  });

  test("scans all keys", async () => {
    const redis = connect(await start());
    const pipeline = redis.pipeline();
    for (let i = 0; i < 3000; i++) pipeline.set(`scan:${i}`, "v");
    await pipeline.exec();
    const seen = new Set<string>();
    for await (const keys of redis.scanStream({ match: "scan:*", count: 500 })) {
      for (const key of keys as string[]) seen.add(key);
    }
    expect(seen.size).toBe(3000);
  });

  test("speaks TLS", async () => {
    const { cert, key, ca } = makeCertificate(temporaryFolder());
    const engine = await start({
      WEFTKIT_TLS_ENABLED: "true",
      WEFTKIT_TLS_CERT_FILE: cert,
      WEFTKIT_TLS_KEY_FILE: key,
    });
    const redis = connect(engine, { tls: { ca, servername: "localhost" } });
    await redis.set("k", "x".repeat(1_000_000));
    expect(await redis.strlen("k")).toBe(1_000_000);
    expect(await redis.get("k")).toHaveLength(1_000_000);
  });

  test("reconnects when the engine was restarted, and finds its data", async () => {
    const dataDir = temporaryFolder();
    const first = await EngineProcess.start(dataDir);
    const redis = connect(first, { retryStrategy: () => 10 });
    await redis.set("kept", "value");
    await redis.subscribe("channel");
    const closed = once(redis, "close");
    expect(await first.terminate()).toBe(0);
    await closed;
    const second = await EngineProcess.start(dataDir, { WEFTKIT_PORT: String(first.port) });
    await once(redis, "ready");
    const message = once(redis, "message");
    const other = connect(second);
    // The driver subscribes again by itself; until it has, nobody receives.
    while ((await other.publish("channel", "again")) === 0);
    expect(await message).toEqual(["channel", "again"]);
    expect(await other.get("kept")).toBe("value");
  });
});
