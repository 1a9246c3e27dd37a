import { validation } from "../errors.ts";
import type { Item } from "../items/attribute-value.ts";
import { readItem } from "../storage/item-rows.ts";
import { itemToStore } from "../storage/write-item.ts";
import type { Catalog } from "../tables/catalog.ts";
import { checkItemKeys, checkKey } from "../tables/check-keys.ts";
import { itemTable } from "../tables/find-table.ts";
import type { Table } from "../tables/table.ts";
import {
  type BatchWriteItemInput,
  members,
  type PreparedBatchWrite,
  type PreparedWrite,
  prepare,
} from "../validation/batch-write-item.ts";
import { CapacityMeter, type ConsumedCapacity } from "./capacity.ts";
import { MetricsByTable } from "./collection-metrics.ts";
import { operation } from "./operation.ts";

export const batchWriteItem = operation<BatchWriteItemInput, PreparedBatchWrite>({
  name: "BatchWriteItem",
  members,
  action: "write",
  tables: ({ tables }) => tables.map(({ name }) => name),
  prepare,
  frees: ({ tables }) => tables.every(({ writes }) => writes.every(({ size }) => size === undefined)),
  run({ catalog, writes, writer }, prepared, { nowMs }) {
    const { input } = prepared;
    checkTargets(catalog, prepared);
    return writes.write((db) => {
      // All are checked before any is written: one that is wrong means that none is.
      const targets = checkTargets(catalog, prepared);
      const capacity: ConsumedCapacity[] = [];
      const metrics = new MetricsByTable();
      for (const { table, writes: all } of targets) {
        const meter = new CapacityMeter(table);
        for (const { key, item, size } of all) {
          const before = readItem(db, table, key);
          const written =
            size === undefined
              ? writer.delete(db, table, key, before, nowMs)
              : writer.put(db, table, key, before, itemToStore(item, size), nowMs);
          meter.addWrite(written);
          metrics.add(db, table, item, input.ReturnItemCollectionMetrics);
        }
        const consumed = meter.result(input.ReturnConsumedCapacity);
        if (consumed !== undefined) capacity.push(consumed);
      }
      return {
        UnprocessedItems: {},
        ...(capacity.length > 0 && { ConsumedCapacity: capacity }),
        ...metrics.answer,
      };
    });
  },
});

interface Target {
  readonly table: Table;
  readonly writes: readonly (PreparedWrite & { readonly key: Buffer })[];
}

function checkTargets(catalog: Catalog, { tables }: PreparedBatchWrite): readonly Target[] {
  const found = tables.map(({ name, writes }) => ({ table: itemTable(catalog, name), writes }));
  return found.map(({ table, writes }) => {
    const seen = new Set<string>();
    const keyed = writes.map((write) => {
      checkOne(table, write.item, write.size === undefined);
      const key = table.keyOf(write.item);
      const text = key.toString("latin1");
      if (seen.has(text)) throw validation("Provided list of item keys contains duplicates");
      seen.add(text);
      return { ...write, key };
    });
    return { table, writes: keyed };
  });
}

function checkOne(table: Table, item: Item, isDelete: boolean): void {
  if (isDelete) {
    checkKey(table, item);
    return;
  }
  // AWS says of a missing key here what it says of a wrong one.
  for (const { name } of table.key.all) {
    if (!Object.hasOwn(item, name)) throw validation("The provided key element does not match the schema");
  }
  checkItemKeys(table, item);
}
