import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import { documentNotFound } from "../problems.ts";
import type { Collection } from "./collections.ts";

/** A row of `documents`. */
export interface StoredDocument {
  readonly row: number;
  readonly id: string;
  readonly version: number;
  /** The front matter's, the first heading's, or the last part of the id. */
  readonly title: string;
  /** JSON. */
  readonly fields: string;
  /** JSON of a FrontMatterError; null when the front matter could be read. */
  readonly frontMatterError: string | null;
  readonly sizeBytes: number;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly createdBy: string;
  readonly updatedAt: number;
  readonly updatedBy: string;
  /** Null unless it is in the trash. */
  readonly deletedAt: number | null;
  readonly deletedBy: string | null;
}

/** The columns of a StoredDocument, of the table that is called `d`. */
export const documentColumns = `d.row, d.id, d.version, d.title, d.fields, d.front_matter_error AS frontMatterError, d.size AS sizeBytes,
  d.created_at AS createdAt, d.created_by AS createdBy, d.updated_at AS updatedAt, d.updated_by AS updatedBy,
  d.deleted_at AS deletedAt, d.deleted_by AS deletedBy`;

/** The document of that id, in the trash or not. */
export function findDocument(db: Database, collection: Collection, id: string): StoredDocument | undefined {
  const sql = `SELECT ${documentColumns} FROM documents d WHERE d.collection = ? AND d.id = ?`;
  return statement(db, sql).get(collection.row, id) as StoredDocument | undefined;
}

/** The document of that id, unless it is in the trash. */
export function findLiveDocument(
  db: Database,
  collection: Collection,
  id: string,
): StoredDocument | undefined {
  const found = findDocument(db, collection, id);
  return found?.deletedAt === null ? found : undefined;
}

/** @throws Problem `document-not-found` */
export function requireDocument(db: Database, collection: Collection, id: string): StoredDocument {
  const found = findDocument(db, collection, id);
  if (found?.deletedAt === null) return found;
  const hint = found === undefined ? "" : "; it is in the trash and can be restored";
  throw documentNotFound(`there is no document ${id} in the collection ${collection.name}${hint}`);
}

/** The document of a row number that is known to exist. */
export function documentOfRow(db: Database, row: number): StoredDocument {
  return statement(db, `SELECT ${documentColumns} FROM documents d WHERE d.row = ?`).get(
    row,
  ) as StoredDocument;
}

/** The text of a document as it was read in the same transaction or snapshot. */
export function textOf(db: Database, document: Pick<StoredDocument, "row" | "version">): string {
  const sql = "SELECT text FROM versions WHERE document = ? AND version = ?";
  return statement(db, sql, { pluck: true }).get(document.row, document.version) as string;
}
