import { exactInt32 } from "../bson/numbers.ts";
import { isNumeric } from "../bson/types.ts";
import { Doc, Double, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import type { Call, Command } from "../server/command.ts";
import { asMongoError } from "../server/dispatch.ts";
import { docField, flagField, requireCollectionName, requireFields, wrongType } from "../server/fields.ts";
import { requireAction } from "../server/rights.ts";
import { requireWritable, writableCollection } from "./collections.ts";
import { listReply } from "./cursor-reply.ts";
import { splitNamespace } from "./definitions.ts";
import { storedForm } from "./insert.ts";
import { answerOnce } from "./retryable.ts";
import { prepareSearch, prepareUpdate, updateMany, updateOne, withAll, withFirst } from "./update-run.ts";
import { isOfCommand, writesMax } from "./write-results.ts";

const operationFields = {
  insert: { insert: "number!", document: "object!" },
  update: {
    update: "number!",
    filter: "object!",
    updateMods: "any!",
    sort: "object",
    multi: "bool",
    upsert: "bool",
    arrayFilters: "array",
    hint: "any",
    constants: "object",
    collation: "object",
    upsertSupplied: "bool",
    sampleId: "uuid",
  },
  delete: {
    delete: "number!",
    filter: "object!",
    multi: "bool",
    hint: "any",
    collation: "object",
    sampleId: "uuid",
  },
} as const;
type Kind = keyof typeof operationFields;

interface Operation {
  readonly kind: Kind;
  readonly spec: Doc;
  readonly db: string;
  readonly collection: string;
}

/** The operations with the collections that their numbers stand for. @throws MongoError */
function readOperations(body: Doc): Operation[] {
  const [ops, spaces] = [body.get("ops") as Value[], body.get("nsInfo") as Value[]];
  if (ops.length === 0 || ops.length > writesMax) {
    throw new MongoError(
      16,
      `Write batch sizes must be between 1 and ${writesMax}. Got ${ops.length} operations.`,
    );
  }
  const namespaces = spaces.map((space, i) => {
    if (!(space instanceof Doc)) throw wrongType(`bulkWrite.nsInfo.${i}`, space, "type 'object'");
    requireFields(
      "bulkWrite.nsInfo",
      space,
      {
        ns: "string!",
        collectionUUID: "uuid",
        encryptionInformation: "object",
        isTimeseriesNamespace: "bool",
      },
      false,
    );
    const [db, collection] = splitNamespace(space.get("ns") as string);
    requireCollectionName(db, collection);
    return [db, collection] as const;
  });
  return ops.map((spec, i) => {
    if (!(spec instanceof Doc)) throw wrongType(`bulkWrite.ops.${i}`, spec, "type 'object'");
    const kind = spec.firstKey as Kind | undefined;
    if (kind === undefined || !(kind in operationFields)) {
      throw new MongoError(40415, `BSON field 'bulkWrite.ops.${i}.${kind ?? ""}' is an unknown field.`);
    }
    requireFields(`bulkWrite.${kind}`, spec, operationFields[kind], false);
    const hint = spec.get("hint");
    if (hint !== undefined && typeof hint !== "string" && !(hint instanceof Doc)) {
      throw new MongoError(9, "Hint must be a string or an object");
    }
    const mods = spec.get("updateMods");
    if (kind === "update" && !(mods instanceof Doc) && !Array.isArray(mods)) {
      throw new MongoError(9, "Update argument must be either an object or an array");
    }
    const index = isNumeric(spec.get(kind)) ? exactInt32(spec.get(kind)) : undefined;
    if (index === undefined || index < 0) throw new MongoError(2, `BSON field '${kind}' value must be >= 0`);
    const namespace = namespaces[index];
    if (namespace === undefined)
      throw new MongoError(2, `BulkWrite ops entry ${i} has an invalid nsInfo index.`);
    if (kind === "update" && flagField(spec, "multi")) {
      if (mods instanceof Doc && mods.firstKey?.startsWith("$") !== true) {
        throw new MongoError(9, "multi update is not supported for replacement-style update");
      }
      if (spec.has("sort")) throw new MongoError(9, "Cannot specify sort with multi=true");
    }
    return { kind, spec, db: namespace[0], collection: namespace[1] };
  });
}

interface Totals {
  nErrors: number;
  nInserted: number;
  nMatched: number;
  nModified: number;
  nUpserted: number;
  nDeleted: number;
}

async function run(call: Call): Promise<Doc> {
  const { body, server, user } = call;
  const operations = readOperations(body);
  for (const { db, collection } of operations) requireAction(user, "write", db, collection);
  if (call.retry !== undefined) {
    for (const { kind, spec } of operations) {
      if (kind !== "insert" && flagField(spec, "multi")) {
        throw new MongoError(72, "Cannot use retryable writes with multi=true");
      }
    }
  }
  const isOrdered = flagField(body, "ordered", true);
  const isErrorsOnly = flagField(body, "errorsOnly");
  return answerOnce(call, async (keep) => {
    const totals: Totals = { nErrors: 0, nInserted: 0, nMatched: 0, nModified: 0, nUpserted: 0, nDeleted: 0 };
    const results: Doc[] = [];
    for (const [i, operation] of operations.entries()) {
      try {
        const result = await perform(call, operation, totals);
        if (!isErrorsOnly) {
          const entry = Doc.of({ ok: new Double(1), idx: i });
          for (const [name, value] of result) entry.set(name, value);
          results.push(entry);
        }
      } catch (error) {
        if (isOfCommand(error) || call.transaction !== undefined) throw error;
        const reason = asMongoError(server, error);
        totals.nErrors++;
        const entry = Doc.of({ ok: new Double(0), idx: i, code: reason.number });
        if (reason.info !== undefined) for (const [name, value] of reason.info) entry.set(name, value);
        entry.set("errmsg", reason.message).set("n", 0);
        if (operation.kind === "update") entry.set("nModified", 0);
        results.push(entry);
        if (isOrdered) break;
      }
    }
    const cursor = docField(body, "cursor");
    const size = cursor?.get("batchSize");
    const reply = await listReply(
      call,
      results,
      isNumeric(size) ? (exactInt32(size) ?? results.length + 1) : results.length + 1,
      "admin.$cmd.bulkWrite",
    );
    for (const [name, value] of Object.entries(totals)) reply.set(name, value as number);
    if (call.retry !== undefined) await call.write((work) => keep(work, () => reply));
    return reply;
  });
}

/** One operation on its collection, as if its command had been sent there. */
async function perform(
  call: Call,
  { kind, spec, db, collection: name }: Operation,
  totals: Totals,
): Promise<Doc> {
  const { server, body } = call;
  const existing = server.catalog.find(db, name);
  if (existing !== undefined) requireWritable(existing);
  const isUnvalidated = flagField(body, "bypassDocumentValidation");
  if (kind === "insert") {
    const collection = await writableCollection(call, name, db);
    const bytes = storedForm(spec.get("document") as Doc, () => server.tick());
    await call.write((work) => server.records.insert(work, collection, bytes, isUnvalidated));
    totals.nInserted++;
    return Doc.of({ n: 1 });
  }
  const isMulti = flagField(spec, "multi");
  const filter = spec.get("filter") as Doc;
  const constants = spec.get("constants") ?? body.get("let");
  if (kind === "delete") {
    const search = prepareSearch(call, existing, filter, spec, constants, undefined);
    const removed = isMulti
      ? await withAll(call, search, (work, row) => server.records.delete(work, existing!, row.rid, row.doc))
      : await withFirst(call, search, (work, row) => {
          if (row === undefined) return 0;
          server.records.delete(work, existing!, row.rid, row.doc);
          return 1;
        });
    totals.nDeleted += removed;
    return Doc.of({ n: removed });
  }
  const update = spec.get("updateMods")!;
  if (spec.has("constants") && !Array.isArray(update)) {
    throw new MongoError(51198, "Constant values may only be specified for pipeline updates");
  }
  const isUpsert = flagField(spec, "upsert");
  const collection = existing ?? (isUpsert ? await writableCollection(call, name, db) : undefined);
  const prepared = prepareUpdate(call, {
    collection,
    filter,
    update,
    isUpsert,
    arrayFilters: spec.get("arrayFilters") as Value[] | undefined,
    options: spec,
    constants,
    isUnvalidated,
    sort: spec.get("sort") as Doc | undefined,
  });
  const outcome = isMulti ? await updateMany(call, prepared) : await updateOne(call, prepared);
  if (outcome.upsertedId !== undefined) {
    totals.nUpserted++;
    return Doc.of({ n: 1, nModified: 0, upserted: Doc.of({ _id: outcome.upsertedId }) });
  }
  totals.nMatched += outcome.matched;
  totals.nModified += outcome.modified;
  return Doc.of({ n: outcome.matched, nModified: outcome.modified });
}

export const bulkWrite: Command = {
  name: "bulkWrite",
  right: "connect",
  isAdminOnly: true,
  isTransactional: true,
  isRetryable: true,
  takesWriteConcern: true,
  fields: {
    ops: "array!",
    nsInfo: "array!",
    ordered: "bool",
    errorsOnly: "bool",
    bypassDocumentValidation: "flag",
    let: "object",
    cursor: "object",
    stmtId: "number",
    stmtIds: "array",
    bypassEmptyTsReplacement: "bool",
  },
  run,
};
