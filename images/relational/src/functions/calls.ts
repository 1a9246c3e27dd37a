import type { Expr } from "../analyse/expr.ts";
import { builtinOperators } from "../catalog/builtin.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Operator, Proc } from "../catalog/model.ts";
import { notSupported, PgError } from "../errors.ts";
import type { Datum } from "../types/datum.ts";
import { oid } from "../types/oids.ts";
import { typeOps } from "../types/registry.ts";
import { type CallContext, type FunctionRun, implementationOf, type Registered } from "./registry.ts";

export type Call = (args: Datum[], run: FunctionRun) => Datum;

export interface CallShape {
  readonly proc: Proc;
  readonly argTypes: readonly number[];
  readonly type: number;
  readonly inputCollation?: number;
  readonly variadic?: boolean;
}

/** The functions behind =, <>, <, <=, >, >=: made from how the type compares, not written one by one. */
const comparisons: ReadonlyMap<number, Operator> = new Map(
  [...builtinOperators.values()]
    .filter(
      (operator) => ["=", "<>", "<", "<=", ">", ">="].includes(operator.name) && operator.result === oid.bool,
    )
    .map((operator) => [operator.proc, operator]),
);

const tests: Readonly<Record<string, (order: number) => boolean>> = {
  "=": (order) => order === 0,
  "<>": (order) => order !== 0,
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

const integers: ReadonlySet<number> = new Set([oid.int2, oid.int4, oid.int8]);
const texts: ReadonlySet<number> = new Set([oid.text, oid.name, oid.varchar, oid.unknown]);
const floats: ReadonlySet<number> = new Set([oid.float4, oid.float8]);

function comparison(catalog: Catalog, operator: Operator, argTypes: readonly number[]): Call | undefined {
  const test = tests[operator.name]!;
  const [left = 0, right = 0] = argTypes.map((type) => baseOf(catalog, type));
  if (integers.has(operator.left) && integers.has(operator.right)) {
    // JavaScript compares numbers with bigints exactly.
    switch (operator.name) {
      case "=":
        // biome-ignore lint/suspicious/noDoubleEquals: a number and a bigint are equal by value only
        return ([a, b]) => a == b;
      case "<>":
        // biome-ignore lint/suspicious/noDoubleEquals: as above
        return ([a, b]) => a != b;
      case "<":
        return ([a, b]) => (a as number) < (b as number);
      case "<=":
        return ([a, b]) => (a as number) <= (b as number);
      case ">":
        return ([a, b]) => (a as number) > (b as number);
      default:
        return ([a, b]) => (a as number) >= (b as number);
    }
  }
  if (texts.has(operator.left) && texts.has(operator.right) && operator.left !== oid.bpchar) {
    if (operator.name === "=") return ([a, b]) => a === b;
    if (operator.name === "<>") return ([a, b]) => a !== b;
  }
  const isSame =
    operator.left === operator.right ||
    (texts.has(operator.left) && texts.has(operator.right)) ||
    (floats.has(operator.left) && floats.has(operator.right));
  if (!isSame) return undefined;
  const type =
    operator.left === oid.anyarray || catalog.type(operator.left)?.kind === "p"
      ? left || right
      : operator.left;
  const { compare } = typeOps(catalog, type);
  if (compare === undefined) return undefined;
  return ([a, b]) => test(compare(a!, b!));
}

function baseOf(catalog: Catalog, typeOid: number): number {
  let type = catalog.type(typeOid);
  while (type?.kind === "d") type = catalog.type(type.baseType);
  return type?.oid ?? 0;
}

/** Functions made by CREATE FUNCTION run by what the session registers here. */
export type UserFunctionCaller = (catalog: Catalog, shape: CallShape) => Call;
let userFunctions: UserFunctionCaller = (_catalog, { proc }) => {
  throw notSupported(`function ${proc.name}`);
};
export function useUserFunctions(caller: UserFunctionCaller): void {
  userFunctions = caller;
}

export function registeredOf(proc: Proc): Registered | undefined {
  return implementationOf(proc.source) ?? implementationOf(`${proc.name}(${proc.arguments.join()})`);
}

export function shapeOf(expr: Extract<Expr, { kind: "func" }>): CallShape {
  return {
    proc: expr.proc,
    argTypes: expr.args.map((arg) => arg.type),
    type: expr.type,
    inputCollation: expr.inputCollation ?? 0,
    variadic: expr.variadic === true,
  };
}

/** How a function is called with values; NULLs of strict functions are the caller's. @throws PgError 0A000 */
export function callOf(catalog: Catalog, expr: CallShape | Extract<Expr, { kind: "func" }>): Call {
  const shape: CallShape = "kind" in expr ? shapeOf(expr) : expr;
  const { proc } = shape;
  if (proc.language !== undefined) return userFunctions(catalog, shape);
  const registered = registeredOf(proc);
  if (registered === undefined) {
    const operator = comparisons.get(proc.oid);
    const made = operator === undefined ? undefined : comparison(catalog, operator, shape.argTypes);
    if (made !== undefined) return made;
    return io(catalog, shape) ?? missing(proc);
  }
  if (registered.isSet)
    throw new PgError("0A000", "set-valued function called in context that cannot accept a set");
  if (registered.withContext) {
    const fn = registered.fn as (call: CallContext, ...args: Datum[]) => Datum;
    const base = contextOf(catalog, shape);
    return (args, run) => {
      base.run = run;
      return fn(base, ...args);
    };
  }
  const fn = registered.fn as (...args: Datum[]) => Datum;
  if (shape.argTypes.length === 2) return (args) => fn(args[0]!, args[1]!);
  if (shape.argTypes.length === 1) return (args) => fn(args[0]!);
  return (args) => fn(...args);
}

export function contextOf(catalog: Catalog, shape: CallShape): CallContext {
  return {
    argTypes: shape.argTypes,
    resultType: shape.type,
    collation: shape.inputCollation ?? 0,
    variadic: shape.variadic === true,
    catalog,
    run: undefined as unknown as FunctionRun,
  };
}

/** The input and output functions of types, called by name. */
function io(catalog: Catalog, { proc, argTypes, type }: CallShape): Call | undefined {
  if (proc.result === oid.cstring && proc.arguments.length === 1) {
    const ops = typeOps(catalog, argTypes[0]!);
    return ([value], run) => ops.output(value!, run.io);
  }
  if (proc.arguments[0] === oid.cstring && proc.name.endsWith("in")) {
    const ops = typeOps(catalog, type);
    return ([text], run) => ops.input(text as string, -1, run.io);
  }
  return undefined;
}

function missing(proc: Proc): never {
  throw notSupported(`function ${proc.name}`);
}
