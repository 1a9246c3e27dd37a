import type { Distance } from "../index/layout.ts";

/** A dense vector of each point. */
export interface DenseParams {
  readonly size: number;
  readonly distance: Distance;
  /** Each point has a list of such vectors; the score is the sum of each query vector's best. */
  readonly isMulti: boolean;
  readonly m: number;
  readonly efConstruction: number;
  /** What a client has said of it that has no meaning here, and is told back. */
  readonly told?: Readonly<Record<string, unknown>>;
}

export interface SparseParams {
  readonly isIdf: boolean;
  readonly told?: Readonly<Record<string, unknown>>;
}

/** What kind of values a payload index is for. */
export type FieldType = "keyword" | "integer" | "float" | "geo" | "text" | "bool" | "datetime" | "uuid";

export interface FieldIndex {
  readonly type: FieldType;
  /** As it was asked for. */
  readonly params?: Readonly<Record<string, unknown>>;
}

/** A collection, as it is stored. The vector without a name has the name "". */
export interface CollectionDefinition {
  readonly dense: Readonly<Record<string, DenseParams>>;
  readonly sparse: Readonly<Record<string, SparseParams>>;
  readonly fields: Readonly<Record<string, FieldIndex>>;
  readonly told?: Readonly<Record<string, unknown>>;
}

export const dimensionsMax = 65_536;
export const mDefault = 16;
export const efConstructionDefault = 200;
export const efSearchDefault = 128;
