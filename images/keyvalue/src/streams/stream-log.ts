import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import { equalItems } from "../items/compare.ts";
import { itemSize } from "../items/item-size.ts";
import type { StoredItem } from "../storage/item-rows.ts";
import type { StreamDefinition } from "../tables/definition.ts";
import type { Table } from "../tables/table.ts";

/** How long records can be read. */
export const retentionMs = 24 * 3_600_000;

/** A record as it is stored. */
export interface StreamRecord {
  readonly sequence: number;
  readonly at: number;
  readonly name: "INSERT" | "MODIFY" | "REMOVE";
  readonly size: number;
  readonly keys: string;
  readonly old_image: string | null;
  readonly new_image: string | null;
  readonly by_service: 0 | 1;
}

export interface StreamRow {
  readonly number: number;
  readonly table_name: string;
  readonly label: string;
  readonly view_type: string;
  readonly key_schema: string;
  readonly first_sequence: number;
  readonly created_at: number;
  readonly disabled_at: number | null;
  readonly last_sequence: number | null;
}

/**
 * The records of all streams, written in the transaction of the write that they tell of. Sequence numbers go up over
 * all of them, and are never given twice.
 */
export class StreamLog {
  #sequence = 0;

  open(db: Database): void {
    const floor = db.prepare("SELECT value FROM settings WHERE name = 'sequence'").pluck().get() as number;
    const last = db.prepare("SELECT max(sequence) FROM stream_records").pluck().get() as number | null;
    this.#sequence = Math.max(floor, last ?? 0);
  }

  /** The number of the record that was written last, of any stream. */
  get sequence(): number {
    return this.#sequence;
  }

  append(
    db: Database,
    table: Table,
    before: StoredItem | undefined,
    after: StoredItem | undefined,
    nowMs: number,
    isByService: boolean,
  ): void {
    // A write that changes nothing is no change.
    if (before !== undefined && after !== undefined) {
      if (before.text === after.text || equalItems(before.item, after.item)) return;
    }
    const { number, viewType } = table.definition.stream!;
    const keys = table.keyItem((after ?? before)!.item);
    const hasOld = viewType === "OLD_IMAGE" || viewType === "NEW_AND_OLD_IMAGES";
    const hasNew = viewType === "NEW_IMAGE" || viewType === "NEW_AND_OLD_IMAGES";
    const old = hasOld ? before : undefined;
    const fresh = hasNew ? after : undefined;
    const size = itemSize(keys) + (old?.size ?? 0) + (fresh?.size ?? 0);
    const name = before === undefined ? "INSERT" : after === undefined ? "REMOVE" : "MODIFY";
    statement(
      db,
      "INSERT INTO stream_records (stream, sequence, at, name, size, keys, old_image, new_image, by_service) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ).run(
      number,
      ++this.#sequence,
      nowMs,
      name,
      size,
      JSON.stringify(keys),
      old?.text ?? null,
      fresh?.text ?? null,
      isByService ? 1 : 0,
    );
  }

  /** Begins a stream. */
  enable(
    db: Database,
    table: Table,
    viewType: StreamDefinition["viewType"],
    nowMs: number,
  ): StreamDefinition {
    const label = labelOf(db, table.name, nowMs);
    const { lastInsertRowid } = statement(
      db,
      "INSERT INTO streams (table_name, label, view_type, key_schema, first_sequence, created_at) VALUES (?, ?, ?, ?, ?, ?)",
    ).run(table.name, label, viewType, JSON.stringify(table.definition.keySchema), this.#sequence + 1, nowMs);
    return { number: Number(lastInsertRowid), label, viewType };
  }

  /** Ends a stream, which can be read for another day. */
  disable(db: Database, stream: StreamDefinition, nowMs: number): void {
    statement(db, "UPDATE streams SET disabled_at = ?, last_sequence = ? WHERE number = ?").run(
      nowMs,
      this.#sequence,
      stream.number,
    );
  }

  /** Whether there is something to forget. */
  hasOld(db: Database, nowMs: number): boolean {
    const horizon = nowMs - retentionMs;
    const streams = statement(db, "SELECT number, disabled_at FROM streams").all() as Pick<
      StreamRow,
      "number" | "disabled_at"
    >[];
    return streams.some(({ number, disabled_at }) => {
      if (disabled_at !== null && disabled_at < horizon) return true;
      const oldest = statement(
        db,
        "SELECT at FROM stream_records WHERE stream = ? ORDER BY sequence LIMIT 1",
        { pluck: true },
      ).get(number) as number | undefined;
      return oldest !== undefined && oldest < horizon;
    });
  }

  /** Forgets what is older than a day, a little at a time; returns whether there may be more. */
  trim(db: Database, nowMs: number, max: number): boolean {
    const horizon = nowMs - retentionMs;
    const streams = statement(db, "SELECT number, disabled_at FROM streams").all() as Pick<
      StreamRow,
      "number" | "disabled_at"
    >[];
    let left = max;
    for (const { number, disabled_at } of streams) {
      // Records are in the order of their times, so the oldest are at the front.
      const last = statement(
        db,
        "SELECT max(sequence) FROM (SELECT sequence FROM stream_records WHERE stream = ? AND at < ? ORDER BY sequence LIMIT ?)",
        { pluck: true },
      ).get(number, horizon, left) as number | null;
      if (last !== null) {
        const { changes } = statement(
          db,
          "DELETE FROM stream_records WHERE stream = ? AND sequence <= ?",
        ).run(number, last);
        left -= changes;
        statement(db, "UPDATE streams SET first_sequence = ? WHERE number = ?").run(last + 1, number);
        statement(db, "UPDATE settings SET value = max(value, ?) WHERE name = 'sequence'").run(
          this.#sequence,
        );
      }
      if (left <= 0) return true;
      if (disabled_at !== null && disabled_at < horizon)
        statement(db, "DELETE FROM streams WHERE number = ?").run(number);
    }
    return false;
  }
}

/** When the stream was enabled, as AWS writes it; two of one table within a millisecond get another one. */
function labelOf(db: Database, tableName: string, nowMs: number): string {
  for (let ms = nowMs; ; ms++) {
    const label = new Date(ms).toISOString().replace("Z", "");
    const isTaken = statement(db, "SELECT 1 FROM streams WHERE table_name = ? AND label = ?").get(
      tableName,
      label,
    );
    if (isTaken === undefined) return label;
  }
}
