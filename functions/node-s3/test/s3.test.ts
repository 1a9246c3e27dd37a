import { randomBytes } from "node:crypto";
import { EndpointClient } from "@weftkit/persist/client";
import { runConformance } from "@weftkit/persist/conformance";
import { sha256 } from "@weftkit/persist/contract";
import { installedServers, startS3Server, type TestBucket } from "@weftkit/testing/s3-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runFunction, StartedFunction, secret } from "./started-function.ts";

const names = installedServers();

// go install github.com/versity/versitygw/cmd/versitygw@v1.8.0
if (names.length === 0) test.skip("no S3 server is installed: versitygw or minio");

describe.each(names)("on a bucket of %s", (name) => {
  let bucket: TestBucket;

  beforeAll(async () => {
    bucket = await startS3Server(name);
  });

  afterAll(() => bucket.close());

  test.each(["false", "true"])("keeps the contract, with presigned URLs: %s", async (WKP_PRESIGN) => {
    await using running = await StartedFunction.start({ ...bucket.env, WKP_PRESIGN });
    const results = await runConformance({ url: running.url, key: secret });
    expect(results.filter(({ passed }) => !passed)).toEqual([]);
  });

  test("parts go straight to the bucket and back", async () => {
    await using running = await StartedFunction.start({
      ...bucket.env,
      WKP_PRESIGN: "true",
      WKP_LOG_LEVEL: "debug",
    });
    const keys = [{ id: "default", secret }];
    const client = new EndpointClient({ url: running.url, subtree: "default/inmemory/0", keys });
    const body = randomBytes(1_000_000);
    const part = { sha256: sha256(body), bytes: body.length, read: async () => body };
    await client.claim("owner");
    const { uploadUrls } = await client.begin([part.sha256], 1);
    expect(await client.uploadParts([part], 1)).toBe(body.length);
    expect((await client.begin([part.sha256], 1)).missing).toEqual([]);
    const url = uploadUrls![part.sha256]!.url;
    expect((await client.downloadPart(part.sha256, url)).equals(body)).toBe(true);
    expect(running.lines.some((line) => line.includes('"action":"part"'))).toBe(false);
    client.close();
  });

  test.each<[string, Record<string, string>]>([
    ["a bucket that is not there", { WKP_STORE: "s3://weftkit-absent" }],
    ["a wrong secret", { AWS_SECRET_ACCESS_KEY: "wrong" }],
  ])("refuses to start with %s", async (_, change) => {
    const { code, errors } = await runFunction({
      ...bucket.env,
      ...change,
      WKP_SECRET: secret,
      WKP_PORT: "0",
    });
    expect(code).toBe(69);
    expect(errors).toMatch(/the bucket cannot be used: .*s3:ListBucket/);
  });
});
