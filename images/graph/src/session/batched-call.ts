import type { Database, Snapshot, Store } from "@weftkit/store";
import { CypherError } from "../errors.ts";
import type { BatchStatus, TransactionalCall } from "../operators/transactional-call.ts";
import { type EndReason, pause, type Row, type Rows, type RunContext } from "../runtime/context.ts";
import type { UpdateCounts } from "../storage/graph-writer.ts";
import { sliceMs } from "./query-results.ts";

/** A batch that runs: its transaction, which has committed when `result` resolves. */
interface RunningBatch {
  readonly id: number;
  readonly result: Promise<{ readonly value: Row[][]; readonly counts: UpdateCounts }>;
  end(reason: EndReason): void;
}

export interface BatchedCallOptions {
  readonly store: Store;
  /** Of a row. */
  readonly width: number;
  readonly signal: AbortSignal;
  /** Whether anything comes after the subquery; else its rows are not kept. */
  readonly keepsRows: boolean;
  /** To which is added what the batches have changed. */
  readonly counts: UpdateCounts;
  open(db: Database): RunContext;
  runBatch(rows: readonly Row[]): RunningBatch;
}

export function addCounts(to: UpdateCounts, from: UpdateCounts): void {
  for (const name of Object.keys(to) as (keyof UpdateCounts)[]) to[name] += from[name];
}

/**
 * Runs a `CALL { ... } IN TRANSACTIONS`: its source's rows, which see the graph as it was when the first was taken, and for so many of
 * them at a time the subquery in a transaction of its own.
 */
export class BatchedCall {
  readonly #call: TransactionalCall;
  readonly #options: BatchedCallOptions;
  #snapshot: Snapshot | undefined;
  #ctx: RunContext | undefined;
  #source: Rows | undefined;
  #batch: RunningBatch | undefined;
  #ended: EndReason | undefined;
  #committed = 0;

  constructor(call: TransactionalCall, options: BatchedCallOptions) {
    this.#call = call;
    this.#options = options;
  }

  /** Ends what runs; `rows` fails then. */
  end(reason: EndReason): void {
    this.#ended = reason;
    this.#ctx?.end(reason);
    this.#batch?.end(reason);
  }

  /** All that comes of it. @throws CypherError with the number of transactions that have committed */
  async rows(): Promise<readonly Row[]> {
    const { keepsRows } = this.#options;
    const results: Row[] = [];
    let isBroken = false;
    try {
      for (;;) {
        const outer = await this.#next();
        if (outer.length === 0) return results;
        const { found, status } = isBroken ? notStarted : await this.#run(outer);
        if (!status.committed && this.#call.onError === "break") isBroken = true;
        if (!keepsRows) continue;
        for (const [index, row] of outer.entries())
          results.push(...this.#call.results(row, found?.[index], status));
      }
    } catch (error) {
      throw this.#failure(error);
    } finally {
      this.#snapshot?.release();
    }
  }

  #failure(error: unknown): unknown {
    if (!(error instanceof CypherError) || this.#committed === 0) return error;
    const { code, message, gqlStatus, phase } = error;
    const counted = `${message} (Transactions committed: ${this.#committed})`;
    return new CypherError(code, counted, { gqlStatus, phase, cause: error });
  }

  /** The rows of the next batch; none at the end. */
  async #next(): Promise<readonly Row[]> {
    const { store, signal } = this.#options;
    this.#snapshot ??= await store.snapshot({ signal });
    const rows: Row[] = [];
    while (!(await this.#snapshot.read((db) => this.#slice(db, rows), { signal })))
      await new Promise(setImmediate);
    return rows;
  }

  /** Takes rows for one time slice; true when the batch has them all. */
  #slice(db: Database, rows: Row[]): boolean {
    const { open, width } = this.#options;
    this.#ctx ??= open(db);
    const ctx = this.#ctx;
    if (this.#ended !== undefined) ctx.end(this.#ended);
    ctx.graph.use(db);
    ctx.beginSlice(sliceMs);
    this.#source ??= this.#call.source.open(ctx, new Array<undefined>(width).fill(undefined));
    const size = this.#call.batchSize(ctx);
    while (rows.length < size) {
      const row = this.#source.next();
      if (row === pause) return false;
      if (row === undefined) return true;
      rows.push(row.slice());
    }
    return true;
  }

  async #run(outer: readonly Row[]): Promise<{ found: Row[][] | undefined; status: BatchStatus }> {
    const batch = this.#options.runBatch(outer);
    this.#batch = batch;
    const transactionId = `neo4j-transaction-${batch.id}`;
    try {
      const { value, counts } = await batch.result;
      this.#committed++;
      addCounts(this.#options.counts, counts);
      return { found: value, status: { started: true, committed: true, transactionId, errorMessage: null } };
    } catch (error) {
      if (this.#call.onError === "fail" || this.#ended !== undefined || !isOfBatch(error)) throw error;
      const status = { started: true, committed: false, transactionId, errorMessage: error.message };
      return { found: undefined, status };
    } finally {
      this.#batch = undefined;
    }
  }
}

const notStarted = {
  found: undefined,
  status: { started: false, committed: false, transactionId: null, errorMessage: null },
} as const;

/** What has gone wrong in a batch, and not with the whole query or this program. */
function isOfBatch(error: unknown): error is CypherError {
  return (
    error instanceof CypherError &&
    error.code !== "Neo.DatabaseError.General.UnknownError" &&
    error.code !== "Neo.TransientError.Transaction.Outdated"
  );
}
