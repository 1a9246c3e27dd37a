import type { Collation } from "../bson/collation.ts";
import type { DateTime, Doc, Timestamp } from "../bson/values.ts";

/** What an operator may ask about the write that it is a part of. */
export interface UpdateContext {
  /** Whether the document is being made by an upsert. */
  readonly isInsert: boolean;
  /** The position in the array that the filter matched, for "$". */
  readonly position: number | undefined;
  readonly collation: Collation | undefined;
  readonly now: DateTime;
  readonly clusterTime: Timestamp;
}

/** An update as it was understood. */
export interface Update {
  readonly kind: "operators" | "replacement" | "pipeline";
  /** Changes the document, which is the caller's own. Gives the document that takes its place. */
  apply(doc: Doc, context: UpdateContext): Doc;
  /** Whether it says "$", so that the matched position must be known. */
  readonly usesPosition: boolean;
}
