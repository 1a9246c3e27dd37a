import type { Arena } from "./arena.ts";
import { roundUp, scratchHeaderBytes, scratchWord, selectedBytes } from "./layout.ts";

/** What one thread needs to search or to build: for so many nodes and so many results. */
export interface Scratch {
  readonly at: number;
  readonly bytes: number;
  readonly nodesMax: number;
  readonly resultsMax: number;
  readonly query: number;
  readonly results: number;
}

/** Nodes that a scratch has room for at the least. */
const nodesMin = 1024;
const resultsMin = 512;
const pairBytes = 8;

function powerOfTwo(atLeast: number): number {
  return 2 ** Math.ceil(Math.log2(atLeast));
}

export function allocateScratch(arena: Arena, vectorBytes: number, nodes: number, results: number): Scratch {
  const nodesMax = powerOfTwo(Math.max(nodes, nodesMin));
  const resultsMax = powerOfTwo(Math.max(results, resultsMin));
  const parts = {
    query: roundUp(vectorBytes, 16),
    selected: selectedBytes,
    results: resultsMax * pairBytes,
    tail: resultsMax * pairBytes,
    // What is not linked and what was found are merged there.
    candidates: Math.max(nodesMax, resultsMax) * pairBytes,
    visited: nodesMax,
  };
  const bytes = scratchHeaderBytes + Object.values(parts).reduce((sum, part) => sum + part, 0);
  const at = arena.allocatePassing(bytes);
  let next = at + scratchHeaderBytes;
  const pointers = new Map<string, number>();
  for (const [name, size] of Object.entries(parts)) {
    pointers.set(name, next);
    next += size;
  }
  const base = at / 4;
  arena.words.fill(0, base, base + scratchHeaderBytes / 4);
  arena.words[base + scratchWord.capacity] = nodesMax;
  arena.words[base + scratchWord.resultsMax] = resultsMax;
  // Beyond the last epoch, so that the first visit forgets what was there.
  arena.words[base + scratchWord.epoch] = 255;
  for (const name of ["query", "results", "candidates", "visited", "tail", "selected"] as const)
    arena.words[base + scratchWord[name]] = pointers.get(name)!;
  return {
    at,
    bytes,
    nodesMax,
    resultsMax,
    query: pointers.get("query")!,
    results: pointers.get("results")!,
  };
}
