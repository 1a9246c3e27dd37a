import type { Database } from "@weftkit/store";

/** Items by key; `size` is what AWS counts. Rows are in order of their keys, so that a page is read in one go. */
export function createItems(db: Database, storedIn: string): void {
  db.exec(
    `CREATE TABLE ${storedIn} (key BLOB PRIMARY KEY, size INTEGER NOT NULL, item TEXT NOT NULL) STRICT, WITHOUT ROWID`,
  );
}

/**
 * Entries of an index. `item` is what the index projects, or NULL when that is everything: then it is in the table, and
 * an update that leaves the index's key alone has nothing to write here.
 */
export function createIndex(db: Database, storedIn: string): void {
  db.exec(
    `CREATE TABLE ${storedIn} (key BLOB PRIMARY KEY, item_key BLOB NOT NULL, size INTEGER NOT NULL, item TEXT) STRICT, WITHOUT ROWID`,
  );
}

/** Items of a backup; those that are NULL were not there when it was asked for. */
export function createBackupItems(db: Database, storedIn: string): void {
  db.exec(
    `CREATE TABLE ${storedIn} (key BLOB PRIMARY KEY, size INTEGER NOT NULL, item TEXT) STRICT, WITHOUT ROWID`,
  );
}

/** When items expire, in seconds, in the order in which they do. */
export function createExpiry(db: Database, storedIn: string): void {
  db.exec(
    `CREATE TABLE ${storedIn} (at INTEGER NOT NULL, item_key BLOB NOT NULL, PRIMARY KEY (at, item_key)) STRICT, WITHOUT ROWID`,
  );
}

/**
 * Forgets a table of the database. Dropping a large one takes long, so that is done a little at a time, after this has
 * been committed.
 */
export function abandon(db: Database, storedIn: string): void {
  db.prepare("INSERT INTO dropped (stored_in) VALUES (?)").run(storedIn);
}
