import type { Doc } from "../bson/values.ts";
import { badValue, failedToParse, MongoError } from "../errors.ts";
import type { Call, Command } from "../server/command.ts";
import { countField, flagField, wrongType } from "../server/fields.ts";
import { openCursor } from "./cursor-reply.ts";
import { limitOf } from "./limit.ts";
import { openFind } from "./open-find.ts";
import { tailableSource } from "./tailable.ts";
import { findOnView } from "./view-queries.ts";

/** The documents of a first batch when nobody says how many. */
const firstBatchDefault = 101;

async function run(call: Call): Promise<Doc> {
  const { body, db, server } = call;
  if (call.collection.includes("$"))
    throw new MongoError(73, `Invalid namespace specified '${db}.${call.collection}'`);
  if (body.get("filter") === null) throw wrongType("find.filter", null, "type 'object'");
  const collection = server.catalog.find(db, call.collection);
  requireSupported(body);
  const isTailable = flagField(body, "tailable");
  const isAwaitData = flagField(body, "awaitData");
  if (isAwaitData && !isTailable)
    throw failedToParse("Cannot set 'awaitData' without also setting 'tailable'");
  if (collection?.kind === "view" || collection?.kind === "timeseries") {
    const onView = await findOnView(call, collection);
    if (onView !== undefined) return onView;
  }
  const batchSize = countField(body, "find", "batchSize") ?? firstBatchDefault;
  if (isTailable) {
    if (collection !== undefined && collection.capped === undefined) {
      throw badValue(
        `error processing query: ns=${db}.${call.collection} tailable cursor requested on non capped collection`,
      );
    }
    return tailableSource(call, collection, batchSize, isAwaitData);
  }
  countField(body, "find", "limit");
  const { isSingleBatch } = limitOf(body);
  const { source } = openFind(call, collection, body);
  return openCursor(call, source, { batchSize, isSingleBatch, namespace: `${db}.${call.collection}` });
}

/** What would change the answer, and is not there. @throws MongoError 238 */
function requireSupported(body: Doc): void {
  if (flagField(body, "requestResumeToken"))
    throw notImplemented("find's requestResumeToken", "leave it out");
  for (const name of ["resumeAfter", "startAt"]) {
    if (body.has(name)) throw notImplemented(`find's ${name}`, "go on from the last _id");
  }
}

function notImplemented(what: string, instead: string): MongoError {
  return new MongoError(238, `${what} is not supported: ${instead}`);
}

export const find: Command = {
  name: "find",
  right: { action: "read", on: "collection" },
  isTransactional: true,
  takesReadConcern: true,
  takesSnapshot: true,
  fields: {
    filter: "object",
    projection: "object",
    sort: "object",
    hint: "objectOrString",
    skip: "number",
    limit: "number",
    batchSize: "number",
    ntoreturn: "number",
    singleBatch: "flag",
    allowDiskUse: "flag",
    min: "object",
    max: "object",
    returnKey: "flag",
    showRecordId: "flag",
    tailable: "flag",
    oplogReplay: "flag",
    noCursorTimeout: "flag",
    awaitData: "flag",
    allowPartialResults: "flag",
    mirrored: "flag",
    let: "object",
    options: "object",
    collation: "object",
    runtimeConstants: "object",
    legacyRuntimeConstants: "object",
    term: "number",
    allowSpeculativeMajorityRead: "flag",
    requestResumeToken: "flag",
    resumeAfter: "object",
    startAt: "object",
    encryptionInformation: "object",
    querySettings: "object",
  },
  run,
};
