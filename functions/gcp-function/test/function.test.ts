import { randomBytes } from "node:crypto";
import { EndpointClient } from "@weftkit/persist/client";
import { runConformance } from "@weftkit/persist/conformance";
import { sha256 } from "@weftkit/persist/contract";
import { describe, expect, test } from "vitest";
import { gcsServer } from "./gcs-server.ts";
import { secret, startFramework, startFunction } from "./started-function.ts";

const keys = [{ id: "default", secret }];
const subtree = "default/inmemory/0";
const retry = { attemptsMax: 1, firstWaitMsMax: 0, waitMsMax: 0 };

// go install github.com/fsouza/fake-gcs-server@v1.56.1
if (gcsServer === undefined) test.skip("fake-gcs-server is not installed");

describe.runIf(gcsServer !== undefined)("in the functions framework", () => {
  test("keeps the contract", async () => {
    const { url } = await startFunction();
    const results = await runConformance({ url, key: secret });
    expect(results.filter(({ passed }) => !passed)).toEqual([]);
  });

  test("takes bodies as they are, whatever their type", async () => {
    const { url } = await startFunction();
    const client = new EndpointClient({ url, subtree, keys });
    const body = randomBytes(4 * 1024 * 1024);
    const part = { sha256: sha256(body), bytes: body.length, read: async () => body };
    await client.uploadPart(part, undefined, 0);
    expect((await client.downloadPart(part.sha256)).equals(body)).toBe(true);
    client.close();
    for (const type of ["application/json", "text/plain", "application/x-www-form-urlencoded"]) {
      const response = await fetch(`${url}/lease`, {
        method: "POST",
        headers: { "content-type": type },
        body: "{}",
      });
      expect(response.status, type).toBe(401);
    }
  });

  test.each([
    ["a bucket that is not there", { WKP_STORE: "gs://weftkit-absent" }],
    ["a metadata server that does not answer", { GCE_METADATA_HOST: "127.0.0.1:1" }],
  ])("%s is a failure, not an empty database", async (_, env) => {
    const { url } = await startFunction(env);
    const client = new EndpointClient({ url, subtree, keys, retry });
    await expect(client.restore()).rejects.toMatchObject({ code: "store_failed" });
    client.close();
  });
});

test("tells every mistake of its variables when it starts", async () => {
  const program = startFramework(0, { WKP_STORE: "s3://x", WKP_LEASE_SECONDS: "1" });
  await program.exited;
  for (const name of ["WKP_STORE", "WKP_SECRET", "WKP_LEASE_SECONDS"]) {
    expect(program.output).toContain(`  ${name}: `);
  }
});
