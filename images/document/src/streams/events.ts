import type { Change, ChangeBatch } from "@weftkit/changes";
import { BinData, DateTime, Doc, Timestamp, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import { describeUpdate } from "./describe-update.ts";

/** What a stream is of, and what it is asked to tell. */
export interface StreamScope {
  /** Undefined: of all databases. */
  readonly db: string | undefined;
  /** Undefined: of all collections of the database. */
  readonly collection: string | undefined;
  readonly fullDocument: "default" | "updateLookup" | "whenAvailable" | "required";
  readonly beforeChange: "off" | "whenAvailable" | "required";
  readonly isExpanded: boolean;
}

/** An event without its token, and whether the stream ends with it. */
export interface StreamEvent {
  readonly fields: Doc;
  /** For `updateLookup`: the key of the document whose present state is to be told. */
  readonly lookup: { readonly db: string; readonly collection: string; readonly id: Value } | undefined;
  readonly isInvalidating: boolean;
}

/** The time of a commit as clusters tell it: seconds, and within them milliseconds and a counter. */
export function timeOf(stamp: bigint): Timestamp {
  const ms = stamp >> 16n;
  return new Timestamp(((ms / 1000n) << 32n) | (((ms % 1000n) << 16n) | (stamp & 0xffffn)));
}

function concerns({ db, collection }: StreamScope, changeDb: string, changeCollection: string): boolean {
  if (db === undefined) return !["admin", "config", "local"].includes(changeDb);
  if (db !== changeDb) return false;
  if (collection !== undefined) return collection === changeCollection;
  return true;
}

/** What events need to know of collections. */
export interface CollectionFacts {
  keepsImages(db: string, collection: string): boolean;
  /** The identifier of a collection, as long as it is there. */
  uuidOf(db: string, collection: string): Buffer | undefined;
}

/** The event of a change; undefined when the stream is not about it. @throws MongoError 47 for an image that is not kept */
export function eventOf(
  change: Change,
  batch: ChangeBatch,
  scope: StreamScope,
  { keepsImages, uuidOf }: CollectionFacts,
): StreamEvent | undefined {
  const dot = change.namespace.indexOf(".");
  const [db, collection] = [change.namespace.slice(0, dot), change.namespace.slice(dot + 1)];
  const isDefinition = change.op === "truncate" || change.op === "schema";
  const what = isDefinition ? Buffer.from(change.key).toString() : "";
  const isOfDatabase = what === "dropDatabase";
  if (
    isOfDatabase
      ? scope.collection !== undefined || (scope.db !== undefined && scope.db !== db)
      : !concerns(scope, db, collection)
  ) {
    return undefined;
  }
  if (collection.startsWith("system.") || collection.startsWith("tmp.agg_out.")) return undefined;
  const clusterTime = timeOf(batch.stamp);
  const wallTime = new DateTime(batch.atMs);
  const head = (operationType: string) => Doc.of({ operationType, clusterTime, wallTime });
  if (isDefinition) return definitionEvent(change, what, db, collection, scope, head);
  const after = change.after === undefined ? undefined : Doc.read(Buffer.from(change.after));
  const before = change.before === undefined ? undefined : Doc.read(Buffer.from(change.before));
  const documentKey = Doc.read(Buffer.from(change.key));
  const ns = Doc.of({ db, coll: collection });
  const isReplace = change.op === "update" && change.format === "bson-replace";
  const fields = head(isReplace ? "replace" : change.op);
  let lookup: StreamEvent["lookup"];
  if (change.op === "insert" || isReplace) fields.setIf("fullDocument", after);
  else if (change.op === "update" && scope.fullDocument !== "default") {
    if (scope.fullDocument === "updateLookup") {
      lookup = { db, collection, id: documentKey.get("_id") ?? null };
      fields.set("fullDocument", null);
    } else if (keepsImages(db, collection) && after !== undefined) fields.set("fullDocument", after);
    else if (scope.fullDocument === "required") throw imageMissing("post");
    else fields.set("fullDocument", null);
  }
  fields.set("ns", ns).set("documentKey", documentKey);
  const uuid = scope.isExpanded ? uuidOf(db, collection) : undefined;
  if (uuid !== undefined) fields.set("collectionUUID", new BinData(4, uuid));
  if (change.op === "update" && !isReplace && before !== undefined && after !== undefined) {
    const { updatedFields, removedFields, truncatedArrays, disambiguatedPaths } = describeUpdate(
      before,
      after,
    );
    const description = Doc.of({ updatedFields, removedFields, truncatedArrays });
    if (scope.isExpanded) description.set("disambiguatedPaths", disambiguatedPaths);
    fields.set("updateDescription", description);
  }
  if (scope.beforeChange !== "off" && change.op !== "insert") {
    if (keepsImages(db, collection) && before !== undefined) fields.set("fullDocumentBeforeChange", before);
    else if (scope.beforeChange === "required") throw imageMissing("pre");
    else fields.set("fullDocumentBeforeChange", null);
  }
  return { fields, lookup, isInvalidating: false };
}

function imageMissing(which: string): MongoError {
  return new MongoError(
    47,
    `Change stream was configured to require a ${which}-image for all update events, but the ${which}-image was not found`,
  );
}

function definitionEvent(
  change: Change,
  what: string,
  db: string,
  collection: string,
  scope: StreamScope,
  head: (operationType: string) => Doc,
): StreamEvent | undefined {
  const about = change.after === undefined ? Doc.empty() : Doc.read(Buffer.from(change.after));
  const ns = Doc.of({ db, coll: collection });
  switch (what) {
    case "drop": {
      const fields = head("drop").set("ns", ns);
      if (scope.isExpanded) fields.setIf("collectionUUID", about.get("uuid"));
      return { fields, lookup: undefined, isInvalidating: scope.collection !== undefined };
    }
    case "rename": {
      const fields = head("rename").set("ns", ns).setIf("to", about.get("to"));
      if (scope.isExpanded) fields.set("operationDescription", about);
      return { fields, lookup: undefined, isInvalidating: scope.collection !== undefined };
    }
    case "dropDatabase":
      return {
        fields: head("dropDatabase").set("ns", Doc.of({ db })),
        lookup: undefined,
        isInvalidating: scope.db !== undefined,
      };
    default: {
      if (!scope.isExpanded) return undefined;
      const fields = head(what).set("ns", ns);
      const uuid = about.get("uuid");
      if (uuid instanceof BinData) fields.set("collectionUUID", uuid);
      fields.set("operationDescription", about);
      return { fields, lookup: undefined, isInvalidating: false };
    }
  }
}
