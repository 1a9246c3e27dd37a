import { type Database, statement } from "@weftkit/store";
import { exactInt32 } from "../bson/numbers.ts";
import { compareValues } from "../bson/order.ts";
import { isNumeric, typeName } from "../bson/types.ts";
import { Doc, type Value } from "../bson/values.ts";
import { badValue, MongoError, namespaceNotFound } from "../errors.ts";
import { expressionContext, newScope } from "../expressions/context.ts";
import { compileFilter } from "../query/match.ts";
import { parseFilter } from "../query/parse-filter.ts";
import type { Call, Command } from "../server/command.ts";
import type { Collection, Index } from "../storage/collection.ts";
import { readRow } from "../storage/records.ts";
import { definition, recordDefinition } from "./collections.ts";

const settings = [
  "validator",
  "validationLevel",
  "validationAction",
  "changeStreamPreAndPostImages",
  "viewOn",
  "pipeline",
  "expireAfterSeconds",
];

async function run(call: Call): Promise<Doc> {
  const { server, db, collection: name, body } = call;
  const collection = server.catalog.find(db, name);
  if (collection === undefined) throw namespaceNotFound(`${db}.${name}`);
  if (body.has("viewOn") !== body.has("pipeline"))
    throw new MongoError(72, "Must specify both 'viewOn' and 'pipeline' when modifying a view");
  if (body.has("viewOn") && collection.kind !== "view") throw new MongoError(72, "ns is not a view");
  const validator = body.get("validator");
  if (validator instanceof Doc) {
    const context = expressionContext();
    compileFilter(parseFilter(validator, { context }), { collation: undefined, scope: newScope(context) });
  }
  const reply = Doc.empty();
  const indexSpec = body.get("index");
  const index = indexSpec instanceof Doc ? indexOf(collection, indexSpec) : undefined;
  await definition(call, (database) => {
    if (index !== undefined) {
      if ((indexSpec as Doc).get("unique") === true) requireNoDuplicates(database, collection, index);
      const spec = index.spec.copy();
      for (const option of ["expireAfterSeconds", "hidden", "unique", "prepareUnique"] as const) {
        const value = (indexSpec as Doc).get(option);
        if (value === undefined) continue;
        const before = spec.get(option);
        if (before !== undefined || option === "hidden") reply.set(`${option}_old`, before ?? false);
        reply.set(`${option}_new`, value);
        if (value === false) spec.delete(option);
        else {
          if (option === "unique") spec.delete("prepareUnique");
          spec.set(
            option,
            option === "expireAfterSeconds" && isNumeric(value) ? (exactInt32(value) ?? value) : value,
          );
        }
      }
      server.catalog.setIndexSpec(database, collection, index, spec);
    }
    const changed = settings.filter((option) => body.has(option));
    if (changed.length > 0) {
      const options = collection.options.copy();
      for (const option of changed) options.set(option, body.get(option)!);
      server.catalog.setOptions(database, collection, options);
    }
    recordDefinition(database, db, name, "modify", body.copy());
  });
  return reply;
}

/** So many violations are told. */
const violationsMax = 1000;

/** @throws MongoError 359 with the documents that have the same keys */
function requireNoDuplicates(db: Database, collection: Collection, index: Index): void {
  const groups = statement(
    db,
    `SELECT group_concat(rid) FROM ${index.table} GROUP BY key HAVING count(*) > 1 LIMIT ?`,
    { pluck: true },
  ).all(violationsMax) as string[];
  if (groups.length === 0) return;
  const violations = groups.map((rids) =>
    Doc.of({
      ids: rids
        .split(",")
        .slice(0, violationsMax)
        .map((rid) => Doc.read(readRow(db, collection, Number(rid))!).get("_id") ?? null),
    }),
  );
  throw new MongoError(
    359,
    "Cannot convert the index to unique. Please resolve conflicting documents before running collMod again.",
    {
      info: Doc.of({ violations }),
    },
  );
}

function indexOf(collection: Collection, spec: Doc): Index {
  const [name, key] = [spec.get("name"), spec.get("keyPattern")];
  if ((name === undefined) === (key === undefined)) {
    throw new MongoError(72, "must specify either index name or key pattern");
  }
  for (const [option, value] of spec) {
    if (option === "expireAfterSeconds" && !isNumeric(value))
      throw badValue("expireAfterSeconds field must be a number");
    if (option === "hidden" && typeof value !== "boolean" && !isNumeric(value))
      throw new MongoError(14, `BSON field 'collMod.index.hidden' is the wrong type '${typeName(value)}'`);
  }
  const found = collection.indexes.find((index) =>
    name === undefined ? compareValues(index.spec.get("key"), key as Value) === 0 : index.name === name,
  );
  if (found === undefined)
    throw new MongoError(27, `cannot find index for ns ${collection.db}.${collection.name}`);
  if (found.name === "_id_" && spec.has("hidden")) throw badValue("can't hide _id index");
  return found;
}

export const collMod: Command = {
  name: "collMod",
  right: { action: "schema", on: "collection" },
  takesWriteConcern: true,
  fields: {
    index: "object",
    validator: "object",
    validationLevel: "string",
    validationAction: "string",
    viewOn: "string",
    pipeline: "array",
    expireAfterSeconds: "any",
    changeStreamPreAndPostImages: "object",
    timeseries: "object",
    cappedSize: "number",
    cappedMax: "number",
    recordPreImages: "bool",
    dryRun: "bool",
  },
  run,
};
