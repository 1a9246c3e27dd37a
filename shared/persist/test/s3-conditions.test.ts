import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { checkConditions } from "../src/server/s3/check-conditions.ts";
import { createS3Store } from "../src/server/s3/s3-store.ts";

const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

type Header = "if-match" | "if-none-match";

/** A store as some S3-compatible ones are: takes conditional headers, and honours only some of them. */
async function startStore(honours: readonly Header[], absentStatus = 404) {
  const objects = new Map<string, { body: Buffer; etag: string }>();
  let writes = 0;
  const server = createServer(async (request, response) => {
    const key = request.url!;
    const found = objects.get(key);
    if (request.method === "GET") {
      if (found === undefined) response.writeHead(absentStatus).end("<Error><Code>NoSuchKey</Code></Error>");
      else response.writeHead(200, { etag: found.etag }).end(found.body);
      return;
    }
    const body = Buffer.concat(await request.toArray());
    const isRefused =
      (honours.includes("if-none-match") && request.headers["if-none-match"] === "*" && objects.has(key)) ||
      (honours.includes("if-match") &&
        request.headers["if-match"] !== undefined &&
        request.headers["if-match"] !== objects.get(key)?.etag);
    if (isRefused) {
      response.writeHead(412).end("<Error><Code>PreconditionFailed</Code></Error>");
      return;
    }
    const etag = `"${++writes}"`;
    if (request.method === "PUT") objects.set(key, { body, etag });
    response.writeHead(request.method === "PUT" ? 200 : 204, { etag }).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  });
  return createS3Store({
    kind: "s3",
    bucket: "bucket",
    prefix: "",
    endpoint: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    region: "us-east-1",
    credentials: { kind: "static", accessKeyId: "id", secretAccessKey: "key", sessionToken: undefined },
    presign: false,
  });
}

test("a store that honours both conditions is good", async () => {
  await checkConditions(await startStore(["if-match", "if-none-match"]));
});

test.each<[string, readonly Header[], RegExp]>([
  ["If-None-Match", ["if-match"], /ignores If-None-Match/],
  ["If-Match", ["if-none-match"], /ignores If-Match/],
  ["both", [], /ignores If-None-Match/],
])("a store that ignores %s is refused", async (_, honours, message) => {
  const store = await startStore(honours);
  await expect(checkConditions(store)).rejects.toThrow(message);
  await expect(checkConditions(store)).rejects.toMatchObject({ code: "store_unusable" });
});

test("a store that forbids looking for what is not there is refused, with what it takes", async () => {
  const store = await startStore(["if-match", "if-none-match"], 403);
  await expect(checkConditions(store)).rejects.toThrow(/s3:ListBucket/);
});
