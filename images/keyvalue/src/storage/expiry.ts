import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import { attributeOf, type Item } from "../items/attribute-value.ts";
import type { Table } from "../tables/table.ts";

/** Items that expired longer ago than this are kept: a time in other units must not delete everything. */
export const ageMaxSeconds = 5 * 365 * 86_400;

/** When an item expires, in seconds; undefined when it never does. */
export function expiryOf(table: Table, item: Item): number | undefined {
  const { timeToLive } = table.definition;
  if (timeToLive === undefined) return undefined;
  const at = Number(attributeOf(item, timeToLive.attribute)?.N ?? Number.NaN);
  return Number.isFinite(at) && at >= 0 && at < Number.MAX_SAFE_INTEGER ? Math.floor(at) : undefined;
}

/** Notes when an item expires, in place of what was noted of it before. */
export function writeExpiry(
  db: Database,
  table: Table,
  itemKey: Buffer,
  before: Item | undefined,
  after: Item | undefined,
): void {
  const storedIn = table.expiryStoredIn;
  if (storedIn === undefined) return;
  const oldAt = before === undefined ? undefined : expiryOf(table, before);
  const newAt = after === undefined ? undefined : expiryOf(table, after);
  if (oldAt === newAt && table.definition.timeToLive!.state === "enabled") return;
  if (oldAt !== undefined && oldAt !== newAt)
    statement(db, `DELETE FROM ${storedIn} WHERE at = ? AND item_key = ?`).run(oldAt, itemKey);
  if (newAt !== undefined)
    statement(db, `INSERT OR IGNORE INTO ${storedIn} (at, item_key) VALUES (?, ?)`).run(newAt, itemKey);
}
