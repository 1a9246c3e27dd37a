import type { Snapshot, Store } from "@weftkit/store";
import type { CypherError } from "../errors.ts";
import {
  type EndReason,
  endError,
  pause,
  type Row,
  type RunContext,
  type RuntimeNotification,
} from "../runtime/context.ts";
import type { GraphReader } from "../storage/graph-reader.ts";
import type { UpdateCounts } from "../storage/graph-writer.ts";
import type { Hydrated } from "../values/hydrated-entities.ts";
import { hydrate } from "./hydrated.ts";
import type { PreparedQuery } from "./prepared-query.ts";

/** How long a query runs before others have their turn. */
export const sliceMs = 5;

/** Rows of a query, as many at a time as they are asked for. */
export interface QueryResult {
  readonly prepared: PreparedQuery;
  readonly counts: UpdateCounts;
  readonly notifications: ReadonlySet<RuntimeNotification["kind"]>;
  /** The next rows; fewer than `count` at the end. @throws CypherError */
  pull(count: number): Promise<readonly (readonly Hydrated[])[]>;
  readonly isAtEnd: boolean;
  readonly hasHadRows: boolean;
  /** Gives back what it holds. */
  close(): void;
}

/** Rows that are all there. */
export class KeptResult implements QueryResult {
  readonly prepared: PreparedQuery;
  readonly counts: UpdateCounts;
  readonly notifications: ReadonlySet<RuntimeNotification["kind"]>;
  readonly hasHadRows: boolean;
  readonly #rows: readonly (readonly Hydrated[])[];
  #at = 0;

  constructor(
    prepared: PreparedQuery,
    rows: readonly (readonly Hydrated[])[],
    counts: UpdateCounts,
    notifications: ReadonlySet<RuntimeNotification["kind"]>,
  ) {
    this.prepared = prepared;
    this.#rows = rows;
    this.counts = counts;
    this.notifications = notifications;
    this.hasHadRows = rows.length > 0;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#rows.length;
  }

  async pull(count: number): Promise<readonly (readonly Hydrated[])[]> {
    const rows = this.#rows.slice(this.#at, this.#at + count);
    this.#at += rows.length;
    return rows;
  }

  close(): void {}
}

/** Rows that are made as they are pulled, on a snapshot that is held until the last one. */
export class StreamedResult implements QueryResult {
  readonly prepared: PreparedQuery & { kind: "query" };
  readonly counts: UpdateCounts;
  hasHadRows = false;
  readonly #store: Store;
  readonly #signal: AbortSignal;
  readonly #begin: () => Begun;
  readonly #closed: () => void;
  readonly #failure: (error: unknown) => CypherError;
  #snapshot: Snapshot | undefined;
  #begun: Begun | undefined;
  #ctx: RunContext | undefined;
  #source: ReturnType<QueryPlanRoot["open"]> | undefined;
  /** A row that was made to know whether there are more. */
  #ahead: Row | undefined;
  #ended: EndReason | undefined;
  isAtEnd = false;

  constructor(
    prepared: PreparedQuery & { kind: "query" },
    store: Store,
    signal: AbortSignal,
    begin: () => Begun,
    closed: () => void,
    failure: (error: unknown) => CypherError,
    counts: UpdateCounts,
  ) {
    this.prepared = prepared;
    this.counts = counts;
    this.#store = store;
    this.#signal = signal;
    this.#begin = begin;
    this.#closed = closed;
    this.#failure = failure;
  }

  get notifications(): ReadonlySet<RuntimeNotification["kind"]> {
    return this.#ctx?.notifications ?? new Set();
  }

  end(reason: EndReason): void {
    this.#ended = reason;
    this.#ctx?.end(reason);
  }

  async pull(count: number): Promise<readonly (readonly Hydrated[])[]> {
    const rows: (readonly Hydrated[])[] = [];
    try {
      if (this.#ended !== undefined) throw endError(this.#ended);
      this.#snapshot ??= await this.#store.snapshot({ signal: this.#signal });
      this.#begun ??= this.#begin();
      while (!this.isAtEnd) {
        const isEnough = await this.#snapshot.read((db) => this.#slice(db, rows, count), {
          signal: this.#signal,
        });
        if (isEnough) break;
        await new Promise(setImmediate);
      }
      // It may have been ended in a pause, which takes its snapshot away.
      if (this.#ended !== undefined) throw endError(this.#ended);
    } catch (error) {
      const failure = this.#failure(this.#ended === undefined ? error : endError(this.#ended));
      this.close();
      throw failure;
    }
    if (rows.length > 0) this.hasHadRows = true;
    if (this.isAtEnd) this.close();
    return rows;
  }

  /** Makes rows for one slice; true when there are enough of them, or no more. */
  #slice(db: Connection, rows: (readonly Hydrated[])[], count: number): boolean {
    const { plan, open } = this.#begun!;
    this.#ctx ??= open(db);
    const ctx = this.#ctx;
    ctx.graph.use(db);
    ctx.beginSlice(sliceMs);
    this.#source ??= plan.root.open(ctx, new Array<undefined>(plan.width).fill(undefined));
    for (;;) {
      const row = this.#ahead ?? this.#source.next();
      this.#ahead = undefined;
      if (row === pause) return false;
      if (row === undefined) {
        this.isAtEnd = true;
        return true;
      }
      if (rows.length >= count) {
        this.#ahead = row;
        return true;
      }
      rows.push(plan.columns.map(({ slot }) => hydrate(row[slot] ?? null, ctx)));
    }
  }

  close(): void {
    this.#snapshot?.release();
    this.#snapshot = undefined;
    this.isAtEnd = true;
    this.#closed();
  }
}

/** The plan for the rules that the snapshot has, and what it runs in. */
export interface Begun {
  readonly plan: (PreparedQuery & { kind: "query" })["plan"];
  open(db: Connection): RunContext;
}

type Connection = ConstructorParameters<typeof GraphReader>[0];
type QueryPlanRoot = (PreparedQuery & { kind: "query" })["plan"]["root"];
