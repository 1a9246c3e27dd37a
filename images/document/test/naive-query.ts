// A naive MongoDB in a few lines, over the driver's values, written from the manual ("Query and Projection Operators",
// "Comparison/Sort Order", "Query for Null or Missing Fields"): no index, no compiled path, one document after the other.
import { Decimal128, Long } from "mongodb";

/** A value of a random document: int32, int64, double, Decimal128, text, boolean, date, null, list, or document. */
export type NaiveValue =
  | number
  | string
  | boolean
  | null
  | Date
  | Long
  | Decimal128
  | readonly NaiveValue[]
  | NaiveDocument;

export interface NaiveDocument {
  readonly [name: string]: NaiveValue;
}

/** A query as the random generator makes it. */
export type NaiveFilter = Readonly<Record<string, unknown>>;

/** What stands where a path finds nothing. */
const missing: unique symbol = Symbol("missing");
type Found = NaiveValue | typeof missing;

export function matches(document: NaiveDocument, filter: NaiveFilter): boolean {
  return Object.entries(filter).every(([name, condition]) => {
    const branches = condition as NaiveFilter[];
    if (name === "$and") return branches.every((branch) => matches(document, branch));
    if (name === "$or") return branches.some((branch) => matches(document, branch));
    if (name === "$nor") return !branches.some((branch) => matches(document, branch));
    return isOperators(condition)
      ? Object.entries(condition).every(([operator, operand]) => holds(document, name, operator, operand))
      : holds(document, name, "$eq", condition);
  });
}

function isOperators(condition: unknown): condition is Readonly<Record<string, unknown>> {
  return isDocument(condition) && Object.keys(condition)[0]?.startsWith("$") === true;
}

function holds(document: NaiveDocument, path: string, operator: string, operand: unknown): boolean {
  switch (operator) {
    case "$not":
      return !Object.entries(operand as NaiveFilter).every(([inner, value]) =>
        holds(document, path, inner, value),
      );
    case "$ne":
      return !holds(document, path, "$eq", operand);
    case "$nin":
      return !holds(document, path, "$in", operand);
    case "$in":
      return (operand as unknown[]).some((value) => holds(document, path, "$eq", value));
    case "$all": {
      const wanted = operand as unknown[];
      return wanted.length > 0 && wanted.every((value) => holds(document, path, "$eq", value));
    }
    case "$exists":
      return leaves(document, path.split(".")).some((value) => value !== missing) === operand;
    case "$size":
      return leaves(document, path.split(".")).some(
        (value) => Array.isArray(value) && value.length === operand,
      );
    case "$elemMatch":
      return leaves(document, path.split(".")).some(
        (value) => Array.isArray(value) && value.some((element) => isElement(element, operand)),
      );
    default:
      return elements(document, path).some((value) => compares(value, operator, operand));
  }
}

/** Whether an element of a list is what $elemMatch looks for: a document that a query finds, or a value with which conditions hold. */
function isElement(element: NaiveValue, wanted: unknown): boolean {
  if (!isOperators(wanted)) {
    // A list is a document here, whose fields are called "0", "1" and so on.
    const document = Array.isArray(element) ? { ...(element as NaiveValue[]) } : element;
    return isDocument(document) && matches(document, wanted as NaiveFilter);
  }
  // The list's element is the value; were it a list, its own elements would not be looked at.
  return Object.entries(wanted).every(([operator, operand]) => {
    if (operator === "$ne") return !compares(element, "$eq", operand);
    if (operator === "$in") return (operand as unknown[]).some((value) => compares(element, "$eq", value));
    return compares(element, operator, operand);
  });
}

function compares(value: Found, operator: string, operand: unknown): boolean {
  switch (operator) {
    case "$eq":
      if (operand === null) return value === missing || value === null;
      return value !== missing && compareValues(value, operand as NaiveValue) === 0;
    case "$mod": {
      const [divisor, remainder] = operand as [number, number];
      const number = value !== missing && rank(value) === 2 ? numberOf(value) : Number.NaN;
      return Number.isFinite(number) && Math.trunc(number) % divisor === remainder;
    }
    case "$type":
      return value !== missing && typeNames(value).includes(operand as string);
    case "$regex":
      return typeof value === "string" && new RegExp(operand as string, "u").test(value);
    default:
      return isInOrder(value, operator, operand as NaiveValue);
  }
}

function isInOrder(found: Found, operator: string, operand: NaiveValue): boolean {
  const takesEqual = operator === "$gte" || operator === "$lte";
  if (operand === null) return takesEqual && (found === missing || found === null);
  if (found === missing || rank(found) !== rank(operand)) return false;
  if (isNotANumber(found) || isNotANumber(operand))
    return takesEqual && isNotANumber(found) && isNotANumber(operand);
  const order = compareValues(found, operand);
  if (order === 0) return takesEqual;
  return operator.startsWith("$gt") ? order > 0 : order < 0;
}

/** What a condition is held against: what is at the path, and the elements of lists that are there. */
function elements(document: NaiveDocument, path: string): Found[] {
  return leaves(document, path.split("."), true);
}

/**
 * What is at a path, and with `isExpanding` the elements of a list that is there, but not of one that is named by its number. In
 * the midst of a path, each document of a list is gone into, and so is the element that a number names.
 */
function leaves(value: NaiveValue, path: readonly string[], isExpanding = false): Found[] {
  const [name, ...rest] = path;
  if (name === undefined)
    return Array.isArray(value) && isExpanding ? [value, ...(value as NaiveValue[])] : [value];
  if (Array.isArray(value)) {
    const list = value as readonly NaiveValue[];
    const all = list.filter(isDocument).flatMap((element) => leaves(element, path, isExpanding));
    const named = /^\d+$/.test(name) ? list[Number(name)] : undefined;
    if (named === undefined) return all;
    if (rest.length === 0) return [...all, named];
    return isDocument(named) || Array.isArray(named) ? [...all, ...leaves(named, rest, isExpanding)] : all;
  }
  if (!isDocument(value) || !Object.hasOwn(value, name)) return [missing];
  return leaves(value[name]!, rest, isExpanding);
}

/**
 * The order of a sort by one path and then by `_id`: of a list, the least element counts when ascending and the greatest
 * when descending; an empty one stands before null, and null where nothing is.
 */
export function inOrder(
  documents: readonly NaiveDocument[],
  path: string,
  direction: 1 | -1,
): NaiveDocument[] {
  const keyed = documents.map((document): { document: NaiveDocument; key: Found } => ({
    document,
    key: sortKey(document, path, direction),
  }));
  keyed.sort(
    (a, b) =>
      direction * compareKeys(a.key, b.key) || (a.document._id as number) - (b.document._id as number),
  );
  return keyed.map(({ document }) => document);
}

/** An empty list is told by `missing`. */
function sortKey(document: NaiveDocument, path: string, direction: 1 | -1): Found {
  const keys: Found[] = sorted(document, path.split(".")).flatMap((value): Found[] => {
    if (value === missing) return [null];
    if (!Array.isArray(value)) return [value];
    return value.length === 0 ? [missing] : (value as NaiveValue[]);
  });
  if (keys.length === 0) return null;
  return keys.reduce<Found>((best, key) => (direction * compareKeys(key, best) < 0 ? key : best), keys[0]!);
}

/** As `leaves`, but what is no document in a list in the midst of a path counts as one without the field. */
function sorted(value: NaiveValue, path: readonly string[]): Found[] {
  const [name, ...rest] = path;
  if (name === undefined) return [value];
  if (Array.isArray(value))
    return (value as NaiveValue[]).flatMap((element) =>
      isDocument(element) ? sorted(element, path) : [missing],
    );
  return isDocument(value) && Object.hasOwn(value, name) ? sorted(value[name]!, rest) : [missing];
}

function compareKeys(a: Found, b: Found): number {
  if (a === missing || b === missing) return a === b ? 0 : a === missing ? -1 : 1;
  return compareValues(a, b);
}

/** MongoDB's order across types. */
function compareValues(a: NaiveValue, b: NaiveValue): number {
  const ranks = rank(a) - rank(b);
  if (ranks !== 0) return ranks;
  if (Array.isArray(a) && Array.isArray(b)) return compareLists(a as NaiveValue[], b as NaiveValue[]);
  if (isDocument(a) && isDocument(b)) return compareDocuments(a, b);
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b));
  if (a === null) return 0;
  const [left, right] = [numberOf(a), numberOf(b)];
  if (Number.isNaN(left) || Number.isNaN(right))
    return Number(Number.isNaN(right)) - Number(Number.isNaN(left));
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The random values are exact as doubles, whatever their type. */
function numberOf(value: NaiveValue): number {
  if (value instanceof Date) return value.getTime();
  return typeof value === "boolean" ? Number(value) : Number(String(value));
}

function isNotANumber(value: NaiveValue): boolean {
  return rank(value) === 2 && Number.isNaN(numberOf(value));
}

function compareLists(a: readonly NaiveValue[], b: readonly NaiveValue[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareValues(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareDocuments(a: NaiveDocument, b: NaiveDocument): number {
  const [left, right] = [Object.entries(a), Object.entries(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [[name, value], [otherName, otherValue]] = [left[i]!, right[i]!];
    const order =
      rank(value) - rank(otherValue) ||
      Buffer.compare(Buffer.from(name), Buffer.from(otherName)) ||
      compareValues(value, otherValue);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function rank(value: NaiveValue): number {
  if (value === null) return 1;
  if (typeof value === "number" || value instanceof Long || value instanceof Decimal128) return 2;
  if (typeof value === "string") return 3;
  if (Array.isArray(value)) return 5;
  if (typeof value === "boolean") return 8;
  return value instanceof Date ? 9 : 4;
}

function typeNames(value: NaiveValue): string[] {
  if (value === null) return ["null"];
  if (value instanceof Long) return ["long", "number"];
  if (value instanceof Decimal128) return ["decimal", "number"];
  if (typeof value === "number") return [isInt32(value) ? "int" : "double", "number"];
  if (typeof value === "string") return ["string"];
  if (typeof value === "boolean") return ["bool"];
  if (value instanceof Date) return ["date"];
  return [Array.isArray(value) ? "array" : "object"];
}

/** As the driver decides between int32 and double. */
function isInt32(value: number): boolean {
  return (value | 0) === value && !Object.is(value, -0);
}

function isDocument(value: unknown): value is NaiveDocument {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !(value instanceof Long) &&
    !(value instanceof Decimal128)
  );
}
