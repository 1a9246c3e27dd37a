import { exactInt32 } from "../bson/numbers.ts";
import { Doc, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import type { Call, Command } from "../server/command.ts";
import { asMongoError } from "../server/dispatch.ts";
import { flagField, requireFields, wrongType } from "../server/fields.ts";
import { requireWritable } from "./collections.ts";
import { answerOnce } from "./retryable.ts";
import { prepareSearch, withAll, withFirst } from "./update-run.ts";
import { isOfCommand, requireBatchSize, writeError } from "./write-results.ts";

const statementFields = {
  q: "object!",
  limit: "number!",
  collation: "object",
  hint: "objectOrString",
  sampleId: "uuid",
} as const;

async function run(call: Call): Promise<Doc> {
  const { body, server } = call;
  const deletes = body.get("deletes") as Value[];
  requireBatchSize(deletes.length);
  const isOrdered = flagField(body, "ordered", true);
  for (const [i, one] of deletes.entries()) {
    if (!(one instanceof Doc)) throw wrongType(`delete.deletes.${i}`, one, "type 'object'");
    requireFields("delete.deletes", one, statementFields, false);
    const limit = exactInt32(one.get("limit"));
    if (limit !== 0 && limit !== 1) {
      throw new MongoError(9, `The limit field in delete objects must be 0 or 1. Got ${limit}`);
    }
  }
  const collection = server.catalog.find(call.db, call.collection);
  if (collection !== undefined) requireWritable(collection);
  return answerOnce(call, async (keep) => {
    let removed = 0;
    const errors: Doc[] = [];
    const reply = (n: number) => Doc.of({ n, ...(errors.length > 0 && { writeErrors: [...errors] }) });
    for (const [i, one] of (deletes as Doc[]).entries()) {
      try {
        const isMulti = exactInt32(one.get("limit")) === 0;
        if (isMulti && call.retry !== undefined) {
          throw new MongoError(72, "Cannot use retryable writes with limit=0");
        }
        const search = prepareSearch(call, collection, one.get("q") as Doc, one, body.get("let"), undefined);
        if (isMulti) {
          removed += await withAll(call, search, (work, row) => {
            server.records.delete(work, collection!, row.rid, row.doc);
          });
        } else {
          removed += await withFirst(call, search, (work, row) => {
            if (row !== undefined) server.records.delete(work, collection!, row.rid, row.doc);
            const count = row === undefined ? 0 : 1;
            keep(work, () => reply(removed + count));
            return count;
          });
        }
      } catch (error) {
        if (isOfCommand(error) || call.transaction !== undefined) throw error;
        errors.push(writeError(i, asMongoError(server, error)));
        if (isOrdered) break;
      }
    }
    return reply(removed);
  });
}

export const deleteCommand: Command = {
  name: "delete",
  right: { action: "write", on: "collection" },
  isTransactional: true,
  isRetryable: true,
  takesWriteConcern: true,
  fields: {
    deletes: "array!",
    ordered: "bool",
    let: "object",
    stmtId: "number",
    stmtIds: "array",
    runtimeConstants: "object",
    legacyRuntimeConstants: "object",
    encryptionInformation: "object",
    collectionUUID: "uuid",
    isTimeseriesNamespace: "bool",
    bypassDocumentValidation: "flag",
  },
  run,
};
