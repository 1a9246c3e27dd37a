import type { UploadUrl } from "../contract/messages.ts";

/** What is known of an object without reading it. */
export interface ObjectFacts {
  readonly bytes: number;
  /** Unix time in milliseconds when it was last written. */
  readonly modifiedMs: number;
}

export interface StoredObject {
  readonly body: Uint8Array;
  /** Changes whenever the content does. */
  readonly etag: string;
}

/** When an object may be written: when there is none, or while it is the one that was read. */
export type PutCondition = { readonly ifAbsent: true } | { readonly ifMatch: string };

/**
 * All that the function asks of a store. Keys are paths of letters, digits, ".", "_", "-" and "/". A read after a write
 * sees it; a write is whole or not there, and durable when it resolves. Whatever is not as it should be rejects:
 * "not there" is answered only when it is certain, because a missing head means an empty database.
 */
export interface ObjectStore {
  /** Undefined when there is none. Rejects with `object_too_large` when it is longer than `bytesMax`. */
  get(key: string, bytesMax: number): Promise<StoredObject | undefined>;
  /** Undefined when the condition does not hold. Of two writes on one condition at most one succeeds. */
  put(
    key: string,
    body: Uint8Array,
    condition?: PutCondition,
  ): Promise<{ readonly etag: string } | undefined>;
  head(key: string): Promise<ObjectFacts | undefined>;
  /** Resolves also when there was none. */
  delete(key: string): Promise<void>;
  /** A URL that gives the object for a while. */
  presignGet?(key: string): Promise<string>;
  /** A URL that takes the object for a while, and headers by which the store checks that its SHA-256 is this one. */
  presignPut?(key: string, sha256: string): Promise<UploadUrl>;
}
