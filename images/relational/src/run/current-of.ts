import type { SpecialExpr } from "../analyse/expr.ts";
import { ancestorsOf } from "../catalog/partitions.ts";
import { ctidText, readPartitionRowid } from "../storage/ctid.ts";
import type { Datum } from "../types/datum.ts";
import type { Compiled } from "./compiler.ts";
import type { Env } from "./exec.ts";

/** The row that WHERE CURRENT OF means: its table, or partition, and rowid there. */
export function currentRow(
  { options }: SpecialExpr,
  cursor: Datum,
  { exec }: Env,
): { readonly leaf: number; readonly rowid: number } | undefined {
  const { table } = options as { readonly table: number };
  const relation = exec.catalog.get("relation", table)!;
  const tables = [table, ...ancestorsOf(exec.catalog, relation).map(({ oid }) => oid)];
  const place = exec.session.currentRow(cursor as string, tables);
  if (place === null) return undefined;
  return typeof place === "string" ? readPartitionRowid(place) : { leaf: table, rowid: Number(place) };
}

/** Whether a row is the one; what it is known by are its ctid and tableoid. */
export function compileCurrentOf(expr: SpecialExpr, [cursor, ctid, table]: readonly Compiled[]): Compiled {
  return (row, env) => {
    const found = currentRow(expr, cursor!(row, env), env);
    return (
      found !== undefined && ctid!(row, env) === ctidText(found.rowid) && table!(row, env) === found.leaf
    );
  };
}
