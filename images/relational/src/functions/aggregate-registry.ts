import type { Catalog } from "../catalog/catalog.ts";
import type { Proc } from "../catalog/model.ts";
import { notSupported } from "../errors.ts";
import type { Datum } from "../types/datum.ts";
import type { FunctionRun } from "./registry.ts";

/** One group while its rows come. */
export interface Accumulator {
  add(args: readonly Datum[]): void;
  result(): Datum;
}

export interface AggregateShape {
  readonly catalog: Catalog;
  readonly argTypes: readonly number[];
  readonly resultType: number;
  readonly collation: number;
  run: FunctionRun;
}

/** Ordered-set aggregates get all rows at once, sorted, and their direct arguments. */
export interface OrderedSet {
  result(
    direct: readonly Datum[],
    rows: readonly (readonly Datum[])[],
    compare: (a: readonly Datum[], b: readonly Datum[]) => number,
    shape: AggregateShape,
  ): Datum;
}

type Make = (shape: AggregateShape) => Accumulator;

const aggregates = new Map<string, Make>();
const orderedSets = new Map<string, OrderedSet["result"]>();

/** By name, or by name and argument types: `sum` or `sum(23)`. */
export function defineAggregate(names: string, make: Make): void {
  for (const name of names.split(" ")) aggregates.set(name, make);
}

export function defineOrderedSet(names: string, result: OrderedSet["result"]): void {
  for (const name of names.split(" ")) orderedSets.set(name, result);
}

/** @throws PgError 0A000 */
export function aggregateOf(proc: Proc): Make {
  const make = aggregates.get(`${proc.name}(${proc.arguments.join()})`) ?? aggregates.get(proc.name);
  if (make === undefined) throw notSupported(`aggregate ${proc.name}`);
  return make;
}

export function orderedSetOf(proc: Proc): OrderedSet["result"] {
  const result = orderedSets.get(proc.name);
  if (result === undefined) throw notSupported(`aggregate ${proc.name}`);
  return result;
}
