import { randomBytes } from "node:crypto";
import { type Database, statement } from "@weftkit/store";
import { abandon, createBackupItems } from "../storage/physical-tables.ts";
import { storedBackup } from "../storage/preserve.ts";
import type { TableDefinition } from "../tables/definition.ts";
import type { Table } from "../tables/table.ts";

/** A backup of one table, but for its items. */
export interface Backup {
  readonly number: number;
  /** The last part of its ARN. */
  readonly id: string;
  readonly name: string;
  readonly createdAtMs: number;
  /** `creating`: the table's items are still being copied. */
  readonly state: "creating" | "available";
  readonly items: number;
  readonly bytes: number;
  /** The table as it was. */
  readonly definition: TableDefinition;
}

interface BackupRow {
  readonly number: number;
  readonly id: string;
  readonly name: string;
  readonly created_at: number;
  readonly state: "creating" | "available";
  readonly items: number;
  readonly bytes: number;
  readonly definition: string;
}

const columns = "number, id, name, created_at, state, items, bytes, definition";

function backupOf(row: BackupRow): Backup {
  return {
    number: row.number,
    id: row.id,
    name: row.name,
    createdAtMs: row.created_at,
    state: row.state,
    items: row.items,
    bytes: row.bytes,
    definition: JSON.parse(row.definition) as TableDefinition,
  };
}

/** Begins a backup of the table as it is now; its items are copied in the background. */
export function insertBackup(db: Database, table: Table, name: string, nowMs: number): Backup {
  // AWS's begin with the time, too.
  const id = `${String(nowMs).padStart(14, "0")}-${randomBytes(4).toString("hex")}`;
  const { definition, count } = table;
  const { lastInsertRowid } = statement(
    db,
    "INSERT INTO backups (id, name, table_name, created_at, items, bytes, definition) VALUES (?, ?, ?, ?, ?, ?, ?)",
  ).run(
    id,
    name,
    table.name,
    nowMs,
    Math.max(0, count.items),
    Math.max(0, count.bytes),
    JSON.stringify(definition),
  );
  createBackupItems(db, storedBackup(Number(lastInsertRowid)));
  return findBackup(db, table.name, id)!;
}

export function findBackup(db: Database, tableName: string, id: string): Backup | undefined {
  const row = statement(db, `SELECT ${columns} FROM backups WHERE id = ? AND table_name = ?`).get(
    id,
    tableName,
  ) as BackupRow | undefined;
  return row === undefined ? undefined : backupOf(row);
}

export interface BackupFilter {
  readonly tableName: string | undefined;
  /** The first one is later than this one. */
  readonly afterId: string | undefined;
  readonly fromMs: number;
  readonly beforeMs: number;
}

/** In the order in which they were made. */
export function listBackups(
  db: Database,
  { tableName, afterId, fromMs, beforeMs }: BackupFilter,
): readonly Backup[] {
  const rows = statement(
    db,
    `SELECT ${columns} FROM backups WHERE id > ? AND (? IS NULL OR table_name = ?) AND created_at >= ? AND created_at < ? ORDER BY id`,
  ).all(afterId ?? "", tableName ?? null, tableName ?? null, fromMs, beforeMs) as readonly BackupRow[];
  return rows.map(backupOf);
}

export function deleteBackupRow(db: Database, { number }: Backup): void {
  statement(db, "DELETE FROM backups WHERE number = ?").run(number);
  abandon(db, storedBackup(number));
}
