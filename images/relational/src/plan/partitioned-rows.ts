import type { Relation } from "../catalog/model.ts";
import { attnumsIn } from "../catalog/partitions.ts";
import type { Datum, Row } from "../types/datum.ts";
import { lastAttnumOf } from "./write.ts";

/** Rows of one table of a tree as rows of another. */
export interface RowMap {
  to(row: Row): Row;
  from(row: Row): Row;
  attnums(attnums: Iterable<number>): number[];
}

const same: RowMap = {
  to: (row) => row,
  from: (row) => row,
  attnums: (attnums) => [...attnums],
};

/** Both directions; where the columns stand alike nothing is copied. The rowid's place is the caller's matter. */
export function rowMap(one: Relation, other: Relation): RowMap {
  const there = attnumsIn(one, other);
  const width = (relation: Relation) => lastAttnumOf(relation) + 1;
  if ([...there].every(([a, b]) => a === b) && width(one) === width(other)) return same;
  const moved = (pairs: readonly (readonly [number, number])[], size: number) => (row: Row) => {
    const result: Row = new Array<Datum>(size).fill(null);
    for (const [a, b] of pairs) result[b - 1] = row[a - 1] ?? null;
    return result;
  };
  const pairs = [...there];
  return {
    to: moved(pairs, width(other)),
    from: moved(
      pairs.map(([a, b]) => [b, a] as const),
      width(one),
    ),
    attnums: (attnums) => [...attnums].flatMap((attnum) => there.get(attnum) ?? []),
  };
}
