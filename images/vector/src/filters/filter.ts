import type { Json } from "../model/json.ts";
import type { GeoPoint } from "./geo.ts";

/** A filter, in the form of Qdrant's REST interface: the one form that all faces are translated into. */
export interface Filter {
  readonly must?: OneOrMany<Condition> | null;
  readonly should?: OneOrMany<Condition> | null;
  readonly must_not?: OneOrMany<Condition> | null;
  readonly min_should?: { readonly conditions: readonly Condition[]; readonly min_count: number } | null;
}

export type OneOrMany<T> = T | readonly T[];

export type Condition =
  | FieldCondition
  | { readonly is_empty: { readonly key: string } }
  | { readonly is_null: { readonly key: string } }
  | { readonly has_id: readonly (number | bigint | string)[] }
  | { readonly has_vector: string }
  | { readonly nested: { readonly key: string; readonly filter: Filter } }
  | Filter;

export interface FieldCondition {
  readonly key: string;
  readonly match?: Match | null;
  readonly range?: Range | null;
  readonly geo_radius?: { readonly center: GeoPoint; readonly radius: number } | null;
  readonly geo_bounding_box?: { readonly top_left: GeoPoint; readonly bottom_right: GeoPoint } | null;
  readonly geo_polygon?: {
    readonly exterior: { readonly points: readonly GeoPoint[] };
    readonly interiors?: readonly { readonly points: readonly GeoPoint[] }[] | null;
  } | null;
  readonly values_count?: Range | null;
  readonly is_empty?: boolean | null;
  readonly is_null?: boolean | null;
}

export type Match =
  | { readonly value: Json }
  | { readonly text: string }
  | { readonly text_any: string }
  | { readonly phrase: string }
  | { readonly prefix: string }
  | { readonly any: readonly Json[] }
  | { readonly except: readonly Json[] };

/** Numbers, or dates as text. */
export interface Range {
  readonly lt?: number | bigint | string | null;
  readonly lte?: number | bigint | string | null;
  readonly gt?: number | bigint | string | null;
  readonly gte?: number | bigint | string | null;
}
