import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type CommittableManifest, EndpointClient } from "@weftkit/persist/client";
import { type Head, type Manifest, parseManifest, partsOf, sha256 } from "@weftkit/persist/contract";
import { patientMs } from "@weftkit/testing/patience";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StartedFunction, secret } from "./started-function.ts";

/** WKP_KILL_ROUNDS=200 for a longer search. */
const rounds = Number(process.env.WKP_KILL_ROUNDS ?? 10);
/** A push takes some ten milliseconds. */
const killAfterMsMax = 150;
const keys = [{ id: "default", secret }];
const subtree = "default/inmemory/0";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "weftkit-kill-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const stored = (...path: string[]) => readFileSync(join(folder, "default", "inmemory", "0", ...path));

/** Everything that the head names is there and is what its name says. Returns the head. */
function requireWhole(): Head {
  const head = JSON.parse(stored("head").toString()) as Head;
  for (let name = head.manifest; name !== null; ) {
    const text = stored("manifests", name);
    expect(sha256(text)).toBe(name);
    const manifest = parseManifest(text.toString());
    for (const [part, bytes] of partsOf(manifest)) {
      const body = stored("parts", part);
      expect([sha256(body), body.length]).toEqual([part, bytes]);
    }
    name = manifest.previous;
  }
  return head;
}

async function nextPush(client: EndpointClient, epoch: number, head: Head): Promise<CommittableManifest> {
  const bodies = Array.from({ length: 3 }, () => randomBytes(50_000));
  const parts = bodies.map((body) => ({ sha256: sha256(body), bytes: body.length, read: async () => body }));
  await client.uploadParts(parts, epoch);
  const seq = head.seq + 1;
  const named = parts.map(({ sha256: name, bytes }) => ({ sha256: name, bytes }));
  const piece = {
    kind: "base",
    seqFrom: seq,
    seqTo: seq,
    time: seq,
    bytes: 150_000,
    sha256: sha256(`${seq}`),
    parts: named,
  } as const;
  const manifest: Manifest = {
    version: 1,
    subtree,
    engine: "inmemory",
    epoch,
    seq,
    time: seq,
    previous: head.manifest,
    streams: { log: { kind: "log", pieces: [piece] } },
    history: [],
    dropped: [],
  };
  const text = JSON.stringify(manifest);
  return { manifest, text, sha256: sha256(text) };
}

test(
  `killed ${rounds} times during pushes, the head is whole and no confirmed push is missing`,
  { timeout: patientMs(30_000 + rounds * 5000) },
  async () => {
    let confirmed = 0;
    let kills = 0;
    for (let round = 0; round < rounds; round++) {
      await using running = await StartedFunction.start({ WKP_STORE: `file://${folder}` });
      const retry = { attemptsMax: 1, firstWaitMsMax: 0, waitMsMax: 0 };
      const client = new EndpointClient({ url: running.url, subtree, keys, retry });
      const { epoch, head: first } = await client.claim("owner");
      expect(first.seq).toBeGreaterThanOrEqual(confirmed);
      const killing = delay(Math.random() * killAfterMsMax).then(() => running.kill());
      let head = first;
      let failure: unknown;
      while (failure === undefined) {
        try {
          head = await client.commit(await nextPush(client, epoch, head));
          confirmed = head.seq;
        } catch (error) {
          failure = error;
        }
      }
      await killing;
      client.close();
      expect(failure).toMatchObject({ code: "unreachable" });
      kills++;
      const found = requireWhole();
      // The last push may have been made without its answer being heard.
      expect([confirmed, confirmed + 1]).toContain(found.seq);
      confirmed = found.seq;
    }
    expect(kills).toBe(rounds);
    expect(confirmed).toBeGreaterThan(0);
  },
);
