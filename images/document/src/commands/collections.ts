import { recordChange } from "@weftkit/changes";
import type { Database } from "@weftkit/store";
import { BinData, Doc } from "../bson/values.ts";
import { writeDoc } from "../bson/write.ts";
import { MongoError } from "../errors.ts";
import type { Call } from "../server/command.ts";
import type { Collection } from "../storage/collection.ts";

/** The collection of a write, made when it is not there. @throws MongoError 166, 73 */
export async function writableCollection(call: Call, name: string, db = call.db): Promise<Collection> {
  const { server } = call;
  const found = server.catalog.find(db, name);
  if (found !== undefined) {
    requireWritable(found);
    return found;
  }
  requireCreatable(db, name);
  // Beside the client's transaction, if there is one: a collection that is empty can stay.
  return createCollection(call, db, name, Doc.empty());
}

export function requireWritable(collection: Collection): void {
  if (collection.kind === "view") {
    throw new MongoError(166, `Namespace ${collection.db}.${collection.name} is a view, not a collection`);
  }
}

/** @throws MongoError 73, 20 */
export function requireCreatable(db: string, name: string): void {
  if (
    name.startsWith("system.") &&
    !["system.js", "system.views", "system.profile", "system.users"].includes(name) &&
    !name.startsWith("system.buckets.")
  ) {
    throw new MongoError(73, `Invalid system namespace: ${db}.${name}`);
  }
  if (name.includes("$")) throw new MongoError(73, `Invalid collection name: ${name}`);
  if (Buffer.byteLength(`${db}.${name}`) > 255) {
    throw new MongoError(73, `Fully qualified namespace is too long. Namespace: ${db}.${name} Max: 255`);
  }
}

export async function createCollection(
  call: Call,
  db: string,
  name: string,
  options: Doc,
): Promise<Collection> {
  const { server } = call;
  return definition(call, (database) => {
    const existing = server.catalog.find(db, name);
    if (existing !== undefined) return existing;
    requireSameCase(call, db);
    const collection = server.catalog.create(database, db, name, options);
    recordDefinition(
      database,
      db,
      name,
      "create",
      Doc.of({ uuid: new BinData(4, collection.uuid), options }),
    );
    return collection;
  });
}

/** Names of databases must differ in more than their case. @throws MongoError 13297 */
export function requireSameCase({ server }: Call, db: string): void {
  for (const other of server.catalog.databases()) {
    if (other !== db && other.toLowerCase() === db.toLowerCase()) {
      throw new MongoError(
        13297,
        `db already exists with different case already have: [${other}] trying to create [${db}]`,
      );
    }
  }
}

/** A write of definitions, which are read anew when it fails. */
export async function definition<T>({ server }: Call, work: (db: Database) => T): Promise<T> {
  try {
    return await server.store.write((db) => {
      try {
        return work(db);
      } catch (error) {
        server.staleCatalog = true;
        throw error;
      }
    });
  } catch (error) {
    if (server.staleCatalog) await server.reload();
    throw error;
  }
}

/** Tells those who follow of a definition. */
export function recordDefinition(
  database: Database,
  db: string,
  name: string,
  what: string,
  about: Doc,
): void {
  recordChange(database, () => ({
    namespace: `${db}.${name}`,
    key: Buffer.from(what),
    op: what === "drop" ? "truncate" : "schema",
    after: writeDoc(about),
    format: "bson",
  }));
}
