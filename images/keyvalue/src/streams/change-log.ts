import { recordChange } from "@weftkit/changes";
import type { Database } from "@weftkit/store";
import { equalItems } from "../items/compare.ts";
import type { StoredItem } from "../storage/item-rows.ts";
import type { Table } from "../tables/table.ts";

/** Tells those who follow all changes of the engine of an item, as DynamoDB's JSON; whether its table has a stream or not. */
export function recordItem(
  db: Database,
  table: Table,
  before: StoredItem | undefined,
  after: StoredItem | undefined,
): void {
  // A write that changes nothing is no change, as in a stream.
  if (before !== undefined && after !== undefined) {
    if (before.text === after.text || equalItems(before.item, after.item)) return;
  }
  recordChange(db, () => ({
    namespace: table.name,
    key: Buffer.from(JSON.stringify(table.keyItem((after ?? before)!.item))),
    op: before === undefined ? "insert" : after === undefined ? "delete" : "update",
    before: before && Buffer.from(before.text),
    after: after && Buffer.from(after.text),
    format: "json",
  }));
}

/** A request that has changed a table's definition, so that it can be made elsewhere. */
export function recordDefinition(db: Database, table: string, operation: string, request: object): void {
  recordChange(db, () => ({
    namespace: table,
    key: Buffer.alloc(0),
    op: "schema",
    after: Buffer.from(JSON.stringify({ command: operation, request })),
    format: "json",
  }));
}
