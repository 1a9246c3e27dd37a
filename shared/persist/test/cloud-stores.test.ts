import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { AzureStore } from "../src/server/azure/index.ts";
import { GcsStore } from "../src/server/gcs/index.ts";
import type { ObjectStore } from "../src/server/index.ts";

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const token = JSON.stringify({ access_token: "a-token", expires_in: 3599, expires_on: "4000000000" });

/** A service that answers each request with the next of these; platforms' tokens as well. */
async function service(...replies: Reply[]) {
  const requests: { line: string; headers: IncomingMessage["headers"] }[] = [];
  const server = createServer(async (request, response) => {
    await request.toArray();
    const line = `${request.method} ${request.url}`;
    if (line.includes("/token")) {
      response.writeHead(200).end(token);
      return;
    }
    requests.push({ line, headers: request.headers });
    const reply = replies.shift() ?? { status: 500 };
    response.writeHead(reply.status, reply.headers).end(reply.body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), requests };
}

function gcs(url: URL): ObjectStore {
  return new GcsStore({ kind: "gcs", bucket: "bucket", prefix: "a/prefix", endpoint: url, metadata: url });
}

function azure(url: URL): ObjectStore {
  const container = new URL("/container", url);
  const identity = { endpoint: new URL("/msi/token", url), header: "secret", clientId: undefined };
  return new AzureStore({ kind: "azure", bucket: "container", prefix: "a/prefix", container, identity });
}

const gcsError = (reason: string) => JSON.stringify({ error: { errors: [{ reason }], message: reason } });

describe("Google Cloud Storage", () => {
  test("an object is absent only where the bucket is there and lists none of its name", async () => {
    const { url, requests } = await service({ status: 404 }, { status: 200, body: "{}" });
    expect(await gcs(url).get("key", 10)).toBeUndefined();
    expect(requests.map(({ line }) => line)).toEqual([
      "GET /storage/v1/b/bucket/o/a%2Fprefix%2Fkey?alt=media",
      "GET /storage/v1/b/bucket/o?prefix=a%2Fprefix%2Fkey&maxResults=1&fields=items%28name%29",
    ]);
    expect(requests[0]!.headers.authorization).toBe("Bearer a-token");
  });

  test("a bucket that is not there is a failure", async () => {
    const { url } = await service({ status: 404 }, { status: 404, body: gcsError("notFound") });
    await expect(gcs(url).get("key", 10)).rejects.toMatchObject({
      code: "gcs_refused",
      message: "the store answered 404 notFound to LIST key",
    });
  });

  test("what was written between being missed and being listed is read", async () => {
    const listed = JSON.stringify({ items: [{ name: "a/prefix/key" }] });
    const found = { status: 200, headers: { "x-goog-generation": "7" }, body: "here" };
    const { url } = await service({ status: 404 }, { status: 200, body: listed }, found);
    expect(await gcs(url).get("key", 10)).toMatchObject({ etag: "7" });
  });

  test("a condition is a generation, and one that does not hold is no failure", async () => {
    const { url, requests } = await service({ status: 412 }, { status: 412 }, { status: 412 });
    const store = gcs(url);
    expect(await store.put("key", Buffer.from("x"), { ifAbsent: true })).toBeUndefined();
    expect(await store.put("key", Buffer.from("x"), { ifMatch: "7" })).toBeUndefined();
    await expect(store.put("key", Buffer.from("x"))).rejects.toMatchObject({ code: "gcs_refused" });
    expect(
      requests.map(({ line }) => new URL(line.slice(5), url).searchParams.get("ifGenerationMatch")),
    ).toEqual(["0", "7", null]);
  });

  test("a store that asks to come later is asked again", async () => {
    const { url, requests } = await service(
      { status: 429, body: gcsError("rateLimitExceeded") },
      { status: 503 },
      { status: 200, body: JSON.stringify({ generation: "9" }) },
    );
    expect(await gcs(url).put("key", Buffer.from("x"), { ifMatch: "8" })).toEqual({ etag: "9" });
    expect(requests).toHaveLength(3);
  });
});

describe("Azure Blob Storage", () => {
  const blobNotFound = { status: 404, headers: { "x-ms-error-code": "BlobNotFound" } };
  const containerNotFound = { status: 404, headers: { "x-ms-error-code": "ContainerNotFound" } };

  test("a blob is absent only where the store says so", async () => {
    const { url, requests } = await service(blobNotFound, containerNotFound, { status: 404 });
    const store = azure(url);
    expect(await store.get("key", 10)).toBeUndefined();
    await expect(store.get("key", 10)).rejects.toMatchObject({
      code: "azure_refused",
      message: "the store answered 404 ContainerNotFound to GET key",
    });
    await expect(store.get("key", 10)).rejects.toMatchObject({ code: "azure_refused" });
    expect(requests[0]!.line).toBe("GET /container/a/prefix/key");
    expect(requests[0]!.headers).toMatchObject({
      authorization: "Bearer a-token",
      "x-ms-version": "2023-11-03",
    });
  });

  test("a condition that does not hold is no failure, any other refusal is one", async () => {
    const { url, requests } = await service(
      { status: 409, headers: { "x-ms-error-code": "BlobAlreadyExists" } },
      { status: 412, headers: { "x-ms-error-code": "ConditionNotMet" } },
      { status: 409, headers: { "x-ms-error-code": "ContainerBeingDeleted" } },
      { status: 403, headers: { "x-ms-error-code": "AuthorizationPermissionMismatch" } },
    );
    const store = azure(url);
    const body = Buffer.from("x");
    expect(await store.put("key", body, { ifAbsent: true })).toBeUndefined();
    expect(await store.put("key", body, { ifMatch: '"1"' })).toBeUndefined();
    for (const reason of ["ContainerBeingDeleted", "AuthorizationPermissionMismatch"]) {
      await expect(store.put("key", body, { ifMatch: '"1"' })).rejects.toThrow(reason);
    }
    expect(requests[0]!.headers["if-none-match"]).toBe("*");
    expect(requests[1]!.headers["if-match"]).toBe('"1"');
  });

  test("a blob that is not there is deleted", async () => {
    const { url } = await service(blobNotFound, containerNotFound);
    await azure(url).delete("key");
    await expect(azure(url).delete("key")).rejects.toMatchObject({ code: "azure_refused" });
  });
});

test.each([
  ["gcs", gcs, { "x-goog-generation": "1" }],
  ["azure", azure, { etag: '"1"' }],
] as const)("%s: an object that is longer than it can be is refused", async (_, open, headers) => {
  const { url } = await service({ status: 200, headers, body: "x".repeat(100_000) });
  await expect(open(url).get("key", 70_000)).rejects.toMatchObject({ code: "object_too_large" });
});

test.each([
  ["gcs", gcs],
  ["azure", azure],
] as const)("%s: a store that fails is a failure, and no absence", async (name, open) => {
  const { url, requests } = await service();
  await expect(open(url).get("key", 10)).rejects.toMatchObject({ code: `${name}_unreachable` });
  expect(requests).toHaveLength(4);
});
