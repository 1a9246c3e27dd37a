import type { Store } from "@weftkit/store";
import { keyOfNumber, type PointKey } from "../model/point-id.ts";
import { decodeVector, normalized, type VectorValue } from "../model/vector-value.ts";
import { PointRows } from "../storage/points.ts";
import type { Collection, Hit } from "./collection.ts";
import { type Payload, parsed } from "./write-points.ts";

/** A point as it is told. */
export interface Point {
  readonly slot: number;
  readonly key: PointKey;
  readonly payload: Payload;
  readonly vectors: ReadonlyMap<string, VectorValue>;
}

/** What of a point is wanted. */
export interface Wanted {
  readonly payload: boolean;
  /** Names of vectors; true for all. */
  readonly vectors: boolean | readonly string[];
  /** Vectors under cosine as they are compared, of length 1. */
  readonly isNormalized?: boolean;
}

/** Reads points of one collection on one snapshot. */
export class PointReader {
  readonly #rows: PointRows;
  readonly #collection: Collection;
  readonly #wanted: Wanted;
  readonly #names: readonly string[];

  constructor(rows: PointRows, collection: Collection, wanted: Wanted) {
    this.#rows = rows;
    this.#collection = collection;
    this.#wanted = wanted;
    const all = [...collection.positions.keys()];
    if (wanted.vectors === true) this.#names = all;
    else this.#names = wanted.vectors === false ? [] : wanted.vectors.filter((name) => all.includes(name));
  }

  bySlot(slot: number): Point | undefined {
    const row = this.#rows.bySlot(slot);
    return row === undefined ? undefined : this.point(row.slot, row.id, row.payload);
  }

  byKey(key: PointKey): Point | undefined {
    const row = this.#rows.byId(key);
    return row === undefined ? undefined : this.point(row.slot, row.id, row.payload);
  }

  point(slot: number, key: PointKey, payload: string | null): Point {
    const vectors = new Map<string, VectorValue>();
    for (const name of this.#names) {
      const value = this.vector(slot, name);
      if (value !== undefined) vectors.set(name, value);
    }
    return { slot, key, payload: this.#wanted.payload ? parsed(payload) : {}, vectors };
  }

  vector(slot: number, name: string): VectorValue | undefined {
    const kind = this.#collection.kindOf(name);
    const position = this.#collection.positions.get(name);
    if (kind === undefined || position === undefined) return undefined;
    const data = this.#rows.vector(slot, position);
    if (data === undefined) return undefined;
    const value = decodeVector(kind, data);
    const isCosine = this.#collection.definition.dense[name]?.distance === "Cosine";
    if (this.#wanted.isNormalized !== true || !isCosine) return value;
    if (value.kind === "dense") return { kind: "dense", values: normalized(value.values) };
    return value.kind === "multi" ? { kind: "multi", rows: value.rows.map(normalized) } : value;
  }
}

/** The points of hits, as far as they are still what was found. */
export function readHits(
  store: Store,
  collection: Collection,
  hits: readonly Hit[],
  wanted: Wanted,
): Promise<(Point & { readonly score: number })[]> {
  return store.read((db) => {
    const reader = new PointReader(new PointRows(db, collection.number), collection, wanted);
    return hits.flatMap(({ slot, score }) => {
      const point = reader.bySlot(slot);
      return point === undefined ? [] : [{ ...point, score }];
    });
  });
}

/** The points of ids, in their order; those that are not there are left out. */
export function readPoints(
  store: Store,
  collection: Collection,
  keys: readonly PointKey[],
  wanted: Wanted,
): Promise<Point[]> {
  return store.read((db) => {
    const reader = new PointReader(new PointRows(db, collection.number), collection, wanted);
    return keys.flatMap((key) => {
      const point = reader.byKey(key);
      return point === undefined ? [] : [point];
    });
  });
}

const pageRows = 1000;

/** Points that match in the order of ids, from an id on, and the id of the next. */
export async function scrollPoints(
  store: Store,
  collection: Collection,
  {
    from,
    limit,
    matches,
  }: {
    readonly from: PointKey | undefined;
    readonly limit: number;
    readonly matches:
      | { has(node: number): boolean; readonly count: number; nodes(): Iterable<number> }
      | undefined;
  },
  wanted: Wanted,
): Promise<{ points: Point[]; next: PointKey | undefined }> {
  return store.read((db) => {
    const rows = new PointRows(db, collection.number);
    const reader = new PointReader(rows, collection, wanted);
    const points: Point[] = [];
    if (matches !== undefined && matches.count <= pageRows) {
      // Few match: they are read, and sorted here.
      const found = Array.from(matches.nodes(), (node) => rows.bySlot(collection.nodes.slotOf(node)))
        .filter((row) => row !== undefined)
        .filter(({ id }) => from === undefined || Buffer.compare(id, from) >= 0)
        .sort((a, b) => Buffer.compare(a.id, b.id));
      for (const { slot, id, payload } of found.slice(0, limit)) points.push(reader.point(slot, id, payload));
      return { points, next: found[limit]?.id };
    }
    let at = from;
    while (true) {
      const page = rows.idsFrom(at, pageRows);
      for (const { slot, id } of page) {
        const node = collection.nodes.nodeOf(slot);
        // A point that is not in the indexes yet is not acknowledged yet.
        if (node === undefined || (matches !== undefined && !matches.has(node))) continue;
        if (points.length === limit) return { points, next: id };
        points.push(reader.bySlot(slot)!);
      }
      if (page.length < pageRows) return { points, next: undefined };
      at = after(page.at(-1)!.id);
    }
  });
}

/** The smallest id that is larger. */
function after(key: PointKey): PointKey {
  return Buffer.concat([key, Buffer.of(0)]);
}

/** The first id that there can be. */
export const firstKey = keyOfNumber(0);
