import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "@weftkit/observe";
import { EndpointError } from "../client/errors.ts";
import type { Head, LeaseReply } from "../contract/messages.ts";

/** How often a lease that somebody else holds is asked for again; when it runs out sooner, then. */
const retryMs = { min: 100, max: 2000 } as const;

export interface ClaimOptions {
  /** Asks for the lease of a replica; rejects with `lease_held` and the head while another owner holds it. */
  claim(replica: string, handover: boolean, signal: AbortSignal | undefined): Promise<LeaseReply>;
  /** Who claims. */
  readonly owner: string;
  /** Whether an owner that lives is asked for its place. */
  readonly asksForHandover: boolean;
  readonly log: Logger;
  readonly signal: AbortSignal | undefined;
  /** Called when the boot has to wait for another owner. */
  onWaiting(why: string, holder?: string): void;
}

export interface Claimed {
  readonly replica: string;
  readonly lease: LeaseReply;
}

/** Claims one replica, and waits while its lease is another owner's: until it has run out, or was handed over. */
export async function claimReplica(replica: string, options: ClaimOptions): Promise<Claimed> {
  for (;;) {
    const result = await tryClaim(replica, options.asksForHandover, options);
    if (result.lease !== undefined) return { replica, lease: result.lease };
    await waitFor(replica, result, options);
  }
}

/**
 * Claims the lowest of so many replicas that nobody uses. A lease that is held may be that of a process that has died:
 * only one that is seen to be renewed is passed over, so that a state that nobody serves any more is taken up before an
 * empty one is begun. When all are used, one of their owners is asked for its place.
 */
export async function claimLowestFree(replicas: number, options: ClaimOptions): Promise<Claimed> {
  if (replicas === 1) return await claimReplica("0", options);
  const seen = new Map<string, string>();
  for (;;) {
    let isAnyUnknown = false;
    for (let number = 0; number < replicas && !isAnyUnknown; number++) {
      const replica = String(number);
      const result = await tryClaim(replica, false, options);
      if (result.lease !== undefined) return { replica, lease: result.lease };
      const now = lifeSignOf(result.holder);
      isAnyUnknown = (seen.get(replica) ?? now) === now;
      if (!seen.has(replica)) seen.set(replica, now);
      if (isAnyUnknown) {
        options.onWaiting(`replica ${replica} is held; waiting to see whether its owner lives`);
      }
    }
    if (!isAnyUnknown && options.asksForHandover) {
      const taken = await takeOver(replicas, options);
      if (taken !== undefined) return taken;
    }
    await delay(retryMs.max, undefined, { signal: options.signal });
  }
}

/** Asks the owner of the first replica that nobody else has asked for, and waits for it. */
async function takeOver(replicas: number, options: ClaimOptions): Promise<Claimed | undefined> {
  for (let number = 0; number < replicas; number++) {
    const replica = String(number);
    for (;;) {
      const result = await tryClaim(replica, true, options);
      if (result.lease !== undefined) return { replica, lease: result.lease };
      // Whoever has asked before us has that place.
      if (result.holder.successor?.owner !== options.owner) break;
      await waitFor(replica, result, options);
    }
  }
  return undefined;
}

async function waitFor(replica: string, { holder, serverTime }: Held, options: ClaimOptions): Promise<void> {
  const { owner, leaseUntil } = holder;
  const until = leaseUntil - serverTime;
  const waitMs = Math.min(retryMs.max, Math.max(retryMs.min, until > 0 ? until : retryMs.max / 4));
  const why = options.asksForHandover
    ? "it was asked for its place"
    : `until ${new Date(leaseUntil).toISOString()}`;
  options.onWaiting(`replica ${replica} is held by ${owner}; ${why}`, owner);
  await delay(waitMs, undefined, { signal: options.signal });
}

/** What changes when an owner renews. */
function lifeSignOf({ owner, leaseUntil }: Head): string {
  return `${owner} ${leaseUntil}`;
}

interface Held {
  readonly lease?: undefined;
  readonly holder: Head;
  readonly serverTime: number;
}

type Attempt = { readonly lease: LeaseReply } | Held;

async function tryClaim(
  replica: string,
  handover: boolean,
  { claim, signal }: ClaimOptions,
): Promise<Attempt> {
  try {
    return { lease: await claim(replica, handover, signal) };
  } catch (error) {
    const reply = error instanceof EndpointError && error.code === "lease_held" ? error.reply : undefined;
    if (reply?.head === undefined) throw error;
    return { holder: reply.head, serverTime: reply.serverTime };
  }
}
