import type { SecurityContext } from "@weftkit/auth";
import type { Doc, Value } from "../bson/values.ts";
import type { DocSource, Pause, Turns } from "../exec/run.ts";
import type { ExpressionContext, Scope } from "../expressions/expression.ts";
import type { SortSpec } from "../expressions/sort.ts";
import type { Filter } from "../query/filter.ts";

/** A step of a pipeline, read once; connected for every run. */
export interface Stage {
  readonly name: string;
  /** As it was written, for explain and for what is told of it. */
  readonly spec: Value;
  connect(input: DocSource, scope: Scope): DocSource;
  /** What the planner may take over, when the stage stands at the beginning. */
  readonly filter?: Filter;
  readonly sort?: SortSpec;
  readonly limit?: number;
  /** Of a sort: the same one that keeps no more than so many. */
  limitedTo?(limit: number): Stage;
  /** Gives documents that come from nowhere else: it stands first, and has no input. */
  readonly isInitial?: boolean;
  /** Writes what comes out of the pipeline; it stands last. */
  readonly output?: Output;
  /** A stage of change streams. */
  readonly isChangeStream?: boolean;
}

/** Where $out and $merge write to. */
export type Output =
  | { readonly kind: "out"; readonly db: string; readonly collection: string; readonly timeseries?: Doc }
  | {
      readonly kind: "merge";
      readonly db: string;
      readonly collection: string;
      readonly on: readonly string[] | undefined;
      readonly whenMatched: "replace" | "keepExisting" | "merge" | "fail" | readonly Value[];
      readonly whenNotMatched: "insert" | "discard" | "fail";
      readonly let: Doc | undefined;
    };

/** What stages are read in. */
export interface StageContext {
  readonly expressions: ExpressionContext;
  readonly db: string;
  /** The collection that the pipeline is of; undefined for one of a database. */
  readonly collection: string | undefined;
  /** How many pipelines this one is within. */
  readonly depth: number;
  readonly host: PipelineHost;
  /** Who asks; undefined for the stages of a view's definition. */
  readonly user?: SecurityContext;
  /** Whether they may read another collection: throws MongoError 13 when not. Absent for a view's definition. */
  readonly authorizeRead?: (db: string, collection: string) => void;
  /** In $facet, $lookup, $unionWith: not every stage is allowed there. */
  readonly within?: "facet" | "lookup" | "union" | "view" | "update";
}

/** What pipelines need of the server: other collections, and the server's own state. */
export interface PipelineHost {
  /** The documents of a collection or view, through stages. Both were read before; views are resolved anew. */
  open(db: string, collection: string, stages: readonly Stage[], scope: Scope): DocSource;
  /** Documents whose field equals one of some values, for $lookup: with an index if there was one at that moment. */
  lookup(
    db: string,
    collection: string,
    path: string,
    values: readonly Value[],
    turns: Turns,
    asOfMs: number,
  ): Iterable<Doc | Pause>;
  /** The field of a collection's only index of places, of spheres before planes. @throws MongoError 27 */
  geoPath(db: string, collection: string): string;
  /** Stages of the server's own state: $currentOp, $collStats, $indexStats and others. */
  serverStage(name: string, spec: Value, context: StageContext): Stage | undefined;
}
