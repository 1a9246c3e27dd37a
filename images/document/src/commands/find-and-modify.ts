import { Doc, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import { newScope } from "../expressions/context.ts";
import { type Projection, parseProjection } from "../query/projection.ts";
import type { Call, Command } from "../server/command.ts";
import { docField, flagField } from "../server/fields.ts";
import { requireWritable, writableCollection } from "./collections.ts";
import { answerOnce } from "./retryable.ts";
import { prepareSearch, prepareUpdate, type Search, updateOne, withFirst } from "./update-run.ts";

async function run(call: Call): Promise<Doc> {
  const { body, server } = call;
  const isRemove = flagField(body, "remove");
  const isNew = flagField(body, "new");
  const isUpsert = flagField(body, "upsert");
  const update = body.get("update");
  if (isRemove) {
    if (update !== undefined) throw new MongoError(9, "Cannot specify both an update and remove=true");
    if (isUpsert) throw new MongoError(9, "Cannot specify both upsert=true and remove=true ");
    if (isNew)
      throw new MongoError(
        9,
        "Cannot specify both new=true and remove=true; 'remove' always returns the deleted document",
      );
    if (body.has("arrayFilters")) throw new MongoError(9, "Cannot specify arrayFilters and remove=true");
  } else if (update === undefined) {
    throw new MongoError(9, "Either an update or remove=true must be specified");
  }
  if (update !== undefined && !(update instanceof Doc) && !Array.isArray(update)) {
    throw new MongoError(9, "Update argument must be either an object or an array");
  }
  const existing = server.catalog.find(call.db, call.collection);
  if (existing !== undefined) requireWritable(existing);
  const collection = existing ?? (isUpsert ? await writableCollection(call, call.collection) : undefined);
  const filter = docField(body, "query") ?? Doc.empty();
  const sort = docField(body, "sort");
  return answerOnce(call, async (keep) => {
    if (isRemove) {
      const search = prepareSearch(call, collection, filter, body, body.get("let"), sort);
      const project = projectionOf(body, search);
      return withFirst(call, search, (work, row) => {
        if (row !== undefined) server.records.delete(work, collection!, row.rid, row.doc);
        const reply = Doc.of({
          lastErrorObject: Doc.of({ n: row === undefined ? 0 : 1 }),
          value: row === undefined ? null : project(Doc.read(row.doc)),
        });
        keep(work, () => reply);
        return reply;
      });
    }
    const prepared = prepareUpdate(call, {
      collection,
      filter,
      update: update!,
      isUpsert,
      arrayFilters: body.get("arrayFilters") as Value[] | undefined,
      options: body,
      constants: body.get("let"),
      isUnvalidated: flagField(body, "bypassDocumentValidation"),
      sort,
    });
    const project = projectionOf(body, prepared);
    let reply = Doc.empty();
    try {
      await updateOne(call, prepared, (work, outcome) => {
        const isFound = outcome.matched > 0;
        const lastErrorObject = Doc.of({
          n: isFound || outcome.upsertedId !== undefined ? 1 : 0,
          updatedExisting: isFound,
          ...(outcome.upsertedId !== undefined && { upserted: outcome.upsertedId }),
        });
        const doc = isNew ? outcome.after : outcome.before;
        reply = Doc.of({ lastErrorObject, value: doc === undefined ? null : project(doc) });
        keep(work, () => reply);
      });
    } catch (error) {
      if (error instanceof MongoError && error.number === 66) {
        throw new MongoError(66, `Plan executor error during findAndModify :: caused by :: ${error.message}`);
      }
      throw error;
    }
    return reply;
  });
}

function projectionOf(body: Doc, { context, filter }: Search): (doc: Doc) => Doc {
  const spec = docField(body, "fields");
  if (spec === undefined || spec.isEmpty) return (doc) => doc;
  const project: Projection = parseProjection(spec, { context, filter, isFind: true });
  const scope = newScope(context);
  return (doc) => project(doc, scope);
}

export const findAndModify: Command = {
  name: "findAndModify",
  aliases: ["findandmodify"],
  right: { action: "write", on: "collection" },
  isTransactional: true,
  isRetryable: true,
  takesWriteConcern: true,
  fields: {
    query: "object",
    sort: "object",
    remove: "flag",
    update: "any",
    new: "flag",
    fields: "object",
    upsert: "flag",
    bypassDocumentValidation: "flag",
    collation: "object",
    arrayFilters: "array",
    hint: "objectOrString",
    let: "object",
    stmtId: "number",
    sampleId: "uuid",
    runtimeConstants: "object",
    legacyRuntimeConstants: "object",
    encryptionInformation: "object",
  },
  run,
};
