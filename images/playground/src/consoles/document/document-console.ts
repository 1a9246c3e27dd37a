import { systemClock } from "@weftkit/core";
import { BSON, type Document } from "mongodb";
import { type Static, Type } from "typebox";
import type { DocumentDatabase, DocumentPage, Json, ShownDocument, StagePreview } from "../../api.ts";
import { PlaygroundError } from "../../errors.ts";
import { type Call, type Console, loginOf, operation, tlsOf } from "../console.ts";
import { abridge, documentCharsMax } from "./abridge.ts";
import { type Batch, DocumentConnection } from "./document-connection.ts";
import { parseShellText } from "./shell-text.ts";

/** Of one answer: so many documents, or about so many characters. */
const pageDocuments = 50;
const wholeDocumentCharsMax = 3 * 1024 ** 2;
const databasesMax = 100;
const stagesMax = 30;
const previewDocuments = 4;
const previewMsMax = 5000;
const changedMeanwhile = "the document is gone, or was changed since it was read: read it again";

const name = Type.String({ minLength: 1, maxLength: 255 });
const text = Type.String({ maxLength: 1024 ** 2 });
const place = { db: name, collection: name };

const onlyThese = { additionalProperties: false } as const;
const findSchema = Type.Object(
  { ...place, filter: text, projection: Type.Optional(text), sort: Type.Optional(text) },
  onlyThese,
);
const pipelineSchema = Type.Object({ ...place, pipeline: text }, onlyThese);
const replaceSchema = Type.Object({ ...place, before: text, after: text }, onlyThese);

/** MongoDB's protocol: queries, pipelines with what each stage makes, commands, and documents that are edited. */
export const documentConsole: Console = {
  catalog: operation(Type.Object({}, onlyThese), catalog),
  find: operation(findSchema, find),
  aggregate: operation(pipelineSchema, async (call) => {
    const { db, collection, pipeline } = call.body;
    const command = {
      aggregate: collection,
      pipeline: stagesOf(pipeline),
      cursor: { batchSize: pageDocuments },
    };
    return pageOf(await (await connectionOf(call)).query(db, command, call.signal));
  }),
  stages: operation(pipelineSchema, previews),
  command: operation(
    Type.Object({ db: name, command: text }, onlyThese),
    async (call): Promise<DocumentPage> => {
      const { db, command } = call.body;
      const startedMs = systemClock.monotonicMs();
      const connection = await connectionOf(call);
      const answer = await connection.command(db, objectOf(command, "a command"), call.signal);
      const batch = connection.batchOf(db, answer, startedMs);
      if (batch !== undefined) return pageOf(batch);
      const durationMs = systemClock.monotonicMs() - startedMs;
      return { documents: [shown(answer)], durationMs };
    },
  ),
  fetch: operation(Type.Object({ cursor: Type.String({ maxLength: 30 }) }, onlyThese), async (call) => {
    return pageOf(await (await connectionOf(call)).fetch(call.body.cursor, pageDocuments, call.signal));
  }),
  document: operation(
    Type.Object({ ...place, id: text }, onlyThese),
    async (call): Promise<ShownDocument> => {
      const { db, collection } = call.body;
      const filter = { _id: { $eq: idOf(call.body.id) } };
      const command = { find: collection, filter, limit: 1, singleBatch: true };
      const { documents } = await (await connectionOf(call)).query(db, command, call.signal);
      if (documents[0] === undefined) throw new PlaygroundError("not_found", "the document is gone");
      return shown(documents[0], wholeDocumentCharsMax);
    },
  ),
  insert: operation(Type.Object({ ...place, documents: text }, onlyThese), async (call) => {
    const { db, collection } = call.body;
    const given = parseShellText(call.body.documents);
    const documents = (Array.isArray(given) ? given : [given]).map(requireDocument);
    if (documents.length === 0) throw new PlaygroundError("invalid_request", "write a document");
    // Drivers make the identifiers, not engines.
    const withIds = documents.map((one) =>
      one._id === undefined ? { _id: new BSON.ObjectId(), ...one } : one,
    );
    const connection = await connectionOf(call);
    const answer = await connection.command(db, { insert: collection, documents: withIds }, call.signal);
    refuseWriteErrors(answer);
    return { inserted: Number(answer.n) };
  }),
  replace: operation(replaceSchema, replace),
  delete: operation(Type.Object({ ...place, id: text }, onlyThese), async (call) => {
    const { db, collection, id } = call.body;
    const deletes = [{ q: { _id: { $eq: idOf(id) } }, limit: 1 }];
    const connection = await connectionOf(call);
    const answer = await connection.command(db, { delete: collection, deletes }, call.signal);
    refuseWriteErrors(answer);
    if (Number(answer.n) === 0) throw new PlaygroundError("not_found", "the document is gone");
    return {};
  }),
};

async function catalog(call: Call): Promise<readonly DocumentDatabase[]> {
  const connection = await connectionOf(call);
  const list = await connection.command("admin", { listDatabases: 1, nameOnly: true }, call.signal);
  const found: DocumentDatabase[] = [];
  for (const { name: db } of (list.databases as { name: string }[]).slice(0, databasesMax)) {
    const command = {
      listCollections: 1,
      nameOnly: true,
      authorizedCollections: true,
      cursor: { batchSize: 1000 },
    };
    const { documents } = await connection.query(db, command, call.signal);
    const collections = documents.map(({ name, type = "collection" }) => ({
      name: String(name),
      type: String(type),
    }));
    found.push({ name: db, collections: collections.sort((a, b) => (a.name < b.name ? -1 : 1)) });
  }
  return found;
}

async function find(call: Call<Static<typeof findSchema>>): Promise<DocumentPage> {
  const { db, collection, filter, projection = "", sort = "" } = call.body;
  const command = {
    find: collection,
    filter: objectOf(filter, "a filter"),
    ...(projection.trim() !== "" && { projection: objectOf(projection, "a projection") }),
    ...(sort.trim() !== "" && { sort: objectOf(sort, "an order") }),
    batchSize: pageDocuments,
  };
  return pageOf(await (await connectionOf(call)).query(db, command, call.signal));
}

/** For each stage, what it and those before it make of the collection. */
async function previews(call: Call<Static<typeof pipelineSchema>>): Promise<readonly StagePreview[]> {
  const { db, collection, pipeline } = call.body;
  const stages = stagesOf(pipeline);
  if (stages.length > stagesMax) {
    throw new PlaygroundError("too_large", `previews are made for ${stagesMax} stages at most`);
  }
  const connection = await connectionOf(call);
  const found: StagePreview[] = [];
  for (const [index, stage] of stages.entries()) {
    const name = Object.keys(stage)[0] ?? "";
    if (name === "$out" || name === "$merge") {
      found.push({ name, documents: [], note: "it writes, and is run with the pipeline alone" });
      continue;
    }
    if (name === "$changeStream") {
      found.push({ name, documents: [], note: "it waits for changes" });
      break;
    }
    const command = {
      aggregate: collection,
      pipeline: [...stages.slice(0, index + 1), { $limit: previewDocuments }],
      cursor: { batchSize: previewDocuments },
      maxTimeMS: previewMsMax,
    };
    try {
      const answer = await connection.command(db, command, call.signal);
      found.push({ name, documents: (answer.cursor.firstBatch as Document[]).map((one) => shown(one)) });
    } catch (error) {
      if (!(error instanceof PlaygroundError) || error.code !== "engine_refused") throw error;
      found.push({ name, documents: [], note: error.message });
      break;
    }
  }
  return found;
}

/** Replaces a document, when each field that is changed is still what it was. */
async function replace(call: Call<Static<typeof replaceSchema>>): Promise<Record<string, never>> {
  const { db, collection } = call.body;
  const before = requireDocument(parseShellText(call.body.before));
  const after = requireDocument(parseShellText(call.body.after));
  const text = (value: unknown) => BSON.EJSON.stringify(value, { relaxed: false });
  const changed = new Set([...Object.keys(before), ...Object.keys(after)]);
  const conditions = [...changed]
    .filter((field) => field !== "_id" && text(before[field]) !== text(after[field]))
    .map((field): Document => {
      const was = before[field];
      const literal = { $getField: { field: { $literal: field }, input: "$$ROOT" } };
      return was === undefined
        ? { $eq: [{ $type: literal }, "missing"] }
        : { $eq: [literal, { $literal: was }] };
    });
  const q = { _id: { $eq: before._id }, ...(conditions.length > 0 && { $expr: { $and: conditions } }) };
  const connection = await connectionOf(call);
  const answer = await connection.command(
    db,
    { update: collection, updates: [{ q, u: after, multi: false, upsert: false }] },
    call.signal,
  );
  refuseWriteErrors(answer);
  if (Number(answer.n) === 0) throw new PlaygroundError("busy", changedMeanwhile);
  return {};
}

/** Errors of single writes are in an answer that is else good. */
function refuseWriteErrors(answer: Document): void {
  const [first] = (answer.writeErrors ?? []) as { code: unknown; errmsg: unknown }[];
  if (first === undefined) return;
  throw new PlaygroundError("engine_refused", String(first.errmsg), { engineCode: String(first.code) });
}

function pageOf({ documents, cursor, durationMs }: Batch): DocumentPage {
  return {
    documents: documents.map((one) => shown(one)),
    ...(cursor !== undefined && { cursor }),
    durationMs,
  };
}

function shown(document: Document, charsMax = documentCharsMax): ShownDocument {
  const value = BSON.EJSON.serialize(document, { relaxed: false }) as Json;
  const isWhole = JSON.stringify(value).length <= charsMax;
  return { value: isWhole ? value : abridge(value), isWhole };
}

function stagesOf(text: string): Document[] {
  const stages = parseShellText(text.trim() === "" ? "[]" : text);
  if (!Array.isArray(stages)) {
    throw new PlaygroundError("invalid_request", "a pipeline is a list of stages: [{$match: {...}}, ...]");
  }
  return stages.map(requireDocument);
}

function objectOf(text: string, what: string): Document {
  const value = parseShellText(text.trim() === "" ? "{}" : text);
  if (!isDocument(value)) throw new PlaygroundError("invalid_request", `${what} is an object: {...}`);
  return value;
}

function idOf(text: string): unknown {
  return objectOf(text, "an identifier")._id;
}

function requireDocument(value: unknown): Document {
  if (!isDocument(value)) throw new PlaygroundError("invalid_request", "a document is an object: {...}");
  return value;
}

function isDocument(value: unknown): value is Document {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !("_bsontype" in value);
}

async function connectionOf(call: Call): Promise<DocumentConnection> {
  const { engine, session } = call;
  const { host, port } = engine.backend;
  return session.connection(`document ${engine.id}`, () =>
    DocumentConnection.open({ host, port, ...loginOf(call), tls: tlsOf(engine) }),
  );
}
