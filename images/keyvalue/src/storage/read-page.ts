import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import type { Item } from "../items/attribute-value.ts";
import { Index, type Source, type Table } from "../tables/table.ts";
import { StoredItem } from "./item-rows.ts";
import type { KeyRange } from "./key-range.ts";

/** A page ends when so much was looked at. */
const pageBytesMax = 1024 * 1024;

export interface PageRequest {
  readonly table: Table;
  readonly source: Source;
  readonly range: KeyRange;
  readonly isBackward: boolean;
  readonly itemsMax: number;
  /** Whether the items themselves are needed where an index does not have all of them. */
  readonly isFetched: boolean;
  /** Whether an item is given; all are when undefined. */
  readonly accepts: ((item: Item) => boolean) | undefined;
  /** What is given of an item, as JSON; undefined is all of it. */
  readonly show: ((item: Item) => string) | undefined;
  readonly isCounted: boolean;
}

export interface Page {
  /** JSON, without the brackets. */
  readonly items: readonly string[];
  readonly count: number;
  readonly scannedCount: number;
  /** Bytes of what was looked at. */
  readonly size: number;
  /** The item that was looked at last, when there may be more. */
  readonly last: Item | undefined;
}

/** Reads a part of a range, in order. */
export function readPage(db: Database, request: PageRequest): Page {
  const { range, accepts, show, isCounted, itemsMax } = request;
  const items: string[] = [];
  let count = 0;
  let scannedCount = 0;
  let size = 0;
  let last: StoredItem | undefined;
  const bounds = range.before === undefined ? [range.from] : [range.from, range.before];
  const rows = statement(db, sqlOf(request), { raw: true }).iterate(...bounds) as IterableIterator<
    [string, number]
  >;
  for (const [text, bytes] of rows) {
    if (scannedCount > 0 && size + bytes > pageBytesMax) {
      return { items, count, scannedCount, size, last: last!.item };
    }
    const stored = new StoredItem(text, bytes);
    last = stored;
    size += bytes;
    scannedCount++;
    if (accepts === undefined || accepts(stored.item)) {
      count++;
      if (!isCounted) items.push(show === undefined ? text : show(stored.item));
    }
    if (scannedCount === itemsMax) return { items, count, scannedCount, size, last: last.item };
  }
  return { items, count, scannedCount, size, last: undefined };
}

function sqlOf({ table, source, range, isBackward, isFetched }: PageRequest): string {
  const order = isBackward ? "DESC" : "ASC";
  const within = (key: string) =>
    `WHERE ${key} >= ?${range.before === undefined ? "" : ` AND ${key} < ?`} ORDER BY ${key} ${order}`;
  if (!(source instanceof Index)) return `SELECT item, size FROM ${table.storedIn} ${within("key")}`;
  if (source.projected !== undefined && !isFetched)
    return `SELECT item, size FROM ${source.storedIn} ${within("key")}`;
  // The entries are few bytes each, and in order; each leads to one item.
  const size = source.projected === undefined ? "t.size" : "i.size";
  return `SELECT t.item, ${size} FROM ${source.storedIn} i CROSS JOIN ${table.storedIn} t ON t.key = i.item_key ${within("i.key")}`;
}
