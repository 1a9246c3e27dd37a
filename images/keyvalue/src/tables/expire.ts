import { type Database, statement } from "@weftkit/store";
import type { BackgroundTask } from "../background.ts";
import { ageMaxSeconds } from "../storage/expiry.ts";
import { readItem } from "../storage/item-rows.ts";
import type { ItemWriter } from "../storage/write-item.ts";
import type { Catalog } from "./catalog.ts";
import type { Table } from "./table.ts";

/** Items that are deleted in one write. */
const itemsMax = 200;
/** How often it looks for items whose time has come. */
const intervalMs = 5000;

/** Deletes items whose time has come, as the service itself: see `userIdentity` of stream records. */
export class Expire implements BackgroundTask {
  readonly name = "delete expired items";
  readonly intervalMs = intervalMs;
  readonly frees = true;
  readonly #catalog: Catalog;
  readonly #writer: ItemWriter;

  constructor(catalog: Catalog, writer: ItemWriter) {
    this.#catalog = catalog;
    this.#writer = writer;
  }

  isDue(db: Database, nowMs: number): boolean {
    for (const table of this.#catalog.tables()) {
      if (table.expiryStoredIn !== undefined && due(db, table, nowMs, 1).length > 0) return true;
    }
    return false;
  }

  step(db: Database, nowMs: number): boolean {
    let left = itemsMax;
    for (const table of this.#catalog.tables()) {
      if (table.expiryStoredIn === undefined) continue;
      for (const key of due(db, table, nowMs, left)) {
        left--;
        this.#writer.delete(db, table, key, readItem(db, table, key), nowMs, "time_to_live");
      }
      if (left === 0) return true;
    }
    return false;
  }
}

/** Of items that expired years ago the time is taken for a mistake. */
function due(db: Database, table: Table, nowMs: number, max: number): readonly Buffer[] {
  const now = Math.floor(nowMs / 1000);
  return statement(
    db,
    `SELECT item_key FROM ${table.expiryStoredIn} WHERE at > ? AND at <= ? ORDER BY at LIMIT ?`,
    { pluck: true },
  ).all(now - ageMaxSeconds, now, max) as readonly Buffer[];
}
