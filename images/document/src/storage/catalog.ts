import { randomBytes } from "node:crypto";
import { type Database, statement } from "@weftkit/store";
import { toDouble } from "../bson/numbers.ts";
import { isNumeric } from "../bson/types.ts";
import { Doc } from "../bson/values.ts";
import { writeDoc } from "../bson/write.ts";
import { MongoError } from "../errors.ts";
import { expressionContext, newScope } from "../expressions/context.ts";
import { parseCollation } from "../query/collation-options.ts";
import { compileFilter } from "../query/match.ts";
import { parseFilter } from "../query/parse-filter.ts";
import type { Collection, CollectionKind, Index, Validator } from "./collection.ts";
import { makeIndex } from "./make-index.ts";

/**
 * All collections, views and indexes: in memory, as they are in the catalog's tables. Changes are made in a write of the store;
 * when that write fails, the catalog reads itself anew (`reload`).
 */
export class Catalog {
  #byNamespace = new Map<string, Collection>();
  /** The last rowid given out in each collection's table. */
  readonly #lastRids = new Map<number, number>();

  reload(db: Database): void {
    const byNamespace = new Map<string, Collection>();
    const byId = new Map<number, Collection>();
    const rows = db.prepare("SELECT id, db, name, uuid, options FROM collections ORDER BY id").all() as {
      id: number;
      db: string;
      name: string;
      uuid: Buffer;
      options: Buffer;
    }[];
    for (const { id, db: dbName, name, uuid, options } of rows) {
      const collection = makeCollection(id, dbName, name, uuid, Doc.read(options));
      byNamespace.set(`${dbName}.${name}`, collection);
      byId.set(id, collection);
    }
    const indexes = db
      .prepare("SELECT id, collection, spec, multikey, building FROM indexes ORDER BY id")
      .all() as {
      id: number;
      collection: number;
      spec: Buffer;
      multikey: number;
      building: number;
    }[];
    for (const { id, collection, spec, multikey, building } of indexes) {
      byId
        .get(collection)
        ?.indexes.push(makeIndex(id, Doc.read(spec), multikey !== 0, building === 0 ? 0 : Infinity));
    }
    this.#byNamespace = byNamespace;
    this.#lastRids.clear();
  }

  find(db: string, name: string): Collection | undefined {
    return this.#byNamespace.get(`${db}.${name}`);
  }

  all(): Iterable<Collection> {
    return this.#byNamespace.values();
  }

  of(db: string): Collection[] {
    return [...this.#byNamespace.values()].filter((one) => one.db === db);
  }

  databases(): string[] {
    return [...new Set([...this.#byNamespace.values()].map(({ db }) => db))].sort();
  }

  hasDatabase(db: string): boolean {
    for (const one of this.#byNamespace.values()) if (one.db === db) return true;
    return false;
  }

  // ---- changes, in a write -----------------------------------------------------------------------------------------

  create(db: Database, dbName: string, name: string, options: Doc, uuid = newUuid()): Collection {
    const { lastInsertRowid } = statement(
      db,
      "INSERT INTO collections (db, name, uuid, options) VALUES (?, ?, ?, ?)",
    ).run(dbName, name, uuid, writeDoc(options));
    const collection = makeCollection(Number(lastInsertRowid), dbName, name, uuid, options);
    if (collection.kind !== "view") {
      db.exec(
        `CREATE TABLE ${collection.table} (rid INTEGER PRIMARY KEY, k BLOB NOT NULL UNIQUE, doc BLOB NOT NULL) STRICT`,
      );
      this.createIndex(db, collection, Doc.of({ v: 2, key: Doc.of({ _id: 1 }), name: "_id_" }));
    }
    this.#byNamespace.set(`${dbName}.${name}`, collection);
    return collection;
  }

  drop(db: Database, collection: Collection): void {
    for (const index of [...collection.indexes]) this.dropIndex(db, collection, index);
    statement(db, "DELETE FROM collections WHERE id = ?").run(collection.id);
    if (collection.kind !== "view") db.exec(`DROP TABLE ${collection.table}`);
    this.#byNamespace.delete(`${collection.db}.${collection.name}`);
    this.#lastRids.delete(collection.id);
  }

  rename(db: Database, collection: Collection, toDb: string, toName: string): Collection {
    statement(db, "UPDATE collections SET db = ?, name = ? WHERE id = ?").run(toDb, toName, collection.id);
    this.#byNamespace.delete(`${collection.db}.${collection.name}`);
    const renamed = { ...collection, db: toDb, name: toName };
    this.#byNamespace.set(`${toDb}.${toName}`, renamed);
    return renamed;
  }

  setOptions(db: Database, collection: Collection, options: Doc): Collection {
    statement(db, "UPDATE collections SET options = ? WHERE id = ?").run(writeDoc(options), collection.id);
    const changed = makeCollection(collection.id, collection.db, collection.name, collection.uuid, options);
    changed.indexes.push(...collection.indexes);
    this.#byNamespace.set(`${collection.db}.${collection.name}`, changed);
    return changed;
  }

  /** Adds an index: to a collection that is empty, or to be filled, after which `indexIsWhole` is called. */
  createIndex(db: Database, collection: Collection, spec: Doc, isToBeFilled = false): Index {
    const { lastInsertRowid } = statement(
      db,
      "INSERT INTO indexes (collection, spec, building) VALUES (?, ?, ?)",
    ).run(collection.id, writeDoc(spec), isToBeFilled ? 1 : 0);
    const index = makeIndex(
      Number(lastInsertRowid),
      spec,
      false,
      isToBeFilled ? Infinity : performance.now(),
    );
    if (index.name !== "_id_") createIndexTable(db, index);
    collection.indexes.push(index);
    return index;
  }

  /** Queries may use it from now on. */
  indexIsWhole(db: Database, index: Index): void {
    statement(db, "UPDATE indexes SET building = 0 WHERE id = ?").run(index.id);
    index.wholeSinceMs = performance.now();
  }

  /** Drops the indexes whose filling was interrupted: nobody was told that they are there. Gives their names. */
  dropUnfinished(db: Database): string[] {
    const unfinished = [...this.all()].flatMap((collection) =>
      collection.indexes
        .filter(({ wholeSinceMs }) => wholeSinceMs === Infinity)
        .map((index) => ({ collection, index })),
    );
    return unfinished.map(({ collection, index }) => {
      this.dropIndex(db, collection, index);
      return `${collection.db}.${collection.name}.${index.name}`;
    });
  }

  setIndexSpec(db: Database, collection: Collection, index: Index, spec: Doc): Index {
    statement(db, "UPDATE indexes SET spec = ? WHERE id = ?").run(writeDoc(spec), index.id);
    const changed = makeIndex(index.id, spec, index.isMultikey, index.wholeSinceMs);
    collection.indexes[collection.indexes.indexOf(index)] = changed;
    return changed;
  }

  dropIndex(db: Database, collection: Collection, index: Index): void {
    statement(db, "DELETE FROM indexes WHERE id = ?").run(index.id);
    if (index.name !== "_id_") db.exec(`DROP TABLE ${index.table}`);
    collection.indexes.splice(collection.indexes.indexOf(index), 1);
  }

  /** A rowid that no document of the collection has had. */
  nextRid(db: Database, collection: Collection): number {
    let last = this.#lastRids.get(collection.id);
    if (last === undefined) {
      last =
        (statement(db, `SELECT max(rid) FROM ${collection.table}`, { pluck: true }).get() as number | null) ??
        0;
    }
    this.#lastRids.set(collection.id, last + 1);
    return last + 1;
  }
}

function createIndexTable(db: Database, index: Index): void {
  if (index.text !== undefined) {
    db.exec(
      `CREATE VIRTUAL TABLE ${index.table} USING fts5(body, content='', contentless_delete=1, tokenize='porter unicode61 remove_diacritics 2')`,
    );
    return;
  }
  db.exec(
    `CREATE TABLE ${index.table} (key BLOB NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (key, rid)) STRICT, WITHOUT ROWID`,
  );
  // Documents are changed by rid, and their old keys are computed again; so nothing is looked up by rid here.
}

export function newUuid(): Buffer {
  const uuid = randomBytes(16);
  uuid[6] = (uuid[6]! & 0x0f) | 0x40;
  uuid[8] = (uuid[8]! & 0x3f) | 0x80;
  return uuid;
}

function makeCollection(id: number, db: string, name: string, uuid: Buffer, options: Doc): Collection {
  const collationSpec = options.get("collation");
  const collation = collationSpec instanceof Doc ? parseCollation(collationSpec) : undefined;
  return {
    id,
    db,
    name,
    uuid,
    kind: kindOf(options),
    table: `d${id}`,
    options,
    indexes: [],
    collation,
    validator: validatorOf(options, collation),
    capped: cappedOf(options),
    hasPreImages: (options.get("changeStreamPreAndPostImages") as Doc | undefined)?.get("enabled") === true,
  };
}

function kindOf(options: Doc): CollectionKind {
  if (options.has("viewOn")) return "view";
  return options.has("timeseries") ? "timeseries" : "collection";
}

function validatorOf(options: Doc, collation: Collection["collation"]): Validator | undefined {
  const source = options.get("validator");
  if (!(source instanceof Doc) || source.isEmpty) return undefined;
  const level = options.get("validationLevel");
  const action = options.get("validationAction");
  const context = expressionContext({ collation });
  return {
    matches: compileFilter(parseFilter(source, { context }), { collation, scope: newScope(context) }),
    source,
    level: level === "off" || level === "moderate" ? level : "strict",
    action: action === "warn" ? "warn" : "error",
  };
}

function cappedOf(options: Doc): Collection["capped"] {
  if (options.get("capped") !== true) return undefined;
  const [size, max] = [options.get("size"), options.get("max")];
  const countMax = isNumeric(max) ? toDouble(max) : 0;
  return {
    bytesMax: isNumeric(size) ? toDouble(size) : 0,
    countMax: countMax > 0 ? countMax : Number.POSITIVE_INFINITY,
  };
}

/** @throws MongoError 73 */
export function requireNamespace(db: string, name: string): void {
  if (name === "") throw new MongoError(73, `Invalid namespace specified '${db}.'`);
  if (name.startsWith(".") || name.includes("\0")) {
    throw new MongoError(73, `Invalid namespace specified '${db}.${name}'`);
  }
}
