import { CypherError } from "../errors.ts";
import type { Evaluate, Operator, Row, Rows, RunContext } from "../runtime/context.ts";
import { textOf } from "../values/text.ts";
import type { CypherMap } from "../values/types.ts";

const batchSizeDefault = 1000;

/** How a transaction of a batch has ended, as REPORT STATUS tells it. */
export interface BatchStatus {
  readonly started: boolean;
  readonly committed: boolean;
  readonly transactionId: string | null;
  readonly errorMessage: string | null;
}

/**
 * CALL { ... } IN TRANSACTIONS. A plan cannot wait for a commit: the session runs the subquery for each batch of `source`'s rows
 * first, and puts the rows that come of it into the context that this is opened with.
 */
export class TransactionalCall implements Operator {
  readonly name: string;
  readonly children: readonly Operator[];
  readonly source: Operator;
  readonly inner: Operator;
  readonly onError: "fail" | "continue" | "break";
  readonly #batchSize: Evaluate | undefined;
  readonly #returned: readonly number[];
  readonly #isOptional: boolean;
  readonly #status: number | undefined;

  constructor(
    source: Operator,
    inner: Operator,
    options: {
      readonly batchSize: Evaluate | undefined;
      readonly onError: "fail" | "continue" | "break";
      readonly returned: readonly number[];
      readonly isOptional: boolean;
      readonly status: number | undefined;
    },
  ) {
    this.name = options.returned.length === 0 ? "TransactionForeach" : "TransactionApply";
    this.source = source;
    this.inner = inner;
    this.children = [source, inner];
    this.onError = options.onError;
    this.#batchSize = options.batchSize;
    this.#returned = options.returned;
    this.#isOptional = options.isOptional;
    this.#status = options.status;
  }

  /** Whether the rows of the subquery are wanted; else it runs for what it does. */
  get returnsRows(): boolean {
    return this.#returned.length > 0;
  }

  /** Rows of a batch. @throws CypherError when it is not a positive integer */
  batchSize(ctx: RunContext): number {
    if (this.#batchSize === undefined) return batchSizeDefault;
    const value = this.#batchSize([], ctx);
    if (typeof value === "bigint" && value > 0n) return Number(value);
    throw new CypherError(
      "Neo.ClientError.Statement.SyntaxError",
      `Invalid input. '${textOf(value) ?? "null"}' is not a valid value. Must be a positive integer.`,
    );
  }

  /** What goes on from a row of the source: with the rows of the subquery, or with nulls where its transaction has failed. */
  results(row: Row, found: readonly Row[] | undefined, status: BatchStatus): Row[] {
    const made = (from: Row | undefined): Row => {
      const result = row.slice();
      for (const slot of this.#returned) result[slot] = from?.[slot] ?? null;
      if (this.#status !== undefined) result[this.#status] = new Map(Object.entries(status)) as CypherMap;
      return result;
    };
    if (found === undefined || !this.returnsRows) return [made(undefined)];
    if (found.length === 0 && this.#isOptional) return [made(undefined)];
    return found.map(made);
  }

  open(ctx: RunContext): Rows {
    const rows = ctx.made.get(this);
    if (rows === undefined) throw new Error("a subquery in transactions of its own has not run yet");
    let at = 0;
    return { next: () => rows[at++] };
  }
}
