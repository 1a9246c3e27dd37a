import { VectorError } from "../errors.ts";
import { Arena } from "./arena.ts";
import { type Kernel, kernelOf } from "./kernel.ts";
import {
  chunkNodes,
  type Distance,
  distanceKinds,
  header,
  levelMax,
  memoryPagesMax,
  nodeState,
  pageBytes,
  roundUp,
} from "./layout.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import { allocateScratch, type Scratch } from "./scratch.ts";

export interface DenseIndexOptions {
  readonly dimensions: number;
  readonly distance: Distance;
  /** Links of a node. */
  readonly m: number;
  readonly efConstruction: number;
  readonly budget: MemoryBudget;
  /** Between 0 and 1. */
  readonly random?: () => number;
}

/** An index that another process has saved: its memory, and how many nodes it has. */
export interface SavedMemory {
  readonly arena: Arena;
  readonly nodes: number;
}

/** Nodes and their distances, the nearest first. */
export interface Found {
  readonly nodes: Uint32Array;
  readonly distances: Float32Array;
}

/** A set of nodes, as bits; `version` changes with it. */
export interface NodeSet {
  readonly words: Uint32Array;
  readonly version: number;
}

const ringEntriesMin = 4096;
const noNode = 0xffff_ffff;
/** By how much more than the longest vector, squared, all are made long: longer ones then seldom come. */
const reachFactor = 1.2;
/** Of the memory: for rings, scratches and bits of sets, which grow with the nodes. */
const reservedShare = 0.1;
/** Before this many the graph is not worth its links: all are compared. */
export const linkFrom = 4096;

/**
 * The vectors of one name in a collection, and the graph over them, in a memory that all threads share. This is the main
 * thread's side: it alone adds and removes; a builder thread links what was added.
 */
export class DenseIndex {
  readonly dimensions: number;
  readonly distance: Distance;
  readonly efConstruction: number;
  readonly arena: Arena;
  readonly kernel: Kernel;
  /** A vector's place, in bytes: of a product with one component more, see `#lift`. */
  readonly vectorBytes: number;
  readonly #stride: number;
  readonly #vectorAt: number;
  readonly #budget: MemoryBudget;
  readonly #random: () => number;
  readonly #levelFactor: number;
  readonly #m: number;
  /** Where the bits of a set lie in this memory. */
  readonly #sets = new WeakMap<NodeSet, { at: number; bytes: number; version: number }>();
  #chunks = 0;
  #alive = 0;
  /** Linked, and deleted since. */
  #dead = 0;
  #isGraph = false;
  /** Deleted before they were linked: their places in the ring. */
  readonly #deadInRing = new Map<number, number>();
  /** The length, squared, that all vectors of products have with their added component. */
  #reach = 0;
  #own: Scratch | undefined;
  #charged = 0;

  constructor(options: DenseIndexOptions, saved?: SavedMemory) {
    const { dimensions, distance, m, efConstruction, budget, random = Math.random } = options;
    this.dimensions = dimensions;
    this.distance = distance;
    this.efConstruction = efConstruction;
    this.arena = saved?.arena ?? new Arena();
    this.#budget = budget;
    this.#random = random;
    this.#m = m;
    this.#levelFactor = 1 / Math.log(m);
    this.vectorBytes = roundUp((dimensions + (distance === "Dot" ? 1 : 0)) * 4, 16);
    this.#vectorAt = roundUp(16 + 2 * m * 4, 16);
    this.#stride = this.#vectorAt + this.vectorBytes;
    this.kernel = kernelOf(this.arena.memory);
    if (saved === undefined) this.#begin();
    else this.#takeOver(saved.nodes);
    this.#charge();
  }

  #begin(): void {
    const nodesMax = Math.floor((memoryPagesMax * pageBytes) / this.#stride);
    const table = this.arena.allocate((Math.ceil(nodesMax / chunkNodes) + 1) * 4);
    const ring = this.arena.allocate(ringEntriesMin * 4);
    this.#set("kind", distanceKinds[this.distance]);
    this.#set("vectorBytes", this.vectorBytes);
    this.#set("stride", this.#stride);
    this.#set("vectorAt", this.#vectorAt);
    this.#set("linksMax", this.#m);
    this.#set("efConstruction", this.efConstruction);
    this.#set("entry", noNode);
    this.#set("topLevel", noNode);
    this.#set("table", table);
    this.#set("ring", ring);
    this.#set("ringMask", ringEntriesMin - 1);
  }

  /** Whether what a saved memory says of itself is what this index is. */
  get isAsDescribed(): boolean {
    return (
      this.#get("kind") === distanceKinds[this.distance] &&
      this.#get("vectorBytes") === this.vectorBytes &&
      this.#get("stride") === this.#stride &&
      this.#get("vectorAt") === this.#vectorAt &&
      this.#get("linksMax") === this.#m
    );
  }

  /**
   * The memory is that of one moment, but for what came while it was written: nodes that are not linked, whose links may have
   * been allocated where nothing was saved.
   */
  #takeOver(nodes: number): void {
    this.#isGraph = true;
    this.#chunks = Math.ceil(nodes / chunkNodes);
    this.#set("nodes", nodes);
    this.#set("efConstruction", this.efConstruction);
    if (!this.isAsDescribed) return;
    this.#renewRing();
    for (let node = 0; node < nodes; node++) {
      const base = this.recordOf(node) / 4;
      const state = this.arena.words[base]! & ~(nodeState.purging | nodeState.relinked);
      this.arena.words[base] = state;
      if ((state & nodeState.linked) !== 0) {
        if ((state & nodeState.alive) === 0) this.#dead++;
        else this.#alive++;
        continue;
      }
      if ((state & nodeState.alive) === 0) {
        this.#clearRecord(node);
        continue;
      }
      this.#alive++;
      const level = levelOf(state);
      if (level > 0) this.arena.words[base + 1] = this.#allocateUpper(level);
      this.#enqueue(node);
    }
    for (let node = nodes; node < this.#chunks * chunkNodes; node++) this.#clearRecord(node);
    if (this.distance === "Dot") {
      for (let node = 0; node < nodes && this.#reach === 0; node++) {
        if (this.has(node)) this.#reach = this.#reachOf(node);
      }
    }
  }

  /** One that grew while the memory was written does not lie in it. */
  #renewRing(): void {
    const old = this.#get("ring");
    const bytes = (this.#get("ringMask") + 1) * 4;
    if (old + bytes <= this.arena.end) this.arena.free(old, bytes);
    this.#set("ring", this.arena.allocate(ringEntriesMin * 4));
    this.#set("ringMask", ringEntriesMin - 1);
    this.#set("ringDone", 0);
    this.#set("ringTail", 0);
  }

  #clearRecord(node: number): void {
    const base = this.recordOf(node) / 4;
    this.arena.words.fill(0, base, base + 4);
  }

  /** Room for a node's links above the lowest level. */
  #allocateUpper(level: number): number {
    const at = this.arena.allocate(level * (this.#m + 1) * 4);
    const { words } = this.arena;
    for (let l = 0; l < level; l++) words[at / 4 + l * (this.#m + 1)] = 0;
    return at;
  }

  /** Behind the last node. */
  get nodes(): number {
    return this.#get("nodes");
  }

  get alive(): number {
    return this.#alive;
  }

  get dead(): number {
    return this.#dead;
  }

  /** Whether there is a graph, or will be. */
  get isGraph(): boolean {
    return this.#isGraph;
  }

  /** So many wait to be linked. */
  get waiting(): number {
    return (this.#get("ringTail") - Atomics.load(this.arena.words, header.ringDone)) >>> 0;
  }

  get bytes(): number {
    return this.#charged;
  }

  /**
   * A product is no distance: short vectors are nobody's neighbours, and a graph of them leads nowhere. So each vector gets one
   * component more that makes all equally long, which turns the largest product into the nearest of vectors on a sphere
   * (Bachrach et al., "Speeding Up the Xbox Recommender System Using a Euclidean Transformation for Inner-Product Spaces",
   * RecSys 2014). A query's is 0, so that the products of a search are what they were.
   */
  #lift(vector: Float32Array, at: number): void {
    const length = squaredLength(vector);
    if (length > this.#reach) this.#raise(length * reachFactor);
    this.arena.floats[(at + this.#vectorAt) / 4 + this.dimensions] = Math.sqrt(this.#reach - length);
  }

  /** Longer vectors came: the components of all are made anew. Who searches meanwhile takes another way, and finds the same. */
  #raise(reach: number): void {
    const more = reach - this.#reach;
    this.#reach = reach;
    const { floats } = this.arena;
    for (let node = 0; node < this.nodes; node++) {
      const place = (this.recordOf(node) + this.#vectorAt) / 4 + this.dimensions;
      floats[place] = Math.sqrt(floats[place]! ** 2 + more);
    }
  }

  #reachOf(node: number): number {
    const added = this.arena.floats[(this.recordOf(node) + this.#vectorAt) / 4 + this.dimensions]!;
    return squaredLength(this.vectorOf(node)) + added ** 2;
  }

  /** What adding so many nodes takes. */
  bytesFor(nodes: number): number {
    return nodes * this.#stride;
  }

  /** Whether so many nodes more can be addressed, with their links and what searches need. */
  hasRoomFor(nodes: number): boolean {
    const bytesMax = memoryPagesMax * pageBytes;
    return this.arena.end + nodes * this.#stride * 1.1 < bytesMax * (1 - reservedShare);
  }

  /** Puts a vector at a node that was free. The vector is as long as the index's, and of length 1 for a cosine. */
  add(node: number, vector: Float32Array, slot: number): void {
    this.ensureNode(node);
    const at = this.recordOf(node);
    this.arena.floats.set(vector, (at + this.#vectorAt) / 4);
    if (this.distance === "Dot") this.#lift(vector, at);
    const base = at / 4;
    const { words } = this.arena;
    const known = words[base]!;
    // A node that was used before has its level, and the place for its links.
    let level = levelOf(known);
    if (words[base + 1] === 0) {
      level = Math.min(levelMax, Math.floor(-Math.log(1 - this.#random()) * this.#levelFactor));
      const upper = level === 0 ? 4 : this.arena.allocate(level * (this.#m + 1) * 4);
      this.arena.words[base + 1] = upper;
    }
    const fresh = this.arena.words;
    if (level > 0) {
      const upper = fresh[base + 1]! / 4;
      for (let l = 0; l < level; l++) fresh[upper + l * (this.#m + 1)] = 0;
    }
    fresh[base + 2] = slot % 2 ** 32;
    fresh[base + 3] = 0;
    Atomics.store(fresh, base, (level << 8) | nodeState.alive);
    this.#alive++;
    if (this.#isGraph) this.#enqueue(node);
    this.#charge();
  }

  /** Makes the records of all nodes up to this one, so that every thread can look at them. */
  ensureNode(node: number): void {
    const { stride } = this;
    while (this.#chunks * chunkNodes <= node) {
      let at: number;
      try {
        at = this.arena.allocate(chunkNodes * stride);
      } catch (error) {
        throw new VectorError("resource_exhausted", "the vectors of one name take 4 GiB at the most", {
          cause: error,
        });
      }
      this.arena.words[this.#get("table") / 4 + this.#chunks] = at;
      this.#chunks++;
    }
    if (node >= this.nodes) Atomics.store(this.arena.words, header.nodes, node + 1);
  }

  get stride(): number {
    return this.#stride;
  }

  /** A node's vector is found no more, and is free when nothing leads to it. */
  remove(node: number): void {
    const base = this.recordOf(node) / 4;
    const state = Atomics.and(this.arena.words, base, ~nodeState.alive);
    if ((state & nodeState.alive) === 0) return;
    this.#alive--;
    if ((state & nodeState.linked) !== 0) this.#dead++;
    else if (this.#isGraph) this.#deadInRing.set(node, this.#get("ringTail"));
  }

  /** Whether a node that was removed can be used again. */
  isFree(node: number): boolean {
    if (node >= this.nodes) return true;
    const state = Atomics.load(this.arena.words, this.recordOf(node) / 4);
    if ((state & (nodeState.alive | nodeState.linked | nodeState.purging)) !== 0) return false;
    const behind = this.#deadInRing.get(node);
    if (behind === undefined) return true;
    const done = Atomics.load(this.arena.words, header.ringDone);
    if (((done - behind) | 0) < 0) return false;
    this.#deadInRing.delete(node);
    return true;
  }

  has(node: number): boolean {
    return (
      node < this.nodes && (Atomics.load(this.arena.words, this.recordOf(node) / 4) & nodeState.alive) !== 0
    );
  }

  /** A node's vector, as it is compared: valid until the next call that allocates. */
  vectorOf(node: number): Float32Array {
    const at = (this.recordOf(node) + this.#vectorAt) / 4;
    return this.arena.floats.subarray(at, at + this.dimensions);
  }

  recordOf(node: number): number {
    const chunk = this.arena.words[this.#get("table") / 4 + Math.floor(node / chunkNodes)]!;
    return chunk + (node % chunkNodes) * this.#stride;
  }

  /** From now on what is added is linked, and what is there already. */
  startGraph(): void {
    if (this.#isGraph) return;
    this.#isGraph = true;
    for (let node = 0; node < this.nodes; node++) if (this.has(node)) this.#enqueue(node);
  }

  /** The main thread's own scratch. */
  ownScratch(results: number): Scratch {
    this.#own = this.scratchFor(this.#own, results);
    return this.#own;
  }

  /** A scratch that has room for all nodes there are: the one that is given, or another in its place. */
  scratchFor(old: Scratch | undefined, results: number): Scratch {
    const isLarge = old !== undefined && old.nodesMax >= this.nodes && old.resultsMax >= results;
    if (isLarge) return old;
    if (old !== undefined) this.arena.free(old.at, old.bytes);
    const nodes = Math.ceil(this.nodes * 1.25);
    const scratch = allocateScratch(
      this.arena,
      this.vectorBytes,
      nodes,
      Math.max(results, old?.resultsMax ?? 0),
    );
    this.#charge();
    return scratch;
  }

  /** Where a set's bits are in this memory; 0 for none. */
  pointerOf(set: NodeSet | undefined): number {
    if (set === undefined) return 0;
    const bytes = 2 ** Math.ceil(Math.log2(Math.max(set.words.byteLength, 64)));
    let place = this.#sets.get(set);
    if (place === undefined || place.bytes < bytes) {
      if (place !== undefined) this.arena.free(place.at, place.bytes);
      place = { at: this.arena.allocatePassing(bytes), bytes, version: -1 };
      this.#sets.set(set, place);
      this.#charge();
    }
    if (place.version !== set.version) {
      this.arena.words.set(set.words, place.at / 4);
      this.arena.words.fill(0, place.at / 4 + set.words.length, (place.at + place.bytes) / 4);
      place.version = set.version;
    }
    return place.at;
  }

  /** A set is not asked for any more, and no search has it. */
  forgetSet(set: NodeSet): void {
    const place = this.#sets.get(set);
    if (place === undefined) return;
    this.#sets.delete(set);
    this.arena.free(place.at, place.bytes);
  }

  /** Compares with all that match, in this thread. */
  scan(query: Float32Array, k: number, set: NodeSet | undefined): Found {
    const scratch = this.ownScratch(k);
    const filter = this.pointerOf(set);
    this.arena.floats.fill(0, scratch.query / 4, (scratch.query + this.vectorBytes) / 4);
    this.arena.floats.set(query, scratch.query / 4);
    return readFound(this.arena, scratch, this.kernel.scan(scratch.at, k, filter));
  }

  /** The distance to each of some nodes. */
  distancesTo(query: Float32Array, nodes: Uint32Array): Float32Array {
    const scratch = this.ownScratch(1);
    const bytes = 2 ** Math.ceil(Math.log2(Math.max(nodes.byteLength, 64)));
    const list = this.arena.allocatePassing(bytes);
    const out = this.arena.allocatePassing(bytes);
    this.arena.floats.fill(0, scratch.query / 4, (scratch.query + this.vectorBytes) / 4);
    this.arena.floats.set(query, scratch.query / 4);
    this.arena.words.set(nodes, list / 4);
    this.kernel.distances(scratch.at, list, nodes.length, out);
    const distances = this.arena.floats.slice(out / 4, out / 4 + nodes.length);
    this.arena.free(list, bytes);
    this.arena.free(out, bytes);
    return distances;
  }

  /** Searches the graph, in this thread; undefined when that would take more than `budget` distances. */
  searchGraph(
    query: Float32Array,
    k: number,
    ef: number,
    set: NodeSet | undefined,
    budget: number,
  ): Found | undefined {
    const scratch = this.ownScratch(Math.max(k, ef));
    const filter = this.pointerOf(set);
    this.arena.floats.fill(0, scratch.query / 4, (scratch.query + this.vectorBytes) / 4);
    this.arena.floats.set(query, scratch.query / 4);
    const count = this.kernel.search(scratch.at, k, ef, filter, budget);
    return count < 0 ? undefined : readFound(this.arena, scratch, count);
  }

  /** The builder has purged: so many are no part of the graph any more. */
  purged(freed: number): void {
    this.#dead -= freed;
  }

  close(): void {
    this.#budget.give(this.#charged);
    this.#charged = 0;
  }

  #enqueue(node: number): void {
    const tail = this.#get("ringTail");
    const mask = this.#get("ringMask");
    if (this.waiting > mask) this.#growRing();
    const { words } = this.arena;
    words[this.#get("ring") / 4 + (tail & this.#get("ringMask"))] = node;
    Atomics.store(words, header.ringTail, (tail + 1) >>> 0);
  }

  /** The old ring stays as it is for who reads it. */
  #growRing(): void {
    const old = this.#get("ring") / 4;
    const oldMask = this.#get("ringMask");
    const mask = oldMask * 2 + 1;
    const ring = this.arena.allocate((mask + 1) * 4);
    const { words } = this.arena;
    const tail = this.#get("ringTail");
    for (let i = Atomics.load(words, header.ringDone); i !== tail; i = (i + 1) >>> 0)
      words[ring / 4 + (i & mask)] = words[old + (i & oldMask)]!;
    // Whoever reads the new ring with the old mask, or the other way round, must not leave the ring: the larger one comes first.
    Atomics.store(words, header.ring, ring);
    Atomics.store(words, header.ringMask, mask);
  }

  #charge(): void {
    const now = this.arena.end;
    this.#budget.take(now - this.#charged);
    this.#charged = now;
  }

  #get(word: keyof typeof header): number {
    return this.arena.words[header[word]]!;
  }

  #set(word: keyof typeof header, value: number): void {
    this.arena.words[header[word]] = value;
  }
}

/** Copies what a search has left in its scratch. */
export function readFound(arena: Pick<Arena, "words" | "floats">, scratch: Scratch, count: number): Found {
  const nodes = new Uint32Array(count);
  const distances = new Float32Array(count);
  const at = scratch.results / 4;
  for (let i = 0; i < count; i++) {
    distances[i] = arena.floats[at + 2 * i]!;
    nodes[i] = arena.words[at + 2 * i + 1]!;
  }
  return { nodes, distances };
}

function levelOf(state: number): number {
  return (state >> 8) & 255;
}

function squaredLength(vector: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i]! * vector[i]!;
  return sum;
}
