import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type CommittableManifest, EndpointClient } from "@weftkit/persist/client";
import { type Head, type Manifest, parseManifest, partsOf, sha256 } from "@weftkit/persist/contract";

export const once = { attemptsMax: 1, firstWaitMsMax: 0, waitMsMax: 0 };

export function clientOf(url: string, subtree: string, secret: string): EndpointClient {
  return new EndpointClient({ url, subtree, keys: [{ id: "default", secret }], retry: once });
}

/** Sends three parts, one of which no manifest names as blobs are not, and the manifest that needs them. */
export async function push(client: EndpointClient, epoch: number, head: Head, bytes = 20_000): Promise<Head> {
  const bodies = Array.from({ length: 3 }, () => randomBytes(bytes));
  const parts = bodies.map((body) => ({ sha256: sha256(body), bytes: body.length, read: async () => body }));
  await client.uploadParts(parts, epoch);
  const seq = head.seq + 1;
  const [blob, ...named] = parts;
  const piece = {
    kind: "base",
    seqFrom: seq,
    seqTo: seq,
    time: seq,
    bytes: 2 * bytes,
    sha256: sha256(`${seq}`),
    parts: named.map(({ sha256: name, bytes: length }) => ({ sha256: name, bytes: length })),
  } as const;
  const manifest: Manifest = {
    version: 1,
    subtree: client.subtree,
    engine: client.subtree.split("/")[1]!,
    epoch,
    seq,
    time: seq,
    previous: head.manifest,
    streams: { log: { kind: "log", pieces: [piece] } },
    history: [],
    dropped: [],
  };
  const text = JSON.stringify(manifest);
  const committed: CommittableManifest = { manifest, text, sha256: sha256(text) };
  return client.commit(committed, { required: [blob!.sha256] });
}

/**
 * Holds a folder's state against itself: every manifest of the chain, and all parts that they name, are there and are what
 * their names say. Returns the head; undefined when there is none.
 */
export function requireWhole(folder: string, subtree: string): Head | undefined {
  const at = (...path: string[]) => join(folder, subtree, ...path);
  if (!existsSync(at("head"))) return undefined;
  const head = JSON.parse(readFileSync(at("head"), "utf8")) as Head;
  for (let name = head.manifest; name !== null; ) {
    const text = readFileSync(at("manifests", name));
    if (sha256(text) !== name) throw new Error(`manifest ${name} is not what its name says`);
    const manifest = parseManifest(text.toString());
    for (const [part, bytes] of partsOf(manifest)) {
      const body = readFileSync(at("parts", part));
      if (sha256(body) !== part || body.length !== bytes) throw new Error(`part ${part} is damaged`);
    }
    name = manifest.previous;
  }
  return head;
}
