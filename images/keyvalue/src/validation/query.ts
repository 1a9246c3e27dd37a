import { validation } from "../errors.ts";
import type { Condition } from "../expressions/ast.ts";
import type { Bindings } from "../expressions/bindings.ts";
import { type KeyTerms, keyTerms } from "../expressions/key-condition.ts";
import { projectionTree } from "../expressions/project.ts";
import type { Item } from "../items/attribute-value.ts";
import type { CapacityMode } from "../operations/capacity.ts";
import { nestingFault } from "../protocol/check-types.ts";
import type { Members } from "../protocol/shape.ts";
import { valuesFault } from "../protocol/validate-value.ts";
import { checkTerms } from "../storage/key-range.ts";
import { checkExpressionParameters, type Expressions, readExpressions } from "./expressions.ts";
import { bare, enveloped } from "./faults.ts";
import { checkAttributesToGet, type PreparedProjection, type ProjectionInput } from "./get-item.ts";
import {
  type ConditionalOperator,
  checkConditionalOperator,
  checkConditions,
  filterCondition,
  type LegacyCondition,
} from "./legacy-conditions.ts";
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

export type Select = "SPECIFIC_ATTRIBUTES" | "COUNT" | "ALL_ATTRIBUTES" | "ALL_PROJECTED_ATTRIBUTES";

/** What queries and scans have in common. */
export interface PageInput extends ProjectionInput {
  readonly TableName: string;
  readonly IndexName?: string;
  readonly Select?: Select;
  readonly Limit?: number;
  readonly ExclusiveStartKey?: Item;
  readonly ConsistentRead?: boolean;
  readonly ConditionalOperator?: ConditionalOperator;
  readonly ReturnConsumedCapacity?: CapacityMode;
}

export interface QueryInput extends PageInput {
  readonly KeyConditions?: Readonly<Record<string, LegacyCondition>>;
  readonly QueryFilter?: Readonly<Record<string, LegacyCondition>>;
  readonly ScanIndexForward?: boolean;
}

export const members: Members = {
  Select: select,
  IndexName: indexName,
  ReturnConsumedCapacity: returnConsumedCapacity,
  QueryFilter: conditions,
  TableName: tableName,
  ConditionalOperator: conditionalOperator,
  AttributesToGet: attributesToGet,
  Limit: pageLimit,
  KeyConditions: conditions,
  ExclusiveStartKey: attributes,
  ConsistentRead: boolean,
  ScanIndexForward: boolean,
  KeyConditionExpression: string,
  FilterExpression: string,
  ProjectionExpression: string,
  ExpressionAttributeValues: expressionAttributeValues,
  ExpressionAttributeNames: expressionAttributeNames,
};

export interface PreparedPage {
  readonly filter: Condition | undefined;
  readonly bindings: Bindings;
  readonly projection: PreparedProjection | undefined;
}

export interface PreparedQuery extends PreparedPage {
  readonly input: QueryInput;
  readonly terms: KeyTerms;
}

export function prepare(input: QueryInput): PreparedQuery {
  // Without a filter's expression the older key conditions may stand beside a projection's.
  const isOlderKey = input.KeyConditions !== undefined && input.KeyConditionExpression === undefined;
  checkExpressionParameters(
    input,
    ["ProjectionExpression", "FilterExpression", "KeyConditionExpression"],
    ["AttributesToGet", "QueryFilter", "ConditionalOperator", ...(isOlderKey ? [] : ["KeyConditions"])],
    bare,
  );
  checkConditions(input.QueryFilter);
  checkAttributesToGet(input.AttributesToGet);
  checkStartKey(input.ExclusiveStartKey, "Query");
  if (input.KeyConditions === undefined && input.KeyConditionExpression === undefined) {
    throw validation(
      "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
    );
  }
  const expressions = readExpressions(input, bare);
  checkSelect(input, "Query");
  const terms =
    expressions.keyCondition === undefined
      ? olderTerms(input.KeyConditions!)
      : keyTerms(expressions.keyCondition, expressions.bindings);
  if (terms.size === 0) throw validation("Conditions can be of length 1 or 2 only");
  checkTerms(terms);
  return { input, terms, ...preparePage(input, expressions, input.QueryFilter) };
}

function olderTerms(given: Readonly<Record<string, LegacyCondition>>): KeyTerms {
  checkConditions(given);
  const count = Object.keys(given).length;
  if (count !== 1 && count !== 2) throw validation("Conditions can be of length 1 or 2 only");
  return new Map(
    Object.entries(given).map(([name, { ComparisonOperator, AttributeValueList = [] }]) => [
      name,
      { operator: ComparisonOperator, values: AttributeValueList },
    ]),
  );
}

/** The filter and the projection, from expressions or from the parameters before them. */
export function preparePage(
  input: PageInput,
  { filter, bindings, projection }: Expressions,
  older: Readonly<Record<string, LegacyCondition>> | undefined,
): PreparedPage {
  checkConditionalOperator(input.ConditionalOperator, older);
  const paths = projection ?? input.AttributesToGet?.map((name) => [name]);
  return {
    filter: filter ?? filterCondition(older, input.ConditionalOperator),
    bindings,
    projection: paths === undefined ? undefined : { paths, tree: projectionTree(paths) },
  };
}

export function checkStartKey(key: Item | undefined, kind: "Query" | "Scan"): void {
  const fault = key === undefined ? undefined : valuesFault(key);
  if (fault === undefined) return;
  const isPlain =
    (kind === "Query" && fault === nestingFault) ||
    /contains duplicates|number set|numeric value|significant digits|number with magnitude/i.test(fault);
  throw validation(isPlain ? fault : `The provided starting key is invalid: ${fault}`);
}

/** Checks that what is asked for fits to `Select`. */
export function checkSelect(input: PageInput, kind: "Query" | "Scan"): void {
  const { Select: wanted, ProjectionExpression, AttributesToGet, IndexName } = input;
  const hasProjection = ProjectionExpression !== undefined || AttributesToGet !== undefined;
  if (wanted === "SPECIFIC_ATTRIBUTES" && !hasProjection) {
    throw (kind === "Query" ? enveloped : bare)(
      "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
    );
  }
  if (hasProjection && wanted !== undefined && wanted !== "SPECIFIC_ATTRIBUTES") {
    const what = ProjectionExpression !== undefined ? "ProjectionExpression" : "AttributesToGet";
    throw validation(
      `Cannot specify the ${what} when choosing to get ${wanted === "COUNT" ? "only the Count" : wanted}`,
    );
  }
  if (wanted === "ALL_PROJECTED_ATTRIBUTES" && IndexName === undefined)
    throw validation("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
}
