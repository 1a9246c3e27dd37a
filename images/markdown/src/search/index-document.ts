import type { Database } from "@weftkit/store";
import { type SlicedWork, statement } from "@weftkit/store";
import type { IndexedText } from "./indexed-text.ts";
import { countDocument, indexRowOf, indexTable, placeDocument } from "./shards.ts";
import { addWords } from "./vocabulary.ts";

/** Which document it is. */
export interface IndexedRow {
  /** `documents.row`; never used for another document again. */
  readonly documentRow: number;
  /** `collections.row`. */
  readonly collectionRow: number;
}

/** Puts a document into the index, or replaces what was there of it. */
export function* indexDocument(
  db: Database,
  { documentRow, collectionRow }: IndexedRow,
  text: IndexedText,
): SlicedWork<void> {
  const before = placeOf(db, documentRow);
  if (before !== undefined) removeDocument(db, documentRow);
  const shard = placeDocument(db, collectionRow);
  const { title, stems, words, vocabulary, packed } = text;
  statement(
    db,
    `INSERT INTO ${indexTable(shard)} (rowid, title, headings, tags, text) VALUES (CAST(? AS INTEGER), ?, ?, ?, ?)`,
  ).run(indexRowOf(collectionRow, documentRow), stems.title, stems.headings, stems.tags, stems.text);
  statement(
    db,
    "INSERT INTO search_documents (document, collection, shard, title, text) VALUES (?, ?, ?, ?, ?)",
  ).run(documentRow, collectionRow, shard, title, packed);
  countDocument(db, shard, collectionRow, 1, words);
  yield;
  yield* addWords(db, vocabulary);
}

/** Takes a document out of the index; nothing happens when it is not there. */
export function removeDocument(db: Database, documentRow: number): void {
  const place = placeOf(db, documentRow);
  if (place === undefined) return;
  statement(db, `DELETE FROM ${indexTable(place.shard)} WHERE rowid = CAST(? AS INTEGER)`).run(
    indexRowOf(place.collection, documentRow),
  );
  statement(db, "DELETE FROM search_documents WHERE document = ?").run(documentRow);
  countDocument(db, place.shard, place.collection, -1, 0);
}

/** The title, and the text as it was packed. */
export function textOf(
  db: Database,
  documentRow: number,
): { readonly title: string; readonly packed: Buffer | undefined } {
  const row = statement(db, "SELECT title, text AS packed FROM search_documents WHERE document = ?").get(
    documentRow,
  );
  return (row as { title: string; packed: Buffer } | undefined) ?? { title: "", packed: undefined };
}

export function titleOf(db: Database, documentRow: number): string {
  const sql = "SELECT title FROM search_documents WHERE document = ?";
  return (statement(db, sql, { pluck: true }).get(documentRow) as string | undefined) ?? "";
}

function placeOf(db: Database, documentRow: number): { collection: number; shard: number } | undefined {
  return statement(db, "SELECT collection, shard FROM search_documents WHERE document = ?").get(
    documentRow,
  ) as { collection: number; shard: number } | undefined;
}
