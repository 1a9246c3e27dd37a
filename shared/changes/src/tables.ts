import { randomBytes } from "node:crypto";
import { type Database, statement } from "@weftkit/store";

/** Beside the engine's own tables, in its file: they are committed, captured and restored with what they are about. */
const schema = `
CREATE TABLE IF NOT EXISTS weftkit_changes (
  sequence INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  stamp INTEGER NOT NULL,
  origin TEXT NOT NULL,
  changes BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS weftkit_changes_epochs (epoch INTEGER PRIMARY KEY, after INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS weftkit_changes_consumers (
  name TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL,
  dropped TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS weftkit_changes_state (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
`;

/** Bytes of a row of the log beside its changes, about. */
export const rowBytes = 40;

/** What a log knows when it is opened. */
export interface Opened {
  readonly identity: string;
  readonly epoch: number;
  /** The sequence number of the last commit that was recorded. */
  readonly newest: number;
  /** Nothing up to it is there any more. */
  readonly oldest: number;
  readonly stamp: bigint;
  readonly bytes: number;
  /** Those that were not dropped. */
  readonly consumers: readonly StoredConsumer[];
}

const integer = { pluck: true } as const;
const big = { pluck: true, safeIntegers: true } as const;

/**
 * Makes the tables and begins an epoch. Its number is the time, so that no other run of the process has the same one, also
 * when an old copy of the file is started: positions of the other are then told from this one's.
 */
export function openTables(db: Database, nowMs: number, isAlwaysOn: boolean): Opened {
  db.exec(schema);
  const put = statement(db, "INSERT OR IGNORE INTO weftkit_changes_state (name, value) VALUES (?, ?)");
  put.run("identity", randomBytes(8).toString("hex"));
  put.run("oldest", 0);
  put.run("newest", 0);
  const consumers = consumersOf(db).filter(({ dropped }) => dropped === null);
  const last = (statement(db, "SELECT max(epoch) FROM weftkit_changes_epochs", integer).get() ?? 0) as number;
  const epoch = Math.max(last + 1, nowMs);
  const isListening = isAlwaysOn || consumers.length > 0;
  if (isListening) {
    statement(db, "INSERT INTO weftkit_changes_epochs (epoch, after) VALUES (?, ?)").run(epoch, newestOf(db));
    forgetEpochs(db, stateOf(db, "oldest"));
  } else {
    // What is written from here on is not recorded.
    restart(db, newestOf(db) + 1, epoch);
  }
  const stamp = statement(db, "SELECT max(stamp) FROM weftkit_changes", big).get() as bigint | null;
  return {
    identity: stateText(db, "identity"),
    epoch,
    newest: newestOf(db),
    oldest: stateOf(db, "oldest"),
    stamp: stamp ?? 0n,
    bytes: bytesAfter(db, 0),
    consumers,
  };
}

/** The sequence number of the last commit that was recorded. */
export function newestOf(db: Database): number {
  const last = statement(db, "SELECT max(sequence) FROM weftkit_changes", integer).get() as number | null;
  return Math.max(stateOf(db, "newest"), last ?? 0);
}

/** Begins the log anew at a sequence number: what was there before cannot be gone on from any more. */
export function restart(db: Database, sequence: number, epoch: number): void {
  db.exec("DELETE FROM weftkit_changes; DELETE FROM weftkit_changes_epochs");
  statement(db, "INSERT INTO weftkit_changes_epochs (epoch, after) VALUES (?, ?)").run(epoch, sequence);
  setState(db, "oldest", sequence);
  setState(db, "newest", sequence);
}

export function appendBatch(
  db: Database,
  batch: {
    readonly sequence: number;
    readonly atMs: number;
    readonly stamp: bigint;
    readonly origin: string;
  },
  changes: Buffer,
): void {
  statement(
    db,
    "INSERT INTO weftkit_changes (sequence, at, stamp, origin, changes) VALUES (?, ?, ?, ?, ?)",
  ).run(batch.sequence, batch.atMs, batch.stamp, batch.origin, changes);
}

export interface StoredBatch {
  readonly sequence: bigint;
  readonly at: bigint;
  readonly stamp: bigint;
  readonly origin: string;
  readonly changes: Buffer;
}

/** The batches after a sequence number, as many as fit; one at least. */
export function batchesAfter(
  db: Database,
  sequence: bigint,
  batchesMax: number,
  bytesMax: number,
): StoredBatch[] {
  const rows = statement(
    db,
    "SELECT sequence, at, stamp, origin, changes FROM weftkit_changes WHERE sequence > ? ORDER BY sequence LIMIT ?",
    { safeIntegers: true },
  ).iterate(sequence, batchesMax) as IterableIterator<StoredBatch>;
  const found: StoredBatch[] = [];
  let bytes = 0;
  for (const row of rows) {
    bytes += row.changes.byteLength;
    if (found.length > 0 && bytes > bytesMax) break;
    found.push(row);
  }
  return found;
}

/** The epochs that a position may be of: each begins after a sequence number and ends where the next begins. */
export function epochsOf(db: Database): { readonly epoch: number; readonly after: number }[] {
  return statement(db, "SELECT epoch, after FROM weftkit_changes_epochs ORDER BY epoch").all() as {
    epoch: number;
    after: number;
  }[];
}

export function bytesAfter(db: Database, sequence: number): number {
  return statement(
    db,
    `SELECT coalesce(sum(length(changes) + ${rowBytes}), 0) FROM weftkit_changes WHERE sequence > ?`,
    integer,
  ).get(sequence) as number;
}

export interface StoredConsumer {
  readonly name: string;
  readonly sequence: number;
  readonly dropped: string | null;
}

export function consumersOf(db: Database): StoredConsumer[] {
  return statement(
    db,
    "SELECT name, sequence, dropped FROM weftkit_changes_consumers ORDER BY name",
  ).all() as StoredConsumer[];
}

/** The consumers as one snapshot has them, with the bytes that are kept for each; empty where no log was ever opened. */
export function consumersIn(db: Database): (StoredConsumer & { readonly lagBytes: number })[] {
  const isThere = statement(
    db,
    "SELECT count(*) FROM sqlite_schema WHERE name = 'weftkit_changes_consumers'",
    integer,
  ).get();
  if (isThere === 0) return [];
  return consumersOf(db).map((consumer) => ({ ...consumer, lagBytes: bytesAfter(db, consumer.sequence) }));
}

export function consumerOf(db: Database, name: string): StoredConsumer | undefined {
  return consumersOf(db).find((consumer) => consumer.name === name);
}

export function putConsumer(db: Database, name: string, sequence: number, dropped: string | null): void {
  statement(
    db,
    "INSERT OR REPLACE INTO weftkit_changes_consumers (name, sequence, dropped) VALUES (?, ?, ?)",
  ).run(name, sequence, dropped);
}

export function deleteConsumer(db: Database, name: string): void {
  statement(db, "DELETE FROM weftkit_changes_consumers WHERE name = ?").run(name);
}

/**
 * Forgets the oldest batches up to a sequence number, so many or so many bytes at most; returns up to which it came, and the
 * bytes of them.
 */
export function prune(
  db: Database,
  to: number,
  batchesMax: number,
  bytesMax: number,
): { readonly oldest: number; readonly bytes: number } {
  const rows = statement(
    db,
    `SELECT sequence, length(changes) + ${rowBytes} AS bytes FROM weftkit_changes WHERE sequence <= ? ORDER BY sequence LIMIT ?`,
  ).all(to, batchesMax) as { sequence: number; bytes: number }[];
  let oldest = rows.length === 0 ? to : stateOf(db, "oldest");
  let bytes = 0;
  for (const row of rows) {
    oldest = row.sequence;
    bytes += row.bytes;
    if (bytes >= bytesMax) break;
  }
  statement(db, "DELETE FROM weftkit_changes WHERE sequence <= ?").run(oldest);
  setState(db, "oldest", oldest);
  setState(db, "newest", Math.max(oldest, stateOf(db, "newest")));
  forgetEpochs(db, oldest);
  return { oldest, bytes };
}

/** The last epoch that begins at or before the oldest position is still needed: that position is in it. */
function forgetEpochs(db: Database, oldest: number): void {
  statement(
    db,
    "DELETE FROM weftkit_changes_epochs WHERE epoch < (SELECT max(epoch) FROM weftkit_changes_epochs WHERE after < ?)",
  ).run(oldest);
}

function setState(db: Database, name: "oldest" | "newest", value: number): void {
  statement(db, "UPDATE weftkit_changes_state SET value = ? WHERE name = ?").run(value, name);
}

function stateOf(db: Database, name: string): number {
  return statement(db, "SELECT value FROM weftkit_changes_state WHERE name = ?", integer).get(name) as number;
}

function stateText(db: Database, name: string): string {
  return statement(db, "SELECT value FROM weftkit_changes_state WHERE name = ?", integer).get(name) as string;
}
