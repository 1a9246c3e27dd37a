import type { ConsumedCapacity } from "./capacity.ts";
import type { ItemCollectionMetrics } from "./collection-metrics.ts";

/** The answer of a write of one item; `attributes` is JSON already. */
export function writeAnswer(
  attributes: string | undefined,
  capacity: ConsumedCapacity | undefined,
  metrics: ItemCollectionMetrics | undefined,
): string {
  if (attributes === undefined && capacity === undefined && metrics === undefined) return "{}";
  const parts: string[] = [];
  if (attributes !== undefined) parts.push(`"Attributes":${attributes}`);
  if (capacity !== undefined) parts.push(`"ConsumedCapacity":${JSON.stringify(capacity)}`);
  if (metrics !== undefined) parts.push(`"ItemCollectionMetrics":${JSON.stringify(metrics)}`);
  return `{${parts.join(",")}}`;
}
