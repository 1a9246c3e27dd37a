import { toDouble } from "../bson/numbers.ts";
import { compareValues } from "../bson/order.ts";
import { Summation } from "../bson/summation.ts";
import { isNullish, isNumeric, typeName } from "../bson/types.ts";
import { Doc, Double, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import { define, defineFunction } from "./registry.ts";

/** Accumulators as expressions: over their arguments, or over the elements of a single array. */

const any: readonly [number, number] = [0, Number.POSITIVE_INFINITY];

function elements(values: readonly (Value | undefined)[]): readonly (Value | undefined)[] {
  return values.length === 1 && Array.isArray(values[0]) ? values[0] : values;
}

defineFunction("$sum", any, (values) => {
  const sum = new Summation();
  for (const value of elements(values)) if (isNumeric(value)) sum.add(value);
  return sum.total();
});

defineFunction("$avg", any, (values) => {
  const sum = new Summation();
  for (const value of elements(values)) if (isNumeric(value)) sum.add(value);
  return sum.average();
});

for (const [name, sign] of [
  ["$min", -1],
  ["$max", 1],
] as const) {
  defineFunction(name, any, (values, { collation }) => {
    let best: Value | undefined;
    for (const value of elements(values)) {
      if (isNullish(value)) continue;
      if (best === undefined || compareValues(value, best, collation?.order) * sign > 0) best = value;
    }
    return best ?? null;
  });
}

function deviation(name: string, isSample: boolean): void {
  defineFunction(name, any, (values) => {
    const numbers = elements(values).filter(isNumeric).map(toDouble);
    const divisor = isSample ? numbers.length - 1 : numbers.length;
    if (divisor <= 0) return null;
    const mean = numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
    return new Double(Math.sqrt(numbers.reduce((sum, one) => sum + (one - mean) ** 2, 0) / divisor));
  });
}

deviation("$stdDevPop", false);
deviation("$stdDevSamp", true);

/** The value below which a share of the numbers lies, as MongoDB's discrete percentile. */
export function percentile(sorted: readonly number[], share: number): number | null {
  if (sorted.length === 0) return null;
  const rank = Math.max(0, Math.ceil(share * sorted.length) - 1);
  return sorted[rank]!;
}

for (const name of ["$percentile", "$median"]) {
  define(name, (operand, context, parse) => {
    const { input, shares } = percentileSpec(name, operand);
    const source = parse(input, context);
    return {
      isConstant: false,
      evaluate: (scope) => {
        const value = source.evaluate(scope);
        const list = Array.isArray(value) ? value : [value];
        const numbers = list
          .filter(isNumeric)
          .map(toDouble)
          .sort((a, b) => a - b);
        const results = shares.map((share) => {
          const found = percentile(numbers, share);
          return found === null ? null : new Double(found);
        });
        return name === "$median" ? results[0] : results;
      },
    };
  });
}

/** What $percentile and $median are asked for. @throws MongoError */
export function percentileSpec(name: string, operand: Value): { input: Value; shares: readonly number[] } {
  if (!(operand instanceof Doc))
    throw new MongoError(7429703, `specification must be an object; found ${name}`);
  for (const field of operand.keys()) {
    if (!["input", "p", "method"].includes(field))
      throw new MongoError(40415, `BSON field '${name}.${field}' is an unknown field.`);
  }
  const [input, method, p] = [operand.get("input"), operand.get("method"), operand.get("p")];
  if (input === undefined)
    throw new MongoError(40414, `BSON field '${name}.input' is missing but a required field`);
  if (method === undefined)
    throw new MongoError(40414, `BSON field '${name}.method' is missing but a required field`);
  if (typeof method !== "string")
    throw new MongoError(
      14,
      `BSON field '${name}.method' is the wrong type '${typeName(method)}', expected type 'string'`,
    );
  if (method !== "approximate")
    throw new MongoError(2, "Currently only 'approximate' can be used as percentile 'method'.");
  if (name === "$median") return { input, shares: [0.5] };
  if (p === undefined)
    throw new MongoError(40414, "BSON field '$percentile.p' is missing but a required field");
  if (!Array.isArray(p))
    throw new MongoError(7750301, "The $percentile 'p' field must be an array of numbers from [0.0, 1.0]");
  if (p.length === 0) throw new MongoError(7750301, "The $percentile 'p' field cannot be an empty array");
  const shares = p.map((one) => {
    if (!isNumeric(one))
      throw new MongoError(7750302, "The $percentile 'p' field must be an array of numbers");
    const share = toDouble(one);
    if (!(share >= 0 && share <= 1))
      throw new MongoError(7750303, "The $percentile 'p' field must be an array of numbers from [0.0, 1.0]");
    return share;
  });
  return { input, shares };
}
