import { CypherError, typeError } from "../errors.ts";
import type { GraphReader } from "../storage/graph-reader.ts";
import type { GraphWriter } from "../storage/graph-writer.ts";
import type { CypherMap, Value } from "../values/types.ts";

/** A row: one place for each variable of the query. What is not bound is undefined in it. */
export type Row = (Value | undefined)[];

/** Given by `next` in a row's stead: the time slice is over, the event loop has its turn, and `next` is to be called again. */
export const pause = Symbol("pause");

export type Pause = typeof pause;

/** Why a query is ended from outside. */
export type EndReason = "timeout" | "timeout of client" | "terminated";

const ticksPerLook = 128;

/** What a notification is about; the codes are Neo4j's. */
export interface RuntimeNotification {
  readonly kind: "null in aggregate";
}

/** What an expression and an operator need while a query runs. */
export class RunContext {
  readonly graph: GraphReader;
  /** Set where the query may write. */
  readonly writer: GraphWriter | undefined;
  readonly parameters: CypherMap;
  /** Milliseconds since the epoch: of the statement's begin, and of its transaction's. */
  readonly statementMs: number;
  readonly transactionMs: number;
  readonly timeZone: string;
  readonly user: string;
  readonly notifications = new Set<RuntimeNotification["kind"]>();
  /** Text files that LOAD CSV may read, by URL. */
  readonly importText: (url: string) => string;
  /** Rows of operators that have run before the plan. */
  readonly made: ReadonlyMap<Operator, readonly Row[]>;
  #ticks = 0;
  #sliceEndsMs = Number.POSITIVE_INFINITY;
  #pausesHeld = 0;
  #ended: EndReason | undefined;
  #deadlineMs = Number.POSITIVE_INFINITY;
  #deadlineReason: EndReason = "timeout";

  constructor(options: {
    readonly graph: GraphReader;
    readonly writer: GraphWriter | undefined;
    readonly parameters: CypherMap;
    readonly statementMs: number;
    readonly transactionMs: number;
    readonly timeZone: string;
    readonly user: string;
    readonly importText: (url: string) => string;
    readonly made: ReadonlyMap<Operator, readonly Row[]>;
  }) {
    this.graph = options.graph;
    this.writer = options.writer;
    this.parameters = options.parameters;
    this.statementMs = options.statementMs;
    this.transactionMs = options.transactionMs;
    this.timeZone = options.timeZone;
    this.user = options.user;
    this.importText = options.importText;
    this.made = options.made;
  }

  parameter(name: string): Value {
    const value = this.parameters.get(name);
    if (value === undefined)
      throw new CypherError("Neo.ClientError.Statement.ParameterMissing", `Expected parameter(s): ${name}`, {
        phase: "compile",
      });
    return value;
  }

  /** The writer of a query that writes. */
  get writing(): GraphWriter {
    if (this.writer === undefined) throw new Error("a query that was planned as a read writes");
    return this.writer;
  }

  setDeadline(atMs: number, reason: EndReason): void {
    this.#deadlineMs = atMs;
    this.#deadlineReason = reason;
  }

  /** Lets the query run for so long before `isSliceOver` says so. */
  beginSlice(ms: number): void {
    this.#sliceEndsMs = performance.now() + ms;
    this.#ticks = ticksPerLook;
  }

  /** Ends the query at its next look at the clock. */
  end(reason: EndReason): void {
    this.#ended = reason;
    this.#ticks = 0;
  }

  /**
   * To be asked in every loop that may be long; true when the operator shall give `pause`.
   * @throws CypherError when the query has been ended
   */
  isSliceOver(): boolean {
    if (--this.#ticks > 0) return false;
    return this.#look();
  }

  /** As `isSliceOver`, where nothing can be paused: it only ends what has to end. */
  tick(): void {
    if (--this.#ticks <= 0) this.#look();
  }

  /** What comes of steps, without a pause: where an expression is evaluated by what cannot be paused. */
  atOnce<T>(steps: Generator<void, T>): T {
    this.#pausesHeld++;
    try {
      for (;;) {
        const step = steps.next();
        if (step.done === true) return step.value;
      }
    } finally {
      this.#pausesHeld--;
    }
  }

  #look(): boolean {
    this.#ticks = ticksPerLook;
    if (this.#ended !== undefined) throw endError(this.#ended);
    const now = performance.now();
    if (now >= this.#deadlineMs) throw endError(this.#deadlineReason);
    if (now < this.#sliceEndsMs || this.#pausesHeld > 0) return false;
    // Until the next slice has begun every look says so again.
    this.#ticks = 0;
    return true;
  }
}

export function endError(reason: EndReason): CypherError {
  const message =
    "The transaction has been terminated. Retry your operation in a new transaction, and you should see a successful result. ";
  if (reason === "terminated")
    return new CypherError(
      "Neo.TransientError.Transaction.Terminated",
      `${message}Explicitly terminated by the user. `,
    );
  const detail =
    "The transaction has not completed within the timeout specified at its start by the client. ";
  return new CypherError(
    reason === "timeout"
      ? "Neo.ClientError.Transaction.TransactionTimedOut"
      : "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration",
    message + detail,
  );
}

/** Evaluates an expression on a row. */
export type Evaluate = (row: Row, ctx: RunContext) => Value;

/** WHERE: a condition that is null is not met. */
export function isTrue(value: Value): boolean {
  if (value === true) return true;
  if (value === false || value === null) return false;
  if (Array.isArray(value)) return value.length > 0;
  throw typeError("Expected a boolean value");
}

/** Rows, one at a time. */
export interface Rows {
  /** The next row, undefined at the end. */
  next(): Row | undefined | Pause;
}

/** An operator of a plan: makes rows for an argument row, whose variables they all have. */
export interface Operator {
  /** What it is called in a plan that is shown. */
  readonly name: string;
  readonly details?: string;
  readonly children: readonly Operator[];
  open(ctx: RunContext, argument: Row): Rows;
}
