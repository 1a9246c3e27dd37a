import { KNOWN_MAX } from "./hashing.ts";
import { SEGMENT_MASK, SEGMENT_SHIFT, type Slab } from "./slab.ts";

const prefetched = new Uint32Array(KNOWN_MAX);

/**
 * A hash table of chained entries in the slab: an array of chain heads, 4 bytes a bucket, and in each entry its
 * successor and its hash. It grows and shrinks step by step, a few buckets per operation, so that no operation ever
 * pays for a whole resize; while it does, buckets below `rehashedTo` have moved to the second array.
 *
 * Buckets are a power of two, which is what makes the scan cursor work (see `scan`).
 *
 * An entry starts with two words: next address, hash. The rest belongs to the subclass.
 */
export abstract class ChainedTable {
  readonly slab: Slab;
  /** Number of entries. */
  size = 0;

  #buckets: Uint32Array;
  #newBuckets: Uint32Array | undefined;
  #rehashedTo = 0;
  readonly #minimum: number;

  constructor(slab: Slab, minimumBuckets: number) {
    this.slab = slab;
    this.#minimum = minimumBuckets;
    this.#buckets = new Uint32Array(minimumBuckets);
  }

  /** Frees an entry's memory; it is already unlinked. */
  protected abstract freeEntry(entry: number): void;

  /** The first entry of the chain in which an entry with this hash is, or 0. Also moves a resize one step on. */
  protected chainOf(hash: number): number {
    const moved = this.#newBuckets;
    if (moved === undefined) return this.#buckets[(hash & (this.#buckets.length - 1)) >>> 0]!;
    this.rehashStep(1);
    return this.#head(hash);
  }

  /**
   * Reads the first entries of the chains of some hashes, at most KNOWN_MAX, for nothing but to have them in the
   * processor's cache. Each loop asks for memory that does not depend on what it asked for before, so that all of it is
   * waited for at once.
   */
  prefetch(hashes: Int32Array, from: number, to: number): void {
    const { words } = this.slab;
    for (let i = from; i < to; i++) prefetched[i] = this.#head(hashes[i]!);
    for (let i = from; i < to; i++) {
      const entry = prefetched[i]!;
      prefetched[i] = words[entry >>> SEGMENT_SHIFT]![(entry & SEGMENT_MASK) << 1]!;
    }
    let sum = 0;
    for (let i = from; i < to; i++) {
      const entry = prefetched[i]!;
      sum ^= words[entry >>> SEGMENT_SHIFT]![(entry & SEGMENT_MASK) << 1]!;
    }
    // What is computed from them is kept, or the compiler would leave the last loop out.
    prefetched[from] = sum;
  }

  /** The first entry in the chain of a hash if it has this hash, or 0. Moves no resize on. */
  firstWith(hash: number): number {
    const entry = this.#head(hash);
    if (entry === 0) return 0;
    const found = this.slab.words[entry >>> SEGMENT_SHIFT]![((entry & SEGMENT_MASK) << 1) + 1]!;
    return found === hash ? entry : 0;
  }

  #head(hash: number): number {
    return this.#bucketsOf(hash)[this.#indexOf(hash)]!;
  }

  /** Adds an entry whose key is known to be absent. Its hash word must be set. */
  protected link(entry: number, hash: number): void {
    const buckets = this.#bucketsOf(hash);
    const index = (hash & (buckets.length - 1)) >>> 0;
    this.slab.words[entry >>> SEGMENT_SHIFT]![(entry & SEGMENT_MASK) << 1] = buckets[index]!;
    buckets[index] = entry;
    this.size++;
    if (this.#newBuckets !== undefined) this.rehashStep(1);
    else if (this.size > this.#buckets.length) this.#resize(this.#buckets.length * 2);
  }

  /** Takes an entry out of its chain, without freeing it. */
  protected unlink(entry: number): void {
    const words = this.slab.words[entry >>> SEGMENT_SHIFT]!;
    const at = (entry & SEGMENT_MASK) << 1;
    this.#redirect(words[at + 1]!, entry, words[at]!);
    this.size--;
    if (this.#newBuckets !== undefined) this.rehashStep(1);
    else if (this.size * 8 < this.#buckets.length && this.#buckets.length > this.#minimum) {
      this.#resize(Math.max(this.#minimum, 2 ** (32 - Math.clz32(this.size))));
    }
  }

  /** Puts `replacement`, a copy of `entry` with the same next and hash words, in its place in the chain. */
  protected relink(entry: number, replacement: number): void {
    const hash = this.slab.words[entry >>> SEGMENT_SHIFT]![((entry & SEGMENT_MASK) << 1) + 1]!;
    this.#redirect(hash, entry, replacement);
  }

  /** Bytes of the bucket arrays. */
  get bucketBytes(): number {
    return (this.#buckets.length + (this.#newBuckets?.length ?? 0)) * 4;
  }

  /** Moves up to `count` non-empty buckets of a resize; true while there is more to do. */
  rehashStep(count: number): boolean {
    const to = this.#newBuckets;
    if (to === undefined) return false;
    const from = this.#buckets;
    const { words } = this.slab;
    let index = this.#rehashedTo;
    let emptyLeft = count * 10;
    while (index < from.length) {
      let entry = from[index]!;
      if (entry === 0) {
        index++;
        if (--emptyLeft === 0) break;
        continue;
      }
      while (entry !== 0) {
        const segment = words[entry >>> SEGMENT_SHIFT]!;
        const at = (entry & SEGMENT_MASK) << 1;
        const next = segment[at]!;
        const target = (segment[at + 1]! & (to.length - 1)) >>> 0;
        segment[at] = to[target]!;
        to[target] = entry;
        entry = next;
      }
      from[index] = 0;
      index++;
      if (--count === 0) break;
    }
    this.#rehashedTo = index;
    if (index < from.length) return true;
    this.#buckets = to;
    this.#newBuckets = undefined;
    this.#rehashedTo = 0;
    return false;
  }

  /**
   * Visits the entries of one cursor position and returns the next cursor, 0 at the end. An entry that is in the
   * table during a whole scan is visited at least once, whatever resizes happen between the calls, because the
   * cursor counts with reversed bits: its high bits, those that a resize adds or drops, change first (the algorithm
   * of Redis's dictScan, by Pieter Noordhuis). The visitor must not change the table.
   */
  scan(cursor: number, visit: (entry: number) => void): number {
    let small = this.#buckets;
    let large = this.#newBuckets;
    if (large !== undefined && large.length < small.length) [small, large] = [large, small];
    const smallMask = small.length - 1;
    this.#visitChain(small[(cursor & smallMask) >>> 0]!, visit);
    if (large === undefined) return nextCursor(cursor, smallMask);
    const largeMask = large.length - 1;
    let at = cursor;
    do {
      this.#visitChain(large[(at & largeMask) >>> 0]!, visit);
      at = nextCursor(at, largeMask);
    } while ((at & (smallMask ^ largeMask)) !== 0);
    return at;
  }

  /** Visits every entry; the visitor must not change the table and returns whether to go on. */
  visitAll(visit: (entry: number) => boolean): void {
    const { words } = this.slab;
    for (const buckets of this.#newBuckets === undefined
      ? [this.#buckets]
      : [this.#buckets, this.#newBuckets]) {
      for (let index = 0; index < buckets.length; index++) {
        for (let entry = buckets[index]!; entry !== 0; ) {
          const next = words[entry >>> SEGMENT_SHIFT]![(entry & SEGMENT_MASK) << 1]!;
          if (!visit(entry)) return;
          entry = next;
        }
      }
    }
  }

  /** A random entry, 0 when empty: uniform up to the differences in chain length that 15 samples do not even out. */
  random(): number {
    const found = this.sample(15, randomSamples);
    return found === 0 ? 0 : randomSamples[Math.floor(Math.random() * found)]!;
  }

  /**
   * Fills `into` with up to `count` entries from neighbouring buckets at a random place; returns how many. May hold
   * an entry once only; finds fewer in a sparse table.
   */
  sample(count: number, into: Uint32Array | number[]): number {
    if (this.size === 0) return 0;
    const wanted = Math.min(count, this.size);
    const { words } = this.slab;
    const moved = this.#newBuckets;
    const span = Math.max(this.#buckets.length, moved?.length ?? 0);
    let at = Math.floor(Math.random() * span);
    let found = 0;
    for (let steps = 0; steps < span; steps++) {
      for (let t = 0; t < 2; t++) {
        const buckets = t === 0 ? this.#buckets : moved;
        if (buckets === undefined || at >= buckets.length) continue;
        for (let e = buckets[at]!; e !== 0; e = words[e >>> SEGMENT_SHIFT]![(e & SEGMENT_MASK) << 1]!) {
          if (found < wanted) into[found++] = e;
          else {
            // A long chain: let its later entries take a place too, or they would never be chosen.
            const place = Math.floor(Math.random() * (found + 1));
            if (place < wanted) into[place] = e;
          }
        }
      }
      if (found >= wanted) break;
      at = at + 1 === span ? 0 : at + 1;
    }
    return found;
  }

  /** Exchanges all entries with those of another table. */
  protected exchangeEntries(other: ChainedTable): void {
    const buckets = this.#buckets;
    const newBuckets = this.#newBuckets;
    const rehashedTo = this.#rehashedTo;
    const { size } = this;
    this.#buckets = other.#buckets;
    this.#newBuckets = other.#newBuckets;
    this.#rehashedTo = other.#rehashedTo;
    this.size = other.size;
    other.#buckets = buckets;
    other.#newBuckets = newBuckets;
    other.#rehashedTo = rehashedTo;
    other.size = size;
  }

  /** Frees all entries of up to `bucketCount` buckets; true when nothing is left. For deletion in slices. */
  clearSome(bucketCount: number): boolean {
    if (this.#newBuckets !== undefined) {
      while (this.rehashStep(1024));
    }
    const buckets = this.#buckets;
    let index = this.#rehashedTo;
    const end = Math.min(buckets.length, index + bucketCount);
    for (; index < end; index++) {
      for (let entry = buckets[index]!; entry !== 0; ) {
        const next = this.slab.words[entry >>> SEGMENT_SHIFT]![(entry & SEGMENT_MASK) << 1]!;
        this.freeEntry(entry);
        this.size--;
        entry = next;
      }
      buckets[index] = 0;
    }
    this.#rehashedTo = index;
    if (index < buckets.length) return false;
    this.#rehashedTo = 0;
    this.#buckets = new Uint32Array(this.#minimum);
    return true;
  }

  /** Frees all entries at once. */
  clear(): void {
    while (!this.clearSome(1 << 16));
  }

  #visitChain(head: number, visit: (entry: number) => void): void {
    const { words } = this.slab;
    for (let e = head; e !== 0; e = words[e >>> SEGMENT_SHIFT]![(e & SEGMENT_MASK) << 1]!) visit(e);
  }

  #indexOf(hash: number): number {
    return (hash & (this.#bucketsOf(hash).length - 1)) >>> 0;
  }

  #bucketsOf(hash: number): Uint32Array {
    const moved = this.#newBuckets;
    if (moved === undefined) return this.#buckets;
    return (hash & (this.#buckets.length - 1)) >>> 0 < this.#rehashedTo ? moved : this.#buckets;
  }

  /** Makes whatever points to `entry` point to `target`. */
  #redirect(hash: number, entry: number, target: number): void {
    const { words } = this.slab;
    const buckets = this.#bucketsOf(hash);
    const index = (hash & (buckets.length - 1)) >>> 0;
    let at = buckets[index]!;
    if (at === entry) {
      buckets[index] = target;
      return;
    }
    while (at !== 0) {
      const segment = words[at >>> SEGMENT_SHIFT]!;
      const next = (at & SEGMENT_MASK) << 1;
      at = segment[next]!;
      if (at === entry) {
        segment[next] = target;
        return;
      }
    }
    throw new Error("an entry is not in its chain: the table is corrupt");
  }

  #resize(length: number): void {
    this.#newBuckets = new Uint32Array(length);
    this.#rehashedTo = 0;
  }
}

const randomSamples = new Uint32Array(15);

/** Increments the bits of `cursor` under `mask` from the highest down; bits above the mask are set first. */
function nextCursor(cursor: number, mask: number): number {
  return reverseBits((reverseBits((cursor | ~mask) >>> 0) + 1) >>> 0);
}

function reverseBits(value: number): number {
  let v = value;
  v = ((v >>> 1) & 0x55555555) | ((v & 0x55555555) << 1);
  v = ((v >>> 2) & 0x33333333) | ((v & 0x33333333) << 2);
  v = ((v >>> 4) & 0x0f0f0f0f) | ((v & 0x0f0f0f0f) << 4);
  v = ((v >>> 8) & 0x00ff00ff) | ((v & 0x00ff00ff) << 8);
  return ((v >>> 16) | (v << 16)) >>> 0;
}
