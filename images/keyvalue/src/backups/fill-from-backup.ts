import { type Database, statement } from "@weftkit/store";
import type { BackgroundTask } from "../background.ts";
import { StoredItem } from "../storage/item-rows.ts";
import { storedBackup } from "../storage/preserve.ts";
import type { ItemWriter } from "../storage/write-item.ts";
import type { Catalog } from "../tables/catalog.ts";
import type { Table } from "../tables/table.ts";

/** Items that are written at once. */
const itemsMax = 200;

/** Fills tables that are being restored. Nobody else reads or writes one until it has everything. */
export class FillFromBackup implements BackgroundTask {
  readonly name = "restore tables from backups";
  readonly intervalMs = 60_000;
  readonly frees = false;
  readonly #catalog: Catalog;
  readonly #writer: ItemWriter;

  constructor(catalog: Catalog, writer: ItemWriter) {
    this.#catalog = catalog;
    this.#writer = writer;
  }

  isDue(): boolean {
    return this.#next() !== undefined;
  }

  step(db: Database, nowMs: number): boolean {
    const table = this.#next();
    if (table === undefined) return false;
    const { restore } = table.definition;
    const rows = statement(
      db,
      `SELECT key, item, size FROM ${storedBackup(restore!.backup)} WHERE key > ? ORDER BY key LIMIT ${itemsMax}`,
      { raw: true },
    ).all(Buffer.from(restore!.filledTo!, "base64")) as readonly [Buffer, string, number][];
    for (const [key, text, size] of rows)
      this.#writer.put(db, table, key, undefined, new StoredItem(text, size), nowMs);
    const filledTo = rows.length < itemsMax ? undefined : rows.at(-1)![0].toString("base64");
    this.#catalog.replace(db, table, { ...table.definition, restore: { ...restore!, filledTo } });
    return true;
  }

  #next(): Table | undefined {
    for (const table of this.#catalog.tables()) if (table.isBeingRestored) return table;
    return undefined;
  }
}
