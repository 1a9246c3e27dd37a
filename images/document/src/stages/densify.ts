import { identityOf } from "../bson/key-bytes.ts";
import { addNumbers, exactInt64, multiplyNumbers, toDouble } from "../bson/numbers.ts";
import { compareValues } from "../bson/order.ts";
import { show } from "../bson/show.ts";
import { isNullish, isNumeric, typeName } from "../bson/types.ts";
import { DateTime, Doc, type Numeric, type Value } from "../bson/values.ts";
import { failedToParse, MongoError, typeMismatch } from "../errors.ts";
import { type Pause, pause, TurnClock, type Turns } from "../exec/run.ts";
import { sortedOverTurns } from "../exec/sorted-over-turns.ts";
import { bytesOf } from "../exec/top-docs.ts";
import { addUnits, isUnit, type Unit } from "../expressions/dates.ts";
import { fieldPathParts } from "../expressions/parse.ts";
import { nestedValue, withValue } from "./basic.ts";
import { blockingStage, defineStage } from "./registry.ts";

/** internalQueryMaxAllowedDensifyDocs. */
const madeMax = 500_000;
const bytesMax = 512 << 20;

interface Range {
  readonly step: Numeric;
  readonly unit: Unit | undefined;
  readonly bounds: "full" | "partition" | readonly [Value, Value];
}

interface Row {
  readonly doc: Doc;
  readonly value: Value;
}

defineStage("$densify", (operand) => {
  if (!(operand instanceof Doc))
    throw new MongoError(
      5733201,
      `The $densify stage specification must be an object, found ${typeName(operand)}`,
    );
  for (const name of operand.keys()) {
    if (!["field", "partitionByFields", "range"].includes(name))
      throw new MongoError(40415, `BSON field '$densify.${name}' is an unknown field.`);
  }
  const field = operand.get("field");
  const rangeSpec = operand.get("range");
  if (field === undefined)
    throw new MongoError(40414, "BSON field '$densify.field' is missing but a required field");
  if (rangeSpec === undefined)
    throw new MongoError(40414, "BSON field '$densify.range' is missing but a required field");
  if (typeof field !== "string")
    throw typeMismatch(
      `BSON field '$densify.field' is the wrong type '${typeName(field)}', expected type 'string'`,
    );
  const parts = fieldPathParts(field);
  const partitions = partitionFields(operand.get("partitionByFields"), field);
  const range = parseRange(rangeSpec, partitions.length > 0);
  return blockingStage("$densify", operand, () => {
    const groups = new Map<string, Row[]>();
    const others: Doc[] = [];
    let bytes = 0;
    return {
      add(doc) {
        bytes += bytesOf(doc);
        if (bytes > bytesMax)
          throw new MongoError(292, `$densify holds ${bytes} bytes of documents, more than ${bytesMax}`);
        const value = nestedValue(doc, parts);
        if (isNullish(value)) {
          others.push(doc);
          return;
        }
        requireType(value!, range.unit);
        const identity = identityOf(partitions.map((path) => nestedValue(doc, path) ?? null));
        const group = groups.get(identity);
        if (group === undefined) groups.set(identity, [{ doc, value: value! }]);
        else group.push({ doc, value: value! });
      },
      *results(turns) {
        yield* others;
        yield* densified([...groups.values()], parts, partitions, range, turns);
      },
    };
  });
});

/** @throws MongoError 14, 8993000 */
function partitionFields(value: Value | undefined, field: string): readonly (readonly string[])[] {
  if (value === undefined) return [];
  if (!Array.isArray(value))
    throw typeMismatch(
      `BSON field '$densify.partitionByFields' is the wrong type '${typeName(value)}', expected type 'array'`,
    );
  return value.map((path) => {
    if (typeof path !== "string") throw typeMismatch("partitionByFields must be an array of strings");
    if (path === field || path.startsWith(`${field}.`) || field.startsWith(`${path}.`))
      throw new MongoError(
        8993000,
        "BSON field '$densify.partitionByFields' must not include the field that is densified",
      );
    return fieldPathParts(path);
  });
}

/** @throws MongoError 9, 14, 40414, 5733401, 5733402, 5733403 */
function parseRange(spec: Value, isPartitioned: boolean): Range {
  if (!(spec instanceof Doc))
    throw typeMismatch(
      `BSON field '$densify.range' is the wrong type '${typeName(spec)}', expected type 'object'`,
    );
  for (const name of spec.keys()) {
    if (!["step", "unit", "bounds"].includes(name))
      throw new MongoError(40415, `BSON field '$densify.range.${name}' is an unknown field.`);
  }
  const [step, unit, bounds] = [spec.get("step"), spec.get("unit"), spec.get("bounds")];
  for (const [name, value] of [
    ["step", step],
    ["bounds", bounds],
  ] as const) {
    if (value === undefined)
      throw new MongoError(40414, `BSON field '$densify.range.${name}' is missing but a required field`);
  }
  if (!isNumeric(step)) throw typeMismatch("The step parameter in a range statement must be a number");
  if (!(toDouble(step) > 0))
    throw new MongoError(
      5733401,
      "The step parameter in a range statement must be a strictly positive numeric value",
    );
  if (unit !== undefined && (typeof unit !== "string" || !isUnit(unit)))
    throw failedToParse(`unknown time unit value: ${show(unit)}`);
  if (unit !== undefined && exactInt64(step) === undefined)
    throw failedToParse(
      "The step parameter in a range statement must be a whole number when densifying a date range",
    );
  if (bounds === "full" || bounds === "partition") {
    if (bounds === "partition" && !isPartitioned)
      throw failedToParse('one may not specify "partition" bounds without partitionByFields');
    return { step, unit: unit as Unit | undefined, bounds };
  }
  if (!Array.isArray(bounds))
    throw new MongoError(
      5733402,
      'the bounds in a range statement must be the string "full", "partition", or an array',
    );
  if (bounds.length !== 2)
    throw new MongoError(5733403, "a bounding array in a range statement must have exactly two elements");
  const [low, high] = bounds as unknown as readonly [Value, Value];
  for (const bound of [low, high]) {
    if (unit === undefined ? !isNumeric(bound) : !(bound instanceof DateTime))
      throw new MongoError(
        5733402,
        "a bounding array must contain either both dates, with a unit, or both numeric types",
      );
  }
  if (compareValues(low, high) > 0)
    throw new MongoError(5733403, "the bounds in a range statement must be ascending");
  return { step, unit: unit as Unit | undefined, bounds: [low, high] };
}

function requireType(value: Value, unit: Unit | undefined): void {
  if (unit === undefined ? isNumeric(value) : value instanceof DateTime) return;
  throw new MongoError(
    5733201,
    unit === undefined
      ? "PlanExecutor error during aggregation :: caused by :: Densify field type must be numeric"
      : "PlanExecutor error during aggregation :: caused by :: Densify field type must be a date",
  );
}

/** The value so many steps behind another; counted from the beginning, so that rounding does not add up. */
function stepped(from: Value, { step, unit }: Range, count: number): Value {
  if (from instanceof DateTime)
    return new DateTime(addUnits(from.ms, unit!, exactInt64(step)! * BigInt(count), () => 0n));
  return addNumbers(from as Numeric, multiplyNumbers(step, count));
}

function* densified(
  groups: Row[][],
  parts: readonly string[],
  partitions: readonly (readonly string[])[],
  range: Range,
  turns: Turns,
): Generator<Doc | Pause> {
  const clock = new TurnClock();
  const sorted: Row[][] = [];
  for (const group of groups)
    sorted.push(yield* sortedOverTurns(group, (a, b) => compareValues(a.value, b.value), turns));
  const ofAll = range.bounds === "full" ? extent(sorted) : undefined;
  let made = 0;
  const explicit = Array.isArray(range.bounds) ? (range.bounds as readonly [Value, Value]) : undefined;
  // Where nothing is there, an explicit range is filled all the same.
  if (sorted.length === 0 && explicit !== undefined && partitions.length === 0) sorted.push([]);
  for (const rows of sorted) {
    const [low, high] = explicit ?? ofAll ?? [rows[0]!.value, rows.at(-1)!.value];
    const isBefore = (value: Value): boolean => {
      const order = compareValues(value, high);
      return explicit === undefined ? order <= 0 : order < 0;
    };
    let count = 0;
    let next = stepped(low, range, 0);
    /** The places of the grid before a value; one that is there already is left out. */
    const upTo = function* (limit: Value | undefined): Generator<Doc | Pause> {
      while (isBefore(next)) {
        const order = limit === undefined ? -1 : compareValues(next, limit);
        if (order > 0) return;
        if (order < 0) {
          if (++made > madeMax)
            throw new MongoError(
              5897900,
              `Generated ${made} documents in $densify, which is over the limit of ${madeMax}. Increase the 'internalQueryMaxAllowedDensifyDocs' parameter to allow more generated documents`,
            );
          yield madeDoc(next, parts, partitions, rows[0]?.doc);
          if (clock.isOver(turns.run)) yield pause;
        }
        next = stepped(low, range, ++count);
      }
    };
    for (const { doc, value } of rows) {
      yield* upTo(value);
      yield doc;
    }
    yield* upTo(undefined);
  }
}

/** The least and the greatest of all values. */
function extent(groups: readonly (readonly Row[])[]): readonly [Value, Value] | undefined {
  let [low, high]: [Value | undefined, Value | undefined] = [undefined, undefined];
  for (const rows of groups) {
    const [first, last] = [rows[0]!.value, rows.at(-1)!.value];
    if (low === undefined || compareValues(first, low) < 0) low = first;
    if (high === undefined || compareValues(last, high) > 0) high = last;
  }
  return low === undefined || high === undefined ? undefined : [low, high];
}

function madeDoc(
  value: Value,
  parts: readonly string[],
  partitions: readonly (readonly string[])[],
  like: Doc | undefined,
): Doc {
  let doc = Doc.empty();
  for (const path of partitions) {
    const own = like === undefined ? undefined : nestedValue(like, path);
    if (own !== undefined) doc = withValue(doc, path, own);
  }
  return withValue(doc, parts, value);
}
