import { isRecording } from "@weftkit/changes";
import type { Database } from "@weftkit/store";
import { type Item, setAttribute } from "../items/attribute-value.ts";
import { itemSize } from "../items/item-size.ts";
import { recordItem } from "../streams/change-log.ts";
import type { StreamLog } from "../streams/stream-log.ts";
import type { Table } from "../tables/table.ts";
import { writeExpiry } from "./expiry.ts";
import { type EntryChange, writeEntries } from "./index-entries.ts";
import { deleteRow, putRow, StoredItem } from "./item-rows.ts";
import { preserve } from "./preserve.ts";

/** What a write has done, for capacity. */
export interface Written {
  readonly table: Table;
  readonly oldSize: number | undefined;
  readonly newSize: number | undefined;
  readonly entries: readonly EntryChange[];
}

const noEntries: readonly EntryChange[] = [];

/** Whether writing needs to know the item as it was, not only its size. */
export function looksBack(db: Database, table: Table): boolean {
  const { stream, timeToLive, copiedTo } = table.definition;
  return (
    table.indexes.length > 0 ||
    stream !== undefined ||
    timeToLive !== undefined ||
    copiedTo !== undefined ||
    isRecording(db)
  );
}

/** An item ready to be stored. */
export function itemToStore(item: Item, size = itemSize(item)): StoredItem {
  return new StoredItem(JSON.stringify(item), size, item);
}

/** Who deletes: a client, or time. */
export type Author = "client" | "time_to_live";

/** Writes items with all that is drawn from them, in the transaction that is open. All was checked before. */
export class ItemWriter {
  readonly #streams: StreamLog;

  constructor(streams: StreamLog) {
    this.#streams = streams;
  }

  /** `before` is the item as it is; its size is enough for a table of which `looksBack` is false. */
  put(
    db: Database,
    table: Table,
    key: Buffer,
    before: StoredItem | number | undefined,
    after: StoredItem,
    nowMs: number,
  ): Written {
    putRow(db, table, key, after);
    const oldSize = typeof before === "number" ? before : before?.size;
    table.count.bytes += after.size - (oldSize ?? 0);
    if (oldSize === undefined) table.count.items++;
    const entries = this.#follow(
      db,
      table,
      key,
      typeof before === "number" ? undefined : before,
      after,
      nowMs,
      "client",
    );
    return { table, oldSize, newSize: after.size, entries };
  }

  /** Harmless when there is no such item. */
  delete(
    db: Database,
    table: Table,
    key: Buffer,
    before: StoredItem | undefined,
    nowMs: number,
    author: Author = "client",
  ): Written {
    if (before === undefined) return { table, oldSize: undefined, newSize: undefined, entries: noEntries };
    deleteRow(db, table, key);
    table.count.bytes -= before.size;
    table.count.items--;
    const entries = this.#follow(db, table, key, before, undefined, nowMs, author);
    return { table, oldSize: before.size, newSize: undefined, entries };
  }

  #follow(
    db: Database,
    table: Table,
    key: Buffer,
    before: StoredItem | undefined,
    after: StoredItem | undefined,
    nowMs: number,
    author: Author,
  ): readonly EntryChange[] {
    if (!looksBack(db, table)) return noEntries;
    if (table.definition.copiedTo !== undefined) preserve(db, table, key, before);
    if (isRecording(db)) recordItem(db, table, before, after);
    if (table.expiryStoredIn !== undefined) writeExpiry(db, table, key, before?.item, after?.item);
    if (table.definition.stream !== undefined)
      this.#streams.append(db, table, before, after, nowMs, author === "time_to_live");
    return table.indexes.length === 0 ? noEntries : writeEntries(db, table, key, before, after);
  }
}

/** The attributes of a key, as an item that has nothing else. */
export function itemOfKey(table: Table, key: Item): Item {
  const item: Item = {};
  for (const { name } of table.key.all) setAttribute(item, name, key[name]!);
  return item;
}
