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

function write(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value;
}

function read(_name: string, value: unknown): unknown {
  return typeof value === "string" && /^-?\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value;
}

export function loadCatalog(db: Database): Catalog {
  const catalog = new Catalog();
  const rows = statement(db, "SELECT kind, body FROM catalog_object ORDER BY kind, oid").all() as {
    kind: ObjectKind;
    body: string;
  }[];
  for (const { kind, body } of rows) catalog.load(kind, JSON.parse(body, read) as CatalogObjects[ObjectKind]);
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
    if (object === undefined) remove.run(kind, oid);
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
