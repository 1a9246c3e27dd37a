import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import { removeSynonyms } from "../search/synonyms.ts";
import { deleteWebhook, webhooksOf } from "../webhooks/webhooks.ts";
import { recordChange } from "./changes.ts";
import { type Collection, countDocument } from "./collections.ts";
import { removeDerived } from "./derived.ts";
import { documentColumns, type StoredDocument } from "./documents.ts";

/** Puts a document into the trash: it is found only there, and its versions stay. */
export function deleteDocument(
  db: Database,
  collection: Collection,
  document: StoredDocument,
  { at, author }: { at: number; author: string },
): void {
  removeDerived(db, document.row);
  statement(db, "UPDATE documents SET deleted_at = ?, deleted_by = ? WHERE row = ?").run(
    at,
    author,
    document.row,
  );
  countDocument(db, collection.row, -1, -document.sizeBytes);
  const { id, version } = document;
  recordChange(db, collection.row, { at, type: "deleted", id, version, author, previousId: null });
}

/** Removes a document that is in the trash, with all its versions, for good. */
export function purgeDocument(
  db: Database,
  collectionRow: number,
  document: StoredDocument,
  { at, author }: { at: number; author: string },
): void {
  statement(db, "DELETE FROM versions WHERE document = ?").run(document.row);
  statement(db, "DELETE FROM documents WHERE row = ?").run(document.row);
  const { id, version } = document;
  recordChange(db, collectionRow, { at, type: "purged", id, version, author, previousId: null });
}

/** What is in the trash, by id, after the id `after`. */
export function listTrash(
  db: Database,
  collection: Collection,
  after: string,
  limit: number,
): StoredDocument[] {
  const sql = `SELECT ${documentColumns} FROM documents d
    WHERE d.collection = ? AND d.deleted_at IS NOT NULL AND d.id > ? ORDER BY d.id LIMIT ?`;
  return statement(db, sql).all(collection.row, after, limit) as StoredDocument[];
}

/** Removes documents that were deleted before a time, at most `limit`; returns how many. */
export function purgeExpired(db: Database, before: number, limit: number, at: number): number {
  const sql = `SELECT ${documentColumns}, d.collection FROM documents d
    WHERE d.deleted_at IS NOT NULL AND d.deleted_at < ? ORDER BY d.deleted_at LIMIT ?`;
  const expired = statement(db, sql).all(before, limit) as (StoredDocument & { collection: number })[];
  for (const document of expired)
    purgeDocument(db, document.collection, document, { at, author: "retention" });
  return expired.length;
}

/** Removes what a deleted collection holds, at most `limit` documents and attachments; true when nothing is left. */
export function removeContents(db: Database, collectionRow: number, limit: number): boolean {
  const rows = (sql: string) => statement(db, sql, { pluck: true }).all(collectionRow, limit) as number[];
  const documents = rows("SELECT row FROM documents WHERE collection = ? LIMIT ?");
  for (const row of documents) {
    removeDerived(db, row);
    statement(db, "DELETE FROM versions WHERE document = ?").run(row);
    statement(db, "DELETE FROM documents WHERE row = ?").run(row);
  }
  if (documents.length === limit) return false;
  const attachments = rows("SELECT row FROM attachments WHERE collection = ? LIMIT ?");
  for (const row of attachments) statement(db, "DELETE FROM attachments WHERE row = ?").run(row);
  if (attachments.length === limit) return false;
  removeSynonyms(db, collectionRow);
  for (const { row } of webhooksOf(db, collectionRow)) deleteWebhook(db, row);
  statement(db, "DELETE FROM collections WHERE row = ?").run(collectionRow);
  return true;
}
