import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import type { RowFilter } from "../content.ts";
import { TimeBudget } from "../search/time-budget.ts";
import { idPrefixCondition } from "./id-prefix.ts";

/** So long documents are counted: of more than that the newest. */
const timeMaxMs = 100;

/** Documents that are counted in one go. */
export const countedMax = 100_000;

export interface Browse {
  readonly filter?: RowFilter | undefined;
  /** What ids begin with. Default: anything. */
  readonly prefix?: string;
  /** So many documents at most. */
  readonly countedMax: number;
}

/** The documents of a collection that a filter lets through, those that were changed last first. */
export function browseDocuments(
  db: Database,
  collectionRow: number,
  { filter, prefix = "", countedMax }: Browse,
): { rows: number[]; isComplete: boolean } {
  const isInFolder = idPrefixCondition(prefix);
  const sql = `SELECT d.row FROM documents d WHERE d.collection = ? AND d.deleted_at IS NULL AND ${isInFolder.sql}
    AND ${filter?.condition("d.row") ?? "1"} ORDER BY d.updated_at DESC, d.id DESC`;
  const budget = new TimeBudget(timeMaxMs);
  const rows: number[] = [];
  const found = statement(db, sql, { pluck: true }).iterate(
    collectionRow,
    ...isInFolder.parameters,
    ...(filter?.parameters ?? []),
  );
  for (const row of found as IterableIterator<number>) {
    if (rows.length === countedMax || budget.isSpent) return { rows, isComplete: false };
    rows.push(row);
  }
  return { rows, isComplete: true };
}
