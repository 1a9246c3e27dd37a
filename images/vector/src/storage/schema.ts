import type { Migration } from "@weftkit/store";

/**
 * What all collections share. The points of each are in a table of their own (`points_<number>`), so are the vectors of each name
 * (`vectors_<number>_<position>`): see `collection-tables.ts`.
 */
const createCatalog = `
CREATE TABLE collections (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  definition TEXT NOT NULL,
  -- The slot of the next point: a slot is never used twice, so that what is known of one stays true.
  next_slot INTEGER NOT NULL DEFAULT 1,
  -- Of the next vector's name: its table is never used for another one.
  next_position INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE vector_names (
  collection INTEGER NOT NULL,
  name TEXT NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (collection, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE aliases (
  name TEXT PRIMARY KEY,
  collection INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Each time the database was opened, and the first slot of each collection then: an index that was saved by a process which
-- was not followed by this one may know slots that mean something else here.
CREATE TABLE runs (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  token TEXT NOT NULL UNIQUE,
  slots TEXT NOT NULL
) STRICT;
`;

export const migrations: readonly Migration[] = [
  { name: "create the catalog", apply: (db) => db.exec(createCatalog) },
];
