import type { SecurityContext } from "@weftkit/auth";
import type { Snapshot, Store, Transaction, TransactionWork } from "@weftkit/store";
import { CypherError } from "../errors.ts";
import { databaseName } from "../identity.ts";
import {
  type EndReason,
  endError,
  pause,
  type Row,
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
import { hydrate } from "./hydrated.ts";
import type { PreparedQuery, QueryType } from "./prepared-query.ts";
import { toCypherError } from "./to-cypher-error.ts";

const sliceMs = 5;

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
  #ended: EndReason | "committed" | "rolled back" | undefined;
  currentQuery = "";

  constructor(host: TransactionHost, options: TransactionOptions) {
    this.#host = host;
    this.options = options;
    const { timeoutMs } = options;
    this.#deadlineMs = timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
    if (timeoutMs !== undefined) this.#timer = setTimeout(() => this.#end("timeout of client"), timeoutMs);
    host.transactions.add(this);
  }

  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  /** Ends it from outside: what runs fails soon, and what it has changed is undone. */
  terminate(): void {
    this.#end("terminated");
  }

  #end(reason: EndReason): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#running?.end(reason);
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
      if (!prepared.analysis.isWrite && this.#transaction?.hasChanges !== true)
        return this.#stream(prepared, text, schema, parameters);
      return await this.#runOnWriter(prepared, text, schema, parameters);
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
    parameters: CypherMap,
    statementMs: number,
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
    });
    ctx.setDeadline(this.#deadlineMs, "timeout of client");
    return ctx;
  }

  #stream(
    prepared: PreparedQuery & { kind: "query" },
    text: string,
    schema: Schema,
    parameters: CypherMap,
  ): QueryResult {
    const statementMs = Date.now();
    const result: StreamedResult = new StreamedResult(
      prepared,
      this.#host.store,
      this.#abort.signal,
      () => {
        // Others may have dropped an index since: it would find nothing.
        const now = this.#host.schema;
        const current = now === schema ? prepared : this.#host.prepare(text, now);
        const { plan } = current as typeof prepared;
        const open = (db: ConstructorParameters<typeof GraphReader>[0]) =>
          this.#context(new GraphReader(db, this.#host.tokens, now), undefined, parameters, statementMs);
        return { plan, open };
      },
      () => this.#results.delete(result),
      (error) => this.#failure(error),
    );
    this.#results.add(result);
    return result;
  }

  #begun(): Transaction {
    this.#transaction ??= this.#host.store.begin({ name: `transaction ${this.id}` });
    return this.#transaction;
  }

  #limits(): { signal: AbortSignal } {
    return { signal: this.#abort.signal };
  }

  async #runOnWriter(
    prepared: PreparedQuery & { kind: "query" },
    text: string,
    schema: Schema,
    parameters: CypherMap,
  ): Promise<QueryResult> {
    const statementMs = Date.now();
    const done = await this.#begun().runInSlices((work) => {
      // Others may have changed indexes while this waited for the writer.
      const now = this.#memory.schema ?? this.#host.schema;
      const current = now === schema ? prepared : this.#host.prepare(text, now);
      return this.#steps(work, current as typeof prepared, parameters, statementMs);
    }, this.#limits());
    this.#running = undefined;
    this.#memory = done.memory;
    if (this.options.isImplicit) await this.commit();
    return new KeptResult(prepared, done.rows, done.counts, done.notifications);
  }

  *#steps(
    work: TransactionWork,
    prepared: PreparedQuery & { kind: "query" },
    parameters: CypherMap,
    statementMs: number,
  ): Generator<
    void,
    {
      rows: (readonly Hydrated[])[];
      counts: UpdateCounts;
      memory: TransactionMemory;
      notifications: Set<RuntimeNotification["kind"]>;
    }
  > {
    // The work may be undone and run again when it has to wait for a lock: what it remembers is its own until it is done.
    const memory = copyMemory(this.#memory);
    const writer = new GraphWriter(work, this.#host.tokens, this.#host.schema, memory, this.#host.fullText);
    const ctx = this.#context(writer, writer, parameters, statementMs);
    this.#running = ctx;
    try {
      const { plan } = prepared;
      const rows: (readonly Hydrated[])[] = [];
      ctx.beginSlice(sliceMs);
      const source = plan.root.open(ctx, new Array<undefined>(plan.width).fill(undefined));
      for (;;) {
        const row = source.next();
        if (row === undefined) break;
        if (row === pause) {
          yield;
          ctx.beginSlice(sliceMs);
          continue;
        }
        rows.push(plan.columns.map(({ slot }) => hydrate(row[slot] ?? null, ctx)));
      }
      if (this.options.isImplicit) writer.checkDeleted();
      return { rows, counts: writer.counts, memory, notifications: ctx.notifications };
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

/** Rows that are all there. */
class KeptResult implements QueryResult {
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
class StreamedResult implements QueryResult {
  readonly prepared: PreparedQuery & { kind: "query" };
  readonly counts = noUpdates();
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
  ) {
    this.prepared = prepared;
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
  #slice(
    db: ConstructorParameters<typeof GraphReader>[0],
    rows: (readonly Hydrated[])[],
    count: number,
  ): boolean {
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
interface Begun {
  readonly plan: (PreparedQuery & { kind: "query" })["plan"];
  open(db: ConstructorParameters<typeof GraphReader>[0]): RunContext;
}

type QueryPlanRoot = (PreparedQuery & { kind: "query" })["plan"]["root"];
