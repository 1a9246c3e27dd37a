import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import { equalItems } from "../items/compare.ts";
import { itemSize } from "../items/item-size.ts";
import type { Index, Table } from "../tables/table.ts";
import type { StoredItem } from "./item-rows.ts";

/** What a write did to one index, for capacity; sizes are those of the entries. */
export interface EntryChange {
  readonly index: Index;
  readonly removedSize: number | undefined;
  readonly writtenSize: number | undefined;
}

/** Brings a table's indexes up to date with one item. */
export function writeEntries(
  db: Database,
  table: Table,
  itemKey: Buffer,
  before: StoredItem | undefined,
  after: StoredItem | undefined,
): readonly EntryChange[] {
  const changes: EntryChange[] = [];
  for (const index of table.indexes) {
    const change = writeEntry(db, index, itemKey, before, after);
    if (change !== undefined) changes.push(change);
  }
  return changes;
}

function writeEntry(
  db: Database,
  index: Index,
  itemKey: Buffer,
  before: StoredItem | undefined,
  after: StoredItem | undefined,
): EntryChange | undefined {
  const oldKey = before === undefined ? undefined : index.entryKey(before.item, itemKey);
  const newKey = after === undefined ? undefined : index.entryKey(after.item, itemKey);
  if (oldKey === undefined && newKey === undefined) return undefined;
  const oldSize = oldKey === undefined ? undefined : entrySize(index, before!);
  if (oldKey !== undefined && (newKey === undefined || !oldKey.equals(newKey))) {
    // An index that is being made may not have it yet.
    const { changes } = statement(db, `DELETE FROM ${index.storedIn} WHERE key = ?`).run(oldKey);
    if (changes > 0) {
      index.count.items--;
      index.count.bytes -= oldSize!;
    }
    if (newKey === undefined) return { index, removedSize: oldSize, writtenSize: undefined };
    const writtenSize = insertEntry(db, index, newKey, itemKey, after!);
    return { index, removedSize: oldSize, writtenSize };
  }
  if (oldKey !== undefined && index.definition.state === "active") {
    const isSame =
      index.projected === undefined
        ? before!.text === after!.text || equalItems(before!.item, after!.item)
        : equalItems(index.project(before!.item), index.project(after!.item));
    if (isSame) return undefined;
    index.count.bytes -= oldSize!;
    index.count.items--;
  }
  const writtenSize = insertEntry(db, index, newKey!, itemKey, after!, oldKey !== undefined);
  return {
    index,
    removedSize: undefined,
    writtenSize: Math.max(writtenSize, oldSize ?? 0),
  };
}

/** Writes an entry, and returns its size. */
export function insertEntry(
  db: Database,
  index: Index,
  key: Buffer,
  itemKey: Buffer,
  item: StoredItem,
  isThere = false,
): number {
  const isWhole = index.projected === undefined;
  const projected = isWhole ? item.item : index.project(item.item);
  const size = isWhole ? item.size : itemSize(projected);
  index.count.items++;
  index.count.bytes += size;
  // The entry of an index that projects everything only leads to the item.
  if (isWhole && isThere && index.definition.state === "active") return size;
  statement(
    db,
    `INSERT OR REPLACE INTO ${index.storedIn} (key, item_key, size, item) VALUES (?, ?, ?, ?)`,
  ).run(key, itemKey, isWhole ? 0 : size, isWhole ? null : JSON.stringify(projected));
  return size;
}

function entrySize(index: Index, item: StoredItem): number {
  return index.projected === undefined ? item.size : itemSize(index.project(item.item));
}
