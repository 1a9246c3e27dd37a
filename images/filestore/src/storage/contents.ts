import { type Database, statement } from "@weftkit/store";

/** A content that was written, not yet named by anything. */
export interface WrittenContent {
  readonly sha256: string;
  readonly size: number;
  /** Of a small one, which goes into the database; others are a file. */
  readonly data: Buffer | undefined;
  /** CRC-32 of each piece of a file, four bytes each. */
  readonly sums: Buffer | undefined;
}

/** A content as it is read. */
export interface StoredContent {
  readonly row: number;
  readonly sha256: Buffer;
  readonly size: number;
  /** Undefined when it is in a file. */
  readonly data: Buffer | null;
}

/** So many sums are in one row: of 512 MiB. */
export const sumsPerRow = 4096;

/**
 * Counts one more use of a content, and takes it in when it is new.
 *
 * @throws ContentMissing when its file has gone meanwhile
 */
export function useContent(
  db: Database,
  content: WrittenContent,
  hasFile: (sha256: string) => boolean,
): number {
  const hash = Buffer.from(content.sha256, "hex");
  if (content.data === undefined && !hasFile(content.sha256)) throw new ContentMissing(content.sha256);
  const found = statement(db, "SELECT row FROM contents WHERE sha256 = ?", { pluck: true }).get(hash) as
    | number
    | undefined;
  const { size, data, sums } = content;
  if (found !== undefined) {
    useAgain(db, found);
    return found;
  }
  const sql = "INSERT INTO contents (sha256, size, refs, data) VALUES (?, ?, 1, ?)";
  const { lastInsertRowid } = statement(db, sql).run(hash, size, data ?? null);
  const row = Number(lastInsertRowid);
  if (sums !== undefined) {
    const insert = statement(db, "INSERT INTO piece_sums (content, part, sums) VALUES (?, ?, ?)");
    for (let part = 0; part * sumsPerRow * 4 < sums.length; part++) {
      insert.run(row, part, sums.subarray(part * sumsPerRow * 4, (part + 1) * sumsPerRow * 4));
    }
  }
  statement(db, "UPDATE totals SET value = value + ? WHERE name = 'bytes'").run(size);
  return row;
}

/** Counts one more use of a content that is there. */
export function useAgain(db: Database, row: number): void {
  const sql = "UPDATE contents SET refs = refs + 1 WHERE row = ? RETURNING refs, size";
  const { refs, size } = statement(db, sql).get(row) as { refs: number; size: number };
  // One that was to be removed is used again.
  if (refs === 1) statement(db, "UPDATE totals SET value = value + ? WHERE name = 'bytes'").run(size);
}

/** Counts one use less. Returns whether nobody uses it any more and a file is to be removed. */
export function releaseContent(db: Database, row: number): boolean {
  const sql =
    "UPDATE contents SET refs = refs - 1 WHERE row = ? RETURNING refs, size, data IS NULL AS isFile";
  const left = statement(db, sql).get(row) as { refs: number; size: number; isFile: number };
  if (left.refs > 0) return false;
  statement(db, "UPDATE totals SET value = value - ? WHERE name = 'bytes'").run(left.size);
  if (left.isFile === 1) return true;
  statement(db, "DELETE FROM contents WHERE row = ?").run(row);
  return false;
}

export function findContent(db: Database, row: number): StoredContent {
  const sql = "SELECT row, sha256, size, data FROM contents WHERE row = ?";
  return statement(db, sql).get(row) as StoredContent;
}

/** The sums of `sumsPerRow` pieces, beginning with piece `part * sumsPerRow`. */
export function sumsOf(db: Database, content: number, part: number): Buffer {
  const sql = "SELECT sums FROM piece_sums WHERE content = ? AND part = ?";
  return statement(db, sql, { pluck: true }).get(content, part) as Buffer;
}

/** Contents that nobody uses any more, after a row. */
export function unusedContents(
  db: Database,
  after: number,
  limit: number,
): readonly { readonly row: number; readonly sha256: string }[] {
  const sql = "SELECT row, sha256 FROM contents WHERE refs = 0 AND row > ? ORDER BY row LIMIT ?";
  const rows = statement(db, sql).all(after, limit) as { row: number; sha256: Buffer }[];
  return rows.map(({ row, sha256 }) => ({ row, sha256: sha256.toString("hex") }));
}

/** Forgets a content that nobody uses; false when somebody does again. */
export function forgetContent(db: Database, row: number): boolean {
  if (statement(db, "DELETE FROM contents WHERE row = ? AND refs = 0").run(row).changes === 0) return false;
  statement(db, "DELETE FROM piece_sums WHERE content = ?").run(row);
  return true;
}

export function isKnownContent(db: Database, sha256: string): boolean {
  const sql = "SELECT 1 FROM contents WHERE sha256 = ?";
  return statement(db, sql).get(Buffer.from(sha256, "hex")) !== undefined;
}

export function storedBytes(db: Database): number {
  return statement(db, "SELECT value FROM totals WHERE name = 'bytes'", { pluck: true }).get() as number;
}

/** The file of a content was removed between the moment it was written and the one it was to be named. */
export class ContentMissing extends Error {
  override readonly name = "ContentMissing";

  constructor(sha256: string) {
    super(`the content ${sha256} was removed before it could be named: write it again`);
  }
}
