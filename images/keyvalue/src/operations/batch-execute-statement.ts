import { AwsError } from "@weftkit/http-aws";
import type { Database } from "@weftkit/store";
import { validation } from "../errors.ts";
import { noBindings } from "../expressions/bindings.ts";
import { satisfies } from "../expressions/evaluate.ts";
import type { Item } from "../items/attribute-value.ts";
import { actionOf } from "../partiql/action.ts";
import { lookups } from "../partiql/key-terms.ts";
import { columnsOf, selectPage, selectSource } from "../partiql/select.ts";
import { type Select, type Statement, tableOf } from "../partiql/statement.ts";
import type { Services } from "../services.ts";
import { itemTable } from "../tables/find-table.ts";
import type { Table } from "../tables/table.ts";
import {
  type BatchExecuteStatementInput,
  type BatchMember,
  members,
  type PreparedBatch,
  prepare,
} from "../validation/batch-execute-statement.ts";
import { CapacityMeter, readUnits } from "./capacity.ts";
import { requireCondition } from "./execute-statement.ts";
import { operation } from "./operation.ts";
import { performAction } from "./transaction.ts";

interface BatchResponse {
  readonly Error?: { readonly Code: string; readonly Message: string; readonly Item?: unknown };
  readonly TableName?: string;
  readonly Item?: Item;
}

/** The codes of errors inside of a batch. */
const codes: Readonly<Record<string, string>> = {
  ConditionalCheckFailedException: "ConditionalCheckFailed",
  DuplicateItemException: "DuplicateItem",
  ResourceNotFoundException: "ResourceNotFound",
  ValidationException: "ValidationError",
};

export const batchExecuteStatement = operation<BatchExecuteStatementInput, PreparedBatch>({
  name: "BatchExecuteStatement",
  members,
  action: "read",
  tables: ({ batch }) => [
    ...new Set(batch.flatMap(({ statement }) => (statement instanceof AwsError ? [] : [tableOf(statement)]))),
  ],
  actionOf: ({ batch }) => (isRead(batch) ? "read" : "write"),
  prepare,
  run(services, { input, batch }, { nowMs }) {
    const meters = new Map<Table, CapacityMeter>();
    const work = (db: Database) => {
      const responses = batch.map((member) => respond(db, services, member, nowMs, meters));
      const capacity = [...meters.values()].flatMap(
        (meter) => meter.result(input.ReturnConsumedCapacity) ?? [],
      );
      return { Responses: responses, ...(capacity.length > 0 && { ConsumedCapacity: capacity }) };
    };
    return isRead(batch) ? services.store.read(work) : services.writes.write(work);
  },
});

function isRead(batch: readonly BatchMember[]): boolean {
  return batch.every(({ statement }) => statement instanceof AwsError || statement.kind === "select");
}

/** Each statement succeeds or fails by itself. */
function respond(
  db: Database,
  services: Services,
  { statement, input }: BatchMember,
  nowMs: number,
  meters: Map<Table, CapacityMeter>,
): BatchResponse {
  if (statement instanceof AwsError) return failure(statement, undefined);
  const { catalog, writer } = services;
  const name = tableOf(statement);
  try {
    const table = itemTable(catalog, name);
    const meter = meters.get(table) ?? new CapacityMeter(table);
    meters.set(table, meter);
    if (statement.kind === "select") {
      const item = selectOne(db, table, statement, input.ConsistentRead === true);
      meter.add(readUnits(0, input.ConsistentRead === true));
      return { TableName: name, ...(item !== undefined && { Item: item }) };
    }
    if (statement.kind === "exists")
      throw validation("EXISTS can only be used in ExecuteTransaction write requests.");
    const action = actionOf(statement, table, input.ReturnValuesOnConditionCheckFailure);
    const result = performAction(db, catalog, writer, action, nowMs, requireCondition);
    meter.addWrite(result.written!);
    return { TableName: name };
  } catch (error) {
    if (error instanceof AwsError) return failure(error, statement);
    throw error;
  }
}

function selectOne(db: Database, table: Table, select: Select, isConsistent: boolean): Item | undefined {
  const source = selectSource(table, select, isConsistent);
  const found = lookups(table, select.where);
  const isOne =
    source === table &&
    found?.length === 1 &&
    table.key.all.every(({ name }) => found[0]!.get(name)?.operator === "EQ");
  if (!isOne) {
    throw validation(
      "Select statements within BatchExecuteStatement must specify the primary key in the where clause.",
    );
  }
  const page = selectPage(db, table, source, { ...select, columns: undefined }, 1, undefined);
  const [text] = page.items;
  if (text === undefined) return undefined;
  const item = JSON.parse(text) as Item;
  if (select.where !== undefined && !satisfies(select.where, item, noBindings)) return undefined;
  return select.columns === undefined ? item : columnsOf(item, select.columns);
}

function failure(error: AwsError, statement: Statement | undefined): BatchResponse {
  const Code = codes[error.code] ?? error.code;
  const isOfTable = statement !== undefined && Code !== "ValidationError";
  return {
    Error: { Code, Message: error.message, ...error.fields },
    ...(isOfTable && { TableName: tableOf(statement) }),
  };
}
