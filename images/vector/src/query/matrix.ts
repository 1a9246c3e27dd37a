import type { Collection, Hit } from "../collections/collection.ts";
import { PointReader } from "../collections/read-points.ts";
import type { VectorDatabase } from "../collections/vector-database.ts";
import { invalid } from "../errors.ts";
import type { Filter } from "../filters/filter.ts";
import { FilterSet } from "../filters/filter-set.ts";
import type { PointKey } from "../model/point-id.ts";
import type { VectorValue } from "../model/vector-value.ts";
import { PointRows } from "../storage/points.ts";
import { searchSparse } from "./search-sparse.ts";
import { candidates, shown, similarities } from "./similarities.ts";

export interface MatrixOptions {
  readonly filter: Filter | undefined;
  /** How many points are chosen. */
  readonly sample: number;
  /** How many of the others are told for each. */
  readonly limit: number;
  readonly using: string;
}

/** Points that were chosen by chance, in the order of their ids, and for each the nearest of the others. */
export interface Matrix {
  readonly keys: readonly PointKey[];
  readonly nearest: readonly (readonly { readonly at: number; readonly score: number }[])[];
}

const sampleMax = 10_000;

export async function distanceMatrix(
  database: VectorDatabase,
  collection: Collection,
  { filter, sample, limit, using }: MatrixOptions,
): Promise<Matrix> {
  collection.requireKind(using);
  if (!Number.isInteger(sample) || sample < 2 || sample > sampleMax)
    throw invalid(`Validation error: sample is from 2 to ${sampleMax}, and not ${sample}`);
  if (!Number.isInteger(limit) || limit < 1) throw invalid("Validation error: limit must be 1 or larger");
  const nodes = Array.from(candidates(collection, using, await collection.matches(filter)));
  for (let i = 0; i < Math.min(sample, nodes.length); i++) {
    const j = i + Math.floor(Math.random() * (nodes.length - i));
    [nodes[i], nodes[j]] = [nodes[j]!, nodes[i]!];
  }
  const chosen = await database.store.read((db) => {
    const rows = new PointRows(db, collection.number);
    const reader = new PointReader(rows, collection, { payload: false, vectors: false, isNormalized: true });
    return nodes.slice(0, sample).flatMap((node) => {
      const slot = collection.nodes.slotOf(node);
      const row = rows.bySlot(slot);
      const vector = reader.vector(slot, using);
      return row === undefined || vector === undefined ? [] : [{ node, key: row.id, vector }];
    });
  });
  if (chosen.length < 2) return { keys: [], nearest: [] };
  chosen.sort((a, b) => Buffer.compare(a.key, b.key));
  const places = new Map(chosen.map(({ node }, i) => [node, i]));
  const nearest = [];
  for (const { node, vector } of chosen) {
    const set = new FilterSet();
    for (const other of places.keys()) if (other !== node) set.set(other, true);
    const hits = await nearestAmong(collection, using, vector, set, limit);
    nearest.push(hits.map((hit) => ({ at: places.get(hit.node)!, score: hit.score })));
  }
  return { keys: chosen.map(({ key }) => key), nearest };
}

async function nearestAmong(
  collection: Collection,
  name: string,
  value: VectorValue,
  set: FilterSet,
  limit: number,
): Promise<Pick<Hit, "node" | "score">[]> {
  if (value.kind === "sparse") return searchSparse(collection, name, value, { k: limit, set });
  const nodes = Uint32Array.from(set.nodes());
  const scores = await similarities(collection, name, value, nodes);
  const { distance } = collection.definition.dense[name]!;
  const order = Array.from(nodes.keys()).sort((a, b) => scores[b]! - scores[a]!);
  return order.slice(0, limit).map((i) => ({ node: nodes[i]!, score: shown(distance, scores[i]!) }));
}
