import { validation } from "../errors.ts";
import { type AttributeValue, type Item, typeOf } from "../items/attribute-value.ts";
import type { CapacityMode } from "../operations/capacity.ts";
import type { Members } from "../protocol/shape.ts";
import { checkExpressionParameters } from "./expressions.ts";
import { bare } from "./faults.ts";
import { type PreparedProjection, type ProjectionInput, prepareProjection } from "./get-item.ts";
import {
  attributes,
  attributesToGet,
  boolean,
  expressionAttributeNames,
  listOf,
  namePattern,
  returnConsumedCapacity,
  string,
  structure,
} from "./shapes.ts";
import { checkValues } from "./values.ts";

export interface KeysAndAttributes extends ProjectionInput {
  readonly Keys: readonly Item[];
  readonly ConsistentRead?: boolean;
}

export interface BatchGetItemInput {
  readonly RequestItems: Readonly<Record<string, KeysAndAttributes>>;
  readonly ReturnConsumedCapacity?: CapacityMode;
}

/** In all tables together. */
const keysMax = 100;

export const tableKeys = { min: 3, max: 255, pattern: namePattern };

export const members: Members = {
  ReturnConsumedCapacity: returnConsumedCapacity,
  RequestItems: {
    type: "map",
    className: "KeysAndAttributes",
    required: true,
    min: 1,
    keys: tableKeys,
    isToldShort: true,
    of: structure("KeysAndAttributes", {
      Keys: listOf(
        { ...attributes, isParameterized: true },
        { required: true, min: 1, max: keysMax, isToldShort: true },
      ),
      AttributesToGet: attributesToGet,
      ConsistentRead: boolean,
      ProjectionExpression: string,
      ExpressionAttributeNames: expressionAttributeNames,
    }),
  },
};

export interface PreparedBatchGet {
  readonly input: BatchGetItemInput;
  readonly tables: readonly {
    readonly name: string;
    readonly keys: readonly Item[];
    readonly request: KeysAndAttributes;
    readonly projection: PreparedProjection | undefined;
  }[];
}

export function prepare(input: BatchGetItemInput): PreparedBatchGet {
  let count = 0;
  const tables = Object.entries(input.RequestItems).map(([name, request]) => {
    checkExpressionParameters(request, ["ProjectionExpression"], ["AttributesToGet"], bare);
    const projection = prepareProjection(request);
    const seen = new Set<string>();
    for (const key of request.Keys) {
      checkValues(key, bare);
      const text = keyText(key);
      if (seen.has(text)) throw validation("Provided list of item keys contains duplicates");
      seen.add(text);
      if (++count > keysMax) throw validation("Too many items requested for the BatchGetItem call");
    }
    return { name, keys: request.Keys, request, projection };
  });
  return { input, tables };
}

/** The same for keys of the same attributes, in whatever order. */
function keyText(key: Item): string {
  const parts = Object.keys(key)
    .sort()
    .map((name) => [name, typeOf(key[name]!), key[name]![typeOf(key[name]!) as keyof AttributeValue]]);
  return JSON.stringify(parts);
}
