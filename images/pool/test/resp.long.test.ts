import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { freePort } from "@weftkit/testing/free-ports";
import { randomIntegers } from "@weftkit/testing/random-numbers";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { describe, expect, onTestFinished, test } from "vitest";
import { startPool } from "./start-pool.ts";

/** apt-get install redis-server brings it; in CI its absence fails the tests. */
const isRedisMissing = spawnSync("redis-server", ["--version"]).status !== 0 && !process.env.CI;

async function pooled(section: Readonly<Record<string, unknown>> = {}, args: readonly string[] = []) {
  const redisPort = await freePort();
  const server = spawn(
    "redis-server",
    ["--port", String(redisPort), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", ...args],
    { stdio: ["ignore", "pipe", "ignore"] },
  );
  const exited = once(server, "exit");
  onTestFinished(async () => {
    server.kill("SIGKILL");
    await exited;
  });
  await new Promise<void>((resolve) => {
    server.stdout.on("data", (text: Buffer) => text.includes("eady to accept") && resolve());
  });
  const pool = await startPool({ backends: [`inmemory=127.0.0.1:${redisPort}`], resp_port: 0, ...section });
  return { redisPort, port: pool.service.respPort, pool, server };
}

function connectTo(port: number, options: object = {}): Redis {
  const client = new Redis({
    host: "127.0.0.1",
    port,
    lazyConnect: true,
    retryStrategy: () => null,
    ...options,
  });
  client.on("error", () => {});
  onTestFinished(() => client.disconnect());
  return client;
}

describe.skipIf(isRedisMissing)("RESP through the pool", () => {
  test("many clients share few connections, each in its own order", async () => {
    const { port, redisPort } = await pooled({ resp_connections: 2 });
    const clients = Array.from({ length: 50 }, () => connectTo(port));
    await Promise.all(
      clients.map(async (client, index) => {
        const sent = Array.from({ length: 100 }, () => client.incr(`n${index}`));
        expect(await Promise.all(sent)).toEqual(Array.from({ length: 100 }, (_, at) => at + 1));
      }),
    );
    const direct = connectTo(redisPort);
    const list = (await direct.client("LIST")) as string;
    // Two that are shared, and this one.
    expect(list.trim().split("\n").length).toBe(3);
  });

  test("transactions, WATCH and blocking commands have a connection of their own", async () => {
    const { port } = await pooled();
    const [one, two] = [connectTo(port), connectTo(port)];
    expect(await one.multi().set("a", "1").incr("a").exec()).toEqual([
      [null, "OK"],
      [null, 2],
    ]);
    await one.watch("a");
    await two.set("a", "9");
    expect(await one.multi().incr("a").exec()).toBeNull();
    const waiting = one.blpop("queue", 0);
    expect(await two.get("a")).toBe("9");
    await two.rpush("queue", "x");
    expect(await waiting).toEqual(["queue", "x"]);
    expect(await one.get("a")).toBe("9");
  });

  test("databases, names and protocols are each client's own", async () => {
    const { port } = await pooled();
    const [one, two] = [connectTo(port), connectTo(port, { db: 3 })];
    await one.set("k", "zero");
    await two.set("k", "three");
    expect([await one.get("k"), await two.get("k")]).toEqual(["zero", "three"]);
    await one.client("SETNAME", "first");
    expect([await one.client("GETNAME"), await two.client("GETNAME")]).toEqual(["first", null]);
    await expect(one.select(99)).rejects.toThrow("out of range");
    await expect(one.call("CLIENT", "LIST")).rejects.toThrow("not supported through the pool");
    const three = createClient({ socket: { host: "127.0.0.1", port }, RESP: 3 });
    three.on("error", () => {});
    await three.connect();
    await three.hSet("h", { f: "1" });
    expect({ ...(await three.hGetAll("h")) }).toEqual({ f: "1" });
    three.destroy();
  });

  test("subscribers hear what others publish", async () => {
    const { port } = await pooled();
    const [one, two] = [connectTo(port), connectTo(port)];
    await one.subscribe("news");
    const heard = once(one, "message");
    expect(await two.publish("news", "hello")).toBe(1);
    expect(await heard).toEqual(["news", "hello"]);
  });

  test("clients log in at the pool, and the pool at the server", async () => {
    const { port } = await pooled({ auth_type: "scram-sha-256", user: "default", password: "secret" }, [
      "--requirepass",
      "secret",
    ]);
    expect(await connectTo(port, { password: "secret" }).ping()).toBe("PONG");
    await expect(connectTo(port, { maxRetriesPerRequest: 0 }).ping()).rejects.toThrow("NOAUTH");
  });

  test("what is sent while the password is still being checked waits for it", async () => {
    const { port } = await pooled({ auth_type: "scram-sha-256", user: "default", password: "secret" }, [
      "--requirepass",
      "secret",
    ]);
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    let replies = "";
    socket.setEncoding("latin1").on("data", (text: string) => {
      replies += text;
    });
    // The pool has read the first packet when it has answered another client that came after it.
    const other = connect({ port, host: "127.0.0.1", noDelay: true });
    onTestFinished(() => void other.destroy());
    await once(other, "connect");
    socket.write("AUTH secret\r\n");
    other.write("PING\r\n");
    await once(other, "data");
    socket.write("PING\r\nSET k v\r\nQUIT\r\n");
    await once(socket, "close");
    expect(replies).toBe("+OK\r\n+PONG\r\n+OK\r\n+OK\r\n");
  });

  test("random pipelines get the same answers as at the server itself", async () => {
    const seed = Number(process.env.WEFTKIT_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
    const { port, redisPort } = await pooled();
    const commands = [
      "SET k v",
      "GET k",
      "INCR n",
      "LPUSH l a",
      "LRANGE l 0 -1",
      "HSET h f v",
      "HGETALL h",
      "NOPE",
      "INCR k",
      "MULTI",
      "EXEC",
      "DISCARD",
      "WATCH k",
      "UNWATCH",
      "SELECT 1",
      "SELECT 0",
      "ECHO x",
      "BLPOP l 1",
      "CLIENT GETNAME",
    ];
    await Promise.all(
      Array.from({ length: 6 }, async (_, who) => {
        const random = randomIntegers(seed + who);
        const [through, direct] = [connectTo(port), connectTo(redisPort)];
        for (let round = 0; round < 40; round++) {
          const texts = Array.from({ length: 1 + random(6) }, () => commands[random(commands.length)]!)
            // A database that is left inside of a transaction is the connection's from then on.
            .filter((text) => round % 2 === 0 || !/MULTI|WATCH|EXEC|DISCARD/.test(text))
            .filter((text) => round % 2 === 1 || !/SELECT|BLPOP|CLIENT/.test(text));
          const run = (client: Redis, prefix: string) =>
            Promise.all(
              [...texts, "DISCARD", "UNWATCH"].map((text) => {
                const [name = "", ...args] = text.split(" ");
                const keyed = args.map((arg) => (/^[knlh]$/.test(arg) ? `${prefix}${arg}` : arg));
                return client.call(name, ...keyed).catch((error: Error) => error.message);
              }),
            );
          const prefix = `w${who}r${round}`;
          const expected: unknown = JSON.parse(
            JSON.stringify(await run(direct, `d${prefix}`)).replaceAll(`d${prefix}`, `t${prefix}`),
          );
          expect(
            await run(through, `t${prefix}`),
            `seed ${seed}, client ${who}, round ${round}: ${texts.join("; ")}`,
          ).toEqual(expected);
        }
      }),
    );
  });
});
