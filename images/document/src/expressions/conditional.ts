import { isTruthy } from "../bson/numbers.ts";
import { isNullish, typeName } from "../bson/types.ts";
import { Doc, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import { requireVariableName, withVariables } from "./parse.ts";
import { argumentsOf, define } from "./registry.ts";

/** Branches, variables, and values that stand for themselves. */

define("$cond", (operand, context, parse) => {
  let parts: Value[];
  if (operand instanceof Doc) {
    for (const name of operand.keys()) {
      if (!["if", "then", "else"].includes(name)) {
        throw new MongoError(17083, `Unrecognized parameter to $cond: ${name}`);
      }
    }
    const required = (name: string, code: number): Value => {
      const value = operand.get(name);
      if (value === undefined) throw new MongoError(code, `Missing '${name}' parameter to $cond`);
      return value;
    };
    parts = [required("if", 17080), required("then", 17081), required("else", 17082)];
  } else parts = [...argumentsOf("$cond", operand, 3, 3)];
  const [test, yes, no] = parts.map((one) => parse(one, context));
  return {
    evaluate: (scope) => (isTruthy(test!.evaluate(scope)) ? yes!.evaluate(scope) : no!.evaluate(scope)),
    isConstant: test!.isConstant && yes!.isConstant && no!.isConstant,
  };
});

define("$ifNull", (operand, context, parse) => {
  const values = Array.isArray(operand) ? operand : [operand];
  if (values.length < 2) {
    throw new MongoError(1257300, `$ifNull needs at least two arguments, had: ${values.length}`);
  }
  const parts = values.map((one) => parse(one, context));
  return {
    evaluate: (scope) => {
      for (let i = 0; i < parts.length - 1; i++) {
        const value = parts[i]!.evaluate(scope);
        if (!isNullish(value)) return value;
      }
      return parts.at(-1)!.evaluate(scope);
    },
    isConstant: parts.every((one) => one.isConstant),
  };
});

define("$switch", (operand, context, parse) => {
  if (!(operand instanceof Doc)) {
    throw new MongoError(40060, `$switch requires an object as an argument, found: ${typeName(operand)}`);
  }
  let fallback: Value | undefined;
  let branches: Value[] = [];
  for (const [name, value] of operand) {
    if (name === "default") fallback = value;
    else if (name === "branches") {
      if (!Array.isArray(value)) {
        throw new MongoError(40061, `$switch expected an array for 'branches', found: ${typeName(value)}`);
      }
      branches = value;
    } else throw new MongoError(40067, `$switch found an unknown argument: ${name}`);
  }
  if (branches.length === 0) throw new MongoError(40068, "$switch requires at least one branch.");
  const parsed = branches.map((branch) => {
    if (!(branch instanceof Doc)) {
      throw new MongoError(40062, `$switch expected each branch to be an object, found: ${typeName(branch)}`);
    }
    for (const name of branch.keys()) {
      if (name !== "case" && name !== "then") {
        throw new MongoError(40063, `$switch found an unknown argument to a branch: ${name}`);
      }
    }
    const [test, then] = [branch.get("case"), branch.get("then")];
    if (test === undefined)
      throw new MongoError(40064, "$switch requires each branch have a 'case' expression");
    if (then === undefined)
      throw new MongoError(40065, "$switch requires each branch have a 'then' expression.");
    return { test: parse(test, context), result: parse(then, context) };
  });
  const otherwise = fallback === undefined ? undefined : parse(fallback, context);
  return {
    evaluate: (scope) => {
      for (const { test, result } of parsed)
        if (isTruthy(test.evaluate(scope))) return result.evaluate(scope);
      if (otherwise === undefined) {
        throw new MongoError(
          40066,
          "$switch could not find a matching branch for an input, and no default was specified.",
        );
      }
      return otherwise.evaluate(scope);
    },
    isConstant: false,
  };
});

define("$literal", (operand) => ({ evaluate: () => operand, isConstant: true }));
define("$const", (operand) => ({ evaluate: () => operand, isConstant: true }));

define("$let", (operand, context, parse) => {
  if (!(operand instanceof Doc)) throw new MongoError(16874, "$let only supports an object as its argument");
  for (const name of operand.keys()) {
    if (name !== "vars" && name !== "in")
      throw new MongoError(16875, `Unrecognized parameter to $let: ${name}`);
  }
  const [vars, body] = [operand.get("vars"), operand.get("in")];
  if (vars === undefined) throw new MongoError(16876, "Missing 'vars' parameter to $let");
  if (body === undefined) throw new MongoError(16877, "Missing 'in' parameter to $let");
  if (!(vars instanceof Doc)) {
    throw new MongoError(10065, `invalid parameter: expected an object (vars)`);
  }
  const names = [...vars.keys()];
  for (const name of names) requireVariableName(name, true);
  const values = [...vars.values()].map((one) => parse(one, context));
  const { inner, slots } = withVariables(context, names);
  const current = names.includes("CURRENT") ? slots[names.indexOf("CURRENT")] : undefined;
  const result = parse(body, inner);
  return {
    evaluate: (scope) => {
      const found = values.map(({ evaluate }) => evaluate(scope));
      for (let i = 0; i < slots.length; i++) scope.slots[slots[i]!] = found[i];
      if (current === undefined) return result.evaluate(scope);
      // Paths of fields begin at CURRENT.
      const { root } = scope;
      scope.root = scope.slots[current];
      try {
        return result.evaluate(scope);
      } finally {
        scope.root = root;
      }
    },
    isConstant: false,
  };
});
