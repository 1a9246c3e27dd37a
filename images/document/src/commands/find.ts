import { Doc } from "../bson/values.ts";
import { badValue, failedToParse, MongoError } from "../errors.ts";
import type { DocSource } from "../exec/run.ts";
import { newScope } from "../expressions/context.ts";
import type { Scope } from "../expressions/expression.ts";
import { parseSort } from "../expressions/sort.ts";
import type { Plan } from "../plan/plan.ts";
import type { Filter } from "../query/filter.ts";
import { parseFilter } from "../query/parse-filter.ts";
import { parseProjection } from "../query/projection.ts";
import type { Call, Command } from "../server/command.ts";
import { countField, docField, flagField, wrongType } from "../server/fields.ts";
import { connect, sortedUnlessOverlaid } from "../server/queries.ts";
import { limitStage, skipStage, sortStage } from "../stages/basic.ts";
import { mapStage } from "../stages/registry.ts";
import type { Collection } from "../storage/collection.ts";
import { contextOf, stageContext } from "./context.ts";
import { openCursor } from "./cursor-reply.ts";
import { limitOf } from "./limit.ts";
import { tailableSource } from "./tailable.ts";
import { findOnView } from "./view-queries.ts";

/** The documents of a first batch when nobody says how many. */
const firstBatchDefault = 101;

/** A find, as far as its documents: what find, explain and count share. */
export interface OpenedFind {
  readonly source: DocSource;
  readonly plan: Plan | undefined;
  readonly filter: Filter;
  readonly isSortBlocking: boolean;
}

/** Opens what a find's fields ask for. @throws MongoError */
export function openFind(call: Call, collection: Collection | undefined, body: Doc): OpenedFind {
  const { server } = call;
  const context = contextOf(call, body, collection);
  const scope: Scope = newScope(context);
  const filter = parseFilter(docField(body, "filter") ?? Doc.empty(), {
    context,
    allowsNear: true,
    allowsText: true,
  });
  const sortDoc = docField(body, "sort");
  const sort = sortDoc === undefined || sortDoc.isEmpty ? undefined : parseSort(sortDoc);
  const projectionDoc = docField(body, "projection");
  const project =
    projectionDoc === undefined || projectionDoc.isEmpty
      ? undefined
      : parseProjection(projectionDoc, { context, filter, isFind: true });
  const skip = countField(body, "find", "skip") ?? 0;
  const limit = limitOf(body).limit;
  const hint = body.get("hint");
  const stages = [
    ...(skip > 0 ? [skipStage(skip)] : []),
    ...(limit > 0 ? [limitStage(limit)] : []),
    ...(project === undefined ? [] : [mapStage("projection", projectionDoc!, project)]),
  ];
  if (collection === undefined) {
    return { source: { next: () => undefined }, plan: undefined, filter, isSortBlocking: false };
  }
  const opened = server.queries.query(
    collection,
    {
      filter,
      sort,
      hint,
      collation: context.collation,
      ...(sort === undefined && limit > 0 && { limit: limit + skip }),
    },
    scope,
  );
  let { source } = opened;
  let isSortBlocking = false;
  if (sort !== undefined && sort.natural === undefined) {
    const most = limit > 0 ? limit + skip : undefined;
    const stage = sortStage(sortDoc!, sort, stageContext(call, context), most);
    isSortBlocking = !opened.isSorted;
    source = opened.isSorted
      ? sortedUnlessOverlaid(source, collection, stage, scope)
      : stage.connect(source, scope);
  }
  return { source: connect(stages, source, scope), plan: opened.plan, filter, isSortBlocking };
}

async function run(call: Call): Promise<Doc> {
  const { body, db, server } = call;
  if (call.collection.includes("$"))
    throw new MongoError(73, `Invalid namespace specified '${db}.${call.collection}'`);
  if (body.get("filter") === null) throw wrongType("find.filter", null, "type 'object'");
  const collection = server.catalog.find(db, call.collection);
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

export const find: Command = {
  name: "find",
  right: { action: "read", on: "collection" },
  isTransactional: true,
  takesReadConcern: true,
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
