import { invalid, unsupported } from "../errors.ts";
import type { FieldIndex } from "../model/definition.ts";
import { isObject } from "../model/json.ts";
import { parsePath, valuesAt } from "../model/payload-path.ts";
import { keyOfNumber, keyOfUuid } from "../model/point-id.ts";
import { microsecondsOf } from "./datetime.ts";
import type { Condition, FieldCondition, Filter, Match, OneOrMany, Range } from "./filter.ts";
import { geoDistance, geoPointOf, isInBox, isInPolygon } from "./geo.ts";
import { textMatcher } from "./text-match.ts";

/** What a filter looks at. */
export interface FilteredPoint {
  readonly payload: Readonly<Record<string, unknown>>;
  /** Its id as stored, in hexadecimal. */
  readonly key: string;
  hasVector(name: string): boolean;
}

export type Predicate = (point: FilteredPoint) => boolean;
type Fields = Readonly<Record<string, FieldIndex>>;

const conditionsMax = 10_000;
const depthMax = 32;

/** Makes a predicate of a filter. @throws VectorError for one that is not valid */
export function compileFilter(filter: Filter, fields: Fields): Predicate {
  return compile(filter, { fields, left: conditionsMax }, depthMax);
}

interface Compiling {
  readonly fields: Fields;
  left: number;
}

function compile(filter: Filter, state: Compiling, depth: number): Predicate {
  if (typeof filter !== "object" || filter === null || Array.isArray(filter))
    throw invalid("a filter is an object with must, should, must_not or min_should");
  if (depth === 0) throw invalid(`filters are nested ${depthMax} deep at the most`);
  for (const name of Object.keys(filter)) {
    if (!["must", "should", "must_not", "min_should"].includes(name))
      throw invalid(`a filter has no member ${JSON.stringify(name)}`);
  }
  const all = (conditions: OneOrMany<Condition> | null | undefined) =>
    conditions === null || conditions === undefined
      ? undefined
      : [conditions].flat().map((condition) => compileCondition(condition as Condition, state, depth));
  const must = all(filter.must) ?? [];
  const mustNot = all(filter.must_not) ?? [];
  const should = all(filter.should);
  const minShould = filter.min_should ?? undefined;
  const counted = all(minShould?.conditions);
  const tests: Predicate[] = [
    ...must,
    ...mustNot.map(
      (test): Predicate =>
        (point) =>
          !test(point),
    ),
  ];
  if (should !== undefined && should.length > 0) tests.push((point) => should.some((test) => test(point)));
  if (counted !== undefined && minShould !== undefined) {
    tests.push((point) => {
      let matches = 0;
      for (const test of counted) if (test(point)) matches++;
      return matches >= minShould.min_count;
    });
  }
  const [first] = tests;
  return tests.length === 1 ? first! : (point) => tests.every((test) => test(point));
}

function compileCondition(condition: Condition, state: Compiling, depth: number): Predicate {
  if (--state.left < 0) throw invalid(`a filter has ${conditionsMax} conditions at the most`);
  if (!isObject(condition)) throw invalid("a condition of a filter is an object");
  if ("key" in condition) return compileField(condition as unknown as FieldCondition, state.fields);
  if ("is_empty" in condition) return isEmpty((condition.is_empty as { key: string }).key);
  if ("is_null" in condition) return isNull((condition.is_null as { key: string }).key);
  if ("has_id" in condition) {
    const keys = new Set(
      (condition.has_id as (number | bigint | string)[]).map((id) =>
        (typeof id === "string" ? keyOfUuid(id) : keyOfNumber(id)).toString("hex"),
      ),
    );
    return ({ key }) => keys.has(key);
  }
  if ("has_vector" in condition) {
    const name = condition.has_vector as string;
    return (point) => point.hasVector(name);
  }
  if ("nested" in condition) {
    const { key, filter } = condition.nested as { key: string; filter: Filter };
    const path = parsePath(key);
    const test = compile(filter, state, depth - 1);
    return (point) =>
      valuesAt(point.payload, path).some(
        (value) => isObject(value) && test({ payload: value, key: "", hasVector: () => false }),
      );
  }
  if ("slice" in condition) throw unsupported("a slice condition");
  return compile(condition as Filter, state, depth - 1);
}

function isEmpty(key: string): Predicate {
  const path = parsePath(key);
  return ({ payload }) =>
    valuesAt(payload, path, true).every(
      (value) => value === null || (Array.isArray(value) && value.length === 0),
    );
}

function isNull(key: string): Predicate {
  const path = parsePath(key);
  return ({ payload }) => valuesAt(payload, path, true).includes(null);
}

function compileField(condition: FieldCondition, fields: Fields): Predicate {
  const path = parsePath(condition.key);
  const anyOf =
    (test: (value: unknown) => boolean): Predicate =>
    ({ payload }) => {
      for (const value of valuesAt(payload, path)) if (test(value)) return true;
      return false;
    };
  const { match, range, geo_radius, geo_bounding_box, geo_polygon, values_count } = condition;
  const tests: Predicate[] = [];
  if (match != null) tests.push(anyOf(matcher(match, fields[condition.key])));
  if (range != null) tests.push(anyOf(rangeTest(range)));
  if (geo_radius != null) {
    const { center, radius } = geo_radius;
    tests.push(anyOf(geoTest((point) => geoDistance(point, center) < radius)));
  }
  if (geo_bounding_box != null) {
    const { top_left, bottom_right } = geo_bounding_box;
    tests.push(anyOf(geoTest((point) => isInBox(point, top_left, bottom_right))));
  }
  if (geo_polygon != null) {
    const exterior = geo_polygon.exterior.points;
    const interiors = (geo_polygon.interiors ?? []).map(({ points }) => points);
    for (const ring of [exterior, ...interiors]) requireClosed(ring);
    tests.push(anyOf(geoTest((point) => isInPolygon(point, exterior, interiors))));
  }
  if (values_count != null) {
    const isIn = numberTest(values_count as Range);
    tests.push(({ payload }) => countsOf(valuesAt(payload, path, true)).some(isIn));
  }
  if (condition.is_empty != null) {
    const test = isEmpty(condition.key);
    tests.push((point) => test(point) === condition.is_empty);
  }
  if (condition.is_null != null) {
    const test = isNull(condition.key);
    tests.push((point) => test(point) === condition.is_null);
  }
  if (tests.length === 0) throw invalid(`the condition on ${JSON.stringify(condition.key)} tests nothing`);
  return tests.length === 1 ? tests[0]! : (point) => tests.every((test) => test(point));
}

function requireClosed(ring: readonly { lon: number; lat: number }[]): void {
  const [first, last] = [ring[0], ring.at(-1)];
  if (
    ring.length < 4 ||
    first === undefined ||
    last === undefined ||
    first.lon !== last.lon ||
    first.lat !== last.lat
  )
    throw invalid("a ring of a polygon has four points at the least, and ends where it begins");
}

function geoTest(test: (point: { lon: number; lat: number }) => boolean): (value: unknown) => boolean {
  return (value) => {
    const point = geoPointOf(value);
    return point !== undefined && test(point);
  };
}

/** How many values each of the lists at a path has. */
function countsOf(values: readonly unknown[]): number[] {
  // A field that is missing has no count at all.
  if (values.length > 0 && values.every((value) => value === null)) return [0];
  return values.map((value) => (value === null ? 0 : Array.isArray(value) ? value.length : 1));
}

function matcher(match: Match, index: FieldIndex | undefined): (value: unknown) => boolean {
  if (!isObject(match)) throw invalid("a match is an object");
  if ("value" in match) return equality(match.value);
  if ("any" in match) {
    const values = new Set((match.any as readonly unknown[]).map(comparable));
    return (value) => values.has(comparable(value));
  }
  if ("except" in match) {
    const values = new Set((match.except as readonly unknown[]).map(comparable));
    return (value) => !values.has(comparable(value));
  }
  if ("prefix" in match) {
    const prefix = String(match.prefix);
    return (value) => typeof value === "string" && value.startsWith(prefix);
  }
  const kinds = { text: "all", text_any: "any", phrase: "phrase" } as const;
  for (const [name, kind] of Object.entries(kinds)) {
    if (!(name in match)) continue;
    const test = textMatcher(index, kind, String((match as Record<string, unknown>)[name]));
    return (value) => typeof value === "string" && test(value);
  }
  throw invalid("a match has one of value, any, except, text, text_any, phrase and prefix");
}

function comparable(value: unknown): unknown {
  return typeof value === "bigint" ? (Number.isSafeInteger(Number(value)) ? Number(value) : value) : value;
}

function equality(wanted: unknown): (value: unknown) => boolean {
  const compared = comparable(wanted);
  return (value) => comparable(value) === compared;
}

function rangeTest(range: Range): (value: unknown) => boolean {
  const limits = Object.values(range).filter((limit) => limit != null);
  if (!limits.some((limit) => typeof limit === "string")) {
    const test = numberTest(range);
    return (value) => (typeof value === "number" || typeof value === "bigint") && test(value);
  }
  const dates = Object.fromEntries(
    Object.entries(range).map(([name, limit]) => {
      if (limit == null) return [name, undefined];
      const at = microsecondsOf(String(limit));
      if (at === undefined) throw invalid(`${JSON.stringify(limit)} is no date and time`);
      return [name, at];
    }),
  );
  const test = numberTest(dates);
  return (value) => {
    const at = typeof value === "string" ? microsecondsOf(value) : undefined;
    return at !== undefined && test(at);
  };
}

function numberTest(
  range: { readonly [Name in keyof Range]?: unknown },
): (value: number | bigint) => boolean {
  const { lt, lte, gt, gte } = range as Record<string, number | bigint | null | undefined>;
  for (const limit of [lt, lte, gt, gte]) {
    if (limit != null && typeof limit !== "number" && typeof limit !== "bigint")
      throw invalid("the limits of a range are numbers or dates");
  }
  return (value) =>
    (lt == null || value < lt) &&
    (lte == null || value <= lte) &&
    (gt == null || value > gt) &&
    (gte == null || value >= gte);
}
