import { toDouble } from "../bson/numbers.ts";
import { compareValues } from "../bson/order.ts";
import { show } from "../bson/show.ts";
import { isNullish, isNumeric } from "../bson/types.ts";
import { Doc, Double, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import { percentile, percentileSpec } from "../expressions/aggregates.ts";
import { requireCount } from "../expressions/arrays.ts";
import type { ExpressionContext } from "../expressions/expression.ts";
import { parseExpression } from "../expressions/parse.ts";
import { makeSorter, parseSort, type SortKey } from "../expressions/sort.ts";
import { accumulators } from "./accumulator.ts";

/** Accumulators that keep some of a group's values: the first, the least, those on top of an order. */

type Keep = (values: (Value | undefined)[], n: number, order: (a: Value, b: Value) => number) => Value[];

function present(values: readonly (Value | undefined)[]): Value[] {
  return values.filter((one): one is Value => !isNullish(one));
}

const kept: Readonly<Record<string, Keep>> = {
  $firstN: (values, n) => values.slice(0, n).map((one) => one ?? null),
  $lastN: (values, n) => values.slice(-n).map((one) => one ?? null),
  $minN: (values, n, order) => present(values).sort(order).slice(0, n),
  $maxN: (values, n, order) =>
    present(values)
      .sort((a, b) => order(b, a))
      .slice(0, n),
};

for (const [name, keep] of Object.entries(kept)) {
  accumulators.set(name, (operand, context) => {
    const { n, fields } = specOf(name, operand, ["n", "input"], context);
    const input = parseExpression(fields.input!, context);
    return {
      input: input.evaluate,
      create: (scope) => {
        const count = requireCount(n.evaluate(scope));
        const values: (Value | undefined)[] = [];
        return {
          add: (value) => {
            if (name === "$firstN" && values.length >= count) return;
            values.push(value);
          },
          result: () => keep(values, count, (a, b) => compareValues(a, b, context.collation?.order)),
        };
      },
    };
  });
}

function specOf(name: string, operand: Value, allowed: readonly string[], context: ExpressionContext) {
  if (!(operand instanceof Doc))
    throw new MongoError(5787900, `specification must be an object; found ${name}: ${show(operand)}`);
  for (const field of operand.keys()) {
    if (!allowed.includes(field))
      throw new MongoError(5787901, `Unknown argument for ${name} operator: ${field}`);
  }
  const fields: Record<string, Value> = Object.fromEntries(operand);
  if (allowed.includes("n") && fields.n === undefined) {
    throw new MongoError(allowed.includes("sortBy") ? 5788003 : 5787906, "Missing value for 'n'");
  }
  if (allowed.includes("input") && fields.input === undefined)
    throw new MongoError(5787907, "Missing value for 'input'");
  if (allowed.includes("output") && fields.output === undefined)
    throw new MongoError(5788004, "Missing value for 'output'");
  if (allowed.includes("sortBy") && fields.sortBy === undefined)
    throw new MongoError(5788005, "Missing value for 'sortBy'");
  return { n: parseExpression(fields.n ?? 1, context), fields };
}

for (const [name, isTop, isMany] of [
  ["$top", true, false],
  ["$bottom", false, false],
  ["$topN", true, true],
  ["$bottomN", false, true],
] as const) {
  accumulators.set(name, (operand, context) => {
    const { n, fields } = specOf(
      name,
      operand,
      isMany ? ["n", "output", "sortBy"] : ["output", "sortBy"],
      context,
    );
    const { sortBy } = fields;
    if (!(sortBy instanceof Doc))
      throw new MongoError(10065, `expected 'sortBy' to already be an object in the arguments to ${name}`);
    const sorter = makeSorter(parseSort(sortBy, true), context.collation);
    const output = parseExpression(fields.output!, context);
    return {
      // Both what is kept and the document that says where it stands.
      input: (scope) => {
        const doc = scope.root instanceof Doc ? scope.root : Doc.empty();
        return Doc.from(
          new Map<string, Value>([
            ["d", doc],
            ["v", output.evaluate(scope) ?? null],
          ]),
        );
      },
      create: (scope) => {
        const count = isMany ? requireCount(n.evaluate(scope)) : 1;
        const all: { value: Value; key: SortKey; order: number }[] = [];
        return {
          add: (pair) => {
            const both = pair as Doc;
            all.push({ value: both.get("v")!, key: sorter.keyOf(both.get("d") as Doc), order: all.length });
          },
          result: () => {
            all.sort((a, b) => sorter.compare(a.key, b.key) || a.order - b.order);
            const chosen = (isTop ? all.slice(0, count) : all.slice(-count)).map(({ value }) => value);
            return isMany ? chosen : (chosen[0] ?? null);
          },
        };
      },
    };
  });
}

for (const name of ["$percentile", "$median"]) {
  accumulators.set(name, (operand, context) => {
    const { input, shares } = percentileSpec(name, operand);
    const { evaluate } = parseExpression(input, context);
    return {
      input: evaluate,
      create: () => {
        const numbers: number[] = [];
        return {
          add: (value) => {
            if (isNumeric(value)) numbers.push(toDouble(value));
          },
          result: () => {
            numbers.sort((a, b) => a - b);
            const results = shares.map((share) => {
              const found = percentile(numbers, share);
              return found === null ? null : new Double(found);
            });
            return name === "$median" ? results[0]! : results;
          },
        };
      },
    };
  });
}
