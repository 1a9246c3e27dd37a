import type { NodeSet } from "../index/dense-index.ts";

/** The nodes that match a filter. */
export class FilterSet implements NodeSet {
  words = new Uint32Array(32);
  version = 0;
  /** How many there are. */
  count = 0;
  /** Whether it is asked for again: then indexes keep its bits. */
  isKept = false;

  has(node: number): boolean {
    return (((this.words[node >>> 5] ?? 0) >>> (node & 31)) & 1) === 1;
  }

  set(node: number, isIn: boolean): void {
    const word = node >>> 5;
    if (word >= this.words.length) {
      if (!isIn) return;
      const larger = new Uint32Array(Math.max(word + 1, this.words.length * 2));
      larger.set(this.words);
      this.words = larger;
    }
    const bit = 1 << (node & 31);
    const before = this.words[word]!;
    const after = isIn ? before | bit : before & ~bit;
    if (after === before || after >>> 0 === before) return;
    this.words[word] = after;
    this.count += isIn ? 1 : -1;
    this.version++;
  }

  *nodes(): IterableIterator<number> {
    for (let word = 0; word < this.words.length; word++) {
      for (let bits = this.words[word]!; bits !== 0; bits &= bits - 1) {
        yield word * 32 + (31 - Math.clz32(bits & -bits));
      }
    }
  }
}
