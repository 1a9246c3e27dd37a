import type { Head, LeaseReply, LeaseRequest } from "../contract/messages.ts";
import { clockWindowMs } from "../contract/signing.ts";
import { changeHead } from "./change-head.ts";
import { ContractFailure } from "./contract-failure.ts";
import type { Operation } from "./operation.ts";

/** `POST /lease` */
export const lease: Operation<LeaseRequest, LeaseReply> = async (
  request,
  { subtree, limits, clock, fields },
) => {
  if (request.action !== "claim" && request.epoch !== fields.epoch) {
    throw new ContractFailure("bad_request", "the epoch in the body is not the one in the header");
  }
  const head = await changeHead(subtree, (before) => {
    const now = clock.wallMs();
    const leaseUntil = now + limits.leaseMs;
    if (request.action === "claim") return claimed(before, request.owner, now, leaseUntil, limits.leaseMs);
    const owned = requireOwner(before, request);
    if (request.action === "release") return owned.leaseUntil === 0 ? owned : { ...owned, leaseUntil: 0 };
    // A renewal that arrives after its owner's release must not keep the next owner waiting.
    if (owned.leaseUntil === 0) throw fenced("the lease was released; claim it again", owned);
    return { ...owned, leaseUntil };
  });
  return { epoch: head.epoch, leaseUntil: head.leaseUntil, head, limits, serverTime: clock.wallMs() };
};

function claimed(
  head: Head | undefined,
  owner: string,
  now: number,
  leaseUntil: number,
  leaseMs: number,
): Head {
  if (head === undefined) return { version: 1, epoch: 1, owner, leaseUntil, seq: 0, manifest: null, time: 0 };
  // A lease that ends later than any lease can was given by a clock that was wrong; nobody waits for that.
  const isValid = head.leaseUntil > now && head.leaseUntil <= now + leaseMs + clockWindowMs;
  // The same owner again is the same claim, whose reply was lost.
  if (isValid && head.owner === owner) return { ...head, leaseUntil };
  if (isValid) {
    const message = `${head.owner} holds the lease for ${Math.ceil((head.leaseUntil - now) / 1000)} s more`;
    throw new ContractFailure("lease_held", message, { head });
  }
  return { ...head, epoch: head.epoch + 1, owner, leaseUntil };
}

function requireOwner(
  head: Head | undefined,
  { owner, epoch }: { readonly owner: string; readonly epoch: number },
): Head {
  if (head === undefined) throw fenced("nobody has claimed this subtree");
  if (head.owner === owner && head.epoch === epoch) return head;
  throw fenced(`the subtree belongs to ${head.owner} since epoch ${head.epoch}`, head);
}

function fenced(message: string, head?: Head): ContractFailure {
  return new ContractFailure("fenced", message, head && { head });
}
