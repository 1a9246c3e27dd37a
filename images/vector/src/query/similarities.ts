import { setImmediate } from "node:timers/promises";
import type { Collection } from "../collections/collection.ts";
import type { FilterSet } from "../filters/filter-set.ts";
import type { DenseIndex } from "../index/dense-index.ts";
import { maxSimilarity } from "../index/multi-index.ts";
import { normalized, type VectorValue } from "../model/vector-value.ts";
import { weighed } from "./search-sparse.ts";

/** As many floats are compared before the event loop goes on. */
const sliceFloats = 1_000_000;

/** The nodes that have a vector of a name, and match. */
export function candidates(collection: Collection, name: string, set: FilterSet | undefined): Uint32Array {
  const nodes: number[] = [];
  const from = set === undefined ? collection.nodes.all() : set.nodes();
  for (const node of from)
    if (collection.nodes.slotOf(node) !== 0 && collection.hasVector(name, node)) nodes.push(node);
  return Uint32Array.from(nodes);
}

/** How alike a vector is to that of each node: more is more alike, whatever the distance (squared for Euclid). */
export async function similarities(
  collection: Collection,
  name: string,
  value: VectorValue,
  nodes: Uint32Array,
): Promise<Float32Array> {
  const result = new Float32Array(nodes.length);
  if (value.kind === "sparse") {
    const scores = collection.sparse.get(name)!.scores(weighed(collection, name, value), undefined);
    nodes.forEach((node, i) => {
      result[i] = scores.get(node) ?? 0;
    });
    return result;
  }
  if (value.kind === "multi") {
    const index = collection.multi.get(name)!;
    const rows = index.distance === "Cosine" ? value.rows.map(normalized) : value.rows;
    for (const [i, node] of nodes.entries()) {
      const vector = index.vectorOf(node);
      if (vector !== undefined) result[i] = maxSimilarity(index.distance, rows, vector);
      if (i % 2000 === 1999) await setImmediate();
    }
    return result;
  }
  const index = collection.dense.get(name)!;
  const query = index.distance === "Cosine" ? normalized(value.values) : value.values;
  const step = Math.max(256, Math.floor(sliceFloats / index.dimensions));
  for (let at = 0; at < nodes.length; at += step) {
    if (at > 0) await setImmediate();
    const distances = index.distancesTo(query, nodes.subarray(at, at + step));
    for (let i = 0; i < distances.length; i++) result[at + i] = -distances[i]!;
  }
  return result;
}

/** A similarity as clients see it. */
export function shown(distance: DenseIndex["distance"], value: number): number {
  switch (distance) {
    case "Cosine":
    case "Dot":
      return value;
    case "Euclid":
      return Math.sqrt(-value);
    case "Manhattan":
      return -value;
  }
}
