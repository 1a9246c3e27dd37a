import { contractRevision, type Head, type LeaseReply, type LeaseRequest } from "../contract/messages.ts";
import { clockWindowMs } from "../contract/signing.ts";
import { changeHead } from "./change-head.ts";
import { ContractFailure } from "./contract-failure.ts";
import type { Operation } from "./operation.ts";
import type { SubtreeStore } from "./subtree-store.ts";

/** `POST /lease` */
export const lease: Operation<LeaseRequest, LeaseReply> = async (
  request,
  { subtree, limits, clock, fields },
) => {
  if (request.action !== "claim" && request.epoch !== fields.epoch) {
    throw new ContractFailure("bad_request", "the epoch in the body is not the one in the header");
  }
  let held: ContractFailure | undefined;
  const change = async (before: Head | undefined): Promise<Head> => {
    const now = clock.wallMs();
    const { leaseMs } = limits;
    held = undefined;
    if (request.action === "claim") {
      if (before === undefined) return await firstHead(subtree, request, now, leaseMs);
      const answer = claimed(before, request, now, leaseMs);
      held = answer.held;
      return answer.head;
    }
    const owned = requireOwner(before, request);
    if (request.action === "release") return owned.leaseUntil === 0 ? owned : { ...owned, leaseUntil: 0 };
    // A renewal that arrives after its owner's release must not keep the next owner waiting.
    if (owned.leaseUntil === 0) throw fenced("the lease was released; claim it again", owned);
    return { ...owned, owner: request.next ?? owned.owner, leaseUntil: now + leaseMs };
  };
  const repairs = request.action === "claim" && request.lost !== undefined;
  const head = await changeHead(subtree, change, { repairs });
  if (held !== undefined) throw held;
  const { epoch, leaseUntil } = head;
  return { epoch, leaseUntil, head, limits, serverTime: clock.wallMs(), revision: contractRevision };
};

type Claim = Extract<LeaseRequest, { readonly action: "claim" }>;

/** Where there is none: of a new subtree, or of one whose head was lost, which goes on where the volume knows it. */
async function firstHead(
  subtree: SubtreeStore,
  { owner, lost }: Claim,
  now: number,
  leaseMs: number,
): Promise<Head> {
  const place = { version: 1, owner, leaseUntil: now + leaseMs } as const;
  if (lost === undefined) return { ...place, epoch: 1, seq: 0, manifest: null, time: 0 };
  const { seq, manifest, epoch } = lost;
  const found = await subtree.findManifest(manifest).catch(asUnreadable);
  // A store that does not have it is another one, or has lost too much: the volume pushes all of it again.
  if (found?.manifest.seq !== seq) return { ...place, epoch: epoch + 1, seq: 0, manifest: null, time: 0 };
  return { ...place, epoch: epoch + 1, seq, manifest, time: now };
}

function asUnreadable(error: unknown): undefined {
  if ((error as { code?: string }).code !== "damaged") throw error;
  return undefined;
}

/** The head after a claim, or, where the lease is another's, the head as it is to be and the refusal. */
function claimed(
  head: Head,
  { owner, known = [], handover }: Claim,
  now: number,
  leaseMs: number,
): { readonly head: Head; readonly held?: ContractFailure } {
  const leaseUntil = now + leaseMs;
  // A lease that ends later than any lease can was given by a clock that was wrong; nobody waits for that.
  const isValid = head.leaseUntil > now && head.leaseUntil <= now + leaseMs + clockWindowMs;
  // The same owner again is the same claim, whose reply was lost.
  if (isValid && head.owner === owner) return { head: { ...head, leaseUntil } };
  const wanted = validSuccessor(head, now, leaseMs);
  const isReserved = wanted !== undefined && wanted.owner !== owner;
  // A volume that comes back has what was not pushed, unless it has given its place away.
  const isComingBack = known.includes(head.owner) && head.leaseUntil !== 0;
  if ((isValid && !isComingBack) || (!isValid && isReserved && !isComingBack)) {
    const held = leaseHeld(head, now);
    // One waits for the place at a time, and is written down again when half of its time is over.
    const isNoted = wanted !== undefined && (isReserved || wanted.until - now > leaseMs / 2);
    if (handover !== true || isNoted) return { head, held };
    const asked = { ...head, successor: { owner, until: leaseUntil } };
    return { head: asked, held: leaseHeld(asked, now) };
  }
  const { successor, ...rest } = head;
  const kept = isReserved && successor !== undefined ? { successor } : {};
  return { head: { ...rest, epoch: head.epoch + 1, owner, leaseUntil, ...kept } };
}

/** Who has asked for the place; undefined when nobody has, or it was too long ago. */
function validSuccessor({ successor }: Head, now: number, leaseMs: number): Head["successor"] {
  if (successor === undefined || successor.until <= now) return undefined;
  return successor.until <= now + leaseMs + clockWindowMs ? successor : undefined;
}

function leaseHeld(head: Head, now: number): ContractFailure {
  const message =
    head.leaseUntil > now
      ? `${head.owner} holds the lease for ${Math.ceil((head.leaseUntil - now) / 1000)} s more`
      : `the place is kept for ${head.successor?.owner}, who has asked for it`;
  return new ContractFailure("lease_held", message, { head });
}

function requireOwner(head: Head | undefined, request: Exclude<LeaseRequest, Claim>): Head {
  if (head === undefined) throw fenced("nobody has claimed this subtree");
  const { owner, epoch } = request;
  if (head.owner === owner && head.epoch === epoch) return head;
  // The same renewal again, whose reply was lost.
  const isRenewed = request.action === "renew" && head.owner === request.next && head.epoch === epoch;
  if (isRenewed) return head;
  throw fenced(`the subtree belongs to ${head.owner} since epoch ${head.epoch}`, head);
}

function fenced(message: string, head?: Head): ContractFailure {
  return new ContractFailure("fenced", message, head && { head });
}
