import type { Clock } from "@weftkit/core";
import type { Head, Limits } from "../contract/messages.ts";
import type { SignedFields } from "../contract/signing.ts";
import { ContractFailure } from "./contract-failure.ts";
import type { ObjectStore } from "./object-store.ts";
import type { SubtreeStore } from "./subtree-store.ts";

/** What an operation works with, besides its message. */
export interface OperationContext {
  readonly subtree: SubtreeStore;
  /** For presigned URLs only; everything else goes through `subtree`. */
  readonly store: ObjectStore;
  readonly fields: SignedFields;
  readonly limits: Limits;
  readonly ages: ObjectAges;
  readonly clock: Clock;
}

/**
 * What keeps an upload and a deletion from crossing: what nothing names is not deleted before it is old, and is not
 * built on any more well before that, but asked for again.
 */
export interface ObjectAges {
  /** `prune` deletes nothing that was written after this; milliseconds. */
  readonly pruneAfterMs: number;
  /** `begin` and `commit` take a part that nothing names for missing when it is older; milliseconds. */
  readonly reuseWithinMs: number;
}

/** One operation of the contract: a message in, a message out, failures thrown as ContractFailure. */
export type Operation<Request, Reply> = (request: Request, context: OperationContext) => Promise<Reply>;

/** @throws ContractFailure `fenced` or `head_moved` when the request is not from the newest epoch */
export function requireEpoch(head: Head, epoch: number): void {
  if (epoch < head.epoch) {
    const message = `epoch ${epoch} is over: ${head.owner} has claimed epoch ${head.epoch}`;
    throw new ContractFailure("fenced", message, { head });
  }
  if (epoch > head.epoch) {
    const message = `the store knows epoch ${head.epoch} only; claim the lease again`;
    throw new ContractFailure("head_moved", message, { head });
  }
}
