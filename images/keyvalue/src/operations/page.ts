import type { Database } from "@weftkit/store";
import { invalidParameter, validation } from "../errors.ts";
import type { Condition, Operand } from "../expressions/ast.ts";
import { type Bindings, resolvePath } from "../expressions/bindings.ts";
import { satisfies } from "../expressions/evaluate.ts";
import { project } from "../expressions/project.ts";
import { attributeOf, type Item, typeOf } from "../items/attribute-value.ts";
import { afterPrefix } from "../storage/key-encoding.ts";
import { type KeyRange, sourceKey } from "../storage/key-range.ts";
import { readPage } from "../storage/read-page.ts";
import { checkNestedPaths, requireNotEmpty } from "../tables/check-keys.ts";
import { Index, type Source, type Table } from "../tables/table.ts";
import type { PageInput, PreparedPage } from "../validation/query.ts";
import { CapacityMeter, readUnits } from "./capacity.ts";

/** The table or the index that a request reads. */
export function sourceOf(table: Table, input: PageInput): Source {
  if (input.IndexName === undefined) return table;
  const index = table.index(input.IndexName);
  if (index === undefined)
    throw validation(`The table does not have the specified index: ${input.IndexName}`);
  if (index.definition.kind === "global" && input.ConsistentRead === true)
    throw validation("Consistent reads are not supported on global secondary indexes");
  if (index.definition.state === "creating")
    throw validation(`Cannot read from backfilling global secondary index: ${index.name}`);
  return index;
}

/** Checks a start key's attributes: those of the table, and of the index. */
export function checkStartKeyOf(table: Table, source: Source, key: Item | undefined): void {
  if (key === undefined) return;
  const wanted = new Map(
    [...table.key.all, ...source.key.all].map((attribute) => [attribute.name, attribute]),
  );
  if (Object.keys(key).length !== wanted.size) throw invalidStart();
  for (const attribute of wanted.values()) {
    const value = attributeOf(key, attribute.name);
    if (value === undefined) throw invalidStart();
    if (typeOf(value) !== attribute.type) {
      throw validation(
        "The provided starting key is invalid: The provided key element does not match the schema",
      );
    }
    requireNotEmpty(attribute, value);
  }
}

function invalidStart() {
  return validation("The provided starting key is invalid");
}

/** The part of a range that comes after a start key, or before it when going backward. */
export function rangeAfter(
  table: Table,
  source: Source,
  range: KeyRange,
  key: Item | undefined,
  isBackward: boolean,
): KeyRange {
  if (key === undefined) return range;
  const at = startOf(table, source, key);
  if (isBackward)
    return isLess(at, range.from) ? empty(range) : { ...range, before: least(at, range.before) };
  const from = afterPrefix(at)!;
  return isLess(from, range.from) ? range : { ...range, from };
}

/** The whole key of the item that a page has ended with. */
export function startOf(table: Table, source: Source, key: Item): Buffer {
  const own = sourceKey(source, key);
  return source instanceof Index ? Buffer.concat([own, table.keyOf(key)]) : own;
}

function least(a: Buffer, b: Buffer | undefined): Buffer {
  return b === undefined || isLess(a, b) ? a : b;
}

function isLess(a: Buffer, b: Buffer): boolean {
  return Buffer.compare(a, b) < 0;
}

function empty({ from }: KeyRange): KeyRange {
  return { from, before: from };
}

/** Reads one page, and writes the answer. */
export function pageAnswer(
  db: Database,
  table: Table,
  source: Source,
  range: KeyRange,
  input: PageInput,
  prepared: PreparedPage,
  isBackward: boolean,
): string {
  const { filter, bindings, projection } = prepared;
  const isFetched = needsItems(source, input, prepared);
  const page = readPage(db, {
    table,
    source,
    range,
    isBackward,
    itemsMax: input.Limit ?? Number.POSITIVE_INFINITY,
    isFetched,
    accepts: filter === undefined ? undefined : (item) => satisfies(filter, item, bindings),
    show: projection === undefined ? undefined : (item) => JSON.stringify(project(item, projection.tree)),
    isCounted: input.Select === "COUNT",
  });
  const parts: string[] = [];
  if (input.Select !== "COUNT") parts.push(`"Items":[${page.items.join(",")}]`);
  parts.push(`"Count":${page.count},"ScannedCount":${page.scannedCount}`);
  if (page.last !== undefined) {
    const key = source instanceof Index ? source.pageKey(page.last) : table.keyItem(page.last);
    parts.push(`"LastEvaluatedKey":${JSON.stringify(key)}`);
  }
  const mode = input.ReturnConsumedCapacity;
  if (mode !== undefined && mode !== "NONE") {
    const meter = new CapacityMeter(table);
    const isConsistent = input.ConsistentRead === true;
    meter.add(readUnits(page.size, isConsistent), source instanceof Index ? source : undefined);
    // Every item that an index does not have is a read of its own.
    if (isFetched && source instanceof Index && source.projected !== undefined)
      meter.add(page.scannedCount * readUnits(1, isConsistent));
    parts.push(`"ConsumedCapacity":${JSON.stringify(meter.result(mode))}`);
  }
  return `{${parts.join(",")}}`;
}

/** Whether what is asked for is only in the table; global indexes cannot look there. */
function needsItems(
  source: Source,
  input: PageInput,
  { projection, filter, bindings }: PreparedPage,
): boolean {
  if (!(source instanceof Index) || source.projected === undefined) return false;
  const { projected } = source;
  const isGlobal = source.definition.kind === "global";
  if (input.Select === "ALL_ATTRIBUTES") {
    if (!isGlobal) return true;
    throw invalidParameter(
      `Select type ALL_ATTRIBUTES is not supported for global secondary index ${source.name} because its projection type is not ALL`,
    );
  }
  const names = projection?.paths.map(([name]) => name as string) ?? [];
  const lacking = names.filter((name) => !projected.has(name));
  if (isGlobal && lacking.length > 0) {
    throw invalidParameter(`Global secondary index ${source.name} does not project [${lacking.join(", ")}]`);
  }
  if (isGlobal) return false;
  const filtered = filter === undefined ? [] : attributesOfCondition(filter, bindings);
  return lacking.length > 0 || (projection !== undefined && filtered.some((name) => !projected.has(name)));
}

/** Checks paths and filters against the keys of a table and of what is read. */
export function checkAgainstKeys(
  table: Table,
  source: Source,
  { projection, filter, bindings }: PreparedPage,
  refusal: string | undefined,
): void {
  if (projection !== undefined) checkNestedPaths(table, projection.paths);
  if (filter === undefined) return;
  const paths: (readonly (string | number)[])[] = [];
  visitPaths(filter, (operand) => paths.push(resolvePath(bindings, operand)));
  if (refusal !== undefined) {
    const names = new Set(paths.map(([name]) => name));
    for (const { name } of source.key.all) {
      if (names.has(name)) {
        throw validation(
          `${refusal} can only contain non-primary key attributes: Primary key attribute: ${name}`,
        );
      }
    }
  }
  checkNestedPaths(table, paths);
}

function attributesOfCondition(condition: Condition, bindings: Bindings): readonly string[] {
  const names: string[] = [];
  visitPaths(condition, (operand) => names.push(resolvePath(bindings, operand)[0] as string));
  return names;
}

function visitPaths(
  node: Condition | Operand,
  visit: (path: Extract<Operand, { kind: "path" }>) => void,
): void {
  switch (node.kind) {
    case "path":
      visit(node);
      return;
    case "and":
    case "or":
    case "compare":
    case "arithmetic":
      visitPaths(node.left, visit);
      visitPaths(node.right, visit);
      return;
    case "not":
      visitPaths(node.of, visit);
      return;
    case "between":
      for (const operand of [node.value, node.low, node.high]) visitPaths(operand, visit);
      return;
    case "in":
      for (const operand of [node.value, ...node.list]) visitPaths(operand, visit);
      return;
    case "function":
      for (const operand of node.args) visitPaths(operand, visit);
  }
}
