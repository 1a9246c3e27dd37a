import { WeftkitError } from "@weftkit/core";
import type { Database } from "better-sqlite3";
import { rowKey } from "../locks/lock-kind.ts";
import { statement } from "../statements.ts";
import type { ChangedRow, JournalLimits, SqlValue } from "./types.ts";

interface JournalEntry {
  readonly sql: string;
  readonly values: readonly SqlValue[];
  /** How many rows it changed the first time. */
  readonly changed: number;
}

/** How long a journal and what goes with it are at some moment. */
export interface JournalPosition {
  readonly entries: number;
  readonly rows: number;
  readonly records: number;
  readonly bytes: number;
}

/** The physical changes of one transaction, in order: run again, they give the same rows. */
export class Journal {
  readonly #entries: JournalEntry[] = [];
  readonly #rows: ChangedRow[] = [];
  readonly #records: unknown[] = [];
  readonly #limits: JournalLimits;
  #bytes = 0;
  /** Drawn from the rows when it is asked for. */
  #overlay: Map<string, Map<string | number, unknown>> | undefined;

  constructor(limits: JournalLimits) {
    this.#limits = limits;
  }

  get position(): JournalPosition {
    return {
      entries: this.#entries.length,
      rows: this.#rows.length,
      records: this.#records.length,
      bytes: this.#bytes,
    };
  }

  get length(): number {
    return this.#entries.length;
  }

  get isTooLong(): boolean {
    return this.#entries.length > this.#limits.changesMax || this.#bytes > this.#limits.bytesMax;
  }

  get rows(): readonly ChangedRow[] {
    return this.#rows;
  }

  /** For those who follow what is changed. */
  get records(): readonly unknown[] {
    return this.#records;
  }

  record(records: readonly unknown[]): void {
    for (const record of records) this.#records.push(record);
  }

  add(sql: string, values: readonly SqlValue[], changed: number): void {
    this.#entries.push({ sql, values, changed });
    this.#bytes += sizeOf(values);
  }

  addRow(row: ChangedRow): void {
    this.#rows.push(row);
    if (this.#overlay !== undefined) overlaid(this.#overlay, row);
  }

  truncate({ entries, rows, records, bytes }: JournalPosition): void {
    this.#records.length = records;
    this.#entries.length = entries;
    if (rows !== this.#rows.length) this.#overlay = undefined;
    this.#rows.length = rows;
    this.#bytes = bytes;
  }

  /**
   * Does it all again.
   *
   * @throws WeftkitError `transaction_lost` when a change no longer finds its row
   */
  replay(db: Database): void {
    for (const { sql, values, changed } of this.#entries) {
      if (statement(db, sql).run(values).changes === changed) continue;
      throw new WeftkitError(
        "transaction_lost",
        `a row that the transaction had changed was changed by another one without its lock (${sql}): roll back; this is a fault of the engine`,
      );
    }
  }

  overlay(scope: string): ReadonlyMap<string | number, unknown> {
    if (this.#overlay === undefined) {
      this.#overlay = new Map();
      for (const row of this.#rows) overlaid(this.#overlay, row);
    }
    return this.#overlay.get(scope) ?? nothing;
  }
}

const nothing: ReadonlyMap<string | number, unknown> = new Map();

function overlaid(overlay: Map<string, Map<string | number, unknown>>, row: ChangedRow): void {
  let rows = overlay.get(row.scope);
  if (rows === undefined) {
    rows = new Map();
    overlay.set(row.scope, rows);
  }
  rows.set(rowKey(row.key), row.after);
}

/** About as many bytes as the values hold. */
function sizeOf(values: readonly SqlValue[]): number {
  let bytes = 0;
  for (const value of values) {
    bytes += 8;
    if (typeof value === "string") bytes += value.length * 2;
    else if (value instanceof Uint8Array) bytes += value.byteLength;
  }
  return bytes;
}
