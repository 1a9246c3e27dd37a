import type { Expr, RangeEntry } from "../analyse/expr.ts";
import { exprKey } from "../analyse/expr.ts";

/** Where the values of a query's expressions are in the rows that an operator gives. */
export class Scope {
  /** Where each range table entry's columns begin; the column of attnum 1 is first. */
  readonly offsets: Map<RangeEntry, number>;
  /** Expressions that are computed already: grouping keys, aggregates, window functions. */
  readonly slots: Map<string, number>;
  readonly parent: Scope | undefined;

  constructor(
    parent: Scope | undefined,
    offsets = new Map<RangeEntry, number>(),
    slots = new Map<string, number>(),
  ) {
    this.parent = parent;
    this.offsets = offsets;
    this.slots = slots;
  }

  /** Slot of an expression of this query that is computed already. */
  slotOf(expr: Expr): number | undefined {
    if (this.slots.size === 0) return undefined;
    return this.slots.get(exprKey(expr));
  }
}

/** How wide an entry's part of a row is: its columns by attnum, and behind them the rowid, or those that it carries. */
export function entryWidth(entry: RangeEntry): number {
  return lastAttnum(entry) + (entry.kind === "table" ? 1 : (entry.carried?.length ?? 0));
}

export function lastAttnum(entry: RangeEntry): number {
  return entry.columns.reduce((last, column) => Math.max(last, column.attnum), 0);
}

/** Where in its part of a row a table's rowid is. */
export function rowidSlot(entry: RangeEntry): number {
  return lastAttnum(entry);
}
