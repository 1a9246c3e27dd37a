import type { Head } from "../contract/messages.ts";
import type { LocalState } from "./local-state.ts";

/** What a boot finds on the volume and behind the function. */
export interface BootFindings {
  /** Whether the volume holds data of any stream. */
  readonly hasData: boolean;
  readonly state: LocalState | undefined;
  /** Pushes in the outbox that may have been committed without our hearing of it: the names of their manifests. */
  readonly tried: readonly string[];
  readonly head: Head;
  readonly restoreOnBoot: "auto" | "always" | "never";
  /** The state to go back to, when that has not been done yet. */
  readonly restoreAt: string | undefined;
  /** A copy that was moved aside was put back by an operator: it is to be the newest state. */
  readonly isUnparked?: boolean;
}

/** What to do about it. */
export type BootDecision =
  /** The volume is where the chain is: go on, and push what the outbox holds. */
  | { readonly action: "continue"; readonly why: string }
  /** Nothing was ever pushed: keep the data there is, and begin a chain with it. */
  | { readonly action: "begin"; readonly why: string }
  /** Make the volume's state the newest, on top of the remote chain. */
  | { readonly action: "adopt"; readonly why: string }
  /** Take the remote state; data on the volume is moved aside first. */
  | { readonly action: "restore"; readonly why: string; readonly park: boolean }
  /** Starting would lose something, and the configuration forbids what would save it. */
  | { readonly action: "refuse"; readonly why: string };

/** Decides how a boot goes on. Never an empty start over an existing state, never an upload over a newer one. */
export function decideBoot(found: BootFindings): BootDecision {
  const { hasData, state, head, restoreOnBoot, restoreAt } = found;
  if (head.manifest === null) {
    if (restoreAt !== undefined) {
      return {
        action: "refuse",
        why: `there is no state to restore to ${restoreAt}: nothing was pushed yet`,
      };
    }
    const lost = state?.acknowledged.manifest !== undefined && state?.acknowledged.manifest !== null;
    return {
      action: "begin",
      why: lost
        ? `the remote state is gone (push ${state!.acknowledged.seq} was confirmed): it is pushed again from the volume`
        : hasData
          ? "nothing was pushed yet: the data on the volume will be"
          : "there is no state yet",
    };
  }
  if (found.isUnparked === true && hasData) {
    return {
      action: "adopt",
      why: `a parked copy was put back: it becomes the state after push ${head.seq}`,
    };
  }
  if (restoreAt !== undefined) return restore(found, `restore_at ${restoreAt} is asked for`);
  if (restoreOnBoot === "always") return restore(found, "restore_on_boot is always");
  const isSame = state?.acknowledged.manifest === head.manifest || found.tried.includes(head.manifest);
  if (hasData && isSame) return { action: "continue", why: `the volume is at push ${head.seq}` };
  if (!hasData) return restore(found, "the volume is empty");
  if (state === undefined) return restore(found, "the volume's data has no part in the remote chain");
  return restore(
    found,
    state.acknowledged.seq < head.seq
      ? `the volume is behind: push ${state.acknowledged.seq}, the remote state is push ${head.seq}`
      : `the volume has left the remote chain, which is at push ${head.seq}`,
  );
}

function restore({ hasData, restoreOnBoot, head }: BootFindings, why: string): BootDecision {
  if (restoreOnBoot === "never") {
    return {
      action: "refuse",
      why: `${why}, a state exists remotely (push ${head.seq}), and restore_on_boot is never: set it to auto, or choose another namespace or replica`,
    };
  }
  return { action: "restore", why, park: hasData };
}
