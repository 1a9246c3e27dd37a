import { once } from "node:events";
import { connect as connectTls } from "node:tls";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { describe, expect, test } from "vitest";
import { makeCertificate } from "./certificate.ts";
import { RunningEngine } from "./running-engine.ts";
import { encode, type WireClient } from "./wire-client.ts";

/** Waits until only `count` clients are left; the engine is asked, and its answer is the event. */
async function clientsLeft(witness: WireClient, count: number): Promise<void> {
  await witness.callUntil(`connected_clients:${count}\r\n`, "INFO", "clients");
}

describe("a client that disappears", () => {
  test("while it waits in BLPOP takes nothing with it", async () => {
    const engine = await RunningEngine.start();
    const [gone, waiting, witness] = [await engine.client(), await engine.client(), await engine.client()];
    await gone.write(encode("BLPOP", "queue", 0));
    await witness.call("PING");
    await waiting.write(encode("BLPOP", "queue", 0));
    await witness.callUntil("blocked_clients:2", "INFO", "clients");
    gone.destroy();
    await clientsLeft(witness, 2);
    expect(await witness.call("RPUSH", "queue", "job")).toBe(1);
    expect(await waiting.reply()).toEqual(["queue", "job"]);
    expect(await witness.call("INFO", "clients")).toContain("blocked_clients:0");
  });

  test("in the middle of a transaction has done nothing", async () => {
    const engine = await RunningEngine.start();
    const [gone, witness] = [await engine.client(), await engine.client()];
    await gone.call("WATCH", "k");
    await gone.call("MULTI");
    await gone.call("SET", "k", "queued");
    gone.destroy();
    await clientsLeft(witness, 1);
    expect(await witness.call("EXISTS", "k")).toBe(0);
    expect(await witness.call("SET", "k", "v")).toBe("OK");
  });

  test("is no subscriber any more", async () => {
    const engine = await RunningEngine.start();
    const [gone, witness] = [await engine.client(), await engine.client()];
    await gone.write(
      Buffer.concat([encode("SUBSCRIBE", "a", "b"), encode("PSUBSCRIBE", "n*"), encode("SSUBSCRIBE", "s")]),
    );
    await gone.replies(4);
    expect(await witness.call("PUBLISH", "news", "1")).toBe(1);
    gone.destroy();
    await clientsLeft(witness, 1);
    expect(await witness.call("PUBLISH", "a", "2")).toBe(0);
    expect(await witness.call("PUBSUB", "NUMPAT")).toBe(0);
    expect(await witness.call("PUBSUB", "CHANNELS")).toEqual([]);
    expect(await witness.call("PUBSUB", "SHARDCHANNELS")).toEqual([]);
  });

  test("while MONITOR shows it everything stops nothing", async () => {
    const engine = await RunningEngine.start();
    const [gone, witness] = [await engine.client(), await engine.client()];
    expect(await gone.call("MONITOR")).toBe("OK");
    await witness.call("SET", "k", "v");
    expect(await gone.reply()).toMatch(/"SET" "k" "v"$/i);
    gone.destroy();
    await clientsLeft(witness, 1);
    expect(await witness.call("GET", "k")).toBe("v");
  });

  test("with a thousand others at once leaves nothing behind", async () => {
    const engine = await RunningEngine.start();
    const witness = await engine.client();
    const clients = await Promise.all(Array.from({ length: 1000 }, () => engine.client()));
    for (const [index, client] of clients.entries()) {
      const started = [
        encode("BLPOP", `queue${index % 10}`, 0),
        Buffer.concat([encode("MULTI"), encode("SET", "k", "v")]),
        encode("SUBSCRIBE", "channel"),
        Buffer.from("*3\r\n$3\r\nSET\r\n$100\r\nhalf a key"),
        encode("CLIENT", "REPLY", "OFF"),
      ];
      void client.write(started[index % started.length]!);
    }
    for (const client of clients) client.socket.resetAndDestroy();
    await clientsLeft(witness, 1);
    expect(await witness.call("DBSIZE")).toBe(0);
    expect(await witness.call("PUBSUB", "CHANNELS")).toEqual([]);
    expect(await witness.call("INFO", "clients")).toContain("blocked_clients:0");
  });
});

describe("a client that has sent its last byte and still reads", () => {
  test.each([["everysec"], ["always"]])("gets its replies, with appendfsync %s", async (appendfsync) => {
    const engine = await RunningEngine.start({ inmemory: { appendfsync } });
    const client = await engine.client({ allowHalfOpen: true });
    client.socket.end(Buffer.concat([encode("SET", "k", "v"), encode("INCR", "n"), encode("GET", "k")]));
    expect(await client.replies(4)).toEqual(["OK", 1, "v", undefined]);
  });

  test("gets the replies behind AUTH, which takes its time", async () => {
    const engine = await RunningEngine.start({ auth: { method: "password", user: "u", password: "p" } });
    const client = await engine.client({ allowHalfOpen: true });
    client.socket.end("AUTH u p\r\nPING\r\n");
    expect(await client.replies(3)).toEqual(["OK", "PONG", undefined]);
  });

  test("gets its replies over TLS", async () => {
    const { cert, key, ca } = makeCertificate(temporaryFolder());
    const engine = await RunningEngine.start({ tls: { enabled: true, cert_file: cert, key_file: key } });
    const socket = connectTls({ port: engine.port, host: "127.0.0.1", ca });
    await once(socket, "secureConnect");
    socket.end(Buffer.concat([encode("SET", "k", "v"), encode("GET", "k")]));
    let text = "";
    for await (const chunk of socket) text += chunk;
    expect(text).toBe("+OK\r\n$1\r\nv\r\n");
  });

  test("is not waited for when it waits itself", async () => {
    const engine = await RunningEngine.start();
    const client = await engine.client({ allowHalfOpen: true });
    client.socket.end(encode("BLPOP", "queue", 0));
    expect(await client.reply()).toBeUndefined();
    const witness = await engine.client();
    expect(await witness.call("RPUSH", "queue", "job")).toBe(1);
    expect(await witness.call("LLEN", "queue")).toBe(1);
  });

  test("gets a reply larger than the kernel's buffers whole", async () => {
    const engine = await RunningEngine.start();
    const client = await engine.client({ allowHalfOpen: true });
    await client.call("SET", "big", Buffer.alloc(16 << 20, "x"));
    client.socket.end(encode("GET", "big"));
    expect(await client.reply()).toHaveLength(16 << 20);
    expect(await client.reply()).toBeUndefined();
  });
});

test("QUIT in one packet with writes is answered after all of them, with appendfsync always", async () => {
  const engine = await RunningEngine.start({ inmemory: { appendfsync: "always" } });
  for (let round = 0; round < 50; round++) {
    const client = await engine.client();
    client.socket.write(encode("INCR", "n"));
    client.socket.write(Buffer.concat([encode("INCR", "n"), encode("QUIT")]));
    expect(await client.replies(4)).toEqual([round * 2 + 1, round * 2 + 2, "OK", undefined]);
  }
});
