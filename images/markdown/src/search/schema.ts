import type { Migration } from "@weftkit/store";

/**
 * The index is cut into shards of some thousand documents, each an FTS5 table `search_index_N`: SQLite's `bm25` counts all
 * matches of each word in the whole table before its first result, so that one large table would hold the event loop
 * for as long as its most frequent word has documents. The newest shards are asked first. The merges of an insert are
 * bounded in the same way.
 *
 * The tables are contentless: titles and texts, from which snippets are cut, are in `search_documents`, compressed.
 */
const createSearch = `
CREATE TABLE search_shards (
  shard INTEGER PRIMARY KEY,
  documents INTEGER NOT NULL,
  words INTEGER NOT NULL,
  collections INTEGER NOT NULL
) STRICT;

CREATE TABLE search_places (
  collection INTEGER NOT NULL,
  shard INTEGER NOT NULL,
  documents INTEGER NOT NULL,
  PRIMARY KEY (collection, shard)
) STRICT, WITHOUT ROWID;

CREATE TABLE search_documents (
  document INTEGER PRIMARY KEY,
  collection INTEGER NOT NULL,
  shard INTEGER NOT NULL,
  title TEXT NOT NULL,
  text BLOB NOT NULL
) STRICT;

CREATE TABLE search_words (word TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TABLE search_vocabulary (words INTEGER NOT NULL) STRICT;
INSERT INTO search_vocabulary VALUES (0);

CREATE TABLE search_word_parts (
  length INTEGER NOT NULL,
  part INTEGER NOT NULL,
  letters TEXT NOT NULL,
  word TEXT NOT NULL,
  PRIMARY KEY (length, part, letters, word)
) STRICT, WITHOUT ROWID;

CREATE TABLE search_synonyms (
  collection INTEGER NOT NULL,
  word TEXT NOT NULL,
  synonym TEXT NOT NULL,
  PRIMARY KEY (collection, word, synonym)
) STRICT, WITHOUT ROWID;
`;

/** The tables of search; documents that are there already have to be indexed afterwards. */
export const searchMigration: Migration = {
  name: "create the search index",
  apply: (db) => db.exec(createSearch),
};
