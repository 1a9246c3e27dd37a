import { Doc } from "../bson/values.ts";
import { MongoError } from "../errors.ts";

/** What went wrong with one document of a write: an entry of writeErrors. */
export function writeError(index: number, error: MongoError): Doc {
  const entry = Doc.of({ index, code: error.number });
  if (error.info !== undefined) for (const [name, value] of error.info) entry.set(name, value);
  return entry.set("errmsg", error.message);
}

/** Errors that are of the whole command, and never of one document: what the client must send again. */
export function isOfCommand(error: unknown): boolean {
  return (
    !(error instanceof MongoError) ||
    error.number === 112 ||
    error.number === 251 ||
    error.number === 91 ||
    error.number === 50 ||
    error.number === 11601
  );
}

/** maxWriteBatchSize. */
export const writesMax = 100_000;

export function requireBatchSize(count: number): void {
  if (count > 0 && count <= writesMax) return;
  throw new MongoError(16, `Write batch sizes must be between 1 and ${writesMax}. Got ${count} operations.`);
}
