import { validation } from "../errors.ts";
import type { Item } from "../items/attribute-value.ts";
import type { CapacityMode } from "../operations/capacity.ts";
import type { Members, Shape } from "../protocol/shape.ts";
import { checkExpressionParameters, type ExpressionInput } from "./expressions.ts";
import { bare } from "./faults.ts";
import { checkedSize, type PreparedCondition, prepareCondition } from "./put-item.ts";
import {
  expressionAttributeNames,
  expressionAttributeValues,
  listOf,
  requiredAttributes,
  returnConsumedCapacity,
  returnItemCollectionMetrics,
  returnValuesOnConditionCheckFailure,
  string,
  structure,
  tableName,
} from "./shapes.ts";
import { type PreparedUpdate, prepareUpdate } from "./update-item.ts";
import { checkValues } from "./values.ts";

interface ActionInput extends ExpressionInput {
  readonly TableName: string;
  readonly ReturnValuesOnConditionCheckFailure?: "ALL_OLD" | "NONE";
}

export interface TransactWriteItem {
  readonly Put?: ActionInput & { readonly Item: Item };
  readonly Update?: ActionInput & { readonly Key: Item };
  readonly Delete?: ActionInput & { readonly Key: Item };
  readonly ConditionCheck?: ActionInput & { readonly Key: Item };
}

export interface TransactWriteItemsInput {
  readonly TransactItems: readonly TransactWriteItem[];
  readonly ClientRequestToken?: string;
  readonly ReturnConsumedCapacity?: CapacityMode;
  readonly ReturnItemCollectionMetrics?: "SIZE" | "NONE";
}

export const actionsMax = 100;
export const clientRequestToken: Shape = { type: "string", min: 1, max: 36 };

const common = {
  TableName: tableName,
  ExpressionAttributeNames: expressionAttributeNames,
  ExpressionAttributeValues: expressionAttributeValues,
  ReturnValuesOnConditionCheckFailure: returnValuesOnConditionCheckFailure,
};

export const members: Members = {
  ReturnConsumedCapacity: returnConsumedCapacity,
  ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  ClientRequestToken: clientRequestToken,
  TransactItems: listOf(
    structure("TransactWriteItem", {
      ConditionCheck: structure(
        "ConditionCheck",
        { ...common, Key: requiredAttributes, ConditionExpression: { ...string, required: true } },
        { isField: true },
      ),
      Put: structure(
        "Put",
        { ...common, Item: requiredAttributes, ConditionExpression: string },
        { isField: true },
      ),
      Delete: structure(
        "Delete",
        { ...common, Key: requiredAttributes, ConditionExpression: string },
        { isField: true },
      ),
      Update: structure(
        "Update",
        {
          ...common,
          Key: requiredAttributes,
          UpdateExpression: { ...string, required: true },
          ConditionExpression: string,
        },
        { isField: true },
      ),
    }),
    { required: true, min: 1, max: actionsMax },
  ),
};

/** One action of a transaction. */
export interface PreparedAction extends PreparedCondition {
  readonly kind: "Put" | "Update" | "Delete" | "ConditionCheck";
  readonly tableName: string;
  /** The item of a put, else the key. */
  readonly item: Item;
  readonly size: number | undefined;
  readonly update: PreparedUpdate | undefined;
  readonly onFailure: "ALL_OLD" | "NONE" | undefined;
}

export interface PreparedTransaction {
  readonly input: TransactWriteItemsInput;
  readonly actions: readonly PreparedAction[];
}

const kinds = ["ConditionCheck", "Put", "Delete", "Update"] as const;

export function prepare(input: TransactWriteItemsInput): PreparedTransaction {
  for (const item of input.TransactItems) {
    const given = kinds.filter((kind) => item[kind] !== undefined);
    if (given.length === 0) {
      throw validation(
        "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request",
      );
    }
    if (given.length > 1)
      throw validation("TransactItems can only contain one of Check, Put, Update or Delete");
  }
  return { input, actions: input.TransactItems.map(prepareAction) };
}

function prepareAction({ Put, Update, Delete, ConditionCheck }: TransactWriteItem): PreparedAction {
  if (Put !== undefined) {
    checkExpressionParameters(Put, ["ConditionExpression"], [], bare);
    checkValues(Put.Item, bare);
    const size = checkedSize(Put.Item);
    return { kind: "Put", item: Put.Item, size, update: undefined, ...prepared(Put) };
  }
  if (Update !== undefined) {
    checkExpressionParameters(Update, ["UpdateExpression", "ConditionExpression"], [], bare);
    checkValues(Update.Key, bare);
    const update = prepareUpdate(Update, bare);
    const { TableName, ReturnValuesOnConditionCheckFailure: onFailure } = Update;
    const { condition, bindings } = update;
    return {
      kind: "Update",
      tableName: TableName,
      item: Update.Key,
      size: undefined,
      update,
      condition,
      bindings,
      onFailure,
    };
  }
  const keyed = (Delete ?? ConditionCheck)!;
  checkExpressionParameters(keyed, ["ConditionExpression"], [], bare);
  checkValues(keyed.Key, bare);
  return {
    kind: Delete === undefined ? "ConditionCheck" : "Delete",
    item: keyed.Key,
    size: undefined,
    update: undefined,
    ...prepared(keyed),
  };
}

function prepared(input: ActionInput) {
  return {
    tableName: input.TableName,
    onFailure: input.ReturnValuesOnConditionCheckFailure,
    ...prepareCondition(input, bare),
  };
}
