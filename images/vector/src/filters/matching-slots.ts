// Runs a filter over all points of a collection: in a thread for large ones (filter-cache.ts).
import type { Database } from "@weftkit/store";
import type { FieldIndex } from "../model/definition.ts";
import { parseJson } from "../model/json.ts";
import { vectorsTable } from "../storage/collection-tables.ts";
import { PointRows } from "../storage/points.ts";
import { compileFilter } from "./compile.ts";
import type { Filter } from "./filter.ts";

export interface MatchingSlots {
  readonly collection: number;
  readonly filter: Filter;
  readonly fields: Readonly<Record<string, FieldIndex>>;
  /** Of the vectors' names. */
  readonly positions: ReadonlyMap<string, number>;
}

/** The slots of the points that match. */
export function matchingSlots(
  db: Database,
  { collection, filter, fields, positions }: MatchingSlots,
): Float64Array {
  const matches = compileFilter(filter, fields);
  const found: number[] = [];
  for (const { slot, id, payload } of new PointRows(db, collection).all()) {
    const point = {
      payload: payload === null ? {} : (parseJson(payload) as Record<string, unknown>),
      key: id.toString("hex"),
      hasVector: (name: string) => hasVector(db, collection, positions.get(name), slot),
    };
    if (matches(point)) found.push(slot);
  }
  return Float64Array.from(found);
}

function hasVector(db: Database, collection: number, position: number | undefined, slot: number): boolean {
  if (position === undefined) return false;
  const sql = `SELECT 1 FROM ${vectorsTable(collection, position)} WHERE slot = ?`;
  return db.prepare(sql).get(slot) !== undefined;
}
