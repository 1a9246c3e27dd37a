import { validation } from "../errors.ts";
import type { Condition } from "../expressions/ast.ts";
import { noBindings } from "../expressions/bindings.ts";
import { checkCondition } from "../expressions/check-condition.ts";
import { checkUpdate } from "../expressions/check-update.ts";
import { ExpressionError } from "../expressions/expression-error.ts";
import { attributeOf, typeOf } from "../items/attribute-value.ts";
import { valuesFault } from "../protocol/validate-value.ts";
import type { Table } from "../tables/table.ts";
import { checkedSize } from "../validation/put-item.ts";
import type { PreparedAction } from "../validation/transact-write-items.ts";
import { wholeKey } from "./key-terms.ts";
import type { Exists, Insert, Statement } from "./statement.ts";

/** A statement that writes one item, or looks at one, as an action of the API's own. */
export function actionOf(
  statement: Exclude<Statement, { kind: "select" }>,
  table: Table,
  onFailure: "ALL_OLD" | "NONE" | undefined,
): PreparedAction {
  const common = { tableName: table.name, bindings: noBindings, onFailure };
  switch (statement.kind) {
    case "insert":
      return { ...common, ...insertion(statement, table) };
    case "update": {
      const { key, rest } = wholeKey(table, statement.where);
      const exists = existence(table, "attribute_exists");
      const condition: Condition = rest === undefined ? exists : { kind: "and", left: exists, right: rest };
      const { update } = statement;
      const paths = checked("UpdateExpression", () => checkUpdate(update, noBindings));
      checkWhere(rest);
      return {
        ...common,
        kind: "Update",
        item: key,
        size: undefined,
        condition,
        update: { update, paths, condition, bindings: noBindings },
      };
    }
    case "delete": {
      const { key, rest } = wholeKey(table, statement.where);
      checkWhere(rest);
      return { ...common, kind: "Delete", item: key, size: undefined, condition: rest, update: undefined };
    }
    case "exists":
      return { ...common, ...check(statement, table) };
  }
}

function insertion({ item }: Insert, table: Table) {
  const fault = valuesFault(item);
  if (fault !== undefined) throw validation(fault);
  for (const { name, type } of table.key.all) {
    const value = attributeOf(item, name);
    if (value !== undefined && typeOf(value) !== type) {
      throw validation(`Key attribute's data type should match its data type in table's schema: Key ${name}`);
    }
  }
  return {
    kind: "Put" as const,
    item,
    size: checkedSize(item),
    condition: existence(table, "attribute_not_exists"),
    update: undefined,
  };
}

function check({ select }: Exists, table: Table) {
  const { key, rest } = wholeKey(table, select.where);
  checkWhere(rest);
  const exists = existence(table, "attribute_exists");
  return {
    kind: "ConditionCheck" as const,
    item: key,
    size: undefined,
    condition: rest === undefined ? exists : ({ kind: "and", left: exists, right: rest } as const),
    update: undefined,
  };
}

function existence(table: Table, name: "attribute_exists" | "attribute_not_exists"): Condition {
  const parts = [table.key.partition[0]!.name];
  return { kind: "function", name, args: [{ kind: "path", parts, isLiteral: true }] };
}

/** @throws AwsError when a condition cannot work on operands of such types */
export function checkWhere(where: Condition | undefined): void {
  if (where !== undefined) checked("where clause", () => checkCondition(where, noBindings));
}

function checked<T>(what: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof ExpressionError) throw validation(`Invalid ${what}: ${error.message}`);
    throw error;
  }
}
