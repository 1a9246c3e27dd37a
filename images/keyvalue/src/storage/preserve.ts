import { type Database, statement } from "@weftkit/store";
import type { Table } from "../tables/table.ts";
import type { StoredItem } from "./item-rows.ts";

/**
 * Keeps an item for a backup that is being made, as it was when the backup was asked for: called before the first write to
 * an item that has not been copied yet. NULL is an item that was not there.
 */
export function preserve(db: Database, table: Table, key: Buffer, before: StoredItem | undefined): void {
  const number = table.definition.copiedTo!;
  const copied = statement(db, "SELECT copied FROM backups WHERE number = ?", { pluck: true });
  if (Buffer.compare(key, copied.get(number) as Buffer) <= 0) return;
  // What is kept first is what it was.
  statement(db, `INSERT OR IGNORE INTO ${storedBackup(number)} (key, size, item) VALUES (?, ?, ?)`).run(
    key,
    before?.size ?? 0,
    before?.text ?? null,
  );
}

/** The table in the database that has a backup's items. */
export function storedBackup(number: number): string {
  return `backup_${number}`;
}
