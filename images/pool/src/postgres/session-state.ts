import { literal } from "./parameter-set.ts";

/** What a session may hold beyond its transactions, and how it is found. */
const kinds = [
  ["LISTEN", "SELECT count(*) FROM pg_catalog.pg_listening_channels()"],
  [
    "a temporary table",
    "SELECT count(*) FROM pg_catalog.pg_class WHERE relnamespace = pg_catalog.pg_my_temp_schema()",
  ],
  [
    "a session's advisory lock",
    "SELECT count(*) FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND pid = pg_catalog.pg_backend_pid()",
  ],
  ["PREPARE", "SELECT count(*) FROM pg_catalog.pg_prepared_statements WHERE from_sql"],
  ["a cursor WITH HOLD", "SELECT count(*) FROM pg_catalog.pg_cursors WHERE is_holdable"],
] as const;

/** One question for the values of parameters, and for what a session holds; its answer is one row. */
export function questionAfter(names: readonly string[], asksState: boolean): string {
  const columns = names.map((name) => `pg_catalog.current_setting(${literal(name)}, true)`);
  if (asksState) columns.push(...kinds.map(([, query]) => `(${query})`));
  return `SELECT ${columns.join(", ")}`;
}

/** What the counts of `questionAfter` say; undefined when there is nothing. */
export function leftBehind(counts: readonly (string | null)[]): string | undefined {
  return kinds.find((_kind, index) => Number(counts[index] ?? 0) > 0)?.[0];
}
