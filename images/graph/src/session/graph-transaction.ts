import type { SecurityContext } from "@weftkit/auth";
import type { Store, Transaction, TransactionWork } from "@weftkit/store";
import { CypherError } from "../errors.ts";
import { databaseName } from "../identity.ts";
import type { TransactionalCall } from "../operators/transactional-call.ts";
import {
  type EndReason,
  endError,
  type Operator,
  pause,
  type Row,
  type Rows,
  RunContext,
  type RuntimeNotification,
} from "../runtime/context.ts";
import type { FullTextWriter } from "../storage/full-text.ts";
import { GraphReader } from "../storage/graph-reader.ts";
import {
  GraphWriter,
  newTransactionMemory,
  noUpdates,
  type TransactionMemory,
  type UpdateCounts,
} from "../storage/graph-writer.ts";
import type { Schema } from "../storage/schema.ts";
import { executeSchemaCommand } from "../storage/schema-commands.ts";
import type { Tokens } from "../storage/tokens.ts";
import type { Hydrated } from "../values/hydrated-entities.ts";
import type { CypherMap } from "../values/types.ts";
import { addCounts, BatchedCall } from "./batched-call.ts";
import { hydrate } from "./hydrated.ts";
import type { PreparedQuery, QueryType } from "./prepared-query.ts";
import { KeptResult, type QueryResult, StreamedResult, sliceMs } from "./query-results.ts";
import { toCypherError } from "./to-cypher-error.ts";

export interface TransactionOptions {
  readonly user: SecurityContext;
  readonly accessMode: "READ" | "WRITE";
  /** From its begin to its end. */
  readonly timeoutMs?: number | undefined;
  readonly isImplicit: boolean;
  readonly metadata?: CypherMap | undefined;
}

/** What a transaction needs of its database. */
export interface TransactionHost {
  readonly store: Store;
  readonly tokens: Tokens;
  readonly fullText: FullTextWriter;
  readonly transactions: Set<GraphTransaction>;
  schema: Schema;
  prepare(text: string, schema?: Schema): PreparedQuery;
  replaceSchema(schema: Schema): void;
  committed(): void;
  bookmark(): string;
  /** A query begins: what it is, for who counts them. */
  onQuery: (type: QueryType) => void;
  readImport(url: string): string;
}

type RunnableQuery = PreparedQuery & { readonly kind: "query" };

/** What a query runs with, beside its plan. */
interface Run {
  readonly text: string;
  readonly schema: Schema;
  readonly parameters: CypherMap;
  readonly statementMs: number;
  /** Rows of what has run before the plan. */
  readonly made: ReadonlyMap<Operator, readonly Row[]>;
}

/** What was done on the writer. */
interface Done<T> {
  readonly value: T;
  readonly counts: UpdateCounts;
  readonly memory: TransactionMemory;
  readonly notifications: ReadonlySet<RuntimeNotification["kind"]>;
}

const nothingMade: ReadonlyMap<Operator, readonly Row[]> = new Map();
let lastId = 0;

/** A transaction of the graph. Queries that only read, before the first change, see a snapshot each; all others run on the writer. */
export class GraphTransaction {
  readonly id = ++lastId;
  readonly options: TransactionOptions;
  readonly startedMs = Date.now();
  readonly #host: TransactionHost;
  readonly #results = new Set<StreamedResult>();
  readonly #abort = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #deadlineMs: number;
  #transaction: Transaction | undefined;
  #memory: TransactionMemory = newTransactionMemory();
  #running: RunContext | undefined;
  /** The subquery that runs in transactions of its own. */
  #batched: BatchedCall | undefined;
  #ended: EndReason | "committed" | "rolled back" | undefined;
  currentQuery = "";

  constructor(host: TransactionHost, options: TransactionOptions, deadlineMs = Number.POSITIVE_INFINITY) {
    this.#host = host;
    this.options = options;
    const { timeoutMs } = options;
    this.#deadlineMs = timeoutMs === undefined ? deadlineMs : performance.now() + timeoutMs;
    if (timeoutMs !== undefined) this.#timer = setTimeout(() => this.#end("timeout of client"), timeoutMs);
    host.transactions.add(this);
  }

  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  /** Ends it from outside: what runs fails soon, and what it has changed is undone. */
  terminate(reason: EndReason = "terminated"): void {
    this.#end(reason);
  }

  #end(reason: EndReason): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#running?.end(reason);
    this.#batched?.end(reason);
    for (const result of this.#results) result.end(reason);
    this.#abort.abort();
    // What runs undoes itself when it fails.
    if (this.#running === undefined) this.#release();
  }

  #release(): void {
    clearTimeout(this.#timer);
    for (const result of [...this.#results]) result.close();
    if (this.#transaction?.isOpen === true) this.#transaction.rollback();
    this.#host.transactions.delete(this);
  }

  #requireOpen(): void {
    if (this.#ended === undefined) return;
    if (this.#ended === "committed" || this.#ended === "rolled back")
      throw new CypherError("Neo.ClientError.Transaction.TransactionNotFound", "the transaction has ended");
    throw endError(this.#ended);
  }

  /** Runs a query: what changes something is done when this resolves, what only reads begins. @throws CypherError */
  async run(text: string, parameters: CypherMap): Promise<QueryResult> {
    this.#requireOpen();
    this.currentQuery = text;
    const schema = this.#memory.schema ?? this.#host.schema;
    const prepared = this.#host.prepare(text, schema);
    this.#checkRights(prepared);
    this.#host.onQuery(prepared.type);
    if (prepared.statement.mode === "explain") return new KeptResult(prepared, [], noUpdates(), new Set());
    try {
      if (prepared.kind === "schema") return await this.#changeSchema(prepared);
      const run: Run = { text, schema, parameters, statementMs: Date.now(), made: nothingMade };
      if (prepared.plan.transactionalCalls.length > 0) return await this.#runInBatches(prepared, run);
      if (!prepared.analysis.isWrite && this.#transaction?.hasChanges !== true)
        return this.#stream(prepared, run);
      return await this.#runOnWriter(prepared, run);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): CypherError {
    if (this.#ended !== undefined && this.#ended !== "committed" && this.#ended !== "rolled back") {
      this.#release();
      return endError(this.#ended);
    }
    return toCypherError(error);
  }

  #checkRights(prepared: PreparedQuery): void {
    const { user, accessMode } = this.options;
    const writes = prepared.kind === "schema" || prepared.analysis.isWrite;
    if (writes && accessMode === "READ" && prepared.statement.mode !== "explain") {
      const isSchema = prepared.kind === "schema";
      throw new CypherError(
        "Neo.ClientError.Statement.AccessMode",
        isSchema
          ? "Schema operations are not allowed in read access mode"
          : `Writing in read access mode not allowed. Attempted write to ${databaseName}`,
      );
    }
    const action =
      prepared.kind === "schema" || (prepared.kind === "query" && prepared.analysis.changesSchema)
        ? "schema"
        : writes
          ? "write"
          : "read";
    if (user.can(action)) return;
    throw new CypherError(
      "Neo.ClientError.Security.Forbidden",
      `${action === "schema" ? "Schema operations are" : action === "write" ? "Write operations are" : "Read operations are"} not allowed for user '${user.user}' with roles [${user.roles.join(", ")}].`,
    );
  }

  #context(
    graph: GraphReader,
    writer: GraphWriter | undefined,
    { parameters, statementMs, made }: Run,
  ): RunContext {
    const ctx = new RunContext({
      graph,
      writer,
      parameters,
      statementMs,
      transactionMs: this.startedMs,
      timeZone: "Z",
      user: this.options.user.user,
      importText: (url) => this.#host.readImport(url),
      made,
    });
    ctx.setDeadline(this.#deadlineMs, "timeout of client");
    return ctx;
  }

  #stream(prepared: RunnableQuery, run: Run, counts = noUpdates()): QueryResult {
    const result: StreamedResult = new StreamedResult(
      prepared,
      this.#host.store,
      this.#abort.signal,
      () => {
        const now = this.#host.schema;
        const { plan } = this.#current(prepared, run, now);
        const open = (db: ConstructorParameters<typeof GraphReader>[0]) =>
          this.#context(new GraphReader(db, this.#host.tokens, now), undefined, run);
        return { plan, open };
      },
      () => this.#results.delete(result),
      (error) => this.#failure(error),
      counts,
    );
    this.#results.add(result);
    return result;
  }

  /** The query as it is to be run now: others may have dropped an index since it was planned, which would find nothing. */
  #current(prepared: RunnableQuery, { text, schema, made }: Run, now: Schema): RunnableQuery {
    if (now === schema) return prepared;
    if (made.size > 0 || prepared.plan.transactionalCalls.length > 0) throw outdated();
    return this.#host.prepare(text, now) as RunnableQuery;
  }

  /** Runs subqueries that have transactions of their own, and then what comes after them. */
  async #runInBatches(prepared: RunnableQuery, run: Run): Promise<QueryResult> {
    if (!this.options.isImplicit)
      throw new CypherError(
        "Neo.DatabaseError.Transaction.TransactionStartFailed",
        "A query with 'CALL { ... } IN TRANSACTIONS' can only be executed in an implicit transaction, but tried to execute in an explicit transaction.",
      );
    const { plan } = prepared;
    const { store, tokens } = this.#host;
    const made = new Map<Operator, readonly Row[]>();
    const counts = noUpdates();
    const withMade = { ...run, made };
    for (const call of plan.transactionalCalls) {
      const batched = new BatchedCall(call, {
        store,
        width: plan.width,
        signal: this.#abort.signal,
        keepsRows: plan.columns.length > 0 || plan.root.children[0] !== call,
        counts,
        open: (db) => this.#context(new GraphReader(db, tokens, run.schema), undefined, withMade),
        runBatch: (rows) => this.#batch(call, rows, prepared, withMade),
      });
      this.#batched = batched;
      try {
        made.set(call, await batched.rows());
      } finally {
        this.#batched = undefined;
      }
      this.#requireOpen();
    }
    if (plan.writes) return await this.#runOnWriter(prepared, withMade, counts);
    return this.#stream(prepared, withMade, counts);
  }

  /** A transaction of its own for some rows of a subquery. */
  #batch(
    call: TransactionalCall,
    rows: readonly Row[],
    prepared: RunnableQuery,
    run: Run,
  ): { id: number; result: Promise<Done<Row[][]>>; end(reason: EndReason): void } {
    const inner = new GraphTransaction(
      this.#host,
      { ...this.options, timeoutMs: undefined, isImplicit: true },
      this.#deadlineMs,
    );
    inner.currentQuery = this.currentQuery;
    const result = inner.#write(run, (now) => {
      this.#current(prepared, run, now);
      return (ctx) => rowsOfEach(call, rows, ctx);
    });
    return {
      id: inner.id,
      result: result.catch((error) => {
        const failure = inner.#failure(error);
        inner.rollback();
        throw failure;
      }),
      end: (reason) => inner.terminate(reason),
    };
  }

  #begun(): Transaction {
    this.#transaction ??= this.#host.store.begin({ name: `transaction ${this.id}` });
    return this.#transaction;
  }

  #limits(): { signal: AbortSignal } {
    return { signal: this.#abort.signal };
  }

  async #runOnWriter(prepared: RunnableQuery, run: Run, before = noUpdates()): Promise<QueryResult> {
    const done = await this.#write(run, (now) => {
      const { plan } = this.#current(prepared, run, now);
      return (ctx) => hydratedRows(plan, ctx);
    });
    addCounts(before, done.counts);
    return new KeptResult(prepared, done.value, before, done.notifications);
  }

  /** Does something on the writer, for the rules that there are when it begins; commits it where a query is a transaction. */
  async #write<T>(
    run: Run,
    begin: (now: Schema) => (ctx: RunContext) => Generator<void, T>,
  ): Promise<Done<T>> {
    const done = await this.#begun().runInSlices(
      (work) => this.#steps(work, run, begin(this.#memory.schema ?? this.#host.schema)),
      this.#limits(),
    );
    this.#running = undefined;
    this.#memory = done.memory;
    if (this.options.isImplicit) await this.commit();
    return done;
  }

  *#steps<T>(
    work: TransactionWork,
    run: Run,
    steps: (ctx: RunContext) => Generator<void, T>,
  ): Generator<void, Done<T>> {
    // The work may be undone and run again when it has to wait for a lock: what it remembers is its own until it is done.
    const memory = copyMemory(this.#memory);
    const writer = new GraphWriter(work, this.#host.tokens, this.#host.schema, memory, this.#host.fullText);
    const ctx = this.#context(writer, writer, run);
    this.#running = ctx;
    try {
      const value = yield* steps(ctx);
      if (this.options.isImplicit) writer.checkDeleted();
      return { value, counts: writer.counts, memory, notifications: ctx.notifications };
    } finally {
      this.#running = undefined;
    }
  }

  async #changeSchema(prepared: PreparedQuery & { kind: "schema" }): Promise<QueryResult> {
    const done = await this.#begun().run((work) => {
      const memory = copyMemory(this.#memory);
      const writer = new GraphWriter(work, this.#host.tokens, this.#host.schema, memory, this.#host.fullText);
      executeSchemaCommand(prepared.command, writer);
      return { counts: writer.counts, memory };
    }, this.#limits());
    this.#memory = done.memory;
    if (this.options.isImplicit) await this.commit();
    return new KeptResult(prepared, [], done.counts, new Set());
  }

  /** @throws CypherError, after which it is rolled back */
  async commit(): Promise<void> {
    this.#requireOpen();
    const memory = this.#memory;
    const transaction = this.#transaction;
    try {
      if (transaction !== undefined) {
        const last = (work: TransactionWork) =>
          new GraphWriter(
            work,
            this.#host.tokens,
            this.#host.schema,
            memory,
            this.#host.fullText,
          ).checkDeleted();
        const needsCheck = !this.options.isImplicit && memory.deletedNodes.size > 0;
        await transaction.commit({
          ...this.#limits(),
          ...(needsCheck && { last }),
          // Whoever has the writer next keeps these rules.
          committed: () => {
            if (memory.schema !== undefined) this.#host.replaceSchema(memory.schema);
          },
        });
      }
    } catch (error) {
      const failure = this.#failure(error);
      this.rollback();
      throw failure;
    }
    this.#ended = "committed";
    for (const key of memory.tokensWritten) {
      const [kind = "", id = ""] = key.split(":");
      this.#host.tokens.setPersisted(kind as "label", Number(id));
    }
    if (transaction !== undefined) this.#host.committed();
    this.#release();
  }

  rollback(): void {
    if (this.#ended === undefined) this.#ended = "rolled back";
    this.#release();
  }
}

function copyMemory(memory: TransactionMemory): TransactionMemory {
  return {
    deletedNodes: new Set(memory.deletedNodes),
    deletedRels: new Set(memory.deletedRels),
    tokensWritten: new Set(memory.tokensWritten),
    createdNodes: new Set(memory.createdNodes),
    schema: memory.schema,
  };
}

function outdated(): CypherError {
  return new CypherError(
    "Neo.TransientError.Transaction.Outdated",
    "Indexes or constraints have changed while the query ran. Run it again.",
  );
}

/** The rows of an operator, with the turns of others in between. */
function* sliced(rows: Rows, ctx: RunContext): Generator<void, Row | undefined> {
  for (;;) {
    const row = rows.next();
    if (row !== pause) return row;
    yield;
    ctx.beginSlice(sliceMs);
  }
}

function* hydratedRows(
  { root, width, columns }: RunnableQuery["plan"],
  ctx: RunContext,
): Generator<void, (readonly Hydrated[])[]> {
  const found: (readonly Hydrated[])[] = [];
  ctx.beginSlice(sliceMs);
  const rows = root.open(ctx, new Array<undefined>(width).fill(undefined));
  for (;;) {
    const row = yield* sliced(rows, ctx);
    if (row === undefined) return found;
    found.push(columns.map(({ slot }) => hydrate(row[slot] ?? null, ctx)));
  }
}

/** What a subquery gives for each of some rows. */
function* rowsOfEach(
  { inner, returnsRows }: TransactionalCall,
  outer: readonly Row[],
  ctx: RunContext,
): Generator<void, Row[][]> {
  const results: Row[][] = [];
  ctx.beginSlice(sliceMs);
  for (const argument of outer) {
    const found: Row[] = [];
    const rows = inner.open(ctx, argument.slice());
    for (;;) {
      const row = yield* sliced(rows, ctx);
      if (row === undefined) break;
      if (returnsRows) found.push(row);
    }
    results.push(found);
  }
  return results;
}
