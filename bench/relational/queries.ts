import { percentile } from "../percentile.ts";
import type { Contender } from "./contenders.ts";

/** Queries over `facts`, and `dims` of 1,000 rows beside it. */
export const scans: readonly { readonly name: string; readonly text: string }[] = [
  { name: "count", text: "SELECT count(*) FROM facts" },
  { name: "sum where", text: "SELECT count(*), sum(n), min(n), max(n) FROM facts WHERE n < 500000" },
  { name: "sum of numeric", text: "SELECT sum(amount), avg(amount) FROM facts" },
  { name: "group by", text: "SELECT grp, count(*), sum(n) FROM facts GROUP BY grp ORDER BY grp" },
  {
    name: "join, group by",
    text: "SELECT d.region, sum(f.n) FROM facts f JOIN dims d ON d.id = f.grp GROUP BY d.region ORDER BY 1",
  },
  { name: "sort, limit", text: "SELECT id, n FROM facts ORDER BY n DESC, id LIMIT 20" },
  { name: "like", text: "SELECT count(*) FROM facts WHERE note LIKE '%99%'" },
];

/** Makes the tables that the queries read. */
export async function fill(contender: Contender, rows: number): Promise<void> {
  const client = await contender.client();
  await client.query("CREATE TABLE dims (id int PRIMARY KEY, region text NOT NULL)");
  await client.query("INSERT INTO dims SELECT i, 'region ' || i % 10 FROM generate_series(0, 999) i");
  await client.query(
    "CREATE TABLE facts (id int PRIMARY KEY, grp int NOT NULL, n bigint NOT NULL, amount numeric(12, 2) NOT NULL, note text)",
  );
  await client.query(
    `INSERT INTO facts SELECT i, i % 1000, (i::bigint * 7919) % 1000003, (i % 10000) / 100.0, 'note ' || i
     FROM generate_series(1, ${rows}) i`,
  );
  await client.query("VACUUM ANALYZE facts");
  await client.end();
}

/** Milliseconds that a query takes, the fastest of two: the first may find nothing in memory. */
export async function queryMs(contender: Contender, text: string): Promise<number> {
  const client = await contender.client();
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 2; i++) {
    const startedMs = performance.now();
    await client.query(text);
    best = Math.min(best, performance.now() - startedMs);
  }
  await client.end();
  return best;
}

/** A row by its key, prepared, one query at a time: microseconds in the middle, and of 99 in 100. */
export async function pointReads(
  contender: Contender,
  rows: number,
  seconds: number,
  random: () => number,
): Promise<{ readonly p50Us: number; readonly p99Us: number }> {
  const client = await contender.client();
  const durations: number[] = [];
  const endsMs = performance.now() + seconds * 1000;
  do {
    const id = 1 + Math.floor(random() * rows);
    const askedMs = performance.now();
    await client.query({
      name: "point",
      text: "SELECT id, grp, n, note FROM facts WHERE id = $1",
      values: [id],
    });
    durations.push((performance.now() - askedMs) * 1000);
  } while (performance.now() < endsMs);
  await client.end();
  durations.sort((a, b) => a - b);
  return { p50Us: percentile(durations, 0.5), p99Us: percentile(durations, 0.99) };
}

/** Memory of some idle sessions, bytes for each. */
export async function idleSessionBytes(contender: Contender, count: number): Promise<number> {
  const before = contender.residentBytes();
  const clients = await Promise.all(Array.from({ length: count }, () => contender.client()));
  for (const client of clients) await client.query("SELECT 1");
  const bytes = (contender.residentBytes() - before) / count;
  await Promise.all(clients.map((client) => client.end()));
  return bytes;
}
