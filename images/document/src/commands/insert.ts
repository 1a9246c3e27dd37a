import { randomBytes } from "node:crypto";
import { BsonUndefined, Doc, ObjectId, Regex, Timestamp, type Value } from "../bson/values.ts";
import { writeDoc } from "../bson/write.ts";
import { MongoError } from "../errors.ts";
import type { Call, Command } from "../server/command.ts";
import { asMongoError } from "../server/dispatch.ts";
import { flagField } from "../server/fields.ts";
import type { Collection } from "../storage/collection.ts";
import { documentBytesMax } from "../storage/records.ts";
import type { WriteWork } from "../storage/work.ts";
import { writableCollection } from "./collections.ts";
import { answerOnce } from "./retryable.ts";
import { isOfCommand, requireBatchSize, writeError } from "./write-results.ts";

let idCounter = randomBytes(3).readUIntBE(0, 3);
const idProcess = randomBytes(5);

export function newObjectId(): ObjectId {
  const bytes = Buffer.allocUnsafe(12);
  bytes.writeUInt32BE(Math.floor(Date.now() / 1000), 0);
  idProcess.copy(bytes, 4);
  idCounter = (idCounter + 1) & 0xffffff;
  bytes.writeUIntBE(idCounter, 9, 3);
  return new ObjectId(bytes);
}

/** What may be the _id of a document. @throws MongoError 53 */
export function requireId(id: Value): void {
  if (Array.isArray(id)) throw new MongoError(53, "The '_id' value cannot be of type array");
  if (id instanceof Regex) throw new MongoError(53, "The '_id' value cannot be of type regex");
  if (id instanceof BsonUndefined) throw new MongoError(53, "The '_id' value cannot be of type undefined");
  if (id instanceof Doc) {
    for (const name of id.keys()) {
      if (name.startsWith("$") && !["$ref", "$id", "$db"].includes(name)) {
        throw new MongoError(
          52,
          `_id fields may not contain '$'-prefixed fields: ${name} is not valid for storage.`,
        );
      }
    }
  }
}

/** The bytes that are stored: with an _id, which stands first; timestamps of zero become the time. @throws MongoError */
export function storedForm(doc: Doc, clock: () => bigint): Buffer {
  const { raw } = doc;
  const id = doc.get("_id");
  if (id !== undefined) requireId(id);
  const hasClock = [...doc].some(
    ([name, value]) => value instanceof Timestamp && value.bits === 0n && name !== "_id",
  );
  if (raw !== undefined && doc.firstKey === "_id" && !hasClock) {
    const bytes = writeDoc(doc);
    if (bytes.length > documentBytesMax) throw tooLarge(bytes.length);
    return bytes;
  }
  const fields = new Map<string, Value>([["_id", id ?? newObjectId()]]);
  for (const [name, value] of doc) {
    if (name === "_id") continue;
    fields.set(name, value instanceof Timestamp && value.bits === 0n ? new Timestamp(clock()) : value);
  }
  const bytes = writeDoc(Doc.from(fields));
  if (bytes.length > documentBytesMax) throw tooLarge(bytes.length);
  return bytes;
}

function tooLarge(length: number): MongoError {
  return new MongoError(
    10334,
    `object to insert too large. size in bytes: ${length}, max size: ${documentBytesMax}`,
  );
}

/** Documents of one write: others get their turn between two. */
const documentsAtOnce = 2000;

async function run(call: Call): Promise<Doc> {
  const { body, server } = call;
  const documents = body.get("documents") as Value[];
  requireBatchSize(documents.length);
  for (const [i, doc] of documents.entries()) {
    if (!(doc instanceof Doc))
      throw new MongoError(
        14,
        `BSON field 'insert.documents.${i}' is the wrong type, expected type 'object'`,
      );
  }
  const isOrdered = flagField(body, "ordered", true);
  const isUnvalidated = flagField(body, "bypassDocumentValidation");
  let collection = await writableCollection(call, call.collection);
  return answerOnce(call, async (keep) => {
    let inserted = 0;
    const errors: Doc[] = [];
    let next = 0;
    while (next < documents.length) {
      const from = next;
      const outcome = await call.write((work) => {
        // It was dropped, renamed or changed while this waited: nothing has happened.
        if (server.catalog.find(collection.db, collection.name) !== collection) return undefined;
        const part = insertSome(call, work, collection, documents as Doc[], from, isOrdered, isUnvalidated);
        if (part.next >= documents.length) {
          keep(work, () => replyOf(inserted + part.inserted, [...errors, ...part.errors]));
        }
        return part;
      });
      if (outcome === undefined) {
        collection = await writableCollection(call, call.collection);
        continue;
      }
      inserted += outcome.inserted;
      errors.push(...outcome.errors);
      next = outcome.next;
    }
    if (collection.capped !== undefined) server.insertions.tell(`${collection.db}.${collection.name}`);
    return replyOf(inserted, errors);
  });
}

function replyOf(inserted: number, errors: Doc[]): Doc {
  return Doc.of({ n: inserted, ...(errors.length > 0 && { writeErrors: errors }) });
}

function insertSome(
  call: Call,
  work: WriteWork,
  collection: Collection,
  documents: readonly Doc[],
  from: number,
  isOrdered: boolean,
  isUnvalidated: boolean,
): { inserted: number; errors: Doc[]; next: number } {
  const { server } = call;
  let inserted = 0;
  const errors: Doc[] = [];
  const end = Math.min(documents.length, from + documentsAtOnce);
  for (let i = from; i < end; i++) {
    try {
      server.records.insert(
        work,
        collection,
        storedForm(documents[i]!, () => server.tick()),
        isUnvalidated,
      );
      inserted++;
    } catch (error) {
      if (isOfCommand(error)) throw error;
      errors.push(writeError(i, asMongoError(server, error)));
      // In a transaction the first error ends it all.
      if (work.isInteractive) throw error;
      if (isOrdered) return { inserted, errors, next: documents.length };
    }
  }
  return { inserted, errors, next: end };
}

export const insert: Command = {
  name: "insert",
  right: { action: "write", on: "collection" },
  isTransactional: true,
  isRetryable: true,
  takesWriteConcern: true,
  fields: {
    documents: "array!",
    ordered: "bool",
    bypassDocumentValidation: "flag",
    stmtId: "number",
    stmtIds: "array",
    encryptionInformation: "object",
    collectionUUID: "uuid",
    bypassEmptyTsReplacement: "bool",
  },
  run,
};
