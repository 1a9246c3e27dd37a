import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import { abandon, createExpiry, createIndex, createItems } from "../storage/physical-tables.ts";
import type { TableDefinition } from "./definition.ts";
import { type ItemCounts, Table } from "./table.ts";

interface TableRow {
  readonly number: number;
  readonly definition: string;
  readonly counts: string;
}

/**
 * The tables there are, in memory and in the database. Changes are made inside of a write of the store; should that not
 * be committed, `reload` takes them back.
 */
export class Catalog {
  readonly #tables = new Map<string, Table>();
  readonly #savedCounts = new Map<number, string>();

  /** Reads all of it again. */
  reload(db: Database): void {
    const counts = new Map([...this.#tables.values()].map((table) => [table.number, table.counts]));
    this.#tables.clear();
    const rows = db.prepare("SELECT number, definition, counts FROM tables").all() as TableRow[];
    for (const { number, definition, counts: stored } of rows) {
      const known = counts.get(number) ?? (JSON.parse(stored) as ItemCounts);
      const table = new Table(number, JSON.parse(definition) as TableDefinition, known);
      this.#tables.set(table.name, table);
    }
  }

  /** Whether there are more or fewer items than was written down. */
  hasChangedCounts(): boolean {
    for (const { counts, number } of this.#tables.values())
      if (JSON.stringify(counts) !== this.#savedCounts.get(number)) return true;
    return false;
  }

  /** Writes down how many items there are. */
  saveCounts(db: Database): void {
    const update = statement(db, "UPDATE tables SET counts = ? WHERE number = ?");
    for (const { counts, number } of this.#tables.values()) {
      const text = JSON.stringify(counts);
      if (text === this.#savedCounts.get(number)) continue;
      update.run(text, number);
      this.#savedCounts.set(number, text);
    }
  }

  get(name: string): Table | undefined {
    return this.#tables.get(name);
  }

  /** In order of their names. */
  names(): readonly string[] {
    return [...this.#tables.keys()].sort((a, b) => (a < b ? -1 : 1));
  }

  tables(): Iterable<Table> {
    return this.#tables.values();
  }

  get size(): number {
    return this.#tables.size;
  }

  create(db: Database, definition: TableDefinition): Table {
    const { lastInsertRowid } = db
      .prepare("INSERT INTO tables (name, definition) VALUES (?, ?)")
      .run(definition.name, JSON.stringify(definition));
    const table = new Table(Number(lastInsertRowid), definition, noItems());
    createItems(db, table.storedIn);
    for (const index of table.indexes) createIndex(db, index.storedIn);
    this.#tables.set(definition.name, table);
    return table;
  }

  /** Gives a table another definition, and makes or forgets what that needs in the database. */
  replace(db: Database, table: Table, definition: TableDefinition): Table {
    const changed = new Table(table.number, definition, table.counts);
    const before = new Set(table.indexes.map(({ storedIn }) => storedIn));
    const after = new Set(changed.indexes.map(({ storedIn }) => storedIn));
    for (const storedIn of after) if (!before.has(storedIn)) createIndex(db, storedIn);
    for (const storedIn of before) if (!after.has(storedIn)) abandon(db, storedIn);
    const { expiryStoredIn } = table;
    if (expiryStoredIn !== changed.expiryStoredIn) {
      if (expiryStoredIn !== undefined) abandon(db, expiryStoredIn);
      if (changed.expiryStoredIn !== undefined) createExpiry(db, changed.expiryStoredIn);
    }
    statement(db, "UPDATE tables SET definition = ? WHERE number = ?").run(
      JSON.stringify(definition),
      table.number,
    );
    this.#tables.set(definition.name, changed);
    return changed;
  }

  delete(db: Database, table: Table): void {
    statement(db, "DELETE FROM tables WHERE number = ?").run(table.number);
    abandon(db, table.storedIn);
    for (const { storedIn } of table.indexes) abandon(db, storedIn);
    if (table.expiryStoredIn !== undefined) abandon(db, table.expiryStoredIn);
    this.#tables.delete(table.name);
  }
}

function noItems(): ItemCounts {
  return { table: { items: 0, bytes: 0 }, indexes: {} };
}
