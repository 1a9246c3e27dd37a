import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { isPrivateAddress, signatureOf } from "@weftkit/cdc/webhook";
import { describe, expect, onTestFinished, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

const wiki = "/collections/wiki";
const webhooks = `${wiki}/webhooks`;
const markdown = { webhook_private_addresses: true, webhook_retry_after: "1ms", webhook_attempts: 3 };

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Takes messages, and answers each as `answer` says. */
class Receiver {
  readonly url: string;
  readonly received: Received[] = [];
  answer: (message: Received) => number = () => 204;
  #waiting: (() => void)[] = [];

  private constructor(port: number, host: string) {
    this.url = `http://${host}:${port}/hook`;
  }

  static async start(host = "127.0.0.1"): Promise<Receiver> {
    const server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      const message = { headers: request.headers, body };
      receiver.received.push(message);
      const status = receiver.answer(message);
      response.writeHead(status, status === 302 ? { location: receiver.url } : {}).end();
      for (const wake of receiver.#waiting.splice(0)) wake();
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const receiver = new Receiver((server.address() as AddressInfo).port, host);
    return receiver;
  }

  /** The messages, once there are so many. */
  async messages(count: number): Promise<{ type: string; data: Record<string, unknown> }[]> {
    while (this.received.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.received.map(({ body }) => JSON.parse(body) as never);
  }
}

async function createWebhook(engine: RunningEngine, url: string, body = {}) {
  const reply = await engine.call("POST", webhooks, { body: { url, ...body } });
  expect(reply.status, reply.text).toBe(201);
  return reply.json as { id: string; secret: string };
}

function deadLetters(engine: RunningEngine, id: string) {
  return engine.call("GET", `${webhooks}/${id}/dead-letters`).then(({ json }) => json.deadLetters);
}

describe("a webhook", () => {
  test("is told of every change in order, signed", async () => {
    const engine = await RunningEngine.withWiki({ markdown });
    const receiver = await Receiver.start();
    const { id, secret } = await createWebhook(engine, receiver.url);
    await engine.put("a", "one");
    await engine.put("a", "two");
    await engine.call("DELETE", `${wiki}/documents/a`);
    const messages = await receiver.messages(3);
    expect(messages).toMatchObject([
      { type: "document.created", data: { collection: "wiki", id: "a", version: 1, author: "anonymous" } },
      { type: "document.updated", data: { id: "a", version: 2 } },
      { type: "document.deleted", data: { id: "a" } },
    ]);
    const { headers, body } = receiver.received[0]!;
    const message = { id: headers["webhook-id"] as string, body };
    const key = Buffer.from(secret.replace("whsec_", ""), "base64");
    expect(headers["webhook-signature"]).toBe(
      signatureOf(key, message, Number(headers["webhook-timestamp"])),
    );
    const listed = (await engine.call("GET", webhooks)).json.webhooks;
    expect(listed).toMatchObject([{ id, url: receiver.url, events: [], disabled: null }]);
    expect(JSON.stringify(listed)).not.toContain("whsec_");
  });

  test("is told only of its events, and of its collection", async () => {
    const engine = await RunningEngine.withWiki({ markdown });
    await engine.call("POST", "/collections", { body: { name: "other" } });
    const receiver = await Receiver.start();
    await createWebhook(engine, receiver.url, { events: ["deleted"] });
    await engine.put("a", "one");
    await engine.call("PUT", "/collections/other/documents/x", { body: { content: "x" } });
    await engine.call("DELETE", "/collections/other/documents/x");
    await engine.call("DELETE", `${wiki}/documents/a`);
    expect(await receiver.messages(1)).toMatchObject([{ type: "document.deleted", data: { id: "a" } }]);
  });

  test("that fails is tried again with the same id, and what it never takes is a dead letter", async () => {
    const engine = await RunningEngine.withWiki({ markdown });
    const receiver = await Receiver.start();
    receiver.answer = () => (receiver.received.length === 1 ? 500 : 204);
    const { id } = await createWebhook(engine, receiver.url);
    await engine.put("a", "one");
    await receiver.messages(2);
    const ids = receiver.received.map(({ headers }) => headers["webhook-id"]);
    expect(ids[0]).toBe(ids[1]);
    receiver.answer = () => 503;
    await engine.put("b", "one");
    await receiver.messages(5);
    await expect.poll(() => deadLetters(engine, id)).toMatchObject([{ reason: "it answered 503" }]);
    receiver.answer = () => 204;
    await engine.put("c", "one");
    expect((await receiver.messages(6)).at(-1)).toMatchObject({ data: { id: "c" } });
    const retried = await engine.call("POST", `${webhooks}/${id}/dead-letters/retry`);
    expect(retried.json).toEqual({ delivered: 1 });
    expect(receiver.received.at(-1)!.headers["webhook-id"]).toBe(receiver.received[2]!.headers["webhook-id"]);
    expect(await deadLetters(engine, id)).toEqual([]);
  });

  test("ends when its receiver says that it is gone", async () => {
    const engine = await RunningEngine.withWiki({ markdown });
    const receiver = await Receiver.start();
    receiver.answer = () => 410;
    await createWebhook(engine, receiver.url);
    await engine.put("a", "one");
    await expect
      .poll(async () => (await engine.call("GET", webhooks)).json.webhooks)
      .toMatchObject([{ disabled: expect.stringContaining("410") }]);
    expect(receiver.received).toHaveLength(1);
  });

  test("follows no redirect", async () => {
    const engine = await RunningEngine.withWiki({ markdown });
    const receiver = await Receiver.start();
    receiver.answer = () => 302;
    const { id } = await createWebhook(engine, receiver.url);
    await engine.put("a", "one");
    await expect.poll(() => deadLetters(engine, id)).toMatchObject([{ reason: "it answered 302" }]);
    expect(receiver.received).toHaveLength(3);
  });

  test("goes on after a restart with what was not delivered", async () => {
    const patient = { ...markdown, webhook_retry_after: "1h" };
    const engine = await RunningEngine.withWiki({ markdown: patient });
    const receiver = await Receiver.start();
    receiver.answer = () => 500;
    await createWebhook(engine, receiver.url);
    await engine.put("a", "one");
    await engine.put("b", "one");
    await receiver.messages(1);
    await engine.image.stop();
    receiver.answer = () => 204;
    await RunningEngine.start({ dataDir: engine.dataDir, markdown });
    const messages = await receiver.messages(3);
    expect(messages.map(({ data }) => data.id)).toEqual(["a", "a", "b"]);
    const ids = receiver.received.map(({ headers }) => headers["webhook-id"]);
    expect(ids[0]).toBe(ids[1]);
  });

  test("that is deleted, or whose collection is, is told nothing more", async () => {
    const engine = await RunningEngine.withWiki({ markdown });
    const [first, second] = [await Receiver.start(), await Receiver.start()];
    const { id } = await createWebhook(engine, first.url);
    await createWebhook(engine, second.url);
    expect((await engine.call("DELETE", `${webhooks}/${id}`)).status).toBe(204);
    expect((await engine.call("DELETE", `${webhooks}/${id}`)).status).toBe(404);
    await engine.put("a", "one");
    await second.messages(1);
    expect(first.received).toEqual([]);
    expect((await engine.call("DELETE", wiki)).status).toBe(204);
    await engine.call("POST", "/collections", { body: { name: "wiki" } });
    await engine.put("b", "one");
    expect((await engine.call("GET", webhooks)).json.webhooks).toEqual([]);
    expect(second.received).toHaveLength(1);
  });

  test("has a public address, unless the engine allows others", async () => {
    const engine = await RunningEngine.withWiki({
      markdown: { ...markdown, webhook_private_addresses: false },
    });
    for (const url of [
      "http://127.0.0.1/x",
      "http://[::1]/x",
      "http://10.1.2.3/",
      "http://169.254.169.254/",
    ]) {
      expect((await engine.call("POST", webhooks, { body: { url } })).json.type).toContain("invalid-webhook");
    }
    for (const url of ["ftp://example.com/", "no url", "http://user:pass@example.com/"]) {
      expect((await engine.call("POST", webhooks, { body: { url } })).status).toBe(400);
    }
    // A name says nothing of its address before it is resolved.
    const receiver = await Receiver.start("localhost");
    const { id } = await createWebhook(engine, receiver.url);
    await engine.put("a", "one");
    await expect
      .poll(() => deadLetters(engine, id))
      .toMatchObject([{ reason: expect.stringContaining("private address") }]);
    expect(receiver.received).toEqual([]);
  });

  test("is one of 20 at most", async () => {
    const engine = await RunningEngine.withWiki({ markdown });
    const receiver = await Receiver.start();
    for (let n = 0; n < 20; n++) await createWebhook(engine, receiver.url);
    expect((await engine.call("POST", webhooks, { body: { url: receiver.url } })).status).toBe(409);
  });
});

test.each([
  ["8.8.8.8", false],
  ["127.1.2.3", true],
  ["172.31.0.1", true],
  ["172.32.0.1", false],
  ["100.64.0.1", true],
  ["::ffff:8.8.8.8", true],
  ["fd00::1", true],
  ["2001:4860:4860::8888", false],
  ["example.com", false],
])("%s is a private address: %s", (address, expected) => expect(isPrivateAddress(address)).toBe(expected));
