import { type Database, statement } from "@weftkit/store";
import type { IndexScan, Plan } from "../plan/plan.ts";
import type { Collection } from "../storage/collection.ts";
import type { StoredRow } from "../storage/records.ts";
import { type Pause, pause, type Run, TurnClock } from "./run.ts";

interface KeyedRow extends StoredRow {
  readonly key?: Buffer;
}

const firstChunkRows = 32;
const chunkRowsMax = 1000;
/** About so much is read at once. */
const chunkBytes = 4 << 20;

/**
 * The candidates of a plan, read in chunks. Between two turns it holds nothing but where it has come to, so that it may go on
 * on another connection; what was changed meanwhile it sees or not, as a MongoDB cursor does.
 */
export class RowSource {
  readonly #collection: Collection;
  readonly #scans: readonly (IndexScan | Exclude<Plan, { kind: "union" | "nothing" }>)[];
  /** Rowids that were given, where one may come again. */
  readonly #seen: Set<number> | undefined;
  #scan = 0;
  #range = 0;
  #last: { readonly key: Buffer | undefined; readonly rid: number } | undefined;
  #rows: readonly KeyedRow[] = [];
  #next = 0;
  #chunkRows: number;
  /** The turn that reads, by its end. */
  #turn = Number.NaN;
  /** Where the chunk at hand was read from. */
  #chunkStart: {
    readonly scan: number;
    readonly range: number;
    readonly last: { readonly key: Buffer | undefined; readonly rid: number } | undefined;
  } = { scan: 0, range: 0, last: undefined };
  readonly #clock = new TurnClock();
  #overlayRows: Iterator<[string | number, unknown]> | undefined;

  /** `firstRows`: how many will be wanted at least. */
  constructor(collection: Collection, plan: Plan, firstRows = firstChunkRows) {
    this.#collection = collection;
    this.#scans = plan.kind === "nothing" ? [] : plan.kind === "union" ? plan.scans : [plan];
    const mayRepeat = (scan: Plan) => scan.kind === "index" && scan.index.isMultikey;
    this.#seen = plan.kind === "union" || mayRepeat(plan) ? new Set() : undefined;
    this.#chunkRows = Math.max(1, Math.min(firstRows, chunkRowsMax));
  }

  /** The documents behind a rowid, in their natural order. */
  static after(collection: Collection, rid: number): RowSource {
    const source = new RowSource(collection, { kind: "natural", isReverse: false });
    source.#last = { key: undefined, rid };
    return source;
  }

  next(run: Run): StoredRow | undefined | Pause {
    const overlay = run.overlay(this.#collection);
    if (run.untilMs !== this.#turn) {
      // What was read ahead in another turn may have changed since.
      this.#turn = run.untilMs;
      this.#rewind();
    }
    for (;;) {
      while (this.#next < this.#rows.length) {
        // Whoever looks at the rows may take long for each of them.
        if (this.#clock.isOver(run)) return pause;
        const row = this.#rows[this.#next++]!;
        if (overlay?.has(row.rid)) continue;
        if (this.#seen !== undefined) {
          if (this.#seen.has(row.rid)) continue;
          this.#seen.add(row.rid);
        }
        run.counters.docsExamined++;
        return row;
      }
      if (this.#scan >= this.#scans.length) return this.#fromOverlay(run, overlay);
      if (performance.now() > run.untilMs) return pause;
      this.#fetch(run);
    }
  }

  /** The documents that the transaction itself has written come last. */
  #fromOverlay(run: Run, overlay: ReadonlyMap<string | number, unknown> | undefined): StoredRow | undefined {
    if (overlay === undefined || this.#scans.length === 0) return undefined;
    this.#overlayRows ??= overlay.entries();
    for (let step = this.#overlayRows.next(); !step.done; step = this.#overlayRows.next()) {
      const [rid, doc] = step.value;
      if (doc === undefined) continue;
      run.counters.docsExamined++;
      return { rid: rid as number, doc: doc as Buffer };
    }
    return undefined;
  }

  /** Forgets what was read and not given; it is read again. */
  #rewind(): void {
    if (this.#next >= this.#rows.length) return;
    const { scan, range, last } = this.#chunkStart;
    const given = this.#rows[this.#next - 1];
    // So many were looked at in a turn: there is no use in reading many more ahead.
    this.#chunkRows = Math.max(firstChunkRows, Math.min(this.#chunkRows, this.#next * 2));
    this.#scan = scan;
    this.#range = range;
    this.#last = given === undefined ? last : { key: given.key, rid: given.rid };
    this.#rows = [];
    this.#next = 0;
  }

  #fetch(run: Run): void {
    this.#chunkStart = { scan: this.#scan, range: this.#range, last: this.#last };
    const scan = this.#scans[this.#scan]!;
    const rows =
      scan.kind === "index"
        ? this.#fetchRange(run.db, scan)
        : scan.kind === "text"
          ? this.#fetchText(run.db, scan)
          : this.#fetchNatural(run.db, (scan as { isReverse: boolean }).isReverse);
    if (scan.kind === "index") run.counters.keysExamined += rows.length;
    this.#rows = rows;
    this.#next = 0;
    const isEnd = rows.length < this.#chunkRows;
    const last = rows.at(-1);
    if (!isEnd && last !== undefined) {
      this.#last = { key: last.key, rid: last.rid };
      const bytes = rows.reduce((sum, { doc }) => sum + doc.length, 0) / rows.length;
      this.#chunkRows = Math.max(
        1,
        Math.min(chunkRowsMax, this.#chunkRows * 4, Math.floor(chunkBytes / bytes)),
      );
      return;
    }
    this.#last = undefined;
    if (scan.kind === "index" && this.#range + 1 < scan.ranges.length) this.#range++;
    else {
      this.#scan++;
      this.#range = 0;
    }
  }

  #fetchNatural(db: Database, isReverse: boolean): KeyedRow[] {
    const { table } = this.#collection;
    const [compare, order] = isReverse ? ["<", "DESC"] : [">", "ASC"];
    if (this.#last === undefined) {
      return statement(db, `SELECT rid, doc FROM ${table} ORDER BY rid ${order} LIMIT ?`).all(
        this.#chunkRows,
      ) as KeyedRow[];
    }
    return statement(
      db,
      `SELECT rid, doc FROM ${table} WHERE rid ${compare} ? ORDER BY rid ${order} LIMIT ?`,
    ).all(this.#last.rid, this.#chunkRows) as KeyedRow[];
  }

  #fetchText(db: Database, { index, query }: Extract<Plan, { kind: "text" }>): KeyedRow[] {
    if (query === "") return [];
    return statement(
      db,
      `SELECT i.rowid AS rid, d.doc AS doc FROM ${index.table} AS i CROSS JOIN ${this.#collection.table} AS d ON d.rid = i.rowid
       WHERE i.${index.table} MATCH ? AND i.rowid > ? ORDER BY i.rowid LIMIT ?`,
    ).all(query, this.#last?.rid ?? -1, this.#chunkRows) as KeyedRow[];
  }

  #fetchRange(db: Database, { index, ranges, isReverse }: IndexScan): KeyedRow[] {
    // Read backwards, the last range is the first.
    const range = ranges[isReverse ? ranges.length - 1 - this.#range : this.#range];
    if (range === undefined) return [];
    const { table } = this.#collection;
    const order = isReverse ? "DESC" : "ASC";
    const compare = isReverse ? "<" : ">";
    const last = this.#last;
    if (index.name === "_id_") {
      const rest = last === undefined ? "" : `AND k ${compare} ?`;
      return statement(
        db,
        `SELECT k AS key, rid, doc FROM ${table} WHERE k >= ? AND k < ? ${rest} ORDER BY k ${order} LIMIT ?`,
      ).all([
        range.low,
        range.high,
        ...(last === undefined ? [] : [last.key]),
        this.#chunkRows,
      ]) as KeyedRow[];
    }
    const rest = last === undefined ? "" : `AND (i.key, i.rid) ${compare} (?, ?)`;
    return statement(
      db,
      `SELECT i.key AS key, i.rid AS rid, d.doc AS doc FROM ${index.table} AS i CROSS JOIN ${table} AS d ON d.rid = i.rid
       WHERE i.key >= ? AND i.key < ? ${rest} ORDER BY i.key ${order}, i.rid ${order} LIMIT ?`,
    ).all([
      range.low,
      range.high,
      ...(last === undefined ? [] : [last.key, last.rid]),
      this.#chunkRows,
    ]) as KeyedRow[];
  }
}
