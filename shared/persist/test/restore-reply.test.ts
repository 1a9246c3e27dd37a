import { expect, test } from "vitest";
import { EndpointClient } from "../src/client/index.ts";
import { type Manifest, sha256 } from "../src/contract/index.ts";
import type { ObjectStore } from "../src/server/index.ts";
import { key, openHandler, serveHandler } from "./serve-handler.ts";

const subtree = "default/inmemory/0";
/** Of Lambda, with base64. */
const platformBytesMax = 6 * 1024 * 1024;

function manifestOf(partCount: number): { manifest: Manifest; text: string; sha256: string } {
  const parts = Array.from({ length: partCount }, (_, index) => ({
    sha256: sha256(`${index}`),
    bytes: 1000,
  }));
  const piece = {
    kind: "base",
    seqFrom: 1,
    seqTo: 1,
    time: 0,
    bytes: partCount * 1000,
    sha256: sha256("piece"),
    parts,
  } as const;
  const manifest: Manifest = {
    version: 1,
    subtree,
    engine: "inmemory",
    epoch: 1,
    seq: 1,
    time: 0,
    previous: null,
    streams: { log: { kind: "log", pieces: [piece] } },
    history: [],
    dropped: [],
  };
  const text = JSON.stringify(manifest);
  return { manifest, text, sha256: sha256(text) };
}

/** A store that has every part, and signs URLs of a length as those of a role's credentials have. */
function signing(store: ObjectStore): ObjectStore {
  return {
    get: (...call) => store.get(...call),
    put: (...call) => store.put(...call),
    delete: (name) => store.delete(name),
    head: async () => ({ bytes: 1000, modifiedMs: Date.now() }),
    presignGet: async (name) => `https://bucket.example.com/${name}?${"x".repeat(1900)}`,
  };
}

test.each([
  ["a short manifest comes with the URLs of all parts", 900, 900, 900],
  ["a long manifest comes with as many URLs as a platform of 6 MB lets through", 30_000, 1, 999],
])("%s", async (_, partCount, urlsMin, urlsMax) => {
  using opened = await openHandler();
  using handling = await openHandler({ store: signing(opened.store) });
  await using served = await serveHandler(handling.handler);
  const client = new EndpointClient({ url: served.url, subtree, keys: [key] });
  await client.claim("owner");
  await client.commit(manifestOf(partCount));
  const reply = (await client.restore())!;
  client.close();
  const urls = Object.keys(reply.downloadUrls!).length;
  expect(urls).toBeGreaterThanOrEqual(urlsMin);
  expect(urls).toBeLessThanOrEqual(urlsMax);
  const bytes = Buffer.byteLength(JSON.stringify(reply));
  expect(Math.ceil(bytes / 3) * 4 + 2000).toBeLessThan(platformBytesMax);
});
