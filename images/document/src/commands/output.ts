import { compareValues } from "../bson/order.ts";
import { DateTime, Doc, Timestamp, type Value } from "../bson/values.ts";
import { writeDoc } from "../bson/write.ts";
import { MongoError } from "../errors.ts";
import type { DocSource } from "../exec/run.ts";
import { newScope } from "../expressions/context.ts";
import { makePlan } from "../plan/planner.ts";
import type { Filter } from "../query/filter.ts";
import { compileFilter } from "../query/match.ts";
import { pathOf } from "../query/path.ts";
import { fillBatch } from "../server/batches.ts";
import type { Call } from "../server/command.ts";
import type { Output } from "../stages/stage.ts";
import { newUuid } from "../storage/catalog.ts";
import type { Collection } from "../storage/collection.ts";
import { duplicateKey } from "../storage/records.ts";
import { parseUpdatePipeline } from "../update/update-pipeline.ts";
import { createCollection, definition, requireCreatable, requireWritable } from "./collections.ts";
import { contextOf, withConstants } from "./context.ts";
import { newObjectId, requireId } from "./insert.ts";
import { type Search, withFirst } from "./update-run.ts";

const documentsAtOnce = 500;

/** Writes what a pipeline gives into a collection. @throws MongoError */
export async function runOutput(call: Call, output: Output, source: DocSource, body: Doc): Promise<void> {
  if (output.kind === "out") return writeOut(call, output, source);
  return merge(call, output, source, body);
}

/** $out: into a collection of its own, which takes the place of the old one at the end. */
async function writeOut(
  call: Call,
  output: Extract<Output, { kind: "out" }>,
  source: DocSource,
): Promise<void> {
  const { server } = call;
  const existing = server.catalog.find(output.db, output.collection);
  if (existing !== undefined) {
    requireWritable(existing);
    if (existing.capped !== undefined)
      throw new MongoError(
        17152,
        `namespace '${output.db}.${output.collection}' is capped so it can't be used for $out`,
      );
  }
  requireCreatable(output.db, output.collection);
  const temporary = `tmp.agg_out.${newUuid().toString("hex")}`;
  const options =
    existing?.options ??
    (output.timeseries === undefined ? Doc.empty() : Doc.of({ timeseries: output.timeseries }));
  const target = await createCollection(call, output.db, temporary, options);
  try {
    if (existing !== undefined) {
      await definition(call, (db) => {
        for (const index of existing.indexes) {
          if (index.name !== "_id_") server.catalog.createIndex(db, target, index.spec);
        }
      });
    }
    for (let isAtEnd = false; !isAtEnd; ) {
      const batch = await fillBatch(call, source, documentsAtOnce);
      isAtEnd = batch.isAtEnd;
      await call.write((work) => {
        for (const doc of batch.docs) server.records.insert(work, target, withId(doc), true);
      });
    }
    await definition(call, (db) => {
      const old = server.catalog.find(output.db, output.collection);
      if (old !== undefined) server.catalog.drop(db, old);
      server.catalog.rename(db, target, output.db, output.collection);
    });
  } catch (error) {
    await definition(call, (db) => {
      const left = server.catalog.find(output.db, temporary);
      if (left !== undefined) server.catalog.drop(db, left);
    });
    throw error;
  }
}

function withId(doc: Doc): Buffer {
  const id = doc.get("_id");
  if (id === undefined) return writeDoc(Doc.from(new Map<string, Value>([["_id", newObjectId()], ...doc])));
  requireId(id);
  if (doc.firstKey === "_id") return writeDoc(doc);
  return writeDoc(
    Doc.from(new Map<string, Value>([["_id", id], ...[...doc].filter(([name]) => name !== "_id")])),
  );
}

type Merge = Extract<Output, { kind: "merge" }>;

async function merge(call: Call, output: Merge, source: DocSource, body: Doc): Promise<void> {
  const { server } = call;
  let target = server.catalog.find(output.db, output.collection);
  if (target !== undefined) requireWritable(target);
  const on = output.on ?? ["_id"];
  if (on.length !== 1 || on[0] !== "_id") requireUniqueIndex(target, on);
  for (let isAtEnd = false; !isAtEnd; ) {
    const batch = await fillBatch(call, source, documentsAtOnce);
    isAtEnd = batch.isAtEnd;
    target ??= await createCollection(call, output.db, output.collection, Doc.empty());
    for (const doc of batch.docs) await mergeOne(call, output, target, on, doc, body);
  }
}

function requireUniqueIndex(target: Collection | undefined, on: readonly string[]): void {
  const isUnique = target?.indexes.some(
    ({ isUnique, fields, partial, isSparse }) =>
      isUnique &&
      partial === undefined &&
      !isSparse &&
      fields.length === on.length &&
      fields.every(({ path }) => on.includes(path)),
  );
  if (isUnique !== true) {
    throw new MongoError(51183, "Cannot find index to verify that join fields will be unique");
  }
}

async function mergeOne(
  call: Call,
  output: Merge,
  target: Collection,
  on: readonly string[],
  doc: Doc,
  body: Doc,
): Promise<void> {
  const { server } = call;
  const values = on.map((path): [string, Value] => {
    const value = path
      .split(".")
      .reduce<Value | undefined>((at, part) => (at instanceof Doc ? at.get(part) : undefined), doc);
    if (value === undefined && path === "_id") return [path, newObjectId()];
    if (value === undefined || value === null || Array.isArray(value)) {
      throw new MongoError(
        51132,
        `$merge write error: 'on' field '${path}' cannot be missing, null, undefined or an array`,
      );
    }
    return [path, value];
  });
  const incoming =
    doc.has("_id") || on[0] !== "_id"
      ? doc
      : Doc.from(new Map<string, Value>([["_id", values[0]![1]], ...doc]));
  const children: Filter[] = values.map(([path, value]) => ({ kind: "eq", path: pathOf(path), value }));
  const filter: Filter = children.length === 1 ? children[0]! : { kind: "and", children };
  let context = contextOf(call, Doc.empty(), target, body.get("let"));
  const { whenMatched } = output;
  if (Array.isArray(whenMatched)) {
    // $$new is the document that is merged.
    const variables = output.let ?? Doc.of({ new: "$$ROOT" });
    context = withConstants(context, variables, incoming);
  }
  const search: Search = {
    collection: target,
    filter,
    matches: compileFilter(filter, { collation: context.collation, scope: newScope(context) }),
    plan: makePlan({
      collection: target,
      filter,
      sort: undefined,
      hint: undefined,
      collation: context.collation,
      asOfMs: context.asOfMs,
    }),
    sort: undefined,
    context,
  };
  await withFirst(call, search, (work, row) => {
    if (row === undefined) {
      if (output.whenNotMatched === "discard") return;
      if (output.whenNotMatched === "fail") {
        throw new MongoError(
          13113,
          "$merge could not find a matching document in the target collection for at least one document in the source collection",
        );
      }
      server.records.insert(work, target, withId(incoming), false);
      return;
    }
    if (whenMatched === "keepExisting") return;
    if (whenMatched === "fail") {
      throw duplicateKey(target, target.indexes[0]!, row.doc);
    }
    const before = Doc.read(row.doc);
    let made: Doc;
    if (whenMatched === "replace") {
      made = Doc.from(
        new Map<string, Value>([
          ["_id", before.get("_id")!],
          ...[...incoming].filter(([name]) => name !== "_id"),
        ]),
      );
    } else if (whenMatched === "merge") {
      made = Doc.from(
        new Map<string, Value>([...before, ...[...incoming].filter(([name]) => name !== "_id")]),
      );
    } else {
      const update = parseUpdatePipeline(whenMatched as readonly Value[], context);
      made = update.apply(before.copy(), {
        isInsert: false,
        position: undefined,
        collation: context.collation,
        now: new DateTime(Date.now()),
        clusterTime: new Timestamp(server.tick()),
      });
    }
    const given = incoming.get("_id");
    if (given !== undefined && compareValues(made.get("_id"), before.get("_id")) !== 0) {
      throw new MongoError(
        66,
        "$merge failed to update the matching document, did you attempt to modify the _id or the shard key?",
      );
    }
    const after = writeDoc(made);
    if (!after.equals(row.doc))
      server.records.update(work, target, row.rid, row.doc, after, "bson-replace", false);
  });
}
