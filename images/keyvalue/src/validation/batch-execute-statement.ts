import { AwsError } from "@weftkit/http-aws";
import { validation } from "../errors.ts";
import type { CapacityMode } from "../operations/capacity.ts";
import type { Statement } from "../partiql/statement.ts";
import type { Members } from "../protocol/shape.ts";
import { readStatement, type StatementInput, statementMembers } from "./execute-statement.ts";
import { boolean, listOf, returnConsumedCapacity, structure } from "./shapes.ts";

export interface BatchExecuteStatementInput {
  readonly Statements: readonly StatementInput[];
  readonly ReturnConsumedCapacity?: CapacityMode;
}

export const members: Members = {
  ReturnConsumedCapacity: returnConsumedCapacity,
  Statements: listOf(structure("BatchStatementRequest", { ...statementMembers, ConsistentRead: boolean }), {
    required: true,
    min: 1,
    max: 25,
  }),
};

/** One statement, or why it is none. */
export interface BatchMember {
  readonly input: StatementInput;
  readonly statement: Statement | AwsError;
}

export interface PreparedBatch {
  readonly input: BatchExecuteStatementInput;
  readonly batch: readonly BatchMember[];
}

export function prepare(input: BatchExecuteStatementInput): PreparedBatch {
  const batch = input.Statements.map((each): BatchMember => ({ input: each, statement: attempt(each) }));
  const kinds = new Set(
    batch.flatMap(({ statement }) =>
      statement instanceof AwsError ? [] : [statement.kind === "select" ? "read" : "write"],
    ),
  );
  if (kinds.size > 1)
    throw validation("Read and write requests together in the same batch is not supported.");
  return { input, batch };
}

function attempt(input: StatementInput): Statement | AwsError {
  try {
    return readStatement(input);
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
}
