import { validation } from "../errors.ts";
import type { Item } from "../items/attribute-value.ts";
import type { CapacityMode } from "../operations/capacity.ts";
import type { Members } from "../protocol/shape.ts";
import { checkExpressionParameters, type ExpressionInput } from "./expressions.ts";
import { bare } from "./faults.ts";
import { type PreparedProjection, prepareProjection } from "./get-item.ts";
import {
  expressionAttributeNames,
  listOf,
  requiredAttributes,
  returnConsumedCapacity,
  string,
  structure,
  tableName,
} from "./shapes.ts";
import { actionsMax } from "./transact-write-items.ts";
import { checkValues } from "./values.ts";

export interface TransactGetItemsInput {
  readonly TransactItems: readonly {
    readonly Get: ExpressionInput & { readonly TableName: string; readonly Key: Item };
  }[];
  readonly ReturnConsumedCapacity?: CapacityMode;
}

export const members: Members = {
  ReturnConsumedCapacity: returnConsumedCapacity,
  TransactItems: listOf(
    structure("TransactGetItem", {
      Get: structure(
        "Get",
        {
          Key: requiredAttributes,
          TableName: tableName,
          ProjectionExpression: string,
          ExpressionAttributeNames: expressionAttributeNames,
        },
        { isField: true, required: true },
      ),
    }),
    { required: true, min: 1, max: actionsMax },
  ),
};

export interface PreparedTransactGet {
  readonly input: TransactGetItemsInput;
  readonly gets: readonly {
    readonly tableName: string;
    readonly key: Item;
    readonly projection: PreparedProjection | undefined;
  }[];
}

export function prepare(input: TransactGetItemsInput): PreparedTransactGet {
  const gets = input.TransactItems.map(({ Get }) => {
    checkExpressionParameters(Get, ["ProjectionExpression"], [], bare);
    checkValues(Get.Key, bare);
    return { tableName: Get.TableName, key: Get.Key, projection: prepareProjection(Get) };
  });
  return { input, gets };
}

export function multipleOperations() {
  return validation("Transaction request cannot include multiple operations on one item");
}
