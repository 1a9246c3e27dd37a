import { invalidParameter, validation } from "../errors.ts";
import type { Comparator, Condition, ConstantNode, PathNode } from "../expressions/ast.ts";
import { type AttributeType, type AttributeValue, typeOf } from "../items/attribute-value.ts";
import { compare } from "../items/compare.ts";
import { nestingFault } from "../protocol/check-types.ts";
import { valueFault } from "../protocol/validate-value.ts";
import { bare, enveloped } from "./faults.ts";

/** The conditions that were there before expressions: by attribute, an operator and its values. */
export interface LegacyCondition {
  readonly ComparisonOperator: string;
  readonly AttributeValueList?: readonly AttributeValue[];
}

export interface ExpectedAttribute extends Partial<LegacyCondition> {
  readonly Exists?: boolean;
  readonly Value?: AttributeValue;
}

export type ConditionalOperator = "AND" | "OR";

interface Arity {
  readonly min: number;
  readonly max: number;
}

const exactly = (count: number): Arity => ({ min: count, max: count });

const arities: Readonly<Record<string, Arity>> = {
  NULL: exactly(0),
  NOT_NULL: exactly(0),
  EQ: exactly(1),
  NE: exactly(1),
  LE: exactly(1),
  LT: exactly(1),
  GE: exactly(1),
  GT: exactly(1),
  CONTAINS: exactly(1),
  NOT_CONTAINS: exactly(1),
  BEGINS_WITH: exactly(1),
  IN: { min: 1, max: 100 },
  BETWEEN: exactly(2),
};

const scalars: readonly AttributeType[] = ["S", "N", "B"];
const anyOf: readonly AttributeType[] = ["S", "N", "B", "SS", "NS", "BS", "L", "M", "BOOL", "NULL"];

const operandTypes: Readonly<Record<string, readonly AttributeType[]>> = {
  EQ: anyOf,
  NE: anyOf,
  LE: scalars,
  LT: scalars,
  GE: scalars,
  GT: scalars,
  CONTAINS: ["S", "N", "B", "BOOL", "NULL"],
  NOT_CONTAINS: ["S", "N", "B", "BOOL", "NULL"],
  BEGINS_WITH: ["S", "B"],
  IN: ["S", "N", "B"],
  BETWEEN: scalars,
};

/** Checks `KeyConditions`, `QueryFilter` or `ScanFilter`. */
export function checkConditions(conditions: Readonly<Record<string, LegacyCondition>> | undefined): void {
  for (const name in conditions) {
    const { ComparisonOperator: operator, AttributeValueList: values = [] } = conditions[name]!;
    for (const value of values) {
      const fault = valueFault(value);
      if (fault !== undefined) throw validation(fault);
    }
    checkOperands(operator, values);
  }
}

function checkOperands(operator: string, values: readonly AttributeValue[]): void {
  const { min, max } = arities[operator]!;
  if (values.length < min || values.length > max)
    throw invalidParameter(`Invalid number of argument(s) for the ${operator} ComparisonOperator`);
  const [first] = values;
  if (first === undefined) return;
  if (values.some((value) => typeOf(value) !== typeOf(first)))
    throw invalidParameter("AttributeValues inside AttributeValueList must be of same type");
  for (const value of values) {
    if (operandTypes[operator]?.includes(typeOf(value)) !== false) continue;
    throw invalidParameter(
      `ComparisonOperator ${operator} is not valid for ${typeOf(value)} AttributeValue type`,
    );
  }
  if (operator === "BETWEEN" && compare(values[0]!, values[1]!)! > 0) {
    throw validation(
      "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
    );
  }
}

/** Checks `Expected`. */
export function checkExpected(expected: Readonly<Record<string, ExpectedAttribute>> | undefined): void {
  for (const name in expected) checkExpectedAttribute(name, expected[name]!);
}

function checkExpectedAttribute(name: string, given: ExpectedAttribute): void {
  const { AttributeValueList: list, Value: value, ComparisonOperator: operator, Exists: exists } = given;
  if (list !== undefined && value !== undefined)
    throw invalidParameter(`Value and AttributeValueList cannot be used together for Attribute: ${name}`);
  if (operator !== undefined) {
    if (exists !== undefined)
      throw invalidParameter(`Exists and ComparisonOperator cannot be used together for Attribute: ${name}`);
    const values = list ?? (value === undefined ? undefined : [value]);
    if (values === undefined && operator !== "NULL" && operator !== "NOT_NULL") {
      throw invalidParameter(
        `Value or AttributeValueList must be used with ComparisonOperator: ${operator} for Attribute: ${name}`,
      );
    }
    for (const each of values ?? []) checkExpectedValue(each);
    checkOperands(operator, values ?? []);
    return;
  }
  if (list !== undefined)
    throw invalidParameter(
      `AttributeValueList can only be used with a ComparisonOperator for Attribute: ${name}`,
    );
  if (exists !== false && value === undefined)
    throw invalidParameter(
      `Value must be provided when Exists is ${exists ?? "null"} for Attribute: ${name}`,
    );
  if (exists === false && value !== undefined)
    throw invalidParameter(`Value cannot be used when Exists is false for Attribute: ${name}`);
  if (value !== undefined) checkExpectedValue(value);
}

function checkExpectedValue(value: AttributeValue): void {
  const fault = valueFault(value);
  if (fault !== undefined) throw (fault === nestingFault ? enveloped : bare)(fault);
}

/** `ConditionalOperator` is for several conditions. */
export function checkConditionalOperator(
  operator: string | undefined,
  conditions: Readonly<Record<string, unknown>> | undefined,
): void {
  if (operator === undefined) return;
  const count = Object.keys(conditions ?? {}).length;
  if (count === 0) throw validation("ConditionalOperator cannot be used without Filter or Expected");
  if (count === 1)
    throw validation("ConditionalOperator can only be used when Filter or Expected has two or more elements");
}

/** `Expected` as a condition; undefined when it has none. */
export function expectedCondition(
  expected: Readonly<Record<string, ExpectedAttribute>> | undefined,
  operator: ConditionalOperator | undefined,
): Condition | undefined {
  const all = Object.entries(expected ?? {}).map(([name, given]): Condition => {
    const { ComparisonOperator, Value, AttributeValueList, Exists } = given;
    if (ComparisonOperator !== undefined)
      return conditionOf(
        name,
        ComparisonOperator,
        AttributeValueList ?? (Value === undefined ? [] : [Value]),
      );
    return Exists === false ? conditionOf(name, "NULL", []) : conditionOf(name, "EQ", [Value!]);
  });
  return joined(all, operator);
}

/** `QueryFilter` or `ScanFilter` as a condition. */
export function filterCondition(
  filter: Readonly<Record<string, LegacyCondition>> | undefined,
  operator: ConditionalOperator | undefined,
): Condition | undefined {
  const all = Object.entries(filter ?? {}).map(([name, { ComparisonOperator, AttributeValueList = [] }]) =>
    conditionOf(name, ComparisonOperator, AttributeValueList),
  );
  return joined(all, operator);
}

function joined(all: readonly Condition[], operator: ConditionalOperator | undefined): Condition | undefined {
  if (all.length === 0) return undefined;
  const kind = operator === "OR" ? "or" : "and";
  return all.reduce((left, right) => ({ kind, left, right }));
}

const comparators: Readonly<Record<string, Comparator>> = {
  EQ: "=",
  NE: "<>",
  LE: "<=",
  LT: "<",
  GE: ">=",
  GT: ">",
};

function conditionOf(name: string, operator: string, values: readonly AttributeValue[]): Condition {
  const path: PathNode = { kind: "path", parts: [name], isLiteral: true };
  const constants = values.map((value): ConstantNode => ({ kind: "constant", value }));
  const [first, second] = constants as [ConstantNode, ConstantNode];
  switch (operator) {
    case "NULL":
      return { kind: "function", name: "attribute_not_exists", args: [path] };
    case "NOT_NULL":
      return { kind: "function", name: "attribute_exists", args: [path] };
    case "CONTAINS":
      return { kind: "function", name: "contains", args: [path, first] };
    case "NOT_CONTAINS":
      return { kind: "not", of: { kind: "function", name: "contains", args: [path, first] } };
    case "BEGINS_WITH":
      return { kind: "function", name: "begins_with", args: [path, first] };
    case "IN":
      return { kind: "in", value: path, list: constants };
    case "BETWEEN":
      return { kind: "between", value: path, low: first, high: second };
    default:
      return { kind: "compare", comparator: comparators[operator]!, left: path, right: first };
  }
}
