import { WeftkitError } from "@weftkit/core";
import { canceledError, deadlockError, lockTimeoutError, statementTimeoutError } from "../store-error.ts";
import { edgesOf, findCycle, type WriterHolder } from "./deadlock.ts";
import { type Acquired, LockEntry, type LockRequest, Owner } from "./lock-entry.ts";
import { type LockKey, type LockKind, rowKey } from "./lock-kind.ts";
import type { HeldLock, LockOptions, LockOwner, Locks, LockWait } from "./types.ts";

export interface LockTableOptions {
  /** Who has waited for so long looks for a circle of waiting. */
  readonly deadlockTimeoutMs: number;
  /** So many locks there may be in all. */
  readonly locksMax: number;
  readonly writerHolder: WriterHolder;
}

/** See `Locks`. Everything is synchronous but the waiting. */
export class LockTable implements Locks {
  readonly #options: LockTableOptions;
  /** By kind and scope, then by key. */
  readonly #scopes = new Map<string, Map<string | number, LockEntry>>();
  readonly #waiting = new Set<Owner>();
  #size = 0;

  constructor(options: LockTableOptions) {
    this.#options = options;
  }

  newOwner(name: string): Owner {
    return new Owner(name);
  }

  /**
   * Takes a lock if nobody has to be waited for, and notes it in `log`.
   *
   * @throws WeftkitError `too_many_locks`
   */
  tryAcquire<Mode extends string>(
    owner: Owner,
    kind: LockKind<Mode>,
    scope: string,
    key: LockKey,
    mode: Mode,
    log: Acquired[],
  ): boolean {
    const entry = this.#entry(kind, scope, key);
    const bit = kind.bit[mode];
    if (!kind.isCounted && entry.holds(owner, bit)) return true;
    if (!entry.placeOf(owner, kind.conflictBits[mode]).isGrantable) return false;
    entry.add(owner, bit);
    log.push({ entry, bit });
    return true;
  }

  /** As `acquire`, for a transaction, which keeps the log of what ends with it. `cancel` gets a way to end waiting. */
  async acquireFor<Mode extends string>(
    owner: Owner,
    kind: LockKind<Mode>,
    scope: string,
    key: LockKey,
    mode: Mode,
    options: LockOptions,
    log: Acquired[],
    cancel: (end: ((error: WeftkitError) => void) | undefined) => void,
  ): Promise<boolean> {
    if (options.signal?.aborted) throw canceledError();
    if (this.tryAcquire(owner, kind, scope, key, mode, log)) return true;
    if (options.skipLocked) return false;
    if (options.nowait) this.refuse(kind, scope);
    if (options.deadline?.remainingMs() === 0) throw statementTimeoutError();
    const entry = this.#entry(kind, scope, key);
    const bit = kind.bit[mode];
    try {
      await this.#wait(owner, entry, mode, kind.conflictBits[mode], options, cancel, () => {
        // At once, not when the promise is looked at: the owner may be ended in between, and gives back what the log has.
        log.push({ entry, bit });
      });
    } finally {
      cancel(undefined);
    }
    return true;
  }

  acquire<Mode extends string>(
    owner: LockOwner,
    kind: LockKind<Mode>,
    scope: string,
    key: LockKey,
    mode: Mode,
    options: LockOptions = {},
  ): Promise<boolean> {
    const holder = owner as Owner;
    return this.acquireFor(holder, kind, scope, key, mode, options, holder.own, () => {});
  }

  release<Mode extends string>(
    owner: LockOwner,
    kind: LockKind<Mode>,
    scope: string,
    key: LockKey,
    mode: Mode,
  ): boolean {
    const { own } = owner as Owner;
    const entry = this.#scopes.get(scopeName(kind, scope))?.get(rowKey(key));
    const bit = kind.bit[mode];
    const index = own.findLastIndex((acquired) => acquired.entry === entry && acquired.bit === bit);
    if (index === -1) return false;
    this.releaseAcquired(owner as Owner, own.splice(index, 1));
    return true;
  }

  releaseAll(owner: LockOwner): void {
    this.releaseAcquired(owner as Owner, (owner as Owner).own.splice(0));
  }

  /** Gives back what a log says, and grants what others have waited for. */
  releaseAcquired(owner: Owner, log: readonly Acquired[]): void {
    for (let index = log.length - 1; index >= 0; index--) {
      const { entry, bit } = log[index]!;
      if (entry.remove(owner, bit)) this.#settle(entry);
    }
  }

  waits(): LockWait[] {
    return [...this.#waiting].map((owner) => {
      const { writerHolder } = this.#options;
      const blockers = [...new Set([...edgesOf(owner, writerHolder)].map((edge) => edge.to))];
      const request = owner.waiting;
      if (request === undefined) {
        const sinceMs = owner.writerSinceMs ?? 0;
        return { owner, kind: "writer", scope: "", key: "", mode: "exclusive", sinceMs, blockers };
      }
      const { entry, mode, sinceMs } = request;
      return { owner, kind: entry.kind.name, scope: entry.scope, key: entry.key, mode, sinceMs, blockers };
    });
  }

  held(): HeldLock[] {
    const held: HeldLock[] = [];
    for (const keys of this.#scopes.values()) {
      for (const { kind, scope, key, holdings } of keys.values()) {
        for (const [owner, { bits }] of holdings) {
          for (const mode of kind.modes) {
            if ((bits & kind.bit[mode]!) !== 0) held.push({ owner, kind: kind.name, scope, key, mode });
          }
        }
      }
    }
    return held;
  }

  /**
   * Notes that an owner waits for the writer, which a transaction may keep to its end. The function that is returned
   * must be called when the waiting has ended. A circle through it is found by the one who keeps it: it waits for a lock.
   */
  writerWait(owner: Owner): () => void {
    owner.writerSinceMs = performance.now();
    this.#waiting.add(owner);
    return () => {
      owner.writerSinceMs = undefined;
      this.#waiting.delete(owner);
    };
  }

  /** @throws WeftkitError `lock_not_available` */
  refuse(kind: LockKind, scope: string): never {
    throw notAvailable(kind, scope);
  }

  #wait(
    owner: Owner,
    entry: LockEntry,
    mode: string,
    conflictBits: number,
    { timeoutMs, deadline, signal }: LockOptions,
    cancel: (end: (error: WeftkitError) => void) => void,
    granted: () => void,
  ): Promise<void> {
    if (owner.waiting !== undefined) throw new TypeError("an owner of locks waits for one at a time");
    return new Promise<void>((resolve, reject) => {
      const settled = () => {
        clearTimeout(deadlock);
        clearTimeout(timeout);
        signal?.removeEventListener("abort", aborted);
        deadline?.signal.removeEventListener("abort", late);
        owner.waiting = undefined;
        this.#waiting.delete(owner);
      };
      const refuse = (error: WeftkitError) => {
        settled();
        const index = entry.queue.indexOf(request);
        if (index !== -1) entry.queue.splice(index, 1);
        reject(error);
        this.#settle(entry);
      };
      const request: LockRequest = {
        owner,
        entry,
        mode,
        bit: entry.kind.bit[mode]!,
        conflictBits,
        sinceMs: performance.now(),
        grant: () => {
          settled();
          granted();
          resolve();
        },
      };
      const aborted = () => refuse(canceledError());
      const late = () => refuse(statementTimeoutError());
      const look = () => {
        if (!this.#solve(owner)) refuse(deadlockError());
        // A circle is closed by somebody who begins to wait for a lock, and looks itself; or for the writer, and does not.
        else if (this.#options.writerHolder() === owner) deadlock.refresh();
      };
      const deadlock = setTimeout(look, this.#options.deadlockTimeoutMs);
      const timeout =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => refuse(lockTimeoutError("another transaction holds the lock")), timeoutMs);
      signal?.addEventListener("abort", aborted, { once: true });
      deadline?.signal.addEventListener("abort", late, { once: true });
      entry.queue.splice(entry.placeOf(owner, conflictBits).place, 0, request);
      owner.waiting = request;
      this.#waiting.add(owner);
      cancel(refuse);
    });
  }

  /**
   * Looks for circles of waiting through `owner`. Where somebody is a part of one only because it stands behind
   * another in a queue, it goes before that one. Returns false when a circle is left: the owner must give up.
   */
  #solve(owner: Owner): boolean {
    // Each pass moves one request forward; more passes than requests would go round in circles.
    for (let passes = this.#waiting.size; passes >= 0; passes--) {
      const cycle = findCycle(owner, this.#options.writerHolder);
      if (cycle === undefined) return true;
      const soft = cycle.find((edge) => edge.behind !== undefined);
      if (soft === undefined) return false;
      const request = soft.from.waiting!;
      const { entry } = request;
      entry.queue.splice(entry.queue.indexOf(request), 1);
      entry.queue.splice(entry.queue.indexOf(soft.behind!), 0, request);
      this.#settle(entry);
    }
    return false;
  }

  #entry(kind: LockKind, scope: string, key: LockKey): LockEntry {
    const name = scopeName(kind, scope);
    let keys = this.#scopes.get(name);
    if (keys === undefined) {
      keys = new Map();
      this.#scopes.set(name, keys);
    }
    const normal = rowKey(key);
    let entry = keys.get(normal);
    if (entry === undefined) {
      if (this.#size >= this.#options.locksMax) throw tooMany(this.#options.locksMax);
      entry = new LockEntry(kind, scope, key);
      keys.set(normal, entry);
      this.#size++;
    }
    return entry;
  }

  #settle(entry: LockEntry): void {
    if (entry.queue.length > 0) for (const request of entry.takeGrantable()) request.grant();
    if (!entry.isUnused) return;
    const name = scopeName(entry.kind, entry.scope);
    const keys = this.#scopes.get(name);
    const normal = rowKey(entry.key);
    if (keys?.get(normal) !== entry) return;
    keys.delete(normal);
    this.#size--;
    if (keys.size === 0) this.#scopes.delete(name);
  }
}

function scopeName(kind: LockKind, scope: string): string {
  return `${kind.name}\0${scope}`;
}

function notAvailable(kind: LockKind, scope: string): WeftkitError {
  return new WeftkitError(
    "lock_not_available",
    `the ${kind.name} lock in ${scope} is held by another transaction: try again, or wait for it`,
  );
}

function tooMany(locksMax: number): WeftkitError {
  return new WeftkitError(
    "too_many_locks",
    `${locksMax} locks are held already: end transactions, or lock whole tables instead of rows`,
  );
}
