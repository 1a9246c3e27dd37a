import type { Value } from "../bson/values.ts";
import type { ExpressionContext, Scope } from "../expressions/expression.ts";

/** Collects the values of one group. */
export interface Accumulator {
  add(value: Value | undefined): void;
  result(): Value | undefined;
}

/** Reads an accumulator's operand; what is made is asked for each document, and collects for each group. */
export interface AccumulatorSpec {
  /** What is added for a document. */
  readonly input: (scope: Scope) => Value | undefined;
  /** A new group; `scope` has the document that it begins with. */
  create(scope: Scope): Accumulator;
}

export type MakeAccumulator = (operand: Value, context: ExpressionContext) => AccumulatorSpec;

/** Every accumulator of $group by its name, filled by the files beside this. */
export const accumulators = new Map<string, MakeAccumulator>();
