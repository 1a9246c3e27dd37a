import { type AttributeType, type AttributeValue, typeOf } from "../items/attribute-value.ts";
import { compare } from "../items/compare.ts";
import type { Condition, FunctionNode, Operand } from "./ast.ts";
import { type Bindings, boundValue, pathText, resolvePath } from "./bindings.ts";
import { ExpressionError } from "./expression-error.ts";

const operandsOf: Readonly<Record<string, number>> = {
  attribute_exists: 1,
  attribute_not_exists: 1,
  attribute_type: 2,
  begins_with: 2,
  contains: 2,
  size: 1,
};

/** The order is AWS's, as it shows it in a message. */
const typeNames: readonly string[] = ["B", "NULL", "SS", "BOOL", "L", "BS", "N", "NS", "S", "M"];

/**
 * Checks what can be said of a condition before there is an item: that its names and values exist, and that its
 * functions and operators can work on operands of such types.
 *
 * @throws ExpressionError
 */
export function checkCondition(condition: Condition, bindings: Bindings): void {
  switch (condition.kind) {
    case "and":
    case "or":
      checkCondition(condition.left, bindings);
      checkCondition(condition.right, bindings);
      return;
    case "not":
      checkCondition(condition.of, bindings);
      return;
    case "compare":
      checkOperands([condition.left, condition.right], bindings);
      requireDistinct(condition.comparator, [condition.left, condition.right], bindings);
      requireOrder(condition.comparator, [condition.left, condition.right], bindings);
      return;
    case "between":
      checkOperands([condition.value, condition.low, condition.high], bindings);
      requireOrder("BETWEEN", [condition.value, condition.low, condition.high], bindings);
      checkBounds(condition.low, condition.high, bindings);
      return;
    case "in":
      checkOperands([condition.value, ...condition.list], bindings);
      return;
    case "function":
      checkFunction(condition, bindings);
  }
}

function checkOperands(operands: readonly Operand[], bindings: Bindings): void {
  for (const operand of operands) {
    if (operand.kind === "path") resolvePath(bindings, operand);
    else if (operand.kind === "value") boundValue(bindings, operand.name);
    else if (operand.kind === "function") checkFunction(operand, bindings);
  }
}

function checkFunction({ name, args }: FunctionNode, bindings: Bindings): void {
  checkOperands(args, bindings);
  const wanted = operandsOf[name]!;
  if (args.length !== wanted) {
    throw new ExpressionError(
      `Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${args.length}`,
    );
  }
  requireDistinct(name, args, bindings);
  const [first, second] = args as readonly [Operand, Operand];
  switch (name) {
    case "attribute_exists":
    case "attribute_not_exists":
      if (first.kind === "path") return;
      throw new ExpressionError(
        `Operator or function requires a document path; operator or function: ${name}`,
      );
    case "begins_with":
      for (const arg of args) {
        const type = typeOfOperand(arg, bindings);
        if (type !== undefined && type !== "S" && type !== "B") throw wrongType(name, type);
      }
      return;
    case "attribute_type": {
      const type = typeOfOperand(second, bindings);
      if (type !== "S") throw wrongType(name, type ?? "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}");
      const text = immediate(second, bindings)!.S!;
      if (typeNames.includes(text)) return;
      throw new ExpressionError(
        `Invalid attribute type name found; type: ${text}, valid types: {${typeNames.join(",")}}`,
      );
    }
    case "size": {
      const type = typeOfOperand(first, bindings);
      if (type === "N" || type === "BOOL" || type === "NULL") throw wrongType(name, type);
      return;
    }
  }
}

function wrongType(name: string, type: string): ExpressionError {
  return new ExpressionError(
    `Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`,
  );
}

/** Less and greater are for numbers, texts and bytes. */
function requireOrder(operator: string, operands: readonly Operand[], bindings: Bindings): void {
  if (operator === "=" || operator === "<>") return;
  for (const operand of operands) {
    const type = typeOfOperand(operand, bindings);
    if (type === undefined || type === "S" || type === "N" || type === "B") continue;
    throw new ExpressionError(
      `Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${type}`,
    );
  }
}

function requireDistinct(operator: string, operands: readonly Operand[], bindings: Bindings): void {
  const [first, second] = operands;
  if (operands.length !== 2 || first?.kind !== "path" || second?.kind !== "path") return;
  const left = resolvePath(bindings, first);
  const right = resolvePath(bindings, second);
  if (left.length !== right.length || left.some((part, index) => part !== right[index])) return;
  throw new ExpressionError(
    `The first operand must be distinct from the remaining operands for this operator or function; operator: ${operator}, first operand: ${pathText(left)}`,
  );
}

function checkBounds(low: Operand, high: Operand, bindings: Bindings): void {
  const from = immediate(low, bindings);
  const to = immediate(high, bindings);
  if (from === undefined || to === undefined) return;
  const bounds = `lower bound operand: AttributeValue: ${valueText(from)}, upper bound operand: AttributeValue: ${valueText(to)}`;
  if (typeOf(from) !== typeOf(to)) {
    throw new ExpressionError(
      `The BETWEEN operator requires same data type for lower and upper bounds; ${bounds}`,
    );
  }
  if (compare(from, to)! <= 0) return;
  throw new ExpressionError(
    `The BETWEEN operator requires upper bound to be greater than or equal to lower bound; ${bounds}`,
  );
}

/** The value that stands in the request, if this operand is one. */
export function immediate(operand: Operand, bindings: Bindings): AttributeValue | undefined {
  if (operand.kind === "value") return boundValue(bindings, operand.name);
  return operand.kind === "constant" ? operand.value : undefined;
}

function typeOfOperand(operand: Operand, bindings: Bindings): AttributeType | undefined {
  if (operand.kind === "function" && operand.name === "size") return "N";
  const value = immediate(operand, bindings);
  return value === undefined ? undefined : typeOf(value);
}

function valueText(value: AttributeValue): string {
  const type = typeOf(value);
  return `{${type}:${value[type]}}`;
}
