import type { Collection, Hit } from "../collections/collection.ts";
import type { VectorDatabase } from "../collections/vector-database.ts";
import { parsed } from "../collections/write-points.ts";
import { invalid } from "../errors.ts";
import type { Condition, Filter } from "../filters/filter.ts";
import { FilterSet } from "../filters/filter-set.ts";
import { isObject } from "../model/json.ts";
import type { VectorValue } from "../model/vector-value.ts";
import { PointRows } from "../storage/points.ts";
import { averageVector } from "./average-vector.ts";
import { bestScores, contextScores, discoveryScores, feedbackScores, sumScores } from "./example-scores.ts";
import { compileFormula } from "./formula.ts";
import { fuse, type Ranking } from "./fusion.ts";
import { diversify } from "./mmr.ts";
import { type OrderedHit, orderedPoints } from "./order-by.ts";
import { searchSparse } from "./search-sparse.ts";
import { candidates, shown, similarities } from "./similarities.ts";
import type {
  ContextPair,
  Prefetch,
  Query,
  QueryRequest,
  Recommend,
  RelevanceFeedback,
  VectorInput,
} from "./types.ts";
import { isId, VectorInputs } from "./vector-input.ts";

export const limitDefault = 10;
export const limitMax = 100_000;
const prefetchesMax = 64;
const depthMax = 8;
const efMax = 16_384;

export type QueryHit = Hit & Partial<Pick<OrderedHit, "orderValue">>;

/** What a query looks among, and how much it wants. */
interface Scope {
  readonly request: Prefetch;
  readonly name: string;
  readonly set: FilterSet | undefined;
  readonly limit: number;
}

const queryKinds = [
  "nearest",
  "recommend",
  "discover",
  "context",
  "order_by",
  "fusion",
  "rrf",
  "formula",
  "sample",
  "relevance_feedback",
];

/** Runs Qdrant's universal queries on one collection. */
export class QueryRunner {
  readonly #database: VectorDatabase;
  readonly #collection: Collection;

  constructor(database: VectorDatabase, collection: Collection) {
    this.#database = database;
    this.#collection = collection;
  }

  /** The best `limit` behind the first `offset`. */
  async run(request: QueryRequest): Promise<QueryHit[]> {
    // What is chosen by chance has no order to skip.
    const isSample = isObject(request.query) && "sample" in request.query;
    const offset = isSample ? 0 : (request.offset ?? 0);
    const hits = await this.#run(request, offset, depthMax);
    return hits.slice(offset);
  }

  async #run(request: Prefetch, offset: number, depth: number): Promise<QueryHit[]> {
    const limit = (request.limit ?? limitDefault) + offset;
    if (!Number.isInteger(limit) || limit < 1 || limit > limitMax)
      throw invalid(
        `Validation error: limit and offset are from 1 to ${limitMax} together, and not ${limit}`,
      );
    const prefetches = request.prefetch == null ? [] : [request.prefetch].flat();
    if (prefetches.length > prefetchesMax || depth === 0)
      throw invalid(`a query has ${prefetchesMax} prefetches at the most, ${depthMax} deep`);
    const query = queryOf(request.query);
    if (prefetches.length === 0) {
      const set = await this.#collection.matches(request.filter);
      const hits = await this.#base(query, { request, name: request.using ?? "", set, limit });
      return this.#threshold(request, query, hits);
    }
    if (query === undefined)
      throw invalid(
        "Bad request: A query is needed to merge the prefetches. Can't have prefetches without defining a query.",
      );
    const sources = await Promise.all(prefetches.map((one) => this.#run(one as Prefetch, 0, depth - 1)));
    return this.#threshold(request, query, await this.#merge(query, request, sources, limit));
  }

  async #merge(
    query: Query,
    request: Prefetch,
    sources: readonly (readonly QueryHit[])[],
    limit: number,
  ): Promise<QueryHit[]> {
    if ("fusion" in query || "rrf" in query) {
      // As in Qdrant, scores are taken as they are, distances too.
      const rankings = sources.map((hits): Ranking => ({ hits, isDistance: false }));
      if ("rrf" in query) {
        const { k, weights } = query.rrf;
        if (weights != null && weights.length !== sources.length)
          throw invalid(`Bad request: there are ${weights.length} weights for ${sources.length} prefetches`);
        return fuse(rankings, "rrf", { ...(k != null && { k }), ...(weights != null && { weights }) }).slice(
          0,
          limit,
        );
      }
      if (query.fusion !== "rrf" && query.fusion !== "dbsf")
        throw invalid(`there is no fusion ${String(query.fusion)}`);
      return fuse(rankings, query.fusion).slice(0, limit);
    }
    const set = await this.#among(request.filter, sources);
    if ("formula" in query) return this.#formula(query, sources, set, limit);
    if (set.count === 0) return [];
    return this.#base(query, { request, name: request.using ?? "", set, limit });
  }

  /** The points of all sources that match. */
  async #among(
    filter: Filter | null | undefined,
    sources: readonly (readonly QueryHit[])[],
  ): Promise<FilterSet> {
    const matching = await this.#collection.matches(filter);
    const set = new FilterSet();
    for (const { node, slot } of sources.flat()) {
      if (this.#collection.nodes.slotOf(node) !== slot) continue;
      if (matching === undefined || matching.has(node)) set.set(node, true);
    }
    return set;
  }

  async #base(query: Query | undefined, scope: Scope): Promise<QueryHit[]> {
    if (query === undefined) return this.#byId(scope);
    if ("nearest" in query) return this.#nearest(query, scope);
    if ("recommend" in query) return this.#recommend(query.recommend, scope);
    if ("discover" in query)
      return this.#discover(query.discover.target, pairsOf(query.discover.context), scope);
    if ("context" in query) return this.#discover(undefined, pairsOf(query.context), scope);
    if ("order_by" in query)
      return orderedPoints(this.#database.store, this.#collection, query.order_by, scope.set, scope.limit);
    if ("relevance_feedback" in query) return this.#feedback(query.relevance_feedback, scope);
    if ("sample" in query) return this.#sample(scope);
    throw invalid("Bad request: a fusion or a formula needs prefetches");
  }

  async #nearest(query: Extract<Query, { nearest: unknown }>, scope: Scope): Promise<QueryHit[]> {
    const inputs = this.#inputs(scope);
    const value = await inputs.resolve(query.nearest);
    const among = await this.#without(scope, inputs);
    if (query.mmr == null) return this.#search(value, among);
    const { diversity, candidates_limit } = query.mmr;
    const wanted = candidates_limit ?? scope.limit;
    if (!Number.isInteger(wanted) || wanted < 0 || wanted > 16_384)
      throw invalid(`Validation error: candidates_limit is from 0 to 16384, and not ${wanted}`);
    const found = await this.#search(value, { ...among, limit: Math.max(1, wanted) });
    const hits = this.#threshold(scope.request, query, found);
    return diversify(this.#collection, scope.name, value, hits, diversity ?? 0.5, scope.limit);
  }

  async #search(value: VectorValue, { request, name, set, limit }: Scope): Promise<Hit[]> {
    const collection = this.#collection;
    if (value.kind === "sparse") return searchSparse(collection, name, value, { k: limit, set });
    if (value.kind === "multi") {
      const nodes = candidates(collection, name, set);
      const { distance } = collection.multi.get(name)!;
      return this.#ranked(nodes, await similarities(collection, name, value, nodes), limit, (one) =>
        shown(distance, one),
      );
    }
    const ef = request.params?.hnsw_ef ?? undefined;
    if (ef !== undefined && (!Number.isInteger(ef) || ef < 0 || ef > efMax))
      throw invalid(`hnsw_ef is from 0 to ${efMax}, and not ${ef}`);
    const exact = request.params?.exact ?? undefined;
    return collection.searchDense(name, value.values, {
      k: limit,
      ef: ef === 0 ? undefined : ef,
      set,
      exact,
    });
  }

  async #recommend({ positive, negative, strategy }: Recommend, scope: Scope): Promise<Hit[]> {
    const inputs = this.#inputs(scope);
    const [pro, contra] = await Promise.all([inputs.all(positive), inputs.all(negative)]);
    const among = await this.#without(scope, inputs);
    if (pro.length + contra.length === 0)
      throw invalid("Bad request: At least one positive or negative example is needed to recommend");
    switch (strategy ?? "average_vector") {
      case "average_vector":
        return this.#search(averageVector(pro, contra), among);
      case "best_score":
      case "sum_scores": {
        const nodes = candidates(this.#collection, scope.name, among.set);
        const all = (values: readonly VectorValue[]) =>
          Promise.all(values.map((value) => similarities(this.#collection, scope.name, value, nodes)));
        const combine = strategy === "best_score" ? bestScores : sumScores;
        return this.#ranked(nodes, combine(await all(pro), await all(contra), nodes.length), among.limit);
      }
      default:
        throw invalid(`there is no strategy ${String(strategy)}`);
    }
  }

  async #discover(
    target: VectorInput | undefined,
    context: readonly ContextPair[],
    scope: Scope,
  ): Promise<Hit[]> {
    const inputs = this.#inputs(scope);
    if (target === undefined && context.length === 0)
      throw invalid("Bad request: No target or context given");
    const goal = target === undefined ? undefined : await inputs.resolve(target);
    const pairs = await Promise.all(
      context.map(async ({ positive, negative }) => ({
        positive: await inputs.resolve(positive),
        negative: await inputs.resolve(negative),
      })),
    );
    const among = await this.#without(scope, inputs);
    const nodes = candidates(this.#collection, scope.name, among.set);
    const of = (value: VectorValue) => similarities(this.#collection, scope.name, value, nodes);
    const compared = await Promise.all(
      pairs.map(async ({ positive, negative }) => ({
        positive: await of(positive),
        negative: await of(negative),
      })),
    );
    const scores =
      goal === undefined
        ? contextScores(compared, nodes.length)
        : discoveryScores(await of(goal), compared, nodes.length);
    return this.#ranked(nodes, scores, among.limit);
  }

  async #feedback({ target, feedback, strategy }: RelevanceFeedback, scope: Scope): Promise<Hit[]> {
    const inputs = this.#inputs(scope);
    const goal = await inputs.resolve(target);
    const examples = await Promise.all(
      feedback.map(async ({ example, score }) => ({ value: await inputs.resolve(example), score })),
    );
    const among = await this.#without(scope, inputs);
    const nodes = candidates(this.#collection, scope.name, among.set);
    const of = (value: VectorValue) => similarities(this.#collection, scope.name, value, nodes);
    const compared = await Promise.all(
      examples.map(async ({ value, score }) => ({ similarities: await of(value), score })),
    );
    const scores = feedbackScores(await of(goal), compared, strategy.naive);
    return this.#ranked(nodes, scores, among.limit);
  }

  async #formula(
    query: Extract<Query, { formula: unknown }>,
    sources: readonly (readonly QueryHit[])[],
    set: FilterSet,
    limit: number,
  ): Promise<Hit[]> {
    const collection = this.#collection;
    const formula = compileFormula(query.formula, query.defaults ?? {}, collection.definition.fields);
    const scores = sources.map((hits) => new Map(hits.map(({ slot, score }) => [slot, score])));
    const hits = await this.#database.store.read((db) => {
      const rows = new PointRows(db, collection.number);
      return Array.from(set.nodes()).flatMap((node): Hit[] => {
        const slot = collection.nodes.slotOf(node);
        const row = rows.bySlot(slot);
        if (row === undefined) return [];
        const score = formula({
          payload: parsed(row.payload),
          key: row.id.toString("hex"),
          hasVector: (name) => collection.hasVector(name, node),
          scores: scores.map((of) => of.get(slot)),
        });
        return [{ slot, node, score }];
      });
    });
    return hits.sort((a, b) => b.score - a.score || a.slot - b.slot).slice(0, limit);
  }

  async #byId({ set, limit }: Scope): Promise<Hit[]> {
    const collection = this.#collection;
    return this.#database.store.read((db) => {
      const hits: Hit[] = [];
      const rows = new PointRows(db, collection.number);
      let from: Buffer | undefined;
      while (hits.length < limit) {
        const page = rows.idsFrom(from, 1000);
        for (const { slot } of page) {
          const node = collection.nodes.nodeOf(slot);
          if (node !== undefined && (set === undefined || set.has(node)) && hits.length < limit)
            hits.push({ slot, node, score: 1 });
        }
        if (page.length < 1000) break;
        from = Buffer.concat([page.at(-1)!.id, Buffer.of(0)]);
      }
      return hits;
    });
  }

  #sample({ set, limit }: Scope): Hit[] {
    const nodes = Array.from(set === undefined ? this.#collection.nodes.all() : set.nodes());
    for (let i = 0; i < Math.min(limit, nodes.length); i++) {
      const j = i + Math.floor(Math.random() * (nodes.length - i));
      [nodes[i], nodes[j]] = [nodes[j]!, nodes[i]!];
    }
    return nodes
      .slice(0, limit)
      .map((node) => ({ node, slot: this.#collection.nodes.slotOf(node), score: 1 }));
  }

  /** Without the points that lent their vectors to the query. */
  async #without(scope: Scope, { mentioned }: VectorInputs): Promise<Scope> {
    if (mentioned.size === 0) return scope;
    if (scope.request.prefetch != null && [scope.request.prefetch].flat().length > 0) {
      const set = new FilterSet();
      const slots = await this.#slotsOf([...mentioned.values()]);
      for (const node of scope.set?.nodes() ?? [])
        set.set(node, !slots.has(this.#collection.nodes.slotOf(node)));
      return { ...scope, set };
    }
    // The filter of the request is kept; this one is of this query alone.
    const slots = await this.#slotsOf([...mentioned.values()]);
    const set = new FilterSet();
    const nodes = scope.set === undefined ? this.#collection.nodes.all() : scope.set.nodes();
    for (const node of nodes) if (!slots.has(this.#collection.nodes.slotOf(node))) set.set(node, true);
    return { ...scope, set };
  }

  #slotsOf(keys: readonly Buffer[]): Promise<Set<number>> {
    return this.#database.store.read((db) => {
      const rows = new PointRows(db, this.#collection.number);
      return new Set(keys.map((key) => rows.slotOf(key)).filter((slot) => slot !== undefined));
    });
  }

  #ranked(nodes: Uint32Array, scores: Float32Array, limit: number, show = (score: number) => score): Hit[] {
    const order = Array.from(nodes.keys());
    order.sort((a, b) => scores[b]! - scores[a]! || nodes[a]! - nodes[b]!);
    return order.slice(0, limit).map((i) => ({
      node: nodes[i]!,
      slot: this.#collection.nodes.slotOf(nodes[i]!),
      score: show(scores[i]!),
    }));
  }

  #threshold<T extends QueryHit>(
    { score_threshold, ...request }: Prefetch,
    query: Query | undefined,
    hits: T[],
  ): T[] {
    if (score_threshold == null || query === undefined) return hits;
    return this.#isDistance(request, query)
      ? hits.filter(({ score }) => score <= score_threshold)
      : hits.filter(({ score }) => score >= score_threshold);
  }

  /** Whether the scores of a query are distances. */
  #isDistance({ using }: Prefetch, query: Query | undefined): boolean {
    if (query === undefined) return false;
    const isOfVectors =
      "nearest" in query ||
      ("recommend" in query && (query.recommend.strategy ?? "average_vector") === "average_vector");
    const distance = this.#collection.definition.dense[using ?? ""]?.distance;
    return isOfVectors && (distance === "Euclid" || distance === "Manhattan");
  }

  #inputs({ request, name }: Scope): VectorInputs {
    this.#collection.requireKind(name);
    return new VectorInputs(this.#database, this.#collection, name, request.lookup_from);
  }
}

function pairsOf(context: ContextPair | readonly ContextPair[] | null | undefined): readonly ContextPair[] {
  return context == null ? [] : ([context].flat() as ContextPair[]);
}

/** A query, or a vector that stands for one. @throws VectorError */
function queryOf(query: VectorInput | Query | null | undefined): Query | undefined {
  if (query === null || query === undefined) return undefined;
  if (isId(query) || Array.isArray(query) || query instanceof Float32Array)
    return { nearest: query as VectorInput };
  if (!isObject(query)) throw invalid("Format error in JSON body: this is no query");
  const kind = queryKinds.find((one) => one in query);
  if (kind === undefined) return { nearest: query as unknown as VectorInput };
  return query as unknown as Query;
}

/** A filter with one condition more. */
export function withCondition(filter: Filter | null | undefined, condition: Condition): Filter {
  return filter == null ? { must: [condition] } : { must: [filter, condition] };
}
