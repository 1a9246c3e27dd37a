import type { Store } from "@weftkit/store";
import type { Collection, Hit } from "../collections/collection.ts";
import { parsed } from "../collections/write-points.ts";
import { invalid } from "../errors.ts";
import { microsecondsOf } from "../filters/datetime.ts";
import type { FilterSet } from "../filters/filter-set.ts";
import { parsePath, valuesAt } from "../model/payload-path.ts";
import { PointRows } from "../storage/points.ts";
import type { OrderBy } from "./types.ts";

export interface OrderedHit extends Hit {
  readonly orderValue: number | bigint;
}

/** Points by the values of a field; one with many values is there once for each. Dates are microseconds. */
export async function orderedPoints(
  store: Store,
  collection: Collection,
  order: string | OrderBy,
  set: FilterSet | undefined,
  limit: number,
): Promise<OrderedHit[]> {
  const { key, direction, start_from } = typeof order === "string" ? ({ key: order } as OrderBy) : order;
  const path = parsePath(key);
  requireOrder(collection, key);
  const isDescending = direction === "desc";
  const start = start_from == null ? undefined : orderValueOf(start_from);
  if (start_from != null && start === undefined)
    throw invalid(`start_from ${JSON.stringify(start_from)} is no number and no date`);
  const found: OrderedHit[] = [];
  await store.read((db) => {
    const rows = new PointRows(db, collection.number);
    for (const { slot, payload } of rows.all()) {
      const node = collection.nodes.nodeOf(slot);
      if (payload === null || node === undefined || (set !== undefined && !set.has(node))) continue;
      const seen = new Set<number | bigint>();
      for (const value of valuesAt(parsed(payload), path)) {
        const orderValue = orderValueOf(value);
        if (orderValue === undefined || seen.has(orderValue)) continue;
        if (start !== undefined && (isDescending ? orderValue > start : orderValue < start)) continue;
        seen.add(orderValue);
        found.push({ slot, node, score: 1, orderValue });
      }
    }
  });
  const sign = isDescending ? -1 : 1;
  found.sort((a, b) =>
    a.orderValue === b.orderValue ? a.slot - b.slot : a.orderValue < b.orderValue ? -sign : sign,
  );
  return found.slice(0, limit);
}

/** As Qdrant does, which orders by an index. */
function requireOrder(collection: Collection, key: string): void {
  const type = collection.definition.fields[key]?.type;
  if (type !== undefined && ["integer", "float", "datetime"].includes(type)) return;
  throw invalid(
    `Bad request: No range index for \`order_by\` key: \`${key}\`. Please create one to use \`order_by\`. Check https://qdrant.tech/documentation/concepts/indexing/#payload-index to see which payload schemas support Range conditions`,
  );
}

function orderValueOf(value: unknown): number | bigint | undefined {
  if (typeof value === "number" || typeof value === "bigint") return value;
  return typeof value === "string" ? microsecondsOf(value) : undefined;
}
