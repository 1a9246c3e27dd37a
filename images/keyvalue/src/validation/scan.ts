import { validation } from "../errors.ts";
import type { Members } from "../protocol/shape.ts";
import { checkExpressionParameters, readExpressions } from "./expressions.ts";
import { bare } from "./faults.ts";
import { checkAttributesToGet } from "./get-item.ts";
import { checkConditions, type LegacyCondition } from "./legacy-conditions.ts";
import { checkSelect, checkStartKey, type PageInput, type PreparedPage, preparePage } from "./query.ts";
import {
  attributes,
  attributesToGet,
  boolean,
  conditionalOperator,
  conditions,
  expressionAttributeNames,
  expressionAttributeValues,
  indexName,
  pageLimit,
  returnConsumedCapacity,
  select,
  string,
  tableName,
} from "./shapes.ts";

export interface ScanInput extends PageInput {
  readonly ScanFilter?: Readonly<Record<string, LegacyCondition>>;
  readonly Segment?: number;
  readonly TotalSegments?: number;
}

export const members: Members = {
  Select: select,
  IndexName: indexName,
  Segment: { type: "Integer", min: 0, max: 999_999, isToldShort: true },
  TotalSegments: { type: "Integer", min: 1, max: 1_000_000, isToldShort: true },
  ReturnConsumedCapacity: returnConsumedCapacity,
  TableName: tableName,
  ConditionalOperator: conditionalOperator,
  ScanFilter: conditions,
  Limit: pageLimit,
  AttributesToGet: attributesToGet,
  ExclusiveStartKey: attributes,
  ConsistentRead: boolean,
  FilterExpression: string,
  ProjectionExpression: string,
  ExpressionAttributeValues: expressionAttributeValues,
  ExpressionAttributeNames: expressionAttributeNames,
};

export interface PreparedScan extends PreparedPage {
  readonly input: ScanInput;
}

export function prepare(input: ScanInput): PreparedScan {
  checkExpressionParameters(
    input,
    ["ProjectionExpression", "FilterExpression"],
    ["AttributesToGet", "ScanFilter", "ConditionalOperator"],
    bare,
  );
  checkAttributesToGet(input.AttributesToGet);
  checkConditions(input.ScanFilter);
  checkStartKey(input.ExclusiveStartKey, "Scan");
  const { Segment: segment, TotalSegments: total } = input;
  if (segment !== undefined && total === undefined) {
    throw validation(
      "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
    );
  }
  if (total !== undefined && segment === undefined) {
    throw validation(
      "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
    );
  }
  if (segment !== undefined && segment >= total!)
    throw validation("The Segment parameter is zero-based and must be less than parameter TotalSegments");
  const expressions = readExpressions(input, bare);
  checkSelect(input, "Scan");
  return { input, ...preparePage(input, expressions, input.ScanFilter) };
}
