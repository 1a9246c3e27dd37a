import { invalidParameter } from "../errors.ts";
import type { PathPart } from "../expressions/ast.ts";
import { type ProjectionTree, projectionTree } from "../expressions/project.ts";
import type { Item } from "../items/attribute-value.ts";
import type { CapacityMode } from "../operations/capacity.ts";
import type { Members } from "../protocol/shape.ts";
import { checkExpressionParameters, type ExpressionInput, readExpressions } from "./expressions.ts";
import { bare } from "./faults.ts";
import {
  attributesToGet,
  boolean,
  expressionAttributeNames,
  requiredAttributes,
  returnConsumedCapacity,
  string,
  tableName,
} from "./shapes.ts";
import { checkValues } from "./values.ts";

export interface ProjectionInput extends ExpressionInput {
  readonly AttributesToGet?: readonly string[];
}

export interface GetItemInput extends ProjectionInput {
  readonly TableName: string;
  readonly Key: Item;
  readonly ConsistentRead?: boolean;
  readonly ReturnConsumedCapacity?: CapacityMode;
}

export const members: Members = {
  ReturnConsumedCapacity: returnConsumedCapacity,
  AttributesToGet: attributesToGet,
  Key: requiredAttributes,
  TableName: tableName,
  ConsistentRead: boolean,
  ProjectionExpression: string,
  ExpressionAttributeNames: expressionAttributeNames,
};

/** The parts of items that are asked for. */
export interface PreparedProjection {
  readonly paths: readonly (readonly PathPart[])[];
  readonly tree: ProjectionTree;
}

export interface PreparedGet {
  readonly input: GetItemInput;
  readonly projection: PreparedProjection | undefined;
}

export function prepare(input: GetItemInput): PreparedGet {
  checkExpressionParameters(input, ["ProjectionExpression"], ["AttributesToGet"], bare);
  checkValues(input.Key, bare);
  return { input, projection: prepareProjection(input) };
}

/** Reads `ProjectionExpression` or `AttributesToGet`. */
export function prepareProjection(input: ProjectionInput): PreparedProjection | undefined {
  checkAttributesToGet(input.AttributesToGet);
  if (input.ProjectionExpression === undefined && input.AttributesToGet === undefined) return undefined;
  const paths = readExpressions(input, bare).projection ?? input.AttributesToGet!.map((name) => [name]);
  return { paths, tree: projectionTree(paths) };
}

export function checkAttributesToGet(names: readonly string[] | undefined): void {
  if (names === undefined) return;
  const duplicate = names.find((name, index) => names.indexOf(name) !== index);
  if (duplicate !== undefined) throw invalidParameter(`Duplicate value in attribute name: ${duplicate}`);
}
