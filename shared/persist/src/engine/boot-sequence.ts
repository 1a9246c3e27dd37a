import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { WeftkitError } from "@weftkit/core";
import type { PartCipher } from "../contract/encryption.ts";
import { knownOwnersMax, type LeaseReply, type LostHead } from "../contract/messages.ts";
import { subtreeOf } from "../contract/names.ts";
import { type BootFindings, decideBoot } from "./boot-decision.ts";
import type { Chain } from "./chain.ts";
import { claimLowestFree, claimReplica } from "./claim.ts";
import type { PersistContext } from "./context.ts";
import type { Endpoint } from "./endpoint.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import { processMs } from "./lease-times.ts";
import { type NamedManifest, nameText } from "./manifest-chain.ts";
import { hostOf, writeOwners } from "./owners.ts";
import { parkLocalState, unparkedMarker } from "./parked.ts";
import { buildState, fetchManifest, removeRemnants, restoreDone } from "./restore-state.ts";

/** A volume that is whole does not wait longer for a function that does not answer. */
const patienceMs = 10_000;
/** How long until a function that is away is asked again, beyond the attempts of each call. */
const awayMs = 2000;

/** A lease, and who renews it from the moment it was claimed: a restore may take longer than it holds. */
export interface HeldLease {
  readonly claimed: LeaseReply;
  readonly keeper: LeaseKeeper;
}

/** Where an engine stands after its boot. */
export interface Booted {
  readonly subtree: string;
  readonly endpoint: Endpoint;
  readonly cipher: PartCipher | undefined;
  /** Undefined when the function did not answer and the volume is whole: the lease is claimed later. */
  readonly lease: HeldLease | undefined;
  /** The host whose owner had the place before, and gave it away. */
  readonly predecessor?: string | undefined;
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
    const { subtree, endpoint, ...lease } = isWhole
      ? await claim(context, anyOf(signal, patience))
      : await claimAtLast(context, signal);
    return await settleOrRelease(context, subtree, endpoint, lease, signal);
  } catch (error) {
    if (!isWhole || signal?.aborted === true || !isAway(error)) throw error;
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
  betweenCaptures: (work: () => Promise<void>) => Promise<void>,
  signal?: AbortSignal,
): Promise<HeldLease> {
  const askedMs = processMs();
  const claimed = await claimOrFence(context, subtree, endpoint, signal);
  const found = await findings(context, subtree, claimed);
  const { action, why } = decideBoot({ ...found, restoreOnBoot: "auto", restoreAt: undefined });
  // Where the store has lost everything, all of it is pushed again.
  if (action === "begin" && found.state?.acknowledged.manifest !== null) {
    await betweenCaptures(() => context.chain.adopt(subtree, undefined, {}));
  }
  if (action !== "continue" && action !== "begin") {
    throw new WeftkitError("fenced", `this volume is not the newest state any more: ${why}`);
  }
  await takeUp(context, claimed, undefined);
  return { claimed, keeper: keep(context, subtree, endpoint, { claimed, askedMs }) };
}

function lostHeadOf({ acknowledged }: Chain): LostHead | undefined {
  if (acknowledged === undefined) return undefined;
  const {
    sha256: manifest,
    manifest: { epoch, seq },
  } = acknowledged;
  return { epoch, seq, manifest };
}

interface Claim {
  readonly claimed: LeaseReply;
  /** When it was asked for, by `processMs`. */
  readonly askedMs: number;
  readonly predecessor?: string | undefined;
}

function keep(
  context: PersistContext,
  subtree: string,
  endpoint: Endpoint,
  { claimed, askedMs }: Claim,
): LeaseKeeper {
  const { owner, ownersPath, log } = context;
  const connection = context.leaseConnection(subtree);
  return new LeaseKeeper(claimed, { endpoint, owner, ownersPath, connection, askedMs, log });
}

/** Claims under our name, which is on the volume before it is in the head. */
async function claimAs(
  { owner, knownOwners, ownersPath, chain }: PersistContext,
  subtree: string,
  endpoint: Endpoint,
  handover: boolean,
  signal: AbortSignal | undefined,
): Promise<LeaseReply> {
  await writeOwners(ownersPath, [...knownOwners, owner].slice(-knownOwnersMax));
  const lost = chain.state?.subtree === subtree ? lostHeadOf(chain) : undefined;
  return await endpoint.claim(owner, { known: knownOwners, lost, handover, signal });
}

/** A lease of another owner is not waited for here: this process takes writes, and must not go on with that. */
async function claimOrFence(
  context: PersistContext,
  subtree: string,
  endpoint: Endpoint,
  signal: AbortSignal | undefined,
): Promise<LeaseReply> {
  try {
    return await claimAs(context, subtree, endpoint, false, signal);
  } catch (error) {
    if ((error as { code?: string }).code !== "lease_held") throw error;
    throw new WeftkitError("fenced", `${subtree} was claimed while this process served without a lease`, {
      cause: error,
    });
  }
}

/**
 * Claims however long the function is away: an empty start could hide a state. A key that it does not know, and answers
 * of something in its place, are told and waited for as well, because both are mended without this volume.
 */
async function claimAtLast(
  context: PersistContext,
  signal: AbortSignal | undefined,
): ReturnType<typeof claim> {
  for (;;) {
    try {
      return await claim(context, signal);
    } catch (error) {
      if (signal?.aborted === true || !isAway(error)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      context.log.error({ err: error }, "the persistence function cannot be used yet; waiting for it");
      context.waiting(`waiting for the persistence function: ${reason}`);
      await delay(awayMs, undefined, { signal });
    }
  }
}

async function claim(
  context: PersistContext,
  signal: AbortSignal | undefined,
): Promise<{ subtree: string; endpoint: Endpoint } & Claim> {
  const { settings, chain, engine, owner, log } = context;
  const nameOf = (replica: string) => subtreeOf(settings.namespace, engine, replica);
  const endpoints = new Map<string, Endpoint>();
  const endpointOf = (replica: string) => {
    const endpoint = endpoints.get(replica) ?? context.connect(nameOf(replica));
    endpoints.set(replica, endpoint);
    return endpoint;
  };
  let askedMs = 0;
  let predecessor: string | undefined;
  const options = {
    claim: (replica: string, handover: boolean) => {
      askedMs = processMs();
      return claimAs(context, nameOf(replica), endpointOf(replica), handover, signal);
    },
    owner,
    asksForHandover: settings.asksForHandover,
    log,
    signal,
    onWaiting: (why: string, holder: string | undefined) => {
      predecessor = holder === undefined ? predecessor : hostOf(holder);
      context.waiting(why);
    },
  };
  const known = chain.state?.subtree;
  const remembered = known?.startsWith(nameOf("0").slice(0, -1)) ? known.split("/").at(-1) : undefined;
  const replica = settings.replica ?? remembered;
  try {
    const claimed = await (replica === undefined
      ? claimLowestFree(settings.replicas, options)
      : claimReplica(replica, options));
    const endpoint = endpointOf(claimed.replica);
    endpoints.delete(claimed.replica);
    return { subtree: nameOf(claimed.replica), endpoint, claimed: claimed.lease, askedMs, predecessor };
  } finally {
    for (const other of endpoints.values()) other.close();
  }
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
    isUnparked: existsSync(unparkedMarker(context.dataDir)),
  };
}

/** Settles what a claimed subtree and the volume have to do with each other, and renews the lease meanwhile. */
async function settleOrRelease(
  context: PersistContext,
  subtree: string,
  endpoint: Endpoint,
  claim: Claim,
  signal: AbortSignal | undefined,
): Promise<Booted> {
  const { claimed } = claim;
  const keeper = keep(context, subtree, endpoint, claim);
  try {
    const settled = await settle(context, subtree, endpoint, claimed, anyOf(signal, keeper.lost));
    const { predecessor } = claim;
    return { subtree, endpoint, lease: { claimed, keeper }, predecessor, ...settled };
  } catch (error) {
    await keeper.abandon(true);
    endpoint.close();
    throw error;
  }
}

async function settle(
  context: PersistContext,
  subtree: string,
  endpoint: Endpoint,
  lease: LeaseReply,
  signal: AbortSignal | undefined,
): Promise<Pick<Booted, "cipher" | "restoredAt">> {
  const { chain, settings, log } = context;
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
    case "adopt":
      // What is on the volume becomes the newest state: the next push is a base of it.
      await chain.adopt(subtree, remote, {}, restoredBefore);
      await rm(unparkedMarker(context.dataDir), { force: true });
      break;
    case "begin":
      // A chain that was begun and not yet pushed goes on; any other begins with the first capture.
      if (found.state === undefined || found.state.acknowledged.manifest !== null) {
        await chain.adopt(subtree, undefined, {});
      }
      break;
    case "restore": {
      const which = restoreAt === undefined ? { manifest: remote!.sha256 } : { at: restoreAt };
      // Only when the whole state is there is the volume's own moved aside.
      const restored = await buildState(context, { endpoint, cipher }, which, signal);
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
      const cursors = await restored.install();
      await chain.adopt(subtree, remote, restoreAt === undefined ? cursors : {}, restoreAt ?? restoredBefore);
      await restoreDone(context);
    }
  }
  return { cipher, restoredAt: restoreAt ?? restoredBefore };
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

async function hasData({ streams }: PersistContext): Promise<boolean> {
  for (const stream of streams) if (!(await stream.isEmpty())) return true;
  return false;
}

/** Whether there may be an answer later, without anything being done here. */
function isAway(error: unknown): boolean {
  return (
    isOutage(error) || ["bad_signature", "forged_reply"].includes((error as { code?: string }).code ?? "")
  );
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
