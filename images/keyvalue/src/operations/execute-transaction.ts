import { AwsError } from "@weftkit/http-aws";
import type { Database } from "@weftkit/store";
import { type CancellationReason, transactionCanceled, validation } from "../errors.ts";
import { noBindings } from "../expressions/bindings.ts";
import { satisfies } from "../expressions/evaluate.ts";
import { actionOf } from "../partiql/action.ts";
import { wholeKey } from "../partiql/key-terms.ts";
import { columnsOf } from "../partiql/select.ts";
import { type Select, type Statement, tableOf } from "../partiql/statement.ts";
import type { Services } from "../services.ts";
import { findReplay, noteToken, requestHash } from "../storage/client-tokens.ts";
import { readItem, type StoredItem } from "../storage/item-rows.ts";
import { checkKey } from "../tables/check-keys.ts";
import { itemTable } from "../tables/find-table.ts";
import type { Table } from "../tables/table.ts";
import {
  type ExecuteTransactionInput,
  members,
  type PreparedStatements,
  prepare,
} from "../validation/execute-transaction.ts";
import { multipleOperations } from "../validation/transact-get-items.ts";
import type { PreparedAction } from "../validation/transact-write-items.ts";
import { type Answer, operation } from "./operation.ts";
import { replayOf } from "./transact-write-items.ts";
import { readCapacity, transact, transactionCapacity } from "./transaction.ts";

export const executeTransaction = operation<ExecuteTransactionInput, PreparedStatements>({
  name: "ExecuteTransaction",
  members,
  action: "read",
  tables: ({ statements }) => [...new Set(statements.map(tableOf))],
  actionOf: ({ isRead }) => (isRead ? "read" : "write"),
  prepare,
  run(services, { input, statements, isRead }, { nowMs, user }) {
    if (isRead) return services.store.read((db) => readAll(db, services, statements as Select[], input));
    const token =
      input.ClientRequestToken === undefined ? undefined : `${user.user}\0${input.ClientRequestToken}`;
    const hash = token === undefined ? undefined : requestHash(input.TransactStatements);
    return services.writes.write((db) => writeAll(db, services, statements, input, nowMs, token, hash));
  },
});

function writeAll(
  db: Database,
  { catalog, writer }: Services,
  statements: readonly Statement[],
  input: ExecuteTransactionInput,
  nowMs: number,
  token: string | undefined,
  hash: Buffer | undefined,
): Answer {
  const mode = input.ReturnConsumedCapacity;
  if (token !== undefined) {
    const replay = findReplay(db, token, hash!, nowMs);
    if (replay !== undefined) {
      const sizes = replay.map(({ table, size }) => ({ table: itemTable(catalog, table), size }));
      const capacity = readCapacity(sizes, mode);
      return {
        Responses: statements.map(() => ({})),
        ...(capacity !== undefined && { ConsumedCapacity: capacity }),
      };
    }
  }
  const tables = statements.map((statement) => itemTable(catalog, tableOf(statement)));
  const actions = planned(
    statements.map((statement, index) => () => {
      const onFailure = input.TransactStatements[index]!.ReturnValuesOnConditionCheckFailure;
      return actionOf(statement as Exclude<Statement, Select>, tables[index]!, onFailure);
    }),
  );
  const results = transact(db, catalog, writer, actions, nowMs, reasonOf);
  if (token !== undefined) noteToken(db, token, hash!, nowMs, replayOf(results));
  const capacity = transactionCapacity(results, mode);
  return {
    Responses: statements.map(() => ({})),
    ...(capacity !== undefined && { ConsumedCapacity: capacity }),
  };
}

function reasonOf({ kind, onFailure }: PreparedAction, before: StoredItem | undefined): CancellationReason {
  const item = onFailure === "ALL_OLD" && before !== undefined ? { Item: before.item } : {};
  return kind === "Put"
    ? { Code: "DuplicateItem", Message: "Duplicate primary key exists in table", ...item }
    : { Code: "ConditionalCheckFailed", Message: "The conditional request failed", ...item };
}

/** What each makes, or the transaction's end with a reason for each that cannot. */
function planned<T>(makers: readonly (() => T)[]): readonly T[] {
  const made: T[] = [];
  const reasons = makers.map((make): CancellationReason => {
    try {
      made.push(make());
      return { Code: "None" };
    } catch (error) {
      if (error instanceof AwsError) return { Code: "ValidationError", Message: error.message };
      throw error;
    }
  });
  if (made.length < makers.length) throw transactionCanceled(reasons);
  return made;
}

function readAll(
  db: Database,
  { catalog }: Services,
  selects: readonly Select[],
  input: ExecuteTransactionInput,
): Answer {
  const seen = new Set<string>();
  const sizes: { table: Table; size: number }[] = [];
  const responses = selects.map((select, index) => {
    const table = itemTable(catalog, select.table);
    const key = keyOf(table, select, index);
    const text = `${table.number}:${key.toString("latin1")}`;
    if (seen.has(text)) throw multipleOperations();
    seen.add(text);
    const found = readItem(db, table, key);
    sizes.push({ table, size: found?.size ?? 0 });
    if (found === undefined) return {};
    if (select.where !== undefined && !satisfies(select.where, found.item, noBindings)) return {};
    return { Item: select.columns === undefined ? found.item : columnsOf(found.item, select.columns) };
  });
  const capacity = readCapacity(sizes, input.ReturnConsumedCapacity);
  return { Responses: responses, ...(capacity !== undefined && { ConsumedCapacity: capacity }) };
}

function keyOf(table: Table, { where }: Select, index: number): Buffer {
  try {
    const { key } = wholeKey(table, where);
    checkKey(table, key);
    return table.keyOf(key);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw validation(
      `Validation failed in TransactStatements[${index}]: Select statements within ExecuteTransaction must specify the primary key in the where clause.`,
    );
  }
}
