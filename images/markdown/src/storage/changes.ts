import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";

export type ChangeType = "created" | "updated" | "deleted" | "restored" | "renamed" | "purged";

/** One change of a document, as the stream of changes has it. */
export interface Change {
  /** Ascending over all collections. */
  readonly sequence: number;
  readonly at: number;
  readonly type: ChangeType;
  readonly id: string;
  readonly version: number | null;
  readonly author: string;
  /** Of a rename. */
  readonly previousId: string | null;
}

/** So many changes are kept to go on from; a reader that was away longer must read everything again. */
const keptMax = 100_000;
const pruneEvery = 1000;

export function recordChange(db: Database, collectionRow: number, change: Omit<Change, "sequence">): void {
  const { at, type, id, version, author, previousId } = change;
  const { lastInsertRowid } = statement(
    db,
    "INSERT INTO changes (collection, at, type, id, version, author, previous_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
  ).run(collectionRow, at, type, id, version, author, previousId);
  const sequence = Number(lastInsertRowid);
  if (sequence % pruneEvery === 0) {
    statement(db, "DELETE FROM changes WHERE sequence <= ?").run(sequence - keptMax);
  }
}

/** Changes of a collection after a sequence number, oldest first. */
export function changesAfter(db: Database, collectionRow: number, sequence: number, limit: number): Change[] {
  const sql = `SELECT sequence, at, type, id, version, author, previous_id AS previousId
    FROM changes WHERE collection = ? AND sequence > ? ORDER BY sequence LIMIT ?`;
  return statement(db, sql).all(collectionRow, sequence, limit) as Change[];
}

/** The sequence numbers that a reader can go on from: from before the oldest change kept to the newest. */
export function changesRange(db: Database): { oldest: number; newest: number } {
  const newest = (statement(db, "SELECT seq FROM sqlite_sequence WHERE name = 'changes'", {
    pluck: true,
  }).get() ?? 0) as number;
  const oldest = statement(db, "SELECT min(sequence) FROM changes", { pluck: true }).get() as number | null;
  return { oldest: oldest === null ? newest : oldest - 1, newest };
}
