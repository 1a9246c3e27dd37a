import { project, projectionTree } from "../expressions/project.ts";
import type { Item } from "../items/attribute-value.ts";
import { readItem, type StoredItem } from "../storage/item-rows.ts";
import { checkKey, checkNestedPaths, checkUpdatedPaths } from "../tables/check-keys.ts";
import { itemTable } from "../tables/find-table.ts";
import {
  members,
  type PreparedUpdateItem,
  prepare,
  type UpdateItemInput,
} from "../validation/update-item.ts";
import { writeCapacity } from "./capacity.ts";
import { collectionMetrics } from "./collection-metrics.ts";
import { operation } from "./operation.ts";
import { requireCondition } from "./require-condition.ts";
import { updated } from "./update.ts";
import { writeAnswer } from "./write-answer.ts";

export const updateItem = operation<UpdateItemInput, PreparedUpdateItem>({
  name: "UpdateItem",
  members,
  action: "write",
  tables: ({ input }) => [input.TableName],
  prepare,
  run({ catalog, writes, writer }, prepared, { nowMs }) {
    const { input, paths } = prepared;
    checkTarget(prepared, catalog);
    return writes.write((db) => {
      const table = checkTarget(prepared, catalog);
      const key = table.keyOf(input.Key);
      const before = readItem(db, table, key);
      requireCondition(prepared, before, input.ReturnValuesOnConditionCheckFailure);
      const after = updated(table, input.Key, before, prepared);
      const written = writer.put(db, table, key, before, after, nowMs);
      return writeAnswer(
        returned(input.ReturnValues, before, after, paths),
        writeCapacity(written, input.ReturnConsumedCapacity),
        collectionMetrics(db, table, input.Key, input.ReturnItemCollectionMetrics),
      );
    });
  },
});

function checkTarget({ input, paths }: PreparedUpdateItem, catalog: Parameters<typeof itemTable>[0]) {
  const table = itemTable(catalog, input.TableName);
  checkKey(table, input.Key);
  checkUpdatedPaths(table, paths);
  checkNestedPaths(table, paths);
  return table;
}

function returned(
  wanted: UpdateItemInput["ReturnValues"],
  before: StoredItem | undefined,
  after: StoredItem,
  paths: PreparedUpdateItem["paths"],
): string | undefined {
  switch (wanted) {
    case "ALL_OLD":
      return before?.text;
    case "ALL_NEW":
      return after.text;
    case "UPDATED_OLD":
      return before === undefined ? undefined : partsOf(before.item, paths);
    case "UPDATED_NEW":
      return partsOf(after.item, paths);
    default:
      return undefined;
  }
}

/** What is at the paths that were updated; undefined when that is nothing. */
function partsOf(item: Item, paths: PreparedUpdateItem["paths"]): string | undefined {
  const parts = project(item, projectionTree(paths));
  return Object.keys(parts).length === 0 ? undefined : JSON.stringify(parts);
}
