import type { Position } from "./types.ts";

/** The part of a history that one run of the process has written: what comes after a sequence number. */
export interface Epoch {
  readonly epoch: number;
  readonly after: number | bigint;
}

/** Whether a position is of this history, and if not, why. */
export function faultOf(
  { epoch, sequence }: Position,
  epochs: readonly Epoch[],
  oldest: number | bigint,
  newest: number | bigint,
): string | undefined {
  const index = epochs.findIndex((one) => one.epoch === epoch);
  if (sequence < BigInt(oldest)) return `they were forgotten up to ${oldest}`;
  if (index === -1) return "the database was restored to another state, or has forgotten that time";
  // Before its first is no fault: an epoch goes on from all that was there when it began.
  const last = epochs[index + 1]?.after ?? newest;
  return sequence > BigInt(last) ? `that history ended at ${last}, as the database was restored` : undefined;
}
