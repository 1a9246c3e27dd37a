import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import type { Item } from "../items/attribute-value.ts";
import { afterPrefix, encodePartition } from "../storage/key-encoding.ts";
import type { Table } from "../tables/table.ts";

export interface ItemCollectionMetrics {
  readonly ItemCollectionKey: Item;
  /** In gigabytes, at least and at most. */
  readonly SizeEstimateRangeGB: readonly [number, number];
}

/** Items that are looked at for an estimate; larger collections are told as at least so large. */
const itemsMax = 100_000;
const gigabyte = 1024 ** 3;

/** The size of an item's collection: tables with local indexes have them. */
export function collectionMetrics(
  db: Database,
  table: Table,
  item: Item,
  mode: "SIZE" | "NONE" | undefined,
): ItemCollectionMetrics | undefined {
  if (mode !== "SIZE" || !table.indexes.some(({ definition }) => definition.kind === "local"))
    return undefined;
  const [partition] = table.key.partition;
  const value = item[partition!.name]!;
  const from = encodePartition([value]);
  const bytes = statement(
    db,
    `SELECT coalesce(sum(size), 0) FROM (SELECT size FROM ${table.storedIn} WHERE key >= ? AND key < ? LIMIT ${itemsMax})`,
    { pluck: true },
  ).get(from, afterPrefix(from) ?? Buffer.alloc(4, 0xff)) as number;
  const least = Math.floor(bytes / gigabyte);
  return { ItemCollectionKey: { [partition!.name]: value }, SizeEstimateRangeGB: [least, least + 1] };
}

/** The metrics of several writes, by table. */
export class MetricsByTable {
  readonly #found: Record<string, ItemCollectionMetrics[]> = {};

  add(db: Database, table: Table, item: Item, mode: "SIZE" | "NONE" | undefined): void {
    const metrics = collectionMetrics(db, table, item, mode);
    if (metrics === undefined) return;
    this.#found[table.name] ??= [];
    this.#found[table.name]!.push(metrics);
  }

  /** As a member of an answer; nothing when there are none. */
  get answer(): object {
    return Object.keys(this.#found).length === 0 ? {} : { ItemCollectionMetrics: this.#found };
  }
}
