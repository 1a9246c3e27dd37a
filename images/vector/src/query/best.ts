import type { Collection, Hit } from "../collections/collection.ts";

/** The `k` largest scores by node; what is equal is in the order of slots. */
export function best(collection: Collection, scores: Iterable<readonly [number, number]>, k: number): Hit[] {
  const hits: Hit[] = [];
  for (const [node, score] of scores) {
    const slot = collection.nodes.slotOf(node);
    if (slot !== 0) hits.push({ slot, node, score });
  }
  hits.sort((a, b) => b.score - a.score || a.slot - b.slot);
  return hits.slice(0, k);
}
