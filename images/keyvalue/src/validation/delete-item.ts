import type { Item } from "../items/attribute-value.ts";
import type { CapacityMode } from "../operations/capacity.ts";
import type { Members } from "../protocol/shape.ts";
import { checkExpressionParameters } from "./expressions.ts";
import { enveloped } from "./faults.ts";
import {
  type ConditionInput,
  type PreparedCondition,
  prepareCondition,
  requireOldOrNone,
} from "./put-item.ts";
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

export interface DeleteItemInput extends ConditionInput {
  readonly TableName: string;
  readonly Key: Item;
  readonly ReturnValues?: "NONE" | "ALL_OLD";
  readonly ReturnConsumedCapacity?: CapacityMode;
  readonly ReturnItemCollectionMetrics?: "SIZE" | "NONE";
  readonly ReturnValuesOnConditionCheckFailure?: "ALL_OLD" | "NONE";
}

export const members: Members = {
  TableName: tableName,
  ReturnConsumedCapacity: returnConsumedCapacity,
  ReturnValues: returnValues,
  ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  ReturnValuesOnConditionCheckFailure: returnValuesOnConditionCheckFailure,
  Key: requiredAttributes,
  ConditionalOperator: conditionalOperator,
  Expected: expected,
  ConditionExpression: string,
  ExpressionAttributeValues: expressionAttributeValues,
  ExpressionAttributeNames: expressionAttributeNames,
};

export interface PreparedDelete extends PreparedCondition {
  readonly input: DeleteItemInput;
}

export function prepare(input: DeleteItemInput): PreparedDelete {
  checkExpressionParameters(input, ["ConditionExpression"], ["Expected"], enveloped);
  checkValues(input.Key, enveloped);
  requireOldOrNone(input.ReturnValues, enveloped);
  return { input, ...prepareCondition(input, enveloped) };
}
