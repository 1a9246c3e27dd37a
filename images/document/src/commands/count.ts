import { statement } from "@weftkit/store";
import { identityOf } from "../bson/key-bytes.ts";
import { exactInt64, truncated } from "../bson/numbers.ts";
import { isNumeric } from "../bson/types.ts";
import { Doc, Timestamp, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import { type DocSource, pause } from "../exec/run.ts";
import { newScope } from "../expressions/context.ts";
import { parseFilter } from "../query/parse-filter.ts";
import { valuesAtPath } from "../query/values-at-path.ts";
import type { Call, Command } from "../server/command.ts";
import { docField } from "../server/fields.ts";
import { contextOf } from "./context.ts";
import { openAggregate } from "./open-aggregate.ts";

/** Goes through a source in turns. */
export async function forEachDoc(call: Call, source: DocSource, visit: (doc: Doc) => void): Promise<void> {
  for (let isMore = true; isMore; ) {
    isMore = await call.read((run) => {
      for (;;) {
        const doc = source.next(run);
        if (doc === undefined) return false;
        if (doc === pause) return true;
        visit(doc);
      }
    });
    if (isMore) await new Promise(setImmediate);
  }
}

function boundOf(body: Doc, name: string): number {
  const value = body.get(name);
  if (!isNumeric(value)) return 0;
  const whole = Number(exactInt64(value) ?? truncated(value) ?? 0n);
  if (name === "skip" && whole < 0) {
    throw new MongoError(51024, `BSON field 'skip' value must be >= 0, actual value '${whole}'`);
  }
  return Math.abs(whole);
}

async function runCount(call: Call): Promise<Doc> {
  const { body, db, server } = call;
  const collection = server.catalog.find(db, call.collection);
  const [skip, limit] = [boundOf(body, "skip"), boundOf(body, "limit")];
  const query = docField(body, "query") ?? Doc.empty();
  let n = 0;
  if (collection?.kind === "view") {
    const aggregate = Doc.of({
      aggregate: call.collection,
      pipeline: [Doc.of({ $match: query })],
      cursor: Doc.empty(),
    });
    aggregate.setIf("collation", body.get("collation"));
    await forEachDoc(call, openAggregate(call, aggregate).source, () => n++);
  } else {
    const context = contextOf(call, body, collection);
    const filter = parseFilter(query, { context, allowsNear: false, allowsText: true });
    const isAll = filter.kind === "always" && filter.matches;
    if (collection !== undefined && isAll && call.transaction === undefined) {
      n = await call.read(
        ({ db: database }) =>
          statement(database, `SELECT count(*) FROM ${collection.table}`, { pluck: true }).get() as number,
      );
    } else if (collection !== undefined) {
      const opened = server.queries.query(
        collection,
        { filter, hint: body.get("hint"), collation: context.collation },
        newScope(context),
      );
      await forEachDoc(call, opened.source, () => n++);
    }
  }
  n = Math.max(0, n - skip);
  if (limit > 0) n = Math.min(n, limit);
  return Doc.of({ n });
}

export const count: Command = {
  name: "count",
  right: { action: "read", on: "collection" },
  takesReadConcern: true,
  isTransactional: false,
  fields: {
    query: "object",
    limit: "number",
    skip: "number",
    hint: "objectOrString",
    collation: "object",
    fields: "object",
    queryOptions: "object",
    collectionUUID: "uuid",
    encryptionInformation: "object",
  },
  run: runCount,
};

async function runDistinct(call: Call): Promise<Doc> {
  const { body, db, server } = call;
  const key = body.get("key") as string;
  if (key.includes("\0")) throw new MongoError(31032, "Key field cannot contain an embedded null byte");
  const collection = server.catalog.find(db, call.collection);
  const query = docField(body, "query") ?? Doc.empty();
  const context = contextOf(call, body, collection);
  const values = new Map<string, Value>();
  const parts = key.split(".");
  let bytes = 0;
  const take = (doc: Doc) => {
    for (const value of valuesAtPath(doc, parts)) {
      const identity = identityOf(value, context.collation?.key);
      if (values.has(identity)) continue;
      values.set(identity, value);
      bytes += identity.length;
      if (bytes > 16 << 20) throw new MongoError(17217, "distinct too big, 16mb cap");
    }
  };
  if (collection?.kind === "view") {
    const aggregate = Doc.of({
      aggregate: call.collection,
      pipeline: [Doc.of({ $match: query })],
      cursor: Doc.empty(),
    });
    aggregate.setIf("collation", body.get("collation"));
    await forEachDoc(call, openAggregate(call, aggregate).source, take);
  } else {
    const filter = parseFilter(query, { context, allowsText: true });
    if (collection !== undefined) {
      const opened = server.queries.query(
        collection,
        { filter, hint: body.get("hint"), collation: context.collation },
        newScope(context),
      );
      await forEachDoc(call, opened.source, take);
    }
  }
  const reply = Doc.of({ values: [...values.values()] });
  if (call.point !== undefined) reply.set("atClusterTime", new Timestamp(call.point.time));
  return reply;
}

export const distinct: Command = {
  name: "distinct",
  right: { action: "read", on: "collection" },
  takesReadConcern: true,
  takesSnapshot: true,
  isTransactional: true,
  fields: {
    key: "string!",
    query: "object",
    hint: "objectOrString",
    collation: "object",
    collectionUUID: "uuid",
    encryptionInformation: "object",
  },
  run: runDistinct,
};
