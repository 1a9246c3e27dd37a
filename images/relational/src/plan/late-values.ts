import { type Expr, type FromNode, type Query, type RangeEntry, some } from "../analyse/expr.ts";
import { expressionsOf, subqueriesOf } from "../analyse/grouping.ts";
import { type Env, pauseEvery, type Rows } from "../run/exec.ts";
import type { Source } from "../run/source.ts";
import type { Datum, Row } from "../types/datum.ts";
import { type Conjunct, dependenciesOf, entriesOfNode, isVolatile, readsColumn } from "./conjuncts.ts";

/**
 * A column of a subquery in FROM that is a subquery itself costs much, and is worth nothing for the rows that a join or a condition
 * leaves out. Where nothing in FROM and WHERE reads it, it is computed for the rows that are left.
 */
export class LateValue {
  readonly #compute: (row: Row, env: Env) => Datum;
  readonly #row: Row;
  readonly #env: Env;
  #known: { readonly value: Datum } | undefined;

  constructor(compute: (row: Row, env: Env) => Datum, row: Row, env: Env) {
    this.#compute = compute;
    this.#row = row;
    this.#env = env;
  }

  value(): Datum {
    this.#known ??= { value: this.#compute(this.#row, this.#env) };
    return this.#known.value;
  }
}

/** The places of an entry's columns that can be computed late; undefined when there are none. */
export function latePlaces(
  entry: RangeEntry,
  nodes: readonly FromNode[],
  conjuncts: readonly Conjunct[],
): ReadonlySet<number> | undefined {
  const { query } = entry;
  if (entry.kind !== "subquery" || query?.command !== "select") return undefined;
  const isFree =
    query.orderBy.length === 0 && query.distinct === undefined && query.setOperation === undefined;
  if (!isFree || query.locks.length > 0 || query.targetSets || entry.carried !== undefined) return undefined;
  if (nodes.some((node) => entriesOfNode(node).some((other) => dependenciesOf(other).has(entry))))
    return undefined;
  const places = new Set<number>();
  for (const [i, { expr }] of query.targets.filter(({ junk }) => !junk).entries())
    if (isLate(expr) && !conjuncts.some((conjunct) => readsColumn(conjunct.expr, entry, i + 1)))
      places.add(i);
  return places.size === 0 ? undefined : places;
}

/** Values that differ from call to call are computed for each row, as they always were. */
function isLate(expr: Expr): boolean {
  return some(expr, ({ kind }) => kind === "sublink") && !hasVolatile(expr);
}

function hasVolatile(expr: Expr): boolean {
  return (
    isVolatile(expr) ||
    some(
      expr,
      (inner) =>
        inner.kind === "sublink" && (inner.query.command !== "select" || isVolatileQuery(inner.query)),
    )
  );
}

function isVolatileQuery(query: Query): boolean {
  if (query.command !== "select" || expressionsOf(query).some(hasVolatile)) return true;
  const { setOperation } = query;
  const sides = setOperation === undefined ? [] : [setOperation.left, setOperation.right];
  return [...subqueriesOf(query), ...sides].some(isVolatileQuery);
}

/** Computes what was left for later, of the columns that are read at all. */
export function withValues(
  source: Source,
  late: ReadonlyMap<RangeEntry, ReadonlySet<number>>,
  offsets: ReadonlyMap<RangeEntry, number>,
): Source {
  const read: number[] = [];
  const unread: number[] = [];
  for (const [entry, places] of late)
    for (const place of places)
      (entry.used.has(place + 1) ? read : unread).push(offsets.get(entry)! - source.start + place);
  return {
    ...source,
    lookups: undefined,
    *run(env, prefix): Rows {
      let count = 0;
      for (const row of source.run(env, prefix)) {
        if (row === null) {
          yield null;
          continue;
        }
        if (++count % pauseEvery === 0) yield null;
        const whole = row.slice();
        for (const at of unread) whole[at] = null;
        for (const at of read) {
          const value = whole[at] as unknown;
          if (value instanceof LateValue) whole[at] = value.value();
        }
        yield whole;
      }
    },
  };
}
