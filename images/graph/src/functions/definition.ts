import type { RunContext } from "../runtime/context.ts";
import type { Value } from "../values/types.ts";

/** Types as far as they are known before a query runs. */
export type StaticType =
  | "any"
  | "null"
  | "boolean"
  | "integer"
  | "float"
  | "number"
  | "string"
  | "list"
  | "map"
  | "node"
  | "relationship"
  | "path"
  | "point"
  | "temporal"
  | "duration";

/** What an argument may be; `any` takes everything. */
export type ArgumentType = readonly StaticType[];

export interface FunctionDefinition {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** By position; the last one stands for those after it. Nothing given: anything. */
  readonly takes?: readonly ArgumentType[];
  readonly gives: StaticType;
  /** Null in one of the arguments makes null of the result, without a call. */
  readonly isStrict?: boolean;
  /** Two calls with the same arguments may give different values. */
  readonly isVolatile?: boolean;
  readonly call: (args: readonly Value[], ctx: RunContext) => Value;
}

/** A function that needs no more than its arguments' number and types to be declared. */
export function define(
  name: string,
  args: readonly [min: number, max: number] | number,
  gives: StaticType,
  call: FunctionDefinition["call"],
  takes?: readonly ArgumentType[],
): FunctionDefinition {
  const [min, max] = typeof args === "number" ? [args, args] : args;
  return { name, min, max, gives, call, isStrict: true, ...(takes && { takes }) };
}

/** As `define`, for one that is called with nulls, too. */
export function defineLoose(...args: Parameters<typeof define>): FunctionDefinition {
  return { ...define(...args), isStrict: false };
}
