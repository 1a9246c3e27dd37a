import { validation } from "../errors.ts";
import type { AttributeValue } from "../items/attribute-value.ts";
import type { CapacityMode } from "../operations/capacity.ts";
import { parseStatement } from "../partiql/parser.ts";
import type { Statement } from "../partiql/statement.ts";
import type { Members } from "../protocol/shape.ts";
import { valueFault } from "../protocol/validate-value.ts";
import {
  attributeValue,
  boolean,
  listOf,
  returnConsumedCapacity,
  returnValuesOnConditionCheckFailure,
} from "./shapes.ts";

/** A statement of a request, with its parameters. */
export interface StatementInput {
  readonly Statement: string;
  readonly Parameters?: readonly AttributeValue[];
  readonly ConsistentRead?: boolean;
  readonly ReturnValuesOnConditionCheckFailure?: "ALL_OLD" | "NONE";
}

export interface ExecuteStatementInput extends StatementInput {
  readonly Limit?: number;
  readonly NextToken?: string;
  readonly ReturnConsumedCapacity?: CapacityMode;
}

export const statementMembers = {
  Statement: { type: "string", required: true, min: 1, max: 8192 },
  Parameters: listOf(attributeValue, { min: 1 }),
  ReturnValuesOnConditionCheckFailure: returnValuesOnConditionCheckFailure,
} satisfies Members;

export const members: Members = {
  ...statementMembers,
  ConsistentRead: boolean,
  Limit: { type: "Integer", min: 1 },
  NextToken: { type: "string", min: 1, max: 32_768 },
  ReturnConsumedCapacity: returnConsumedCapacity,
};

export interface PreparedStatement {
  readonly input: ExecuteStatementInput;
  readonly statement: Statement;
}

export function prepare(input: ExecuteStatementInput): PreparedStatement {
  const statement = readStatement(input);
  if (statement.kind === "exists")
    throw validation("EXISTS can only be used in ExecuteTransaction write requests.");
  return { input, statement };
}

/** Parameters may be nested one level deeper than what is stored. */
const parameterLevel = 0;

/** @throws AwsError ValidationException */
export function readStatement({ Statement: text, Parameters: parameters = [] }: StatementInput): Statement {
  for (const value of parameters) {
    const fault = valueFault(value, parameterLevel);
    if (fault !== undefined) throw validation(fault);
  }
  return parseStatement(text, parameters);
}
