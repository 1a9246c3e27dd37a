import { createHash } from "node:crypto";
import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import { baseName, linkKey } from "../links/target.ts";
import { attachmentNotFound } from "../problems.ts";
import type { Collection } from "./collections.ts";
import { requireFreePath } from "./file-paths.ts";

export interface Attachment {
  readonly path: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly author: string;
}

const columns = "path, media_type AS mediaType, size AS sizeBytes, sha256, at, author";

/**
 * Writes an attachment, a new one or in the place of one; returns whether it is new.
 *
 * @throws Problem `path-conflict`
 */
export function writeAttachment(
  db: Database,
  collection: Collection,
  {
    path,
    mediaType,
    content,
    at,
    author,
  }: Pick<Attachment, "path" | "mediaType" | "at" | "author"> & { content: Buffer },
): { attachment: Attachment; isNew: boolean } {
  const isNew = findAttachment(db, collection, path) === undefined;
  if (isNew) requireFreePath(db, collection, path);
  const sha256 = createHash("sha256").update(content).digest("hex");
  const sql = `INSERT INTO attachments (collection, path, base_key, media_type, size, sha256, at, author, content)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (collection, path) DO UPDATE SET media_type = excluded.media_type,
    size = excluded.size, sha256 = excluded.sha256, at = excluded.at, author = excluded.author, content = excluded.content`;
  statement(db, sql).run(
    collection.row,
    path,
    linkKey(baseName(path)),
    mediaType,
    content.length,
    sha256,
    at,
    author,
    content,
  );
  return { attachment: requireAttachment(db, collection, path), isNew };
}

export function findAttachment(db: Database, collection: Collection, path: string): Attachment | undefined {
  const sql = `SELECT ${columns} FROM attachments WHERE collection = ? AND path = ?`;
  return statement(db, sql).get(collection.row, path) as Attachment | undefined;
}

/** The path of the first attachment whose name has this key (`linkKey`). */
export function attachmentWithName(db: Database, collection: Collection, key: string): string | undefined {
  const sql = "SELECT path FROM attachments WHERE collection = ? AND base_key = ? ORDER BY path LIMIT 1";
  return statement(db, sql, { pluck: true }).get(collection.row, key) as string | undefined;
}

/** @throws Problem `attachment-not-found` */
export function requireAttachment(db: Database, collection: Collection, path: string): Attachment {
  const found = findAttachment(db, collection, path);
  if (found === undefined)
    throw attachmentNotFound(`there is no attachment ${path} in the collection ${collection.name}`);
  return found;
}

export function contentOf(db: Database, collection: Collection, path: string): Buffer {
  const sql = "SELECT content FROM attachments WHERE collection = ? AND path = ?";
  return statement(db, sql, { pluck: true }).get(collection.row, path) as Buffer;
}

export function deleteAttachment(db: Database, collection: Collection, path: string): void {
  statement(db, "DELETE FROM attachments WHERE collection = ? AND path = ?").run(collection.row, path);
}

/** Attachments by path, after `after`. */
export function listAttachments(
  db: Database,
  collection: Collection,
  after: string,
  limit: number,
): Attachment[] {
  const sql = `SELECT ${columns} FROM attachments WHERE collection = ? AND path > ? ORDER BY path LIMIT ?`;
  return statement(db, sql).all(collection.row, after, limit) as Attachment[];
}
