import { randomBytes } from "node:crypto";
import { EndpointClient } from "@weftkit/persist/client";
import { runConformance } from "@weftkit/persist/conformance";
import { sha256 } from "@weftkit/persist/contract";
import { installedServers, startS3Server, type TestBucket } from "@weftkit/testing/s3-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Stages } from "./secrets-manager.ts";
import { secret, startFunction, startLambda } from "./started-function.ts";

const keys = [{ id: "default", secret }];
const subtree = "default/inmemory/0";
const [serverName] = installedServers();

// go install github.com/versity/versitygw/cmd/versitygw@v1.8.0
if (serverName === undefined) test.skip("no S3 server is installed: versitygw or minio");

describe.runIf(serverName !== undefined)("behind a function URL", () => {
  let bucket: TestBucket;

  beforeAll(async () => {
    bucket = await startS3Server(serverName!);
  });

  afterAll(() => bucket.close());

  test.each(["true", "false"])("keeps the contract, with presigned URLs: %s", async (WKP_PRESIGN) => {
    const { url } = await startFunction(bucket, { WKP_PRESIGN });
    const results = await runConformance({ url, key: secret });
    expect(results.filter(({ passed }) => !passed)).toEqual([]);
  });

  test("the largest part goes through Lambda's 6 MB, both ways", async () => {
    const service = await startFunction(bucket, { WKP_PRESIGN: "false" });
    const client = new EndpointClient({ url: service.url, subtree, keys });
    const body = randomBytes(4 * 1024 * 1024);
    const part = { sha256: sha256(body), bytes: body.length, read: async () => body };
    await client.uploadPart(part, undefined, 0);
    expect((await client.downloadPart(part.sha256, undefined)).equals(body)).toBe(true);
    client.close();
    expect(Math.max(...service.events.map((event) => event.length))).toBeGreaterThan((body.length * 4) / 3);
  });

  test("with presigned URLs parts do not go through Lambda", async () => {
    const service = await startFunction(bucket, { WKP_PRESIGN: "true" });
    const client = new EndpointClient({ url: service.url, subtree: "default/inmemory/1", keys });
    const body = randomBytes(1_000_000);
    const part = { sha256: sha256(body), bytes: body.length, read: async () => body };
    await client.claim("owner");
    expect(await client.uploadParts([part], 1)).toBe(body.length);
    expect((await client.begin([part.sha256], 1)).missing).toEqual([]);
    client.close();
    expect(service.events.filter((event) => event.includes("action=part"))).toEqual([]);
  });

  test("the version of the secret before the current one is valid as well", async () => {
    const { url } = await startFunction(
      bucket,
      {},
      {
        AWSCURRENT: "the secret that came after it",
        AWSPREVIOUS: secret,
      },
    );
    const client = new EndpointClient({ url, subtree, keys });
    await expect(client.restore()).resolves.toBeUndefined();
    client.close();
  });

  test("a secret that cannot be read is an outage, and none once it can", async () => {
    const stages: Stages = {};
    const { url } = await startFunction(bucket, {}, stages);
    const response = await fetch(`${url}/lease`, { method: "POST" });
    expect(response.status).toBe(503);
    expect(response.headers.get("x-weftkit-signature")).toBeNull();
    stages.AWSCURRENT = secret;
    expect((await fetch(`${url}/lease`, { method: "POST" })).status).toBe(401);
  });

  test("a bucket that is not there is a failure, not an empty database", async () => {
    const { url } = await startFunction(bucket, { WKP_STORE: "s3://weftkit-absent" });
    const retry = { attemptsMax: 1, firstWaitMsMax: 0, waitMsMax: 0 };
    const client = new EndpointClient({ url, subtree, keys, retry });
    await expect(client.restore()).rejects.toMatchObject({ code: "store_failed" });
    client.close();
  });
});

test("tells every mistake of its variables when it starts", async () => {
  const service = await startLambda({ WKP_STORE: "file:///x", WKP_LEASE_SECONDS: "1" });
  await service.instances[0]!.exited;
  const { errorMessage } = JSON.parse(service.initErrors[0]!) as { errorMessage: string };
  for (const name of ["WKP_STORE", "WKP_SECRET_ARN", "AWS_REGION", "WKP_LEASE_SECONDS"]) {
    expect(errorMessage).toContain(`  ${name}: `);
  }
});
