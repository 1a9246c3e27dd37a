import { conditionFailed } from "../errors.ts";
import { satisfies } from "../expressions/evaluate.ts";
import type { StoredItem } from "../storage/item-rows.ts";
import type { PreparedCondition } from "../validation/put-item.ts";

const noItem = Object.freeze({});

/** @throws AwsError ConditionalCheckFailedException */
export function requireCondition(
  { condition, bindings }: PreparedCondition,
  before: StoredItem | undefined,
  onFailure: "ALL_OLD" | "NONE" | undefined,
): void {
  if (condition === undefined || satisfies(condition, before?.item ?? noItem, bindings)) return;
  throw conditionFailed(onFailure === "ALL_OLD" ? before?.item : undefined);
}
