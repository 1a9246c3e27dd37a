import { randomBytes } from "node:crypto";
import { parseExact, writeExact } from "@weftkit/cdc/exact-json";
import { type Database, type Migration, type Store, statement } from "@weftkit/store";
import {
  type ConflictLog,
  conflictOfEachSide,
  conflictTables,
  forgetPending,
  record,
} from "./conflict-log.ts";
import { type Row, rowId } from "./rows.ts";
import {
  type ColumnVersions,
  type Conflict,
  otherSide,
  type QueuedChange,
  type RowName,
  type Seen,
  type SideName,
  type Written,
} from "./side.ts";
import { noVersion } from "./versions.ts";

export const syncTables: Migration = {
  name: "create what synchronisation keeps",
  apply(db) {
    db.exec(`
      CREATE TABLE sync_state (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE sync_seen (
        side TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL,
        version TEXT NOT NULL, digest TEXT NOT NULL, round INTEGER NOT NULL, content TEXT, columns TEXT,
        PRIMARY KEY (side, name, key)
      ) WITHOUT ROWID;
      CREATE TABLE sync_queue (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        target TEXT NOT NULL, bytes INTEGER NOT NULL, changes TEXT NOT NULL
      );
      CREATE INDEX sync_queue_by_target ON sync_queue (target, sequence);
      ${conflictTables}
    `);
  },
};

/** What is known of batches until it is known that they were committed: what they have written where rows are read as they are, and conflicts. */
export const writtenTable: Migration = {
  name: "create what batches have written, and keep conflicts of each side apart",
  apply(db) {
    db.exec(`
      CREATE TABLE sync_written (
        target TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, position INTEGER NOT NULL,
        version TEXT NOT NULL, digest TEXT NOT NULL, content TEXT, columns TEXT,
        PRIMARY KEY (target, name, key)
      ) WITHOUT ROWID;
      ${conflictOfEachSide}
    `);
  },
};

/** Where a follower has come to. */
export interface Cursor {
  readonly token: string;
  /** The snapshot that was begun from the token is not whole yet. */
  readonly isCopying: boolean;
}

export interface Entry {
  readonly sequence: number;
  readonly bytes: number;
  readonly changes: readonly QueuedChange[];
}

/** Bytes of an entry beside its changes, about. */
const entryBytes = 64;
const goneAtOnce = 1000;

/** What the sidecar keeps on its volume: cursors, what was seen of rows, and what waits to be applied. */
export class Journal {
  readonly store: Store;
  readonly conflicts: ConflictLog;
  /** This journal's name at both sides: another volume is another one. */
  readonly id: string;
  /** By target the last sequence that can have been sent: the last there was when it was opened, or what was sent since. */
  readonly #sent: Record<SideName, number>;
  readonly #bytes: Record<SideName, number>;
  /** The targets of which a batch was decided that is not known to be committed. */
  readonly #decided = new Set<SideName>();
  #wake = Promise.withResolvers<void>();

  private constructor(
    store: Store,
    conflicts: ConflictLog,
    id: string,
    sequence: number,
    bytes: Record<SideName, number>,
  ) {
    this.store = store;
    this.conflicts = conflicts;
    this.id = id;
    this.#sent = { local: sequence, remote: sequence };
    this.#bytes = bytes;
  }

  /** `site` is a part of its name from the first start on: under another nothing of it would have been applied. */
  static async open(store: Store, conflicts: ConflictLog, site: string): Promise<Journal> {
    const [id, sequence, local, remote] = await store.write((db) => {
      const made = `${site}-${randomBytes(4).toString("hex")}`;
      const known = stateOf(db, "id");
      if (known === undefined) putState(db, "id", made);
      return [known ?? made, lastSequence(db), bytesOf(db, "local"), bytesOf(db, "remote")] as const;
    });
    return new Journal(store, conflicts, id, sequence, { local, remote });
  }

  /** Of what waits to be applied at a side. */
  waitingBytes(target: SideName): number {
    return this.#bytes[target];
  }

  lastSent(target: SideName): number {
    return this.#sent[target];
  }

  /** A batch is about to be sent. */
  sending(target: SideName, position: number): void {
    this.#sent[target] = Math.max(this.#sent[target], position);
  }

  /** Resolves when something has changed since `wakingUp` was read. */
  get wakingUp(): Promise<void> {
    return this.#wake.promise;
  }

  wake(): void {
    const { resolve } = this.#wake;
    this.#wake = Promise.withResolvers<void>();
    resolve();
  }

  cursor(side: SideName): Promise<Cursor | undefined> {
    return this.store.read((db) => {
      const value = stateOf(db, `cursor ${side}`);
      return value === undefined ? undefined : (JSON.parse(value) as Cursor);
    });
  }

  /** Runs `work` in one durable write; what it queues wakes those who apply. */
  async write<T>(work: (write: JournalWrite) => T): Promise<T> {
    const added = { local: 0, remote: 0 };
    const result = await this.store.write((db) => {
      added.local = 0;
      added.remote = 0;
      return work(new JournalWrite(db, added));
    });
    this.#bytes.local += added.local;
    this.#bytes.remote += added.remote;
    this.wake();
    return result;
  }

  /** What waits for a side, oldest first: at least one entry when there is one. */
  waiting(target: SideName, changesMax: number, bytesMax: number): Promise<readonly Entry[]> {
    return this.store.read((db) => {
      const rows = statement(
        db,
        "SELECT sequence, bytes, changes FROM sync_queue WHERE target = ? ORDER BY sequence LIMIT ?",
      ).iterate(target, changesMax) as IterableIterator<{ sequence: number; bytes: number; changes: string }>;
      const entries: Entry[] = [];
      let [changes, bytes] = [0, 0];
      for (const row of rows) {
        const entry = { ...row, changes: parseExact(row.changes) as QueuedChange[] };
        changes += entry.changes.length;
        bytes += row.bytes;
        if (entries.length > 0 && (changes > changesMax || bytes > bytesMax)) break;
        entries.push(entry);
      }
      return entries;
    });
  }

  /** What is decided of a batch that is about to be committed; what was decided of it before is forgotten. */
  async deciding(
    target: SideName,
    position: number,
    conflicts: readonly Conflict[],
    written: readonly Written[],
  ): Promise<void> {
    const isNothing = conflicts.length === 0 && written.length === 0;
    if (isNothing && !this.#decided.has(target)) return;
    this.#decided.add(target);
    await this.write((write) => {
      write.undecided(target);
      for (const conflict of conflicts) record(write.db, target, conflict, position);
      for (const one of written) write.written(target, position, one);
    });
  }

  /** A batch was not committed. */
  async undecided(target: SideName): Promise<void> {
    await this.write((write) => write.undecided(target));
    this.#decided.delete(target);
  }

  /** Everything up to a sequence was applied at a side; what was decided behind it was not. */
  async done(target: SideName, upTo: number): Promise<void> {
    await this.write((write) => {
      write.seeWritten(target, upTo);
      write.undecided(target);
      write.remove(target, upTo);
      putState(write.db, `done ${target}`, String(upTo));
    });
    this.#decided.delete(target);
  }

  /** Up to where a side has confirmed. */
  confirmed(target: SideName): Promise<number> {
    return this.store.read((db) => Number(stateOf(db, `done ${target}`) ?? 0));
  }

  /** Which database a side is; undefined before that is known. */
  identity(side: SideName): Promise<string | undefined> {
    return this.store.read((db) => stateOf(db, `identity ${side}`));
  }

  async identify(side: SideName, identity: string): Promise<void> {
    await this.write((write) => putState(write.db, `identity ${side}`, identity));
  }

  /** A side is not what it was: it gets everything that the other one has. What waits for the other one stays. */
  async forget(side: SideName): Promise<void> {
    await this.write((write) => write.forget(side));
  }

  /** Rows that were there when last seen, and that the copy that is under way has not met. */
  missed(side: SideName, max: number): Promise<readonly RowName[]> {
    return this.store.read((db) => missedRows(db, side, roundOf(db, side), max));
  }

  /** Whether a copy of a side tells what is known, too, as the other side has lost it. */
  isResending(side: SideName): Promise<boolean> {
    return this.store.read((db) => stateOf(db, `resend ${side}`) !== undefined);
  }

  seenOf(side: SideName, rows: readonly RowName[]): Promise<Map<string, Seen>> {
    return this.store.read((db) => {
      const found = new Map<string, Seen>();
      for (const { name, key } of rows) {
        const seen = seenRow(db, side, name, key);
        if (seen !== undefined) found.set(rowId(name, key), seen);
      }
      return found;
    });
  }
}

/** What may be done in one write. */
export class JournalWrite {
  readonly db: Database;
  readonly #added: Record<SideName, number>;

  constructor(db: Database, added: Record<SideName, number>) {
    this.db = db;
    this.#added = added;
  }

  moveCursor(side: SideName, cursor: Cursor): void {
    putState(this.db, `cursor ${side}`, JSON.stringify(cursor));
  }

  seen(side: SideName, name: string, key: string): Seen | undefined {
    return seenRow(this.db, side, name, key);
  }

  see(side: SideName, { name, key }: RowName, seen: Seen, round: number): void {
    const { version, digest, row, columns } = seen;
    statement(
      this.db,
      `INSERT INTO sync_seen (side, name, key, version, digest, round, content, columns) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET version = excluded.version, digest = excluded.digest, round = excluded.round,
         content = excluded.content, columns = excluded.columns`,
    ).run(side, name, key, version, digest, round, textOrNull(row, writeExact), textOrNull(columns));
  }

  /** What a batch is about to write. */
  written(target: SideName, position: number, { name, key, version, digest, row, columns }: Written): void {
    statement(
      this.db,
      `INSERT INTO sync_written (target, name, key, position, version, digest, content, columns)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(target, name, key, position, version, digest, textOrNull(row, writeExact), textOrNull(columns));
  }

  /** What was written up to a position counts as seen. */
  seeWritten(target: SideName, upTo: number): void {
    statement(
      this.db,
      `INSERT INTO sync_seen (side, name, key, version, digest, round, content, columns)
       SELECT target, name, key, version, digest, ?, content, columns FROM sync_written WHERE target = ? AND position <= ?
       ON CONFLICT DO UPDATE SET version = excluded.version, digest = excluded.digest, round = excluded.round,
         content = excluded.content, columns = excluded.columns`,
    ).run(this.round(target), target, upTo);
    statement(this.db, "DELETE FROM sync_written WHERE target = ? AND position <= ?").run(target, upTo);
  }

  /** What was decided of a batch, and not confirmed, was not committed. */
  undecided(target: SideName): void {
    forgetPending(this.db, target);
    statement(this.db, "DELETE FROM sync_written WHERE target = ?").run(target);
  }

  forget(side: SideName): void {
    const other = otherSide[side];
    statement(this.db, "DELETE FROM sync_seen WHERE side = ?").run(side);
    this.undecided(side);
    this.remove(side, Number.MAX_SAFE_INTEGER);
    for (const name of [`cursor ${side}`, `cursor ${other}`, `identity ${side}`, `done ${side}`])
      statement(this.db, "DELETE FROM sync_state WHERE name = ?").run(name);
    putState(this.db, `resend ${other}`, "1");
    // The rows themselves come with the other side's copy; those that are gone there do not.
    const gone = statement(
      this.db,
      "SELECT name, key, version, columns FROM sync_seen WHERE side = ? AND digest = ''",
    ).all(other) as { name: string; key: string; version: string; columns: string | null }[];
    for (let at = 0; at < gone.length; at += goneAtOnce) {
      const changes = gone.slice(at, at + goneAtOnce).map(({ name, key, version, columns }) => ({
        name,
        key,
        row: undefined,
        version,
        base: noVersion,
        ...(columns !== null && { columns: JSON.parse(columns) as ColumnVersions }),
      }));
      this.enqueue(side, changes);
    }
  }

  /** The copy of a side is whole. */
  copied(side: SideName, token: string): void {
    this.moveCursor(side, { token, isCopying: false });
    statement(this.db, "DELETE FROM sync_state WHERE name = ?").run(`resend ${side}`);
  }

  /** Rows of a table that were there when last seen. */
  present(side: SideName, name: string): { key: string; version: string }[] {
    return statement(
      this.db,
      "SELECT key, version FROM sync_seen WHERE side = ? AND name = ? AND digest <> ''",
    ).all(side, name) as { key: string; version: string }[];
  }

  /** Rows that were there when last seen, and were not seen in a round. */
  missed(side: SideName, round: number, max: number): MissedRow[] {
    return missedRows(this.db, side, round, max);
  }

  /** The copy has met them. */
  met(side: SideName, rows: readonly RowName[]): void {
    const round = this.round(side);
    const meet = statement(this.db, "UPDATE sync_seen SET round = ? WHERE side = ? AND name = ? AND key = ?");
    for (const { name, key } of rows) meet.run(round, side, name, key);
  }

  /** The round of the snapshot that is under way. */
  round(side: SideName): number {
    return roundOf(this.db, side);
  }

  nextRound(side: SideName): number {
    const round = this.round(side) + 1;
    putState(this.db, `round ${side}`, String(round));
    return round;
  }

  enqueue(target: SideName, changes: readonly QueuedChange[]): void {
    if (changes.length === 0) return;
    const text = writeExact(changes);
    const bytes = Buffer.byteLength(text) + entryBytes;
    statement(this.db, "INSERT INTO sync_queue (target, bytes, changes) VALUES (?, ?, ?)").run(
      target,
      bytes,
      text,
    );
    this.#added[target] += bytes;
  }

  remove(target: SideName, upTo: number): void {
    const { bytes } = statement(
      this.db,
      "SELECT coalesce(sum(bytes), 0) bytes FROM sync_queue WHERE target = ? AND sequence <= ?",
    ).get(target, upTo) as { bytes: number };
    statement(this.db, "DELETE FROM sync_queue WHERE target = ? AND sequence <= ?").run(target, upTo);
    this.#added[target] -= bytes;
  }
}

interface MissedRow extends RowName {
  readonly version: string;
}

function missedRows(db: Database, side: SideName, round: number, max: number): MissedRow[] {
  return statement(
    db,
    "SELECT name, key, version FROM sync_seen WHERE side = ? AND digest <> '' AND round < ? LIMIT ?",
  ).all(side, round, max) as MissedRow[];
}

function roundOf(db: Database, side: SideName): number {
  return Number(stateOf(db, `round ${side}`) ?? 0);
}

function stateOf(db: Database, name: string): string | undefined {
  return statement(db, "SELECT value FROM sync_state WHERE name = ?", { pluck: true }).get(name) as
    | string
    | undefined;
}

function putState(db: Database, name: string, value: string): void {
  statement(db, "INSERT OR REPLACE INTO sync_state (name, value) VALUES (?, ?)").run(name, value);
}

function textOrNull(value: unknown, write: (value: unknown) => string = JSON.stringify): string | null {
  return value === undefined ? null : write(value);
}

function seenRow(db: Database, side: SideName, name: string, key: string): Seen | undefined {
  const found = statement(
    db,
    "SELECT version, digest, content, columns FROM sync_seen WHERE side = ? AND name = ? AND key = ?",
  ).get(side, name, key) as
    | { version: string; digest: string; content: string | null; columns: string | null }
    | undefined;
  if (found === undefined) return undefined;
  const { version, digest, content, columns } = found;
  return {
    version,
    digest,
    ...(content !== null && { row: parseExact(content) as Row }),
    ...(columns !== null && { columns: JSON.parse(columns) as ColumnVersions }),
  };
}

/** Of all that were ever queued, gone ones too. */
function lastSequence(db: Database): number {
  return statement(db, "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'sync_queue'", {
    pluck: true,
  }).get() as number;
}

function bytesOf(db: Database, target: SideName): number {
  return statement(db, "SELECT coalesce(sum(bytes), 0) FROM sync_queue WHERE target = ?", {
    pluck: true,
  }).get(target) as number;
}
