import { findReplay, noteToken, type Replay, requestHash } from "../storage/client-tokens.ts";
import { itemTable } from "../tables/find-table.ts";
import {
  members,
  type PreparedTransaction,
  prepare,
  type TransactWriteItemsInput,
} from "../validation/transact-write-items.ts";

import { MetricsByTable } from "./collection-metrics.ts";
import { operation } from "./operation.ts";
import { readCapacity, type TransactionResult, transact, transactionCapacity } from "./transaction.ts";

export const transactWriteItems = operation<TransactWriteItemsInput, PreparedTransaction>({
  name: "TransactWriteItems",
  members,
  action: "write",
  tables: ({ actions }) => [...new Set(actions.map(({ tableName }) => tableName))],
  prepare,
  frees: ({ actions }) => actions.every(({ kind }) => kind === "Delete" || kind === "ConditionCheck"),
  run({ catalog, writes, writer }, { input, actions }, { nowMs, user }) {
    const token =
      input.ClientRequestToken === undefined ? undefined : `${user.user}\0${input.ClientRequestToken}`;
    const hash = token === undefined ? undefined : requestHash(input.TransactItems);
    const mode = input.ReturnConsumedCapacity;
    return writes.write((db) => {
      if (token !== undefined) {
        const replay = findReplay(db, token, hash!, nowMs);
        if (replay !== undefined) {
          const sizes = replay.map(({ table, size }) => ({ table: itemTable(catalog, table), size }));
          const capacity = readCapacity(sizes, mode);
          return capacity === undefined ? {} : { ConsumedCapacity: capacity };
        }
      }
      const results = transact(db, catalog, writer, actions, nowMs);
      if (token !== undefined) noteToken(db, token, hash!, nowMs, replayOf(results));
      const capacity = transactionCapacity(results, mode);
      const metrics = new MetricsByTable();
      for (const { table, action } of results)
        metrics.add(db, table, action.item, input.ReturnItemCollectionMetrics);
      return {
        ...(capacity !== undefined && { ConsumedCapacity: capacity }),
        ...metrics.answer,
      };
    });
  },
});

/** A repetition costs what reading the items would. */
export function replayOf(results: readonly TransactionResult[]): Replay {
  return results.map(({ table, before, after }) => ({
    table: table.name,
    size: Math.max(before?.size ?? 0, after?.size ?? 0),
  }));
}
