import type { Collection, Hit } from "../collections/collection.ts";
import { invalid } from "../errors.ts";
import { maxSimilarity } from "../index/multi-index.ts";
import type { VectorValue } from "../model/vector-value.ts";
import { similarities } from "./similarities.ts";

/** Chooses hits that are near to the query and not to each other: maximal marginal relevance. */
export async function diversify(
  collection: Collection,
  name: string,
  query: VectorValue,
  hits: readonly Hit[],
  diversity: number,
  limit: number,
): Promise<Hit[]> {
  if (!(diversity >= 0 && diversity <= 1))
    throw invalid(`Validation error: diversity is from 0 to 1, and not ${diversity}`);
  if (hits.length === 0) return [];
  const relevanceWeight = 1 - diversity;
  const nodes = Uint32Array.from(hits, ({ node }) => node);
  const relevance = await similarities(collection, name, query, nodes);
  const pending = new Set(hits.keys());
  const nearestChosen = new Float32Array(hits.length).fill(Number.NEGATIVE_INFINITY);
  const chosen: Hit[] = [];
  for (let next: number | undefined = 0; next !== undefined && chosen.length < limit; ) {
    chosen.push(hits[next]!);
    pending.delete(next);
    const alike = await likeness(collection, name, nodes[next]!, nodes);
    let best: number | undefined;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (const i of pending) {
      nearestChosen[i] = Math.max(nearestChosen[i]!, alike[i]!);
      const score = relevanceWeight * relevance[i]! - diversity * nearestChosen[i]!;
      if (score > bestScore) {
        best = i;
        bestScore = score;
      }
    }
    next = best;
  }
  return chosen;
}

/** How alike each node is to one; of lists, what each of them makes of the one's. */
async function likeness(
  collection: Collection,
  name: string,
  node: number,
  nodes: Uint32Array,
): Promise<Float32Array> {
  const multi = collection.multi.get(name);
  if (multi === undefined) return similarities(collection, name, vectorOf(collection, name, node), nodes);
  const rows = multi.vectorOf(node) ?? [];
  return Float32Array.from(nodes, (other) =>
    maxSimilarity(multi.distance, multi.vectorOf(other) ?? [], rows),
  );
}

/** A copy of the vector that a node has. */
function vectorOf(collection: Collection, name: string, node: number): VectorValue {
  const dense = collection.dense.get(name);
  if (dense !== undefined) return { kind: "dense", values: dense.vectorOf(node).slice() };
  const sparse = collection.sparse.get(name)?.vectorOf(node);
  if (sparse !== undefined) return { kind: "sparse", indices: sparse.indices, values: sparse.values };
  return { kind: "multi", rows: collection.multi.get(name)?.vectorOf(node) ?? [] };
}
