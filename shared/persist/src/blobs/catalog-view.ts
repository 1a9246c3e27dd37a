import { setImmediate } from "node:timers/promises";
import type { Snapshot } from "@weftkit/store";

/** Rows that one read or write takes, so that neither holds the event loop. */
export const batchMax = 500;

/** A blob as the catalog has it. */
export interface CatalogRow {
  readonly sha256: Buffer;
  readonly bytes: number;
  /** As `encodeParts` makes them; null until the blob was cut. */
  readonly parts: Buffer | null;
}

/** How far a capture got in the numbers of changes: each adding and each removing takes the next one. */
export interface Span {
  /** Blobs that were added up to here are part of it. */
  readonly added: number;
  /** Blobs that were removed up to here are no part of it. */
  readonly removed: number;
}

type RowWithPlace = CatalogRow & { readonly place: unknown };

const inSet =
  "SELECT sha256, bytes, parts, sha256 AS place FROM blob WHERE sha256 > ? AND (removed IS NULL OR removed > ?)";
const addedSince =
  "SELECT sha256, bytes, parts, added AS place FROM blob WHERE added > ? AND (removed IS NULL OR removed > ?)";
const removedSince = "SELECT sha256, removed AS place FROM blob WHERE removed > ? AND removed <= ?";

/** The catalog as it is at one moment; to be released soon. */
export class CatalogView {
  readonly #snapshot: Snapshot;
  /** The number of the last change. */
  readonly changes: number;

  private constructor(snapshot: Snapshot, changes: number) {
    this.#snapshot = snapshot;
    this.changes = changes;
  }

  /** Takes the snapshot over. */
  static async of(snapshot: Snapshot): Promise<CatalogView> {
    try {
      const changes = await snapshot.read((db) => db.prepare("SELECT number FROM change").pluck().get());
      return new CatalogView(snapshot, changes as number);
    } catch (error) {
      snapshot.release();
      throw error;
    }
  }

  /** Blobs that are in the set at `to`; with `from`, only those that were not certainly in it there. */
  added(to: Span, from?: Span): AsyncGenerator<CatalogRow> {
    if (from !== undefined)
      return this.#pages<RowWithPlace>(`${addedSince} ORDER BY added`, from.added, to.removed);
    return this.#pages<RowWithPlace>(`${inSet} ORDER BY sha256`, Buffer.alloc(0), to.removed);
  }

  /** The names of blobs that are in the set at `from`, perhaps, but not at `to`. */
  async *removed(to: Span, from: Span): AsyncGenerator<Buffer> {
    for await (const { sha256 } of this.#pages<RowWithPlace>(
      `${removedSince} ORDER BY removed`,
      from.removed,
      to.removed,
    )) {
      yield sha256;
    }
  }

  release(): void {
    this.#snapshot.release();
  }

  async *#pages<Row extends { readonly place: unknown }>(
    select: string,
    first: unknown,
    removed: number,
  ): AsyncGenerator<Row> {
    for (let after = first; ; ) {
      const read = this.#snapshot.read((db) => db.prepare(`${select} LIMIT ?`).all(after, removed, batchMax));
      const rows = (await read) as Row[];
      yield* rows;
      if (rows.length < batchMax) return;
      after = rows.at(-1)!.place;
      await setImmediate();
    }
  }
}
