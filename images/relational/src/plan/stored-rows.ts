import { type SqlValue, statement } from "@weftkit/store";
import type { Relation } from "../catalog/model.ts";
import type { Exec } from "../run/exec.ts";
import { storedColumns, tableName } from "../storage/tables.ts";
import type { Datum, Row } from "../types/datum.ts";
import type { PlanContext } from "./context.ts";
import { lastAttnumOf } from "./write.ts";

/** A whole row by its rowid. */
export function readRow(ctx: PlanContext, relation: Relation, rowid: number, exec: Exec): Row | undefined {
  const columns = storedColumns(ctx.catalog, relation);
  const sql = `SELECT ${["rowid_", ...columns.map(({ name }) => name)].join(", ")} FROM ${tableName(relation.oid)} WHERE rowid_ = ?`;
  const raw = statement(exec.db, sql, { raw: true, safeIntegers: true }).get(rowid) as SqlValue[] | undefined;
  return raw === undefined ? undefined : decodeRow(ctx, relation, raw);
}

/** A row as the store has it, behind its rowid. */
export function decodeRow(ctx: PlanContext, relation: Relation, raw: readonly SqlValue[]): Row {
  const width = lastAttnumOf(relation);
  const row: Row = new Array<Datum>(width + 1).fill(null);
  for (const [i, { column, codec }] of storedColumns(ctx.catalog, relation).entries())
    row[column.attnum - 1] = codec.decode(raw[i + 1]!);
  row[width] = Number(raw[0]);
  return row;
}
