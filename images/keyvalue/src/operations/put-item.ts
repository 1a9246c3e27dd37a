import { readItem, readSize } from "../storage/item-rows.ts";
import { itemToStore, looksBack } from "../storage/write-item.ts";
import { checkItemKeys } from "../tables/check-keys.ts";
import { itemTable } from "../tables/find-table.ts";
import { members, type PreparedPut, type PutItemInput, prepare } from "../validation/put-item.ts";
import { writeCapacity } from "./capacity.ts";
import { collectionMetrics } from "./collection-metrics.ts";
import { operation } from "./operation.ts";
import { requireCondition } from "./require-condition.ts";
import { writeAnswer } from "./write-answer.ts";

export const putItem = operation<PutItemInput, PreparedPut>({
  name: "PutItem",
  members,
  action: "write",
  tables: ({ input }) => [input.TableName],
  prepare,
  run({ catalog, writes, writer }, prepared, { nowMs }) {
    const { input, size, condition } = prepared;
    const { Item: item, ReturnValues: wanted } = input;
    checkItemKeys(itemTable(catalog, input.TableName), item);
    const after = itemToStore(item, size);
    return writes.write((db) => {
      // It may have changed while this waited for its turn.
      const table = itemTable(catalog, input.TableName);
      checkItemKeys(table, item);
      const key = table.keyOf(item);
      const isSeen = condition !== undefined || wanted === "ALL_OLD" || looksBack(db, table);
      const before = isSeen ? readItem(db, table, key) : undefined;
      requireCondition(prepared, before, input.ReturnValuesOnConditionCheckFailure);
      const known = isSeen ? before : readSize(db, table, key);
      const written = writer.put(db, table, key, known, after, nowMs);
      return writeAnswer(
        wanted === "ALL_OLD" ? before?.text : undefined,
        writeCapacity(written, input.ReturnConsumedCapacity),
        collectionMetrics(db, table, item, input.ReturnItemCollectionMetrics),
      );
    });
  },
});
