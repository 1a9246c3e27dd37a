import { randomBytes } from "node:crypto";
import type { Migration } from "@weftkit/store";

/**
 * What all tables share. The items of each are in a table of their own (`items_<number>`), so is each index
 * (`index_<table>_<number>`) and, with a time to live, the expiry of items (`expiry_<table>_<number>`): see `physical-tables.ts`.
 */
const createCatalog = `
CREATE TABLE settings (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE tables (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  definition TEXT NOT NULL,
  counts TEXT NOT NULL DEFAULT '{"table":{"items":0,"bytes":0},"indexes":{}}'
) STRICT;

-- Names of tables in this database that are no longer used, and are emptied a little at a time.
CREATE TABLE dropped (stored_in TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TABLE streams (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  table_name TEXT NOT NULL,
  label TEXT NOT NULL,
  view_type TEXT NOT NULL,
  key_schema TEXT NOT NULL,
  first_sequence INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  disabled_at INTEGER,
  last_sequence INTEGER,
  UNIQUE (table_name, label)
) STRICT;

CREATE TABLE stream_records (
  stream INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  at INTEGER NOT NULL,
  name TEXT NOT NULL,
  size INTEGER NOT NULL,
  keys TEXT NOT NULL,
  old_image TEXT,
  new_image TEXT,
  by_service INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (stream, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE client_tokens (
  token TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  request BLOB NOT NULL,
  capacity TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX client_tokens_by_time ON client_tokens (at);
`;

/** See `backups/`. The items of each are in a table of their own (`backup_<number>`). */
const createBackups = `
CREATE TABLE backups (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  table_name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  items INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  definition TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'creating',
  -- The key of the item that was copied last.
  copied BLOB NOT NULL DEFAULT x''
) STRICT;
`;

export const migrations: readonly Migration[] = [
  {
    name: "create the catalog",
    apply: (db) => {
      db.exec(createCatalog);
      const insert = db.prepare("INSERT INTO settings (name, value) VALUES (?, ?)");
      // Makes the iterators of streams and tokens of pages unguessable.
      insert.run("token_key", randomBytes(32));
      insert.run("sequence", 0);
    },
  },
  { name: "create backups", apply: (db) => void db.exec(createBackups) },
];
