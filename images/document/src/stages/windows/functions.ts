import { accumulators } from "../../accumulators/accumulator.ts";
import { exactInt32, exactInt64, toDouble } from "../../bson/numbers.ts";
import { compareValues } from "../../bson/order.ts";
import { show } from "../../bson/show.ts";
import { isNullish, isNumeric } from "../../bson/types.ts";
import { DateTime, Doc, Double, type Value } from "../../bson/values.ts";
import { failedToParse, MongoError } from "../../errors.ts";
import type { ExpressionContext, Scope } from "../../expressions/expression.ts";
import { parseExpression } from "../../expressions/parse.ts";
import type { SortSpec } from "../../expressions/sort.ts";
import { carried, linear } from "../filled-values.ts";
import { type Bounds, parseBounds, whole, windowOf } from "./bounds.ts";

/** The documents of a partition in their order, and the values that they are sorted by, if it is one field. */
export interface Partition {
  readonly docs: readonly Doc[];
  readonly places: readonly (Value | undefined)[];
  /** Whether two neighbours stand at the same place of the order. */
  isSamePlace(at: number, other: number): boolean;
}

/** Gives the value of each document of a partition, one after the other. */
export type WindowFunction = (partition: Partition, scope: Scope) => Iterable<Value>;

interface Given {
  readonly name: string;
  readonly operand: Value;
  readonly window: Value | undefined;
  readonly sort: SortSpec | undefined;
  readonly context: ExpressionContext;
}

/** Those that are of windows alone; all others are the accumulators of $group. */
const functions: Readonly<Record<string, (given: Given) => WindowFunction>> = {
  $rank: (given) => ranking(given, (rank, at, isSame) => (isSame ? rank : at + 1)),
  $denseRank: (given) => ranking(given, (rank, _at, isSame) => (isSame ? rank : rank + 1)),
  $documentNumber: (given) => ranking(given, (_rank, at) => at + 1),
  $shift: shift,
  $derivative: (given) => slope(given, derivative),
  $integral: (given) => slope(given, integral),
  $expMovingAvg: expMovingAverage,
  $linearFill: linearFill,
  $locf: lastCarried,
  $covariancePop: (given) => covariance(given, 0),
  $covarianceSamp: (given) => covariance(given, 1),
};

const ranks = new Set(["$rank", "$denseRank", "$documentNumber"]);
const notOfWindows = new Set(["$mergeObjects", "$accumulator"]);

/** @throws MongoError */
export function parseWindowFunction(
  field: string,
  spec: Value,
  sort: SortSpec | undefined,
  context: ExpressionContext,
): WindowFunction {
  if (!(spec instanceof Doc))
    throw failedToParse(`The field '${field}' must be an object that specifies a window function`);
  let name: string | undefined;
  if (spec.size > 1 && ranks.has(spec.firstKey ?? ""))
    throw new MongoError(5371601, `'${spec.firstKey}' takes nothing beside it`);
  for (const one of spec.keys()) {
    if (one === "window") continue;
    if (!one.startsWith("$")) throw failedToParse(`Window function found an unknown argument: ${one}`);
    if (name !== undefined)
      throw failedToParse(`Cannot specify two functions in window function spec: ${field}`);
    name = one;
  }
  if (name === undefined) throw failedToParse(`Expected a $-prefixed window function: ${field}`);
  const given: Given = { name, operand: spec.get(name)!, window: spec.get("window"), sort, context };
  const make = functions[name];
  if (make !== undefined) return make(given);
  const accumulator = notOfWindows.has(name) ? undefined : accumulators.get(name);
  if (accumulator === undefined) throw failedToParse(`Unrecognized window function, ${name}`);
  return accumulated(given);
}

/** An accumulator of $group over each document's window. */
function accumulated({ name, operand, window, sort, context }: Given): WindowFunction {
  const bounds = parseBounds(window, sort);
  // A list is one expression here, where $group takes it for a list of arguments.
  const spec = accumulators.get(name)!(Array.isArray(operand) ? [operand] : operand, context);
  return function* ({ docs, places }, scope) {
    const inputs = docs.map((doc) => {
      scope.root = doc;
      return spec.input(scope);
    });
    scope.root = docs[0];
    let accumulator = spec.create(scope);
    let [from, to] = [0, 0];
    let result: Value | undefined;
    for (let at = 0; at < docs.length; at++) {
      const [low, high] = windowOf(bounds, at, docs.length, places);
      // A window that only grows is added to; another one is begun anew.
      if (low !== from || high < to) {
        scope.root = docs[at];
        accumulator = spec.create(scope);
        [from, to] = [low, low];
        result = undefined;
      }
      if (to < high || result === undefined) {
        while (to < high) accumulator.add(inputs[to++]);
        result = accumulator.result() ?? null;
      }
      yield Array.isArray(result) ? [...result] : result;
    }
  };
}

function ranking(
  { name, operand, sort }: Given,
  next: (rank: number, at: number, isSame: boolean) => number,
): WindowFunction {
  if (sort?.fields.length !== 1)
    throw new MongoError(
      5371602,
      `'${name}' must be specified with a top level sortBy expression with exactly one element`,
    );
  if (!(operand instanceof Doc) || !operand.isEmpty)
    throw new MongoError(5371603, `'${name}' must be specified with '{}' as the value`);
  return function* (partition) {
    let rank = 0;
    for (let at = 0; at < partition.docs.length; at++) {
      rank = next(rank, at, at > 0 && partition.isSamePlace(at, at - 1));
      yield rank;
    }
  };
}

function argumentsOf({ name, operand }: Given, allowed: readonly string[]): Doc {
  if (!(operand instanceof Doc)) throw failedToParse(`Argument to ${name} must be an object`);
  for (const argument of operand.keys())
    if (!allowed.includes(argument)) throw failedToParse(`${name} got unexpected argument: ${argument}`);
  return operand;
}

function shift(given: Given): WindowFunction {
  const { name, sort, context } = given;
  if (given.window !== undefined) throw failedToParse("$shift does not accept a 'window' field");
  if (sort === undefined) throw failedToParse("'$shift' requires a sortBy");
  const args = argumentsOf(given, ["output", "by", "default"]);
  const [output, by, fallback] = [args.get("output"), args.get("by"), args.get("default")];
  if (output === undefined) throw failedToParse(`${name} requires an 'output' expression.`);
  const distance = isNumeric(by) ? exactInt32(by) : undefined;
  if (distance === undefined)
    throw failedToParse(`'$shift:by' field must be an integer, but found ${show(by)}`);
  const constant = fallback === undefined ? undefined : parseExpression(fallback, context);
  if (constant?.isConstant === false)
    throw failedToParse("'$shift:default' expression must yield a constant value.");
  const { evaluate } = parseExpression(output, context);
  return function* ({ docs }, scope) {
    for (let at = 0; at < docs.length; at++) {
      const doc = docs[at + distance];
      scope.root = doc;
      yield (doc === undefined ? constant?.evaluate(scope) : evaluate(scope)) ?? null;
    }
  };
}

const unitMs: Readonly<Record<string, number>> = {
  week: 604_800_000,
  day: 86_400_000,
  hour: 3_600_000,
  minute: 60_000,
  second: 1000,
  millisecond: 1,
};

/** Points of a curve: where they are, and how high. */
type Points = readonly { readonly x: number; readonly y: number }[];

function slope(given: Given, of: (points: Points) => number | null): WindowFunction {
  const { name, window, sort, context } = given;
  if (sort?.fields.length !== 1) throw failedToParse(`${name} requires a sortBy of one field`);
  const args = argumentsOf(given, ["input", "unit"]);
  const [input, unit] = [args.get("input"), args.get("unit")];
  if (input === undefined) throw failedToParse(`${name} requires an 'input' expression`);
  if (window === undefined && name === "$derivative")
    throw failedToParse("$derivative requires explicit window bounds");
  const perUnit = unit === undefined ? undefined : unitMs[String(unit)];
  if (unit !== undefined && perUnit === undefined)
    throw failedToParse(`${name}'s unit must be 'week' or smaller, but found ${show(unit)}`);
  const bounds = parseBounds(window, sort);
  const { evaluate } = parseExpression(input, context);
  return function* ({ docs, places }, scope) {
    const xs = places.map((place) => positionOf(place, perUnit, name));
    const ys = docs.map((doc) => {
      scope.root = doc;
      const value = evaluate(scope);
      return isNumeric(value) ? toDouble(value) : undefined;
    });
    for (let at = 0; at < docs.length; at++) {
      const [from, to] = windowOf(bounds, at, docs.length, places);
      const points: { x: number; y: number }[] = [];
      for (let i = from; i < to; i++) if (ys[i] !== undefined) points.push({ x: xs[i]!, y: ys[i]! });
      const value = of(points);
      yield value === null ? null : new Double(value);
    }
  };
}

function positionOf(place: Value | undefined, perUnit: number | undefined, name: string): number {
  if (place instanceof DateTime) {
    if (perUnit === undefined)
      throw new MongoError(5624900, `${name} where the sortBy is a Date requires an 'unit'`);
    return Number(place.ms) / perUnit;
  }
  if (perUnit !== undefined)
    throw new MongoError(5624901, `${name} with 'unit' expects the sortBy field to be a Date`);
  if (!isNumeric(place)) throw new MongoError(5624902, `${name} expects the sortBy field to be numeric`);
  return toDouble(place);
}

function derivative(points: Points): number | null {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || points.length < 2) return null;
  const run = last.x - first.x;
  return run === 0 ? null : (last.y - first.y) / run;
}

/** The area beneath, by trapezoids. */
function integral(points: Points): number | null {
  if (points.length === 0) return null;
  let area = 0;
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1]!, points[i]!];
    area += ((a.y + b.y) / 2) * (b.x - a.x);
  }
  return area;
}

function expMovingAverage(given: Given): WindowFunction {
  const { sort, context } = given;
  if (sort === undefined) throw failedToParse("$expMovingAvg requires an explicit 'sortBy'");
  if (given.window !== undefined) throw failedToParse("$expMovingAvg does not accept a 'window' field");
  const args = argumentsOf(given, ["input", "N", "alpha"]);
  const [input, n, alpha] = [args.get("input"), args.get("N"), args.get("alpha")];
  if (input === undefined || (n === undefined) === (alpha === undefined))
    throw failedToParse(
      "$expMovingAvg sub object must have exactly two fields: An 'input' field, and either an 'N' field or an 'alpha' field",
    );
  const weight = alpha === undefined ? weightOf(n!) : isNumeric(alpha) ? toDouble(alpha) : Number.NaN;
  if (!(weight > 0 && weight < 1) && !(n !== undefined && weight === 1))
    throw failedToParse(`'alpha' must be between 0 and 1 (exclusive), found ${show(alpha ?? n)}`);
  const { evaluate } = parseExpression(input, context);
  return function* ({ docs }, scope) {
    let average: number | undefined;
    for (const doc of docs) {
      scope.root = doc;
      const value = evaluate(scope);
      if (isNumeric(value)) {
        const number = toDouble(value);
        average = average === undefined ? number : number * weight + average * (1 - weight);
      }
      yield average === undefined || !isNumeric(value) ? null : new Double(average);
    }
  };
}

function weightOf(n: Value): number {
  const count = isNumeric(n) ? exactInt64(n) : undefined;
  if (count === undefined || count <= 0n)
    throw failedToParse(`'N' field must be an integer greater than zero, but found ${show(n)}`);
  return 2 / (Number(count) + 1);
}

function linearFill(given: Given): WindowFunction {
  const { sort, context, operand } = given;
  if (given.window !== undefined) throw failedToParse("$linearFill does not accept a 'window' field");
  if (sort?.fields.length !== 1)
    throw new MongoError(
      605001,
      "$linearFill must be specified with a top level sortBy expression with exactly one element",
    );
  const { evaluate } = parseExpression(operand, context);
  return ({ docs, places }, scope) => {
    for (let at = 1; at < places.length; at++) {
      if (compareValues(places[at] ?? null, places[at - 1] ?? null) === 0)
        throw new MongoError(6050106, "There can be no repeated values in the sort field");
    }
    return linear(
      valuesOf(docs, scope, evaluate),
      places.map((place) => place ?? null),
    );
  };
}

function lastCarried(given: Given): WindowFunction {
  if (given.window !== undefined) throw failedToParse("$locf does not accept a 'window' field");
  const { evaluate } = parseExpression(given.operand, given.context);
  return ({ docs }, scope) => carried(valuesOf(docs, scope, evaluate));
}

function valuesOf(
  docs: readonly Doc[],
  scope: Scope,
  evaluate: (scope: Scope) => Value | undefined,
): Value[] {
  return docs.map((doc) => {
    scope.root = doc;
    const value = evaluate(scope);
    return isNullish(value) ? null : value!;
  });
}

/** Of pairs of numbers, by Welford's method; `less` is 1 for a sample. */
function covariance({ operand, window, sort, context }: Given, less: number): WindowFunction {
  const bounds: Bounds = window === undefined ? whole : parseBounds(window, sort);
  const { evaluate } = parseExpression(operand, context);
  return function* ({ docs, places }, scope) {
    const pairs = docs.map((doc) => {
      scope.root = doc;
      const both = evaluate(scope);
      const [a, b] = Array.isArray(both) && both.length === 2 ? both : [];
      return isNumeric(a) && isNumeric(b) ? ([toDouble(a), toDouble(b)] as const) : undefined;
    });
    for (let at = 0; at < docs.length; at++) {
      const [from, to] = windowOf(bounds, at, docs.length, places);
      let [count, meanX, meanY, sum] = [0, 0, 0, 0];
      for (const pair of pairs.slice(from, to)) {
        if (pair === undefined) continue;
        count++;
        const delta = pair[0] - meanX;
        meanX += delta / count;
        meanY += (pair[1] - meanY) / count;
        sum += delta * (pair[1] - meanY);
      }
      yield count - less <= 0 ? null : new Double(sum / (count - less));
    }
  };
}
