import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { formatBytes, WeftkitError } from "@weftkit/core";
import type { PartCipher } from "../contract/encryption.ts";
import type { LeaseReply, RestoreReply } from "../contract/messages.ts";
import { subtreeOf } from "../contract/names.ts";
import { parseManifest } from "../contract/parse-manifest.ts";
import type { Cursor } from "../stream.ts";
import { type BootFindings, decideBoot } from "./boot-decision.ts";
import { claimLowestFree, claimReplica } from "./claim.ts";
import type { PersistContext } from "./context.ts";
import { writeSynced } from "./durable-files.ts";
import type { Endpoint } from "./endpoint.ts";
import { type NamedManifest, nameText } from "./manifest-chain.ts";
import { parkLocalState } from "./parked.ts";
import { Restorer } from "./restorer.ts";

/** A volume that is whole does not wait longer for a function that does not answer. */
const patienceMs = 10_000;

/** Stands in the folder while streams are being restored: what they hold then is no state of anybody's. */
const restoringFile = "restoring";

/** Where an engine stands after its boot. */
export interface Booted {
  readonly subtree: string;
  readonly endpoint: Endpoint;
  readonly cipher: PartCipher | undefined;
  /** Undefined when the function did not answer and the volume is whole: the lease is claimed later. */
  readonly lease: LeaseReply | undefined;
  /** The `restore_at` that the state was taken back to, ever. */
  readonly restoredAt: string | undefined;
}

/**
 * Claims the subtree, compares the volume with the remote state, and restores where the volume is not the newer one.
 *
 * @throws WeftkitError `restore_refused` when starting would lose something
 */
export async function boot(context: PersistContext, signal?: AbortSignal): Promise<Booted> {
  const { chain, settings, log } = context;
  await removeRemnants(context);
  const isWhole =
    (await hasData(context)) &&
    chain.state !== undefined &&
    (chain.state.acknowledged.manifest === null || chain.acknowledged !== undefined) &&
    settings.restoreOnBoot === "auto" &&
    settings.restoreAt === chain.state.restoredAt;
  try {
    const patience = isWhole ? AbortSignal.timeout(patienceMs) : undefined;
    const { subtree, lease } = await claim(context, anyOf(signal, patience));
    return { subtree, ...(await settle(context, subtree, lease, signal)) };
  } catch (error) {
    if (!isWhole || signal?.aborted === true || !isOutage(error)) throw error;
    const { subtree } = chain.state!;
    log.warn(
      { err: error, subtree },
      "the persistence function does not answer: serving from the volume, which is whole, and claiming the lease later",
    );
    const restoredAt = chain.acknowledged?.manifest.restoredAt;
    const cipher = await context.cipherOf(subtree);
    return { subtree, endpoint: context.connect(subtree), cipher, lease: undefined, restoredAt };
  } finally {
    context.waiting(undefined);
  }
}

/** Claims the subtree of a volume that was served without a lease. Rejects when the chain has moved on without it. */
export async function claimLater(
  context: PersistContext,
  subtree: string,
  endpoint: Endpoint,
  signal?: AbortSignal,
): Promise<LeaseReply> {
  const lease = await claimOrFence(context, subtree, endpoint, signal);
  const found = await findings(context, subtree, lease);
  const { action, why } = decideBoot({ ...found, restoreOnBoot: "auto", restoreAt: undefined });
  if (action !== "continue" && found.state?.acknowledged.manifest !== null) {
    throw new WeftkitError("fenced", `this volume is not the newest state any more: ${why}`);
  }
  await takeUp(context, lease, undefined);
  return lease;
}

/** A lease of another owner is not waited for here: this process takes writes, and must not go on with that. */
async function claimOrFence(
  context: PersistContext,
  subtree: string,
  endpoint: Endpoint,
  signal: AbortSignal | undefined,
): Promise<LeaseReply> {
  try {
    return await endpoint.claim(context.owner, signal);
  } catch (error) {
    if ((error as { code?: string }).code !== "lease_held") throw error;
    throw new WeftkitError("fenced", `${subtree} was claimed while this process served without a lease`, {
      cause: error,
    });
  }
}

async function claim(
  context: PersistContext,
  signal: AbortSignal | undefined,
): Promise<{ subtree: string; lease: LeaseReply }> {
  const { settings, chain, engine, owner, log } = context;
  const nameOf = (replica: string) => subtreeOf(settings.namespace, engine, replica);
  const options = {
    claim: (replica: string) => context.connect(nameOf(replica)).claim(owner, signal),
    log,
    signal,
    onWaiting: (why: string) => context.waiting(why),
  };
  const known = chain.state?.subtree;
  const remembered = known?.startsWith(nameOf("0").slice(0, -1)) ? known.split("/").at(-1) : undefined;
  const replica = settings.replica ?? remembered;
  const claimed = await (replica === undefined ? claimLowestFree(options) : claimReplica(replica, options));
  return { subtree: nameOf(claimed.replica), lease: claimed.lease };
}

async function findings(context: PersistContext, subtree: string, lease: LeaseReply): Promise<BootFindings> {
  const { chain, settings } = context;
  const isOurs = chain.state?.subtree === subtree;
  return {
    hasData: await hasData(context),
    state: isOurs ? chain.state : undefined,
    tried: isOurs ? triedManifests(context).map(({ sha256 }) => sha256) : [],
    head: lease.head,
    restoreOnBoot: settings.restoreOnBoot,
    restoreAt: settings.restoreAt,
  };
}

async function settle(
  context: PersistContext,
  subtree: string,
  lease: LeaseReply,
  signal: AbortSignal | undefined,
): Promise<Omit<Booted, "subtree">> {
  const { chain, settings, log } = context;
  const endpoint = context.connect(subtree);
  const cipher = await context.cipherOf(subtree);
  const remote = await remoteManifest(context, endpoint, lease, signal);
  const restoredBefore = chain.state?.restoredAt ?? remote?.manifest.restoredAt;
  const restoreAt = settings.restoreAt === restoredBefore ? undefined : settings.restoreAt;
  const found = { ...(await findings(context, subtree, lease)), restoreAt };
  const decision = decideBoot(found);
  log.info({ subtree, epoch: lease.epoch, action: decision.action }, `persistence: ${decision.why}`);
  switch (decision.action) {
    case "refuse":
      throw new WeftkitError("restore_refused", decision.why);
    case "continue":
      await takeUp(context, lease, remote);
      break;
    case "begin":
      // A chain that was begun and not yet pushed goes on; any other begins with the first capture.
      if (found.state === undefined || found.state.acknowledged.manifest !== null) {
        await chain.adopt(subtree, undefined, {});
      }
      break;
    case "restore": {
      if (decision.park) {
        const folder = await parkLocalState(
          context.dataDir,
          context.streams,
          chain,
          context.clock.wallMs(),
          log,
        );
        log.warn(
          { folder },
          "the volume's state was moved aside; remove the folder when nothing in it is missed",
        );
      }
      const cursors = await restoreStreams(context, { endpoint, cipher }, remote!, restoreAt, signal);
      await chain.adopt(subtree, remote, restoreAt === undefined ? cursors : {}, restoreAt ?? restoredBefore);
      await rm(join(chain.folder, restoringFile), { force: true });
    }
  }
  return { endpoint, cipher, lease, restoredAt: restoreAt ?? restoredBefore };
}

/** The volume is on the remote chain: notes a push whose confirmation was lost. */
async function takeUp(
  { chain, ...context }: PersistContext,
  { head }: LeaseReply,
  remote: NamedManifest | undefined,
): Promise<void> {
  if (head.manifest === null || chain.state?.acknowledged.manifest === head.manifest) {
    if (chain.acknowledged === undefined && remote !== undefined) await chain.remember(remote);
    return;
  }
  const tried = triedManifests({ chain }).find(({ sha256 }) => sha256 === head.manifest);
  const entry = chain.outbox.entries.find(({ seq }) => seq === tried?.manifest.seq);
  if (tried === undefined || entry === undefined) return;
  context.log.info({ seq: entry.seq }, "a push whose confirmation was lost had succeeded");
  await chain.acknowledge(entry, tried);
}

function triedManifests({ chain }: Pick<PersistContext, "chain">): readonly NamedManifest[] {
  return chain.outbox.entries.flatMap((entry) => {
    const text = chain.outbox.triedManifest(entry);
    return text === undefined ? [] : [nameText(text)];
  });
}

/** The manifest that the head names, from the volume or from the function. */
async function remoteManifest(
  { chain }: PersistContext,
  endpoint: Endpoint,
  { head }: LeaseReply,
  signal: AbortSignal | undefined,
): Promise<NamedManifest | undefined> {
  if (head.manifest === null) return undefined;
  if (chain.acknowledged?.sha256 === head.manifest) return chain.acknowledged;
  return (await fetchManifest(endpoint, { manifest: head.manifest }, signal)).named;
}

async function fetchManifest(
  endpoint: Endpoint,
  which: { at?: string; manifest?: string },
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

async function restoreStreams(
  context: PersistContext,
  { endpoint, cipher }: Pick<Booted, "endpoint" | "cipher">,
  remote: NamedManifest,
  restoreAt: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Record<string, Cursor>> {
  const { chain, log, streams } = context;
  const which = restoreAt === undefined ? { manifest: remote.sha256 } : { at: restoreAt };
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
async function removeRemnants({ chain, dataDir, streams }: PersistContext): Promise<void> {
  const marker = join(chain.folder, restoringFile);
  if (!existsSync(marker)) return;
  const folder = join(dataDir, "restore-remnants");
  await mkdir(folder, { recursive: true });
  for (const stream of streams) if (!(await stream.isEmpty())) await stream.park(folder);
  await rm(folder, { recursive: true, force: true });
  await rm(marker);
}

async function hasData({ streams }: PersistContext): Promise<boolean> {
  for (const stream of streams) if (!(await stream.isEmpty())) return true;
  return false;
}

/** Whether the function could not be reached, as against having answered something that settles the matter. */
function isOutage(error: unknown): boolean {
  const { code, name } = error as { code?: string; name?: string };
  return (
    name === "TimeoutError" ||
    ["unreachable", "store_failed", "unavailable", "too_many_requests"].includes(code ?? "")
  );
}

function anyOf(...signals: readonly (AbortSignal | undefined)[]): AbortSignal | undefined {
  const given = signals.filter((signal) => signal !== undefined);
  return given.length === 0 ? undefined : AbortSignal.any(given);
}
