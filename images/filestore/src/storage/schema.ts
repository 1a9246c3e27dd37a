import { randomBytes } from "node:crypto";
import type { Migration } from "@weftkit/store";

const createObjects = `
CREATE TABLE settings (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;

-- Sums over everything, kept with each change: "bytes" of all contents.
CREATE TABLE totals (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO totals VALUES ('bytes', 0);

CREATE TABLE buckets (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  account TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  -- 'off' (never on), 'on' or 'suspended'
  versioning TEXT NOT NULL,
  revision INTEGER NOT NULL,
  settings TEXT NOT NULL
) STRICT;
CREATE INDEX buckets_by_account ON buckets (account, name);

-- Each content once. Small ones are in data, the others in a file named by their hash. Nobody uses those with refs 0.
CREATE TABLE contents (
  row INTEGER PRIMARY KEY,
  sha256 BLOB NOT NULL UNIQUE,
  size INTEGER NOT NULL,
  refs INTEGER NOT NULL,
  data BLOB
) STRICT;
CREATE INDEX contents_unused ON contents (row) WHERE refs = 0;

-- CRC-32 of each piece of a file, 4 bytes each, so that any range can be verified by itself.
CREATE TABLE piece_sums (
  content INTEGER NOT NULL,
  part INTEGER NOT NULL,
  sums BLOB NOT NULL,
  PRIMARY KEY (content, part)
) STRICT, WITHOUT ROWID;

-- Versions of objects and delete markers; newer ones have higher rows.
CREATE TABLE versions (
  row INTEGER PRIMARY KEY,
  bucket INTEGER NOT NULL,
  key TEXT NOT NULL,
  -- NULL is the version that clients call "null"
  version_id TEXT,
  is_latest INTEGER NOT NULL,
  is_marker INTEGER NOT NULL,
  size INTEGER NOT NULL,
  etag TEXT NOT NULL,
  modified_at INTEGER NOT NULL,
  account TEXT NOT NULL,
  content INTEGER,
  -- how many parts it was put in; 0: whole
  parts INTEGER NOT NULL,
  details TEXT NOT NULL
) STRICT;
CREATE INDEX versions_by_key ON versions (bucket, key, row DESC, version_id);
CREATE UNIQUE INDEX live_by_key ON versions (bucket, key) WHERE is_latest = 1 AND is_marker = 0;

CREATE TABLE version_parts (
  version INTEGER NOT NULL,
  number INTEGER NOT NULL,
  content INTEGER,
  size INTEGER NOT NULL,
  details TEXT NOT NULL,
  PRIMARY KEY (version, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE uploads (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  bucket INTEGER NOT NULL,
  key TEXT NOT NULL,
  upload_id TEXT NOT NULL UNIQUE,
  account TEXT NOT NULL,
  initiator TEXT NOT NULL,
  initiated_at INTEGER NOT NULL,
  touched_at INTEGER NOT NULL,
  details TEXT NOT NULL
) STRICT;
CREATE INDEX uploads_by_key ON uploads (bucket, key, row);
CREATE INDEX uploads_by_age ON uploads (touched_at);

CREATE TABLE upload_parts (
  upload INTEGER NOT NULL,
  number INTEGER NOT NULL,
  content INTEGER,
  size INTEGER NOT NULL,
  etag TEXT NOT NULL,
  at INTEGER NOT NULL,
  details TEXT NOT NULL,
  PRIMARY KEY (upload, number)
) STRICT, WITHOUT ROWID;

-- What became of uploads that were completed, so that a completion that is sent again gets the same answer.
CREATE TABLE completed_uploads (
  upload_id TEXT PRIMARY KEY,
  bucket INTEGER NOT NULL,
  key TEXT NOT NULL,
  version INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX completed_uploads_by_age ON completed_uploads (at);
`;

export const migrations: readonly Migration[] = [
  {
    name: "create buckets, contents, versions and uploads",
    apply: (db) => {
      db.exec(createObjects);
      const setting = db.prepare("INSERT INTO settings (name, value) VALUES (?, ?)");
      setting.run("cursor_key", randomBytes(32));
      setting.run("encryption_key", randomBytes(32));
    },
  },
];
