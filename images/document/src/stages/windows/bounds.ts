import { addNumbers, exactInt32, exactInt64 } from "../../bson/numbers.ts";
import { compareValues } from "../../bson/order.ts";
import { show } from "../../bson/show.ts";
import { isNumeric } from "../../bson/types.ts";
import { DateTime, Doc, type Numeric, type Value } from "../../bson/values.ts";
import { failedToParse, MongoError } from "../../errors.ts";
import { addUnits, isUnit, type Unit } from "../../expressions/dates.ts";
import type { SortSpec } from "../../expressions/sort.ts";

/** Which documents of a partition a function is of: by their places, or by how far their sort values are. */
export type Bounds =
  | { readonly kind: "documents"; readonly lower: number; readonly upper: number }
  | {
      readonly kind: "range";
      readonly lower: Numeric | "unbounded";
      readonly upper: Numeric | "unbounded";
      readonly unit: Unit | undefined;
    };

export const whole: Bounds = {
  kind: "documents",
  lower: Number.NEGATIVE_INFINITY,
  upper: Number.POSITIVE_INFINITY,
};

/** @throws MongoError 9, 5339900, 5339901, 5339902, 8947401 */
export function parseBounds(window: Value | undefined, sort: SortSpec | undefined): Bounds {
  if (window === undefined) return whole;
  if (!(window instanceof Doc)) throw failedToParse("'window' field must be an object");
  const [documents, range, unit] = [window.get("documents"), window.get("range"), window.get("unit")];
  for (const name of window.keys()) {
    if (!["documents", "range", "unit"].includes(name))
      throw failedToParse(`'window' field cannot contain '${name}'`);
  }
  if (documents !== undefined && range !== undefined)
    throw failedToParse("Window bounds can specify either 'documents' or 'range', not both.");
  if (unit !== undefined && range === undefined)
    throw failedToParse("Window bounds can only specify 'unit' with range-based bounds.");
  if (documents !== undefined) return documentBounds(pairOf(documents, "documents"), sort);
  return range === undefined ? whole : rangeBounds(pairOf(range, "range"), unit, sort);
}

function pairOf(value: Value, name: string): readonly [Value, Value] {
  if (Array.isArray(value) && value.length === 2) return value as unknown as readonly [Value, Value];
  throw failedToParse(`Window bounds must be a 2-element array: ${name}: ${show(value)}`);
}

function documentBounds([low, high]: readonly [Value, Value], sort: SortSpec | undefined): Bounds {
  const place = (bound: Value, unbounded: number): number => {
    if (bound === "unbounded") return unbounded;
    if (bound === "current") return 0;
    const exact = isNumeric(bound) ? exactInt32(bound) : undefined;
    if (exact === undefined)
      throw failedToParse(`Numeric document-based bounds must be an integer: ${show(bound)}`);
    return exact;
  };
  const lower = place(low, Number.NEGATIVE_INFINITY);
  const upper = place(high, Number.POSITIVE_INFINITY);
  requireOrder(lower <= upper);
  if (sort === undefined && (Number.isFinite(lower) || Number.isFinite(upper)))
    throw new MongoError(5339901, "Document-based bounds require a sortBy.");
  return { kind: "documents", lower, upper };
}

function requireOrder(isOrdered: boolean): void {
  if (!isOrdered) throw new MongoError(5339900, "Lower bound must not exceed upper bound");
}

function rangeBounds(
  [low, high]: readonly [Value, Value],
  unit: Value | undefined,
  sort: SortSpec | undefined,
): Bounds {
  if (unit !== undefined && (typeof unit !== "string" || !isUnit(unit)))
    throw failedToParse(`unknown time unit value: ${show(unit)}`);
  const distance = (bound: Value): Numeric | "unbounded" => {
    if (bound === "unbounded") return bound;
    if (bound === "current") return 0;
    if (!isNumeric(bound))
      throw failedToParse(`Range-based bounds expression must be a number: ${show(bound)}`);
    if (unit !== undefined && exactInt64(bound) === undefined)
      throw failedToParse(`With 'unit', range-based bounds must be an integer: ${show(bound)}`);
    return bound;
  };
  const [lower, upper] = [distance(low), distance(high)];
  requireOrder(lower === "unbounded" || upper === "unbounded" || compareValues(lower, upper) <= 0);
  if (sort?.fields.length !== 1)
    throw new MongoError(5339902, "Range-based bounds require sortBy a single field");
  if (sort.fields[0]!.isDescending)
    throw new MongoError(8947401, "Range-based bounds require an ascending sortBy");
  return { kind: "range", lower, upper, unit };
}

/** From which document to before which one, for the document at `at`. @throws MongoError 5429414, 5429513 */
export function windowOf(
  bounds: Bounds,
  at: number,
  count: number,
  places: readonly (Value | undefined)[],
): readonly [number, number] {
  if (bounds.kind === "documents") {
    const from = Math.max(0, at + bounds.lower);
    return [Math.min(from, count), Math.max(Math.min(from, count), Math.min(count, at + bounds.upper + 1))];
  }
  const { lower, upper, unit } = bounds;
  const place = places[at];
  const bound = (distance: Numeric): Value => {
    if (unit !== undefined) {
      if (!(place instanceof DateTime))
        throw new MongoError(
          5429513,
          "Invalid range: Expected the sortBy field to be a Date, but it was not",
        );
      return new DateTime(addUnits(place.ms, unit, exactInt64(distance)!, () => 0n));
    }
    if (!isNumeric(place))
      throw new MongoError(
        5429414,
        "Invalid range: Expected the sortBy field to be a number, but it was not",
      );
    return addNumbers(place, distance);
  };
  const from = lower === "unbounded" ? 0 : firstWhere(places, bound(lower), (order) => order >= 0);
  const to = upper === "unbounded" ? count : firstWhere(places, bound(upper), (order) => order > 0);
  return [from, Math.max(from, to)];
}

/** The first of the sorted values whose order to another is as wished. */
function firstWhere(
  places: readonly (Value | undefined)[],
  value: Value,
  isPast: (order: number) => boolean,
): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isPast(compareValues(places[middle] ?? null, value))) high = middle;
    else low = middle + 1;
  }
  return low;
}
