import { parseExact } from "@weftkit/cdc/exact-json";
import { type Database, type Store, statement } from "@weftkit/store";
import { type Row, rowText } from "./rows.ts";
import type { Conflict, SideName } from "./side.ts";

/** `pending` is the position of the batch whose commit is not known yet. */
export const conflictTables = `
  CREATE TABLE sync_conflict (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL, how TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL,
    winner TEXT NOT NULL, loser TEXT NOT NULL, winner_row TEXT, loser_row TEXT, reason TEXT,
    target TEXT NOT NULL, pending INTEGER, resolved TEXT,
    UNIQUE (name, key, winner, loser, how)
  );
  CREATE INDEX sync_conflict_open ON sync_conflict (resolved, id);
`;

/**
 * A conflict that both sides decide is told once; but until it is known that a batch was committed, each side has its own: the one
 * must not go with what the other has given up.
 */
export const conflictOfEachSide = `
  CREATE TABLE sync_conflict_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL, how TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL,
    winner TEXT NOT NULL, loser TEXT NOT NULL, winner_row TEXT, loser_row TEXT, reason TEXT,
    target TEXT NOT NULL, pending INTEGER, resolved TEXT,
    UNIQUE (name, key, winner, loser, how, target)
  );
  INSERT INTO sync_conflict_new SELECT * FROM sync_conflict;
  DROP TABLE sync_conflict;
  ALTER TABLE sync_conflict_new RENAME TO sync_conflict;
  CREATE INDEX sync_conflict_open ON sync_conflict (resolved, id);
  CREATE INDEX sync_conflict_pending ON sync_conflict (target, pending) WHERE pending IS NOT NULL;
`;

export interface StoredConflict extends Conflict {
  readonly id: number;
  readonly at: string;
  readonly target: SideName;
  /** What was done about it, and when; null while nothing was. */
  readonly resolved: string | null;
}

interface Stored {
  readonly id: number;
  readonly at: string;
  readonly how: Conflict["how"];
  readonly name: string;
  readonly key: string;
  readonly winner: string;
  readonly loser: string;
  readonly winner_row: string | null;
  readonly loser_row: string | null;
  readonly reason: string | null;
  readonly target: SideName;
  readonly resolved: string | null;
}

/**
 * Every conflict, with both rows. Those of a batch are written down before the batch is committed at its side, and are
 * confirmed after it; what became of one that was interrupted is known by the position that the side has.
 */
export class ConflictLog {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Those of batches up to a position that are not confirmed yet. */
  pending(target: SideName, position: number): Promise<readonly StoredConflict[]> {
    return this.#store.read((db) => pendingRows(db, target, position).map(conflictOf));
  }

  /** A batch was committed; returns those that are told for the first time. */
  async decided(target: SideName, position: number): Promise<readonly StoredConflict[]> {
    if ((await this.pending(target, position)).length === 0) return [];
    return this.#store.write((db) => {
      statement(
        db,
        `DELETE FROM sync_conflict AS mine WHERE target = ? AND pending <= ? AND EXISTS (
           SELECT 1 FROM sync_conflict told WHERE told.pending IS NULL AND told.name = mine.name AND told.key = mine.key
             AND told.winner = mine.winner AND told.loser = mine.loser AND told.how = mine.how)`,
      ).run(target, position);
      const rows = pendingRows(db, target, position);
      statement(db, "UPDATE sync_conflict SET pending = NULL WHERE target = ? AND pending <= ?").run(
        target,
        position,
      );
      return rows.map(conflictOf);
    });
  }

  /** The newest first. */
  list(options: { all: boolean; before?: number; max: number }): Promise<readonly StoredConflict[]> {
    const { all, before = Number.MAX_SAFE_INTEGER, max } = options;
    return this.#store.read((db) =>
      (
        statement(
          db,
          "SELECT * FROM sync_conflict WHERE pending IS NULL AND (resolved IS NULL OR ?) AND id < ? ORDER BY id DESC LIMIT ?",
        ).all(all ? 1 : 0, before, max) as Stored[]
      ).map(conflictOf),
    );
  }

  get(id: number): Promise<StoredConflict | undefined> {
    return this.#store.read((db) => {
      const row = statement(db, "SELECT * FROM sync_conflict WHERE id = ? AND pending IS NULL").get(id) as
        | Stored
        | undefined;
      return row && conflictOf(row);
    });
  }

  counts(): Promise<{ readonly open: number; readonly all: number }> {
    return this.#store.read(
      (db) =>
        statement(
          db,
          'SELECT count(*) AS "all", count(*) FILTER (WHERE resolved IS NULL) AS open FROM sync_conflict WHERE pending IS NULL',
        ).get() as { open: number; all: number },
    );
  }
}

function pendingRows(db: Database, target: SideName, position: number): Stored[] {
  return statement(db, "SELECT * FROM sync_conflict WHERE target = ? AND pending <= ? ORDER BY id").all(
    target,
    position,
  ) as Stored[];
}

/** Conflicts of a batch that was not committed. */
export function forgetPending(db: Database, target: SideName): void {
  statement(db, "DELETE FROM sync_conflict WHERE target = ? AND pending IS NOT NULL").run(target);
}

/** Writes a conflict down; one that was told already stays as it is. */
export function record(db: Database, target: SideName, conflict: Conflict, pending: number | null): void {
  const { how, name, key, winner, loser, winnerRow, loserRow, reason } = conflict;
  const isTold = statement(
    db,
    "SELECT 1 FROM sync_conflict WHERE name = ? AND key = ? AND winner = ? AND loser = ? AND how = ? AND pending IS NULL",
  );
  if (isTold.get(name, key, winner, loser, how) !== undefined) return;
  statement(
    db,
    `INSERT INTO sync_conflict (at, how, name, key, winner, loser, winner_row, loser_row, reason, target, pending)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (name, key, winner, loser, how, target) DO UPDATE SET pending = NULL WHERE excluded.pending IS NULL`,
  ).run(
    new Date().toISOString(),
    how,
    name,
    key,
    winner,
    loser,
    textOrNull(winnerRow),
    textOrNull(loserRow),
    reason ?? null,
    target,
    pending,
  );
}

export function markResolved(db: Database, id: number, what: string): void {
  statement(db, "UPDATE sync_conflict SET resolved = ? WHERE id = ?").run(
    `${what} at ${new Date().toISOString()}`,
    id,
  );
}

function textOrNull(row: Row | undefined): string | null {
  return row === undefined ? null : rowText(row);
}

function conflictOf(stored: Stored): StoredConflict {
  const { id, at, how, name, key, winner, loser, winner_row, loser_row, reason, target, resolved } = stored;
  return {
    id,
    at,
    how,
    name,
    key,
    winner,
    loser,
    winnerRow: rowOf(winner_row),
    loserRow: rowOf(loser_row),
    reason: reason ?? undefined,
    target,
    resolved,
  };
}

function rowOf(text: string | null): Row | undefined {
  return text === null ? undefined : (parseExact(text) as Row);
}
