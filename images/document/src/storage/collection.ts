import type { Collation } from "../bson/collation.ts";
import type { Doc } from "../bson/values.ts";
import type { Filter } from "../query/filter.ts";
import type { Matcher } from "../query/match.ts";
import type { TextIndex } from "../text/text-search.ts";

/** How one field is kept in an index. */
export interface IndexField {
  readonly path: string;
  readonly parts: readonly string[];
  readonly kind: "range" | "hashed" | "text" | "2dsphere" | "2d" | "wildcard";
  readonly isDescending: boolean;
}

/** An index as it is used; made of its specification (`makeIndex`). */
export interface Index {
  readonly id: number;
  readonly table: string;
  readonly name: string;
  /** As it was given, with its defaults: what listIndexes answers. */
  spec: Doc;
  readonly fields: readonly IndexField[];
  readonly isUnique: boolean;
  readonly isSparse: boolean;
  readonly isHidden: boolean;
  /** Since when it holds all documents, in milliseconds as `performance.now()`; Infinity while it is filled. */
  wholeSinceMs: number;
  readonly expireAfterSeconds: number | undefined;
  readonly collation: Collation | undefined;
  /** Of a partial index: what it holds. */
  readonly partial: { readonly filter: Filter; readonly source: Doc; readonly matches: Matcher } | undefined;
  /** Whether some document has more than one key in it. Never goes back. */
  isMultikey: boolean;
  /** Of a wildcard index: which paths it holds. */
  readonly covers: ((path: string) => boolean) | undefined;
  readonly text: TextIndex | undefined;
}

export type CollectionKind = "collection" | "view" | "timeseries";

/** Whether the store has said that the table of a collection or an index is gone: somebody dropped it after it was looked up. */
export function isOfDropped(error: unknown): boolean {
  return error instanceof Error && /^no such table: [di]\d+$/.test(error.message);
}

/** A collection or a view; made of its row in the catalog. */
export interface Collection {
  readonly id: number;
  readonly db: string;
  readonly name: string;
  readonly uuid: Buffer;
  readonly kind: CollectionKind;
  readonly table: string;
  options: Doc;
  /** In the order in which they were made, the one on _id first. */
  readonly indexes: Index[];
  readonly collation: Collation | undefined;
  readonly validator: Validator | undefined;
  readonly capped: { readonly bytesMax: number; readonly countMax: number } | undefined;
  /** Whether change streams may ask for documents as they were before. */
  readonly hasPreImages: boolean;
}

export interface Validator {
  readonly matches: Matcher;
  readonly source: Doc;
  readonly level: "off" | "moderate" | "strict";
  readonly action: "error" | "warn";
}

export function namespaceOf({ db, name }: { readonly db: string; readonly name: string }): string {
  return `${db}.${name}`;
}
