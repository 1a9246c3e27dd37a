import { randomUUID } from "node:crypto";
import type { Database, Migration, Store } from "@weftkit/store";
import { statement } from "@weftkit/store";

/** Where the central copy of a subtree has come to. */
export interface CentralPosition {
  readonly epoch: number;
  readonly seq: number;
  /** Null: claimed, and nothing pushed. */
  readonly manifest: string | null;
}

/** An object that was written here and has to be there before what comes after it. */
export interface WrittenPart {
  readonly sequence: number;
  readonly name: string;
}

/** An object that may be deleted once all that was written before is there. */
export interface Deletion {
  readonly sequence: number;
  readonly kind: "manifest" | "part";
  readonly name: string;
  /** Whether it is not here any more, and only the central copy is left. */
  readonly isDoneHere: boolean;
}

export const passingTables: Migration = {
  name: "create what is to be passed on",
  apply(db) {
    db.exec(`
      CREATE TABLE written (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        subtree TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, bytes INTEGER NOT NULL
      );
      CREATE INDEX written_by_subtree ON written (subtree, sequence);
      CREATE INDEX written_by_name ON written (name);
      CREATE TABLE deletion (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        subtree TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
        done_here INTEGER NOT NULL DEFAULT 0, not_before INTEGER NOT NULL DEFAULT 0,
        UNIQUE (subtree, kind, name)
      );
      CREATE TABLE central (
        subtree TEXT PRIMARY KEY, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, manifest TEXT,
        is_restored INTEGER NOT NULL DEFAULT 0
      );
      CREATE TABLE owner (name TEXT NOT NULL);
    `);
    db.prepare("INSERT INTO owner VALUES (?)").run(`sidecar-${randomUUID()}`);
  },
};

/** What was written and is not in the central copy yet, in order: on the disk before the object itself is. */
export class PassingLog {
  /** The sidecar's own name at the central endpoint. */
  readonly owner: string;
  readonly #store: Store;
  #waitingBytes: number;

  private constructor(store: Store, owner: string, waitingBytes: number) {
    this.#store = store;
    this.owner = owner;
    this.#waitingBytes = waitingBytes;
  }

  static async open(store: Store): Promise<PassingLog> {
    return store.read((db) => {
      const { name } = db.prepare("SELECT name FROM owner").get() as { name: string };
      const { bytes } = db.prepare("SELECT coalesce(sum(bytes), 0) bytes FROM written").get() as {
        bytes: number;
      };
      return new PassingLog(store, name, bytes);
    });
  }

  /** Of the parts that are not in the central copy yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** An object is about to be written; one that was to be deleted stays. */
  async wrote(subtree: string, kind: "manifest" | "part", name: string, bytes: number): Promise<void> {
    await this.#store.write((db) => {
      statement(db, "DELETE FROM deletion WHERE subtree = ? AND kind = ? AND name = ?").run(
        subtree,
        kind,
        name,
      );
      statement(db, "INSERT INTO written (subtree, kind, name, bytes) VALUES (?, ?, ?, ?)").run(
        subtree,
        kind,
        name,
        bytes,
      );
    });
    this.#waitingBytes += bytes;
  }

  /** An object is to be deleted when its turn comes. */
  async toDelete(subtree: string, kind: "manifest" | "part", name: string): Promise<void> {
    await this.#store.write((db) =>
      statement(db, "INSERT INTO deletion (subtree, kind, name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING").run(
        subtree,
        kind,
        name,
      ),
    );
  }

  subtrees(): Promise<readonly string[]> {
    return this.#store.read((db) =>
      db
        .prepare<[], { subtree: string }>(
          "SELECT subtree FROM central UNION SELECT subtree FROM written UNION SELECT subtree FROM deletion",
        )
        .all()
        .map(({ subtree }) => subtree),
    );
  }

  /** Where deletions have come to; 0 when there are none. */
  newestDeletion(subtree: string): Promise<number> {
    return this.#store.read((db) => maxOf(db, "deletion", "subtree = ?", subtree));
  }

  newestWritten(subtree: string): Promise<number> {
    return this.#store.read((db) => maxOf(db, "written", "subtree = ?", subtree));
  }

  /** Where the manifest was written last: what its state needs was written before it. Undefined when that is not known. */
  sequenceOfManifest(subtree: string, name: string): Promise<number | undefined> {
    return this.#store.read((db) => {
      const found = maxOf(db, "written", "subtree = ? AND kind = 'manifest' AND name = ?", subtree, name);
      return found === 0 ? undefined : found;
    });
  }

  /** Parts written up to a sequence, in order, from after another. */
  parts(subtree: string, after: number, upTo: number, max: number): Promise<readonly WrittenPart[]> {
    return this.#store.read((db) =>
      statement(
        db,
        "SELECT sequence, name FROM written WHERE subtree = ? AND kind = 'part' AND sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?",
      ).all(subtree, after, upTo, max),
    ) as Promise<readonly WrittenPart[]>;
  }

  position(subtree: string): Promise<(CentralPosition & { readonly isRestored: boolean }) | undefined> {
    return this.#store.read((db) => {
      const row = statement(
        db,
        "SELECT epoch, seq, manifest, is_restored FROM central WHERE subtree = ?",
      ).get(subtree) as
        | { epoch: number; seq: number; manifest: string | null; is_restored: number }
        | undefined;
      return (
        row && { epoch: row.epoch, seq: row.seq, manifest: row.manifest, isRestored: row.is_restored === 1 }
      );
    });
  }

  /** The central copy has come to `position`; what was written up to `upTo` is there. */
  async confirm(subtree: string, position: CentralPosition, upTo: number): Promise<void> {
    const freed = await this.#store.write((db) => {
      putPosition(db, subtree, position, undefined);
      const { bytes } = statement(
        db,
        "SELECT coalesce(sum(bytes), 0) bytes FROM written WHERE subtree = ? AND sequence <= ?",
      ).get(subtree, upTo) as { bytes: number };
      statement(db, "DELETE FROM written WHERE subtree = ? AND sequence <= ?").run(subtree, upTo);
      return bytes;
    });
    this.#waitingBytes -= freed;
  }

  /** The subtree was taken over from the central copy, whose parts come as they are asked for. */
  async restored(subtree: string, position: CentralPosition): Promise<void> {
    await this.#store.write((db) => putPosition(db, subtree, position, 1));
  }

  /** What may be deleted by now, in order. */
  deletions(subtree: string, upTo: number, now: number, max: number): Promise<readonly Deletion[]> {
    return this.#store.read((db) =>
      (
        statement(
          db,
          "SELECT sequence, kind, name, done_here FROM deletion WHERE subtree = ? AND sequence <= ? AND not_before <= ? ORDER BY sequence LIMIT ?",
        ).all(subtree, upTo, now, max) as (Deletion & { done_here: number })[]
      ).map(({ sequence, kind, name, done_here }) => ({ sequence, kind, name, isDoneHere: done_here === 1 })),
    );
  }

  /** These were deleted here; those that the central copy keeps are asked for again later. */
  async deleted(done: readonly Deletion[], kept: ReadonlySet<string>, notBefore: number): Promise<void> {
    await this.#store.write((db) => {
      for (const { sequence, name } of done) {
        if (kept.has(name)) {
          statement(db, "UPDATE deletion SET done_here = 1, not_before = ? WHERE sequence = ?").run(
            notBefore,
            sequence,
          );
        } else statement(db, "DELETE FROM deletion WHERE sequence = ?").run(sequence);
      }
    });
  }
}

function maxOf(db: Database, table: "written" | "deletion", where: string, ...values: string[]): number {
  const sql = `SELECT coalesce(max(sequence), 0) sequence FROM ${table} WHERE ${where}`;
  return (statement(db, sql).get(...values) as { sequence: number }).sequence;
}

function putPosition(
  db: Database,
  subtree: string,
  { epoch, seq, manifest }: CentralPosition,
  isRestored: 1 | undefined,
): void {
  statement(
    db,
    `INSERT INTO central (subtree, epoch, seq, manifest, is_restored) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, manifest = excluded.manifest,
       is_restored = max(is_restored, excluded.is_restored)`,
  ).run(subtree, epoch, seq, manifest, isRestored ?? 0);
}
