import { AwsError } from "@weftkit/http-aws";
import { validation } from "../errors.ts";
import type { CapacityMode } from "../operations/capacity.ts";
import type { Statement } from "../partiql/statement.ts";
import type { Members } from "../protocol/shape.ts";
import { readStatement, type StatementInput, statementMembers } from "./execute-statement.ts";
import { listOf, returnConsumedCapacity, structure } from "./shapes.ts";
import { actionsMax, clientRequestToken } from "./transact-write-items.ts";

export interface ExecuteTransactionInput {
  readonly TransactStatements: readonly StatementInput[];
  readonly ClientRequestToken?: string;
  readonly ReturnConsumedCapacity?: CapacityMode;
}

export const members: Members = {
  ReturnConsumedCapacity: returnConsumedCapacity,
  ClientRequestToken: clientRequestToken,
  TransactStatements: listOf(structure("ParameterizedStatement", statementMembers), {
    required: true,
    min: 1,
    max: actionsMax,
  }),
};

export interface PreparedStatements {
  readonly input: ExecuteTransactionInput;
  readonly statements: readonly Statement[];
  readonly isRead: boolean;
}

export function prepare(input: ExecuteTransactionInput): PreparedStatements {
  const statements = input.TransactStatements.map((each, index) => {
    const at = `Validation failed in TransactStatements[${index}]: `;
    let statement: Statement;
    try {
      statement = readStatement(each);
    } catch (error) {
      if (error instanceof AwsError) throw validation(at + error.message);
      throw error;
    }
    if ((statement.kind === "update" || statement.kind === "delete") && statement.returning !== undefined)
      throw validation(`${at}RETURNING clause is not supported in ExecuteTransaction.`);
    const select = statement.kind === "exists" ? statement.select : statement;
    if (select.kind === "select" && select.index !== undefined)
      throw validation(`${at}Reads on indices are not supported within transactions.`);
    return statement;
  });
  const reads = statements.filter(({ kind }) => kind === "select").length;
  if (reads > 0 && reads < statements.length) {
    throw validation(
      "ExecuteTransaction API does not support both read and write operations in the same request.",
    );
  }
  return { input, statements, isRead: reads > 0 };
}
