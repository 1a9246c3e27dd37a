import type { LockKey, LockKind } from "./lock-kind.ts";
import type { LockOwner } from "./types.ts";

/** One acquisition, in the order in which they were made. */
export interface Acquired {
  readonly entry: LockEntry;
  readonly bit: number;
}

let lastId = 0;

/** Who holds locks, and the one it waits for. */
export class Owner implements LockOwner {
  readonly id = ++lastId;
  readonly name: string;
  /** What it took for itself, not for a transaction. */
  readonly own: Acquired[] = [];
  /** At most one at a time: an owner is one line of work. */
  waiting: LockRequest | undefined;
  /** Set while it waits for the writer: since when. */
  writerSinceMs: number | undefined;

  constructor(name: string) {
    this.name = name;
  }
}

/** A request that waits. */
export interface LockRequest {
  readonly owner: Owner;
  readonly entry: LockEntry;
  readonly mode: string;
  readonly bit: number;
  readonly conflictBits: number;
  readonly sinceMs: number;
  grant(): void;
}

interface Holding {
  bits: number;
  /** How often each mode was taken, by the index of the mode; of counted kinds only. */
  readonly counts: number[] | undefined;
}

/** One thing that is locked: who holds it in which modes, and who waits in which order. */
export class LockEntry {
  readonly kind: LockKind;
  readonly scope: string;
  readonly key: LockKey;
  readonly holdings = new Map<Owner, Holding>();
  queue: LockRequest[] = [];
  /** How many owners hold each mode, by its index: what others hold is known without looking at each of them. */
  readonly #holders: number[];
  #heldBits = 0;

  constructor(kind: LockKind, scope: string, key: LockKey) {
    this.kind = kind;
    this.scope = scope;
    this.key = key;
    this.#holders = kind.modes.map(() => 0);
  }

  get isUnused(): boolean {
    return this.holdings.size === 0 && this.queue.length === 0;
  }

  holds(owner: Owner, bit: number): boolean {
    return ((this.holdings.get(owner)?.bits ?? 0) & bit) !== 0;
  }

  /** Whether somebody else holds a mode of these. */
  isHeldByOthers(owner: Owner, conflictBits: number): boolean {
    const held = this.#heldBits & conflictBits;
    if (held === 0) return false;
    const own = this.holdings.get(owner)?.bits ?? 0;
    if ((held & ~own) !== 0) return true;
    for (let index = 0, bit = 1; bit <= held; index++, bit <<= 1) {
      if ((held & bit) !== 0 && this.#holders[index]! > 1) return true;
    }
    return false;
  }

  /**
   * Where in the queue a request has its place: at the end, but before those that wait for what its owner holds
   * already, as they cannot go on before it. `isGrantable`: nothing keeps it from being granted there at once.
   */
  placeOf(owner: Owner, conflictBits: number): { readonly place: number; readonly isGrantable: boolean } {
    const own = this.holdings.get(owner)?.bits ?? 0;
    let place = this.queue.length;
    if (own !== 0) {
      const index = this.queue.findIndex((waiting) => (waiting.conflictBits & own) !== 0);
      if (index !== -1) place = index;
    }
    let ahead = 0;
    if (this.kind.isFair) for (let index = 0; index < place; index++) ahead |= this.queue[index]!.bit;
    return {
      place,
      isGrantable: (ahead & conflictBits) === 0 && !this.isHeldByOthers(owner, conflictBits),
    };
  }

  add(owner: Owner, bit: number): void {
    let holding = this.holdings.get(owner);
    if (holding === undefined) {
      holding = { bits: 0, counts: this.kind.isCounted ? this.kind.modes.map(() => 0) : undefined };
      this.holdings.set(owner, holding);
    }
    const index = 31 - Math.clz32(bit);
    if (holding.counts !== undefined) holding.counts[index]!++;
    if ((holding.bits & bit) !== 0) return;
    holding.bits |= bit;
    this.#heldBits |= bit;
    this.#holders[index]!++;
  }

  /** Returns whether the owner held it. */
  remove(owner: Owner, bit: number): boolean {
    const holding = this.holdings.get(owner);
    if (holding === undefined || (holding.bits & bit) === 0) return false;
    const index = 31 - Math.clz32(bit);
    if (holding.counts !== undefined && --holding.counts[index]! > 0) return true;
    holding.bits &= ~bit;
    if (holding.bits === 0) this.holdings.delete(owner);
    if (--this.#holders[index]! === 0) this.#heldBits &= ~bit;
    return true;
  }

  /** Takes out of the queue, in its order, all that can be granted now, and makes them holders. */
  takeGrantable(): LockRequest[] {
    const granted: LockRequest[] = [];
    const waiting: LockRequest[] = [];
    let ahead = 0;
    for (const request of this.queue) {
      if ((ahead & request.conflictBits) === 0 && !this.isHeldByOthers(request.owner, request.conflictBits)) {
        this.add(request.owner, request.bit);
        granted.push(request);
      } else {
        ahead |= request.bit;
        waiting.push(request);
      }
    }
    if (granted.length > 0) this.queue = waiting;
    return granted;
  }
}
