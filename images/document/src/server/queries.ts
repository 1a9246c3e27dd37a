import type { Collation } from "../bson/collation.ts";
import { Doc, type Value } from "../bson/values.ts";
import { writeDoc } from "../bson/write.ts";
import { MongoError } from "../errors.ts";
import { RowSource } from "../exec/row-source.ts";
import { type DocSource, documentsOf, type Pause, pause, type Turns } from "../exec/run.ts";
import { sortedOverTurns } from "../exec/sorted-over-turns.ts";
import { expressionContext, metadataOf, newScope, setMetadata } from "../expressions/context.ts";
import type { ExpressionContext, Scope } from "../expressions/expression.ts";
import type { SortSpec } from "../expressions/sort.ts";
import { distanceOf } from "../geo/near.ts";
import { type Plan, providesSort } from "../plan/plan.ts";
import { makePlan } from "../plan/planner.ts";
import { parseCollation } from "../query/collation-options.ts";
import type { Filter } from "../query/filter.ts";
import { compileFilter } from "../query/match.ts";
import { pathOf } from "../query/path.ts";
import { parsePipeline } from "../stages/parse-pipeline.ts";
import { blockingSource } from "../stages/registry.ts";
import type { PipelineHost, Stage, StageContext } from "../stages/stage.ts";
import type { Catalog } from "../storage/catalog.ts";
import type { Collection } from "../storage/collection.ts";
import { textScore } from "../text/score.ts";

/** Views upon views upon views (kMaxViewDepth). */
const viewDepthMax = 20;

export interface QueryOptions {
  readonly filter: Filter | undefined;
  readonly sort?: SortSpec | undefined;
  readonly hint?: Value | undefined;
  readonly collation: Collation | undefined;
  readonly limit?: number | undefined;
  readonly min?: Doc | undefined;
  readonly max?: Doc | undefined;
  /** Whether the documents are to know the numbers that they are kept by. */
  readonly hasRecordIds?: boolean | undefined;
}

/** A collection's documents that match, and whether they come in the order that was asked for. */
export interface OpenedQuery {
  readonly source: DocSource;
  readonly plan: Plan;
  readonly isSorted: boolean;
}

/** Where pipelines and finds get their documents from. */
export class Queries implements PipelineHost {
  readonly #catalog: Catalog;
  readonly #serverStages: PipelineHost["serverStage"];

  constructor(catalog: Catalog, serverStages: PipelineHost["serverStage"]) {
    this.#catalog = catalog;
    this.#serverStages = serverStages;
  }

  serverStage(name: string, spec: Value, context: StageContext): Stage | undefined {
    return this.#serverStages(name, spec, context);
  }

  /** The documents of a collection that match a filter. */
  query(collection: Collection, options: QueryOptions, scope: Scope): OpenedQuery {
    const { filter = always, sort, hint, collation, limit, min, max, hasRecordIds } = options;
    const plan = makePlan({
      collection,
      filter,
      sort,
      hint,
      collation,
      min,
      max,
      asOfMs: scope.asOfMs ?? Number.POSITIVE_INFINITY,
      ...(limit !== undefined && { limit }),
    });
    const rows = new RowSource(collection, plan, limit !== undefined && limit > 0 ? limit : undefined);
    const isSorted = providesSort(plan);
    const near = nearOf(filter);
    if (near !== undefined) requireGeoIndex(collection, near);
    const search = textOf(filter);
    const isAll = filter.kind === "always" && filter.matches;
    const matches = isAll ? undefined : compileFilter(filter, { collation, scope });
    const source: DocSource = {
      next(run) {
        // An order that an index gives does not hold for what the transaction itself has written.
        for (;;) {
          const row = rows.next(run);
          if (row === undefined || row === pause) return row;
          if (matches !== undefined && !matches(row.doc, 0)) continue;
          const doc = Doc.read(row.doc);
          if (hasRecordIds === true) setMetadata(doc, { recordId: BigInt(row.rid) });
          if (search !== undefined) {
            const score = plan.kind === "text" ? textScore(plan.index.text!, search, doc) : 0;
            if (score === undefined) continue;
            setMetadata(doc, { ...metadataOf(doc), textScore: score });
          }
          if (near !== undefined) {
            const distance = nearestOf(doc, near);
            if (distance === undefined || distance < near.near.min || distance > near.near.max) continue;
            setMetadata(doc, { ...metadataOf(doc), geoDistance: distance });
          }
          return doc;
        }
      },
    };
    // The nearest come first, unless another order is asked for.
    if (near !== undefined && sort === undefined) {
      return { source: nearestFirst(source), plan, isSorted: true };
    }
    return { source, plan, isSorted };
  }

  geoPath(db: string, name: string): string {
    const indexes = this.#catalog.find(db, name)?.indexes ?? [];
    for (const kind of ["2dsphere", "2d"]) {
      const paths = new Set(
        indexes.flatMap(({ fields }) =>
          fields.filter((field) => field.kind === kind).map(({ path }) => path),
        ),
      );
      if (paths.size > 1)
        throw new MongoError(
          27,
          `There is more than one ${kind} index on ${db}.${name}; unsure which to use for $geoNear`,
        );
      for (const path of paths) return path;
    }
    throw new MongoError(27, "$geoNear requires a 2d or 2dsphere index, but none were found");
  }

  open(db: string, name: string, stages: readonly Stage[], scope: Scope): DocSource {
    const first = stages[0];
    if (first?.isInitial === true) return connect(stages, empty, scope);
    const resolved = this.resolve(db, name);
    if (resolved.pipeline.length > 0) {
      const expressions = expressionContext({
        collation: resolved.collation,
        ...(scope.asOfMs !== undefined && { asOfMs: scope.asOfMs }),
      });
      const context: StageContext = {
        expressions,
        db,
        collection: resolved.collection?.name ?? resolved.name,
        depth: 1,
        host: this,
        within: "view",
      };
      const before = parsePipeline(resolved.pipeline, context);
      return connect(
        stages,
        this.#openBase(db, resolved.name, before, newScope(expressions), resolved.collation).source,
        scope,
      );
    }
    return this.#openBase(db, name, stages, scope, undefined).source;
  }

  /** The plan that a pipeline would begin with, and its source. */
  openPipeline(
    db: string,
    name: string,
    stages: readonly Stage[],
    scope: Scope,
    collation: Collation | undefined,
    hint?: Value,
  ): { source: DocSource; plan: Plan | undefined } {
    return this.#openBase(db, name, stages, scope, collation, hint);
  }

  #openBase(
    db: string,
    name: string,
    stages: readonly Stage[],
    scope: Scope,
    collation: Collation | undefined,
    hint?: Value,
  ): { source: DocSource; plan: Plan | undefined } {
    const collection = this.#catalog.find(db, name);
    if (stages[0]?.isInitial === true) return { source: connect(stages, empty, scope), plan: undefined };
    if (collection === undefined) return { source: connect(stages, empty, scope), plan: undefined };
    let used = 0;
    const filters: Filter[] = [];
    while (stages[used]?.filter !== undefined) filters.push(stages[used++]!.filter!);
    const sort = stages[used]?.sort;
    const filter: Filter | undefined =
      filters.length === 0
        ? undefined
        : filters.length === 1
          ? filters[0]
          : { kind: "and", children: filters.flatMap((one) => (one.kind === "and" ? one.children : [one])) };
    const limit = sort === undefined ? stages[used]?.limit : undefined;
    const opened = this.query(collection, { filter, sort, collation, hint, limit }, scope);
    // The sort falls away where the index gives its order.
    if (sort !== undefined && opened.isSorted) {
      const rest = stages.slice(used + 1);
      return {
        source: connect(rest, sortedUnlessOverlaid(opened.source, collection, stages[used]!, scope), scope),
        plan: opened.plan,
      };
    }
    return { source: connect(withLimitedSorts(stages.slice(used)), opened.source, scope), plan: opened.plan };
  }

  /** What a name stands for: a collection, or a view's collection and all the stages on the way to it. */
  resolve(
    db: string,
    name: string,
  ): {
    readonly name: string;
    readonly collection: Collection | undefined;
    readonly pipeline: readonly Value[];
    readonly collation: Collation | undefined;
    readonly isView: boolean;
  } {
    let pipeline: Value[] = [];
    let collation: Collation | undefined;
    let isView = false;
    for (let depth = 0; ; depth++) {
      const collection = this.#catalog.find(db, name);
      if (collection?.kind !== "view") {
        return { name, collection, pipeline, collation: isView ? collation : collection?.collation, isView };
      }
      if (depth >= viewDepthMax) {
        throw new MongoError(165, `View depth limit exceeded; maximum depth is ${viewDepthMax}`);
      }
      if (!isView) {
        const spec = collection.options.get("collation");
        collation = spec instanceof Doc ? parseCollation(spec) : undefined;
      }
      isView = true;
      pipeline = [...((collection.options.get("pipeline") as Value[] | undefined) ?? []), ...pipeline];
      name = collection.options.get("viewOn") as string;
    }
  }

  *lookup(
    db: string,
    name: string,
    path: string,
    values: readonly Value[],
    turns: Turns,
    asOfMs: number,
  ): Iterable<Doc | Pause> {
    const filter: Filter =
      values.length === 1 && !Array.isArray(values[0])
        ? { kind: "eq", path: pathOf(path), value: values[0]! }
        : { kind: "in", path: pathOf(path), values, regexes: [] };
    const resolved = this.resolve(db, name);
    const scope = newScope(expressionContext({ asOfMs }));
    if (resolved.pipeline.length > 0) {
      const matches = compileFilter(filter, { collation: undefined, scope });
      for (const doc of documentsOf(this.open(db, name, [], scope), turns)) {
        if (doc === pause || matches(writeDoc(doc), 0)) yield doc;
      }
      return;
    }
    if (resolved.collection === undefined) return;
    yield* documentsOf(
      this.query(resolved.collection, { filter, collation: undefined }, scope).source,
      turns,
    );
  }
}

type Near = Extract<Filter, { kind: "near" }>;

function nearOf(filter: Filter): Near | undefined {
  if (filter.kind === "near") return filter;
  if (filter.kind !== "and") return undefined;
  for (const child of filter.children) if (child.kind === "near") return child;
  return undefined;
}

function requireGeoIndex({ indexes }: Collection, { path, near }: Near): void {
  const kinds = near.unit === "plane" ? ["2d"] : near.unit === "radians" ? ["2d", "2dsphere"] : ["2dsphere"];
  const isThere = indexes.some(({ fields }) =>
    fields.some((field) => field.path === path.text && kinds.includes(field.kind)),
  );
  if (isThere) return;
  throw new MongoError(
    291,
    "error processing query: planner returned error :: caused by :: unable to find index for $geoNear query",
  );
}

/** The distance of the nearest of all places at a path. */
function nearestOf(doc: Doc, { path, near }: Near): number | undefined {
  let nearest: number | undefined;
  const consider = (value: Value | undefined) => {
    const distance = distanceOf(value, near);
    if (distance !== undefined && (nearest === undefined || distance < nearest)) nearest = distance;
  };
  const walk = (value: Value | undefined, from: number) => {
    if (from === path.parts.length) {
      consider(value);
      if (Array.isArray(value))
        for (const one of value) if (typeof one === "object" && one !== null) consider(one);
    } else if (value instanceof Doc) walk(value.get(path.parts[from]!.name), from + 1);
    else if (Array.isArray(value)) for (const one of value) walk(one, from);
  };
  walk(doc, 0);
  return nearest;
}

function nearestFirst(source: DocSource): DocSource {
  const found: { doc: Doc; distance: number }[] = [];
  return blockingSource(source, {
    add: (doc) => void found.push({ doc, distance: metadataOf(doc)?.geoDistance ?? 0 }),
    *results(turns) {
      for (const { doc } of yield* sortedOverTurns(found, (a, b) => a.distance - b.distance, turns))
        yield doc;
    },
  });
}

const always: Filter = { kind: "always", matches: true };
const empty: DocSource = { next: () => undefined };

export function connect(stages: readonly Stage[], input: DocSource, scope: Scope): DocSource {
  return stages.reduce((source, stage) => stage.connect(source, scope), input);
}

/** A sort that is followed by a limit keeps no more than that. */
function withLimitedSorts(stages: readonly Stage[]): readonly Stage[] {
  return stages.map((stage, i) => {
    const limit = stages[i + 1]?.limit;
    return stage.limitedTo !== undefined && limit !== undefined ? stage.limitedTo(limit) : stage;
  });
}

/** As it comes, unless the transaction has documents of its own: those stand behind all others, and are sorted in. */
export function sortedUnlessOverlaid(
  source: DocSource,
  collection: Collection,
  sort: Stage,
  scope: Scope,
): DocSource {
  let chosen: DocSource | undefined;
  return {
    next(run) {
      chosen ??= run.overlay(collection) === undefined ? source : sort.connect(source, scope);
      return chosen.next(run);
    },
  };
}

function textOf(filter: Filter): Extract<Filter, { kind: "text" }>["search"] | undefined {
  if (filter.kind === "text") return filter.search;
  if (filter.kind !== "and") return undefined;
  for (const child of filter.children) if (child.kind === "text") return child.search;
  return undefined;
}

export function contextWith(
  expressions: ExpressionContext,
  collation: Collation | undefined,
): ExpressionContext {
  return { ...expressions, collation };
}
