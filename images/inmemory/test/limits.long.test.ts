import { execFileSync } from "node:child_process";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { describe, expect, onTestFinished, test } from "vitest";
import { EngineProcess } from "./engine-process.ts";
import { RunningEngine } from "./running-engine.ts";
import { encode, WireClient } from "./wire-client.ts";

/** Files that this process and the engine's may each have open; Node raises the soft limit to the hard one. */
const filesMax = Number(
  execFileSync("bash", ["-c", "ulimit -Hn"], { encoding: "utf8" }).replace("unlimited", "1e9"),
);
const connectionsMax = Math.min(10_000, filesMax - 200);
/** Connections opened at once: fewer than the kernel keeps waiting. */
const WAVE = 500;

describe("how many clients", () => {
  test(`${connectionsMax} are served, one more is told why not, and a place that is given back is taken`, async () => {
    const engine = await EngineProcess.start(temporaryFolder(), {
      WEFTKIT_INMEMORY_MAX_CONNECTIONS: String(connectionsMax),
    });
    const clients: WireClient[] = [];
    onTestFinished(() => {
      for (const client of clients) client.destroy();
    });
    while (clients.length < connectionsMax) {
      const wave = Math.min(WAVE, connectionsMax - clients.length);
      clients.push(
        ...(await Promise.all(Array.from({ length: wave }, () => WireClient.connect(engine.port)))),
      );
    }
    const pongs = await Promise.all(clients.map((client) => client.call("PING")));
    expect(pongs.every((reply) => reply === "PONG")).toBe(true);
    const refused = await engine.client();
    expect(await refused.reply()).toEqual(new Error("ERR max number of clients reached"));
    await refused.closed;
    expect(await clients[0]!.call("INFO", "clients")).toContain(`connected_clients:${connectionsMax}`);
    expect(await clients[0]!.call("INFO", "stats")).toContain("rejected_connections:1");
    clients[1]!.destroy();
    await clients[0]!.callUntil(`connected_clients:${connectionsMax - 1}`, "INFO", "clients");
    expect(await (await engine.client()).call("PING")).toBe("PONG");
  });
});

describe("CLIENT KILL", () => {
  test("ends the chosen ones, whatever they do", async () => {
    const engine = await RunningEngine.start();
    const admin = await engine.client();
    const [idle, waiting, subscriber, writing] = await Promise.all([
      engine.client(),
      engine.client(),
      engine.client(),
      engine.client(),
    ]);
    const idOf = async (client: WireClient) => Number(await client.call("CLIENT", "ID"));
    const ids = { idle: await idOf(idle), waiting: await idOf(waiting), writing: await idOf(writing) };
    await subscriber.call("SUBSCRIBE", "channel");
    await waiting.write(encode("BLPOP", "queue", 0));
    await writing.call("MULTI");
    expect(await admin.call("CLIENT", "KILL", "ID", ids.idle)).toBe(1);
    await idle.closed;
    await admin.callUntil("blocked_clients:1", "INFO", "clients");
    expect(await admin.call("CLIENT", "KILL", "ID", ids.waiting)).toBe(1);
    await waiting.closed;
    expect(await admin.call("CLIENT", "KILL", "TYPE", "pubsub")).toBe(1);
    await subscriber.closed;
    const { localPort } = writing.socket;
    expect(await admin.call("CLIENT", "KILL", `127.0.0.1:${localPort}`)).toBe("OK");
    await writing.closed;
    expect(await admin.call("CLIENT", "KILL", "ID", 999_999)).toBe(0);
    expect(await admin.call("CLIENT", "KILL", "127.0.0.1:1")).toEqual(new Error("ERR No such client"));
    expect(await admin.call("RPUSH", "queue", "job")).toBe(1);
    expect(await admin.call("INFO", "clients")).toContain("connected_clients:1");
  });

  test("of oneself is answered first", async () => {
    const engine = await RunningEngine.start();
    const client = await engine.client();
    const id = Number(await client.call("CLIENT", "ID"));
    expect(await client.call("CLIENT", "KILL", "ID", id)).toBe(0);
    expect(await client.call("CLIENT", "KILL", "ID", id, "SKIPME", "no")).toBe(1);
    await client.closed;
  });
});

describe("CLIENT PAUSE", () => {
  test("WRITE holds writes back and lets reads through", async () => {
    const engine = await RunningEngine.start();
    const [admin, writer, reader] = [await engine.client(), await engine.client(), await engine.client()];
    await admin.call("SET", "k", "before");
    expect(await admin.call("CLIENT", "PAUSE", 600_000, "WRITE")).toBe("OK");
    const written = watch(writer.call("SET", "k", "after"));
    expect(await reader.call("GET", "k")).toBe("before");
    expect(await reader.call("GET", "k")).toBe("before");
    expect(written.isSettled).toBe(false);
    expect(await admin.call("CLIENT", "UNPAUSE")).toBe("OK");
    expect(await written.promise).toBe("OK");
    expect(await reader.call("GET", "k")).toBe("after");
  });

  test("ALL holds everything back, and ends by itself", async () => {
    const engine = await RunningEngine.start();
    const [admin, client] = [await engine.client(), await engine.client()];
    const startedMs = performance.now();
    expect(await admin.call("CLIENT", "PAUSE", 100)).toBe("OK");
    expect(await client.call("PING")).toBe("PONG");
    expect(performance.now() - startedMs).toBeGreaterThan(95);
  });

  test("what was held back is written to the log once, in order", async () => {
    const dataDir = temporaryFolder();
    const engine = await RunningEngine.start({ dataDir });
    const [admin, writer] = [await engine.client(), await engine.client()];
    await admin.call("CLIENT", "PAUSE", 600_000, "WRITE");
    const written = [
      writer.call("INCR", "n"),
      writer.call("APPEND", "text", "a"),
      writer.call("APPEND", "text", "b"),
    ];
    await admin.call("PING");
    await admin.call("CLIENT", "UNPAUSE");
    expect(await Promise.all(written)).toEqual([1, 1, 2]);
    await engine.image.stop();
    const again = await RunningEngine.start({ dataDir });
    expect(await (await again.client()).call("MGET", "n", "text")).toEqual(["1", "ab"]);
  });

  test("a client that leaves while it is held back has written nothing", async () => {
    const engine = await RunningEngine.start();
    const [admin, writer] = [await engine.client(), await engine.client()];
    await admin.call("CLIENT", "PAUSE", 600_000, "WRITE");
    await writer.write(encode("SET", "k", "v"));
    writer.destroy();
    await admin.callUntil("connected_clients:1\r\n", "INFO", "clients");
    await admin.call("CLIENT", "UNPAUSE");
    expect(await admin.call("EXISTS", "k")).toBe(0);
  });
});

describe("timeout", () => {
  test("closes who says nothing, not who listens or waits", async () => {
    const engine = await RunningEngine.start({ inmemory: { timeout_seconds: 1 } });
    const [idle, subscriber, waiting, busy] = await Promise.all([
      engine.client(),
      engine.client(),
      engine.client(),
      engine.client(),
    ]);
    await subscriber.call("SUBSCRIBE", "channel");
    await waiting.write(encode("BLPOP", "queue", 0));
    const over = watch(idle.closed);
    while (!over.isSettled) expect(await busy.call("PING")).toBe("PONG");
    expect(await busy.call("PUBLISH", "channel", "still there")).toBe(1);
    expect(await subscriber.reply()).toEqual(["message", "channel", "still there"]);
    expect(await busy.call("RPUSH", "queue", "job")).toBe(1);
    expect(await waiting.reply()).toEqual(["queue", "job"]);
  });
});

/** A promise of which one can see whether it is settled. */
function watch<T>(promise: Promise<T>): { promise: Promise<T>; isSettled: boolean } {
  const watched = { promise, isSettled: false };
  const settle = () => {
    watched.isSettled = true;
  };
  promise.then(settle, settle);
  return watched;
}
