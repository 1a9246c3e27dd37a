import type { Database } from "better-sqlite3";

// What the tests let a worker run.

export function prepare(db: Database): void {
  db.function("prepared", () => "yes");
}

export function bodies(db: Database, like: string): string[] {
  return db.prepare("SELECT body FROM note WHERE body LIKE ? ORDER BY id").pluck().all(like) as string[];
}

export function isPrepared(db: Database): unknown {
  return db.prepare("SELECT prepared()").pluck().get();
}

/** Counts for about as long as there are numbers. */
export function count(db: Database, to: number): unknown {
  return db
    .prepare(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT count(*) FROM n",
    )
    .pluck()
    .get(to);
}

export function* parts(db: Database, size: number): Generator<number[]> {
  let part: number[] = [];
  const all = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000) SELECT i FROM n";
  for (const i of db.prepare(all).pluck().iterate() as IterableIterator<number>) {
    part.push(i);
    if (part.length < size) continue;
    yield part;
    part = [];
  }
}

export function spin(): never {
  for (;;);
}

export function failing(db: Database): unknown {
  return db.prepare("SELECT * FROM nothing").all();
}

export function die(): never {
  process.exit(1);
}
