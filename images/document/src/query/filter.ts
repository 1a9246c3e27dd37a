import type { Doc, Regex, Value } from "../bson/values.ts";
import type { Expression } from "../expressions/expression.ts";
import type { NearQuery } from "../geo/near.ts";
import type { GeoPredicate } from "../geo/predicate.ts";
import type { TextSearch } from "../text/text-search.ts";
import type { SchemaCheck } from "./json-schema.ts";
import type { Path } from "./path.ts";

/** A filter as it was understood: what documents are matched with, and what the planner looks for indexes for. */
export type Filter =
  | { readonly kind: "and" | "or" | "nor"; readonly children: readonly Filter[] }
  | { readonly kind: "not"; readonly child: Filter }
  | { readonly kind: Comparison; readonly path: Path; readonly value: Value }
  | {
      readonly kind: "in";
      readonly path: Path;
      readonly values: readonly Value[];
      readonly regexes: readonly Regex[];
    }
  | { readonly kind: "regex"; readonly path: Path; readonly regex: Regex }
  | { readonly kind: "exists"; readonly path: Path }
  | { readonly kind: "type"; readonly path: Path; readonly types: ReadonlySet<number> }
  | { readonly kind: "size"; readonly path: Path; readonly size: number }
  | { readonly kind: "mod"; readonly path: Path; readonly divisor: bigint; readonly remainder: bigint }
  | {
      readonly kind: "bits";
      readonly path: Path;
      readonly test: BitTest;
      readonly mask: bigint;
      readonly positions: readonly number[];
    }
  | { readonly kind: "elemMatchObject"; readonly path: Path; readonly child: Filter }
  | { readonly kind: "elemMatchValue"; readonly path: Path; readonly children: readonly Filter[] }
  | { readonly kind: "expr"; readonly expression: Expression; readonly source: Value }
  | { readonly kind: "schema"; readonly check: SchemaCheck; readonly source: Doc }
  | { readonly kind: "geo"; readonly path: Path; readonly predicate: GeoPredicate }
  | { readonly kind: "near"; readonly path: Path; readonly near: NearQuery }
  | { readonly kind: "text"; readonly search: TextSearch }
  | { readonly kind: "sample"; readonly rate: number }
  | { readonly kind: "always"; readonly matches: boolean };

export type Comparison = "eq" | "lt" | "lte" | "gt" | "gte";
export type BitTest = "allSet" | "allClear" | "anySet" | "anyClear";
