import type { Database } from "@weftkit/store";

/** Counts to a number, in SQLite. */
export default function count(db: Database, to: number): unknown {
  return db
    .prepare(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT count(*) FROM n",
    )
    .pluck()
    .get(to);
}
