import type { Action } from "@weftkit/auth";
import type { Collection } from "../../collections/collection.ts";
import { readHits, readPoints, scrollPoints } from "../../collections/read-points.ts";
import type { VectorDatabase } from "../../collections/vector-database.ts";
import { writePoints } from "../../collections/write-points.ts";
import { invalid, VectorError } from "../../errors.ts";
import type { Filter } from "../../filters/filter.ts";
import { isObject } from "../../model/json.ts";
import { facet } from "../../query/facet.ts";
import { type Group, groupHits } from "../../query/groups.ts";
import { distanceMatrix, type Matrix } from "../../query/matrix.ts";
import { orderedPoints } from "../../query/order-by.ts";
import { type QueryHit, QueryRunner } from "../../query/run-query.ts";
import type { OrderBy, QueryRequest } from "../../query/types.ts";
import { keyOfId } from "../../query/vector-input.ts";
import { type Caller, requireRight } from "../caller.ts";
import { type Body, listOf, operations, textOf } from "./requests.ts";
import { idOf, type Telling, type ToldPoint, tell, tellingOf } from "./told-points.ts";

export interface ToldGroup {
  readonly id: string | number | bigint;
  readonly hits: ToldPoint[];
  readonly lookup?: ToldPoint;
}

const pageMax = 100_000;
const batchMax = 1000;

/** Qdrant's operations on points: requests as its REST interface has them, for that and for gRPC. */
export class PointsApi {
  readonly #database: VectorDatabase;

  constructor(database: VectorDatabase) {
    this.#database = database;
  }

  collection(caller: Caller, name: string, action: Action): Collection {
    const collection = this.#database.require(name);
    requireRight(caller, action, collection.name);
    return collection;
  }

  /** One operation, or many in their order: each is told to be completed. */
  async write(
    caller: Caller,
    name: string,
    sent: readonly (readonly [kind: string, body: Body])[],
  ): Promise<number> {
    const collection = this.collection(caller, name, "write");
    const list = sent.map(([kind, body]) => {
      const operation = operations[kind];
      if (operation === undefined) throw invalid(`there is no operation ${JSON.stringify(kind)}`);
      return operation(body, collection);
    });
    if (list.length > 0) await writePoints(this.#database.store, collection, list);
    return list.length;
  }

  async get(caller: Caller, name: string, ids: unknown, telling: Telling): Promise<ToldPoint[]> {
    const collection = this.collection(caller, name, "read");
    const keys = listOf(ids, "ids").map(keyOfId);
    const points = await readPoints(this.#database.store, collection, keys, telling.wanted);
    return points.map((point) => tell(point, telling, false));
  }

  async scroll(
    caller: Caller,
    name: string,
    body: Body,
  ): Promise<{ points: ToldPoint[]; next: ReturnType<typeof idOf> | undefined }> {
    const collection = this.collection(caller, name, "read");
    const telling = tellingOf(body.with_payload, body.with_vector, { payload: true });
    const limit = (body.limit ?? 10) as number;
    if (!Number.isInteger(limit) || limit < 1 || limit > pageMax)
      throw invalid(
        `Validation error in JSON body: [limit: value ${limit} invalid, must be from 1 to ${pageMax}]`,
      );
    const matches = await collection.matches(body.filter as Filter | undefined);
    if (body.order_by != null) {
      if (body.offset != null)
        throw invalid(
          "Validation error in JSON body: an offset is not supported with order_by; use start_from",
        );
      const hits = await orderedPoints(
        this.#database.store,
        collection,
        body.order_by as OrderBy,
        matches,
        limit,
      );
      return { points: await this.#told(collection, hits, telling, false), next: undefined };
    }
    const from = body.offset == null ? undefined : keyOfId(body.offset);
    const { points, next } = await scrollPoints(
      this.#database.store,
      collection,
      { from, limit, matches },
      telling.wanted,
    );
    return {
      points: points.map((point) => tell(point, telling, false)),
      next: next === undefined ? undefined : idOf(next),
    };
  }

  async count(caller: Caller, name: string, filter: unknown): Promise<number> {
    const collection = this.collection(caller, name, "read");
    const matches = await collection.matches(filter as Filter | undefined);
    return matches?.count ?? collection.points;
  }

  async query(caller: Caller, name: string, body: Body): Promise<ToldPoint[]> {
    const collection = this.collection(caller, name, "read");
    this.#requireReadable(caller, body);
    refuseShards(body);
    const telling = tellingOf(body.with_payload, body.with_vector);
    const runner = new QueryRunner(this.#database, collection);
    for (let attempt = 0; ; attempt++) {
      const hits = await runner.run(body as QueryRequest);
      const points = await this.#told(collection, hits, telling);
      // A point that was replaced meanwhile is found again as it is now.
      if (points.length === hits.length || attempt === 3) return points;
    }
  }

  queryBatch(caller: Caller, name: string, bodies: readonly Body[]): Promise<ToldPoint[][]> {
    if (bodies.length > batchMax)
      throw invalid(`a batch has ${batchMax} queries at the most; this one has ${bodies.length}`);
    return Promise.all(bodies.map((body) => this.query(caller, name, body)));
  }

  async queryGroups(caller: Caller, name: string, body: Body): Promise<ToldGroup[]> {
    const collection = this.collection(caller, name, "read");
    this.#requireReadable(caller, body);
    refuseShards(body);
    const telling = tellingOf(body.with_payload, body.with_vector, { payload: true });
    const groups = await groupHits(this.#database, collection, body as QueryRequest, {
      by: textOf(body.group_by, "group_by"),
      groups: (body.limit ?? 10) as number,
      size: (body.group_size ?? 3) as number,
    });
    const lookup = await this.#lookup(caller, body.with_lookup, groups);
    return Promise.all(
      groups.map(async ({ id, hits }) => {
        const found = lookup?.get(String(id));
        return {
          id,
          hits: await this.#told(collection, hits, telling),
          ...(found !== undefined && { lookup: found }),
        };
      }),
    );
  }

  async facet(caller: Caller, name: string, body: Body) {
    const collection = this.collection(caller, name, "read");
    const set = await collection.matches(body.filter as Filter | undefined);
    const limit = (body.limit ?? 10) as number;
    return facet(this.#database.store, collection, textOf(body.key, "key"), set, limit);
  }

  matrix(caller: Caller, name: string, body: Body): Promise<Matrix> {
    const collection = this.collection(caller, name, "read");
    return distanceMatrix(this.#database, collection, {
      filter: body.filter as Filter | undefined,
      sample: (body.sample ?? 10) as number,
      limit: (body.limit ?? 3) as number,
      using: (body.using ?? "") as string,
    });
  }

  /** The points of another collection whose ids are those of groups. */
  async #lookup(
    caller: Caller,
    wanted: unknown,
    groups: readonly Group[],
  ): Promise<ReadonlyMap<string, ToldPoint> | undefined> {
    if (wanted == null) return undefined;
    const { collection, with_payload, with_vectors } = (
      typeof wanted === "string" ? { collection: wanted } : wanted
    ) as { collection: string; with_payload?: unknown; with_vectors?: unknown };
    const telling = tellingOf(with_payload, with_vectors, { payload: true });
    const points = await this.get(
      caller,
      collection,
      groups.map(({ id }) => id),
      telling,
    );
    return new Map(points.map((point) => [String(point.id), point]));
  }

  async #told(
    collection: Collection,
    hits: readonly QueryHit[],
    telling: Telling,
    isVersioned = true,
  ): Promise<ToldPoint[]> {
    const points = await readHits(this.#database.store, collection, hits, telling.wanted);
    const isWhole = points.length === hits.length;
    return points.map(({ score, ...point }, i) => {
      const orderValue = isWhole ? hits[i]!.orderValue : undefined;
      return tell(
        {
          ...point,
          ...(isVersioned && { score }),
          ...(orderValue !== undefined && { order_value: orderValue }),
        },
        telling,
        isVersioned,
      );
    });
  }

  /** Other collections that a query takes vectors from. */
  #requireReadable(caller: Caller, body: Body): void {
    const { lookup_from, prefetch } = body;
    if (isObject(lookup_from)) this.collection(caller, textOf(lookup_from.collection, "collection"), "read");
    for (const one of [prefetch ?? []].flat() as Body[])
      if (isObject(one)) this.#requireReadable(caller, one);
  }
}

/** There is one shard. */
export function refuseShards({ shard_key }: Body): void {
  if (shard_key != null)
    throw new VectorError("unimplemented", "shard keys are not supported: a collection has one shard");
}
