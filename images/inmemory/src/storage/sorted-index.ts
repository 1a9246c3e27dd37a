import { compareBytes } from "../protocol/bytes.ts";
import type { ByteMap } from "./byte-map.ts";

const CHUNK_ENTRIES = 256;
/** Below this a chunk looks for a neighbour to merge with. */
const CHUNK_SPARSE = CHUNK_ENTRIES / 4;
const GROUP_CHUNKS = 128;

/** Neighbouring elements, in order. */
class Chunk {
  readonly scores = new Float64Array(CHUNK_ENTRIES);
  readonly entries = new Uint32Array(CHUNK_ENTRIES);
  size = 0;
}

/** Neighbouring chunks, and how many elements they have together. */
class Group {
  readonly chunks: Chunk[] = [];
  /** The first score of each chunk: a search looks at these, side by side, and not at the chunks. */
  readonly firsts = new Float64Array(GROUP_CHUNKS + 1);
  size = 0;

  insertChunk(index: number, chunk: Chunk): void {
    this.firsts.copyWithin(index + 1, index, this.chunks.length);
    this.chunks.splice(index, 0, chunk);
    this.noteFirst(index);
  }

  removeChunk(index: number): void {
    this.chunks.splice(index, 1);
    this.firsts.copyWithin(index, index + 1, this.chunks.length + 1);
  }

  /** The chunk at an index has another first element. */
  noteFirst(index: number): void {
    this.firsts[index] = this.chunks[index]!.scores[0]!;
  }

  /** Moves the chunks from an index on into a new group. */
  split(index: number): Group {
    const next = new Group();
    for (const chunk of this.chunks.splice(index)) {
      next.insertChunk(next.chunks.length, chunk);
      next.size += chunk.size;
    }
    this.size -= next.size;
    return next;
  }
}

/**
 * The order of a large sorted set: by score, then by the member's bytes (memcmp). Elements are entries of a ByteMap.
 * They sit in sorted chunks of up to 256 and those in groups of up to 128, so that a search is three binary ones, an
 * insertion moves at most a few KiB, and a rank is the sum of group and chunk sizes before it: a few hundred
 * additions for ten million elements.
 */
export class SortedIndex {
  size = 0;
  readonly #map: ByteMap;
  #groups: Group[] = [];
  // Where the last search ended.
  #group = 0;
  #chunk = 0;
  #at = 0;

  constructor(map: ByteMap) {
    this.#map = map;
  }

  get overheadBytes(): number {
    let chunks = 0;
    for (const group of this.#groups) chunks += group.chunks.length;
    return chunks * (CHUNK_ENTRIES * 12 + 200) + this.#groups.length * (GROUP_CHUNKS * 8 + 200);
  }

  /** Adds an entry of the map, which is not yet in the index. */
  insert(entry: number, score: number): void {
    if (this.#groups.length === 0) {
      const first = new Group();
      first.insertChunk(0, new Chunk());
      this.#groups.push(first);
    }
    this.#seekEntry(entry, score);
    let group = this.#groups[this.#group]!;
    let chunk = group.chunks[this.#chunk]!;
    if (chunk.size === CHUNK_ENTRIES) {
      this.#splitChunk();
      group = this.#groups[this.#group]!;
      chunk = group.chunks[this.#chunk]!;
    }
    const at = this.#at;
    chunk.scores.copyWithin(at + 1, at, chunk.size);
    chunk.entries.copyWithin(at + 1, at, chunk.size);
    chunk.scores[at] = score;
    chunk.entries[at] = entry;
    if (at === 0) group.noteFirst(this.#chunk);
    chunk.size++;
    group.size++;
    this.size++;
  }

  /** Takes out an entry, which is there with this score. */
  remove(entry: number, score: number): void {
    this.#seekEntry(entry, score);
    this.#cut(1);
  }

  /** Changes an entry's score. */
  move(entry: number, from: number, to: number): void {
    this.#seekEntry(entry, from);
    const chunk = this.#groups[this.#group]!.chunks[this.#chunk]!;
    const at = this.#at;
    // Between its neighbours it can stay where it is.
    if (at > 0 && at + 1 < chunk.size && chunk.scores[at - 1]! < to && to < chunk.scores[at + 1]!) {
      chunk.scores[at] = to;
      return;
    }
    this.#cut(1);
    this.insert(entry, to);
  }

  /** Takes out `count` entries from a rank on, calling `removed` with each. */
  removeRange(rank: number, count: number, removed: (entry: number) => void): void {
    let left = count;
    while (left > 0) {
      this.#seekRank(rank);
      const chunk = this.#groups[this.#group]!.chunks[this.#chunk]!;
      const taken = Math.min(left, chunk.size - this.#at);
      for (let i = this.#at; i < this.#at + taken; i++) removed(chunk.entries[i]!);
      this.#cut(taken);
      left -= taken;
    }
  }

  /** The rank of an entry that is there with this score. */
  rankOf(entry: number, score: number): number {
    this.#seekEntry(entry, score);
    return this.#rank();
  }

  /** The number of elements with a lower score, or with `orEqual` a lower or equal one. */
  rankOfScore(score: number, orEqual: boolean): number {
    if (orEqual) return this.#countWhile((chunk, at) => chunk.scores[at]! <= score);
    return this.#countWhile((chunk, at) => chunk.scores[at]! < score);
  }

  /** As `rankOfScore`, by member: for sets whose scores are all the same. */
  rankOfMember(bytes: Buffer, offset: number, length: number, orEqual: boolean): number {
    const map = this.#map;
    return this.#countWhile((chunk, at) => {
      const entry = chunk.entries[at]!;
      const order = compareBytes(
        map.bytesOf(entry),
        map.keyOffset(entry),
        map.keyLength(entry),
        bytes,
        offset,
        length,
      );
      return orEqual ? order <= 0 : order < 0;
    });
  }

  /** Visits `count` elements from a rank on, or backwards from it. */
  each(
    rank: number,
    count: number,
    isBackward: boolean,
    visit: (entry: number, score: number) => void,
  ): void {
    if (count === 0) return;
    this.#seekRank(rank);
    let left = count;
    let g = this.#group;
    let c = this.#chunk;
    let chunk = this.#groups[g]!.chunks[c]!;
    let at = this.#at;
    for (;;) {
      visit(chunk.entries[at]!, chunk.scores[at]!);
      if (--left === 0) return;
      if (isBackward) {
        if (--at >= 0) continue;
        if (--c < 0) c = this.#groups[--g]!.chunks.length - 1;
        chunk = this.#groups[g]!.chunks[c]!;
        at = chunk.size - 1;
      } else {
        if (++at < chunk.size) continue;
        if (++c === this.#groups[g]!.chunks.length) {
          c = 0;
          g++;
        }
        chunk = this.#groups[g]!.chunks[c]!;
        at = 0;
      }
    }
  }

  clear(): void {
    this.#groups = [];
    this.size = 0;
  }

  // ---- searching -------------------------------------------------------------------------------------------------

  /** Ends at an entry's place: where it is, or where it would go. */
  #seekEntry(entry: number, score: number): void {
    const map = this.#map;
    const bytes = map.bytesOf(entry);
    const offset = map.keyOffset(entry);
    const length = map.keyLength(entry);
    const groups = this.#groups;
    let low = 0;
    let high = groups.length - 1;
    // The last group, then chunk, that starts before or at the entry.
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#startsAfter(groups[middle]!, 0, score, bytes, offset, length)) high = middle - 1;
      else low = middle;
    }
    this.#group = low;
    const group = groups[low]!;
    low = 0;
    high = group.chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#startsAfter(group, middle, score, bytes, offset, length)) high = middle - 1;
      else low = middle;
    }
    this.#chunk = low;
    const chunk = group.chunks[low]!;
    low = 0;
    high = chunk.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#order(chunk, middle, score, bytes, offset, length) < 0) low = middle + 1;
      else high = middle;
    }
    this.#at = low;
  }

  /** Whether a chunk's first element comes after another one. */
  #startsAfter(
    group: Group,
    index: number,
    score: number,
    bytes: Buffer,
    offset: number,
    length: number,
  ): boolean {
    const first = group.firsts[index]!;
    if (first !== score) return first > score;
    return this.#order(group.chunks[index]!, 0, score, bytes, offset, length) > 0;
  }

  #order(chunk: Chunk, at: number, score: number, bytes: Buffer, offset: number, length: number): number {
    const own = chunk.scores[at]!;
    if (own !== score) return own < score ? -1 : 1;
    const map = this.#map;
    const entry = chunk.entries[at]!;
    return compareBytes(
      map.bytesOf(entry),
      map.keyOffset(entry),
      map.keyLength(entry),
      bytes,
      offset,
      length,
    );
  }

  /** How many elements from the first on satisfy a condition that holds for none after them. */
  #countWhile(holds: (chunk: Chunk, at: number) => boolean): number {
    const groups = this.#groups;
    if (groups.length === 0) return 0;
    let low = 0;
    let high = groups.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (holds(groups[middle]!.chunks[0]!, 0)) low = middle;
      else high = middle - 1;
    }
    this.#group = low;
    const { chunks } = groups[low]!;
    low = 0;
    high = chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (holds(chunks[middle]!, 0)) low = middle;
      else high = middle - 1;
    }
    this.#chunk = low;
    const chunk = chunks[low]!;
    low = 0;
    high = chunk.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds(chunk, middle)) low = middle + 1;
      else high = middle;
    }
    this.#at = low;
    return this.#rank();
  }

  #rank(): number {
    let rank = this.#at;
    for (let g = 0; g < this.#group; g++) rank += this.#groups[g]!.size;
    const { chunks } = this.#groups[this.#group]!;
    for (let c = 0; c < this.#chunk; c++) rank += chunks[c]!.size;
    return rank;
  }

  #seekRank(rank: number): void {
    const groups = this.#groups;
    let rest = rank;
    let g = 0;
    while (rest >= groups[g]!.size) rest -= groups[g++]!.size;
    const { chunks } = groups[g]!;
    let c = 0;
    while (rest >= chunks[c]!.size) rest -= chunks[c++]!.size;
    this.#group = g;
    this.#chunk = c;
    this.#at = rest;
  }

  // ---- changing --------------------------------------------------------------------------------------------------

  /** Takes `count` elements out of the current chunk, from the current place on. */
  #cut(count: number): void {
    const group = this.#groups[this.#group]!;
    const chunk = group.chunks[this.#chunk]!;
    const at = this.#at;
    chunk.scores.copyWithin(at, at + count, chunk.size);
    chunk.entries.copyWithin(at, at + count, chunk.size);
    chunk.size -= count;
    group.size -= count;
    this.size -= count;
    if (chunk.size === 0) {
      group.removeChunk(this.#chunk);
      if (group.chunks.length === 0) this.#groups.splice(this.#group, 1);
      return;
    }
    if (at === 0) group.noteFirst(this.#chunk);
    if (chunk.size < CHUNK_SPARSE) this.#merge(group, this.#chunk);
  }

  /** Joins a sparse chunk with the one after it, or before it, if that leaves some room. */
  #merge(group: Group, index: number): void {
    for (const first of [index, index - 1]) {
      const left = group.chunks[first];
      const right = group.chunks[first + 1];
      if (left === undefined || right === undefined) continue;
      if (left.size + right.size > CHUNK_ENTRIES / 2) continue;
      left.scores.set(right.scores.subarray(0, right.size), left.size);
      left.entries.set(right.entries.subarray(0, right.size), left.size);
      left.size += right.size;
      group.removeChunk(first + 1);
      return;
    }
  }

  /** Makes room in the full chunk of the current place, and moves the place along. */
  #splitChunk(): void {
    const group = this.#groups[this.#group]!;
    const chunk = group.chunks[this.#chunk]!;
    const isAppend = this.#at === CHUNK_ENTRIES;
    // Members that come in order fill their chunks.
    const kept = isAppend ? CHUNK_ENTRIES : CHUNK_ENTRIES / 2;
    const second = new Chunk();
    second.scores.set(chunk.scores.subarray(kept));
    second.entries.set(chunk.entries.subarray(kept));
    second.size = CHUNK_ENTRIES - kept;
    chunk.size = kept;
    group.insertChunk(this.#chunk + 1, second);
    if (this.#at > kept || isAppend) {
      this.#chunk++;
      this.#at -= kept;
    }
    if (group.chunks.length <= GROUP_CHUNKS) return;
    const half = this.#group === this.#groups.length - 1 && isAppend ? GROUP_CHUNKS : GROUP_CHUNKS / 2;
    this.#groups.splice(this.#group + 1, 0, group.split(half));
    if (this.#chunk >= half) {
      this.#group++;
      this.#chunk -= half;
    }
  }
}
