import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { EndpointClient, type EndpointClientOptions } from "../src/client/index.ts";
import {
  type Head,
  headerNames,
  type Manifest,
  newNonce,
  type RestoreReply,
  sha256,
  signReply,
} from "../src/contract/index.ts";
import { type Intercept, key, openHandler, serveHandler, TestClock } from "./serve-handler.ts";

const subtree = "default/inmemory/0";
const quick = { attemptsMax: 5, firstWaitMsMax: 1, waitMsMax: 2 };

/** A client, and a function that `intercept` stands before. */
async function open(intercept?: Intercept, options: Partial<EndpointClientOptions> = {}, keys = [key]) {
  const opened = await openHandler({ keys });
  const served = await serveHandler(opened.handler, intercept);
  const client = new EndpointClient({ url: served.url, subtree, keys: [key], retry: quick, ...options });
  return {
    client,
    store: opened.store,
    requests: served.requests,
    url: served.url,
    async [Symbol.asyncDispose]() {
      client.close();
      await served[Symbol.asyncDispose]();
      opened[Symbol.dispose]();
    },
  };
}

function partOf(body: Buffer) {
  return { sha256: sha256(body), bytes: body.length, read: async () => body };
}

function pushOf(change: Partial<Manifest> = {}) {
  const base = {
    version: 1,
    subtree,
    engine: "inmemory",
    epoch: 1,
    seq: 1,
    time: 1,
    previous: null,
  } as const;
  const manifest: Manifest = { ...base, streams: {}, history: [], dropped: [], ...change };
  const text = JSON.stringify(manifest);
  return { manifest, text, sha256: sha256(text) };
}

/** Answers the first `times` requests itself. */
function first(times: number, answer: (response: ServerResponse) => void): Intercept {
  return (_, response) => {
    if (times-- <= 0) return undefined;
    answer(response);
    return true;
  };
}

describe("a reply that is not the function's", () => {
  const head: Head = { version: 1, epoch: 1, owner: "a", leaseUntil: 0, seq: 0, manifest: null, time: 0 };
  const planted: RestoreReply = { head, manifest: null };

  test.each<[string, (response: ServerResponse) => void]>([
    ["an unsigned restore", (response) => response.end(JSON.stringify(planted))],
    ["an unsigned 204: the database would start empty", (response) => response.writeHead(204).end()],
    [
      "an unsigned 410: the engine would stop",
      (response) => response.writeHead(410).end('{"code":"fenced"}'),
    ],
    [
      "an unsigned redirect",
      (response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
    ],
    [
      "one signed with another key",
      (response) => {
        const body = JSON.stringify(planted);
        const other = { id: "default", secret: "another secret altogether" };
        response.writeHead(200, signReply(other, newNonce(), 200, sha256(body))).end(body);
      },
    ],
    [
      "one that was signed for another request",
      (response) => {
        const body = JSON.stringify(planted);
        response.writeHead(200, signReply(key, newNonce(), 200, sha256(body))).end(body);
      },
    ],
  ])("is an error: %s", async (_, answer) => {
    await using opened = await open(first(1, answer));
    await expect(opened.client.restore()).rejects.toMatchObject({ code: "forged_reply" });
    expect(opened.requests).toHaveLength(1);
  });

  test.each<[string, (body: string) => [number, string]]>([
    ["with another status", (body) => [204, body]],
    ["with another body", (body) => [200, body.replace('"seq":0', '"seq":9')]],
  ])("is an error: the function's own %s", async (_, change) => {
    await using opened = await open(async (request, response) => {
      if (request.method !== "GET") return undefined;
      const nonce = request.headers[headerNames.nonce] as string;
      const body = JSON.stringify(planted);
      const signed = signReply(key, nonce, 200, sha256(body));
      const [status, sent] = change(body);
      response.writeHead(status, signed).end(status === 204 ? undefined : sent);
      return true;
    });
    await expect(opened.client.restore()).rejects.toMatchObject({ code: "forged_reply" });
  });

  test.each<[string, unknown]>([
    ["no JSON", "garbage"],
    [
      "another manifest than the head's",
      { head: { ...head, seq: 1, manifest: sha256("a") }, manifest: "{}" },
    ],
    ["no head", { manifest: null }],
  ])("is an error also when it is signed, but is %s", async (_, reply) => {
    await using opened = await open((request, response) => {
      const body = typeof reply === "string" ? reply : JSON.stringify(reply);
      const nonce = request.headers[headerNames.nonce] as string;
      response.writeHead(200, signReply(key, nonce, 200, sha256(body))).end(body);
      return true;
    });
    await expect(opened.client.restore()).rejects.toMatchObject({ code: "forged_reply" });
  });

  test("such as a proxy's 502 is an outage, and tried again", async () => {
    await using opened = await open(first(3, (response) => response.writeHead(502).end("<html>")));
    await expect(opened.client.claim("owner")).resolves.toMatchObject({ epoch: 1 });
    expect(opened.requests).toHaveLength(4);
  });
});

describe("an outage", () => {
  test("of the connection is waited out", async () => {
    await using opened = await open(first(2, (response) => response.destroy()));
    await expect(opened.client.claim("owner")).resolves.toMatchObject({ epoch: 1 });
  });

  test("that lasts is an error when the attempts are used up", async () => {
    await using opened = await open(first(99, (response) => response.destroy()));
    await expect(opened.client.claim("owner")).rejects.toMatchObject({ code: "unreachable" });
    expect(opened.requests).toHaveLength(quick.attemptsMax);
  });

  test("ends with the caller's patience, whose reason is the error", async () => {
    const retry = { attemptsMax: 99, firstWaitMsMax: 60_000, waitMsMax: 60_000 };
    const patience = new AbortController();
    const answer: Intercept = (_, response) => {
      response.writeHead(503, { "retry-after": "60" }).end();
      setImmediate(() => patience.abort(new Error("no time left")));
      return true;
    };
    await using opened = await open(answer, { retry });
    await expect(opened.client.claim("owner", { signal: patience.signal })).rejects.toThrow("no time left");
    await expect(opened.client.claim("owner", { signal: patience.signal })).rejects.toThrow("no time left");
    expect(opened.requests).toHaveLength(1);
  });

  test("that is silence ends with the timeout", async () => {
    await using opened = await open(() => true, { timeoutMs: 50, retry: { ...quick, attemptsMax: 2 } });
    await expect(opened.client.claim("owner")).rejects.toMatchObject({ code: "unreachable" });
    expect(opened.requests).toHaveLength(2);
  });

  test("that eats the reply of a commit does not make it count twice", async () => {
    let lost = 0;
    const opened = await openHandler();
    await using served = await serveHandler(opened.handler, async (request, response) => {
      if (!request.url?.includes("commit") || lost++ > 0) return undefined;
      const body = request.iterator({ destroyOnReturn: false });
      const { method, headers } = request;
      const reply = await opened.handler({
        method: method!,
        path: "/persist",
        query: "action=commit",
        headers,
        body,
      });
      expect(reply.status).toBe(200);
      response.destroy();
      return true;
    });
    const client = new EndpointClient({ url: served.url, subtree, keys: [key], retry: quick });
    await client.claim("owner");
    await expect(client.commit(pushOf())).resolves.toMatchObject({ seq: 1 });
    expect(lost).toBe(2);
    client.close();
    opened[Symbol.dispose]();
  });
});

describe("clocks and keys", () => {
  test("a clock that is off by an hour is corrected by the function's", async () => {
    const clock = new TestClock();
    clock.offsetMs = -3_600_000;
    await using opened = await open(undefined, { clock });
    await expect(opened.client.claim("owner")).resolves.toMatchObject({ epoch: 1 });
    await opened.client.renew("owner", 1);
    // The correction is remembered: one request more, once.
    expect(opened.requests).toHaveLength(3);
  });

  test("a clock that differs whatever is done is an error", async () => {
    let calls = 0;
    const clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() + 3_600_000 * ++calls };
    await using opened = await open(undefined, { clock });
    await expect(opened.client.claim("owner")).rejects.toMatchObject({ code: "clock_skew" });
    expect(opened.requests).toHaveLength(2);
  });

  const next = { id: "2026", secret: "the secret that comes next" };

  test("a key that the function does not have yet gives way to the one before", async () => {
    await using opened = await open(undefined, { keys: [next, key] });
    await expect(opened.client.claim("owner")).resolves.toMatchObject({ epoch: 1 });
    await opened.client.renew("owner", 1);
    expect(opened.requests).toHaveLength(3);
  });

  test("a key that the function does not know is an error that says so, at once", async () => {
    await using opened = await open(undefined, { keys: [next] });
    await expect(opened.client.claim("owner")).rejects.toMatchObject({ code: "bad_signature", status: 401 });
    expect(opened.requests).toHaveLength(1);
  });

  test("keys, subtree and URL are checked when the client is made", () => {
    const url = "https://example.com";
    const make = (change: Partial<EndpointClientOptions>) => () =>
      new EndpointClient({ url, subtree, keys: [key], ...change });
    expect(make({ keys: [] })).toThrow(expect.objectContaining({ code: "bad_key" }));
    expect(make({ subtree: "a/../b" })).toThrow(expect.objectContaining({ code: "malformed" }));
    expect(make({ url: "http://example.com" })).toThrow(expect.objectContaining({ code: "bad_url" }));
  });
});

describe("parts", () => {
  test("are sent once, and the rest after a crash", async () => {
    await using opened = await open();
    const { client } = opened;
    const parts = Array.from({ length: 100 }, () => partOf(randomBytes(1000)));
    await client.claim("owner");
    expect(await client.uploadParts(parts.slice(0, 40), 1)).toBe(40_000);
    expect(await client.uploadParts([...parts, ...parts], 1)).toBe(60_000);
    expect(await client.uploadParts(parts, 1)).toBe(0);
    for (const { sha256: name, read } of parts.slice(0, 3)) {
      expect(await client.downloadPart(name)).toEqual(await read());
    }
  });

  test("are four at a time", async () => {
    let underWay = 0;
    let most = 0;
    const four = Promise.withResolvers<void>();
    await using opened = await open(async (request, response) => {
      if (!request.url?.includes("action=part")) return undefined;
      most = Math.max(most, ++underWay);
      if (underWay === 4) four.resolve();
      await four.promise;
      response.once("close", () => underWay--);
      return undefined;
    });
    const parts = Array.from({ length: 12 }, () => partOf(randomBytes(10)));
    await opened.client.uploadParts(parts, 0);
    expect(most).toBe(4);
  });

  test("that fail for good end the upload with their error", async () => {
    await using opened = await open();
    await opened.client.claim("owner");
    const parts = Array.from({ length: 8 }, () => partOf(randomBytes(10)));
    parts[2] = { ...parts[2]!, read: async () => Promise.reject(new Error("the disk cannot be read")) };
    await expect(opened.client.uploadParts(parts, 1)).rejects.toThrow("the disk cannot be read");
    await expect(opened.client.uploadParts(parts, 0)).rejects.toMatchObject({ code: "fenced" });
  });

  test("whose URLs do not work come and go through the function", async () => {
    await using opened = await open();
    const { client, url } = opened;
    const part = partOf(randomBytes(100));
    for (const direct of [
      `${url}/expired`,
      "http://127.0.0.1:1/",
      "http://example.com/",
      "ftp://example.com",
      "no url",
    ]) {
      await client.uploadPart(part, { url: direct, headers: {} }, 0);
      expect(await client.downloadPart(part.sha256, direct)).toEqual(await part.read());
    }
  });

  test("that a URL gives damaged come from the function", async () => {
    const part = partOf(randomBytes(100));
    await using opened = await open((request, response) => {
      if (request.url !== "/direct") return undefined;
      response.end(randomBytes(100));
      return true;
    });
    await opened.client.uploadPart(part, undefined, 0);
    const direct = `${opened.url}/direct`;
    expect(await opened.client.downloadPart(part.sha256, direct)).toEqual(await part.read());
  });

  test("that are in nobody's store are an error", async () => {
    await using opened = await open();
    await expect(opened.client.downloadPart(sha256("none"))).rejects.toMatchObject({ code: "not_found" });
  });

  test("go through a bandwidth limit whole", async () => {
    await using opened = await open(undefined, { bandwidthBytesPerSecond: 50_000_000 });
    const part = partOf(randomBytes(1_000_000));
    expect(await opened.client.uploadParts([part], 0)).toBe(1_000_000);
    expect((await opened.client.downloadPart(part.sha256)).equals(await part.read())).toBe(true);
  });
});

describe("states", () => {
  test("are committed, restored and pruned", async () => {
    await using opened = await open();
    const { client } = opened;
    expect(await client.restore()).toBeUndefined();
    await client.claim("owner");
    expect(await client.restore()).toMatchObject({ manifest: null });
    const one = pushOf();
    await client.commit(one);
    const two = pushOf({ seq: 2, time: 2, previous: one.sha256 });
    await client.commit(two);
    expect((await client.restore())?.manifest).toBe(two.text);
    expect((await client.restore({ manifest: one.sha256 }))?.manifest).toBe(one.text);
    await expect(client.restore({ at: "1" })).rejects.toMatchObject({ code: "not_found" });
    await expect(client.commit(one)).rejects.toMatchObject({
      code: "head_moved",
      reply: { head: { seq: 2 } },
    });
    const pruned = await client.prune({ manifests: [one.sha256, two.sha256], parts: [sha256("x")] }, 1);
    expect(pruned).toEqual({ deleted: 1, kept: [two.sha256, one.sha256] });
  });
});
