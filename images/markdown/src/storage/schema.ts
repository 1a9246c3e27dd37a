import { randomBytes } from "node:crypto";
import type { Database, Migration } from "@weftkit/store";
import { baseName, linkKey } from "../links/target.ts";
import { searchMigration } from "../search/schema.ts";
import { webhookTables } from "../webhooks/webhooks.ts";

/**
 * The tables. `documents` has one row for each id, also while it is in the trash (`deleted_at`); its texts are in
 * `versions`, so that listings read narrow rows. `fields`, `links` and the search tables are drawn from the current text
 * of documents that are not in the trash, in the transaction that writes it.
 */
const createDocuments = `
CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE collections (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  documents INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  deleted_at INTEGER
) STRICT;
CREATE UNIQUE INDEX collections_by_name ON collections (name) WHERE deleted_at IS NULL;

CREATE TABLE documents (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  collection INTEGER NOT NULL REFERENCES collections (row),
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  title TEXT NOT NULL,
  fields TEXT NOT NULL,
  size INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL,
  deleted_at INTEGER,
  deleted_by TEXT,
  id_key TEXT NOT NULL,
  base_key TEXT NOT NULL,
  title_key TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX documents_by_id ON documents (collection, id);
CREATE INDEX documents_by_created_at ON documents (collection, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX documents_by_updated_at ON documents (collection, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX documents_by_title_key ON documents (collection, title_key, id) WHERE deleted_at IS NULL;
CREATE INDEX documents_by_id_key ON documents (collection, id_key, id) WHERE deleted_at IS NULL;
CREATE INDEX documents_by_base_key ON documents (collection, base_key, id) WHERE deleted_at IS NULL;
CREATE INDEX documents_in_trash ON documents (collection, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX documents_by_deleted_at ON documents (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE versions (
  row INTEGER PRIMARY KEY,
  document INTEGER NOT NULL REFERENCES documents (row),
  version INTEGER NOT NULL,
  action TEXT NOT NULL,
  at INTEGER NOT NULL,
  author TEXT NOT NULL,
  size INTEGER NOT NULL,
  text TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX versions_by_number ON versions (document, version);

CREATE TABLE fields (
  document INTEGER NOT NULL REFERENCES documents (row),
  collection INTEGER NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  value ANY NOT NULL,
  first INTEGER NOT NULL,
  PRIMARY KEY (document, name, kind, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX fields_by_value ON fields (collection, name, value, document, kind, first);

CREATE TABLE links (
  source INTEGER NOT NULL REFERENCES documents (row),
  position INTEGER NOT NULL,
  collection INTEGER NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  target TEXT NOT NULL,
  anchor TEXT,
  label TEXT NOT NULL,
  PRIMARY KEY (source, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX links_by_key ON links (collection, key, kind, source);

CREATE TABLE attachments (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  collection INTEGER NOT NULL REFERENCES collections (row),
  path TEXT NOT NULL,
  media_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  at INTEGER NOT NULL,
  author TEXT NOT NULL,
  content BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX attachments_by_path ON attachments (collection, path);

CREATE TABLE changes (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  collection INTEGER NOT NULL,
  at INTEGER NOT NULL,
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER,
  author TEXT NOT NULL,
  previous_id TEXT
) STRICT;
CREATE INDEX changes_by_collection ON changes (collection, sequence);
`;

export const migrations: readonly Migration[] = [
  {
    name: "create documents, versions, links, attachments and changes",
    apply: (db) => {
      db.exec(createDocuments);
      db.prepare("INSERT INTO settings (name, value) VALUES ('cursor_key', ?)").run(randomBytes(32));
    },
  },
  searchMigration,
  {
    // They are in the change log of the store, which every engine has (@weftkit/changes).
    name: "move the changes into the change log",
    apply: (db) => db.exec("DROP TABLE changes"),
  },
  { name: "create webhooks", apply: (db) => db.exec(webhookTables) },
  { name: "find attachments by their names, and links by paths whatever their case", apply: addNames },
  {
    name: "say what front matter could not be read",
    apply: (db) => db.exec("ALTER TABLE documents ADD COLUMN front_matter_error TEXT"),
  },
];

function addNames(db: Database): void {
  db.exec("ALTER TABLE attachments ADD COLUMN base_key TEXT NOT NULL DEFAULT ''");
  db.exec("CREATE INDEX attachments_by_base_key ON attachments (collection, base_key, path)");
  const named = db.prepare("UPDATE attachments SET base_key = ? WHERE row = ?");
  const attachments = db.prepare("SELECT row, path FROM attachments").all() as {
    row: number;
    path: string;
  }[];
  for (const { row, path } of attachments) named.run(linkKey(baseName(path)), row);
  const paths = db
    .prepare("SELECT DISTINCT key FROM links WHERE kind = 'markdown'")
    .pluck()
    .all() as string[];
  const folded = db.prepare("UPDATE links SET key = ? WHERE kind = 'markdown' AND key = ?");
  for (const key of paths) if (linkKey(key) !== key) folded.run(linkKey(key), key);
}
