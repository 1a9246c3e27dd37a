import { randomUUID } from "node:crypto";
import type { Migration } from "@weftkit/store";

/** "WFTG" */
export const graphApplicationId = 0x57465447;

/**
 * A node's labels are kept twice: with the node, to be read with it, and in `node_label`, to be found by. Relationships have covering
 * indexes from both of their ends, so that following them reads no row.
 */
const createGraph: Migration = {
  name: "create the graph",
  apply(db) {
    db.exec(`
      CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE token(kind INTEGER NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY(kind, id)) WITHOUT ROWID;
      CREATE TABLE node(id INTEGER PRIMARY KEY, labels TEXT NOT NULL, properties BLOB);
      CREATE TABLE node_label(label INTEGER NOT NULL, node INTEGER NOT NULL, PRIMARY KEY(label, node)) WITHOUT ROWID;
      CREATE TABLE rel(id INTEGER PRIMARY KEY, type INTEGER NOT NULL, source INTEGER NOT NULL, target INTEGER NOT NULL, properties BLOB);
      CREATE INDEX rel_by_source ON rel(source, type, target);
      CREATE INDEX rel_by_target ON rel(target, type, source);
      CREATE INDEX rel_by_type ON rel(type);
      CREATE TABLE schema_rule(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, definition TEXT NOT NULL);
      CREATE TABLE index_entry(rule INTEGER NOT NULL, key BLOB NOT NULL, entity INTEGER NOT NULL, PRIMARY KEY(rule, key, entity)) WITHOUT ROWID;
    `);
    db.prepare("INSERT INTO meta VALUES ('database_id', ?)").run(randomUUID());
  },
};

/** The store's migrations, in order. */
export const graphMigrations: readonly Migration[] = [createGraph];
