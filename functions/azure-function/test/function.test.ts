import { randomBytes } from "node:crypto";
import { EndpointClient } from "@weftkit/persist/client";
import { runConformance } from "@weftkit/persist/conformance";
import { sha256 } from "@weftkit/persist/contract";
import { describe, expect, test } from "vitest";
import { hasAzurite } from "./azurite.ts";
import { secret, startFunction, startWorker } from "./started-function.ts";

const keys = [{ id: "default", secret }];
const subtree = "default/inmemory/0";
const retry = { attemptsMax: 1, firstWaitMsMax: 0, waitMsMax: 0 };

// npm install --prefix ~/.cache/weftkit/azurite azurite@3.37.0
if (!hasAzurite) test.skip("Azurite is not installed");

describe.runIf(hasAzurite)("in a worker of Azure Functions", () => {
  test("keeps the contract", async () => {
    const url = await startFunction();
    const results = await runConformance({ url, key: secret });
    expect(results.filter(({ passed }) => !passed)).toEqual([]);
  });

  test("takes and gives the largest part", async () => {
    const url = await startFunction();
    const client = new EndpointClient({ url, subtree, keys });
    const body = randomBytes(4 * 1024 * 1024);
    const part = { sha256: sha256(body), bytes: body.length, read: async () => body };
    await client.uploadPart(part, undefined, 0);
    expect((await client.downloadPart(part.sha256)).equals(body)).toBe(true);
    client.close();
  });

  test.each<[string, (container: string) => Record<string, string>]>([
    ["a container that is not there", (container) => ({ WKP_STORE: `${container}-absent` })],
    ["an identity that is not known", () => ({ IDENTITY_HEADER: "another" })],
  ])("%s is a failure, not an empty database", async (_, change) => {
    const client = new EndpointClient({ url: await startFunction(change), subtree, keys, retry });
    await expect(client.restore()).rejects.toMatchObject({ code: "store_failed" });
    client.close();
  });
});

test("tells every mistake of its variables when it starts", async () => {
  const worker = startWorker({
    WKP_STORE: "http://account.blob.core.windows.net/state",
    WKP_SECRET: "@Microsoft.KeyVault(SecretUri=https://vault.vault.azure.net/secrets/state)",
    WKP_LEASE_SECONDS: "1",
  });
  expect(await worker.exited).not.toBe(0);
  for (const name of ["WKP_STORE", "IDENTITY_ENDPOINT, IDENTITY_HEADER", "WKP_SECRET", "WKP_LEASE_SECONDS"]) {
    expect(worker.errors).toContain(`  ${name}: `);
  }
});
