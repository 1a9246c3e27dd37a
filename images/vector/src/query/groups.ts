import type { Collection } from "../collections/collection.ts";
import type { VectorDatabase } from "../collections/vector-database.ts";
import { parsed } from "../collections/write-points.ts";
import { invalid } from "../errors.ts";
import { parsePath, valuesAt } from "../model/payload-path.ts";
import { PointRows } from "../storage/points.ts";
import { limitMax, type QueryHit, QueryRunner } from "./run-query.ts";
import type { Prefetch, QueryRequest } from "./types.ts";

export interface GroupOptions {
  /** A path in the payload. */
  readonly by: string;
  /** How many groups. */
  readonly groups: number;
  /** How many hits of each. */
  readonly size: number;
}

export interface Group {
  readonly id: string | number | bigint;
  readonly hits: QueryHit[];
}

const firstLimit = 100;

/** The best hits, by the value of a field: more are asked for until the groups are full, or there are no more. */
export async function groupHits(
  database: VectorDatabase,
  collection: Collection,
  request: QueryRequest,
  { by, groups: count, size }: GroupOptions,
): Promise<Group[]> {
  for (const [name, value] of [
    ["limit", count],
    ["group_size", size],
  ] as const)
    if (!Number.isInteger(value) || value < 1 || value > limitMax)
      throw invalid(`Validation error: ${name} is from 1 to ${limitMax}, and not ${value}`);
  const path = parsePath(by);
  const runner = new QueryRunner(database, collection);
  const most = Math.max(1, Math.min(collection.points, limitMax));
  for (
    let limit = Math.min(most, Math.max(firstLimit, count * size * 2));
    ;
    limit = Math.min(most, limit * 4)
  ) {
    const hits = await runner.run({ ...widened(request, limit), limit, offset: 0 });
    const values = await database.store.read((db) => {
      const rows = new PointRows(db, collection.number);
      return hits.map(({ slot }) => groupsOf(valuesAt(parsed(rows.bySlot(slot)?.payload ?? null), path)));
    });
    const groups = new Map<string | number | bigint, Group>();
    hits.forEach((hit, i) => {
      for (const id of values[i]!) {
        const group = groups.get(id) ?? { id, hits: [] };
        if (group.hits.length < size) group.hits.push(hit);
        groups.set(id, group);
      }
    });
    const chosen = [...groups.values()].slice(0, count);
    const isFull = chosen.length === count && chosen.every((group) => group.hits.length === size);
    if (isFull || limit >= most || hits.length < limit) return chosen;
  }
}

/** As many as are grouped have to come out of the prefetches. */
function widened<T extends Prefetch>(request: T, limit: number): T {
  if (request.prefetch == null) return request;
  const prefetch = [request.prefetch].flat() as Prefetch[];
  return {
    ...request,
    prefetch: prefetch.map((one) => ({ ...widened(one, limit), limit: Math.max(limit, one.limit ?? 0) })),
  };
}

function groupsOf(values: readonly unknown[]): Set<string | number | bigint> {
  return new Set(
    values.filter(
      (value) => typeof value === "string" || typeof value === "bigint" || Number.isInteger(value),
    ) as (string | number | bigint)[],
  );
}
