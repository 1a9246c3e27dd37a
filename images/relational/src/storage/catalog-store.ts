import { type Database, statement } from "@weftkit/store";
import { Catalog, type CatalogChange, type CatalogObjects, type ObjectKind } from "../catalog/catalog.ts";
import { firstNormalOid } from "../types/oids.ts";

/** The catalog's own tables in the store: every object as JSON by its kind and OID, sequences' values, the next OID. */
export const catalogMigration = {
  name: "create the catalog",
  apply(db: Database): void {
    db.exec(`
      CREATE TABLE catalog_object (kind TEXT NOT NULL, oid INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, oid)) STRICT, WITHOUT ROWID;
      CREATE TABLE sequence_value (oid INTEGER PRIMARY KEY, last_value INTEGER NOT NULL, is_called INTEGER NOT NULL) STRICT;
      CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
      INSERT INTO counter VALUES ('oid', ${firstNormalOid});
    `);
  },
};

/** Texts that look like a bigint as it is written, or like such a text. */
const likeBigint = /^~*-?\d+n$/;

function write(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  return typeof value === "string" && likeBigint.test(value) ? `~${value}` : value;
}

function read(_name: string, value: unknown): unknown {
  if (typeof value !== "string" || !likeBigint.test(value)) return value;
  return value.startsWith("~") ? value.slice(1) : BigInt(value.slice(0, -1));
}

export function loadCatalog(db: Database): Catalog {
  const catalog = new Catalog();
  const rows = statement(db, "SELECT kind, oid, body FROM catalog_object ORDER BY kind, oid").all() as {
    kind: ObjectKind;
    oid: number;
    body: string;
  }[];
  for (const { kind, oid, body } of rows) {
    const object = JSON.parse(body, read) as CatalogObjects[ObjectKind] | null;
    if (object === null) catalog.unload(kind, oid);
    else catalog.load(kind, object);
  }
  return catalog;
}

/** Writes what a transaction has changed, in it. */
export function saveChanges(db: Database, changes: readonly CatalogChange[]): void {
  const put = statement(
    db,
    "INSERT INTO catalog_object (kind, oid, body) VALUES (?, ?, ?) ON CONFLICT (kind, oid) DO UPDATE SET body = excluded.body",
  );
  const remove = statement(db, "DELETE FROM catalog_object WHERE kind = ? AND oid = ?");
  for (const { kind, oid, object } of changes) {
    // What every database begins with, such as the schema public, stays dropped only when that is written down.
    if (object === undefined && oid < firstNormalOid) put.run(kind, oid, "null");
    else if (object === undefined) remove.run(kind, oid);
    else put.run(kind, oid, JSON.stringify(object, write));
  }
}

/** OIDs for new objects; under the writer. */
export function takeOids(db: Database, count: number): number {
  const first = statement(db, "SELECT value FROM counter WHERE name = 'oid'", {
    pluck: true,
  }).get() as number;
  statement(db, "UPDATE counter SET value = value + ? WHERE name = 'oid'").run(count);
  return first;
}
