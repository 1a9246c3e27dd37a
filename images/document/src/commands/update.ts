import { Doc, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import type { Call, Command } from "../server/command.ts";
import { asMongoError } from "../server/dispatch.ts";
import { flagField, requireFields, wrongType } from "../server/fields.ts";
import { writableCollection } from "./collections.ts";
import { answerOnce } from "./retryable.ts";
import { type PreparedUpdate, prepareUpdate, updateMany, updateOne } from "./update-run.ts";
import { isOfCommand, requireBatchSize, writeError } from "./write-results.ts";

const statementFields = {
  q: "object!",
  u: "any!",
  c: "object",
  multi: "flag",
  upsert: "flag",
  arrayFilters: "array",
  collation: "object",
  hint: "objectOrString",
  sort: "object",
  sampleId: "uuid",
  upsertSupplied: "flag",
  allowShardKeyUpdatesWithoutFullShardKeyInQuery: "flag",
} as const;

async function run(call: Call): Promise<Doc> {
  const { body, server } = call;
  const updates = body.get("updates") as Value[];
  requireBatchSize(updates.length);
  const isOrdered = flagField(body, "ordered", true);
  for (const [i, one] of updates.entries()) {
    if (!(one instanceof Doc)) throw wrongType(`update.updates.${i}`, one, "type 'object'");
    requireFields("update.updates", one, statementFields, false);
  }
  return answerOnce(call, async (keep) => {
    let [matched, modified] = [0, 0];
    const upserted: Doc[] = [];
    const errors: Doc[] = [];
    const reply = () =>
      Doc.of({
        n: matched,
        ...(upserted.length > 0 && { upserted: [...upserted] }),
        nModified: modified,
        ...(errors.length > 0 && { writeErrors: [...errors] }),
      });
    for (const [i, one] of (updates as Doc[]).entries()) {
      try {
        const isMulti = flagField(one, "multi");
        if (isMulti && call.retry !== undefined) {
          throw new MongoError(72, "Cannot use retryable writes with multi=true");
        }
        const prepared = await prepare(call, one, isMulti);
        const isLast = i === updates.length - 1;
        const count = (outcome: { matched: number; modified: number; upsertedId?: Value | undefined }) => {
          matched += outcome.matched;
          modified += outcome.modified;
          if (outcome.upsertedId !== undefined) {
            matched += 1;
            upserted.push(Doc.of({ index: i, _id: outcome.upsertedId }));
          }
        };
        if (isMulti) count(await updateMany(call, prepared));
        else {
          const outcome = await updateOne(call, prepared, (work, result) => {
            if (!isLast && call.retry === undefined) return;
            const before = [matched, modified, upserted.length] as const;
            count(result);
            keep(work, reply);
            // The work may be undone and run again.
            [matched, modified] = [before[0], before[1]];
            upserted.length = before[2];
          });
          count(outcome);
        }
      } catch (error) {
        if (isOfCommand(error) || call.transaction !== undefined) throw error;
        errors.push(writeError(i, asMongoError(server, error)));
        if (isOrdered) break;
      }
    }
    return reply();
  });
}

async function prepare(call: Call, one: Doc, isMulti: boolean): Promise<PreparedUpdate> {
  const update = one.get("u")!;
  if (!(update instanceof Doc) && !Array.isArray(update)) {
    throw new MongoError(9, "Update argument must be either an object or an array");
  }
  const isReplacement = update instanceof Doc && update.firstKey?.startsWith("$") !== true;
  if (isMulti && isReplacement)
    throw new MongoError(9, "multi update is not supported for replacement-style update");
  if (isMulti && one.has("sort")) throw new MongoError(9, "Cannot specify sort with multi=true");
  const isUpsert = flagField(one, "upsert");
  const existing = call.server.catalog.find(call.db, call.collection);
  if (existing?.kind === "view") await writableCollection(call, call.collection);
  const collection = existing ?? (isUpsert ? await writableCollection(call, call.collection) : undefined);
  const constants = one.get("c");
  if (constants !== undefined && !Array.isArray(update)) {
    throw new MongoError(51198, "Constant values may only be specified for pipeline updates");
  }
  return prepareUpdate(call, {
    collection,
    filter: one.get("q") as Doc,
    update,
    isUpsert,
    arrayFilters: one.get("arrayFilters") as Value[] | undefined,
    options: one,
    constants: constants ?? call.body.get("let"),
    isUnvalidated: flagField(call.body, "bypassDocumentValidation"),
    sort: one.get("sort") as Doc | undefined,
  });
}

export const update: Command = {
  name: "update",
  right: { action: "write", on: "collection" },
  isTransactional: true,
  isRetryable: true,
  takesWriteConcern: true,
  fields: {
    updates: "array!",
    ordered: "bool",
    bypassDocumentValidation: "flag",
    let: "object",
    stmtId: "number",
    stmtIds: "array",
    runtimeConstants: "object",
    legacyRuntimeConstants: "object",
    encryptionInformation: "object",
    collectionUUID: "uuid",
    bypassEmptyTsReplacement: "bool",
    isTimeseriesNamespace: "bool",
    sampleId: "uuid",
  },
  run,
};
