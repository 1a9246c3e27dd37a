import { checkVector } from "../../collections/check-vector.ts";
import type { Collection } from "../../collections/collection.ts";
import { type Point, readHits, readPoints, scrollPoints } from "../../collections/read-points.ts";
import type { VectorDatabase } from "../../collections/vector-database.ts";
import { type NewPoint, writePoints } from "../../collections/write-points.ts";
import { invalid, noSuchPoint } from "../../errors.ts";
import type { Distance } from "../../index/layout.ts";
import {
  type CollectionDefinition,
  type DenseParams,
  efConstructionDefault,
  mDefault,
} from "../../model/definition.ts";
import { keyOfText, textOfKey } from "../../model/point-id.ts";
import type { VectorValue } from "../../model/vector-value.ts";
import { fuse } from "../../query/fusion.ts";
import { searchSparse } from "../../query/search-sparse.ts";
import { type Caller, requireRight } from "../caller.ts";
import type { ClientStream, Message, ServiceHandlers, Unary } from "../grpc-server.ts";
import { filterOf } from "./filters.ts";
import { objectOfStruct, structOf } from "./struct.ts";

export const topKDefault = 10;
export const topKMax = 16_384;
export const efMax = 16_384;
const scrollDefault = 100;
const scrollMax = 10_000;
const batchMax = 1000;

const distances: Readonly<Record<string, Distance>> = {
  "": "Cosine",
  cosine: "Cosine",
  euclidean: "Euclid",
  dot_product: "Dot",
  manhattan: "Manhattan",
};
const distanceNames = {
  Cosine: "cosine",
  Euclid: "euclidean",
  Dot: "dot_product",
  Manhattan: "manhattan",
} as const;

interface Scored extends Point {
  readonly score: number;
}

/** `weftkit.vector.v1.VectorService`. */
export class VectorService {
  readonly #database: VectorDatabase;

  constructor(database: VectorDatabase) {
    this.#database = database;
  }

  handlers(): ServiceHandlers {
    const unary: Record<string, Unary> = {
      CreateCollection: (caller, request) => this.#create(caller, request),
      DeleteCollection: (caller, request) => this.#drop(caller, request),
      DescribeCollection: (caller, request) => {
        requireRight(caller, "read", request.name as string);
        return infoOf(this.#database.require(request.name as string));
      },
      ListCollections: (caller) => {
        requireRight(caller, "read");
        const collections = [...this.#database.all()].filter(({ name }) => caller.user.can("read", name));
        return { collections: collections.map(infoOf) };
      },
      UpsertVectors: (caller, request) => this.#upsert(caller, request),
      DeleteVectors: (caller, request) => this.#delete(caller, request),
      GetVector: (caller, request) => this.#get(caller, request),
      SearchVectors: async (caller, request) => ({
        matches: (await this.#search(caller, request)).map(matchOf),
      }),
      SearchBatch: async (caller, request) => {
        const searches = request.searches as Message[];
        if (searches.length > batchMax)
          throw invalid(`a batch has ${batchMax} searches at the most; this one has ${searches.length}`);
        const results = await Promise.all(searches.map((search) => this.#search(caller, search)));
        return { responses: results.map((points) => ({ matches: points.map(matchOf) })) };
      },
      HybridSearch: (caller, request) => this.#hybrid(caller, request),
      ScrollVectors: (caller, request) => this.#scroll(caller, request),
      CountVectors: async (caller, request) => {
        const collection = this.#readable(caller, request);
        const set = await collection.matches(filterOf(request));
        return { count: set?.count ?? collection.points };
      },
    };
    const clientStream: Record<string, ClientStream> = {
      StreamUpsert: async (caller, requests) => {
        let upserted = 0;
        const duplicates: string[] = [];
        for await (const request of requests) {
          const answer = await this.#upsert(caller, request);
          upserted += answer.upserted_count;
          duplicates.push(...answer.duplicate_ids);
        }
        return { upserted_count: upserted, duplicate_ids: duplicates };
      },
    };
    return { unary, clientStream };
  }

  async #create(caller: Caller, request: Message): Promise<object> {
    const name = request.name as string;
    requireRight(caller, "schema", name);
    const dense: Record<string, DenseParams> = {};
    if (request.dimensions > 0) dense[""] = denseParams(request);
    for (const [vector, config] of Object.entries(request.named_vectors as Record<string, Message>))
      dense[vector] = denseParams(config);
    const sparse = Object.fromEntries(
      Object.entries(request.sparse_vectors as Record<string, { idf: boolean }>).map(([vector, { idf }]) => [
        vector,
        { isIdf: idf },
      ]),
    );
    if (Object.keys(dense).length + Object.keys(sparse).length === 0)
      throw invalid("dimensions must be 1 or more");
    const definition: CollectionDefinition = { dense, sparse, fields: {} };
    await this.#database.create(name, definition);
    return { name };
  }

  async #drop(caller: Caller, request: Message): Promise<object> {
    requireRight(caller, "schema", request.name as string);
    return { deleted: await this.#database.drop(request.name as string) };
  }

  async #upsert(
    caller: Caller,
    request: Message,
  ): Promise<{ upserted_count: number; duplicate_ids: string[] }> {
    requireRight(caller, "write", request.collection as string);
    const collection = this.#database.require(request.collection as string);
    const points = new Map<string, NewPoint>();
    const duplicates = new Set<string>();
    for (const vector of request.vectors as Message[]) {
      const key = keyOfText(vector.id as string);
      const hex = key.toString("hex");
      if (points.delete(hex)) duplicates.add(vector.id as string);
      points.set(hex, { key, payload: payloadOf(vector), vectors: vectorsOf(collection, vector) });
    }
    if (points.size > 0)
      await writePoints(this.#database.store, collection, [{ do: "upsert", points: [...points.values()] }]);
    return { upserted_count: points.size, duplicate_ids: [...duplicates] };
  }

  async #delete(caller: Caller, request: Message): Promise<object> {
    requireRight(caller, "write", request.collection as string);
    const collection = this.#database.require(request.collection as string);
    const filter = filterOf(request);
    const ids = request.ids as string[];
    if (ids.length > 0 && filter !== undefined) throw invalid("ids and a filter exclude each other");
    if (ids.length === 0 && filter === undefined) return { deleted_count: 0 };
    const selector = filter === undefined ? { keys: ids.map(keyOfText) } : { filter };
    const [count] = await writePoints(this.#database.store, collection, [{ do: "delete", selector }]);
    return { deleted_count: count };
  }

  async #get(caller: Caller, request: Message): Promise<object> {
    const collection = this.#readable(caller, request);
    const id = request.id as string;
    const [point] = await readPoints(this.#database.store, collection, [keyOfText(id)], {
      payload: true,
      vectors: true,
    });
    if (point === undefined) throw noSuchPoint(id);
    return { vector: vectorOf(point) };
  }

  async #search(caller: Caller, request: Message): Promise<Scored[]> {
    const collection = this.#readable(caller, request);
    const { store } = this.#database;
    const vectors = request.include_values === true ? [request.vector_name as string] : false;
    // A point that was replaced between the search and the look at its record is found again as it is now.
    for (let attempt = 0; ; attempt++) {
      const hits = await this.#hits(collection, request);
      const points = await readHits(store, collection, hits, { payload: true, vectors });
      if (points.length === hits.length || attempt === 3) return points;
    }
  }

  async #hits(collection: Collection, request: Message) {
    const name = request.vector_name as string;
    const topK = (request.top_k as number) || topKDefault;
    const offset = request.offset as number;
    if (topK + offset > topKMax)
      throw invalid(`top_k and offset are ${topKMax} together at the most, and not ${topK + offset}`);
    const ef = (request.ef_search as number) || undefined;
    if (ef !== undefined && ef > efMax) throw invalid(`ef_search is ${efMax} at the most, and not ${ef}`);
    const set = await collection.matches(filterOf(request));
    const value: VectorValue =
      request.sparse == null
        ? { kind: "dense", values: Float32Array.from(request.vector as number[]) }
        : sparseOf(request.sparse as Message);
    const query = checkVector(collection, name, value);
    const k = topK + offset;
    const hits =
      query.kind === "sparse"
        ? searchSparse(collection, name, query, { k, set })
        : await collection.searchDense(name, (query as VectorValue & { kind: "dense" }).values, {
            k,
            ef,
            set,
            exact: request.exact as boolean,
          });
    const isDistance = ["Euclid", "Manhattan"].includes(collection.definition.dense[name]?.distance ?? "");
    const threshold = Object.hasOwn(request as object, "score_threshold")
      ? (request.score_threshold as number)
      : undefined;
    return hits
      .filter(
        ({ score }) => threshold === undefined || (isDistance ? score <= threshold : score >= threshold),
      )
      .slice(offset);
  }

  async #hybrid(caller: Caller, request: Message): Promise<object> {
    const searches = request.searches as Message[];
    if (searches.length > batchMax) throw invalid(`there are ${batchMax} searches at the most`);
    const collection = this.#readable(caller, request);
    const lists = await Promise.all(searches.map((search) => this.#hits(collection, search)));
    const topK = (request.top_k as number) || topKDefault;
    const fused = fuse(
      lists.map((hits, i) => ({
        hits,
        isDistance: ["Euclid", "Manhattan"].includes(
          collection.definition.dense[searches[i]!.vector_name as string]?.distance ?? "",
        ),
      })),
      request.fusion === 1 ? "dbsf" : "rrf",
    ).slice(0, topK);
    const vectors = request.include_values === true ? [""] : false;
    const points = await readHits(this.#database.store, collection, fused, { payload: true, vectors });
    return { matches: points.map(matchOf) };
  }

  async #scroll(caller: Caller, request: Message): Promise<object> {
    const collection = this.#readable(caller, request);
    const limit = (request.limit as number) || scrollDefault;
    if (limit > scrollMax) throw invalid(`limit is ${scrollMax} at the most, and not ${limit}`);
    const page = request.page as string;
    const matches = await collection.matches(filterOf(request));
    const from = page === "" ? undefined : Buffer.from(page, "base64url");
    const { points, next } = await scrollPoints(
      this.#database.store,
      collection,
      { from, limit, matches },
      { payload: true, vectors: request.include_values === true },
    );
    return { vectors: points.map(vectorOf), next_page: next?.toString("base64url") ?? "" };
  }

  #readable(caller: Caller, request: Message): Collection {
    const name = request.collection as string;
    requireRight(caller, "read", name);
    return this.#database.require(name);
  }
}

function denseParams(config: Message): DenseParams {
  const distance = distances[(config.distance as string).toLowerCase()];
  if (distance === undefined)
    throw invalid(
      `there is no distance "${config.distance}"; there are cosine, euclidean, dot_product and manhattan`,
    );
  return {
    size: config.dimensions as number,
    distance,
    isMulti: false,
    m: (config.hnsw_m as number) || mDefault,
    efConstruction: (config.ef_construction as number) || efConstructionDefault,
  };
}

function configOf({ size, distance, m, efConstruction }: DenseParams): object {
  return { dimensions: size, distance: distanceNames[distance], hnsw_m: m, ef_construction: efConstruction };
}

function infoOf(collection: Collection): object {
  const { name, definition, points, indexed } = collection;
  const { "": unnamed, ...named } = definition.dense;
  return {
    name,
    ...(unnamed !== undefined && configOf(unnamed)),
    named_vectors: Object.fromEntries(
      Object.entries(named).map(([vector, params]) => [vector, configOf(params)]),
    ),
    sparse_vectors: Object.fromEntries(
      Object.entries(definition.sparse).map(([vector, { isIdf }]) => [vector, { idf: isIdf }]),
    ),
    vectors_count: points,
    indexed_count: indexed,
  };
}

function payloadOf(vector: Message): Record<string, unknown> {
  return { ...objectOfStruct(vector.payload as Message), ...(vector.metadata as Record<string, string>) };
}

function sparseOf({ indices, values }: Message): VectorValue & { kind: "sparse" } {
  return {
    kind: "sparse",
    indices: Uint32Array.from(indices as number[]),
    values: Float32Array.from(values as number[]),
  };
}

function vectorsOf(collection: Collection, vector: Message): Map<string, VectorValue> {
  const vectors = new Map<string, VectorValue>();
  const values = vector.values as number[];
  const unnamed = collection.definition.dense[""];
  if (values.length > 0) vectors.set("", { kind: "dense", values: Float32Array.from(values) });
  for (const [name, { values: named }] of Object.entries(
    vector.named as Record<string, { values: number[] }>,
  ))
    vectors.set(name, { kind: "dense", values: Float32Array.from(named) });
  for (const [name, value] of Object.entries(vector.sparse as Record<string, Message>))
    vectors.set(name, sparseOf(value));
  if (vectors.size === 0) {
    const expected = unnamed === undefined ? "a vector of one of the names" : `${unnamed.size} values`;
    throw invalid(`vector "${vector.id}" has no values; the collection expects ${expected}`);
  }
  return vectors;
}

/** Text is metadata, and all else is payload. */
function told(payload: Readonly<Record<string, unknown>>): {
  metadata: Record<string, string>;
  payload?: object;
} {
  const metadata: Record<string, string> = {};
  const others: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(payload)) {
    if (typeof value === "string") metadata[name] = value;
    else others[name] = value;
  }
  return { metadata, ...(Object.keys(others).length > 0 && { payload: structOf(others) }) };
}

function matchOf({ key, payload, score, vectors }: Scored): object {
  const [value] = vectors.values();
  return {
    id: textOfKey(key),
    score,
    ...told(payload),
    ...(value?.kind === "dense" && { values: value.values }),
  };
}

function vectorOf({ key, payload, vectors }: Point): object {
  const named: Record<string, object> = {};
  const sparse: Record<string, object> = {};
  let values: Float32Array | undefined;
  for (const [name, value] of vectors) {
    if (value.kind === "sparse") sparse[name] = { indices: value.indices, values: value.values };
    else if (value.kind === "dense" && name === "") values = value.values;
    else if (value.kind === "dense") named[name] = { values: value.values };
  }
  return { id: textOfKey(key), ...(values !== undefined && { values }), ...told(payload), named, sparse };
}
