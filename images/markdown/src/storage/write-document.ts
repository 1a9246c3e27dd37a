import type { Database } from "@weftkit/store";
import { type SlicedWork, statement } from "@weftkit/store";
import { baseName, linkKey } from "../links/target.ts";
import { pathOfDocument } from "../names.ts";
import type { PreparedDocument } from "../text/prepare.ts";
import { type ChangeType, recordChange } from "./changes.ts";
import { type Collection, countDocument } from "./collections.ts";
import { removeDerived, writeDerived } from "./derived.ts";
import { documentOfRow, findDocument, type StoredDocument } from "./documents.ts";
import { requireFreePath } from "./file-paths.ts";
import { insertVersion, pruneVersions, type VersionAction } from "./versions.ts";

/** Who writes, when, and what it is called in the history. */
export interface WriteOptions {
  readonly at: number;
  readonly author: string;
  /** Default: `created` or `updated`. */
  readonly action?: VersionAction;
  /** How many versions are kept; 0 is all. */
  readonly versionsMax: number;
}

/**
 * Writes a document: a new one, a new version, or, of one in the trash, a new version outside of it. Everything that is
 * drawn from its text is written with it.
 *
 * @throws Problem `path-conflict`
 */
export function* writeDocument(
  db: Database,
  collection: Collection,
  document: PreparedDocument,
  options: WriteOptions,
): SlicedWork<StoredDocument> {
  const existing = findDocument(db, collection, document.id);
  const isNew = existing === undefined || existing.deletedAt !== null;
  if (isNew) requireFreePath(db, collection, pathOfDocument(document.id));
  const row = existing === undefined ? insertRow(db, collection, document, options) : existing.row;
  const version = existing === undefined ? 1 : existing.version + 1;
  if (existing !== undefined) {
    if (!isNew) removeDerived(db, row);
    updateRow(db, row, version, document, options);
  }
  const { at, author, action = isNew ? "created" : "updated", versionsMax } = options;
  insertVersion(db, row, { version, action, at, author, sizeBytes: document.sizeBytes, text: document.text });
  pruneVersions(db, row, version, versionsMax);
  yield* writeDerived(db, collection.row, row, document);
  countDocument(
    db,
    collection.row,
    isNew ? 1 : 0,
    document.sizeBytes - (isNew ? 0 : (existing?.sizeBytes ?? 0)),
  );
  const type: ChangeType = isNew ? "created" : "updated";
  recordChange(db, collection.row, { at, type, id: document.id, version, author, previousId: null });
  return documentOfRow(db, row);
}

function insertRow(
  db: Database,
  collection: Collection,
  document: PreparedDocument,
  { at, author }: WriteOptions,
): number {
  const sql = `INSERT INTO documents (collection, id, version, title, fields, front_matter_error, size, created_at, created_by,
    updated_at, updated_by, id_key, base_key, title_key) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
  const { id, title, fields, sizeBytes } = document;
  const { lastInsertRowid } = statement(db, sql).run(
    collection.row,
    id,
    title,
    JSON.stringify(fields),
    errorOf(document),
    sizeBytes,
    at,
    author,
    at,
    author,
    linkKey(id),
    linkKey(baseName(id)),
    linkKey(title),
  );
  return Number(lastInsertRowid);
}

function updateRow(
  db: Database,
  row: number,
  version: number,
  document: PreparedDocument,
  { at, author }: WriteOptions,
): void {
  const sql = `UPDATE documents SET version = ?, title = ?, fields = ?, front_matter_error = ?, size = ?, updated_at = ?,
    updated_by = ?, deleted_at = NULL, deleted_by = NULL, id = ?, id_key = ?, base_key = ?, title_key = ? WHERE row = ?`;
  const { id, title, fields, sizeBytes } = document;
  statement(db, sql).run(
    version,
    title,
    JSON.stringify(fields),
    errorOf(document),
    sizeBytes,
    at,
    author,
    id,
    linkKey(id),
    linkKey(baseName(id)),
    linkKey(title),
    row,
  );
}

function errorOf({ frontMatterError }: PreparedDocument): string | null {
  return frontMatterError === undefined ? null : JSON.stringify(frontMatterError);
}

/**
 * Gives a document another id, with the text that it has from then on: a new version.
 *
 * @throws Problem `path-conflict`
 */
export function* moveDocument(
  db: Database,
  collection: Collection,
  existing: StoredDocument,
  document: PreparedDocument,
  options: WriteOptions,
): SlicedWork<StoredDocument> {
  const { at, author, versionsMax } = options;
  const version = existing.version + 1;
  requireFreePath(db, collection, pathOfDocument(document.id));
  removeDerived(db, existing.row);
  updateRow(db, existing.row, version, document, options);
  insertVersion(db, existing.row, {
    version,
    action: "renamed",
    at,
    author,
    sizeBytes: document.sizeBytes,
    text: document.text,
  });
  pruneVersions(db, existing.row, version, versionsMax);
  yield* writeDerived(db, collection.row, existing.row, document);
  countDocument(db, collection.row, 0, document.sizeBytes - existing.sizeBytes);
  const previousId = existing.id;
  recordChange(db, collection.row, { at, type: "renamed", id: document.id, version, author, previousId });
  return documentOfRow(db, existing.row);
}
