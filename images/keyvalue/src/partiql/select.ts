import type { Database } from "@weftkit/store";
import { validation } from "../errors.ts";
import { noBindings } from "../expressions/bindings.ts";
import { satisfies, valueAt } from "../expressions/evaluate.ts";
import { type Item, setAttribute } from "../items/attribute-value.ts";
import { rangeAfter } from "../operations/page.ts";
import { type KeyRange, queriedRange } from "../storage/key-range.ts";
import { type Page, readPage } from "../storage/read-page.ts";
import { Index, type Source, type Table } from "../tables/table.ts";
import { checkWhere } from "./action.ts";
import { lookups } from "./key-terms.ts";
import type { Column, Select } from "./statement.ts";

/** Where a select goes on: in which of its ranges, after which item. */
export interface SelectPosition {
  readonly range: number;
  readonly after: Item;
}

export interface SelectPage extends Omit<Page, "last"> {
  readonly next: SelectPosition | undefined;
}

/** The table or the index that a select reads. */
export function selectSource(table: Table, { index: name }: Select, isConsistent: boolean): Source {
  if (name === undefined) return table;
  const index = table.index(name);
  if (index === undefined) throw validation("The table does not have the specified index");
  if (isConsistent && index.definition.kind === "global")
    throw validation("Consistent reads are not supported on global secondary indexes");
  if (index.definition.state === "creating")
    throw validation(`Cannot read from backfilling global secondary index: ${name}`);
  return index;
}

/** Reads one page of a select, going on where the page before has ended. */
export function selectPage(
  db: Database,
  table: Table,
  source: Source,
  select: Select,
  limit: number,
  from: SelectPosition | undefined,
): SelectPage {
  const { where, columns } = select;
  checkWhere(where);
  const isBackward = isDescending(source, select);
  const ranges = rangesOf(source, select);
  const items: string[] = [];
  let count = 0;
  let scannedCount = 0;
  let size = 0;
  for (let at = from?.range ?? 0; at < ranges.length; at++) {
    const start = at === from?.range ? from.after : undefined;
    const page = readPage(db, {
      table,
      source,
      range: rangeAfter(table, source, ranges[at]!, start, isBackward),
      isBackward,
      itemsMax: limit - scannedCount,
      isFetched: false,
      accepts: where === undefined ? undefined : (item) => satisfies(where, item, noBindings),
      show: columns === undefined ? undefined : (item) => JSON.stringify(columnsOf(item, columns)),
      isCounted: false,
    });
    items.push(...page.items);
    count += page.count;
    scannedCount += page.scannedCount;
    size += page.size;
    if (page.last !== undefined) {
      const after = source instanceof Index ? source.pageKey(page.last) : table.keyItem(page.last);
      return { items, count, scannedCount, size, next: { range: at, after } };
    }
  }
  return { items, count, scannedCount, size, next: undefined };
}

function rangesOf(source: Source, { where }: Select): readonly KeyRange[] {
  const found = lookups(source, where);
  if (found === undefined) return [{ from: Buffer.alloc(0), before: undefined }];
  return found.map((terms) => queriedRange(source, terms));
}

function isDescending(source: Source, { order, where }: Select): boolean {
  if (order.length === 0) return false;
  if (where === undefined)
    throw validation("Must have WHERE clause in the statement when using ORDER BY clause.");
  for (const { name } of order) {
    if (!source.key.all.some((attribute) => attribute.name === name))
      throw validation(`Attribute ${name} in ORDER BY clause must be part of the primary key`);
  }
  const found = lookups(source, where);
  if (found === undefined) {
    throw validation(
      "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.",
    );
  }
  const isByPartition = order.some(({ name }) => source.key.partition.some((each) => each.name === name));
  if (found.length > 1 && !isByPartition) {
    throw validation(
      "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause.",
    );
  }
  return order.at(-1)!.isDescending;
}

/** What a select gives of an item. */
export function columnsOf(item: Item, columns: readonly Column[]): Item {
  const found: Item = {};
  for (const { path, name } of columns) {
    const value = valueAt(path, item, noBindings);
    if (value !== undefined) setAttribute(found, name, value);
  }
  return found;
}
