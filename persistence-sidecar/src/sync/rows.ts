import { createHash } from "node:crypto";
import { writeExact } from "@weftkit/cdc/exact-json";

/** A row as JSON, with numbers that a double cannot hold as the texts that they are: see `parseExact`. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * The column that stands for the row itself. In versions: when it was inserted, or deleted. In a row: what it is, where that is not
 * said by its table; such a row has columns of its own (a hash's fields), and one that it has not is one that it has no more.
 */
export const rowItself = "";

/** Whether a row's columns are its own, and not its table's. */
export function hasOwnColumns(row: Row | undefined): boolean {
  return row !== undefined && Object.hasOwn(row, rowItself);
}

/** A row as one text: equal for equal rows, whatever the order of the columns. */
export function rowText(row: Row, columns: readonly string[] = Object.keys(row)): string {
  const sorted = columns.filter((column) => row[column] !== undefined).toSorted();
  return writeExact(Object.fromEntries(sorted.map((column) => [column, row[column]])));
}

/** Of a row's content; empty for one that is not there. Columns that are null do not count: a new one changes no row. */
export function digestOf(row: Row | undefined): string {
  if (row === undefined) return "";
  const text = rowText(
    row,
    Object.keys(row).filter((column) => row[column] !== null),
  );
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/** Whether two rows are equal in the columns that both have, or in all where they are the rows' own. */
export function areEqual(a: Row | undefined, b: Row | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (hasOwnColumns(a) || hasOwnColumns(b)) return digestOf(a) === digestOf(b);
  const shared = Object.keys(a).filter((column) => column in b);
  return rowText(a, shared) === rowText(b, shared);
}

/** One name for a row of a table. */
export function rowId(name: string, key: string): string {
  return `${name}\n${key}`;
}

/** The table and the key of a `rowId`. */
export function rowNameOf(id: string): { readonly name: string; readonly key: string } {
  // A key is JSON, which has no line breaks.
  const end = id.lastIndexOf("\n");
  return { name: id.slice(0, end), key: id.slice(end + 1) };
}
