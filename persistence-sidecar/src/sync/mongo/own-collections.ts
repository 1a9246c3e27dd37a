import type { Mark } from "../side.ts";

/** What sidecars keep in the database itself, in the transactions that write its documents. */
export const ownPrefix = "weftkit_sync.";
/** `identity` of the database, and by `applied:<sidecar>` how far each has come. */
export const stateCollection = `${ownPrefix}state`;
/** For each document that a sidecar has written what it wrote, by the `rowId`. */
export const versionCollection = `${ownPrefix}version`;

export interface State {
  readonly _id: string;
  /** Of the database, in `identity`. */
  readonly value?: string;
  /** Of the last batch, as a text. */
  readonly position?: string;
  /** Whose transactions write batches, in hexadecimal digits. */
  readonly session?: string;
  /** Goes up when it is asked for the position: a transaction that was under way does not commit any more. */
  readonly asked?: number;
}

/** Short names: there is one for each document. */
export interface StoredMark {
  readonly _id: string;
  readonly v: string;
  readonly r: string;
  readonly d: string;
}

export const appliedId = (id: string) => `applied:${id}`;

/** Whether a collection is the clients', and not the server's or the sidecars'. */
export function isClients(collection: string): boolean {
  return !collection.startsWith(ownPrefix) && !collection.startsWith("system.");
}

export function storedMark(_id: string, { version, replaced, digest }: Mark): StoredMark {
  return { _id, v: version, r: replaced, d: digest };
}

export function markOf({ v, r, d }: StoredMark): Mark {
  return { version: v, replaced: r, digest: d };
}
