import { invalid } from "../errors.ts";
import { compileFilter, type FilteredPoint, type Predicate } from "../filters/compile.ts";
import { microsecondsOf } from "../filters/datetime.ts";
import type { Condition } from "../filters/filter.ts";
import { geoDistance, geoPointOf } from "../filters/geo.ts";
import type { FieldIndex } from "../model/definition.ts";
import { isObject } from "../model/json.ts";
import { parsePath, valuesAt } from "../model/payload-path.ts";
import type { DecayParams, Expression, GeoDistance } from "./types.ts";

/** What a formula is about: a point, and its score in each prefetch. */
export interface FormulaPoint extends FilteredPoint {
  readonly scores: readonly (number | undefined)[];
}

export type Formula = (point: FormulaPoint) => number;

interface Compiling {
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly fields: Readonly<Record<string, FieldIndex>>;
}

const depthMax = 64;

/** Makes a function of an expression. @throws VectorError */
export function compileFormula(
  expression: Expression,
  defaults: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<string, FieldIndex>>,
): Formula {
  const formula = compile(expression, { defaults, fields }, depthMax);
  return (point) => finite(Math.fround(formula(point)), "the formula");
}

function finite(value: number, what: string): number {
  if (!Number.isFinite(value)) throw invalid(`The expression ${what} produced a non-finite number`);
  return value;
}

function compile(expression: Expression, state: Compiling, depth: number): Formula {
  if (depth === 0) throw invalid(`a formula is ${depthMax} deep at the most`);
  if (typeof expression === "number") return () => expression;
  if (typeof expression === "string") return variable(expression, state);
  if (!isObject(expression))
    throw invalid("an expression is a number, a name or an object with one operator");
  const inner = (one: unknown) => compile(one as Expression, state, depth - 1);
  const [operator = ""] = Object.keys(expression);
  const operand = expression[operator];
  switch (operator) {
    case "mult": {
      const factors = (operand as unknown[]).map(inner);
      return (point) => {
        let product = 1;
        for (const factor of factors) {
          const value = factor(point);
          if (value === 0) return 0;
          product *= value;
        }
        return product;
      };
    }
    case "sum": {
      const terms = (operand as unknown[]).map(inner);
      return (point) => terms.reduce((sum, term) => sum + term(point), 0);
    }
    case "neg": {
      const one = inner(operand);
      return (point) => -one(point);
    }
    case "abs": {
      const one = inner(operand);
      return (point) => Math.abs(one(point));
    }
    case "div": {
      const { left, right, by_zero_default: byZero } = operand as Record<string, unknown>;
      const [a, b] = [inner(left), inner(right)];
      return (point) => {
        const dividend = a(point);
        if (dividend === 0) return 0;
        const divisor = b(point);
        if (divisor === 0 && typeof byZero === "number") return byZero;
        return finite(dividend / divisor, `${dividend}/${divisor}`);
      };
    }
    case "sqrt":
    case "exp":
    case "log10":
    case "ln": {
      const one = inner(operand);
      const of = { sqrt: Math.sqrt, exp: Math.exp, log10: Math.log10, ln: Math.log }[operator];
      return (point) => {
        const value = one(point);
        return finite(of(value), `${operator}(${value})`);
      };
    }
    case "pow": {
      const { base, exponent } = operand as Record<string, unknown>;
      const [a, b] = [inner(base), inner(exponent)];
      return (point) => {
        const [x, y] = [a(point), b(point)];
        return finite(x ** y, `${x}^${y}`);
      };
    }
    case "geo_distance":
      return distanceTo(operand as GeoDistance, state);
    case "datetime": {
      const at = secondsOf(operand, "the formula");
      return () => at;
    }
    case "datetime_key": {
      const value = payloadValue(operand as string, state);
      return (point) => secondsOf(value(point), operand as string);
    }
    case "lin_decay":
    case "exp_decay":
    case "gauss_decay":
      return decay(operator, operand as DecayParams, inner);
    default: {
      const test: Predicate = compileFilter({ must: [expression as unknown as Condition] }, state.fields);
      return (point) => (test(point) ? 1 : 0);
    }
  }
}

function decay(
  kind: "lin_decay" | "exp_decay" | "gauss_decay",
  { x, target, scale, midpoint }: DecayParams,
  inner: (one: unknown) => Formula,
): Formula {
  const [value, goal] = [inner(x), inner(target ?? 0)];
  const half = midpoint ?? 0.5;
  const width = scale ?? 1;
  if (!(half > 0 && half < 1))
    throw invalid(`Validation error: Decay midpoint should be between 0.0 and 1.0 (exclusive), got: ${half}`);
  if (!(width > 0)) throw invalid(`Validation error: Decay scale should be non-zero positive, got: ${width}`);
  switch (kind) {
    case "lin_decay":
      return (point) => Math.max(0, 1 - ((1 - half) / width) * Math.abs(value(point) - goal(point)));
    case "exp_decay":
      return (point) => Math.exp((Math.log(half) / width) * Math.abs(value(point) - goal(point)));
    case "gauss_decay":
      return (point) => Math.exp((Math.log(half) / width ** 2) * (value(point) - goal(point)) ** 2);
  }
}

function variable(name: string, state: Compiling): Formula {
  const { defaults } = state;
  if (!name.startsWith("$score")) {
    const value = payloadValue(name, state);
    return (point) => {
      const found = value(point);
      if (typeof found === "number") return found;
      throw invalid(
        `Expected number value for ${name} in the payload and/or in the formula defaults. Error: Value is not a number`,
      );
    };
  }
  const match = /^\$score(?:\[(\d+)\])?$/.exec(name);
  if (match === null) throw invalid(`Invalid score pattern: ${name}`);
  const prefetch = Number(match[1] ?? 0);
  const fallback = typeof defaults[name] === "number" ? defaults[name] : 0;
  return ({ scores }) => scores[prefetch] ?? fallback;
}

function payloadValue(name: string, { defaults }: Compiling): (point: FormulaPoint) => unknown {
  const path = parsePath(name);
  return ({ payload }) => {
    const values = valuesAt(payload, path);
    const found = values.length > 0 ? values : [defaults[name]].flat();
    if (found.length === 0 || found[0] === undefined)
      throw invalid(`No value found for ${name} in the payload nor the formula defaults`);
    return found.length === 1 ? found[0] : found;
  };
}

function distanceTo({ origin, to }: GeoDistance, state: Compiling): Formula {
  const value = payloadValue(to, state);
  return (point) => {
    const place = geoPointOf(value(point));
    if (place === undefined)
      throw invalid(`Expected geo point for ${to} in the payload and/or in the formula defaults.`);
    return geoDistance(origin, place);
  };
}

function secondsOf(value: unknown, where: string): number {
  const at = typeof value === "string" ? microsecondsOf(value) : undefined;
  if (at === undefined)
    throw invalid(`Expected datetime for ${where} in the payload and/or in the formula defaults.`);
  return at / 1e6;
}
