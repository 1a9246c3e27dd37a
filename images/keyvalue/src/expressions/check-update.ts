import { type AttributeValue, typeOf } from "../items/attribute-value.ts";
import type { ArithmeticNode, FunctionNode, Operand, PathPart, Update } from "./ast.ts";
import { type Bindings, boundValue, resolvePath } from "./bindings.ts";
import { immediate } from "./check-condition.ts";
import { ExpressionError } from "./expression-error.ts";
import { distinctPaths } from "./paths.ts";

/** As AWS calls types in messages about ADD and DELETE. */
const typeWords: Readonly<Record<string, string>> = {
  S: "STRING",
  N: "NUMBER",
  B: "BINARY",
  NULL: "NULL",
  BOOL: "BOOLEAN",
  L: "LIST",
  M: "MAP",
};

/**
 * Checks what can be said of an update before there is an item. Returns the paths that it changes, by clause: those of
 * SET, REMOVE, ADD and DELETE.
 *
 * @throws ExpressionError
 */
export function checkUpdate(update: Update, bindings: Bindings): readonly (readonly PathPart[])[] {
  const paths = [
    ...update.set.map(({ path }) => path),
    ...update.remove,
    ...update.add.map(({ path }) => path),
    ...update.delete.map(({ path }) => path),
  ];
  for (const path of paths) resolvePath(bindings, path);
  for (const { value } of update.set) checkNames(value, bindings);
  for (const { value } of [...update.add, ...update.delete]) checkNames(value, bindings);
  const resolved = distinctPaths(paths, bindings);
  for (const { value } of update.add) requireSetOr("ADD", immediate(value, bindings)!, "N");
  for (const { value } of update.delete) requireSetOr("DELETE", immediate(value, bindings)!, undefined);
  for (const { value } of update.set) checkOperand(value, bindings);
  return resolved;
}

function checkNames(operand: Operand, bindings: Bindings): void {
  switch (operand.kind) {
    case "path":
      resolvePath(bindings, operand);
      return;
    case "value":
      boundValue(bindings, operand.name);
      return;
    case "function":
      for (const arg of operand.args) checkNames(arg, bindings);
      return;
    case "arithmetic":
      checkNames(operand.left, bindings);
      checkNames(operand.right, bindings);
  }
}

function requireSetOr(clause: string, value: AttributeValue, other: string | undefined): void {
  const type = typeOf(value);
  const word = typeWords[type];
  if (word === undefined || type === other) return;
  throw new ExpressionError(
    `Incorrect operand type for operator or function; operator: ${clause}, operand type: ${word}, typeSet: ALLOWED_FOR_${clause}_OPERAND`,
  );
}

function checkOperand(operand: Operand, bindings: Bindings): void {
  if (operand.kind === "arithmetic") checkArithmetic(operand, bindings);
  else if (operand.kind === "function") checkFunction(operand, bindings);
}

function checkArithmetic({ operator, left, right }: ArithmeticNode, bindings: Bindings): void {
  for (const operand of [left, right]) {
    checkOperand(operand, bindings);
    requireType(operator, operand, "N", bindings);
  }
}

function checkFunction({ name, args }: FunctionNode, bindings: Bindings): void {
  for (const arg of args) checkOperand(arg, bindings);
  if (args.length !== 2) {
    throw new ExpressionError(
      `Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${args.length}`,
    );
  }
  if (name === "list_append") {
    for (const arg of args) requireType(name, arg, "L", bindings);
  } else if (args[0]!.kind !== "path") {
    throw new ExpressionError(`Operator or function requires a document path; operator or function: ${name}`);
  }
}

function requireType(name: string, operand: Operand, wanted: string, bindings: Bindings): void {
  const value = immediate(operand, bindings);
  const type = value === undefined ? undefined : typeOf(value);
  if (type === undefined || type === wanted) return;
  throw new ExpressionError(
    `Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`,
  );
}
