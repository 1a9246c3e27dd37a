import type { Deadline } from "@weftkit/core";
import type { LockKey, LockKind } from "./lock-kind.ts";

export interface LockOptions {
  /** Refuse with `lock_not_available` instead of waiting. */
  readonly nowait?: boolean;
  /** Give false instead of waiting. */
  readonly skipLocked?: boolean;
  /** Waiting for this one lock ends after so long with `lock_timeout`. */
  readonly timeoutMs?: number;
  /** Waiting ends here with `statement_timeout`. */
  readonly deadline?: Deadline | undefined;
  /** Ends waiting with `canceled`. */
  readonly signal?: AbortSignal | undefined;
  /** Grant it also where the row was changed after the transaction's snapshot (a referenced key that is unchanged). */
  readonly ignoresLaterChanges?: boolean;
}

/** Who holds locks: a transaction, or a session of an engine. */
export interface LockOwner {
  readonly id: number;
  readonly name: string;
}

/** Somebody who waits for a lock, or for the writer that a transaction holds. */
export interface LockWait {
  readonly owner: LockOwner;
  /** The name of the lock's kind, or "writer". */
  readonly kind: string;
  readonly scope: string;
  readonly key: LockKey;
  readonly mode: string;
  readonly sinceMs: number;
  /** Those who hold it, and those before it in the queue, as far as they conflict. */
  readonly blockers: readonly LockOwner[];
}

/** A lock that is held. */
export interface HeldLock {
  readonly owner: LockOwner;
  readonly kind: string;
  readonly scope: string;
  readonly key: LockKey;
  readonly mode: string;
}

/**
 * The locks of a store, in memory. A session's own locks (advisory ones) are taken here with its owner; a transaction
 * takes those that end with it by its own `lock`.
 */
export interface Locks {
  newOwner(name: string): LockOwner;
  acquire<Mode extends string>(
    owner: LockOwner,
    kind: LockKind<Mode>,
    scope: string,
    key: LockKey,
    mode: Mode,
    options?: LockOptions,
  ): Promise<boolean>;
  /** Gives back one acquisition; false when the owner has none. */
  release<Mode extends string>(
    owner: LockOwner,
    kind: LockKind<Mode>,
    scope: string,
    key: LockKey,
    mode: Mode,
  ): boolean;
  /** Gives back all that an owner holds; a transaction's own locks end with it. */
  releaseAll(owner: LockOwner): void;
  waits(): LockWait[];
  held(): HeldLock[];
}
