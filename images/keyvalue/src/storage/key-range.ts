import { invalidParameter, validation } from "../errors.ts";
import type { KeyTerm, KeyTerms } from "../expressions/key-condition.ts";
import { type AttributeValue, type Item, typeOf } from "../items/attribute-value.ts";
import { compare } from "../items/compare.ts";
import { requireNotEmpty } from "../tables/check-keys.ts";
import type { Key, KeyAttribute, Source } from "../tables/table.ts";
import { afterPrefix, encodeKey, encodePart, encodePartition, encodePrefix } from "./key-encoding.ts";

/** A range of keys: from `from` on, and less than `before`. */
export interface KeyRange {
  readonly from: Buffer;
  /** Undefined is no end. */
  readonly before: Buffer | undefined;
}

const indexable: ReadonlySet<string> = new Set(["EQ", "LT", "LE", "GT", "GE", "BETWEEN", "BEGINS_WITH"]);

/**
 * The keys that a query means.
 *
 * @throws AwsError ValidationException when the terms are not those that the key allows
 */
export function queriedRange({ key }: Source, terms: KeyTerms): KeyRange {
  const partition = key.partition.map((attribute) => partitionValue(attribute, terms, key));
  const sortTerms = readSortTerms(key, terms);
  const prefix = encodePartition(partition);
  const equalParts: Buffer[] = [];
  let last: KeyTerm | undefined;
  for (const term of sortTerms) {
    if (term.operator === "EQ") equalParts.push(encodePart(term.values[0]!));
    else last = term;
  }
  const start = Buffer.concat([prefix, ...equalParts]);
  return last === undefined ? all(start) : within(start, last);
}

function partitionValue(attribute: KeyAttribute, terms: KeyTerms, key: Key): AttributeValue {
  const term = terms.get(attribute.name);
  if (key.sort.length === 0 && terms.size > key.partition.length)
    throw validation("Query key condition not supported");
  if (term === undefined) throw validation(`Query condition missed key schema element: ${attribute.name}`);
  requireTerm(attribute, term);
  if (term.operator !== "EQ") throw validation("Query key condition not supported");
  return term.values[0]!;
}

function requireTerm(attribute: KeyAttribute, { operator, values }: KeyTerm): void {
  if (!indexable.has(operator))
    throw validation("Attempted conditional constraint is not an indexable operation");
  for (const value of values) {
    if (typeOf(value) !== attribute.type)
      throw invalidParameter("Condition parameter type does not match schema type");
    if (operator !== "BEGINS_WITH") requireNotEmpty(attribute, value);
  }
}

/** The terms of the sort key: equal ones in front, and at most one of another kind behind them. */
function readSortTerms(key: Key, terms: KeyTerms): readonly KeyTerm[] {
  const found: KeyTerm[] = [];
  const extra = terms.size - key.partition.length;
  for (const attribute of key.sort) {
    if (found.length === extra) break;
    const term = terms.get(attribute.name);
    if (term === undefined) throw validation(`Query condition missed key schema element: ${attribute.name}`);
    if (found.length > 0 && found.at(-1)!.operator !== "EQ")
      throw validation("Query key condition not supported");
    requireTerm(attribute, term);
    found.push(term);
  }
  if (found.length < extra) throw validation("Query key condition not supported");
  return found;
}

function all(prefix: Buffer): KeyRange {
  return { from: prefix, before: afterPrefix(prefix) };
}

function within(start: Buffer, { operator, values }: KeyTerm): KeyRange {
  const at = (value: AttributeValue) => Buffer.concat([start, encodePart(value)]);
  const [first, second] = values as readonly [AttributeValue, AttributeValue];
  switch (operator) {
    case "LT":
      return { from: start, before: at(first) };
    case "LE":
      return { from: start, before: afterPrefix(at(first)) };
    case "GT":
      return { from: afterPrefix(at(first))!, before: afterPrefix(start) };
    case "GE":
      return { from: at(first), before: afterPrefix(start) };
    case "BETWEEN":
      return { from: at(first), before: afterPrefix(at(second)) };
    default:
      if (typeOf(first) === "N") {
        throw invalidParameter("ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type");
      }
      return all(Buffer.concat([start, encodePrefix(first)]));
  }
}

/** Checks the values of a term against each other. */
export function checkTerms(terms: KeyTerms): void {
  for (const { operator, values } of terms.values()) {
    if (operator === "BETWEEN" && (compare(values[0]!, values[1]!) ?? 0) > 0) {
      throw validation(
        "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
      );
    }
  }
}

/** The key of an item with these attributes in a table or an index, without the table's key behind. */
export function sourceKey({ key }: Source, item: Item): Buffer {
  const valuesOf = (attributes: readonly KeyAttribute[]) => attributes.map(({ name }) => item[name]!);
  return encodeKey(valuesOf(key.partition), valuesOf(key.sort));
}
