import type { Relation } from "../catalog/model.ts";
import { notSupported } from "../errors.ts";
import type { Exec } from "../run/exec.ts";
import type { Row } from "../types/datum.ts";

export type RowSource = (exec: Exec) => Iterable<Row>;

const sources = new Map<string, RowSource>();

/** The rows of a table of pg_catalog. */
export function defineRows(name: string, source: RowSource): void {
  sources.set(name, source);
}

/** @throws PgError 0A000 for a table whose rows are not known */
export function systemRows(_session: unknown, relation: Relation, exec: Exec): Iterable<Row> {
  const source = sources.get(relation.name);
  if (source === undefined) throw notSupported(`reading ${relation.name}`);
  return source(exec);
}
