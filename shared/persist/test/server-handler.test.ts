import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { EndpointClient, type EndpointError } from "../src/client/index.ts";
import { runConformance } from "../src/conformance/index.ts";
import { headerNames, type Manifest, newNonce, sha256, signRequest } from "../src/contract/index.ts";
import type { FunctionRequest, HandlerOptions, ObjectStore } from "../src/server/index.ts";
import { key, openHandler, secret, serveHandler, TestClock } from "./serve-handler.ts";

const subtree = "default/inmemory/0";

/** A client of a served handler, that sends every request once. */
async function open(options: Partial<HandlerOptions> = {}) {
  const opened = await openHandler(options);
  const served = await serveHandler(opened.handler);
  const retry = { attemptsMax: 1, firstWaitMsMax: 0, waitMsMax: 0 };
  const client = new EndpointClient({ url: served.url, subtree, keys: [key], retry });
  return {
    ...opened,
    client,
    async [Symbol.asyncDispose]() {
      client.close();
      await served[Symbol.asyncDispose]();
      opened[Symbol.dispose]();
    },
  };
}

function partOf(text: string) {
  const body = Buffer.from(text);
  return { sha256: sha256(body), bytes: body.length, read: async () => body };
}

function pushOf(change: Partial<Manifest>) {
  const manifest: Manifest = {
    version: 1,
    subtree,
    engine: "inmemory",
    epoch: 1,
    seq: 1,
    time: Date.now(),
    previous: null,
    streams: {},
    history: [],
    dropped: [],
    ...change,
  };
  const text = JSON.stringify(manifest);
  return { manifest, text, sha256: sha256(text) };
}

function streamOf(...parts: { readonly sha256: string; readonly bytes: number }[]): Manifest["streams"] {
  const named = parts.map(({ sha256, bytes }) => ({ sha256, bytes }));
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  const piece = {
    kind: "base",
    seqFrom: 1,
    seqTo: 1,
    time: 0,
    bytes,
    sha256: sha256("piece"),
    parts: named,
  } as const;
  return { log: { kind: "log", pieces: [piece] } };
}

/** A request as an engine signs it, straight to the handler. */
function requestOf(change: Partial<FunctionRequest> = {}, signedBody = "{}"): FunctionRequest {
  const target = { method: "POST", path: "/lease", query: {} };
  const fields = { timestamp: Date.now(), nonce: newNonce(), contentSha256: sha256(signedBody), subtree };
  const headers = signRequest(key, target, { ...fields, epoch: 0, seq: 0, prev: null });
  return { method: "POST", path: "/lease", query: "", headers, body: Buffer.from(signedBody), ...change };
}

test("the handler on a folder keeps the contract", async () => {
  using opened = await openHandler();
  await using served = await serveHandler(opened.handler);
  const results = await runConformance({ url: served.url, key: secret });
  expect(results.filter(({ passed }) => !passed)).toEqual([]);
  expect(results.length).toBeGreaterThan(40);
});

test("a handler below another path is the same endpoint", async () => {
  using opened = await openHandler();
  await using served = await serveHandler(opened.handler);
  const client = new EndpointClient({ url: `${served.url}/stage/v1/`, subtree, keys: [key] });
  await expect(client.claim("owner")).resolves.toMatchObject({ epoch: 1 });
  client.close();
});

describe("the lease", () => {
  test("is free when it has run out, also by a clock that was wrong", async () => {
    const clock = new TestClock();
    await using opened = await open({ clock });
    const { client } = opened;
    await client.claim("first");
    clock.offsetMs = 59_000;
    await expect(client.claim("second")).rejects.toMatchObject({ code: "lease_held" });
    clock.offsetMs = 61_000;
    await expect(client.claim("second")).resolves.toMatchObject({ epoch: 2 });
    clock.offsetMs = 0;
    // Given by a clock a day ahead: nobody waits until tomorrow.
    const path = join(opened.folder, subtree, "head");
    const head = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(path, JSON.stringify({ ...head, leaseUntil: Date.now() + 86_400_000 }));
    await expect(client.claim("third")).resolves.toMatchObject({ epoch: 3 });
  });

  test("that has run out is renewed by its owner as long as nobody else has claimed it", async () => {
    const clock = new TestClock();
    await using opened = await open({ clock });
    await opened.client.claim("first");
    clock.offsetMs = 120_000;
    await expect(opened.client.renew("first", 1)).resolves.toMatchObject({ epoch: 1 });
    await opened.client.release("first", 1);
    await expect(opened.client.renew("first", 1)).rejects.toMatchObject({ code: "fenced" });
  });
});

describe("prune", () => {
  test("deletes what nothing names once it is old, and leaves what a kept state names", async () => {
    const clock = new TestClock();
    await using opened = await open({ clock });
    const { client, folder } = opened;
    const parts = ["first", "second", "third"].map(partOf);
    await client.claim("owner");
    await client.uploadParts(parts, 1);
    const first = pushOf({ streams: streamOf(parts[0]!) });
    await client.commit(first);
    const second = pushOf({ seq: 2, previous: first.sha256, streams: streamOf(parts[1]!) });
    await client.commit(second);
    const history = [{ seq: 2, time: second.manifest.time, manifest: second.sha256 }];
    const third = pushOf({ seq: 3, previous: second.sha256, streams: streamOf(parts[2]!), history });
    await client.commit(third);
    const request = {
      manifests: [first.sha256, second.sha256, third.sha256],
      parts: parts.map((part) => part.sha256),
    };
    expect((await client.prune(request, 1)).deleted).toBe(0);
    clock.offsetMs = 25 * 3_600_000;
    const { deleted, kept } = await client.prune(request, 1);
    expect(deleted).toBe(2);
    expect([...kept].sort()).toEqual(
      [second.sha256, third.sha256, parts[1]!.sha256, parts[2]!.sha256].sort(),
    );
    const stored = readdirSync(join(folder, subtree, "parts"));
    expect(stored.sort()).toEqual([parts[1]!.sha256, parts[2]!.sha256].sort());
  });

  test("never meets a commit: an old part that nothing names is asked for again", async () => {
    const clock = new TestClock();
    await using opened = await open({ clock });
    const { client } = opened;
    const part = partOf("orphan");
    await client.claim("owner");
    expect(await client.uploadParts([part], 1)).toBe(part.bytes);
    expect(await client.uploadParts([part], 1)).toBe(0);
    clock.offsetMs = 19 * 3_600_000;
    const commit = client.commit(pushOf({ streams: streamOf(part) }));
    await expect(commit).rejects.toMatchObject({ code: "missing_parts", reply: { missing: [part.sha256] } });
    expect((await client.begin([part.sha256], 1)).missing).toEqual([part.sha256]);
    clock.offsetMs = 0;
    await client.commit(pushOf({ streams: streamOf(part) }));
    clock.offsetMs = 19 * 3_600_000;
    expect((await client.begin([part.sha256], 1)).missing).toEqual([]);
  });
});

describe("a fault of the store", () => {
  const failing = (store: ObjectStore, broken: Partial<ObjectStore>): ObjectStore => ({
    get: (...call) => store.get(...call),
    put: (...call) => store.put(...call),
    head: (...call) => store.head(...call),
    delete: (...call) => store.delete(...call),
    ...broken,
  });

  test("never looks like an empty database", async () => {
    using opened = await openHandler();
    const fail = async () => {
      throw new Error("the disk is on fire: /secret/path");
    };
    await using faulty = await open({ store: failing(opened.store, { get: fail }) });
    const error: EndpointError = await faulty.client.restore().catch((caught) => caught);
    expect(error).toMatchObject({ code: "store_failed", status: 502 });
    expect(error.message).not.toContain("/secret/path");
  });

  test("such as a folder whose volume is gone is 502, not 204", async () => {
    await using opened = await open();
    expect(await opened.client.restore()).toBeUndefined();
    rmSync(join(opened.folder, ".weftkit-store"));
    await expect(opened.client.restore()).rejects.toMatchObject({ code: "store_failed" });
    await expect(opened.client.claim("owner")).rejects.toMatchObject({ code: "store_failed" });
  });

  test.each([
    ["head", "{"],
    ["head", '{"version":1,"epoch":1}'],
    ["head", ""],
  ])("such as a damaged %s (%j) is told apart from an outage", async (name, content) => {
    await using opened = await open();
    await opened.client.claim("owner");
    writeFileSync(join(opened.folder, subtree, name), content);
    await expect(opened.client.restore()).rejects.toMatchObject({ code: "damaged" });
    await expect(opened.client.claim("owner")).rejects.toMatchObject({ code: "damaged" });
  });

  test.each(["lost", "damaged"])(
    "such as a %s head is made again by who knows the last push",
    async (how) => {
      await using opened = await open();
      const { client, folder } = opened;
      await client.claim("owner");
      const push = pushOf({});
      await client.commit(push);
      const path = join(folder, subtree, "head");
      if (how === "lost") rmSync(path);
      else writeFileSync(path, "{");
      const lost = { epoch: 1, seq: 1, manifest: push.sha256 };
      await expect(client.claim("again", { lost })).resolves.toMatchObject({
        epoch: 2,
        head: { seq: 1, manifest: push.sha256 },
      });
      // A volume that knows of a push which is not stored does not make a head that names it.
      rmSync(path);
      const other = { ...lost, manifest: "0".repeat(64) };
      const begun = await client.claim("another", { lost: other });
      expect(begun).toMatchObject({ epoch: 2, head: { seq: 0, manifest: null } });
    },
  );

  test("such as a lost manifest is made again by a commit that brings it", async () => {
    await using opened = await open();
    const { client, folder } = opened;
    await client.claim("owner");
    const push = pushOf({});
    await client.commit(push);
    rmSync(join(folder, subtree, "manifests", push.sha256));
    const next = pushOf({ seq: 2, previous: push.sha256 });
    await expect(client.commit(next)).rejects.toMatchObject({ code: "damaged" });
    await expect(client.commit(next, { previous: "{}" })).rejects.toMatchObject({ code: "bad_request" });
    await expect(client.commit(next, { previous: push.text })).resolves.toMatchObject({ seq: 2 });
    await expect(client.restore({ manifest: push.sha256 })).resolves.toMatchObject({ manifest: push.text });
  });

  test.each([
    ["another byte", "statx"],
    ["too long", "x".repeat(5 << 20)],
    ["too short", "s"],
  ])("such as a part with %s is sent again where parts are verified", async (_, content) => {
    await using opened = await open();
    const { client, folder } = opened;
    const part = partOf("state");
    await client.uploadParts([part], 0);
    writeFileSync(join(folder, subtree, "parts", part.sha256), content);
    await expect(client.downloadPart(part.sha256)).rejects.toMatchObject({ code: "damaged" });
    expect(await client.uploadParts([part], 0)).toBe(0);
    expect(await client.uploadParts([part], 0, { verify: true })).toBe(part.bytes);
    expect((await client.downloadPart(part.sha256)).toString()).toBe("state");
  });

  test("such as a lost or damaged manifest or part is told apart from an outage", async () => {
    await using opened = await open();
    const { client, folder } = opened;
    const part = partOf("state");
    await client.claim("owner");
    await client.uploadParts([part], 1);
    const push = pushOf({ streams: streamOf(part) });
    await client.commit(push);
    writeFileSync(join(folder, subtree, "parts", part.sha256), "other");
    await expect(client.downloadPart(part.sha256)).rejects.toMatchObject({ code: "damaged" });
    rmSync(join(folder, subtree, "manifests", push.sha256));
    await expect(client.restore()).rejects.toMatchObject({ code: "damaged" });
    const next = pushOf({ seq: 2, previous: push.sha256 });
    await expect(client.commit(next)).rejects.toMatchObject({ code: "damaged" });
  });

  test("in the middle of a commit leaves the head as it was; the same commit then succeeds", async () => {
    using opened = await openHandler();
    let failures = 1;
    const put: ObjectStore["put"] = async (name, body, condition) => {
      if (name.endsWith("/head") && failures-- === 0) throw new Error("no space left on device");
      return opened.store.put(name, body, condition);
    };
    await using faulty = await open({ store: failing(opened.store, { put }) });
    await faulty.client.claim("owner");
    const push = pushOf({});
    await expect(faulty.client.commit(push)).rejects.toMatchObject({ code: "store_failed" });
    expect((await faulty.client.restore())?.manifest).toBeNull();
    await expect(faulty.client.commit(push)).resolves.toMatchObject({ seq: 1 });
  });

  test("that loses the answer of a write that was made does not make a commit fail", async () => {
    using opened = await openHandler();
    let isLost = false;
    const put: ObjectStore["put"] = async (name, body, condition) => {
      const done = await opened.store.put(name, body, condition);
      isLost = name.endsWith("/head") && !isLost;
      // A retry inside the store's client finds its own write: "the condition does not hold".
      return isLost ? undefined : done;
    };
    await using faulty = await open({ store: failing(opened.store, { put }) });
    await expect(faulty.client.claim("owner")).resolves.toMatchObject({ epoch: 1 });
    await expect(faulty.client.commit(pushOf({}))).resolves.toMatchObject({ seq: 1 });
  });
});

describe("keys", () => {
  const old = { id: "default", secret: "the previous secret" };

  test("two with one id are both good", async () => {
    using opened = await openHandler({ keys: [key, old] });
    await using served = await serveHandler(opened.handler);
    for (const one of [key, old]) {
      const client = new EndpointClient({ url: served.url, subtree, keys: [one] });
      await expect(client.claim("owner")).resolves.toMatchObject({ epoch: 1 });
      client.close();
    }
  });

  test("are needed", async () => {
    await expect(openHandler({ keys: [] })).rejects.toMatchObject({ code: "bad_key" });
    await expect(openHandler({ keys: [{ id: "a", secret: "" }] })).rejects.toMatchObject({ code: "bad_key" });
  });
});

describe("a request that is not as it should be", () => {
  test("gets no details without a signature", async () => {
    using opened = await openHandler();
    const reply = await opened.handler(requestOf({ headers: {} }));
    expect(reply.status).toBe(401);
    expect(reply.headers).not.toHaveProperty(headerNames.signature);
    expect(Object.keys(JSON.parse(Buffer.from(reply.body).toString())).sort()).toEqual(
      ["code", "message", "retryable", "serverTime"].sort(),
    );
  });

  test.each<[string, Partial<FunctionRequest>]>([
    ["another route", { path: "/leases" }],
    ["a path that leads elsewhere", { path: "/a/../lease" }],
    ["an encoded path", { path: "/%6cease" }],
    ["a long path", { path: `/${"a".repeat(3000)}/lease` }],
    ["a long query", { query: "a=".padEnd(2000, "b") }],
    ["a parameter twice", { query: "a=1&a=2" }],
    ["a parameter without a value", { query: "a" }],
    ["broken encoding", { query: "a=%zz" }],
  ])("is refused with 401: %s", async (_, change) => {
    using opened = await openHandler();
    expect((await opened.handler(requestOf(change))).status).toBe(401);
  });

  test("is refused by its length before it is read", async () => {
    using opened = await openHandler();
    const unread = {
      // biome-ignore lint/correctness/useYield: it must not be read
      async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
        throw new Error("the body was read");
      },
    };
    const request = requestOf();
    const headers = { ...request.headers, "content-length": String(100 * 1024 * 1024) };
    expect((await opened.handler({ ...request, headers, body: unread })).status).toBe(413);
  });

  test("is cut off when it is longer than it said", async () => {
    using opened = await openHandler();
    let chunks = 0;
    const endless = {
      async *[Symbol.asyncIterator]() {
        for (;;) {
          chunks++;
          yield Buffer.alloc(1024 * 1024);
        }
      },
    };
    expect((await opened.handler({ ...requestOf(), body: endless })).status).toBe(413);
    expect(chunks).toBe(5);
  });

  test("is answered with 503 when its body breaks off", async () => {
    using opened = await openHandler();
    const broken = {
      async *[Symbol.asyncIterator]() {
        yield Buffer.from("{");
        throw new Error("aborted");
      },
    };
    const reply = await opened.handler({ ...requestOf(), body: broken });
    expect([reply.status, reply.headers["retry-after"]]).toEqual([503, "1"]);
  });

  test("is told to come later when there are too many", async () => {
    using opened = await openHandler({ concurrentMax: 1 });
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = {
      async *[Symbol.asyncIterator]() {
        await promise;
        yield Buffer.from("{}");
      },
    };
    const first = opened.handler({ ...requestOf(), body: waiting });
    const second = await opened.handler(requestOf());
    expect([second.status, second.headers["retry-after"]]).toEqual([429, "1"]);
    resolve();
    expect((await first).status).toBe(400);
    expect((await opened.handler(requestOf())).status).toBe(400);
  });
});

test("nothing secret is logged", async () => {
  const lines: string[] = [];
  const note = (...values: unknown[]) => void lines.push(JSON.stringify(values));
  await using opened = await open({ log: { debug: note, info: note, warn: note, error: note } });
  await opened.client.claim("owner");
  await opened.client.claim("other").catch(() => {});
  const request = requestOf();
  await opened.handler(request);
  expect(lines.length).toBeGreaterThan(1);
  for (const hidden of [secret, request.headers[headerNames.signature]]) {
    expect(lines.join()).not.toContain(hidden);
  }
});
