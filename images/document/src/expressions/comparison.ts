import { isTruthy } from "../bson/numbers.ts";
import { compareValues } from "../bson/order.ts";
import { define, defineFunction, folded } from "./registry.ts";

/** Comparison and logic. */

const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  $eq: (order) => order === 0,
  $ne: (order) => order !== 0,
  $lt: (order) => order < 0,
  $lte: (order) => order <= 0,
  $gt: (order) => order > 0,
  $gte: (order) => order >= 0,
};

for (const [name, isMet] of Object.entries(comparisons)) {
  defineFunction(name, [2, 2], ([a, b], { collation }) => isMet(compareValues(a, b, collation?.order)));
}

defineFunction("$cmp", [2, 2], ([a, b], { collation }) => Math.sign(compareValues(a, b, collation?.order)));

define("$and", (operand, context, parse) => {
  const parts = (Array.isArray(operand) ? operand : [operand]).map((one) => parse(one, context));
  return folded({
    evaluate: (scope) => parts.every(({ evaluate }) => isTruthy(evaluate(scope))),
    isConstant: parts.every((one) => one.isConstant),
  });
});

define("$or", (operand, context, parse) => {
  const parts = (Array.isArray(operand) ? operand : [operand]).map((one) => parse(one, context));
  return folded({
    evaluate: (scope) => parts.some(({ evaluate }) => isTruthy(evaluate(scope))),
    isConstant: parts.every((one) => one.isConstant),
  });
});

defineFunction("$not", [1, 1], ([value]) => !isTruthy(value));
