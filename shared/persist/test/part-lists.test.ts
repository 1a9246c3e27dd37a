import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { describe, expect, test } from "vitest";
import { EndpointClient } from "../src/client/index.ts";
import {
  allPartsOf,
  describeParts,
  type Manifest,
  type Part,
  parseManifest,
  partsInlineMax,
  partsOfPiece,
  partsPerListMax,
  readPartList,
  sha256,
} from "../src/contract/index.ts";
import { FunctionServer } from "./function-server.ts";
import { openHandler, secret, serveHandler } from "./serve-handler.ts";
import { StoreEngine } from "./store-engine.ts";

const subtree = "default/inmemory/0";

const partsOf = (count: number): Part[] =>
  Array.from({ length: count }, (_, index) => ({ sha256: sha256(String(index)), bytes: index % 4_194_304 }));

describe("a list of parts", () => {
  test("is made where there are many, and read as it was", async () => {
    expect(describeParts(partsOf(partsInlineMax))).toMatchObject({
      lists: [],
      described: { parts: { length: 64 } },
    });
    const parts = partsOf(partsPerListMax + 5);
    const { described, lists } = describeParts(parts);
    expect(described.parts).toEqual([]);
    expect(described.partLists!.map(({ count }) => count)).toEqual([partsPerListMax, 5]);
    expect(Math.max(...lists.map(({ bytes }) => bytes))).toBeLessThanOrEqual(4 << 20);
    const read = async (name: string) => lists.find((list) => list.sha256 === name)!.body;
    const piece = {
      kind: "base",
      seqFrom: 1,
      seqTo: 1,
      time: 1,
      bytes: 1,
      sha256: sha256("x"),
      ...described,
    } as const;
    expect(await partsOfPiece(piece, read)).toEqual(parts);
  });

  test("of another length than its manifest says is refused", () => {
    const [list] = describeParts(partsOf(100)).lists;
    expect(() => readPartList({ ...list!, count: 99 }, list!.body)).toThrow(/does not have 99 entries/);
    expect(() => readPartList(list!, list!.body.subarray(36))).toThrow(/does not have 100 entries/);
  });

  test("lets a manifest of a terabyte be shorter than a part", () => {
    const parts = partsOf(262_144);
    const { described } = describeParts(parts);
    expect(JSON.stringify(described).length).toBeLessThan(1000);
  });
});

test("a commit needs what stands in its lists, a prune keeps it, and a restore names the lists", async () => {
  using opened = await openHandler({ ages: { pruneAfterMs: -1000, reuseWithinMs: 3_600_000 } });
  await using served = await serveHandler(opened.handler);
  const client = new EndpointClient({
    url: served.url,
    subtree,
    keys: [{ id: "default", secret }],
    retry: { attemptsMax: 1, firstWaitMsMax: 1, waitMsMax: 1 },
  });
  await client.claim("owner");
  const bodies = Array.from({ length: 100 }, () => randomBytes(50));
  const parts = bodies.map((body) => ({ sha256: sha256(body), bytes: body.length, read: async () => body }));
  const { described, lists } = describeParts(parts.map(({ sha256, bytes }) => ({ sha256, bytes })));
  const push = (seq: number, previous: string | null) => {
    const manifest: Manifest = {
      version: 1,
      subtree,
      engine: "inmemory",
      epoch: 1,
      seq,
      time: seq,
      previous,
      streams: {
        log: {
          kind: "log",
          pieces: [
            {
              kind: "base",
              seqFrom: 1,
              seqTo: 1,
              time: 1,
              bytes: 5000,
              sha256: sha256("piece"),
              ...described,
            },
          ],
        },
      },
      history: [],
      dropped: [],
    };
    const text = JSON.stringify(manifest);
    return { manifest: parseManifest(text), text, sha256: sha256(text) };
  };
  const first = push(1, null);
  // Neither the list nor a part that stands in it may be missing.
  await expect(client.commit(first)).rejects.toMatchObject({ code: "missing_parts" });
  await client.uploadParts(
    lists.map(({ sha256, bytes, body }) => ({ sha256, bytes, read: async () => body })),
    1,
  );
  await client.uploadParts(parts.slice(1), 1);
  await expect(client.commit(first)).rejects.toMatchObject({
    code: "missing_parts",
    reply: { missing: [parts[0]!.sha256] },
  });
  await client.uploadParts(parts, 1);
  await client.commit(first);
  const second = push(2, first.sha256);
  await client.commit(second);
  const names = [...(await allPartsOf(second.manifest, (name) => client.downloadPart(name))).keys()];
  expect(names).toHaveLength(101);
  const { kept } = await client.prune({ manifests: [], parts: names }, 1);
  expect([...kept].sort()).toEqual([...names].sort());
  client.close();
});

test("an engine's base of many parts is pushed, restored and compacted by its lists", async () => {
  const root = temporaryFolder();
  const server = await FunctionServer.start(join(root, "store"), { partBytesMax: 4096, leaseMs: 900 });
  try {
    const config = { encryption_key: "a passphrase of some length" };
    const start = (volume: string) =>
      StoreEngine.start({ dataDir: join(root, volume), url: server.url, config });
    const first = await start("one");
    for (let count = 0; count < 900; count++) await first.write();
    await first.persistence.flush();
    const lists = readdirSync(join(root, "store/default/numbers/0/manifests")).map((name) => {
      const text = readFileSync(join(root, "store/default/numbers/0/manifests", name), "utf8");
      expect(text.length).toBeLessThan(1500);
      return parseManifest(text).streams.pages!.pieces[0]!.partLists;
    });
    expect(lists[0]![0]!.count).toBeGreaterThan(partsInlineMax);
    for (let push = 0; push < 20; push++) {
      await first.write();
      await first.persistence.flush();
    }
    await first.stop();
    const second = await start("two");
    expect(await second.numbers()).toHaveLength(920);
    expect(await second.check()).toBe("ok");
    await second.stop();
  } finally {
    await server.stop();
  }
}, 30_000);
