import { validation } from "../errors.ts";
import type { Condition } from "../expressions/ast.ts";
import type { Bindings } from "../expressions/bindings.ts";
import type { Item } from "../items/attribute-value.ts";
import { itemSize } from "../items/item-size.ts";
import type { CapacityMode } from "../operations/capacity.ts";
import type { Members } from "../protocol/shape.ts";
import { checkExpressionParameters, type ExpressionInput, readExpressions } from "./expressions.ts";
import { bare, enveloped, type Fault } from "./faults.ts";
import {
  type ConditionalOperator,
  checkConditionalOperator,
  checkExpected,
  type ExpectedAttribute,
  expectedCondition,
} from "./legacy-conditions.ts";
import {
  conditionalOperator,
  expected,
  expressionAttributeNames,
  expressionAttributeValues,
  requiredAttributes,
  returnConsumedCapacity,
  returnItemCollectionMetrics,
  returnValues,
  returnValuesOnConditionCheckFailure,
  string,
  tableName,
} from "./shapes.ts";
import { checkValues } from "./values.ts";

/** "Item size has exceeded the maximum allowed size" */
export const itemBytesMax = 409_600;

export interface ConditionInput extends ExpressionInput {
  readonly Expected?: Readonly<Record<string, ExpectedAttribute>>;
  readonly ConditionalOperator?: ConditionalOperator;
}

export interface PutItemInput extends ConditionInput {
  readonly TableName: string;
  readonly Item: Item;
  readonly ReturnValues?: "NONE" | "ALL_OLD";
  readonly ReturnConsumedCapacity?: CapacityMode;
  readonly ReturnItemCollectionMetrics?: "SIZE" | "NONE";
  readonly ReturnValuesOnConditionCheckFailure?: "ALL_OLD" | "NONE";
}

export const members: Members = {
  TableName: tableName,
  ReturnConsumedCapacity: returnConsumedCapacity,
  Item: requiredAttributes,
  ConditionalOperator: conditionalOperator,
  Expected: expected,
  ReturnValues: returnValues,
  ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  ReturnValuesOnConditionCheckFailure: returnValuesOnConditionCheckFailure,
  ConditionExpression: string,
  ExpressionAttributeValues: expressionAttributeValues,
  ExpressionAttributeNames: expressionAttributeNames,
};

/** A condition and what its placeholders stand for. */
export interface PreparedCondition {
  readonly condition: Condition | undefined;
  readonly bindings: Bindings;
}

export interface PreparedPut extends PreparedCondition {
  readonly input: PutItemInput;
  readonly size: number;
}

export function prepare(input: PutItemInput): PreparedPut {
  checkExpressionParameters(input, ["ConditionExpression"], ["Expected"], enveloped);
  checkValues(input.Item, enveloped);
  requireOldOrNone(input.ReturnValues, enveloped);
  const size = checkedSize(input.Item);
  return { input, size, ...prepareCondition(input, enveloped) };
}

export function requireOldOrNone(value: string | undefined, fault: Fault): void {
  if (value !== undefined && value !== "NONE" && value !== "ALL_OLD")
    throw fault("ReturnValues can only be ALL_OLD or NONE");
}

/** The size of an item that is not too large. */
export function checkedSize(item: Item): number {
  const size = itemSize(item);
  if (size > itemBytesMax) throw validation("Item size has exceeded the maximum allowed size");
  return size;
}

/** Reads the condition of a request, from `ConditionExpression` or `Expected`. */
export function prepareCondition(input: ConditionInput, fault: Fault = bare): PreparedCondition {
  checkConditionalOperator(input.ConditionalOperator, input.Expected);
  checkExpected(input.Expected);
  const { bindings, condition } = readExpressions(input, fault);
  return {
    condition: condition ?? expectedCondition(input.Expected, input.ConditionalOperator),
    bindings,
  };
}
