import { expect, test } from "vitest";
import { DenseIndex } from "../src/index/dense-index.ts";
import { MemoryBudget } from "../src/index/memory-budget.ts";
import { RandomVectors } from "./random-vectors.ts";

const dimensions = 12;
const count = 3000;

function newIndex(seed: number): { index: DenseIndex; vectors: RandomVectors } {
  const vectors = new RandomVectors(seed, dimensions);
  const index = new DenseIndex({
    dimensions,
    distance: "Euclid",
    m: 8,
    efConstruction: 64,
    budget: new MemoryBudget(0),
    random: vectors.random,
  });
  return { index, vectors };
}

/** Links all that wait. */
function build(index: DenseIndex): void {
  const scratch = index.scratchFor(undefined, 128);
  while (index.kernel.build(scratch.at, 100) > 0);
}

function purge(index: DenseIndex): number {
  const scratch = index.scratchFor(undefined, 128);
  index.kernel.beginPurge(index.nodes);
  index.kernel.purge(scratch.at, 0, index.nodes);
  const freed = index.kernel.endPurge(index.nodes);
  index.purged(freed);
  return freed;
}

/** The share of living nodes that are found by their own vector. */
function ownFound(index: DenseIndex): number {
  let found = 0;
  let alive = 0;
  for (let node = 0; node < index.nodes; node++) {
    if (!index.has(node)) continue;
    alive++;
    const [first] = index.searchGraph(index.vectorOf(node).slice(), 1, 64, undefined, 0xffff_ffff)!.nodes;
    if (first === node) found++;
  }
  return alive === 0 ? 1 : found / alive;
}

test("every living node is found by its own vector: after inserts, deletes, purges and inserts at freed nodes", () => {
  const { index, vectors } = newIndex(7);
  for (let node = 0; node < count; node++) index.add(node, vectors.next(), node);
  index.startGraph();
  build(index);
  expect(index.waiting).toBe(0);
  expect(ownFound(index)).toBeGreaterThan(0.995);
  for (let node = 0; node < count; node += 2) index.remove(node);
  expect(index.dead).toBe(count / 2);
  expect(ownFound(index)).toBeGreaterThan(0.995);
  expect(purge(index)).toBe(count / 2);
  expect(index.dead).toBe(0);
  expect(ownFound(index)).toBeGreaterThan(0.995);
  for (let node = 0; node < count; node += 2) {
    expect(index.isFree(node)).toBe(true);
    index.add(node, vectors.next(), count + node);
  }
  build(index);
  expect(ownFound(index)).toBeGreaterThan(0.995);
  for (let node = 0; node < count; node++) index.remove(node);
  purge(index);
  expect(index.scan(vectors.next(), 10, undefined).nodes).toHaveLength(0);
  expect(index.searchGraph(vectors.next(), 10, 64, undefined, 0xffff_ffff)!.nodes).toHaveLength(0);
  index.add(0, vectors.next(), 1);
  build(index);
  expect(ownFound(index)).toBe(1);
});

test("what is not linked yet is found beside what is", () => {
  const { index, vectors } = newIndex(8);
  for (let node = 0; node < 500; node++) index.add(node, vectors.next(), node);
  index.startGraph();
  build(index);
  const added = Array.from({ length: 50 }, (_, i) => {
    const vector = vectors.next();
    index.add(500 + i, vector, 500 + i);
    return vector;
  });
  expect(index.waiting).toBe(50);
  added.forEach((vector, i) => {
    const { nodes } = index.searchGraph(vector, 10, 64, undefined, 0xffff_ffff)!;
    expect(nodes[0]).toBe(500 + i);
    expect(new Set(nodes).size).toBe(10);
  });
});

test("a search that would lead past too many is given up, and a scan finds all", () => {
  const { index, vectors } = newIndex(9);
  for (let node = 0; node < count; node++) index.add(node, vectors.next(), node);
  index.startGraph();
  build(index);
  const words = new Uint32Array(Math.ceil(count / 32));
  words[3] = 0b1011;
  const set = { words, version: 1 };
  expect(index.searchGraph(vectors.next(), 10, 64, set, 200)).toBeUndefined();
  expect([...index.scan(vectors.next(), 10, set).nodes].sort()).toEqual([96, 97, 99]);
});
