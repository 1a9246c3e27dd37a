import type { Row } from "../rows.ts";
import type { Table } from "./tables.ts";

/** The texts of the statements; rows go in and come out as JSON, which is exact at both ends. */

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function qualified({ schema, table }: Pick<Table, "schema" | "table">): string {
  return `${quoted(schema)}.${quoted(table)}`;
}

function list(columns: readonly string[], prefix = ""): string {
  return columns.map((column) => `${prefix}${quoted(column)}`).join(", ");
}

const columnNames = ({ columns }: Table) => columns.map(({ name }) => name);

/** $1: JSON array of rows, as the table's own rows. */
function given(table: Table): string {
  return `json_populate_recordset(NULL::${qualified(table)}, $1::json)`;
}

function isRow({ key }: Table): string {
  return key.map((column) => `t.${quoted(column)} = k.${quoted(column)}`).join(" AND ");
}

/**
 * Locks the rows with the keys in $1 that are there. What they are is read by a statement of its own afterwards, which sees what those
 * have written that were waited for.
 */
export function lockRows(table: Table): string {
  return `SELECT 1 FROM ${given(table)} k JOIN ${qualified(table)} t ON ${isRow(table)} FOR UPDATE OF t`;
}

/** The rows with the keys in $1, in their order; null for those that are not there. */
export function readRows(table: Table): string {
  const columns = list(columnNames(table), "t.");
  return `SELECT (SELECT to_json(r) FROM (SELECT ${columns} FROM ${qualified(table)} t WHERE ${isRow(table)}) r)::text AS row FROM ${given(table)} k`;
}

/** Inserts the rows in $1 that are not there; gives those that it has inserted. */
export function insertRows(table: Table, columns: readonly string[]): string {
  return `${insertInto(table, columns)} ON CONFLICT (${list(table.key)}) DO NOTHING RETURNING to_json(t)::text AS row`;
}

/** Gives the rows in $1, which are there, their new content. */
export function updateRows(table: Table, columns: readonly string[]): string {
  const changed = columns.filter((column) => !table.key.includes(column));
  // Without another column there is nothing to change; the row comes back all the same.
  const set = (changed.length === 0 ? table.key : changed)
    .map((column) => `${quoted(column)} = EXCLUDED.${quoted(column)}`)
    .join(", ");
  return `${insertInto(table, columns)} ON CONFLICT (${list(table.key)}) DO UPDATE SET ${set} RETURNING to_json(t)::text AS row`;
}

function insertInto(table: Table, columns: readonly string[]): string {
  return `INSERT INTO ${qualified(table)} AS t (${list(columns)}) OVERRIDING SYSTEM VALUE SELECT ${list(columns)} FROM ${given(table)}`;
}

/** Deletes one row, by the key's values as texts. */
export function deleteRow(table: Table): string {
  const isRow = table.key.map((column, index) => `${quoted(column)} = $${index + 1}`).join(" AND ");
  return `DELETE FROM ${qualified(table)} WHERE ${isRow}`;
}

/** Deletes rows of a table whose key is one column; $1 is an array of texts. */
export function deleteRows(table: Table): string {
  const [column] = table.key;
  const type = table.columns.find(({ name }) => name === column)!.type;
  return `DELETE FROM ${qualified(table)} WHERE ${quoted(column!)} = ANY ($1::text[]::${type}[])`;
}

export function allRows(table: Table): string {
  return `SELECT to_json(r)::text AS row FROM (SELECT ${list(columnNames(table))} FROM ${qualified(table)}) r`;
}

/** $1, $2 ...: for each column an array of texts as the type writes them; gives the rows as JSON, in their order. */
export function rowsOfTexts(columns: readonly { readonly name: string; readonly type: string }[]): string {
  const cells = columns.map(({ name, type }, index) => `u.c${index}::${type} AS ${quoted(name)}`).join(", ");
  const arrays = columns.map((_, index) => `$${index + 1}::text[]`).join(", ");
  const names = columns.map((_, index) => `c${index}`).join(", ");
  return `SELECT (SELECT to_json(r) FROM (SELECT ${cells}) r)::text AS row FROM unnest(${arrays}) WITH ORDINALITY AS u (${names}, n) ORDER BY n`;
}

/** The text of a key's value, as a parameter. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function valuesOfKey(table: Table, key: Row): string[] {
  return table.key.map((column) => textOf(key[column]));
}
