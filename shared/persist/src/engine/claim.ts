import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "@weftkit/observe";
import { EndpointError } from "../client/errors.ts";
import type { Head, LeaseReply } from "../contract/messages.ts";

/** How often a lease that somebody else holds is asked for again; when it runs out sooner, then. */
const retryMs = { min: 100, max: 2000 } as const;

/** Replicas beyond this number are not looked for. */
const replicasMax = 1000;

export interface ClaimOptions {
  /** Asks for the lease of a replica; rejects with `lease_held` and the head while another owner holds it. */
  claim(replica: string, signal: AbortSignal | undefined): Promise<LeaseReply>;
  readonly log: Logger;
  readonly signal: AbortSignal | undefined;
  /** Called when the boot has to wait for another owner's lease to run out. */
  onWaiting(why: string): void;
}

export interface Claimed {
  readonly replica: string;
  readonly lease: LeaseReply;
}

/** Claims one replica, and waits while its lease is another owner's: after a crash, until it has run out. */
export async function claimReplica(replica: string, options: ClaimOptions): Promise<Claimed> {
  for (;;) {
    const result = await tryClaim(replica, options);
    if (result.lease !== undefined) return { replica, lease: result.lease };
    const { owner, leaseUntil } = result.holder;
    const waitMs = Math.min(retryMs.max, Math.max(retryMs.min, leaseUntil - result.serverTime));
    options.onWaiting(`replica ${replica} is held by ${owner} until ${new Date(leaseUntil).toISOString()}`);
    await delay(waitMs, undefined, { signal: options.signal });
  }
}

/**
 * Claims the lowest replica that nobody uses. A lease that is held may be that of a process that has died: only one
 * that is seen to be renewed is passed over, so that a state that nobody serves any more is taken up before an empty
 * one is begun.
 */
export async function claimLowestFree(options: ClaimOptions): Promise<Claimed> {
  const seen = new Map<string, number>();
  for (;;) {
    for (let number = 0; number < replicasMax; number++) {
      const replica = String(number);
      const result = await tryClaim(replica, options);
      if (result.lease !== undefined) return { replica, lease: result.lease };
      const { leaseUntil } = result.holder;
      const before = seen.get(replica);
      if (before === undefined) seen.set(replica, leaseUntil);
      if (before === undefined || before === leaseUntil) {
        options.onWaiting(`replica ${replica} is held; waiting to see whether its owner lives`);
        break;
      }
    }
    await delay(retryMs.max, undefined, { signal: options.signal });
  }
}

type Attempt =
  | { readonly lease: LeaseReply }
  | { readonly lease?: undefined; readonly holder: Head; readonly serverTime: number };

async function tryClaim(replica: string, { claim, signal }: ClaimOptions): Promise<Attempt> {
  try {
    return { lease: await claim(replica, signal) };
  } catch (error) {
    const reply = error instanceof EndpointError && error.code === "lease_held" ? error.reply : undefined;
    if (reply?.head === undefined) throw error;
    return { holder: reply.head, serverTime: reply.serverTime };
  }
}
