import {
  type AnyBulkWriteOperation,
  type BSON,
  type ClientSession,
  type Db,
  MongoServerError,
} from "mongodb";
import { type Row, rowId } from "../rows.ts";
import { type Mark, type QueuedChange, Refused } from "../side.ts";
import { isRefusal } from "./connect.ts";
import { documentOf, idOf } from "./document-rows.ts";
import { type StoredMark, storedMark, versionCollection } from "./own-collections.ts";

/** A change with what becomes of its document. */
export interface Judged {
  readonly change: QueuedChange;
  readonly row: Row | undefined;
  readonly mark: Mark;
  readonly isWritten: boolean;
}

/** The server does not take a document; its transaction has ended. */
export class RefusedWrite extends Error {
  readonly change: QueuedChange;

  constructor(change: QueuedChange, message: string) {
    super(message);
    this.change = change;
  }
}

/** Writes in a transaction: deletions first, as they make room for others. @throws RefusedWrite, Refused */
export async function writeDocuments(
  database: Db,
  session: ClientSession,
  judged: readonly Judged[],
  isOneByOne: boolean,
): Promise<void> {
  const written = judged.filter(({ isWritten }) => isWritten);
  for (const isThere of [false, true]) {
    const alike = written.filter(({ row }) => (row !== undefined) === isThere);
    for (const [collection, of] of Map.groupBy(alike, ({ change }) => change.name)) {
      const parts = isOneByOne ? of.map((one) => [one]) : [of];
      for (const part of parts) await writeAll(database, session, collection, part);
    }
  }
  if (judged.length === 0) return;
  const marks = judged.map(({ change: { name, key }, mark }) => storedMark(rowId(name, key), mark));
  await database.collection<StoredMark>(versionCollection).bulkWrite(
    marks.map(({ _id, ...replacement }) => ({ replaceOne: { filter: { _id }, replacement, upsert: true } })),
    { session },
  );
}

async function writeAll(
  database: Db,
  session: ClientSession,
  collection: string,
  judged: readonly Judged[],
): Promise<void> {
  const operations = judged.map(({ change, row }): AnyBulkWriteOperation<BSON.Document> => {
    if (row === undefined) return { deleteOne: { filter: { _id: idOf(change.key) as never } } };
    const replacement = documentOf(row);
    // By its own `_id`, which is what is inserted: a 32-bit 1 is found by a 64-bit one, and would become it.
    return { replaceOne: { filter: { _id: replacement._id as never }, replacement, upsert: true } };
  });
  try {
    await database.collection(collection).bulkWrite(operations, { session });
  } catch (error) {
    if (!(error instanceof MongoServerError && isRefusal(error))) throw error;
    // In a transaction the server does not say which it was.
    throw judged.length === 1
      ? new RefusedWrite(judged[0]!.change, error.message)
      : new Refused(error.message, { cause: error });
  }
}
