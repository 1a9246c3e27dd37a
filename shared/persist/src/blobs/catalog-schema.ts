import type { Migration } from "@weftkit/store";

export const catalogMigrations: readonly Migration[] = [
  {
    name: "create the catalog of blobs",
    apply: (db) =>
      db.exec(`
        CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE change (number INTEGER NOT NULL) STRICT;
        INSERT INTO change VALUES (0);
        CREATE TABLE blob (
          sha256 BLOB PRIMARY KEY,
          bytes INTEGER NOT NULL,
          added INTEGER NOT NULL,
          removed INTEGER,
          parts BLOB,
          sent INTEGER NOT NULL,
          confirmed INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX blob_added ON blob (added);
        CREATE INDEX blob_removed ON blob (removed) WHERE removed IS NOT NULL;
        CREATE INDEX blob_unsent ON blob (added) WHERE sent = 0 AND removed IS NULL;
        CREATE INDEX blob_uncut ON blob (added) WHERE parts IS NULL;
        CREATE INDEX blob_unconfirmed ON blob (added) WHERE confirmed = 0;
        CREATE TABLE orphan (
          sha256 BLOB PRIMARY KEY,
          parts BLOB NOT NULL,
          seq INTEGER NOT NULL,
          due INTEGER
        ) STRICT, WITHOUT ROWID;
      `),
  },
];
