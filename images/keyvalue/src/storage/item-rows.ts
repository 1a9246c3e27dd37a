import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import type { Item } from "../items/attribute-value.ts";
import type { Table } from "../tables/table.ts";

/** An item as it is stored: the text that goes into answers, and parsed when somebody looks inside. */
export class StoredItem {
  readonly text: string;
  readonly size: number;
  #item: Item | undefined;

  constructor(text: string, size: number, item?: Item) {
    this.text = text;
    this.size = size;
    this.#item = item;
  }

  /** Must not be changed. */
  get item(): Item {
    this.#item ??= JSON.parse(this.text) as Item;
    return this.#item;
  }
}

export function readItem(db: Database, table: Table, key: Buffer): StoredItem | undefined {
  const row = statement(db, `SELECT item, size FROM ${table.storedIn} WHERE key = ?`, { raw: true }).get(
    key,
  ) as [string, number] | undefined;
  return row === undefined ? undefined : new StoredItem(row[0], row[1]);
}

/** The size of an item, without reading it. */
export function readSize(db: Database, table: Table, key: Buffer): number | undefined {
  return statement(db, `SELECT size FROM ${table.storedIn} WHERE key = ?`, { pluck: true }).get(key) as
    | number
    | undefined;
}

export function putRow(db: Database, table: Table, key: Buffer, item: StoredItem): void {
  statement(db, `INSERT OR REPLACE INTO ${table.storedIn} (key, size, item) VALUES (?, ?, ?)`).run(
    key,
    item.size,
    item.text,
  );
}

export function deleteRow(db: Database, table: Table, key: Buffer): void {
  statement(db, `DELETE FROM ${table.storedIn} WHERE key = ?`).run(key);
}
