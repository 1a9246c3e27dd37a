import type { Filter } from "../filters/filter.ts";
import type { GeoPoint } from "../filters/geo.ts";

/** Queries in the form of Qdrant's REST interface, which all faces translate theirs into. */
export type PointId = number | bigint | string;
export type Floats = readonly number[] | Float32Array;

export interface SparseInput {
  readonly indices: readonly number[] | Uint32Array;
  readonly values: Floats;
}

/** A vector, or the id of the point that has it. */
export type VectorInput = PointId | Floats | readonly Floats[] | SparseInput;

export interface ContextPair {
  readonly positive: VectorInput;
  readonly negative: VectorInput;
}

export interface OrderBy {
  readonly key: string;
  readonly direction?: "asc" | "desc" | null;
  readonly start_from?: number | bigint | string | null;
}

export interface Recommend {
  readonly positive?: readonly VectorInput[] | null;
  readonly negative?: readonly VectorInput[] | null;
  readonly strategy?: "average_vector" | "best_score" | "sum_scores" | null;
}

export type Query =
  | {
      readonly nearest: VectorInput;
      readonly mmr?: { readonly diversity?: number | null; readonly candidates_limit?: number | null } | null;
    }
  | { readonly recommend: Recommend }
  | {
      readonly discover: {
        readonly target: VectorInput;
        readonly context?: ContextPair | readonly ContextPair[] | null;
      };
    }
  | { readonly context: ContextPair | readonly ContextPair[] }
  | { readonly order_by: string | OrderBy }
  | { readonly fusion: "rrf" | "dbsf" }
  | { readonly rrf: { readonly k?: number | null; readonly weights?: readonly number[] | null } }
  | { readonly formula: Expression; readonly defaults?: Readonly<Record<string, unknown>> | null }
  | { readonly relevance_feedback: RelevanceFeedback }
  | { readonly sample: "random" };

export interface RelevanceFeedback {
  readonly target: VectorInput;
  readonly feedback: readonly { readonly example: VectorInput; readonly score: number }[];
  readonly strategy: { readonly naive: { readonly a: number; readonly b: number; readonly c: number } };
}

export type Expression = number | string | { readonly [operator: string]: unknown };

export interface DecayParams {
  readonly x: Expression;
  readonly target?: Expression | null;
  readonly scale?: number | null;
  readonly midpoint?: number | null;
}

export interface GeoDistance {
  readonly origin: GeoPoint;
  readonly to: string;
}

export interface LookupFrom {
  readonly collection: string;
  readonly vector?: string | null;
}

export interface SearchParams {
  readonly hnsw_ef?: number | null;
  readonly exact?: boolean | null;
  readonly indexed_only?: boolean | null;
}

export interface Prefetch {
  readonly prefetch?: Prefetch | readonly Prefetch[] | null;
  readonly query?: VectorInput | Query | null;
  readonly using?: string | null;
  readonly filter?: Filter | null;
  readonly params?: SearchParams | null;
  readonly score_threshold?: number | null;
  readonly limit?: number | null;
  readonly lookup_from?: LookupFrom | null;
}

export interface QueryRequest extends Prefetch {
  readonly offset?: number | null;
}
