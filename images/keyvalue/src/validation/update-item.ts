import { invalidParameter } from "../errors.ts";
import type { ConstantNode, PathNode, PathPart, Update } from "../expressions/ast.ts";
import type { Bindings } from "../expressions/bindings.ts";
import { type AttributeValue, type Item, typeOf } from "../items/attribute-value.ts";
import type { CapacityMode } from "../operations/capacity.ts";
import type { Members } from "../protocol/shape.ts";
import { valueFault } from "../protocol/validate-value.ts";
import { checkExpressionParameters, readExpressions } from "./expressions.ts";
import { enveloped, type Fault } from "./faults.ts";
import { checkConditionalOperator, checkExpected, expectedCondition } from "./legacy-conditions.ts";
import type { ConditionInput, PreparedCondition } from "./put-item.ts";
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

export interface AttributeUpdate {
  readonly Action?: string;
  readonly Value?: AttributeValue;
}

export interface UpdateItemInput extends ConditionInput {
  readonly TableName: string;
  readonly Key: Item;
  readonly AttributeUpdates?: Readonly<Record<string, AttributeUpdate>>;
  readonly ReturnValues?: "NONE" | "ALL_OLD" | "UPDATED_OLD" | "ALL_NEW" | "UPDATED_NEW";
  readonly ReturnConsumedCapacity?: CapacityMode;
  readonly ReturnItemCollectionMetrics?: "SIZE" | "NONE";
  readonly ReturnValuesOnConditionCheckFailure?: "ALL_OLD" | "NONE";
}

export const members: Members = {
  TableName: tableName,
  ReturnValues: { ...returnValues, endsFaults: true },
  ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  ReturnValuesOnConditionCheckFailure: returnValuesOnConditionCheckFailure,
  ReturnConsumedCapacity: returnConsumedCapacity,
  Key: requiredAttributes,
  ConditionalOperator: conditionalOperator,
  Expected: expected,
  AttributeUpdates: {
    type: "map",
    className: "AttributeValueUpdate",
    of: {
      type: "structure",
      className: "AttributeValueUpdate",
      members: {
        Action: { type: "string", enum: ["ADD", "PUT", "DELETE"] },
        Value: { type: "attributeValue", isField: true },
      },
    },
  },
  ConditionExpression: string,
  UpdateExpression: string,
  ExpressionAttributeValues: expressionAttributeValues,
  ExpressionAttributeNames: expressionAttributeNames,
};

/** An update, and the paths that it changes. */
export interface PreparedUpdate extends PreparedCondition {
  readonly update: Update;
  readonly paths: readonly (readonly PathPart[])[];
  readonly bindings: Bindings;
}

export interface PreparedUpdateItem extends PreparedUpdate {
  readonly input: UpdateItemInput;
}

const noUpdate: Update = { set: [], remove: [], add: [], delete: [] };

export function prepare(input: UpdateItemInput): PreparedUpdateItem {
  checkExpressionParameters(
    input,
    ["UpdateExpression", "ConditionExpression"],
    ["AttributeUpdates", "Expected"],
    enveloped,
  );
  checkValues(input.Key, enveloped);
  const legacy = attributeUpdates(input.AttributeUpdates, enveloped);
  return { input, ...prepareUpdate(input, enveloped, legacy) };
}

/** Reads the expressions of an update. */
export function prepareUpdate(input: ConditionInput, fault: Fault, legacy = noUpdate): PreparedUpdate {
  checkConditionalOperator(input.ConditionalOperator, input.Expected);
  checkExpected(input.Expected);
  const { bindings, condition, update } = readExpressions(input, fault);
  return {
    update: update?.tree ?? legacy,
    paths: update?.paths ?? pathsOf(legacy),
    bindings,
    condition: condition ?? expectedCondition(input.Expected, input.ConditionalOperator),
  };
}

function pathsOf({ set, remove, add, delete: deleted }: Update): readonly (readonly PathPart[])[] {
  return [...[...set, ...add, ...deleted].map(({ path }) => path), ...remove].map(({ parts }) => parts);
}

/** `AttributeUpdates` as an update. */
function attributeUpdates(updates: UpdateItemInput["AttributeUpdates"], fault: Fault): Update {
  if (updates === undefined) return noUpdate;
  const set: { path: PathNode; value: ConstantNode }[] = [];
  const remove: PathNode[] = [];
  const add: { path: PathNode; value: ConstantNode }[] = [];
  const deleted: { path: PathNode; value: ConstantNode }[] = [];
  for (const [name, { Action: action = "PUT", Value: value }] of Object.entries(updates)) {
    const path: PathNode = { kind: "path", parts: [name], isLiteral: true };
    if (value === undefined) {
      if (action !== "DELETE")
        throw invalidParameter("Only DELETE action is allowed when no attribute value is specified");
      remove.push(path);
      continue;
    }
    const found = valueFault(value);
    if (found !== undefined) throw fault(found);
    const type = typeOf(value);
    const isSet = type === "SS" || type === "NS" || type === "BS";
    const constant: ConstantNode = { kind: "constant", value };
    if (action === "DELETE") {
      if (!isSet) throw invalidParameter(`DELETE action with value is not supported for the type ${type}`);
      deleted.push({ path, value: constant });
    } else if (action === "ADD") {
      if (!isSet && type !== "N" && type !== "L")
        throw invalidParameter(`ADD action is not supported for the type ${type}`);
      add.push({ path, value: constant });
    } else {
      set.push({ path, value: constant });
    }
  }
  return { set, remove, add, delete: deleted };
}
