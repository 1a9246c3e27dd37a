import type { SecurityContext } from "@weftkit/auth";
import { statement } from "@weftkit/store";
import { toDouble } from "../bson/numbers.ts";
import { compareValues } from "../bson/order.ts";
import { isNumeric, typeName } from "../bson/types.ts";
import { BinData, Doc, type Numeric, type Value } from "../bson/values.ts";
import { writeDoc } from "../bson/write.ts";
import { badValue, MongoError } from "../errors.ts";
import { expressionContext, newScope } from "../expressions/context.ts";
import { collationDoc, parseCollation } from "../query/collation-options.ts";
import { compileFilter } from "../query/match.ts";
import { parseFilter } from "../query/parse-filter.ts";
import { StoredUser } from "../server/access/stored-user.ts";
import type { Call, Command } from "../server/command.ts";
import { countField, docField, flagField, requireFields } from "../server/fields.ts";
import { requireAction } from "../server/rights.ts";
import { parsePipeline } from "../stages/parse-pipeline.ts";
import type { Collection } from "../storage/collection.ts";
import { createCollection, definition, recordDefinition, requireCreatable } from "./collections.ts";
import { contextOf, stageContext } from "./context.ts";
import { listReply } from "./cursor-reply.ts";

/** Options of a collection that are kept, in the order in which they are listed. */
const kept = [
  "capped",
  "size",
  "max",
  "timeseries",
  "expireAfterSeconds",
  "clusteredIndex",
  "changeStreamPreAndPostImages",
  "storageEngine",
  "validator",
  "validationLevel",
  "validationAction",
  "indexOptionDefaults",
  "viewOn",
  "pipeline",
  "collation",
];

async function runCreate(call: Call): Promise<Doc> {
  const { body, db, server, collection: name } = call;
  requireCreatable(db, name);
  const options = Doc.empty();
  for (const option of kept) {
    let value = body.get(option);
    if (value === undefined || value === null) continue;
    if (option === "collation") {
      const collation = parseCollation(value as Doc);
      if (collation === undefined) continue;
      value = collationDoc(collation);
    }
    if (option === "capped" && !flagField(body, "capped")) continue;
    if (option === "clusteredIndex") value = clusteredIndex(value);
    options.set(option, option === "capped" ? true : value);
  }
  checkOptions(call, options);
  const existing = server.catalog.find(db, name);
  if (existing !== undefined) {
    if (compareValues(existing.options, options) === 0) return Doc.empty();
    throw new MongoError(48, `Collection ${db}.${name} already exists.`);
  }
  await createCollection(call, db, name, options);
  return Doc.empty();
}

/** Documents are kept in the order in which they come in any case: what is asked for is told again. @throws MongoError */
function clusteredIndex(value: Value): Value {
  // A true is that of a time series' buckets.
  if (!(value instanceof Doc)) return value;
  requireFields(
    "create.clusteredIndex",
    value,
    { v: "number", key: "object!", name: "string", unique: "flag!" },
    false,
  );
  const key = value.get("key") as Doc;
  if (key.size !== 1 || !isNumeric(key.get("_id")) || toDouble(key.get("_id") as Numeric) !== 1)
    throw new MongoError(197, "The clusteredIndex option is not supported for a key other than { _id: 1 }");
  if (!flagField(value, "unique"))
    throw new MongoError(197, "The clusteredIndex option requires unique: true to be specified");
  return Doc.of({ v: value.get("v") ?? 2, key, name: value.get("name") ?? "_id_", unique: true });
}

function checkOptions(call: Call, options: Doc): void {
  const { body, db } = call;
  const isCapped = options.get("capped") === true;
  const size = body.get("size");
  if (isCapped && !isNumeric(size))
    throw new MongoError(72, "the 'size' field is required when 'capped' is true");
  if (!isCapped && (size !== undefined || body.has("max"))) {
    if (size !== undefined)
      throw new MongoError(
        72,
        "the 'capped' field needs to be true when either the 'size' or 'max' fields are present",
      );
    throw new MongoError(
      72,
      "the 'capped' field needs to be true when either the 'size' or 'max' fields are present",
    );
  }
  if (isNumeric(size) && (toDouble(size) < 1 || toDouble(size) > 2 ** 50)) {
    throw badValue(`BSON field 'size' value must be >= 1, actual value '${toDouble(size)}'`);
  }
  const validator = options.get("validator");
  if (validator instanceof Doc) {
    const context = expressionContext();
    compileFilter(parseFilter(validator, { context }), { collation: undefined, scope: newScope(context) });
  }
  for (const [name, allowed] of [
    ["validationLevel", ["off", "strict", "moderate"]],
    ["validationAction", ["error", "warn", "errorAndLog"]],
  ] as const) {
    const value = options.get(name);
    if (value !== undefined && !(allowed as readonly Value[]).includes(value)) {
      throw badValue(`Enumeration value '${String(value)}' for field 'create.${name}' is not a valid value.`);
    }
  }
  const viewOn = options.get("viewOn");
  if (viewOn === undefined) {
    if (options.has("pipeline"))
      throw new MongoError(72, "'pipeline' requires 'viewOn' to also be specified");
  } else {
    if (viewOn === "") throw badValue("'viewOn' cannot be empty");
    if (isCapped) throw new MongoError(72, "Cannot create a capped view");
    if (!options.has("pipeline")) options.set("pipeline", []);
    const pipeline = options.get("pipeline") as Value[];
    const context = contextOf(call, Doc.empty(), undefined);
    const stages = parsePipeline(pipeline, { ...stageContext(call, context), collection: viewOn as string });
    for (const { output, name } of stages) {
      if (output !== undefined)
        throw new MongoError(
          167,
          `The aggregation stage ${name} in location 0 of the pipeline cannot be used in the view definition of ${db}.${call.collection}`,
        );
    }
    requireNoCycle(call, viewOn as string);
  }
}

function requireNoCycle(call: Call, viewOn: string): void {
  const { server, db } = call;
  let name = viewOn;
  for (let depth = 0; depth < 25; depth++) {
    if (name === call.collection) throw new MongoError(5, `View cycle detected: ${db}.${viewOn}`);
    const view = server.catalog.find(db, name);
    if (view?.kind !== "view") return;
    name = view.options.get("viewOn") as string;
  }
  throw new MongoError(165, "View depth limit exceeded; maximum depth is 20");
}

export const create: Command = {
  name: "create",
  right: { action: "write", on: "collection" },
  isTransactional: true,
  takesWriteConcern: true,
  fields: {
    capped: "flag",
    autoIndexId: "flag",
    idIndex: "object",
    size: "number",
    max: "number",
    storageEngine: "object",
    validator: "object",
    validationLevel: "string",
    validationAction: "string",
    indexOptionDefaults: "object",
    viewOn: "string",
    pipeline: "array",
    collation: "object",
    changeStreamPreAndPostImages: "object",
    timeseries: "object",
    clusteredIndex: "any",
    expireAfterSeconds: "any",
    encryptedFields: "object",
    temp: "flag",
    flags: "number",
    recordIdsReplicated: "bool",
  },
  run: runCreate,
};

export const drop: Command = {
  name: "drop",
  right: { action: "schema", on: "collection" },
  takesWriteConcern: true,
  fields: { collectionUUID: "uuid" },
  run: async (call) => {
    const { server, db, collection: name } = call;
    const collection = server.catalog.find(db, name);
    if (collection === undefined) return Doc.empty();
    await dropCollection(call, collection);
    return collection.kind === "view"
      ? Doc.of({ ns: `${db}.${name}` })
      : Doc.of({ nIndexesWas: collection.indexes.length, ns: `${db}.${name}` });
  },
};

async function dropCollection(call: Call, collection: Collection): Promise<void> {
  const { server } = call;
  const { db, name, uuid } = collection;
  await definition(call, (database) => {
    const current = server.catalog.find(db, name);
    if (current === undefined) return;
    server.catalog.drop(database, current);
    recordDefinition(database, db, name, "drop", Doc.of({ uuid: new BinData(4, uuid) }));
  });
  server.cursors.invalidateWhere(({ namespace }) => namespace === `${db}.${name}`);
}

export const dropDatabase: Command = {
  name: "dropDatabase",
  right: { action: "schema", on: "database" },
  takesWriteConcern: true,
  fields: {},
  run: async (call) => {
    const { server, db } = call;
    const all = server.catalog.of(db);
    if (all.length === 0) return Doc.empty();
    await definition(call, (database) => {
      for (const collection of server.catalog.of(db)) {
        server.catalog.drop(database, collection);
        recordDefinition(
          database,
          db,
          collection.name,
          "drop",
          Doc.of({ uuid: new BinData(4, collection.uuid) }),
        );
      }
      recordDefinition(database, db, "", "dropDatabase", Doc.empty());
    });
    server.cursors.invalidateWhere(({ namespace }) => namespace.startsWith(`${db}.`));
    return Doc.of({ dropped: db });
  },
};

export const listDatabases: Command = {
  name: "listDatabases",
  right: "connect",
  isAdminOnly: true,
  fields: { filter: "object", nameOnly: "flag", authorizedDatabases: "flag" },
  run: async (call) => {
    const { server, body, user } = call;
    const isNameOnly = flagField(body, "nameOnly");
    const filterDoc = docField(body, "filter");
    const context = expressionContext();
    const matches =
      filterDoc === undefined
        ? () => true
        : compileFilter(parseFilter(filterDoc, { context }), {
            collation: undefined,
            scope: newScope(context),
          });
    const names = server.catalog.databases().filter((name) => mayList(user, name));
    const sizes = await call.read(({ db }) => {
      const pageSize = db.pragma("page_size", { simple: true }) as number;
      return names.map((name) =>
        server.catalog.of(name).reduce((sum, collection) => {
          if (collection.kind === "view") return sum;
          const rows = statement(db, `SELECT count(*) FROM ${collection.table}`, {
            pluck: true,
          }).get() as number;
          return sum + pageSize + rows * 100;
        }, 0),
      );
    });
    const databases: Doc[] = [];
    let total = 0;
    for (const [i, name] of names.entries()) {
      const entry = isNameOnly
        ? Doc.of({ name })
        : Doc.of({ name, sizeOnDisk: BigInt(sizes[i]!), empty: false });
      if (!matches(writeDoc(entry), 0)) continue;
      total += sizes[i]!;
      databases.push(entry);
    }
    return isNameOnly
      ? Doc.of({ databases })
      : Doc.of({ databases, totalSize: BigInt(total), totalSizeMb: BigInt(Math.floor(total / 1048576)) });
  },
};

/** MongoDB tells of all databases to those who have listDatabases, and of those that they may read to others. */
function mayList(user: SecurityContext, name: string): boolean {
  if (user instanceof StoredUser) return user.may("listDatabases") || user.may("find", name);
  return user.can("read", name) || user.can("connect", name);
}

function mayListCollection(user: SecurityContext, db: string, name: string): boolean {
  if (user instanceof StoredUser) return user.may("listCollections", db) || user.may("find", db, name);
  return user.can("read", `${db}.${name}`) || user.can("connect", db);
}

export const listCollections: Command = {
  name: "listCollections",
  right: "connect",
  fields: {
    filter: "object",
    nameOnly: "flag",
    authorizedCollections: "flag",
    cursor: "object",
    includePendingDrops: "flag",
  },
  run: async (call) => {
    const { server, db, body, user } = call;
    const isNameOnly = flagField(body, "nameOnly");
    const filterDoc = docField(body, "filter");
    const context = expressionContext();
    const matches =
      filterDoc === undefined
        ? () => true
        : compileFilter(parseFilter(filterDoc, { context }), {
            collation: undefined,
            scope: newScope(context),
          });
    const list: Doc[] = [];
    for (const collection of server.catalog.of(db)) {
      if (!mayListCollection(user, db, collection.name)) continue;
      const { name, kind, options, uuid } = collection;
      const entry = Doc.of({ name, type: kind });
      if (!isNameOnly) {
        entry.set("options", options);
        const info = Doc.of({ readOnly: kind === "view" });
        if (kind !== "view") info.set("uuid", new BinData(4, uuid));
        entry.set("info", info);
        if (kind === "collection" && !options.has("clusteredIndex"))
          entry.set("idIndex", collection.indexes[0]!.spec);
      }
      if (matches(writeDoc(entry), 0)) list.push(entry);
    }
    const cursor = docField(body, "cursor");
    const batchSize =
      (cursor === undefined ? undefined : countField(cursor, "listCollections.cursor", "batchSize")) ?? 101;
    return listReply(call, list, batchSize, `${db}.$cmd.listCollections`);
  },
};

export const renameCollection: Command = {
  name: "renameCollection",
  right: "connect",
  isAdminOnly: true,
  takesWriteConcern: true,
  fields: { to: "string!", dropTarget: "any", stayTemp: "bool", collectionUUID: "uuid" },
  run: async (call) => {
    const { server, body } = call;
    const from = body.get("renameCollection");
    if (typeof from !== "string")
      throw new MongoError(14, `'renameCollection' must be of type String, found ${typeName(from)}`);
    const to = body.get("to") as string;
    const [fromDb, fromName] = splitNamespace(from);
    const [toDb, toName] = splitNamespace(to);
    requireAction(call.user, "schema", fromDb, fromName);
    requireAction(call.user, "schema", toDb, toName);
    requireCreatable(toDb, toName);
    const source = server.catalog.find(fromDb, fromName);
    if (source === undefined) throw new MongoError(26, `Source collection ${from} does not exist`);
    if (source.kind === "view") throw new MongoError(166, `cannot rename view: ${from}`);
    if (from === to) throw new MongoError(20, "Can't rename a collection to itself");
    const target = server.catalog.find(toDb, toName);
    const isDropping = flagField(body, "dropTarget");
    if (target !== undefined && !isDropping) throw new MongoError(48, `target namespace exists`);
    await definition(call, (db) => {
      const old = server.catalog.find(toDb, toName);
      if (old !== undefined) server.catalog.drop(db, old);
      server.catalog.rename(db, server.catalog.find(fromDb, fromName)!, toDb, toName);
      recordDefinition(
        db,
        fromDb,
        fromName,
        "rename",
        Doc.of({
          to: Doc.of({ db: toDb, coll: toName }),
          ...(old !== undefined && { dropTarget: new BinData(4, old.uuid) }),
        }),
      );
    });
    server.cursors.invalidateWhere(({ namespace }) => namespace === from);
    return Doc.empty();
  },
};

export function splitNamespace(namespace: string): [string, string] {
  const dot = namespace.indexOf(".");
  if (dot <= 0 || dot === namespace.length - 1)
    throw new MongoError(73, `Invalid namespace specified '${namespace}'`);
  return [namespace.slice(0, dot), namespace.slice(dot + 1)];
}
