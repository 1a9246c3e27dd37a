import type { Rows } from "../run/exec.ts";
import type { Datum, Row } from "../types/datum.ts";

export interface RowOrder {
  readonly slot: number;
  readonly compare: (a: Datum, b: Datum) => number;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export function compareRows(orders: readonly RowOrder[]): (a: Row, b: Row) => number {
  return (a, b) => {
    for (const { slot, compare, descending, nullsFirst } of orders) {
      const x = a[slot]!;
      const y = b[slot]!;
      if (x === null || y === null) {
        if (x === y) continue;
        return (x === null) === nullsFirst ? -1 : 1;
      }
      const order = compare(x, y);
      if (order !== 0) return descending ? -order : order;
    }
    return 0;
  };
}

const runLength = 4096;

/** Sorts in runs that are then merged, so that the event loop has its turns; keeps the order of equal rows. */
export function* sortRows(rows: Rows, compare: (a: Row, b: Row) => number): Generator<null, Row[], void> {
  let runs: Row[][] = [];
  let run: Row[] = [];
  for (const row of rows) {
    if (row === null) {
      yield null;
      continue;
    }
    run.push(row);
    if (run.length >= runLength) {
      runs.push(run.sort(compare));
      run = [];
      yield null;
    }
  }
  if (run.length > 0 || runs.length === 0) runs.push(run.sort(compare));
  while (runs.length > 1) {
    const merged: Row[][] = [];
    for (let i = 0; i < runs.length; i += 2) {
      const [a, b] = [runs[i]!, runs[i + 1]];
      merged.push(b === undefined ? a : yield* merge(a, b, compare));
    }
    runs = merged;
  }
  return runs[0]!;
}

function* merge(a: Row[], b: Row[], compare: (a: Row, b: Row) => number): Generator<null, Row[], void> {
  const result: Row[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    result.push(compare(b[j]!, a[i]!) < 0 ? b[j++]! : a[i++]!);
    if (result.length % 8192 === 0) yield null;
  }
  while (i < a.length) result.push(a[i++]!);
  while (j < b.length) result.push(b[j++]!);
  return result;
}

/** The first `count` rows in order, without keeping more than some times as many. */
export function* topRows(
  rows: Rows,
  compare: (a: Row, b: Row) => number,
  count: number,
): Generator<null, Row[], void> {
  let kept: Row[] = [];
  const limit = Math.max(count * 2, 1024);
  for (const row of rows) {
    if (row === null) {
      yield null;
      continue;
    }
    kept.push(row);
    if (kept.length >= limit + count) {
      kept.sort(compare);
      kept = kept.slice(0, count);
    }
  }
  return kept.sort(compare).slice(0, count);
}
