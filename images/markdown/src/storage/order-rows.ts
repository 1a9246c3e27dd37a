import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import type { Sort } from "../fields/sort.ts";

/** Documents in another order, as lists have it: those without the field come last; what is equal stays as it is. */
export function orderRows(
  db: Database,
  documentRows: readonly number[],
  { name, column, descending }: Sort,
): number[] {
  const rows = JSON.stringify(documentRows);
  const direction = descending ? "DESC" : "ASC";
  if (column !== undefined) {
    const sql = `SELECT r.value FROM json_each(?) r CROSS JOIN documents d ON d.row = r.value
      ORDER BY d.${column} ${direction}, r.key`;
    return statement(db, sql, { pluck: true }).all(rows) as number[];
  }
  const sql = `SELECT r.value FROM json_each(?) r
    LEFT JOIN fields s ON s.document = r.value AND s.name = ? AND s.first = 1
    ORDER BY s.value IS NULL, s.value ${direction}, r.key`;
  return statement(db, sql, { pluck: true }).all(rows, name) as number[];
}
