// The kernel of the index: a navigable small world graph (HNSW, Malkov and Yashunin 2018) over one shared memory, in
// AssemblyScript. `node kernel/build.mjs` makes src/index/kernel-binary.ts of it.
//
// Every thread has an instance of this module over the same memory. The main thread alone allocates and writes vectors, one
// builder links nodes, any number of searches read. A link is an aligned word, written whole, and always names a node
// whose vector was written before: a search that meets a list which is being changed sees old and new links, never others.

// The header, at the beginning of the memory. src/index/layout.ts says the same to TypeScript.
const KIND: usize = 0; // how far is it: 0 the negative dot product, 1 squared Euclidean, 2 Manhattan
const VECTOR_BYTES: usize = 4; // rec a vector, padded with zeros to 16
const STRIDE: usize = 8; // rec a record
const VECTOR_AT: usize = 12; // in a record
const LINKS_MAX: usize = 16; // M; twice as many at the lowest level
const EF_CONSTRUCTION: usize = 20;
const ENTRY: usize = 24; // -1 when the graph is empty
const TOP_LEVEL: usize = 28;
const TABLE: usize = 32; // pointers to chunks rec 256 records
const RING: usize = 36; // nodes that are not linked yet
const RING_MASK: usize = 40;
const RING_DONE: usize = 44; // counts up; the first that may not be linked
const RING_TAIL: usize = 48; // counts up; behind the last
const NODES: usize = 52; // behind the last node

// A record: state, pointer to the upper levels' links, low bits of the slot, count of links, the links, the vector.
const ALIVE: u32 = 1;
const LINKED: u32 = 2;
const PURGING: u32 = 4;
const RELINKED: u32 = 8; // since the purge began

// A scratch: what one search or the builder needs for itself.
const S_EPOCH: usize = 0;
const S_CAPACITY: usize = 4; // nodes
const S_QUERY: usize = 8;
const S_RESULTS: usize = 12;
const S_CANDIDATES: usize = 16;
const S_VISITED: usize = 20;
const S_TAIL: usize = 24; // results rec what is not linked
const S_SELECTED: usize = 28; // neighbours that were chosen
const S_RESULTS_MAX: usize = 32;
const S_DISTANCES: usize = 36; // out: how many were computed

// @ts-ignore: decorator
@inline
function record(node: u32): usize {
  return load<u32>(load<u32>(TABLE) + ((node >> 8) << 2)) + (node & 255) * load<u32>(STRIDE);
}

// @ts-ignore: decorator
@inline
function linksAt(rec: usize, level: i32): usize {
  if (level == 0) return rec + 12;
  return load<u32>(rec + 4) + (level - 1) * ((load<u32>(LINKS_MAX) + 1) << 2);
}

// @ts-ignore: decorator
@inline
function linksMax(level: i32): u32 {
  return level == 0 ? load<u32>(LINKS_MAX) << 1 : load<u32>(LINKS_MAX);
}

// @ts-ignore: decorator
@inline
function lanes(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

function distance(a: usize, b: usize): f32 {
  const kind = load<u32>(KIND);
  const end = a + load<u32>(VECTOR_BYTES);
  const end64 = a + (load<u32>(VECTOR_BYTES) & ~63);
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  if (kind == 0) {
    while (a < end64) {
      s0 = f32x4.add(s0, f32x4.mul(v128.load(a), v128.load(b)));
      s1 = f32x4.add(s1, f32x4.mul(v128.load(a, 16), v128.load(b, 16)));
      s2 = f32x4.add(s2, f32x4.mul(v128.load(a, 32), v128.load(b, 32)));
      s3 = f32x4.add(s3, f32x4.mul(v128.load(a, 48), v128.load(b, 48)));
      a += 64;
      b += 64;
    }
    while (a < end) {
      s0 = f32x4.add(s0, f32x4.mul(v128.load(a), v128.load(b)));
      a += 16;
      b += 16;
    }
    return -lanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  }
  if (kind == 1) {
    while (a < end64) {
      const d0 = f32x4.sub(v128.load(a), v128.load(b));
      const d1 = f32x4.sub(v128.load(a, 16), v128.load(b, 16));
      const d2 = f32x4.sub(v128.load(a, 32), v128.load(b, 32));
      const d3 = f32x4.sub(v128.load(a, 48), v128.load(b, 48));
      s0 = f32x4.add(s0, f32x4.mul(d0, d0));
      s1 = f32x4.add(s1, f32x4.mul(d1, d1));
      s2 = f32x4.add(s2, f32x4.mul(d2, d2));
      s3 = f32x4.add(s3, f32x4.mul(d3, d3));
      a += 64;
      b += 64;
    }
    while (a < end) {
      const d = f32x4.sub(v128.load(a), v128.load(b));
      s0 = f32x4.add(s0, f32x4.mul(d, d));
      a += 16;
      b += 16;
    }
  } else {
    while (a < end) {
      s0 = f32x4.add(s0, f32x4.abs(f32x4.sub(v128.load(a), v128.load(b))));
      a += 16;
      b += 16;
    }
  }
  return lanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

// Heaps of pairs: a distance and a node. `results` has the farthest on top, `candidates` the nearest.

function pushFarthest(heap: usize, size: u32, d: f32, node: u32): void {
  let i = size;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    const at = heap + (parent << 3);
    if (load<f32>(at) >= d) break;
    store<u64>(heap + (i << 3), load<u64>(at));
    i = parent;
  }
  store<f32>(heap + (i << 3), d);
  store<u32>(heap + (i << 3) + 4, node);
}

/** Puts a pair in the place of the top, and down to where it belongs. */
function replaceFarthest(heap: usize, size: u32, d: f32, node: u32): void {
  let i: u32 = 0;
  while (true) {
    let child = (i << 1) + 1;
    if (child >= size) break;
    if (child + 1 < size && load<f32>(heap + ((child + 1) << 3)) > load<f32>(heap + (child << 3))) child++;
    const at = heap + (child << 3);
    if (load<f32>(at) <= d) break;
    store<u64>(heap + (i << 3), load<u64>(at));
    i = child;
  }
  store<f32>(heap + (i << 3), d);
  store<u32>(heap + (i << 3) + 4, node);
}

function pushNearest(heap: usize, size: u32, d: f32, node: u32): void {
  let i = size;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    const at = heap + (parent << 3);
    if (load<f32>(at) <= d) break;
    store<u64>(heap + (i << 3), load<u64>(at));
    i = parent;
  }
  store<f32>(heap + (i << 3), d);
  store<u32>(heap + (i << 3) + 4, node);
}

/** Takes the top away: the last pair goes down from there. `size` is what is left. */
function popNearest(heap: usize, size: u32): void {
  const d = load<f32>(heap + (size << 3));
  const node = load<u32>(heap + (size << 3) + 4);
  let i: u32 = 0;
  while (true) {
    let child = (i << 1) + 1;
    if (child >= size) break;
    if (child + 1 < size && load<f32>(heap + ((child + 1) << 3)) < load<f32>(heap + (child << 3))) child++;
    const at = heap + (child << 3);
    if (load<f32>(at) >= d) break;
    store<u64>(heap + (i << 3), load<u64>(at));
    i = child;
  }
  store<f32>(heap + (i << 3), d);
  store<u32>(heap + (i << 3) + 4, node);
}

/** Turns a heap with the farthest on top into a list with the nearest first. */
function sort(heap: usize, size: u32): void {
  for (let left = size; left > 1; left--) {
    const last = load<u64>(heap + ((left - 1) << 3));
    const d = load<f32>(heap + ((left - 1) << 3));
    store<u64>(heap + ((left - 1) << 3), load<u64>(heap));
    replaceFarthest(heap, left - 1, d, <u32>(last >> 32));
  }
}

// @ts-ignore: decorator
@inline
function keep(heap: usize, size: u32, max: u32, d: f32, node: u32): u32 {
  if (size < max) {
    pushFarthest(heap, size, d, node);
    return size + 1;
  }
  if (d < load<f32>(heap)) replaceFarthest(heap, size, d, node);
  return size;
}

// @ts-ignore: decorator
@inline
function passes(filter: usize, node: u32): bool {
  return filter == 0 || ((load<u32>(filter + ((node >> 5) << 2)) >> (node & 31)) & 1) != 0;
}

/** Begins to visit: forgets who was visited before. */
function beginVisit(s: usize): u32 {
  let epoch = load<u32>(s + S_EPOCH) + 1;
  if (epoch > 255) {
    memory.fill(load<u32>(s + S_VISITED), 0, load<u32>(s + S_CAPACITY));
    epoch = 1;
  }
  store<u32>(s + S_EPOCH, epoch);
  return epoch;
}

/** The node nearest to `q` that greedy steps at one level lead to. */
function greedy(s: usize, q: usize, entry: u32, level: i32): u32 {
  const capacity = load<u32>(s + S_CAPACITY);
  let best = entry;
  let bestDistance = distance(q, record(entry) + load<u32>(VECTOR_AT));
  let computed: u32 = 1;
  while (true) {
    const links = linksAt(record(best), level);
    const count = load<u32>(links);
    let next = best;
    for (let i: u32 = 1; i <= count; i++) {
      const node = load<u32>(links + (i << 2));
      if (node >= capacity) continue;
      const d = distance(q, record(node) + load<u32>(VECTOR_AT));
      computed++;
      if (d < bestDistance) {
        bestDistance = d;
        next = node;
      }
    }
    if (next == best) break;
    best = next;
  }
  store<u32>(s + S_DISTANCES, load<u32>(s + S_DISTANCES) + computed);
  return best;
}

/**
 * The `ef` nearest at one level, as a heap in the scratch's results. `self` is left out; `alive` leaves out what was deleted,
 * `filter` what does not match, though the way leads over both. Returns how many, or -1 when more than `budget` distances
 * would be needed.
 */
function searchLevel(s: usize, q: usize, entry: u32, ef: u32, level: i32, self: u32, alive: bool, filter: usize, budget: u32): i32 {
  const epoch = beginVisit(s);
  const visited: usize = load<u32>(s + S_VISITED);
  const candidates: usize = load<u32>(s + S_CANDIDATES);
  const results: usize = load<u32>(s + S_RESULTS);
  const capacity = load<u32>(s + S_CAPACITY);
  const vectorAt = load<u32>(VECTOR_AT);
  let computed: u32 = 1;
  let resultsSize: u32 = 0;
  let candidatesSize: u32 = 1;
  const rec = record(entry);
  const first = distance(q, rec + vectorAt);
  store<u8>(visited + entry, <u8>epoch);
  pushNearest(candidates, 0, first, entry);
  if (entry != self && (!alive || (load<u32>(rec) & ALIVE) != 0) && passes(filter, entry)) {
    pushFarthest(results, 0, first, entry);
    resultsSize = 1;
  }
  while (candidatesSize > 0) {
    const nearest = load<f32>(candidates);
    if (resultsSize >= ef && nearest > load<f32>(results)) break;
    const links = linksAt(record(load<u32>(candidates + 4)), level);
    candidatesSize--;
    popNearest(candidates, candidatesSize);
    const count = load<u32>(links);
    for (let i: u32 = 1; i <= count; i++) {
      const node = load<u32>(links + (i << 2));
      if (node >= capacity || load<u8>(visited + node) == <u8>epoch) continue;
      store<u8>(visited + node, <u8>epoch);
      const at = record(node);
      const d = distance(q, at + vectorAt);
      computed++;
      if (resultsSize >= ef && d >= load<f32>(results)) continue;
      pushNearest(candidates, candidatesSize, d, node);
      candidatesSize++;
      if (node != self && (!alive || (load<u32>(at) & ALIVE) != 0) && passes(filter, node)) {
        resultsSize = keep(results, resultsSize, ef, d, node);
      }
    }
    if (computed > budget) {
      store<u32>(s + S_DISTANCES, load<u32>(s + S_DISTANCES) + computed);
      return -1;
    }
  }
  store<u32>(s + S_DISTANCES, load<u32>(s + S_DISTANCES) + computed);
  return resultsSize;
}

/** Compares with what is not linked yet; the nearest `k` as a heap. */
function scanRing(s: usize, k: u32, filter: usize): u32 {
  const heap: usize = load<u32>(s + S_TAIL);
  const query: usize = load<u32>(s + S_QUERY);
  const ring: usize = load<u32>(RING);
  const mask = load<u32>(RING_MASK);
  const capacity = load<u32>(s + S_CAPACITY);
  const vectorAt = load<u32>(VECTOR_AT);
  const tail = atomic.load<u32>(RING_TAIL);
  let size: u32 = 0;
  for (let i = atomic.load<u32>(RING_DONE); i != tail; i++) {
    const node = load<u32>(ring + ((i & mask) << 2));
    if (node >= capacity || !passes(filter, node)) continue;
    const at = record(node);
    if ((load<u32>(at) & ALIVE) == 0) continue;
    size = keep(heap, size, k, distance(query, at + vectorAt), node);
  }
  return size;
}

/**
 * The nearest `k` of all that are alive and match. They are in the scratch's results, the nearest first; returns how
 * many, or -1 when the graph would take more than `budget` distances, and a scan is better.
 */
export function search(s: usize, k: u32, ef: u32, filter: usize, budget: u32): i32 {
  store<u32>(s + S_DISTANCES, 0);
  const query: usize = load<u32>(s + S_QUERY);
  // What is linked meanwhile is then found twice, and not left out.
  let tailSize = scanRing(s, k, filter);
  const results: usize = load<u32>(s + S_RESULTS);
  const tail: usize = load<u32>(s + S_TAIL);
  let size: u32 = 0;
  const entry = atomic.load<u32>(ENTRY);
  if (entry < load<u32>(s + S_CAPACITY)) {
    let at = entry;
    for (let level = <i32>((load<u32>(record(entry)) >> 8) & 255); level > 0; level--) at = greedy(s, query, at, level);
    const found = searchLevel(s, query, at, max(ef, k), 0, 0xffffffff, true, filter, budget);
    if (found < 0) return -1;
    size = found;
  }
  sort(results, size);
  if (size > k) size = k;
  if (tailSize == 0) return size;
  sort(tail, tailSize);
  // Both are sorted: one list of both, in the place of the candidates.
  const merged: usize = load<u32>(s + S_CANDIDATES);
  let i: u32 = 0;
  let j: u32 = 0;
  let n: u32 = 0;
  while (n < k && (i < size || j < tailSize)) {
    const fromTail = i >= size || (j < tailSize && load<f32>(tail + (j << 3)) < load<f32>(results + (i << 3)));
    const from = fromTail ? tail + (j++ << 3) : results + (i++ << 3);
    const node = load<u32>(from + 4);
    let seen = false;
    // Twins have the same distance, so that they are next to each other or nearly so.
    for (let b = n; b > 0 && load<f32>(merged + ((b - 1) << 3)) == load<f32>(from); b--) {
      if (load<u32>(merged + ((b - 1) << 3) + 4) == node) seen = true;
    }
    if (seen) continue;
    store<u64>(merged + (n << 3), load<u64>(from));
    n++;
  }
  memory.copy(results, merged, <usize>n << 3);
  return n;
}

/** As `search`, by comparing with every node that is alive and matches. */
export function scan(s: usize, k: u32, filter: usize): i32 {
  const nodes = min(atomic.load<u32>(NODES), load<u32>(s + S_CAPACITY));
  const query: usize = load<u32>(s + S_QUERY);
  const results: usize = load<u32>(s + S_RESULTS);
  const vectorAt = load<u32>(VECTOR_AT);
  const stride = load<u32>(STRIDE);
  let size: u32 = 0;
  for (let node: u32 = 0; node < nodes; node += 32) {
    let bits = filter == 0 ? 0xffffffff : load<u32>(filter + ((node >> 5) << 2));
    if (bits == 0) continue;
    const first = record(node);
    while (bits != 0) {
      const bit = <u32>ctz(bits);
      bits &= bits - 1;
      if (node + bit >= nodes) break;
      const at = first + bit * stride;
      if ((load<u32>(at) & ALIVE) == 0) continue;
      size = keep(results, size, k, distance(query, at + vectorAt), node + bit);
    }
  }
  sort(results, size);
  return size;
}

/** The distance to each node of a list of `count`, written to `out`. */
export function distances(s: usize, list: usize, count: u32, out: usize): void {
  const query: usize = load<u32>(s + S_QUERY);
  const vectorAt = load<u32>(VECTOR_AT);
  for (let i: u32 = 0; i < count; i++) {
    store<f32>(out + (i << 2), distance(query, record(load<u32>(list + (i << 2))) + vectorAt));
  }
}

/** The distance to every node, written to `out`. */
export function allDistances(s: usize, nodes: u32, out: usize): void {
  const query: usize = load<u32>(s + S_QUERY);
  const vectorAt = load<u32>(VECTOR_AT);
  for (let node: u32 = 0; node < nodes; node++) {
    store<f32>(out + (node << 2), distance(query, record(node) + vectorAt));
  }
}

/**
 * Chooses up to `most` of `size` sorted pairs: one that is nearer to a chosen one than to the node itself is left out, as the
 * way leads over that one. The chosen are written to `out`; returns how many.
 */
function select(pairs: usize, size: u32, most: u32, out: usize): u32 {
  const vectorAt = load<u32>(VECTOR_AT);
  let chosen: u32 = 0;
  for (let i: u32 = 0; i < size && chosen < most; i++) {
    const d = load<f32>(pairs + (i << 3));
    const node = load<u32>(pairs + (i << 3) + 4);
    const vector = record(node) + vectorAt;
    let isNear = false;
    for (let j: u32 = 0; j < chosen; j++) {
      if (distance(vector, record(load<u32>(out + (j << 2))) + vectorAt) < d) {
        isNear = true;
        break;
      }
    }
    if (isNear) continue;
    store<u32>(out + (chosen << 2), node);
    chosen++;
  }
  return chosen;
}

/** Lets `node` know of `other`; where there is no room, the better ones stay. */
function connect(s: usize, node: u32, other: u32, level: i32): void {
  const vectorAt = load<u32>(VECTOR_AT);
  const rec = record(node);
  const links = linksAt(rec, level);
  const most = linksMax(level);
  const count = load<u32>(links);
  for (let i: u32 = 1; i <= count; i++) {
    if (load<u32>(links + (i << 2)) == other) return;
  }
  if (count < most) {
    store<u32>(links + ((count + 1) << 2), other);
    atomic.store<u32>(links, count + 1);
    return;
  }
  const pairs: usize = load<u32>(s + S_TAIL);
  const vector = rec + vectorAt;
  pushFarthest(pairs, 0, distance(vector, record(other) + vectorAt), other);
  let size: u32 = 1;
  for (let i: u32 = 1; i <= count; i++) {
    const link = load<u32>(links + (i << 2));
    const at = record(link);
    // What was deleted makes room first.
    if ((load<u32>(at) & ALIVE) == 0) continue;
    pushFarthest(pairs, size, distance(vector, at + vectorAt), link);
    size++;
  }
  sort(pairs, size);
  const chosen: usize = load<u32>(s + S_SELECTED) + 512;
  const kept = select(pairs, size, most, chosen);
  for (let i: u32 = 0; i < kept; i++) store<u32>(links + ((i + 1) << 2), load<u32>(chosen + (i << 2)));
  atomic.store<u32>(links, kept);
}

/** Finds the neighbours of a node at all of its levels, and makes both sides know of each other. */
function link(s: usize, node: u32): void {
  const rec = record(node);
  const query = rec + load<u32>(VECTOR_AT);
  const level = <i32>((load<u32>(rec) >> 8) & 255);
  const entry = load<u32>(ENTRY);
  const top = <i32>load<u32>(TOP_LEVEL);
  let at = entry;
  for (let l = top; l > level; l--) at = greedy(s, query, at, l);
  const results: usize = load<u32>(s + S_RESULTS);
  const chosen: usize = load<u32>(s + S_SELECTED);
  const ef = load<u32>(EF_CONSTRUCTION);
  for (let l = min(level, top); l >= 0; l--) {
    let size = <u32>searchLevel(s, query, at, ef, l, node, true, 0, 0xffffffff);
    if (size == 0) size = <u32>searchLevel(s, query, at, ef, l, node, false, 0, 0xffffffff);
    if (size == 0) continue;
    sort(results, size);
    at = load<u32>(results + 4);
    const count = select(results, size, load<u32>(LINKS_MAX), chosen);
    const links = linksAt(rec, l);
    // What it knew already stays where there is room: others may be reached by it alone.
    for (let i: u32 = 0; i < count; i++) store<u32>(links + ((i + 1) << 2), load<u32>(chosen + (i << 2)));
    atomic.store<u32>(links, count);
    for (let i: u32 = 0; i < count; i++) connect(s, load<u32>(chosen + (i << 2)), node, l);
  }
}

/** Makes a node part of the graph. */
export function insert(s: usize, node: u32): void {
  const rec = record(node);
  const level = (load<u32>(rec) >> 8) & 255;
  if (load<u32>(ENTRY) == 0xffffffff) {
    store<u32>(TOP_LEVEL, level);
    atomic.store<u32>(ENTRY, node);
  } else {
    link(s, node);
    if (level > load<u32>(TOP_LEVEL)) {
      store<u32>(TOP_LEVEL, level);
      atomic.store<u32>(ENTRY, node);
    }
  }
  atomic.or<u32>(rec, LINKED);
}

/** Links up to `most` nodes of the ring; returns how many are left. */
export function build(s: usize, most: u32): u32 {
  const ring: usize = load<u32>(RING);
  const mask = load<u32>(RING_MASK);
  const capacity = load<u32>(s + S_CAPACITY);
  let done = load<u32>(RING_DONE);
  for (let i: u32 = 0; i < most && done != atomic.load<u32>(RING_TAIL); i++) {
    const node = load<u32>(ring + ((done & mask) << 2));
    if (node >= capacity) break;
    // One that was deleted before it was linked is not linked; it is free when the next purge ends.
    const state = atomic.load<u32>(record(node));
    if ((state & ALIVE) != 0 && (state & LINKED) == 0) insert(s, node);
    atomic.store<u32>(RING_DONE, ++done);
  }
  return atomic.load<u32>(RING_TAIL) - done;
}

/** Marks what was deleted by now; returns how many. */
export function beginPurge(nodes: u32): u32 {
  let marked: u32 = 0;
  for (let node: u32 = 0; node < nodes; node++) {
    const rec = record(node);
    const state = atomic.load<u32>(rec);
    if ((state & ALIVE) != 0 || (state & LINKED) == 0) continue;
    atomic.or<u32>(rec, PURGING);
    marked++;
  }
  return marked;
}

// @ts-ignore: decorator
@inline
function knows(links: usize, other: u32): bool {
  const count = load<u32>(links);
  for (let i: u32 = 1; i <= count; i++) {
    if (load<u32>(links + (i << 2)) == other) return true;
  }
  return false;
}

/** Links anew, among the nodes from `from` to `to`, those that knew a deleted node or were known by one. */
export function purge(s: usize, from: u32, to: u32): u32 {
  let relinked: u32 = 0;
  for (let node = from; node < to; node++) {
    const rec = record(node);
    const state = atomic.load<u32>(rec);
    if ((state & LINKED) == 0) continue;
    const level = <i32>((state >> 8) & 255);
    if ((state & PURGING) != 0) {
      for (let l = level; l >= 0; l--) {
        const links = linksAt(rec, l);
        const count = load<u32>(links);
        for (let i: u32 = 1; i <= count; i++) {
          const other = load<u32>(links + (i << 2));
          const at = record(other);
          const known = atomic.load<u32>(at);
          // Nobody else may know it.
          if ((known & (ALIVE | LINKED | RELINKED)) != (ALIVE | LINKED) || knows(linksAt(at, l), node)) continue;
          link(s, other);
          atomic.or<u32>(at, RELINKED);
          relinked++;
        }
      }
      continue;
    }
    let isTorn = false;
    for (let l = level; l >= 0; l--) {
      const links = linksAt(rec, l);
      const count = load<u32>(links);
      let kept: u32 = 0;
      for (let i: u32 = 1; i <= count; i++) {
        const other = load<u32>(links + (i << 2));
        if ((atomic.load<u32>(record(other)) & PURGING) != 0) {
          isTorn = true;
          continue;
        }
        kept++;
      }
      // Of one that is deleted itself, and not purged this time, the way still leads over the others.
      if (isTorn && (state & ALIVE) == 0) {
        let at: u32 = 0;
        for (let i: u32 = 1; i <= count; i++) {
          const other = load<u32>(links + (i << 2));
          if ((atomic.load<u32>(record(other)) & PURGING) == 0) store<u32>(links + (++at << 2), other);
        }
        atomic.store<u32>(links, kept);
      }
    }
    if (isTorn && (state & (ALIVE | RELINKED)) == ALIVE) {
      link(s, node);
      atomic.or<u32>(rec, RELINKED);
      relinked++;
    }
  }
  return relinked;
}

/** Drops every link to a marked node that is left, and unmarks: they are no part of the graph any more. Returns how many. */
export function endPurge(nodes: u32): u32 {
  let freed: u32 = 0;
  let entry: u32 = 0xffffffff;
  let top: i32 = -1;
  for (let node: u32 = 0; node < nodes; node++) {
    const rec = record(node);
    const state = atomic.and<u32>(rec, ~RELINKED);
    if ((state & LINKED) == 0 || (state & PURGING) != 0) continue;
    const level = <i32>((state >> 8) & 255);
    if (level > top || (level == top && (state & ALIVE) != 0 && (load<u32>(record(entry)) & ALIVE) == 0)) {
      top = level;
      entry = node;
    }
    for (let l = level; l >= 0; l--) {
      const links = linksAt(rec, l);
      const count = load<u32>(links);
      let kept: u32 = 0;
      for (let i: u32 = 1; i <= count; i++) {
        const other = load<u32>(links + (i << 2));
        if ((atomic.load<u32>(record(other)) & PURGING) == 0) store<u32>(links + (++kept << 2), other);
      }
      if (kept != count) atomic.store<u32>(links, kept);
    }
  }
  store<u32>(TOP_LEVEL, top);
  atomic.store<u32>(ENTRY, entry);
  for (let node: u32 = 0; node < nodes; node++) {
    const rec = record(node);
    if ((atomic.load<u32>(rec) & PURGING) == 0) continue;
    // Its level stays with it, as the place for the links does.
    atomic.store<u32>(rec, atomic.load<u32>(rec) & 0xff00);
    freed++;
  }
  return freed;
}
