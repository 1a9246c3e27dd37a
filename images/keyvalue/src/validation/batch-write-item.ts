import { validation } from "../errors.ts";
import type { Item } from "../items/attribute-value.ts";
import type { CapacityMode } from "../operations/capacity.ts";
import type { Members } from "../protocol/shape.ts";
import { tableKeys } from "./batch-get-item.ts";
import { bare } from "./faults.ts";
import { checkedSize } from "./put-item.ts";
import {
  listOf,
  requiredAttributes,
  returnConsumedCapacity,
  returnItemCollectionMetrics,
  structure,
} from "./shapes.ts";
import { checkValues } from "./values.ts";

export interface WriteRequest {
  readonly PutRequest?: { readonly Item: Item };
  readonly DeleteRequest?: { readonly Key: Item };
}

export interface BatchWriteItemInput {
  readonly RequestItems: Readonly<Record<string, readonly WriteRequest[]>>;
  readonly ReturnConsumedCapacity?: CapacityMode;
  readonly ReturnItemCollectionMetrics?: "SIZE" | "NONE";
}

/** In all tables together. */
const requestsMax = 25;

export const members: Members = {
  ReturnConsumedCapacity: returnConsumedCapacity,
  ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  RequestItems: {
    type: "map",
    className: "java.util.List<com.amazonaws.dynamodb.v20120810.WriteRequest>",
    required: true,
    keys: tableKeys,
    values: { min: 1, max: requestsMax },
    of: listOf(
      structure("WriteRequest", {
        DeleteRequest: structure("DeleteRequest", { Key: requiredAttributes }, { isField: true }),
        PutRequest: structure("PutRequest", { Item: requiredAttributes }, { isField: true }),
      }),
      { isParameterized: true },
    ),
  },
};

export interface PreparedWrite {
  /** The item to put, or the key of the one to delete. */
  readonly item: Item;
  /** Of an item to put. */
  readonly size: number | undefined;
}

export interface PreparedBatchWrite {
  readonly input: BatchWriteItemInput;
  readonly tables: readonly { readonly name: string; readonly writes: readonly PreparedWrite[] }[];
}

export function prepare(input: BatchWriteItemInput): PreparedBatchWrite {
  const names = Object.keys(input.RequestItems);
  if (names.length === 0) throw validation("The requestItems parameter is required for BatchWriteItem");
  const count = names.reduce((sum, name) => sum + input.RequestItems[name]!.length, 0);
  if (count > requestsMax) throw validation("Too many items requested for the BatchWriteItem call");
  const tables = names.map((name) => ({
    name,
    writes: input.RequestItems[name]!.map(({ PutRequest: put, DeleteRequest: remove }): PreparedWrite => {
      if ((put === undefined) === (remove === undefined)) {
        throw validation(
          "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
        );
      }
      const item = put === undefined ? remove!.Key : put.Item;
      checkValues(item, bare);
      const size = put === undefined ? undefined : checkedSize(item);
      return { item, size };
    }),
  }));
  return { input, tables };
}
