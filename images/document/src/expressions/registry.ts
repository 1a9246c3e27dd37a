import { show } from "../bson/show.ts";
import type { Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import type { Evaluate, Expression, ExpressionContext, Scope } from "./expression.ts";

/** Reads an expression; given to operators, so that they need not know who reads them. */
export type Parse = (value: Value, context: ExpressionContext) => Expression;

/** Reads the operand of an operator. */
export type MakeExpression = (operand: Value, context: ExpressionContext, parse: Parse) => Expression;

/** Every operator by its name, filled by the files of their families (see `all.ts`). */
export const operators = new Map<string, MakeExpression>();

export function define(name: string, make: MakeExpression): void {
  operators.set(name, make);
}

type Arguments = readonly (Value | undefined)[];

/**
 * An operator whose arguments are all evaluated before it is asked. One argument may stand without an array around it.
 *
 * @param min, max how many arguments it takes
 */
export function defineFunction(
  name: string,
  [min, max]: readonly [number, number],
  apply: (values: Arguments, context: ExpressionContext, scope: Scope) => Value | undefined,
): void {
  define(name, (operand, context, parse) => {
    const args = argumentsOf(name, operand, min, max).map((one) => parse(one, context));
    const isConstant = args.length > 0 && args.every((one) => one.isConstant);
    if (args.length === 1) {
      const only = args[0]!.evaluate;
      return folded({ evaluate: (scope) => apply([only(scope)], context, scope), isConstant });
    }
    const evaluators = args.map((one) => one.evaluate);
    return folded({
      evaluate: (scope) =>
        apply(
          evaluators.map((evaluate) => evaluate(scope)),
          context,
          scope,
        ),
      isConstant,
    });
  });
}

/** The operands of an operator, as many as it takes. @throws MongoError 16020, 28667 */
export function argumentsOf(name: string, operand: Value, min: number, max: number): readonly Value[] {
  const values = Array.isArray(operand) ? operand : [operand];
  if (values.length >= min && values.length <= max) return values;
  if (min === max) {
    throw new MongoError(
      16020,
      `Expression ${name} takes exactly ${min} arguments. ${values.length} were passed in.`,
    );
  }
  throw new MongoError(
    28667,
    `Expression ${name} takes at least ${min} arguments, and at most ${max}, but ${values.length} were passed in.`,
  );
}

/** An expression that gives the same for all documents is evaluated once; a mistake in it is told at once, as MongoDB's optimizer does. */
export function folded(expression: Expression): Expression {
  if (!expression.isConstant) return expression;
  const value = expression.evaluate({ root: undefined, slots: [] });
  const evaluate: Evaluate = () => value;
  return { evaluate, isConstant: true };
}

/** The value of an operand that must be an object with certain fields. */
export function unknownArgument(name: string, field: string, code: number): MongoError {
  return new MongoError(code, `Unrecognized parameter to ${name}: ${field}`);
}

export function shown(value: Value | undefined): string {
  return show(value);
}
