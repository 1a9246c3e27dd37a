import { MongoClient, MongoNetworkError, MongoServerError } from "mongodb";
import { Held } from "../side.ts";

const connectMs = 10_000;
/** The longest that a command of ours takes at a server that is well. */
const answerMsMax = 60_000;

/** Documents as they are stored: a 32-bit 1 is another value than a double. */
export const exactValues = {
  promoteValues: false,
  promoteLongs: false,
  promoteBuffers: false,
  bsonRegExp: true,
} as const;

/** A client that finds its server again by itself. */
export function openMongo(endpoint: string): MongoClient {
  return new MongoClient(endpoint, {
    appName: "weftkit-sync",
    connectTimeoutMS: connectMs,
    serverSelectionTimeoutMS: connectMs,
    socketTimeoutMS: answerMsMax,
    maxPoolSize: 8,
    readPreference: "primary",
    writeConcern: { w: "majority" },
  });
}

/** The database of an endpoint: `mongodb://host:27017/shop`; undefined when it names none. */
export function databaseOf(endpoint: string): string | undefined {
  const name = decodeURIComponent(new URL(endpoint).pathname.slice(1));
  return name === "" || /[/\\. "$*<>:|?]/.test(name) ? undefined : name;
}

/** Logins, rights, a server that is no primary, a view in the place of a collection, a disk that is full. */
const held = new Set([13, 18, 20, 115, 166, 10_107, 14_031]);
/** A key that another document has, a validator, a document that is too large, names of fields. */
const refused = new Set([2, 52, 56, 57, 121, 10_334, 11_000, 17_280, 17_419]);

/** What an error of the server means: whether it waits for somebody, or is to be tried again. */
export function meaningOf(error: unknown): unknown {
  if (!(error instanceof MongoServerError) || !held.has(Number(error.code))) return error;
  return new Held(error.message, { cause: error });
}

/** Whether the server will never take what was written. */
export function isRefusal(error: { readonly code?: unknown }): boolean {
  return refused.has(Number(error.code));
}

/** Whether a transaction has ended because others write the same documents. */
export function isContention(error: unknown): boolean {
  return (
    error instanceof MongoServerError &&
    !(error instanceof MongoNetworkError) &&
    error.hasErrorLabel("TransientTransactionError")
  );
}
