import { readItem } from "../storage/item-rows.ts";
import { checkKey } from "../tables/check-keys.ts";
import { itemTable } from "../tables/find-table.ts";
import { type DeleteItemInput, members, type PreparedDelete, prepare } from "../validation/delete-item.ts";
import { writeCapacity } from "./capacity.ts";
import { collectionMetrics } from "./collection-metrics.ts";
import { operation } from "./operation.ts";
import { requireCondition } from "./require-condition.ts";
import { writeAnswer } from "./write-answer.ts";

export const deleteItem = operation<DeleteItemInput, PreparedDelete>({
  name: "DeleteItem",
  members,
  action: "write",
  tables: ({ input }) => [input.TableName],
  prepare,
  frees: () => true,
  run({ catalog, writes, writer }, prepared, { nowMs }) {
    const { input } = prepared;
    checkKey(itemTable(catalog, input.TableName), input.Key);
    return writes.write((db) => {
      const table = itemTable(catalog, input.TableName);
      checkKey(table, input.Key);
      const key = table.keyOf(input.Key);
      const before = readItem(db, table, key);
      requireCondition(prepared, before, input.ReturnValuesOnConditionCheckFailure);
      const written = writer.delete(db, table, key, before, nowMs);
      return writeAnswer(
        input.ReturnValues === "ALL_OLD" ? before?.text : undefined,
        writeCapacity(written, input.ReturnConsumedCapacity),
        collectionMetrics(db, table, input.Key, input.ReturnItemCollectionMetrics),
      );
    });
  },
});
