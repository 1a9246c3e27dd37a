import { validation } from "../errors.ts";
import type { AttributeValue } from "../items/attribute-value.ts";
import type { Comparator, Condition, Operand, PathNode } from "./ast.ts";
import { type Bindings, resolvePath } from "./bindings.ts";
import { immediate } from "./check-condition.ts";

export type KeyOperator = "EQ" | "LT" | "LE" | "GT" | "GE" | "BETWEEN" | "BEGINS_WITH";

/** What a query says of one attribute of its key. */
export interface KeyTerm {
  readonly operator: string;
  readonly values: readonly AttributeValue[];
}

/** By attribute. */
export type KeyTerms = ReadonlyMap<string, KeyTerm>;

const operators: Readonly<Partial<Record<Comparator, KeyOperator>>> = {
  "=": "EQ",
  "<": "LT",
  "<=": "LE",
  ">": "GT",
  ">=": "GE",
};

/** `:a < b` is `b > :a`. */
const mirrored: Readonly<Partial<Record<KeyOperator, KeyOperator>>> = {
  EQ: "EQ",
  LT: "GT",
  LE: "GE",
  GT: "LT",
  GE: "LE",
};

/**
 * A key condition by attributes: only terms joined by AND, one for each attribute.
 *
 * @throws AwsError ValidationException
 */
export function keyTerms(condition: Condition, bindings: Bindings): KeyTerms {
  const terms = new Map<string, KeyTerm>();
  collect(condition, bindings, terms);
  return terms;
}

function collect(condition: Condition, bindings: Bindings, terms: Map<string, KeyTerm>): void {
  switch (condition.kind) {
    case "and":
      collect(condition.left, bindings, terms);
      collect(condition.right, bindings, terms);
      return;
    case "or":
      throw wrongOperator("OR");
    case "not":
      throw wrongOperator("NOT");
    case "in":
      throw wrongOperator("IN");
    case "compare": {
      if (condition.comparator === "<>") throw wrongOperator("<>");
      const operator = operators[condition.comparator]!;
      const { left, right } = condition;
      requireNoFunction([left, right]);
      if (left.kind === "path" && right.kind === "path") throw severalNames();
      if (left.kind === "path") add(terms, left, operator, [right], bindings);
      else if (right.kind === "path") add(terms, right, mirrored[operator]!, [left], bindings);
      else throw noName();
      return;
    }
    case "between": {
      const { value, low, high } = condition;
      requireNoFunction([value, low, high]);
      if (value.kind !== "path") throw notFirst("BETWEEN");
      if (low.kind === "path" || high.kind === "path") throw severalNames();
      add(terms, value, "BETWEEN", [low, high], bindings);
      return;
    }
    case "function": {
      const { name, args } = condition;
      if (name !== "begins_with") throw wrongOperator(name);
      requireNoFunction(args);
      const [first, second] = args as readonly [Operand, Operand];
      if (first.kind !== "path") throw notFirst("begins_with");
      if (second.kind === "path") throw severalNames();
      add(terms, first, "BEGINS_WITH", [second], bindings);
    }
  }
}

function add(
  terms: Map<string, KeyTerm>,
  path: PathNode,
  operator: KeyOperator,
  operands: readonly Operand[],
  bindings: Bindings,
): void {
  const [name, ...inside] = resolvePath(bindings, path);
  if (inside.length > 0)
    throw validation("KeyConditionExpressions cannot have conditions on nested attributes");
  if (terms.has(name as string))
    throw validation("KeyConditionExpressions must only contain one condition per key");
  terms.set(name as string, {
    operator,
    values: operands.map((operand) => immediate(operand, bindings)!),
  });
}

function requireNoFunction(operands: readonly Operand[]): void {
  if (operands.some(({ kind }) => kind === "function"))
    throw validation("KeyConditionExpressions cannot contain nested operations");
}

function wrongOperator(operator: string) {
  return validation(`Invalid operator used in KeyConditionExpression: ${operator}`);
}

function severalNames() {
  return validation(
    "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition",
  );
}

function noName() {
  return validation("Invalid condition in KeyConditionExpression: No key attribute specified");
}

function notFirst(operator: string) {
  return validation(
    `Invalid condition in KeyConditionExpression: ${operator} operator must have the key attribute as its first operand`,
  );
}
