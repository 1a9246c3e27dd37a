import type { Migration } from "@weftkit/store";

/** The tables beside those of collections (`d<number>`) and indexes (`i<number>`). */
export const migrations: readonly Migration[] = [
  {
    name: "create the catalog",
    apply(db) {
      db.exec(`
        CREATE TABLE collections (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          db TEXT NOT NULL,
          name TEXT NOT NULL,
          uuid BLOB NOT NULL,
          options BLOB NOT NULL,
          UNIQUE (db, name)
        ) STRICT;
        CREATE TABLE indexes (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          collection INTEGER NOT NULL,
          spec BLOB NOT NULL,
          multikey INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE TABLE users (db TEXT NOT NULL, name TEXT NOT NULL, spec BLOB NOT NULL, PRIMARY KEY (db, name)) STRICT, WITHOUT ROWID;
        CREATE TABLE roles (db TEXT NOT NULL, name TEXT NOT NULL, spec BLOB NOT NULL, PRIMARY KEY (db, name)) STRICT, WITHOUT ROWID;
        -- What a retryable write was answered, in the transaction of the write: the last of each session.
        CREATE TABLE retryable_writes (
          session BLOB PRIMARY KEY,
          number INTEGER NOT NULL,
          reply BLOB NOT NULL,
          at_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
      `);
    },
  },
  {
    name: "mark indexes that are being filled",
    apply(db) {
      db.exec("ALTER TABLE indexes ADD COLUMN building INTEGER NOT NULL DEFAULT 0");
    },
  },
];
