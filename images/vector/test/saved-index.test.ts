// An index is saved while others go on with it: what came meanwhile is no part of what was saved.
import { expect, test } from "vitest";
import { Arena } from "../src/index/arena.ts";
import { DenseIndex } from "../src/index/dense-index.ts";
import { newMemory } from "../src/index/kernel.ts";
import { memoryPagesMax, pageBytes } from "../src/index/layout.ts";
import { MemoryBudget } from "../src/index/memory-budget.ts";
import { RandomVectors } from "./random-vectors.ts";

const dimensions = 16;
const options = { dimensions, distance: "Euclid", m: 8, efConstruction: 64 } as const;

function build(index: DenseIndex): void {
  while (index.kernel.build(index.ownScratch(256).at, 64) > 0);
}

/** As much of a memory as was taken at some moment, as it is now. */
function copyOf({ arena }: DenseIndex, end: number, free: ReturnType<Arena["freePlaces"]>): Arena {
  const memory = newMemory(Math.ceil(end / pageBytes), memoryPagesMax);
  new Uint8Array(memory.buffer).set(new Uint8Array(arena.memory.buffer, 0, end));
  const copy = new Arena(memory);
  copy.startAt(end, free);
  return copy;
}

test.each([1, 2, 3])(
  "nodes that come while an index is saved leave nothing behind in it (seed %i)",
  (seed) => {
    const vectors = new RandomVectors(seed, dimensions);
    let tallest: number | undefined;
    const budget = new MemoryBudget(2 ** 30);
    const original = new DenseIndex({ ...options, budget, random: () => tallest ?? vectors.random() });
    original.startGraph();
    const count = 700;
    for (let node = 0; node < count; node++) original.add(node, vectors.next(), node + 1);
    build(original);
    const { end } = original.arena;
    const free = original.arena.freePlaces();
    // All of them at several levels, and so many that the ring grows.
    tallest = 0.999;
    for (let node = count; node < count + 6000; node++) original.add(node, vectors.next(), node + 1);
    const saved = new DenseIndex(
      { ...options, budget, random: () => vectors.random() },
      { arena: copyOf(original, end, free), nodes: count },
    );
    expect(saved.isAsDescribed).toBe(true);
    const added = Array.from({ length: 400 }, () => vectors.next());
    added.forEach((vector, i) => void saved.add(count + i, vector, count + i + 1));
    build(saved);
    for (let node = 0; node < count + added.length; node++) {
      const found = saved.searchGraph(saved.vectorOf(node).slice(), 1, 128, undefined, 0xffff_ffff);
      expect(found?.nodes[0]).toBe(node);
    }
  },
);
