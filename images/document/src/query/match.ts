import type { Collation } from "../bson/collation.ts";
import { identityOf } from "../bson/key-bytes.ts";
import { isNaNValue, isTruthy, toDouble, truncated } from "../bson/numbers.ts";
import { compareValues } from "../bson/order.ts";
import { compileRegex } from "../bson/regex.ts";
import { canonicalType, isNumeric, typeNumber } from "../bson/types.ts";
import {
  BsonSymbol,
  Doc,
  Double,
  MaxKey,
  MinKey,
  type Regex,
  readValue,
  type Value,
} from "../bson/values.ts";
import type { Scope } from "../expressions/expression.ts";
import { testBits } from "./bits.ts";
import type { Comparison, Filter } from "./filter.ts";
import { elementCount, findElement, pathOf, type Visit, visitElements, visitPath } from "./path.ts";

/** Whether the document at a place matches. */
export type Matcher = (bytes: Buffer, at: number) => boolean;

/** What filters need beside the document. */
export interface MatchContext {
  readonly collation: Collation | undefined;
  /** For $expr. */
  readonly scope: Scope;
}

/** Makes of a filter a function over the bytes of documents. */
export function compileFilter(filter: Filter, context: MatchContext): Matcher {
  switch (filter.kind) {
    case "and": {
      const children = filter.children.map((child) => compileFilter(child, context));
      return (bytes, at) => {
        for (const child of children) if (!child(bytes, at)) return false;
        return true;
      };
    }
    case "or": {
      const children = filter.children.map((child) => compileFilter(child, context));
      return (bytes, at) => {
        for (const child of children) if (child(bytes, at)) return true;
        return false;
      };
    }
    case "nor": {
      const children = filter.children.map((child) => compileFilter(child, context));
      return (bytes, at) => !children.some((child) => child(bytes, at));
    }
    case "not": {
      const child = compileFilter(filter.child, context);
      return (bytes, at) => !child(bytes, at);
    }
    case "always":
      return () => filter.matches;
    case "expr": {
      const { evaluate } = filter.expression;
      const { scope } = context;
      return (bytes, at) => {
        const { root } = scope;
        scope.root = Doc.read(bytes, at);
        try {
          return isTruthy(evaluate(scope));
        } finally {
          scope.root = root;
        }
      };
    }
    case "schema":
      return (bytes, at) => filter.check(Doc.read(bytes, at));
    case "sample":
      return () => Math.random() < filter.rate;
    // What these select is decided by the index that they need; what comes from there matches.
    case "near":
    case "text":
      return () => true;
    default: {
      const isExpanding = !["size", "elemMatchObject", "elemMatchValue"].includes(filter.kind);
      const visit = compileLeaf(filter, context);
      const { path } = filter;
      return (bytes, at) => visitPath(bytes, at, path, isExpanding, visit);
    }
  }
}

/** A test of one value, for a filter of one field. */
function compileLeaf(filter: Filter, context: MatchContext): Visit {
  switch (filter.kind) {
    case "eq":
    case "lt":
    case "lte":
    case "gt":
    case "gte":
      return compileComparison(filter.kind, filter.value, context.collation);
    case "in":
      return compileIn(filter.values, filter.regexes, context.collation);
    case "regex":
      return regexTest(filter.regex);
    case "exists":
      return (_bytes, type) => type !== 0;
    case "type":
      return (_bytes, type) => filter.types.has(type);
    case "size":
      return (bytes, type, at) => type === 0x04 && elementCount(bytes, at) === filter.size;
    case "mod": {
      const { divisor, remainder } = filter;
      return (bytes, type, at) => {
        if (type !== 0x10 && type !== 0x01 && type !== 0x12 && type !== 0x13) return false;
        const value = readValue(bytes, type, at);
        if (!isNumeric(value)) return false;
        const whole = truncated(value);
        return (
          whole !== undefined && whole >= -(2n ** 63n) && whole < 2n ** 63n && whole % divisor === remainder
        );
      };
    }
    case "bits":
      return (bytes, type, at) => {
        if (type !== 0x10 && type !== 0x01 && type !== 0x12 && type !== 0x13 && type !== 0x05) return false;
        return testBits(readValue(bytes, type, at), filter.test, filter.positions);
      };
    case "elemMatchObject": {
      const child = compileFilter(filter.child, context);
      const one: Visit = (bytes, type, at) => (type === 0x03 || type === 0x04) && child(bytes, at);
      return (bytes, type, at) => type === 0x04 && visitElements(bytes, at, one);
    }
    case "elemMatchValue": {
      const tests = filter.children.map((child) => compileValueTest(child, context));
      const one: Visit = (bytes, type, at) => tests.every((test) => test(bytes, type, at));
      return (bytes, type, at) => type === 0x04 && visitElements(bytes, at, one);
    }
    case "geo": {
      const { predicate } = filter;
      return (bytes, type, at) =>
        (type === 0x03 || type === 0x04) && predicate.matches(readValue(bytes, type, at));
    }
    default:
      throw new TypeError(`${filter.kind} has no field`);
  }
}

/** A test of a value itself, and not of what is in it: for $elemMatch of values. */
function compileValueTest(filter: Filter, context: MatchContext): Visit {
  switch (filter.kind) {
    case "not": {
      const child = compileValueTest(filter.child, context);
      return (bytes, type, at) => !child(bytes, type, at);
    }
    case "and": {
      const children = filter.children.map((child) => compileValueTest(child, context));
      return (bytes, type, at) => children.every((child) => child(bytes, type, at));
    }
    case "or": {
      const children = filter.children.map((child) => compileValueTest(child, context));
      return (bytes, type, at) => children.some((child) => child(bytes, type, at));
    }
    case "always":
      return () => filter.matches;
    default:
      return compileLeaf(filter, context);
  }
}

/** The position in the array that made a document match, for the positional operators; undefined when none did. */
export function matchedPosition(
  filter: Filter,
  context: MatchContext,
  bytes: Buffer,
  at: number,
): number | undefined {
  switch (filter.kind) {
    case "and": {
      let found: number | undefined;
      // The last one that has a position is the one that counts.
      for (const child of filter.children) {
        found = matchedPosition(child, context, bytes, at) ?? found;
      }
      return found;
    }
    case "or":
      for (const child of filter.children) {
        if (compileFilter(child, context)(bytes, at)) {
          const found = matchedPosition(child, context, bytes, at);
          if (found !== undefined) return found;
        }
      }
      return undefined;
    case "not":
    case "nor":
    case "always":
    case "expr":
    case "schema":
    case "text":
    case "near":
    case "sample":
      return undefined;
    default:
      return leafPosition(filter, context, bytes, at);
  }
}

function leafPosition(
  filter: Extract<Filter, { path: unknown }>,
  context: MatchContext,
  bytes: Buffer,
  at: number,
): number | undefined {
  if (filter.kind === "size" || filter.kind === "near") return undefined;
  const { parts } = filter.path;
  for (let i = 0; i < parts.length; i++) {
    const element = findElement(bytes, at, parts[i]!.bytes);
    if (element === -1) return undefined;
    const type = bytes[element]!;
    const value = element + 2 + parts[i]!.bytes.length;
    // The outermost array on the way is the one whose position is meant.
    if (type === 0x04) return positionIn(bytes, value, elementTest(filter, i + 1, context));
    if (type !== 0x03) return undefined;
    at = value;
  }
  return undefined;
}

function positionIn(bytes: Buffer, at: number, test: Visit): number | undefined {
  let index = -1;
  const isFound = visitElements(bytes, at, (inner, type, value) => {
    index++;
    return test(inner, type, value);
  });
  return isFound ? index : undefined;
}

/** The filter as a test of the elements of an array that stands before part `from` of its path. */
function elementTest(filter: Extract<Filter, { path: unknown }>, from: number, context: MatchContext): Visit {
  const rest = filter.path.parts.slice(from);
  if (rest.length > 0) {
    const path = pathOf(rest.map(({ name }) => name).join("."));
    const matches = compileFilter({ ...filter, path } as Filter, context);
    return (bytes, type, at) => type === 0x03 && matches(bytes, at);
  }
  if (filter.kind === "elemMatchObject") {
    const child = compileFilter(filter.child, context);
    return (bytes, type, at) => (type === 0x03 || type === 0x04) && child(bytes, at);
  }
  if (filter.kind === "elemMatchValue") {
    const tests = filter.children.map((child) => compileValueTest(child, context));
    return (bytes, type, at) => tests.every((test) => test(bytes, type, at));
  }
  return compileLeaf(filter, context);
}

// ---- comparisons ---------------------------------------------------------------------------------------------------

type OrderTest = (order: number) => boolean;

const orderTests: Readonly<Record<Comparison, OrderTest>> = {
  eq: (order) => order === 0,
  lt: (order) => order < 0,
  lte: (order) => order <= 0,
  gt: (order) => order > 0,
  gte: (order) => order >= 0,
};

/**
 * Values are compared with those of their own type only, but for null, which is also what is not there, and for MinKey and
 * MaxKey, which are compared with everything. NaN is equal to NaN, and neither below nor above anything.
 */
function compileComparison(kind: Comparison, value: Value, collation: Collation | undefined): Visit {
  const canonical = canonicalType(typeNumber(value));
  const isMet = orderTests[kind];
  const isInclusive = kind === "eq" || kind === "lte" || kind === "gte";
  if (value instanceof MinKey || value instanceof MaxKey) {
    const own = value instanceof MinKey ? 0xff : 0x7f;
    const isMetByOthers =
      value instanceof MinKey ? kind === "gt" || kind === "gte" : kind === "lt" || kind === "lte";
    return (_bytes, type) =>
      type === own ? isInclusive : type !== 0 || kind !== "eq" ? isMetByOthers : false;
  }
  if (canonical === 5) return (_bytes, type) => isInclusive && (type === 0x0a || type === 0);
  if (canonical === 10) return numberComparison(value, isMet, isInclusive);
  if (canonical === 15 && collation === undefined) return textComparison(kind, value, isMet);
  const texts = collation?.order;
  return (bytes, type, at) =>
    type !== 0 &&
    canonicalType(type) === canonical &&
    isMet(compareValues(readValue(bytes, type, at), value, texts));
}

function numberComparison(value: Value, isMet: OrderTest, isInclusive: boolean): Visit {
  if (isNaNValue(value)) {
    return (bytes, type, at) =>
      isInclusive && (type === 0x01 || type === 0x13) && isNaNValue(readValue(bytes, type, at));
  }
  const isExact = typeof value === "number" || value instanceof Double;
  const number = isNumeric(value) ? toDouble(value) : 0;
  return (bytes, type, at) => {
    if (type === 0x10 && isExact) {
      const other = bytes.readInt32LE(at);
      return isMet(other < number ? -1 : other > number ? 1 : 0);
    }
    if (type === 0x01 && isExact) {
      const other = bytes.readDoubleLE(at);
      if (Number.isNaN(other)) return false;
      return isMet(other < number ? -1 : other > number ? 1 : 0);
    }
    if (type !== 0x10 && type !== 0x01 && type !== 0x12 && type !== 0x13) return false;
    const other = readValue(bytes, type, at);
    return !isNaNValue(other) && isMet(compareValues(other, value));
  };
}

function textComparison(kind: Comparison, value: Value, isMet: OrderTest): Visit {
  const wanted = Buffer.from(value instanceof BsonSymbol ? value.text : (value as string));
  const length = wanted.length;
  if (kind === "eq") {
    return (bytes, type, at) =>
      (type === 0x02 || type === 0x0e) &&
      bytes.readInt32LE(at) === length + 1 &&
      bytes.compare(wanted, 0, length, at + 4, at + 4 + length) === 0;
  }
  return (bytes, type, at) =>
    (type === 0x02 || type === 0x0e) &&
    isMet(bytes.compare(wanted, 0, length, at + 4, at + 3 + bytes.readInt32LE(at)));
}

/** Lists of up to this many are gone through; longer ones are looked up in. */
const listMax = 4;

function compileIn(
  values: readonly Value[],
  regexes: readonly Regex[],
  collation: Collation | undefined,
): Visit {
  const tests: Visit[] = regexes.map(regexTest);
  if (values.length <= listMax) {
    for (const value of values) tests.push(compileComparison("eq", value, collation));
  } else {
    const texts = collation?.key;
    const wanted = new Set(values.map((value) => identityOf(value, texts)));
    const hasNull = values.some((value) => value === null);
    tests.push((bytes, type, at) =>
      type === 0 ? hasNull : type !== 0x06 && wanted.has(identityOf(readValue(bytes, type, at), texts)),
    );
  }
  return tests.length === 1 ? tests[0]! : (bytes, type, at) => tests.some((test) => test(bytes, type, at));
}

function regexTest(regex: Regex): Visit {
  const compiled = compileRegex(regex.pattern, regex.options);
  return (bytes, type, at) => {
    if (type === 0x02 || type === 0x0e) {
      compiled.lastIndex = 0;
      return compiled.test(bytes.toString("utf8", at + 4, at + 3 + bytes.readInt32LE(at)));
    }
    // A regular expression that is stored matches the same one.
    if (type !== 0x0b) return false;
    const stored = readValue(bytes, type, at) as Regex;
    return stored.pattern === regex.pattern && stored.options === regex.options;
  };
}
