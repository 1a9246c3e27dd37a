import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { formatBytes, WeftkitError, writeSynced } from "@weftkit/core";
import type { PartCipher } from "../contract/encryption.ts";
import type { RestoreReply } from "../contract/messages.ts";
import { parseManifest } from "../contract/parse-manifest.ts";
import type { Cursor } from "../stream.ts";
import type { PersistContext } from "./context.ts";
import type { Endpoint } from "./endpoint.ts";
import { type NamedManifest, nameText } from "./manifest-chain.ts";
import { Restorer } from "./restorer.ts";

/** Stands in the folder while streams are being restored: what they hold then is no state of anybody's. */
const restoringFile = "restoring";

/** A certain state, or the newest one at or before a sequence number or a time. */
type Which =
  | { readonly manifest: string; readonly at?: never }
  | { readonly at: string; readonly manifest?: never };

/** @throws WeftkitError `chain_broken` when it is not there, or not as it was */
export async function fetchManifest(
  endpoint: Endpoint,
  which: Which,
  signal: AbortSignal | undefined,
): Promise<{ named: NamedManifest; urls: RestoreReply["downloadUrls"] }> {
  const reply = await endpoint.restore(which, signal);
  if (reply?.manifest === undefined || reply.manifest === null) {
    throw new WeftkitError("chain_broken", "the function has lost the manifest that its own head names");
  }
  const named = nameText(reply.manifest);
  parseManifest(named.text);
  if (which.manifest !== undefined && which.manifest !== named.sha256) {
    throw new WeftkitError(
      "chain_broken",
      `manifest ${which.manifest} is damaged: it hashes to ${named.sha256}`,
    );
  }
  return { named, urls: reply.downloadUrls };
}

/** Restores the streams of a state. Returns the cursors from which captures go on, once the chain has adopted it. */
export async function restoreStreams(
  context: PersistContext,
  { endpoint, cipher }: { endpoint: Endpoint; cipher: PartCipher | undefined },
  which: Which,
  signal: AbortSignal | undefined,
): Promise<Record<string, Cursor>> {
  const { chain, log, streams } = context;
  const { named, urls } = await fetchManifest(endpoint, which, signal);
  const { manifest } = named;
  if (manifest.engine !== context.engine) {
    throw new WeftkitError("chain_broken", `the state at ${manifest.subtree} is ${manifest.engine}'s`);
  }
  const key = requireKey(cipher, named);
  await writeSynced(join(chain.folder, restoringFile), named.sha256);
  const restorer = new Restorer(endpoint, join(chain.folder, "incoming"), key, urls);
  const cursors: Record<string, Cursor> = {};
  const started = context.clock.monotonicMs();
  let bytes = 0;
  for (const [name, { pieces }] of Object.entries(manifest.streams)) {
    const stream = streams.find((candidate) => candidate.name === name);
    if (stream === undefined) {
      throw new WeftkitError(
        "chain_broken",
        `the state has a stream "${name}" that this version does not know: start the version that wrote it`,
      );
    }
    const report = progress(
      context,
      name,
      pieces.reduce((sum, piece) => sum + piece.bytes, 0),
    );
    const count = (received: number) => {
      bytes += received;
      report(received);
    };
    if (pieces.length === 0) continue;
    cursors[name] = await stream.restore(restorer.fetch(pieces, count, signal), {
      fetch: (content, index, part) => restorer.fetchPart(content, index, part, count, signal),
    });
  }
  const ms = Math.round(context.clock.monotonicMs() - started);
  log.info(
    { seq: manifest.seq, at: new Date(manifest.time).toISOString(), bytes, ms },
    "the state is restored",
  );
  return cursors;
}

/** Says by readiness how far a restore is. */
function progress(context: PersistContext, name: string, total: number): (bytes: number) => void {
  let done = 0;
  return (bytes) => {
    done += bytes;
    const percent = total === 0 ? 100 : Math.min(100, Math.floor((100 * done) / total));
    context.waiting(`restoring ${name}: ${percent}% of ${formatBytes(total)}`);
  };
}

/** @throws WeftkitError `encryption_key_invalid` when the state is encrypted with a key that is not configured. */
function requireKey(cipher: PartCipher | undefined, { manifest }: NamedManifest): PartCipher | undefined {
  const keyName = manifest.encryption?.keyName;
  if (keyName === undefined) return undefined;
  if (cipher?.keyName === keyName) return cipher;
  throw new WeftkitError(
    "encryption_key_invalid",
    `the state is encrypted with key ${keyName}, and ${cipher === undefined ? "no key is" : `key ${cipher.keyName} is`} configured: set persist.encryption_key (WEFTKIT_PERSIST_ENCRYPTION_KEY_FILE)`,
  );
}

/** What a restore that did not end has left is no state; it is removed, not kept. */
export async function removeRemnants({ chain, dataDir, streams }: PersistContext): Promise<void> {
  const marker = join(chain.folder, restoringFile);
  if (!existsSync(marker)) return;
  const folder = join(dataDir, "restore-remnants");
  await mkdir(folder, { recursive: true });
  for (const stream of streams) if (!(await stream.isEmpty())) await stream.park(folder);
  await rm(folder, { recursive: true, force: true });
  await rm(marker);
}

/** The chain has adopted what was restored. */
export async function restoreDone({ chain }: PersistContext): Promise<void> {
  await rm(join(chain.folder, restoringFile), { force: true });
}
