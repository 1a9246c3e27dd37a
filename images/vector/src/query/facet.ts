import type { Store } from "@weftkit/store";
import type { Collection } from "../collections/collection.ts";
import { parsed } from "../collections/write-points.ts";
import { invalid } from "../errors.ts";
import type { FilterSet } from "../filters/filter-set.ts";
import { parsePath, valuesAt } from "../model/payload-path.ts";
import { PointRows } from "../storage/points.ts";

export interface FacetHit {
  readonly value: string | number | bigint | boolean;
  readonly count: number;
}

const uuid = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

/** How many points have each value of a field, the most frequent first. */
export async function facet(
  store: Store,
  collection: Collection,
  key: string,
  set: FilterSet | undefined,
  limit: number,
): Promise<FacetHit[]> {
  const path = parsePath(key);
  const type = collection.definition.fields[key]?.type;
  if (type === undefined || ["geo", "text", "float", "datetime"].includes(type))
    throw invalid(
      `Bad request: No appropriate index for faceting: \`${key}\`. Please create one to facet on this field. Check https://qdrant.tech/documentation/concepts/indexing/#payload-index to see which payload schemas support Match conditions`,
    );
  if (!Number.isInteger(limit) || limit < 1) throw invalid("Validation error: limit must be 1 or larger");
  const counts = new Map<string | number | bigint | boolean, number>();
  await store.read((db) => {
    for (const { slot, payload } of new PointRows(db, collection.number).all()) {
      const node = collection.nodes.nodeOf(slot);
      if (payload === null || node === undefined || (set !== undefined && !set.has(node))) continue;
      for (const value of new Set(valuesAt(parsed(payload), path).map(told))) {
        if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
      }
    }
  });
  return Array.from(counts, ([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, limit);
}

function told(value: unknown): string | number | bigint | boolean | undefined {
  if (typeof value === "string") {
    if (!uuid.test(value)) return value;
    const hex = value.replaceAll("-", "").toLowerCase();
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }
  return typeof value === "boolean" ||
    typeof value === "bigint" ||
    (typeof value === "number" && Number.isInteger(value))
    ? value
    : undefined;
}
