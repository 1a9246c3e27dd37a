import { isTruthy, toDouble } from "../bson/numbers.ts";
import { compareValues } from "../bson/order.ts";
import { show } from "../bson/show.ts";
import { isNumeric, typeName } from "../bson/types.ts";
import { Doc, type Value } from "../bson/values.ts";
import { badValue, MongoError } from "../errors.ts";
import { expressionContext } from "../expressions/context.ts";
import { collationDoc, parseCollation } from "../query/collation-options.ts";
import { parseFilter } from "../query/parse-filter.ts";
import type { Call, Command } from "../server/command.ts";
import { countField, docField, flagField } from "../server/fields.ts";
import type { Collection, Index } from "../storage/collection.ts";
import { definition, recordDefinition, requireWritable, writableCollection } from "./collections.ts";
import { listReply } from "./cursor-reply.ts";

const indexesMax = 64;
const documentsAtOnce = 2000;

const options = new Set([
  "v",
  "key",
  "name",
  "ns",
  "unique",
  "sparse",
  "background",
  "expireAfterSeconds",
  "partialFilterExpression",
  "collation",
  "hidden",
  "weights",
  "default_language",
  "language_override",
  "textIndexVersion",
  "2dsphereIndexVersion",
  "bits",
  "min",
  "max",
  "bucketSize",
  "storageEngine",
  "wildcardProjection",
  "prepareUnique",
  "clustered",
  "dropDups",
  "originalSpec",
  "safe",
]);

/** Reads what createIndexes is asked for: with its defaults, and without what says nothing. @throws MongoError 67, 197, 14 */
function indexSpec(call: Call, given: Doc, collection: Collection): Doc {
  const isIgnoring = flagField(call.body, "ignoreUnknownIndexOptions");
  const key = given.get("key");
  if (key === undefined)
    throw new MongoError(9, "The 'key' field is a required property of an index specification");
  if (!(key instanceof Doc))
    throw new MongoError(14, `The field 'key' must be an object, but got ${typeName(key)}`);
  const name = given.get("name");
  if (name === undefined)
    throw new MongoError(9, "The 'name' field is a required property of an index specification");
  if (typeof name !== "string")
    throw new MongoError(14, `The field 'name' must be a string, but got ${typeName(name)}`);
  if (name === "") throw new MongoError(67, "The index name cannot be empty");
  if (name === "*") throw badValue("The index name '*' is not valid.");
  requireKey(key);
  const spec = Doc.of({ v: 2, key: normalKey(key), name });
  for (const [option, value] of given) {
    if (!options.has(option)) {
      if (isIgnoring) continue;
      throw new MongoError(
        197,
        `Error in specification ${show(given)} :: caused by :: The field '${option}' is not valid for an index specification`,
      );
    }
    setOption(spec, option, value, key);
  }
  if (collection.collation !== undefined && !given.has("collation")) {
    spec.set("collation", collationDoc(collection.collation));
  }
  if ([...key.values()].includes("text")) completeText(spec, key, given);
  if ([...key.values()].includes("2dsphere")) spec.set("2dsphereIndexVersion", 3);
  return spec;
}

function setOption(spec: Doc, option: string, value: Value, key: Doc): void {
  const isHashed = [...key.values()].includes("hashed");
  switch (option) {
    case "key":
    case "name":
    case "ns":
    case "v":
    case "background":
    case "dropDups":
    case "safe":
    case "storageEngine":
    case "originalSpec":
    case "2dsphereIndexVersion":
    case "textIndexVersion":
      return;
    case "unique":
    case "sparse":
    case "hidden":
    case "prepareUnique":
      if (typeof value !== "boolean" && !isNumeric(value)) {
        throw new MongoError(14, `The field '${option}' must be a bool, but got ${typeName(value)}`);
      }
      if (!isTruthy(value)) return;
      if (option === "unique" && isHashed)
        throw new MongoError(
          16764,
          "Currently hashed indexes cannot guarantee uniqueness. Use a regular index.",
        );
      if (option === "hidden" && key.size === 1 && key.has("_id")) throw badValue("can't hide _id index");
      spec.set(option, true);
      return;
    case "expireAfterSeconds": {
      if (!isNumeric(value))
        throw new MongoError(
          14,
          `The field 'expireAfterSeconds' must be a number, but got ${typeName(value)}`,
        );
      const seconds = toDouble(value);
      if (!(seconds >= 0 && seconds <= 2 ** 31 - 1))
        throw new MongoError(
          67,
          `TTL index 'expireAfterSeconds' option must be within an acceptable range, try a different number than ${seconds}`,
        );
      if (key.size > 1)
        throw new MongoError(
          67,
          `TTL indexes are single-field indexes, compound indexes do not support TTL. Index spec: ${show(key)}`,
        );
      if (key.has("_id"))
        throw new MongoError(
          197,
          "The field 'expireAfterSeconds' is not valid for an _id index specification",
        );
      spec.set(option, Math.trunc(seconds));
      return;
    }
    case "partialFilterExpression":
      if (!(value instanceof Doc))
        throw new MongoError(
          14,
          `The field 'partialFilterExpression' must be an object, but got ${typeName(value)}`,
        );
      requirePartial(value);
      spec.set(option, value);
      return;
    case "collation": {
      if (!(value instanceof Doc))
        throw new MongoError(14, `The field 'collation' must be an object, but got ${typeName(value)}`);
      if (value.isEmpty) throw badValue("The field 'collation' cannot be an empty object.");
      const collation = parseCollation(value);
      if (collation !== undefined) spec.set(option, collationDoc(collation));
      return;
    }
    default:
      spec.set(option, value);
  }
}

function requirePartial(value: Doc): void {
  const context = expressionContext();
  const filter = parseFilter(value, { context });
  const check = (one: typeof filter, depth: number) => {
    switch (one.kind) {
      case "and":
      case "or":
        for (const child of one.children) check(child, depth + 1);
        return;
      case "eq":
      case "lt":
      case "lte":
      case "gt":
      case "gte":
      case "exists":
      case "type":
      case "in":
      case "geo":
      case "always":
        return;
      default:
        throw new MongoError(67, `unsupported expression in partial index: ${show(value)}`);
    }
  };
  check(filter, 0);
}

/** Directions are kept as they are; what is no number must be a kind of index. */
function requireKey(key: Doc): void {
  if (key.isEmpty) throw new MongoError(67, "Index keys cannot be an empty object.");
  if (key.size > 32) throw new MongoError(13103, "too many compound keys");
  let special: string | undefined;
  let hashed = 0;
  for (const [path, order] of key) {
    if (path === "") throw new MongoError(67, "Index keys cannot be an empty field.");
    if (path.split(".").some((part) => part === "")) {
      throw new MongoError(67, `Index keys cannot contain an empty field.`);
    }
    if (path.startsWith("$") && path !== "$**")
      throw new MongoError(67, `Index key contains an illegal field name: field name starts with '$'.`);
    if (/(^|\.)\$(?!(?:\*\*$)|ref(\.|$)|id(\.|$)|db(\.|$))/.test(path) && !path.endsWith("$**")) {
      throw new MongoError(67, "Index key contains an illegal field name: field name starts with '$'.");
    }
    if (typeof order === "string") {
      if (!["text", "2d", "2dsphere", "hashed"].includes(order)) {
        throw new MongoError(67, `Unknown index plugin '${order}'`);
      }
      if (order === "hashed") hashed++;
      if (special !== undefined && special !== order)
        throw new MongoError(67, `Can't use more than one index plugin for a single index.`);
      special = order;
    } else if (isNumeric(order)) {
      const direction = toDouble(order);
      if (direction === 0 || Number.isNaN(direction))
        throw new MongoError(67, "Values in the index key pattern cannot be 0.");
    } else
      throw new MongoError(
        67,
        `Values in v:2 index key pattern cannot be of type ${typeName(order)}. Only numbers > 0, numbers < 0, and strings are allowed.`,
      );
  }
  if (hashed > 1)
    throw new MongoError(31303, "A maximum of one index field is allowed to be hashed but found 2");
}

function normalKey(key: Doc): Doc {
  const fields = [...key].map(([path, order]): [string, Value] => [path, order]);
  if (!fields.some(([, order]) => order === "text")) return key;
  // As MongoDB keeps it: the words of all fields are one.
  const result = Doc.empty();
  let isPlaced = false;
  for (const [path, order] of fields) {
    if (order !== "text") result.set(path, order);
    else if (!isPlaced) {
      isPlaced = true;
      result.set("_fts", "text").set("_ftsx", 1);
    }
  }
  return result;
}

function completeText(spec: Doc, key: Doc, given: Doc): void {
  const weights = docField(given, "weights");
  const all = new Map<string, Value>();
  for (const [path, order] of key) if (order === "text") all.set(path, 1);
  for (const [path, weight] of weights ?? []) {
    if (!isNumeric(weight)) throw new MongoError(67, `weights must be numbers: ${path}`);
    all.set(path, weight);
  }
  const sorted = new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
  spec.set("weights", Doc.from(sorted));
  spec.set("default_language", given.get("default_language") ?? "english");
  spec.set("language_override", given.get("language_override") ?? "language");
  spec.set("textIndexVersion", 3);
}

async function runCreate(call: Call): Promise<Doc> {
  const { body, server, db, collection: name } = call;
  const given = body.get("indexes") as Value[];
  if (given.length === 0) throw badValue("Must specify at least one index to create");
  const existed = server.catalog.find(db, name);
  if (existed !== undefined) requireWritable(existed);
  for (const one of given) {
    if (!(one instanceof Doc))
      throw new MongoError(
        14,
        `The elements of the 'indexes' array must be objects, but got ${typeName(one)}`,
      );
    // Mistakes are told before the collection is made.
    indexSpec(call, one, existed ?? ({ collation: undefined } as Collection));
  }
  const collection = await writableCollection(call, name);
  const before = collection.indexes.length;
  const made: Index[] = [];
  try {
    for (const one of given) {
      const spec = indexSpec(call, one as Doc, collection);
      const same = existingIndex(collection, spec);
      if (same !== undefined) continue;
      if (collection.indexes.length >= indexesMax) {
        throw new MongoError(
          67,
          `add index fails, too many indexes for ${db}.${name} key:${show(spec.get("key"))}`,
        );
      }
      made.push(await build(call, collection, spec));
    }
  } catch (error) {
    for (const index of made)
      await definition(call, (database) => server.catalog.dropIndex(database, collection, index));
    throw error;
  }
  return Doc.of({
    numIndexesBefore: before,
    numIndexesAfter: collection.indexes.length,
    createdCollectionAutomatically: existed === undefined,
    ...(made.length === 0 && { note: "all indexes already exist" }),
  });
}

/** The same index, if it is there. @throws MongoError 85, 86 for one that is like it and not the same */
function existingIndex(collection: Collection, spec: Doc): Index | undefined {
  const [key, name] = [spec.get("key") as Doc, spec.get("name") as string];
  if (
    key.size === 1 &&
    key.firstKey === "_id" &&
    isNumeric(key.get("_id")) &&
    toDouble(key.get("_id") as number) === 1
  ) {
    return collection.indexes[0];
  }
  for (const index of collection.indexes) {
    const isSameKey =
      compareValues(index.spec.get("key"), key) === 0 &&
      compareValues(index.spec.get("collation"), spec.get("collation")) === 0 &&
      compareValues(index.spec.get("partialFilterExpression"), spec.get("partialFilterExpression")) === 0 &&
      compareValues(index.spec.get("weights"), spec.get("weights")) === 0;
    const isSameOptions = ["unique", "sparse", "expireAfterSeconds"].every(
      (option) => compareValues(index.spec.get(option), spec.get(option)) === 0,
    );
    if (index.name === name) {
      if (isSameKey && isSameOptions) return index;
      if (isSameKey) {
        throw new MongoError(
          85,
          `An equivalent index already exists with the same name but different options. Requested index: ${show(spec)}, existing index: ${show(index.spec)}`,
        );
      }
      throw new MongoError(
        86,
        `An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. Requested index: ${show(spec)}, existing index: ${show(index.spec)}`,
      );
    }
    if (index.text !== undefined && spec.has("weights")) {
      throw new MongoError(
        85,
        `An equivalent index already exists with a different name and options. Requested index: ${show(spec)}, existing index: ${show(index.spec)}`,
      );
    }
    if (isSameKey) {
      if (isSameOptions)
        throw new MongoError(85, `Index already exists with a different name: ${index.name}`);
      if (
        ["unique", "sparse"].every((option) => compareValues(index.spec.get(option), spec.get(option)) === 0)
      ) {
        throw new MongoError(
          85,
          `An equivalent index already exists with a different name and options. Requested index: ${show(spec)}, existing index: ${show(index.spec)}`,
        );
      }
    }
  }
  return undefined;
}

/** Makes an index and fills it, in writes of some thousand documents; queries use it when it is whole. */
async function build(call: Call, collection: Collection, spec: Doc): Promise<Index> {
  const { server } = call;
  const { db, name } = collection;
  const index = await createEmpty(call, collection, spec);
  try {
    for (let after: number | undefined = 0; after !== undefined; ) {
      const from: number = after;
      after = await server.writes.perform((work) =>
        server.records.build(work, collection, index, from, documentsAtOnce),
      );
    }
    await definition(call, (database) => {
      server.catalog.indexIsWhole(database, index);
      recordDefinition(database, db, name, "createIndexes", Doc.of({ indexes: [spec] }));
    });
    return index;
  } catch (error) {
    await definition(call, (database) => server.catalog.dropIndex(database, collection, index));
    throw error;
  }
}

/** While no transaction has changed anything: what it has changed would not come into the index. */
async function createEmpty(call: Call, collection: Collection, spec: Doc): Promise<Index> {
  const { store, catalog } = call.server;
  for (;;) {
    await store.transactionsEnded();
    const index = await definition(call, (database) =>
      store.hasOpenChanges ? undefined : catalog.createIndex(database, collection, spec, true),
    );
    if (index !== undefined) return index;
  }
}

export const createIndexes: Command = {
  name: "createIndexes",
  right: { action: "schema", on: "collection" },
  takesWriteConcern: true,
  fields: {
    indexes: "array!",
    ignoreUnknownIndexOptions: "flag",
    commitQuorum: "any",
    returnOnStart: "bool",
    v: "number",
    isTimeseriesNamespace: "bool",
  },
  run: runCreate,
};

function indexesOf(call: Call): Collection {
  const collection = call.server.catalog.find(call.db, call.collection);
  if (collection === undefined) throw new MongoError(26, `ns does not exist: ${call.db}.${call.collection}`);
  requireWritable(collection);
  return collection;
}

/** That on _id is listed as it was asked for where documents are kept in its order. */
function listedSpec({ options }: Collection, { name, spec }: Index): Doc {
  const clustered = options.get("clusteredIndex");
  if (name !== "_id_" || !(clustered instanceof Doc)) return spec;
  return Doc.of({
    v: clustered.get("v"),
    key: clustered.get("key"),
    name: clustered.get("name"),
    unique: true,
    clustered: true,
  });
}

export const listIndexes: Command = {
  name: "listIndexes",
  right: { action: "read", on: "collection" },
  fields: {
    cursor: "object",
    includeBuildUUIDs: "flag",
    includeIndexBuildInfo: "flag",
    isTimeseriesNamespace: "bool",
  },
  run: (call) => {
    const collection = indexesOf(call);
    const cursor = docField(call.body, "cursor");
    const batchSize =
      (cursor === undefined ? undefined : countField(cursor, "listIndexes.cursor", "batchSize")) ?? 101;
    return listReply(
      call,
      collection.indexes.map((index) => listedSpec(collection, index)),
      batchSize,
      `${call.db}.${call.collection}`,
    );
  },
};

export const dropIndexes: Command = {
  name: "dropIndexes",
  aliases: ["deleteIndexes"],
  right: { action: "schema", on: "collection" },
  takesWriteConcern: true,
  fields: { index: "any!", collectionUUID: "uuid", isTimeseriesNamespace: "bool" },
  run: async (call) => {
    const collection = indexesOf(call);
    const { server, db, body } = call;
    const before = collection.indexes.length;
    const which = body.get("index")!;
    const gone = indexesToDrop(collection, which);
    await definition(call, (database) => {
      for (const index of gone) {
        server.catalog.dropIndex(database, collection, index);
        recordDefinition(database, db, call.collection, "dropIndexes", Doc.of({ indexes: [index.spec] }));
      }
    });
    return Doc.of({
      nIndexesWas: before,
      ...(which === "*" && { msg: "non-_id indexes dropped for collection" }),
    });
  },
};

function indexesToDrop(collection: Collection, which: Value): Index[] {
  if (which === "*") return collection.indexes.filter(({ name }) => name !== "_id_");
  if (Array.isArray(which)) {
    return which.flatMap((name) => {
      if (typeof name !== "string")
        throw new MongoError(14, "BSON field 'dropIndexes.index' must be an array of strings");
      return indexesToDrop(collection, name);
    });
  }
  let found: Index[];
  if (typeof which === "string") found = collection.indexes.filter(({ name }) => name === which);
  else if (which instanceof Doc) {
    found = collection.indexes.filter(({ spec }) => compareValues(spec.get("key"), which) === 0);
    if (found.length > 1)
      throw new MongoError(
        181,
        `${found.length} indexes found for key: ${show(which)}, identify by name instead.`,
      );
  } else
    throw new MongoError(
      14,
      `BSON field 'dropIndexes.index' is the wrong type '${typeName(which)}', expected types '[string, object]'`,
    );
  if (found.length === 0) {
    throw new MongoError(
      27,
      typeof which === "string"
        ? `index not found with name [${which}]`
        : `can't find index with key: ${show(which)}`,
    );
  }
  if (found.some(({ name }) => name === "_id_")) throw new MongoError(72, "cannot drop _id index");
  return found;
}
