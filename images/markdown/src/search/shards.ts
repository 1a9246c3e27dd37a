import { WeftkitError } from "@weftkit/core";
import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";

/** A shard takes no more than so many documents, */
export const shardDocumentsMax = 32_768;
/** or so many words: a shard of long documents is as dear to search as one of many. */
export const shardWordsMax = 8_000_000;
/** Small collections share a shard, so that ten thousand of them do not make ten thousand tables. */
const collectionsPerShardMax = 32;
/** A collection with more documents in a shared shard goes on in shards of its own. */
const sharedDocumentsMax = 512;

/**
 * The rowid of a document in the index: all documents of a collection are one range, the newest last, so that a search
 * in one collection of a shard never reads the others.
 */
const rowsPerCollection = 2 ** 32;
const collectionsMax = 2 ** 20;
export const documentRowMax = rowsPerCollection - 1;

/** @throws WeftkitError `search_index_full` when a row number is beyond what an index can hold */
export function indexRowOf(collectionRow: number, documentRow: number): number {
  if (collectionRow >= collectionsMax || documentRow > documentRowMax) {
    throw new WeftkitError(
      "search_index_full",
      `the search index holds ${collectionsMax} collections and ${rowsPerCollection} documents over a store's life: export the store and import it into a new one`,
    );
  }
  return collectionRow * rowsPerCollection + documentRow;
}

export function documentRowOf(indexRow: number): number {
  return indexRow % rowsPerCollection;
}

/** The table of a shard. */
export function indexTable(shard: number): string {
  return `search_index_${shard}`;
}

/** The shards that have documents of a collection, the newest first. */
export function shardsOf(db: Database, collectionRow: number): number[] {
  const sql = "SELECT shard FROM search_places WHERE collection = ? AND documents > 0 ORDER BY shard DESC";
  return statement(db, sql, { pluck: true }).all(collectionRow) as number[];
}

interface Place {
  readonly shard: number;
  readonly mine: number;
  readonly documents: number;
  readonly words: number;
  readonly collections: number;
}

/** The shard for a new document of a collection; makes one when it has to. */
export function placeDocument(db: Database, collectionRow: number): number {
  const newest = statement(
    db,
    `SELECT shard, p.documents AS mine, s.documents, words, collections FROM search_places p JOIN search_shards s USING (shard)
     WHERE collection = ? ORDER BY shard DESC LIMIT 1`,
  ).get(collectionRow) as Place | undefined;
  if (
    newest !== undefined &&
    hasRoom(newest) &&
    (newest.collections === 1 || newest.mine < sharedDocumentsMax)
  ) {
    return newest.shard;
  }
  const shard = (newest === undefined ? sharedShard(db) : undefined) ?? emptyShard(db) ?? createShard(db);
  statement(db, "UPDATE search_shards SET collections = collections + 1 WHERE shard = ?").run(shard);
  statement(
    db,
    "INSERT INTO search_places (collection, shard, documents) VALUES (?, ?, 0) ON CONFLICT DO NOTHING",
  ).run(collectionRow, shard);
  return shard;
}

/** Notes that a shard has got a document, or with -1 that it has lost one. */
export function countDocument(
  db: Database,
  shard: number,
  collectionRow: number,
  documents: 1 | -1,
  words: number,
): void {
  statement(db, "UPDATE search_places SET documents = documents + ? WHERE collection = ? AND shard = ?").run(
    documents,
    collectionRow,
    shard,
  );
  statement(db, "UPDATE search_shards SET documents = documents + ?, words = words + ? WHERE shard = ?").run(
    documents,
    words,
    shard,
  );
  if (documents < 0) leaveEmptyPlaces(db, shard, collectionRow);
}

function hasRoom({ documents, words }: Pick<Place, "documents" | "words">): boolean {
  return documents < shardDocumentsMax && words < shardWordsMax;
}

/** A shard that a small new collection can share: one whose collections are all small. */
function sharedShard(db: Database): number | undefined {
  const newest = statement(
    db,
    "SELECT shard, documents, words, collections FROM search_shards ORDER BY shard DESC LIMIT 1",
  ).get() as Omit<Place, "mine"> | undefined;
  if (newest === undefined || !hasRoom(newest) || newest.collections >= collectionsPerShardMax)
    return undefined;
  return newest.documents <= newest.collections * sharedDocumentsMax ? newest.shard : undefined;
}

/** A shard whose documents have all gone: its table is used again. */
function emptyShard(db: Database): number | undefined {
  const sql = "SELECT shard FROM search_shards WHERE collections = 0 ORDER BY shard LIMIT 1";
  return statement(db, sql, { pluck: true }).get() as number | undefined;
}

function createShard(db: Database): number {
  const sql = "INSERT INTO search_shards (documents, words, collections) VALUES (0, 0, 0)";
  const shard = Number(statement(db, sql).run().lastInsertRowid);
  // Words come folded and stemmed, separated by spaces, so that the simplest tokenizer is the right one.
  db.exec(
    `CREATE VIRTUAL TABLE ${indexTable(shard)} USING fts5(
      title, headings, tags, text, content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '2 3 4')`,
  );
  return shard;
}

/** What has no documents any more keeps no place, and a shard without places keeps nothing at all. */
function leaveEmptyPlaces(db: Database, shard: number, collectionRow: number): void {
  const left = statement(
    db,
    "DELETE FROM search_places WHERE collection = ? AND shard = ? AND documents = 0",
  ).run(collectionRow, shard);
  if (left.changes === 0) return;
  statement(db, "UPDATE search_shards SET collections = collections - 1 WHERE shard = ?").run(shard);
  const emptied = statement(db, "UPDATE search_shards SET words = 0 WHERE shard = ? AND collections = 0").run(
    shard,
  );
  if (emptied.changes > 0) {
    const table = indexTable(shard);
    statement(db, `INSERT INTO ${table} (${table}) VALUES ('delete-all')`).run();
  }
}
