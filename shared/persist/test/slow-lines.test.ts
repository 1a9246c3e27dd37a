import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ConfigError } from "@weftkit/config";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, onTestFinished, test } from "vitest";
import { EndpointClient } from "../src/client/endpoint-client.ts";
import { HttpConnections } from "../src/client/exchange.ts";
import { partBytesOf } from "../src/engine/pusher.ts";
import { CountingEngine } from "./counting-engine.ts";
import { FunctionServer, testKey } from "./function-server.ts";

const limits = { partBytesMax: 4 << 20, requestBytesMax: 4 << 20, leaseMs: 60_000 };

test.each([
  [undefined, 1 << 20],
  [10_000_000, 1 << 20],
  [100_000, 800_000],
  [32_000, 256_000],
])(
  "with %s bytes/s a part has %s bytes: one takes seconds, not the function's patience",
  (bandwidth, bytes) => {
    expect(partBytesOf(limits, bandwidth)).toBe(bytes);
  },
);

test("a body that comes slower than any timeout is served as long as it comes", async () => {
  const root = temporaryFolder();
  const server = await FunctionServer.start(join(root, "store"));
  onTestFinished(() => server.stop());
  const client = new EndpointClient({
    url: server.url,
    subtree: "default/counting/0",
    keys: [testKey],
    bandwidthBytesPerSecond: 200_000,
    timeoutMs: 300,
    retry: { attemptsMax: 1, firstWaitMsMax: 1, waitMsMax: 1 },
  });
  onTestFinished(() => client.close());
  const bytes = Buffer.alloc(200_000, "x");
  const sha256 = (await import("../src/contract/index.ts")).sha256(bytes);
  const part = { sha256, bytes: bytes.length, read: async () => bytes };
  expect(await client.uploadParts([part], 0)).toBe(bytes.length);
});

test("an answer that nobody has signed is not read to its end", async () => {
  let sent = 0;
  const server = createServer((_, response) => {
    response.writeHead(502);
    const more = () => {
      while (!response.destroyed && sent < 200 << 20) {
        sent += 1 << 16;
        if (!response.write(Buffer.alloc(1 << 16))) {
          response.once("drain", more);
          return;
        }
      }
      response.end();
    };
    more();
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const client = new EndpointClient({
    url: `http://127.0.0.1:${port}`,
    subtree: "default/counting/0",
    keys: [testKey],
    retry: { attemptsMax: 1, firstWaitMsMax: 1, waitMsMax: 1 },
  });
  onTestFinished(() => client.close());
  await expect(client.claim("owner")).rejects.toMatchObject({ code: "unreachable", status: 502 });
  expect(sent).toBeLessThan(16 << 20);
});

test.each(["unavailable", "a wrong key"])(
  "an empty volume waits for a function that is away (%s)",
  async (how) => {
    const root = temporaryFolder();
    const server = await FunctionServer.start(join(root, "store"));
    onTestFinished(() => server.stop());
    const first = await CountingEngine.start({ dataDir: join(root, "one"), url: server.url });
    first.write();
    await first.stop();
    const refused = Promise.withResolvers<void>();
    let isAway = true;
    server.fate = (_, request) => {
      if (!isAway) return "served";
      refused.resolve();
      if (how === "unavailable") return "unavailable";
      request.headers["x-weftkit-signature"] = "0".repeat(64);
      return "served";
    };
    const starting = CountingEngine.start({ dataDir: join(root, "two"), url: server.url });
    let isDone = false;
    void starting.then(
      () => {
        isDone = true;
      },
      () => {
        isDone = true;
      },
    );
    await refused.promise;
    await delay(500);
    expect(isDone).toBe(false);
    isAway = false;
    const second = await starting;
    expect(second.log.numbers()).toEqual([1]);
    await second.stop();
  },
);

test.each([
  [{ encryption_key: "abc" }, /persist.encryption_key/],
  [{ bandwidth: 1000 }, /persist.bandwidth/],
])("%j is a mistake of the configuration", async (config, message) => {
  const starting = CountingEngine.start({ dataDir: temporaryFolder(), url: "http://127.0.0.1:1", config });
  await expect(starting).rejects.toThrow(ConfigError);
  await expect(starting).rejects.toThrow(message);
});

test("https goes through the proxy of HTTPS_PROXY, but not to hosts of NO_PROXY", async () => {
  const asked: string[] = [];
  const proxy = createServer();
  proxy.on("connect", (request, socket) => {
    asked.push(request.url!);
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  proxy.listen(0, "127.0.0.1");
  await new Promise((resolve) => proxy.once("listening", resolve));
  onTestFinished(() => void proxy.close());
  const { port } = proxy.address() as AddressInfo;
  const connections = new HttpConnections(undefined, {
    HTTPS_PROXY: `http://127.0.0.1:${port}`,
    NO_PROXY: "direct.invalid",
  });
  onTestFinished(() => connections.close());
  const get = (host: string) =>
    connections.exchange({
      url: new URL(`https://${host}/lease`),
      method: "GET",
      headers: {},
      body: new Uint8Array(0),
      timeoutMs: 2000,
      replyBytesMax: 1000,
    });
  await expect(get("state.invalid")).rejects.toMatchObject({ code: "unreachable" });
  await expect(get("direct.invalid")).rejects.toMatchObject({ code: "unreachable" });
  expect(asked).toEqual(["state.invalid:443"]);
});
