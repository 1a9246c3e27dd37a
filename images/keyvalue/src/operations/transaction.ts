import { AwsError } from "@weftkit/http-aws";
import type { Database } from "@weftkit/store";
import { type CancellationReason, transactionCanceled, validation } from "../errors.ts";
import { satisfies } from "../expressions/evaluate.ts";
import { itemSize } from "../items/item-size.ts";
import { readItem, type StoredItem } from "../storage/item-rows.ts";
import { type ItemWriter, itemToStore, type Written } from "../storage/write-item.ts";
import type { Catalog } from "../tables/catalog.ts";
import { checkItemKeys, checkKey, checkNestedPaths, checkUpdatedPaths } from "../tables/check-keys.ts";
import { itemTable } from "../tables/find-table.ts";
import type { Table } from "../tables/table.ts";
import type { PreparedAction } from "../validation/transact-write-items.ts";
import { CapacityMeter, type CapacityMode, type ConsumedCapacity, readUnits } from "./capacity.ts";
import { updated } from "./update.ts";

const transactionBytesMax = 4 * 1024 * 1024;

/** A write in a transaction costs twice. */
const transactionFactor = 2;

interface Target {
  readonly action: PreparedAction;
  readonly table: Table;
  /** Undefined when the key is wrong: `fault` says how. */
  readonly key: Buffer | undefined;
  readonly fault: CancellationReason | undefined;
}

/** What an action makes of its item; the same item when it only looks. */
interface Planned extends Target {
  readonly before: StoredItem | undefined;
  readonly after: StoredItem | undefined;
}

export interface TransactionResult {
  readonly action: PreparedAction;
  readonly before: StoredItem | undefined;
  readonly after: StoredItem | undefined;
  readonly table: Table;
  /** Undefined for a check. */
  readonly written: Written | undefined;
}

/**
 * Does all actions or none: every one is checked against the items as they are before the first is written.
 *
 * @throws AwsError TransactionCanceledException with a reason for each action, or what is wrong with the request itself
 */
export function transact(
  db: Database,
  catalog: Catalog,
  writer: ItemWriter,
  actions: readonly PreparedAction[],
  nowMs: number,
  reasonOf: (action: PreparedAction, before: StoredItem | undefined) => CancellationReason = conditionFailure,
): readonly TransactionResult[] {
  const targets = findTargets(catalog, actions);
  const planned: Planned[] = [];
  const reasons: CancellationReason[] = [];
  let bytes = 0;
  for (const target of targets) {
    const { action, table, key, fault } = target;
    if (key === undefined) {
      reasons.push(fault!);
      continue;
    }
    const before = readItem(db, table, key);
    if (action.condition !== undefined && !satisfies(action.condition, before?.item ?? {}, action.bindings)) {
      reasons.push(reasonOf(action, before));
      continue;
    }
    try {
      const after = resultOf(target, before);
      bytes += after?.size ?? itemSize(action.item);
      planned.push({ ...target, before, after });
      reasons.push(none);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      reasons.push({ Code: "ValidationError", Message: error.message });
    }
  }
  if (planned.length < targets.length) throw transactionCanceled(reasons);
  if (bytes > transactionBytesMax) {
    throw validation(
      "Collection size of items exceeded, which can also be caused by the aggregate size of the items in the transaction exceeding the 4MB limit",
    );
  }
  return planned.map(({ action, table, key, before, after }) => ({
    action,
    table,
    before,
    after,
    written: write(db, writer, action, table, key!, before, after, nowMs),
  }));
}

/**
 * Does one action by itself.
 *
 * @throws AwsError what `requireCondition` throws, or what is wrong with the action
 */
export function performAction(
  db: Database,
  catalog: Catalog,
  writer: ItemWriter,
  action: PreparedAction,
  nowMs: number,
  requireCondition: (action: PreparedAction, before: StoredItem | undefined) => void,
): TransactionResult {
  const [target] = findTargets(catalog, [action]);
  const { table, key, fault } = target!;
  if (key === undefined) throw validation(fault!.Message!);
  const before = readItem(db, table, key);
  requireCondition(action, before);
  const after = resultOf(target!, before);
  return {
    action,
    table,
    before,
    after,
    written: write(db, writer, action, table, key, before, after, nowMs),
  };
}

const none: CancellationReason = { Code: "None" };

function conditionFailure({ onFailure }: PreparedAction, before: StoredItem | undefined): CancellationReason {
  return {
    Code: "ConditionalCheckFailed",
    Message: "The conditional request failed",
    ...(onFailure === "ALL_OLD" && before !== undefined && { Item: before.item }),
  };
}

function findTargets(catalog: Catalog, actions: readonly PreparedAction[]): readonly Target[] {
  const found = actions.map((action) => ({ action, table: itemTable(catalog, action.tableName) }));
  const seen = new Set<string>();
  return found.map(({ action, table }) => {
    try {
      if (action.kind === "Put") checkItemKeys(table, action.item);
      else checkKey(table, action.item);
      if (action.update !== undefined) {
        checkUpdatedPaths(table, action.update.paths);
        checkNestedPaths(table, action.update.paths);
      }
    } catch (error) {
      // Of an empty key the whole request is told.
      if (!(error instanceof AwsError) || error.message.includes("cannot contain an empty")) throw error;
      return { action, table, key: undefined, fault: { Code: "ValidationError", Message: error.message } };
    }
    const key = table.keyOf(action.item);
    const text = `${table.number}:${key.toString("latin1")}`;
    if (seen.has(text))
      throw validation("Transaction request cannot include multiple operations on one item");
    seen.add(text);
    return { action, table, key, fault: undefined };
  });
}

function resultOf({ action, table }: Target, before: StoredItem | undefined): StoredItem | undefined {
  switch (action.kind) {
    case "Put":
      return itemToStore(action.item, action.size);
    case "Update":
      return updated(table, action.item, before, action.update!);
    case "Delete":
      return undefined;
    case "ConditionCheck":
      return before;
  }
}

function write(
  db: Database,
  writer: ItemWriter,
  { kind }: PreparedAction,
  table: Table,
  key: Buffer,
  before: StoredItem | undefined,
  after: StoredItem | undefined,
  nowMs: number,
): Written | undefined {
  if (kind === "ConditionCheck") return undefined;
  if (kind === "Delete") return writer.delete(db, table, key, before, nowMs);
  return writer.put(db, table, key, before, after!, nowMs);
}

/** The capacity of a transaction, by table. */
export function transactionCapacity(
  results: readonly TransactionResult[],
  mode: CapacityMode,
): readonly ConsumedCapacity[] | undefined {
  if (mode === undefined || mode === "NONE") return undefined;
  const meters = new Map<Table, CapacityMeter>();
  for (const { table, written, before } of results) {
    let meter = meters.get(table);
    if (meter === undefined) {
      meter = new CapacityMeter(table, "write");
      meters.set(table, meter);
    }
    const checked: Written = { table, oldSize: before?.size, newSize: before?.size, entries: [] };
    meter.addWrite(written ?? checked, transactionFactor);
  }
  return [...meters.values()].map((meter) => meter.result(mode)!);
}

/** Items that a transaction has read, by table. */
export function readCapacity(
  sizes: readonly { readonly table: Table; readonly size: number }[],
  mode: CapacityMode,
): readonly ConsumedCapacity[] | undefined {
  if (mode === undefined || mode === "NONE") return undefined;
  const meters = new Map<Table, CapacityMeter>();
  for (const { table, size } of sizes) {
    const meter = meters.get(table) ?? new CapacityMeter(table, "read");
    meters.set(table, meter);
    meter.add(transactionFactor * readUnits(size, true));
  }
  return [...meters.values()].map((meter) => meter.result(mode)!);
}
