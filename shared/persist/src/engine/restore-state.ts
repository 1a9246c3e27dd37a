import { existsSync } from "node:fs";
import { mkdir, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { formatBytes, WeftkitError, writeSynced } from "@weftkit/core";
import type { PartCipher } from "../contract/encryption.ts";
import type { RestoreReply } from "../contract/messages.ts";
import { parseManifest } from "../contract/parse-manifest.ts";
import type { BuiltState, Cursor } from "../stream.ts";
import type { PersistContext } from "./context.ts";
import type { Endpoint } from "./endpoint.ts";
import { type NamedManifest, nameText } from "./manifest-chain.ts";
import { Restorer } from "./restorer.ts";

/** How often it is said how far a restore is. */
const toldEveryMs = 2000;

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

/** A whole state, built beside what the volume holds. */
export interface RestoredState {
  readonly named: NamedManifest;
  /** Puts it in place, the volume being empty; the cursors from which captures go on, once the chain has adopted it. */
  install(): Promise<Record<string, Cursor>>;
}

/**
 * Builds the streams of a state. Everything that can keep it from being restored shows before anything on the volume is
 * touched: it can be built, or this rejects and nothing has changed.
 */
export async function buildState(
  context: PersistContext,
  { endpoint, cipher }: { endpoint: Endpoint; cipher: PartCipher | undefined },
  which: Which,
  signal: AbortSignal | undefined,
): Promise<RestoredState> {
  const { chain, log, streams } = context;
  const { named, urls } = await fetchManifest(endpoint, which, signal);
  const { manifest } = named;
  if (manifest.engine !== context.engine) {
    throw new WeftkitError("chain_broken", `the state at ${manifest.subtree} is ${manifest.engine}'s`);
  }
  const key = requireKey(cipher, named);
  const wanted = Object.entries(manifest.streams).filter(([, { pieces }]) => pieces.length > 0);
  const unknown = wanted.find(([name]) => !streams.some((stream) => stream.name === name));
  if (unknown !== undefined) {
    throw new WeftkitError(
      "chain_broken",
      `the state has a stream "${unknown[0]}" that this version does not know: start the version that wrote it`,
    );
  }
  const total = wanted.flatMap(([, { pieces }]) => pieces).reduce((sum, { bytes }) => sum + bytes, 0);
  await requireSpace(context.dataDir, total);
  const restorer = new Restorer(endpoint, join(chain.folder, "incoming"), key, urls);
  const report = progressOf(context, total);
  const started = context.clock.monotonicMs();
  const built = new Map<string, BuiltState>();
  try {
    for (const [name, { pieces }] of wanted) {
      const stream = streams.find((candidate) => candidate.name === name)!;
      const state = await stream.build(restorer.fetch(pieces, report.received, signal), {
        fetch: (content, index, part) =>
          restorer.fetchPart(content, index, part, report.receivedBeside, signal),
      });
      built.set(name, state);
    }
  } catch (error) {
    for (const state of built.values()) await state.discard();
    throw withAdvice(error, context.dataDir);
  }
  return {
    named,
    install: async () => {
      await writeSynced(join(chain.folder, restoringFile), named.sha256);
      const cursors: Record<string, Cursor> = {};
      for (const [name, state] of built) cursors[name] = await state.install();
      const ms = Math.round(context.clock.monotonicMs() - started);
      const at = new Date(manifest.time).toISOString();
      log.info({ seq: manifest.seq, at, bytes: report.bytes(), ms }, "the state is restored");
      return cursors;
    },
  };
}

/** @throws WeftkitError `disk_full` when not even what is to be fetched would fit */
async function requireSpace(dataDir: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dataDir);
  const free = bavail * bsize;
  if (free >= bytes) return;
  throw new WeftkitError(
    "disk_full",
    `the state to restore has ${formatBytes(bytes)} compressed, and the volume of ${dataDir} only ${formatBytes(free)} free: enlarge it, or remove what is in ${join(dataDir, "parked")}`,
  );
}

/** The disk was full after all: said so that somebody can do something about it. */
function withAdvice(error: unknown, dataDir: string): unknown {
  const { code } = error as { code?: string };
  if (code !== "ENOSPC" && code !== "EDQUOT" && code !== "SQLITE_FULL") return error;
  const message = `the volume of ${dataDir} became full while a state was restored: enlarge it, or remove what is in ${join(dataDir, "parked")}; nothing on it was changed`;
  return new WeftkitError("disk_full", message, { cause: error });
}

interface Progress {
  received(bytes: number): void;
  /** Of what the manifest does not count: parts of blobs. */
  receivedBeside(bytes: number): void;
  bytes(): number;
}

/** Says by readiness how far a restore is, and how long it takes; seldom, as each time it is logged as well. */
function progressOf({ clock, waiting, log }: PersistContext, total: number): Progress {
  const startedMs = clock.monotonicMs();
  let [done, beside, toldMs] = [0, 0, Number.NEGATIVE_INFINITY];
  const tell = () => {
    const now = clock.monotonicMs();
    if (now - toldMs < toldEveryMs) return;
    toldMs = now;
    const share = total === 0 ? 1 : Math.min(1, done / total);
    const leftMs = share === 0 ? undefined : ((now - startedMs) / share) * (1 - share);
    const left = leftMs === undefined ? "" : `, ${Math.ceil(leftMs / 1000)} s to go`;
    const also = beside === 0 ? "" : ` and ${formatBytes(beside)} of blobs`;
    const why = `restoring: ${Math.floor(share * 100)}% of ${formatBytes(total)}${also}${left}`;
    waiting(why);
    log.info(why);
  };
  return {
    received(bytes) {
      done += bytes;
      tell();
    },
    receivedBeside(bytes) {
      beside += bytes;
      tell();
    },
    bytes: () => done + beside,
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
