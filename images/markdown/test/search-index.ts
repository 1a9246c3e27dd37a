import Database from "better-sqlite3";
import { onTestFinished } from "vitest";
import type { SearchableText, SearchQuery } from "../src/content.ts";
import { findDocuments } from "../src/search/find-documents.ts";
import { resultOf } from "../src/search/found-documents.ts";
import { indexDocument } from "../src/search/index-document.ts";
import { indexedTextOf } from "../src/search/indexed-text.ts";
import { searchMigration } from "../src/search/schema.ts";

/** What a test says of a document; the rest is empty. */
export type Draft = Partial<SearchableText>;

/** The tables of search in memory, and the one of fields that facets and filters read. */
export function openIndex(): Database.Database {
  const db = new Database(":memory:");
  onTestFinished(() => void db.close());
  searchMigration.apply(db);
  db.exec(
    "CREATE TABLE fields (document INTEGER, collection INTEGER, name TEXT, kind TEXT, value ANY, first INTEGER, PRIMARY KEY (document, name, kind, value)) STRICT, WITHOUT ROWID",
  );
  return db;
}

export function put(db: Database.Database, documentRow: number, draft: Draft, collectionRow = 1): void {
  const text = indexedTextOf({ title: "", headings: [], tags: [], text: "", ...draft });
  for (const _ of indexDocument(db, { documentRow, collectionRow }, text));
}

/** An index of one collection, with the documents 1, 2 and so on. */
export function indexOf(drafts: readonly Draft[]): Database.Database {
  const db = openIndex();
  for (const [index, draft] of drafts.entries()) put(db, index + 1, draft);
  return db;
}

export function search(
  db: Database.Database,
  query: string,
  options: Partial<SearchQuery> = {},
  collectionRow = 1,
) {
  const wanted = { query, limit: 100, offset: 0, ...options };
  const result = resultOf(db, [findDocuments(db, collectionRow, wanted)], wanted);
  return { ...result, hits: result.hits.map(({ shown, ...hit }) => ({ ...hit, ...shown() })) };
}

/** The rows of the documents found, the best first. */
export function rowsOf(result: { readonly hits: readonly { readonly documentRow: number }[] }): number[] {
  return result.hits.map(({ documentRow }) => documentRow);
}
