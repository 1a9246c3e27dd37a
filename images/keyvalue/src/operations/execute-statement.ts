import type { Database } from "@weftkit/store";
import { conditionFailed, duplicateItem } from "../errors.ts";
import { satisfies } from "../expressions/evaluate.ts";
import { project, projectionTree } from "../expressions/project.ts";
import type { Item } from "../items/attribute-value.ts";
import { actionOf } from "../partiql/action.ts";
import { readNextToken, writeNextToken } from "../partiql/next-token.ts";
import { selectPage, selectSource } from "../partiql/select.ts";
import { type Select, type Statement, tableOf } from "../partiql/statement.ts";
import type { Services } from "../services.ts";
import type { StoredItem } from "../storage/item-rows.ts";
import { itemTable } from "../tables/find-table.ts";
import { Index } from "../tables/table.ts";
import {
  type ExecuteStatementInput,
  members,
  type PreparedStatement,
  prepare,
} from "../validation/execute-statement.ts";
import type { PreparedAction } from "../validation/transact-write-items.ts";
import { CapacityMeter, readUnits, writeCapacity } from "./capacity.ts";
import { type Answer, type Caller, operation } from "./operation.ts";
import { performAction, type TransactionResult } from "./transaction.ts";

export const executeStatement = operation<ExecuteStatementInput, PreparedStatement>({
  name: "ExecuteStatement",
  members,
  action: "read",
  tables: ({ statement }) => [tableOf(statement)],
  actionOf: ({ statement }) => (statement.kind === "select" ? "read" : "write"),
  prepare,
  run(services, { input, statement }, caller) {
    if (statement.kind === "select") return runSelect(services, statement, input);
    return runWrite(services, statement as Write, input, caller);
  },
});

type Write = Exclude<Statement, { kind: "select" }>;

function runSelect({ catalog, store, tokenKey }: Services, select: Select, input: ExecuteStatementInput) {
  const table = itemTable(catalog, select.table);
  const isConsistent = input.ConsistentRead === true;
  const source = selectSource(table, select, isConsistent);
  const { NextToken: token, Statement: text } = input;
  const from = token === undefined ? undefined : readNextToken(tokenKey, text, token);
  return store.read((db): Answer => {
    const limit = input.Limit ?? Number.POSITIVE_INFINITY;
    const page = selectPage(db, table, source, select, limit, from);
    const parts = [`"Items":[${page.items.join(",")}]`];
    if (page.next !== undefined) {
      parts.push(`"NextToken":${JSON.stringify(writeNextToken(tokenKey, text, page.next))}`);
      parts.push(`"LastEvaluatedKey":${JSON.stringify(page.next.after)}`);
    }
    const meter = new CapacityMeter(table);
    meter.add(readUnits(page.size, isConsistent), source instanceof Index ? source : undefined);
    const capacity = meter.result(input.ReturnConsumedCapacity);
    if (capacity !== undefined) parts.push(`"ConsumedCapacity":${JSON.stringify(capacity)}`);
    return `{${parts.join(",")}}`;
  });
}

function runWrite(
  { catalog, writes, writer }: Services,
  statement: Write,
  input: ExecuteStatementInput,
  { nowMs }: Caller,
) {
  const onFailure = input.ReturnValuesOnConditionCheckFailure;
  // What is wrong with the statement is told before it waits for its turn.
  actionOf(statement, itemTable(catalog, tableOf(statement)), onFailure);
  return writes.write((db: Database): Answer => {
    const action = actionOf(statement, itemTable(catalog, tableOf(statement)), onFailure);
    const result = performAction(db, catalog, writer, action, nowMs, requireCondition);
    const returned = returnedItem(statement, result);
    const capacity = writeCapacity(result.written!, input.ReturnConsumedCapacity);
    return {
      Items: returned === undefined ? [] : [returned],
      ...(capacity !== undefined && { ConsumedCapacity: capacity }),
    };
  });
}

/** @throws AwsError DuplicateItemException or ConditionalCheckFailedException */
export function requireCondition(action: PreparedAction, before: StoredItem | undefined): void {
  if (action.condition === undefined || satisfies(action.condition, before?.item ?? {}, action.bindings))
    return;
  const shown = action.onFailure === "ALL_OLD" ? before?.item : undefined;
  throw action.kind === "Put" ? duplicateItem(shown) : conditionFailed(shown);
}

/** What `RETURNING` asks for. */
function returnedItem(statement: Write, { action, before, after }: TransactionResult): Item | undefined {
  if (statement.kind !== "update" && statement.kind !== "delete") return undefined;
  const { returning } = statement;
  if (returning === undefined) return undefined;
  const item = (returning.when === "OLD" ? before : after)?.item;
  if (item === undefined || returning.what === "ALL") return item;
  return project(item, projectionTree(action.update?.paths ?? []));
}
