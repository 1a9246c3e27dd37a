import type { RangeEntry } from "../analyse/expr.ts";
import type { Row } from "../types/datum.ts";
import type { Env, Rows } from "./exec.ts";
import type { Scope } from "./scope.ts";

/**
 * Gives the rows of a part of FROM. A query's row has one place for every column of every entry; the part covers the
 * places from `start` on, `width` of them, and its rows hold only those.
 */
export interface Source {
  readonly start: number;
  readonly width: number;
  readonly entries: readonly RangeEntry[];
  /** It reads entries before it (LATERAL): `prefix` are the places from 0 to `start` of the row it is joined to. */
  readonly isLateral: boolean;
  run(env: Env, prefix: Row): Rows;
  /** Roughly how many rows come out, for choosing between ways to join. */
  readonly estimate?: number;
  /** Rows where the given columns have the given values, when there are quick ways. */
  readonly lookups?: readonly Lookup[] | undefined;
}

export interface Lookup {
  /** attnums of the entry's columns that the values are of. */
  readonly keys: readonly number[];
  run(env: Env, values: Row): Rows;
  /** How many lookups cost less than reading everything. */
  worthwhile(env: Env): number;
}

/** Scopes for expressions over a part: places counted from its start, or from the query's own when it is LATERAL. */
export function scopeOf(
  base: Scope,
  source: Pick<Source, "start" | "entries">,
  makeScope: (offsets: Map<RangeEntry, number>) => Scope,
): Scope {
  const offsets = new Map<RangeEntry, number>();
  for (const entry of source.entries) offsets.set(entry, base.offsets.get(entry)! - source.start);
  return makeScope(offsets);
}
