import { collectGarbage } from "@weftkit/testing/collect-garbage";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { describe, expect, onTestFinished, test } from "vitest";
import { makeCertificate } from "./certificate.ts";
import { RunningEngine } from "./running-engine.ts";
import { encode, WireClient } from "./wire-client.ts";

const MB = 1 << 20;

describe("a client that asks and does not read", () => {
  test("is closed at the limit, and nobody else notices", async () => {
    const engine = await RunningEngine.start({ inmemory: { client_output_buffer_limit_normal: "8MB" } });
    const [slow, other] = [await engine.client(), await engine.client()];
    await other.call("SET", "big", Buffer.alloc(4 * MB, "x"));
    slow.socket.pause();
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 100; i++) await slow.write(encode("GET", "big"));
    // Answers to the other client keep coming while the slow one's pile up.
    let peakBytes = 0;
    while (!String(await other.call("INFO", "clients")).includes("connected_clients:1\r\n")) {
      expect(await other.call("PING")).toBe("PONG");
      peakBytes = Math.max(peakBytes, process.memoryUsage().arrayBuffers - before);
    }
    expect(peakBytes).toBeLessThan(64 * MB);
    const stats = await other.call("INFO", "stats");
    expect(stats).toContain("client_output_buffer_limit_disconnections:1");
    slow.socket.resume();
    await slow.closed;
  });

  test("small replies cost what they are long, not the buffers they were written in", async () => {
    const engine = await RunningEngine.start({ inmemory: { client_output_buffer_limit_normal: "64MB" } });
    const [slow, other] = [await engine.client(), await engine.client()];
    await other.call("SET", "big", Buffer.alloc(8 * MB, "x"));
    slow.socket.pause();
    // First the kernel's buffers are filled, so that everything after waits in the engine.
    await slow.write(encode("GET", "big"));
    await other.call("PING");
    collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 3000; i++) {
      await slow.write("PING\r\n");
      // One reply of the slow client per tick: the other one's shows that the tick is over.
      await other.call("PING");
    }
    collectGarbage();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * MB);
    slow.socket.resume();
    expect(await slow.reply()).toHaveLength(8 * MB);
    expect(await slow.replies(3000)).toEqual(Array(3000).fill("PONG"));
  });

  test("as a subscriber it is closed at the limit of subscribers, and the publisher goes on", async () => {
    const engine = await RunningEngine.start({ inmemory: { client_output_buffer_limit_pubsub: "1MB" } });
    const [slow, reader, publisher] = [await engine.client(), await engine.client(), await engine.client()];
    await slow.call("SUBSCRIBE", "news");
    await reader.call("SUBSCRIBE", "news");
    slow.socket.pause();
    const message = Buffer.alloc(100_000, "m");
    let receivers: unknown = 2;
    let sent = 0;
    for (; receivers === 2; sent++) receivers = await publisher.call("PUBLISH", "news", message);
    expect(receivers).toBe(1);
    for (let i = 0; i < sent; i++) expect(await reader.reply()).toHaveLength(3);
  });

  test("over TLS it is closed at the limit, too", async () => {
    const { cert, key, ca } = makeCertificate(temporaryFolder());
    const tls = { enabled: true, cert_file: cert, key_file: key };
    const engine = await RunningEngine.start({ tls, inmemory: { client_output_buffer_limit_normal: "8MB" } });
    const connect = async () => {
      const client = await WireClient.connectTls(engine.port, { ca });
      onTestFinished(() => client.destroy());
      return client;
    };
    const [slow, other] = [await connect(), await connect()];
    await other.call("SET", "big", Buffer.alloc(MB, "x"));
    slow.socket.pause();
    for (let i = 0; i < 100; i++) await slow.write(encode("GET", "big"));
    await other.callUntil("connected_clients:1\r\n", "INFO", "clients");
    expect(await other.call("GET", "big")).toHaveLength(MB);
  });
});

test("a client that reads slowly gets everything, in order", async () => {
  const engine = await RunningEngine.start();
  const client = await engine.client();
  client.socket.pause();
  const expected: unknown[] = [];
  for (let i = 0; i < 400; i++) {
    const value = String(i).repeat(i % 7 === 0 ? 40_000 : 3);
    await client.write(encode("ECHO", value));
    expected.push(value);
    if (i % 50 === 0) client.socket.resume();
    else if (i % 50 === 25) client.socket.pause();
  }
  client.socket.resume();
  expect(await client.replies(400)).toEqual(expected);
});
