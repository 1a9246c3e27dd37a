import { type Database, statement } from "@weftkit/store";
import type { BackgroundTask } from "../background.ts";
import { storedBackup } from "../storage/preserve.ts";
import type { Catalog } from "../tables/catalog.ts";
import type { Table } from "../tables/table.ts";

/** Items that are copied in one write. */
const itemsMax = 200;

/**
 * Copies the items of tables that are being backed up, in the order of their keys. What is written meanwhile keeps the items
 * that it changes beyond that point (`preserve`), so that a backup is the table at one moment.
 */
export class CopyToBackup implements BackgroundTask {
  readonly name = "copy items to backups";
  readonly intervalMs = 60_000;
  readonly frees = false;
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  isDue(): boolean {
    return this.#next() !== undefined;
  }

  step(db: Database): boolean {
    const table = this.#next();
    if (table === undefined) return false;
    const number = table.definition.copiedTo!;
    const copied = statement(db, "SELECT copied FROM backups WHERE number = ?", { pluck: true }).get(number);
    const next = `SELECT key, size, item FROM ${table.storedIn} WHERE key > ? ORDER BY key LIMIT ${itemsMax}`;
    const [last, count] = statement(db, `SELECT max(key), count(*) FROM (${next})`, { raw: true }).get(
      copied,
    ) as [Buffer | null, number];
    statement(db, `INSERT OR IGNORE INTO ${storedBackup(number)} (key, size, item) ${next}`).run(copied);
    if (count === itemsMax) {
      statement(db, "UPDATE backups SET copied = ? WHERE number = ?").run(last, number);
      return true;
    }
    statement(db, `DELETE FROM ${storedBackup(number)} WHERE item IS NULL`).run();
    statement(db, "UPDATE backups SET state = 'available' WHERE number = ?").run(number);
    this.#catalog.replace(db, table, { ...table.definition, copiedTo: undefined });
    return true;
  }

  #next(): Table | undefined {
    for (const table of this.#catalog.tables()) if (table.definition.copiedTo !== undefined) return table;
    return undefined;
  }
}
