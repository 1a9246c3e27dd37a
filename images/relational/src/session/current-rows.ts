import type { FromNode, Query, RangeEntry } from "../analyse/expr.ts";
import { PgError } from "../errors.ts";
import type { Datum, Row } from "../types/datum.ts";

/** WHERE CURRENT OF: which row of a table a cursor is on. */

/** The place of its row in the first of these tables that a cursor reads. */
export type CurrentRow = (tables: readonly number[]) => Datum;

/** Makes a query's rows say behind their columns where they come from; gives the tables, or undefined when they come from no row each. */
export function carryRows(query: Query): readonly number[] | undefined {
  if (query.command !== "select" || query.setOperation !== undefined || query.distinct !== undefined)
    return undefined;
  if (query.grouped || query.windows.length > 0 || query.targetSets) return undefined;
  const entries: RangeEntry[] = [];
  const visit = (node: FromNode): void => {
    if (node.kind === "join") {
      visit(node.left);
      visit(node.right);
    } else if (node.entry.kind === "table" && node.entry.relation?.system !== true) entries.push(node.entry);
  };
  for (const node of query.from) visit(node);
  if (entries.length === 0) return undefined;
  query.carries = entries;
  return entries.map(({ relation }) => relation!.oid);
}

/** @throws PgError 24000 */
export function placeOf(
  cursor: string,
  carried: readonly number[] | undefined,
  row: Row | undefined,
  tables: readonly number[],
  names: (oid: number) => string,
): Datum {
  const at = carried?.findIndex((oid) => tables.includes(oid)) ?? -1;
  if (at < 0)
    throw new PgError(
      "24000",
      `cursor "${cursor}" is not a simply updatable scan of table "${names(tables[0]!)}"`,
    );
  if (row === undefined) throw new PgError("24000", `cursor "${cursor}" is not positioned on a row`);
  return row[row.length - carried!.length + at]!;
}
