import type { Position } from "@weftkit/changes";
import { statement } from "@weftkit/store";
import { compareValues } from "../bson/order.ts";
import { show } from "../bson/show.ts";
import { typeName } from "../bson/types.ts";
import { Doc, Timestamp, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import type { DocSource } from "../exec/run.ts";
import { newScope } from "../expressions/context.ts";
import type { Call, Reply } from "../server/command.ts";
import { connect } from "../server/queries.ts";
import { requireChangeStream } from "../server/rights.ts";
import { parsePipeline } from "../stages/parse-pipeline.ts";
import { idKey, readById } from "../storage/records.ts";
import { ChangeSource } from "../streams/change-source.ts";
import type { StreamScope } from "../streams/events.ts";
import { type Place, placeOfToken } from "../streams/resume-token.ts";
import { contextOf, stageContext } from "./context.ts";
import { openCursor } from "./cursor-reply.ts";

const options = new Set([
  "fullDocument",
  "fullDocumentBeforeChange",
  "resumeAfter",
  "startAfter",
  "startAtOperationTime",
  "allChangesForCluster",
  "showExpandedEvents",
  "showSystemEvents",
  "showRawUpdateDescription",
  "showMigrationEvents",
]);
const refused = [
  "$out",
  "$merge",
  "$group",
  "$sort",
  "$lookup",
  "$unionWith",
  "$facet",
  "$bucket",
  "$count",
  "$limit",
  "$skip",
  "$sample",
  "$graphLookup",
];

/** A cursor on what changes from now on, or from a place that was kept. @throws MongoError */
export async function openChangeStream(call: Call, body: Doc, batchSize: number): Promise<Reply> {
  const { server, db, transaction } = call;
  if (transaction !== undefined) throw new MongoError(263, "$changeStream cannot be used in a transaction");
  const [first, ...rest] = body.get("pipeline") as Value[];
  const spec = (first as Doc).get("$changeStream");
  if (!(spec instanceof Doc))
    throw new MongoError(6188500, `$changeStream must take a nested object but found: ${typeName(spec)}`);
  for (const stage of rest) {
    const name = stage instanceof Doc ? stage.firstKey : undefined;
    if (name !== undefined && refused.includes(name)) {
      throw new MongoError(20, `${name} is not permitted in a $changeStream pipeline`);
    }
  }
  const scope = scopeOf(call, spec);
  requireChangeStream(call.user, scope.db, scope.collection);
  const context = contextOf(call, body, undefined);
  const pipeline = newScope(context);
  const stages = parsePipeline(rest, stageContext(call, context));
  await rememberStreams(call);
  const start = await startOf(call, spec);
  const source = new ChangeSource({
    changes: server.changes,
    scope,
    ...start,
    collections: {
      keepsImages: (name, collection) => server.catalog.find(name, collection)?.hasPreImages === true,
      uuidOf: (name, collection) => server.catalog.find(name, collection)?.uuid,
    },
    lookup: async (name, collection, id) => {
      const found = server.catalog.find(name, collection);
      if (found === undefined) return null;
      const row = await server.store.read((database) => readById(database, found, idKey(found, id)));
      return row === undefined ? null : Doc.read(row.doc);
    },
  });
  const namespace = scope.collection === undefined ? `${db}.$cmd.aggregate` : `${db}.${scope.collection}`;
  try {
    return await openCursor(call, resumable(connect(stages, source, pipeline), source), {
      batchSize,
      namespace,
      isTailable: true,
      isAwaitData: true,
      outlivesCollection: true,
      wait: (ms, signal) => source.wait(ms, signal),
      extras: () => Doc.of({ postBatchResumeToken: source.token }),
      isEnded: () => source.isEnded,
      close: () => source.close(),
    });
  } catch (error) {
    source.close();
    throw error;
  }
}

/** An event that has lost its token cannot be resumed from. @throws MongoError 280 */
function resumable(events: DocSource, source: ChangeSource): DocSource {
  return {
    next(run) {
      const event = events.next(run);
      if (!(event instanceof Doc)) return event;
      const found = event.get("_id");
      const expected = source.token;
      if (found instanceof Doc && compareValues(found, expected) === 0) return event;
      throw new MongoError(
        280,
        `Encountered an event whose _id field, which contains the resume token, was modified by the pipeline. Modifying the _id field of an event makes it impossible to resume the stream from that point. Only transformations that retain the unmodified _id field are allowed. Expected: ${show(Doc.of({ _id: expected }))} but found: ${found === undefined ? "{}" : show(Doc.of({ _id: found }))}`,
        { labels: ["NonResumableChangeStreamError"] },
      );
    },
  };
}

function scopeOf(call: Call, spec: Doc): StreamScope {
  for (const name of spec.keys()) {
    if (!options.has(name))
      throw new MongoError(40415, `BSON field '$changeStream.${name}' is an unknown field.`);
  }
  const isCluster = spec.get("allChangesForCluster") === true;
  if (isCluster && call.db !== "admin") {
    throw new MongoError(
      72,
      "A $changeStream with 'allChangesForCluster:true' may only be opened on the 'admin' database",
    );
  }
  const choice = <T extends string>(name: string, allowed: readonly T[]): T => {
    const value = spec.get(name);
    if (value === undefined || value === null) return allowed[0]!;
    if (typeof value !== "string")
      throw new MongoError(
        14,
        `BSON field '$changeStream.${name}' is the wrong type '${typeName(value)}', expected type 'string'`,
      );
    if (!(allowed as readonly string[]).includes(value)) {
      throw new MongoError(
        2,
        `Enumeration value '${value}' for field '$changeStream.${name}' is not a valid value.`,
      );
    }
    return value as T;
  };
  if (call.collection.startsWith("system."))
    throw new MongoError(
      73,
      `$changeStream may not be opened on the internal ${call.db}.${call.collection} collection`,
    );
  if (call.server.catalog.find(call.db, call.collection)?.kind === "view") {
    throw new MongoError(166, `Namespace ${call.db}.${call.collection} is a view, not a collection`);
  }
  return {
    db: isCluster ? undefined : call.db,
    collection: isCluster || call.collection === "" ? undefined : call.collection,
    fullDocument: choice("fullDocument", ["default", "updateLookup", "whenAvailable", "required"]),
    beforeChange: choice("fullDocumentBeforeChange", ["off", "whenAvailable", "required"]),
    isExpanded: spec.get("showExpandedEvents") === true,
  };
}

async function startOf(call: Call, spec: Doc): Promise<{ from: Place; fromTime: bigint | undefined }> {
  const { changes } = call.server;
  const tokens = ["resumeAfter", "startAfter", "startAtOperationTime"].filter((name) => {
    const value = spec.get(name);
    return value !== undefined && value !== null;
  });
  if (tokens.length > 1) {
    throw new MongoError(40674, "Only one type of resume option is allowed, but multiple were found.");
  }
  const which = tokens[0];
  const newest: Position = await changes.listen(call.signal);
  if (which === undefined) return { from: { after: newest, events: 0 }, fromTime: undefined };
  const value = spec.get(which);
  if (which === "startAtOperationTime") {
    if (!(value instanceof Timestamp))
      throw new MongoError(
        14,
        `BSON field '$changeStream.startAtOperationTime' is the wrong type '${typeName(value)}', expected type 'timestamp'`,
      );
    return { from: { after: changes.oldest, events: 0 }, fromTime: value.bits };
  }
  return { from: placeOfToken(value, changes.identity), fromTime: undefined };
}

/** Once somebody has followed the changes, they are written down also while nobody does: a token must find what came after it. */
async function rememberStreams({ server }: Call): Promise<void> {
  if (server.hasStreams) return;
  await server.store.write((db) =>
    statement(db, "INSERT OR REPLACE INTO settings (name, value) VALUES ('has_change_streams', x'01')").run(),
  );
  server.hasStreams = true;
}
