import { project } from "../expressions/project.ts";
import { setAttribute } from "../items/attribute-value.ts";
import { readItem } from "../storage/item-rows.ts";
import { checkKey, checkNestedPaths } from "../tables/check-keys.ts";
import { itemTable } from "../tables/find-table.ts";
import {
  type BatchGetItemInput,
  type KeysAndAttributes,
  members,
  type PreparedBatchGet,
  prepare,
} from "../validation/batch-get-item.ts";
import { CapacityMeter, type ConsumedCapacity, readUnits } from "./capacity.ts";
import { operation } from "./operation.ts";

/** Of all items in an answer; the keys of the others come back as unprocessed. */
const answerBytesMax = 16 * 1024 * 1024;

export const batchGetItem = operation<BatchGetItemInput, PreparedBatchGet>({
  name: "BatchGetItem",
  members,
  action: "read",
  tables: ({ tables }) => tables.map(({ name }) => name),
  prepare,
  run({ catalog, store }, { input, tables }) {
    const found = tables.map((each) => ({ ...each, table: itemTable(catalog, each.name) }));
    for (const { table, keys, projection } of found) {
      for (const key of keys) checkKey(table, key);
      if (projection !== undefined) checkNestedPaths(table, projection.paths);
    }
    return store.read((db) => {
      const responses: string[] = [];
      const unprocessed: Record<string, KeysAndAttributes> = {};
      const capacity: ConsumedCapacity[] = [];
      let bytes = 0;
      for (const { table, keys, projection, request } of found) {
        const items: string[] = [];
        const meter = new CapacityMeter(table);
        const isConsistent = request.ConsistentRead === true;
        let taken = 0;
        for (const key of keys) {
          const item = readItem(db, table, table.keyOf(key));
          if (bytes > 0 && bytes + (item?.size ?? 0) > answerBytesMax) break;
          bytes += item?.size ?? 0;
          taken++;
          meter.add(readUnits(item?.size ?? 0, isConsistent));
          if (item === undefined) continue;
          items.push(
            projection === undefined ? item.text : JSON.stringify(project(item.item, projection.tree)),
          );
        }
        responses.push(`${JSON.stringify(table.name)}:[${items.join(",")}]`);
        if (taken < keys.length)
          setAttribute(unprocessed as never, table.name, { ...request, Keys: keys.slice(taken) } as never);
        const consumed = meter.result(input.ReturnConsumedCapacity);
        if (consumed !== undefined) capacity.push(consumed);
      }
      const consumed = capacity.length === 0 ? "" : `,"ConsumedCapacity":${JSON.stringify(capacity)}`;
      return `{"Responses":{${responses.join(",")}},"UnprocessedKeys":${JSON.stringify(unprocessed)}${consumed}}`;
    });
  },
});
