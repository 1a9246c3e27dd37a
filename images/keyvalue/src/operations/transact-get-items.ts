import { AwsError } from "@weftkit/http-aws";
import { type CancellationReason, transactionCanceled, validation } from "../errors.ts";
import { project } from "../expressions/project.ts";
import { readItem } from "../storage/item-rows.ts";
import { checkKey, checkNestedPaths } from "../tables/check-keys.ts";
import { itemTable } from "../tables/find-table.ts";
import type { Table } from "../tables/table.ts";
import {
  members,
  multipleOperations,
  type PreparedTransactGet,
  prepare,
  type TransactGetItemsInput,
} from "../validation/transact-get-items.ts";
import { operation } from "./operation.ts";
import { readCapacity } from "./transaction.ts";

const answerBytesMax = 4 * 1024 * 1024;

export const transactGetItems = operation<TransactGetItemsInput, PreparedTransactGet>({
  name: "TransactGetItems",
  members,
  action: "read",
  tables: ({ gets }) => [...new Set(gets.map(({ tableName }) => tableName))],
  prepare,
  run({ catalog, store }, { input, gets }) {
    const found = gets.map((get) => ({ ...get, table: itemTable(catalog, get.tableName) }));
    const reasons: CancellationReason[] = [];
    const seen = new Set<string>();
    for (const { table, key, projection } of found) {
      try {
        checkKey(table, key);
        if (projection !== undefined) checkNestedPaths(table, projection.paths);
      } catch (error) {
        if (!(error instanceof AwsError) || error.message.includes("cannot contain an empty")) throw error;
        reasons.push({ Code: "ValidationError", Message: error.message });
        continue;
      }
      const text = `${table.number}:${table.keyOf(key).toString("latin1")}`;
      if (seen.has(text)) throw multipleOperations();
      seen.add(text);
      reasons.push({ Code: "None" });
    }
    if (reasons.some(({ Code }) => Code !== "None")) throw transactionCanceled(reasons);
    return store.read((db) => {
      const responses: string[] = [];
      const sizes: { table: Table; size: number }[] = [];
      let bytes = 0;
      for (const { table, key, projection } of found) {
        const item = readItem(db, table, table.keyOf(key));
        bytes += item?.size ?? 0;
        if (bytes > answerBytesMax) {
          throw validation(
            "Collection size of items exceeded, which can also be caused by the aggregate size of the items in the transaction exceeding the 4MB limit",
          );
        }
        sizes.push({ table, size: item?.size ?? 0 });
        if (item === undefined) responses.push("{}");
        else if (projection === undefined) responses.push(`{"Item":${item.text}}`);
        else responses.push(`{"Item":${JSON.stringify(project(item.item, projection.tree))}}`);
      }
      const capacity = readCapacity(sizes, input.ReturnConsumedCapacity);
      const consumed = capacity === undefined ? "" : `,"ConsumedCapacity":${JSON.stringify(capacity)}`;
      return `{"Responses":[${responses.join(",")}]${consumed}}`;
    });
  },
});
