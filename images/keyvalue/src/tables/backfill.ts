import { type Database, statement } from "@weftkit/store";
import type { BackgroundTask } from "../background.ts";
import { expiryOf } from "../storage/expiry.ts";
import { insertEntry } from "../storage/index-entries.ts";
import { StoredItem } from "../storage/item-rows.ts";
import type { Catalog } from "./catalog.ts";
import type { TableDefinition } from "./definition.ts";
import type { Index, Table } from "./table.ts";

/** Items that are gone through in one write. */
const itemsMax = 500;

type Row = readonly [key: Buffer, text: string, size: number];

/** Where it goes on, by the table that is filled; from the start again after a restart, which does no harm. */
interface Progress {
  readonly storedIn: string;
  after: Buffer;
}

/**
 * Fills indexes, and notes of expiry, that were added to a table with items in it. Writes of items keep them up to date
 * from the moment they are added; this adds what was there before.
 */
export class Backfill implements BackgroundTask {
  readonly name = "fill new indexes";
  readonly intervalMs = 60_000;
  readonly frees = false;
  readonly #catalog: Catalog;
  #progress: Progress | undefined;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  isDue(): boolean {
    return this.#next() !== undefined;
  }

  step(db: Database): boolean {
    const next = this.#next();
    if (next === undefined) return false;
    const { table, index } = next;
    const storedIn = index?.storedIn ?? table.expiryStoredIn!;
    if (this.#progress?.storedIn !== storedIn) this.#progress = { storedIn, after: Buffer.alloc(0) };
    const rows = statement(
      db,
      `SELECT key, item, size FROM ${table.storedIn} WHERE key > ? ORDER BY key LIMIT ${itemsMax}`,
      { raw: true },
    ).all(this.#progress.after) as readonly Row[];
    for (const [key, text, size] of rows) {
      const item = new StoredItem(text, size);
      if (index !== undefined) fill(db, index, key, item);
      else noteExpiry(db, table, storedIn, key, item);
    }
    if (rows.length < itemsMax) {
      this.#catalog.replace(db, table, finished(table.definition, index));
      this.#progress = undefined;
    } else {
      this.#progress.after = rows.at(-1)![0];
    }
    return true;
  }

  #next(): { readonly table: Table; readonly index: Index | undefined } | undefined {
    for (const table of this.#catalog.tables()) {
      const index = table.indexes.find(({ definition }) => definition.state === "creating");
      if (index !== undefined) return { table, index };
      if (table.definition.timeToLive?.state === "enabling") return { table, index: undefined };
    }
    return undefined;
  }
}

function fill(db: Database, index: Index, key: Buffer, item: StoredItem): void {
  const entry = index.entryKey(item.item, key);
  if (entry === undefined) return;
  const isThere = statement(db, `SELECT 1 FROM ${index.storedIn} WHERE key = ?`).get(entry) !== undefined;
  // It was written, or written again, since the index was added.
  if (!isThere) insertEntry(db, index, entry, key, item);
}

function noteExpiry(db: Database, table: Table, storedIn: string, key: Buffer, item: StoredItem): void {
  const at = expiryOf(table, item.item);
  if (at !== undefined)
    statement(db, `INSERT OR IGNORE INTO ${storedIn} (at, item_key) VALUES (?, ?)`).run(at, key);
}

function finished(definition: TableDefinition, index: Index | undefined): TableDefinition {
  if (index === undefined)
    return { ...definition, timeToLive: { ...definition.timeToLive!, state: "enabled" } };
  return {
    ...definition,
    indexes: definition.indexes.map((each) =>
      each.name === index.name ? { ...each, state: "active" as const } : each,
    ),
  };
}
