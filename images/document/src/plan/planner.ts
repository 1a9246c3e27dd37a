import type { Collation } from "../bson/collation.ts";
import { hashOfValue } from "../bson/hash.ts";
import { inverted, keyOf } from "../bson/key-bytes.ts";
import { exactInt32 } from "../bson/numbers.ts";
import { compareValues } from "../bson/order.ts";
import { canonicalType, typeNumber } from "../bson/types.ts";
import { Doc, type Value } from "../bson/values.ts";
import { badValue, MongoError } from "../errors.ts";
import type { SortSpec } from "../expressions/sort.ts";
import type { Filter } from "../query/filter.ts";
import { type Path, pathOf } from "../query/path.ts";
import type { Collection, Index, IndexField } from "../storage/collection.ts";
import { ftsQuery } from "../text/fts-query.ts";
import { geoIntervals } from "./geo-intervals.ts";
import { everything, type Interval, intersection, intervalsOf, mirrored, pointOf } from "./intervals.ts";
import type { IndexScan, KeyRange, Plan } from "./plan.ts";

export interface PlanRequest {
  readonly collection: Collection;
  readonly filter: Filter;
  readonly sort: SortSpec | undefined;
  readonly hint: Value | undefined;
  readonly collation: Collation | undefined;
  /** The moment whose state is read: indexes that were not whole then are not used. */
  readonly asOfMs: number;
  /** Bounds of the hinted index's keys: from the one, up to and without the other. */
  readonly min?: Doc | undefined;
  readonly max?: Doc | undefined;
  /** Documents beyond which nobody will read; 0 is all. */
  readonly limit?: number;
}

/** So many ranges of one scan; where lists would make more, the later fields are left to the filter. */
const rangesMax = 2000;

/** Chooses where the candidates come from. */
export function makePlan(request: PlanRequest): Plan {
  const { collection, filter, sort, hint } = request;
  if (request.min !== undefined || request.max !== undefined) return boundedPlan(request);
  const conjuncts = filter.kind === "and" ? filter.children : [filter];
  if (conjuncts.some((one) => one.kind === "always" && !one.matches)) return { kind: "nothing" };
  const text = conjuncts.find((one) => one.kind === "text");
  if (text?.kind === "text") return textPlan(request, text);
  if (hint !== undefined && !(hint instanceof Doc && hint.isEmpty))
    return hintedPlan(request, conjuncts, hint);
  if (sort?.natural !== undefined) return { kind: "natural", isReverse: sort.natural < 0 };
  let best: { plan: Plan; score: number } | undefined;
  const consider = (plan: Plan | undefined, score: number) => {
    if (plan !== undefined && (best === undefined || score > best.score)) best = { plan, score };
  };
  for (const index of collection.indexes) {
    if (!isUsable(index, request) || index.text !== undefined) continue;
    const scan = scanOf(index, conjuncts, request);
    if (scan !== undefined) consider(scan.scan, scan.score);
  }
  if (best === undefined || best.score < 10) consider(unionOf(conjuncts, request), 8);
  return best?.plan ?? { kind: "natural", isReverse: false };
}

function isUsable(index: Index, { asOfMs }: PlanRequest): boolean {
  return !index.isHidden && index.wholeSinceMs < asOfMs;
}

function textPlan(request: PlanRequest, filter: Extract<Filter, { kind: "text" }>): Plan {
  const index = request.collection.indexes.find((one) => one.text !== undefined && isUsable(one, request));
  if (index === undefined) throw new MongoError(27, "text index required for $text query");
  return { kind: "text", index, query: ftsQuery(filter.search) };
}

function hintedPlan(request: PlanRequest, conjuncts: readonly Filter[], hint: Value): Plan {
  const natural = hint instanceof Doc ? hint.get("$natural") : undefined;
  if (natural !== undefined) {
    const direction = exactInt32(natural);
    if (direction !== 1 && direction !== -1) throw badValue("$natural hint must be 1 or -1");
    return { kind: "natural", isReverse: direction < 0 };
  }
  const index = hintedIndex(request, hint);
  if (index.text !== undefined) return { kind: "natural", isReverse: false };
  return scanOf(index, conjuncts, request, true)?.scan ?? fullScan(index);
}

/** @throws MongoError 2, 9 */
function hintedIndex(request: PlanRequest, hint: Value): Index {
  const { indexes } = request.collection;
  let index: Index | undefined;
  if (typeof hint === "string") index = indexes.find(({ name }) => name === hint);
  else if (hint instanceof Doc) index = indexes.find(({ spec }) => isSameKey(spec.get("key") as Doc, hint));
  else throw new MongoError(9, "Hint must be a string or an object");
  if (index === undefined || !isUsable(index, request)) {
    throw badValue(
      "error processing query: planner returned error :: caused by :: hint provided does not correspond to an existing index",
    );
  }
  return index;
}

/** The keys between `min` and `max`. @throws MongoError 51173, 51174, 51175 */
function boundedPlan(request: PlanRequest): IndexScan {
  const { min, max, hint, sort, collation } = request;
  const isNamed = typeof hint === "string" || (hint instanceof Doc && !hint.isEmpty && !hint.has("$natural"));
  if (!isNamed)
    throw new MongoError(51173, "When using min()/max() a hint of which index to use must be provided");
  const index = hintedIndex(request, hint!);
  for (const bound of [min, max]) {
    const names = bound === undefined ? undefined : [...bound.keys()];
    const isOfIndex =
      names === undefined ||
      (names.length === index.fields.length && index.fields.every(({ path }, i) => path === names[i]));
    if (!isOfIndex || index.fields.some(({ kind }) => kind !== "range"))
      throw new MongoError(51174, "The index chosen is not compatible with min/max");
  }
  const keyOfBound = (bound: Doc): Buffer =>
    Buffer.concat(
      index.fields.map(({ path, isDescending }) => {
        const key = keyOf(bound.get(path), index.collation?.key);
        return isDescending ? inverted(key) : key;
      }),
    );
  const low = min === undefined ? Buffer.alloc(0) : keyOfBound(min);
  const high = max === undefined ? Buffer.from([0xff]) : keyOfBound(max);
  if (min !== undefined && max !== undefined && low.compare(high) >= 0)
    throw new MongoError(
      51175,
      "The value provided for min() does not come before the value provided for max().",
    );
  const order = isSameCollation(index.collation, collation)
    ? sortDirection(index, [{ field: index.fields[0]!, intervals: [everything] }], request)
    : undefined;
  return {
    kind: "index",
    index,
    ranges: [{ low, high }],
    isReverse: order === "reverse",
    bounds: new Map(),
    providesSort: sort !== undefined && order !== undefined,
  };
}

function isSameKey(a: Doc, b: Doc): boolean {
  return compareValues(a, b) === 0;
}

function fullScan(index: Index): IndexScan {
  return {
    kind: "index",
    index,
    ranges: [{ low: Buffer.alloc(0), high: Buffer.from([0xff]) }],
    isReverse: false,
    bounds: new Map(index.fields.map(({ path }) => [path, [everything.text]])),
    providesSort: false,
  };
}

/** A $or of which every branch has an index of its own. */
function unionOf(conjuncts: readonly Filter[], request: PlanRequest): Plan | undefined {
  for (const filter of conjuncts) {
    if (filter.kind !== "or") continue;
    const scans: IndexScan[] = [];
    for (const branch of filter.children) {
      const parts = branch.kind === "and" ? branch.children : [branch];
      let found: { scan: IndexScan; score: number } | undefined;
      for (const index of request.collection.indexes) {
        if (!isUsable(index, request) || index.text !== undefined) continue;
        const scan = scanOf(index, parts, { ...request, sort: undefined });
        if (scan !== undefined && scan.score > (found?.score ?? 0)) found = scan;
      }
      if (found === undefined) break;
      scans.push(found.scan);
    }
    if (scans.length === filter.children.length) return { kind: "union", scans };
  }
  return undefined;
}

/** What an index can do for a query, and how good that is; undefined when it can do nothing. */
function scanOf(
  index: Index,
  conjuncts: readonly Filter[],
  request: PlanRequest,
  isForced = false,
): { scan: IndexScan; score: number } | undefined {
  if (index.partial !== undefined && !implies(conjuncts, index.partial.filter)) return undefined;
  const { collation } = request;
  const first = index.fields[0]!;
  if (first.kind === "wildcard") return wildcardScan(index, conjuncts, request);
  const bounded: { field: IndexField; intervals: readonly Interval[] }[] = [];
  for (const field of index.fields) {
    const isShadowed = index.isMultikey && bounded.some((one) => one.field.parts[0] === field.parts[0]);
    const intervals = isShadowed ? undefined : fieldIntervals(index, field, conjuncts, collation);
    if (intervals === undefined) break;
    bounded.push({ field, intervals });
    if (!intervals.every(({ isPoint }) => isPoint)) break;
  }
  if (index.isSparse && bounded.length === 0) return undefined;
  if (index.isSparse && !bounded.some(({ intervals }) => !intervals.some(holdsNull))) return undefined;
  const pointFields = bounded.filter(({ intervals }) => intervals.every(({ isPoint }) => isPoint)).length;
  const order = sortDirection(index, bounded, request);
  if (bounded.length === 0 && order === undefined && !isForced) return undefined;
  const ranges = rangesOf(bounded);
  const isUniquePoint = index.isUnique && pointFields === index.fields.length;
  const score =
    (isUniquePoint ? 100 : 0) +
    pointFields * 10 +
    (bounded.length - pointFields) * 5 +
    (order === undefined ? 0 : 4) +
    (bounded.length === 0 ? -2 : 0);
  const bounds = new Map(
    index.fields.map((field, i) => [
      field.path,
      bounded[i]?.intervals.map(({ text }) => (field.isDescending ? reversedText(text) : text)) ?? [
        field.isDescending ? "[MaxKey, MinKey]" : everything.text,
      ],
    ]),
  );
  return {
    scan: {
      kind: "index",
      index,
      ranges,
      isReverse: order === "reverse",
      bounds,
      providesSort: order !== undefined,
    },
    score,
  };
}

function reversedText(text: string): string {
  const match = /^([[(])([\s\S]*), ([\s\S]*)([\])])$/.exec(text);
  if (match === null) return text;
  return `${match[4] === "]" ? "[" : "("}${match[3]}, ${match[2]}${match[1] === "[" ? "]" : ")"}`;
}

function holdsNull({ low, high }: Interval): boolean {
  const nothing = keyOf(null);
  return low.compare(nothing) <= 0 && high.compare(nothing) > 0;
}

/** The intervals of one field of an index that all conjuncts together leave. */
function fieldIntervals(
  index: Index,
  field: IndexField,
  conjuncts: readonly Filter[],
  collation: Collation | undefined,
): readonly Interval[] | undefined {
  // A number names an element, of which the index has a key, or a field of each element, of which it then has none.
  if (namesElement(pathOf(field.path))) return undefined;
  const isOwnCollation = isSameCollation(index.collation, collation);
  let result: readonly Interval[] | undefined;
  for (const filter of predicatesOf(field.path, conjuncts)) {
    if (field.kind === "2dsphere" || field.kind === "2d") {
      const cells = geoIntervals(filter, field.kind);
      if (cells !== undefined) return cells;
      continue;
    }
    if (!isOwnCollation && concernsTexts(filter)) continue;
    if (field.kind === "hashed") {
      const points = hashedPoints(filter);
      if (points !== undefined) return points;
      continue;
    }
    const found = intervalsOf(filter, index.collation?.key);
    if (found === undefined) continue;
    // Of a multikey index, one element may meet one predicate and another element the other.
    if (index.isMultikey) {
      if (result === undefined || isBetter(found, result)) result = found;
    } else result = result === undefined ? found : intersection(result, found);
  }
  return result;
}

function isBetter(a: readonly Interval[], b: readonly Interval[]): boolean {
  return a.every(({ isPoint }) => isPoint) && !b.every(({ isPoint }) => isPoint);
}

function hashedPoints(filter: Filter): readonly Interval[] | undefined {
  const values =
    filter.kind === "eq"
      ? [filter.value]
      : filter.kind === "in" && filter.regexes.length === 0
        ? filter.values
        : undefined;
  if (values === undefined || values.some((value) => Array.isArray(value))) return undefined;
  return values.map((value) => pointOf(hashOfValue(value))).sort((a, b) => a.low.compare(b.low));
}

/** The predicates of a path, also those within $elemMatch of an array on the way. */
function predicatesOf(path: string, conjuncts: readonly Filter[]): Filter[] {
  const found: Filter[] = [];
  for (const filter of conjuncts) {
    if (filter.kind === "and") found.push(...predicatesOf(path, filter.children));
    else if (filter.kind === "elemMatchObject") {
      const prefix = `${filter.path.text}.`;
      if (path.startsWith(prefix)) {
        const inner = filter.child.kind === "and" ? filter.child.children : [filter.child];
        found.push(...predicatesOf(path.slice(prefix.length), inner));
      }
    } else if ("path" in filter && filter.path.text === path) found.push(filter);
  }
  return found;
}

/** Whether a filter's outcome may depend on a collation. */
function concernsTexts(filter: Filter): boolean {
  const isText = (value: Value) => {
    const type = canonicalType(typeNumber(value));
    return type === 15 || type === 20 || type === 25;
  };
  return comparesWith(filter, isText, true);
}

/** Whether a filter compares with such a value; `otherwise`: what is said of one that does not compare with values. */
function comparesWith(filter: Filter, isSuch: (value: Value) => boolean, otherwise: boolean): boolean {
  switch (filter.kind) {
    case "eq":
    case "lt":
    case "lte":
    case "gt":
    case "gte":
      return isSuch(filter.value);
    case "in":
      return (otherwise && filter.regexes.length > 0) || filter.values.some(isSuch);
    case "elemMatchValue":
      return filter.children.some((child) => comparesWith(child, isSuch, otherwise));
    default:
      return otherwise;
  }
}

export function isSameCollation(a: Collation | undefined, b: Collation | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const names = [
    "locale",
    "strength",
    "caseLevel",
    "caseFirst",
    "numericOrdering",
    "alternate",
    "maxVariable",
    "normalization",
    "backwards",
  ] as const;
  return names.every((name) => a[name] === b[name]);
}

/** The ranges of the index's keys: every combination of points, and the last field's intervals. */
function rangesOf(
  bounded: readonly { field: IndexField; intervals: readonly Interval[] }[],
): readonly KeyRange[] {
  let ranges: readonly KeyRange[] = [{ low: Buffer.alloc(0), high: Buffer.from([0xff]) }];
  let isOpen = true;
  for (const { field, intervals } of bounded) {
    if (ranges.length * intervals.length > rangesMax) break;
    const next: KeyRange[] = [];
    for (const { low: prefix } of ranges) {
      for (const one of intervals) {
        const [low, high] = field.isDescending ? mirrored(one) : [one.low, one.high];
        next.push({ low: Buffer.concat([prefix, low]), high: Buffer.concat([prefix, high]) });
      }
    }
    // Behind a range there are no more prefixes to go on from.
    ranges = next;
    isOpen = intervals.every(({ isPoint }) => isPoint);
    if (!isOpen) break;
  }
  return [...ranges].sort((a, b) => a.low.compare(b.low));
}

/** Whether the index gives the wished order, and in which direction it must be read. */
function sortDirection(
  index: Index,
  bounded: readonly { field: IndexField; intervals: readonly Interval[] }[],
  { sort, collation }: PlanRequest,
): "forward" | "reverse" | undefined {
  if (sort === undefined || sort.fields.length === 0 || sort.natural !== undefined) return undefined;
  if (index.collation !== undefined || !isSameCollation(index.collation, collation)) return undefined;
  if (index.isSparse || index.partial !== undefined) {
    if (bounded.length === 0) return undefined;
  }
  if (index.fields.some(({ kind }) => kind !== "range")) return undefined;
  if (index.isMultikey && (index.fields.length > 1 || bounded.length > 0)) return undefined;
  const fixed = new Set<string>();
  for (const { field, intervals } of bounded) {
    if (intervals.length === 1 && intervals[0]!.isPoint) fixed.add(field.path);
    else if (intervals.length > 1) return undefined;
  }
  let at = 0;
  let direction: number | undefined;
  for (const wished of sort.fields) {
    if (wished.meta !== undefined) return undefined;
    if (fixed.has(wished.path)) continue;
    while (at < index.fields.length && fixed.has(index.fields[at]!.path)) at++;
    const field = index.fields[at++];
    if (field === undefined || field.path !== wished.path) return undefined;
    const own = field.isDescending === wished.isDescending ? 1 : -1;
    if (direction !== undefined && direction !== own) return undefined;
    direction = own;
  }
  return direction === -1 ? "reverse" : "forward";
}

/** Whether a part of a path is a number, which may name an element of a list. */
function namesElement(path: Path): boolean {
  return path.parts.some((part) => part.index >= 0);
}

function wildcardScan(
  index: Index,
  conjuncts: readonly Filter[],
  { collation }: PlanRequest,
): { scan: IndexScan; score: number } | undefined {
  if (index.fields.length > 1) return undefined;
  for (const filter of conjuncts) {
    if (!("path" in filter) || !index.covers!(filter.path.text)) continue;
    if (!isSameCollation(index.collation, collation) && concernsTexts(filter)) continue;
    if (namesElement(filter.path)) continue;
    const intervals = intervalsOf(filter, index.collation?.key);
    if (intervals === undefined || intervals.some(holdsNull)) continue;
    // Of a document it has the fields, and no key of its own.
    if (comparesWith(filter, (value) => value instanceof Doc, false)) continue;
    const prefix = keyOf(filter.path.text);
    const ranges = intervals.map(({ low, high }) => ({
      low: Buffer.concat([prefix, low]),
      high: Buffer.concat([prefix, high]),
    }));
    const bounds = new Map([
      ["$_path", [`["${filter.path.text}", "${filter.path.text}"]`]],
      [filter.path.text, intervals.map(({ text }) => text)],
    ]);
    const scan: IndexScan = { kind: "index", index, ranges, isReverse: false, bounds, providesSort: false };
    return { scan, score: intervals.every(({ isPoint }) => isPoint) ? 9 : 4 };
  }
  return undefined;
}

/** Whether all documents that match the conjuncts match `filter` too, as far as that is easily seen. */
function implies(conjuncts: readonly Filter[], filter: Filter): boolean {
  if (filter.kind === "always") return filter.matches;
  if (filter.kind === "and") return filter.children.every((child) => implies(conjuncts, child));
  if (filter.kind === "or") return filter.children.some((child) => implies(conjuncts, child));
  return conjuncts.some((one) => {
    if (one.kind === "and") return implies(one.children, filter);
    if (one.kind === "or") {
      return one.children.every((branch) =>
        implies(branch.kind === "and" ? branch.children : [branch], filter),
      );
    }
    return impliesOne(one, filter);
  });
}

function impliesOne(known: Filter, wanted: Filter): boolean {
  if (!("path" in known) || !("path" in wanted) || known.path.text !== wanted.path.text) return false;
  const values =
    known.kind === "in" && known.regexes.length === 0
      ? known.values
      : known.kind === "eq"
        ? [known.value]
        : undefined;
  switch (wanted.kind) {
    case "exists":
      if (known.kind === "exists") return true;
      if (values !== undefined) return values.every((value) => value !== null);
      return (
        [
          "lt",
          "lte",
          "gt",
          "gte",
          "regex",
          "type",
          "size",
          "mod",
          "elemMatchObject",
          "elemMatchValue",
        ].includes(known.kind) && !("value" in known && known.value === null)
      );
    case "eq":
      return values?.every((value) => compareValues(value, wanted.value) === 0) === true;
    case "in":
      return values?.every((value) => wanted.values.some((one) => compareValues(one, value) === 0)) === true;
    case "lt":
    case "lte":
    case "gt":
    case "gte": {
      const meets = (value: Value, isStrict: boolean) => {
        if (canonicalType(typeNumber(value)) !== canonicalType(typeNumber(wanted.value))) return false;
        const order = compareValues(value, wanted.value);
        if (wanted.kind === "lt") return order < 0 || (isStrict && order === 0);
        if (wanted.kind === "lte") return order <= 0;
        if (wanted.kind === "gt") return order > 0 || (isStrict && order === 0);
        return order >= 0;
      };
      if (values !== undefined) return values.every((value) => meets(value, false));
      const isSameSide =
        (known.kind === "lt" || known.kind === "lte") === (wanted.kind === "lt" || wanted.kind === "lte");
      if (
        !isSameSide ||
        !(known.kind === "lt" || known.kind === "lte" || known.kind === "gt" || known.kind === "gte")
      ) {
        return false;
      }
      return meets(known.value, known.kind === "lt" || known.kind === "gt");
    }
    case "type":
      if (known.kind === "type") return [...known.types].every((type) => wanted.types.has(type));
      return values?.every((value) => wanted.types.has(typeNumber(value))) === true;
    default:
      return false;
  }
}
