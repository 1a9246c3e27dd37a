import { deflateRawSync, inflateRawSync } from "node:zlib";
import { statement } from "@weftkit/store";
import type { Database } from "better-sqlite3";
import type { SearchableDocument } from "../content.ts";
import { countDocument, indexRowOf, indexTable, placeDocument } from "./shards.ts";
import { stem } from "./stem.ts";
import { addWords } from "./vocabulary.ts";
import { wordsOf } from "./words.ts";

/** Snippets are cut from so much of a text (UTF-16 units); all of it is searched. */
const snippetSourceMax = 65_536;
/** Shorter texts are not worth the compression. */
const compressedFrom = 512;
/** Different words of one document that are added to the vocabulary: a list of hashes must not fill it. */
const vocabularyPerDocumentMax = 5000;

/** Puts a document into the index, or replaces what was there of it. */
export function indexDocument(db: Database, document: SearchableDocument): void {
  const { collectionRow, documentRow } = document;
  const before = placeOf(db, documentRow);
  if (before !== undefined) removeDocument(db, documentRow);
  const shard = placeDocument(db, collectionRow);
  const vocabulary = new Set<string>();
  let words = 0;
  const indexed = (text: string): string => {
    let stems = "";
    for (const { word } of wordsOf(text)) {
      stems += `${stem(word)} `;
      words++;
      if (vocabulary.size < vocabularyPerDocumentMax) vocabulary.add(word);
    }
    return stems;
  };
  statement(
    db,
    `INSERT INTO ${indexTable(shard)} (rowid, title, headings, tags, text) VALUES (CAST(? AS INTEGER), ?, ?, ?, ?)`,
  ).run(
    indexRowOf(collectionRow, documentRow),
    indexed(document.title),
    indexed(document.headings.join("\n")),
    indexed(document.tags.join("\n")),
    indexed(document.text),
  );
  statement(
    db,
    "INSERT INTO search_documents (document, collection, shard, title, text) VALUES (?, ?, ?, ?, ?)",
  ).run(documentRow, collectionRow, shard, document.title, packed(document.text));
  countDocument(db, shard, collectionRow, 1, words);
  addWords(db, vocabulary);
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

/** What a hit shows: the title, and the text that a snippet is cut from. */
export function shownTextOf(db: Database, documentRow: number): { title: string; text: string } {
  const row = statement(db, "SELECT title, text FROM search_documents WHERE document = ?").get(documentRow) as
    | { title: string; text: Buffer }
    | undefined;
  return row === undefined ? { title: "", text: "" } : { title: row.title, text: unpacked(row.text) };
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

/** The first byte says how the rest is to be read: 0 as it is, 1 deflated. */
function packed(text: string): Buffer {
  const cut = text.slice(0, snippetSourceMax);
  const bytes = Buffer.from(cut);
  if (bytes.length < compressedFrom) return Buffer.concat([Buffer.of(0), bytes]);
  return Buffer.concat([Buffer.of(1), deflateRawSync(bytes, { level: 1 })]);
}

function unpacked(blob: Buffer): string {
  const bytes = blob.subarray(1);
  return (blob[0] === 1 ? inflateRawSync(bytes) : bytes).toString();
}
