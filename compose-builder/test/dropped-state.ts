import { globSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { EndpointClient } from "@weftkit/persist/client";
import { type DroppedState, type Manifest, type Part, type Piece, sha256 } from "@weftkit/persist/contract";
import type { RunningFunction } from "./persisting.ts";

const subtree = "shop/files/0";
const twoDaysAgo = Date.now() - 2 * 86_400_000;

/** Two states, of which the second dropped the first two days ago; they share a part. Returns objects' names. */
export async function pushAndDrop({ url, storeFolder, environment }: RunningFunction) {
  const secret = readFileSync(environment.WEFTKIT_PERSIST_SECRET_FILE!, "utf8").trim();
  const client = new EndpointClient({ url, subtree, keys: [{ id: "default", secret }] });
  try {
    const [shared, old] = [part("shared"), part("dropped")];
    const { epoch } = await client.claim("a-test");
    await client.uploadParts([shared, old], epoch);
    const push = async (manifest: Manifest) => {
      const text = JSON.stringify(manifest);
      await client.commit({ manifest, text, sha256: sha256(text) });
      return sha256(text);
    };
    const first = await push(manifest({ epoch, seq: 2, previous: null, parts: [shared, old], dropped: [] }));
    const dropped = [{ manifest: first, time: twoDaysAgo }];
    const second = await push(manifest({ epoch, seq: 3, previous: first, parts: [shared], dropped }));
    // What was written today is kept, whoever asks.
    for (const path of globSync(`${subtree}/*/*`, { cwd: storeFolder })) {
      utimesSync(join(storeFolder, path), twoDaysAgo / 1000, twoDaysAgo / 1000);
    }
    return { dropped: [first, old.sha256], kept: [second, shared.sha256] };
  } finally {
    client.close();
  }
}

function part(text: string): Part & { read(): Promise<Uint8Array> } {
  const bytes = Buffer.from(text);
  return { sha256: sha256(bytes), bytes: bytes.length, read: async () => bytes };
}

function manifest({
  parts,
  ...fields
}: Pick<Manifest, "epoch" | "seq" | "previous"> & {
  readonly parts: readonly Part[];
  readonly dropped: readonly DroppedState[];
}): Manifest {
  const pieces = parts.map(({ sha256, bytes }, index): Piece => {
    const seq = index + 1;
    const kind = index === 0 ? "base" : "delta";
    return { kind, seqFrom: seq, seqTo: seq, time: twoDaysAgo, bytes, sha256, parts: [{ sha256, bytes }] };
  });
  const streams = { log: { kind: "log" as const, pieces } };
  return { version: 1, subtree, engine: "files", time: twoDaysAgo, history: [], streams, ...fields };
}
