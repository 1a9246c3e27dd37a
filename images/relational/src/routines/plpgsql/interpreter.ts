import { PgError } from "../../errors.ts";
import type { RoutineCall } from "../../run/exec.ts";
import { toPgError } from "../../session/errors.ts";
import { type Datum, PgArray, PgRecord, type Row } from "../../types/datum.ts";
import { oid } from "../../types/oids.ts";
import { typeOps } from "../../types/registry.ts";
import type { InnerSql, OutputColumn, Result } from "../inner-sql.ts";
import { prepareCall, runCall } from "../nested-call.ts";
import { assignTo, assignVariable, storeRow } from "./assign.ts";
import type { Block, Dynamic, Handler, Statement, Target } from "./ast.ts";
import { blockScope, type CompiledBody, variableIn } from "./compile.ts";
import { Cursors, type LoopRows } from "./cursors.ts";
import { matches, raise, stackedItem } from "./errors.ts";
import { type Frame, NameScope, type Variable } from "./variables.ts";

/** How a statement ended, when it was not at its end. */
type Signal =
  | { readonly kind: "exit" | "continue"; readonly label: string | undefined }
  | { readonly kind: "return" };

/**
 * What a body that may end its transaction asks of who runs it: to run something on the writer, again from its start when it
 * has to wait for a lock; or to end the transaction. With undefined others may have their turn.
 */
export type Ask =
  | undefined
  | { readonly kind: "unit"; readonly sql: InnerSql; readonly work: () => unknown }
  | { readonly kind: "end"; readonly command: "COMMIT" | "ROLLBACK"; readonly chain: boolean };

export type Steps<T = Signal | undefined> = Generator<Ask, T, unknown>;

/** Of a body that may end its transaction. */
export interface NonAtomic {
  /** It was called from a loop over what a statement changes. */
  readonly isInChange: boolean;
  /** A procedure that may end it too; undefined when it may not. */
  nested(call: RoutineCall, sql: InnerSql, isInChange: boolean): NestedCall | undefined;
}

export interface NestedCall {
  readonly interpreter: Interpreter;
  /** Its OUT and INOUT arguments, when it has run. */
  out(): readonly Datum[];
}

/** What a body is to give. */
export interface Returning {
  readonly returnsSet: boolean;
  /** The type of a value, or of the rows of a set; void gives nothing. */
  readonly type: number;
  /** OUT parameters and columns of RETURNS TABLE. */
  readonly out: readonly Variable[];
  readonly isProcedure: boolean;
}

/** So long a body has the event loop for itself, when whoever runs it lets others have their turn. */
const sliceMs = 8;

/** One call of a body in PL/pgSQL. */
export class Interpreter {
  readonly sql: InnerSql;
  readonly frame: Frame;
  readonly rows: Datum[] = [];
  /** The columns of rows that were returned as records. */
  value: Datum = null;
  readonly #body: CompiledBody;
  readonly #returning: Returning;
  readonly #name: string;
  readonly #cursors: Cursors;
  #rowCount = 0;
  #line = 0;
  #doing = "";
  #error: PgError | undefined;
  #sliceEnds = performance.now() + sliceMs;
  /** Undefined in a function, a trigger, and wherever else the transaction is somebody else's. */
  readonly #nonAtomic: NonAtomic | undefined;
  /** How many blocks with handlers are around: what they do is undone as one. */
  #guards = 0;
  /** How many loops over what a statement changes are around. */
  #changes = 0;

  constructor(
    body: CompiledBody,
    sql: InnerSql,
    frame: Frame,
    returning: Returning,
    name: string,
    nonAtomic?: NonAtomic,
  ) {
    this.#nonAtomic = nonAtomic;
    this.#body = body;
    this.sql = sql;
    this.frame = frame;
    this.#returning = returning;
    this.#name = name;
    this.#cursors = new Cursors(sql, body.cursors);
    while (this.frame.length < body.slots.count) this.frame.push(null);
    this.frame[body.found.slot] = false;
  }

  /** Runs it to its end, in steps between which others may have their turn. */
  *run(): Steps<void> {
    const { root, outermost } = this.#body;
    try {
      const signal = yield* this.#block(root, outermost);
      if (signal?.kind === "return") return;
      if (signal !== undefined)
        throw new PgError(
          signal.kind === "exit" ? "2D000" : "2D000",
          `${signal.kind.toUpperCase()} cannot be used outside a loop`,
        );
      const { returnsSet, type, out, isProcedure } = this.#returning;
      if (returnsSet || isProcedure || type === oid.void || out.length > 0) {
        if (out.length > 0 && !returnsSet) this.#returnOut();
        return;
      }
      this.#line = 0;
      this.#doing = "";
      throw new PgError("2F005", "control reached end of function without RETURN");
    } catch (error) {
      throw this.#located(error);
    }
  }

  /** Errors say where they came from. */
  #located(error: unknown): unknown {
    if (!(error instanceof PgError) && !(error instanceof Error)) return error;
    const given = toPgError(error);
    if (located.get(given) === this) return given;
    const at = this.#line > 0 ? ` line ${this.#line} at ${this.#doing}` : "";
    const where = `PL/pgSQL ${this.#name}${at}`;
    const { details } = given;
    const result = new PgError(given.code, given.message, {
      ...details,
      position: undefined,
      where: details.where === undefined ? where : `${details.where}\n${where}`,
    });
    if (given.stack !== undefined) result.stack = given.stack;
    located.set(result, this);
    return result;
  }

  #at(line: number, doing: string): void {
    this.#line = line;
    this.#doing = doing;
  }

  *#pause(): Steps<void> {
    this.sql.exec.check();
    if (performance.now() < this.#sliceEnds) return;
    yield;
    this.#sliceEnds = performance.now() + sliceMs;
  }

  get #mayEnd(): boolean {
    return this.#nonAtomic !== undefined && this.#guards === 0;
  }

  /** Runs what uses SQL: at once, or as a unit of its own, which begins with the variables as they are now. */
  *#unit<T>(work: () => T): Steps<T> {
    if (!this.#mayEnd) return work();
    const before = [...this.frame];
    const rowCount = this.#rowCount;
    const again = (): T => {
      this.frame.splice(0, this.frame.length, ...before);
      this.#rowCount = rowCount;
      return work();
    };
    return (yield { kind: "unit", sql: this.sql, work: again }) as T;
  }

  /** As `#unit`, for what evaluates one expression: most need no turn on the writer. */
  *#computed<T>(text: string, scope: NameScope, work: () => T): Steps<T> {
    if (!this.#mayEnd || this.sql.isLight(text, scope, this.frame)) return work();
    return yield* this.#unit(work);
  }

  /** COMMIT and ROLLBACK. @throws PgError 2D000, 55000 */
  *#end(command: "COMMIT" | "ROLLBACK", chain: boolean): Steps<undefined> {
    if (this.#nonAtomic === undefined) throw new PgError("2D000", "invalid transaction termination");
    if (this.#guards > 0) {
      const doing = command === "COMMIT" ? "commit" : "roll back";
      throw new PgError("2D000", `cannot ${doing} while a subtransaction is active`);
    }
    if (this.#changes > 0 || this.#nonAtomic.isInChange)
      throw new PgError(
        "55000",
        "cannot perform transaction commands inside a cursor loop that is not read-only",
      );
    yield { kind: "end", command, chain };
    this.#cursors.closeOpened();
    return undefined;
  }

  /** CALL: a procedure of its own interpreter where the transaction may be ended, else a call as of any routine. */
  *#call(text: string, scope: NameScope): Steps<undefined> {
    const nonAtomic = this.#mayEnd ? this.#nonAtomic : undefined;
    const isInChange = this.#changes > 0 || nonAtomic?.isInChange === true;
    const begun = yield* this.#unit(() => {
      const { call, targets } = prepareCall(this.sql, text, scope, this.frame);
      const nested = nonAtomic?.nested(call, this.sql, isInChange);
      const values = nested === undefined ? runCall(this.sql, call) : undefined;
      return { nested, values, targets };
    });
    if (begun.nested !== undefined) yield* begun.nested.interpreter.run();
    const values = begun.values ?? begun.nested!.out();
    yield* this.#unit(() => {
      for (const [i, target] of begun.targets.entries())
        storeRow(this.sql, this.frame, scope, [target.to], [target.column], [values[i] ?? null]);
    });
    return undefined;
  }

  *#block(block: Block, parent: NameScope): Steps {
    const { io } = this.sql.session;
    const scope = blockScope(this.#body, block, parent, io);
    while (this.frame.length < this.#body.slots.count) this.frame.push(null);
    for (const declaration of block.declarations) {
      if (declaration.alias !== undefined) continue;
      this.#at(declaration.line, "during statement block local variable initialization");
      const variable = scope.names.get(declaration.name)!;
      this.frame[variable.slot] = null;
      if (declaration.cursor !== undefined) continue;
      if (declaration.default === undefined) {
        if (variable.type !== oid.record && this.sql.session.catalog.type(variable.type)?.kind === "d")
          assignVariable(this.sql, this.frame, variable, null, variable.type);
        continue;
      }
      const given = declaration.default;
      const value = yield* this.#computed(given, scope, () => this.#assignable(variable, given, scope));
      if (value === null && variable.notNull)
        throw new PgError(
          "22004",
          `null value cannot be assigned to variable "${variable.name}" declared NOT NULL`,
        );
      this.frame[variable.slot] = value;
    }
    if (block.handlers === undefined) return yield* this.#outOf(block, yield* this.#list(block.body, scope));
    return yield* this.#guarded(block, scope);
  }

  /** EXIT with a block's label leaves it. */
  // biome-ignore lint/correctness/useYield: it is one of the steps of a block
  *#outOf(block: Block, signal: Signal | undefined): Steps {
    if (signal?.kind === "exit" && signal.label !== undefined && signal.label === block.label)
      return undefined;
    return signal;
  }

  #assignable(variable: Variable, text: string, scope: NameScope): Datum {
    if (variable.type === oid.record) return this.sql.value(text, scope, this.frame);
    return this.sql.value(text, scope, this.frame, variable);
  }

  /** A block with handlers is undone before one of them runs. */
  *#guarded(block: Block, scope: NameScope): Steps {
    const { signal, caught } = yield* this.#unit(() => this.#attempt(block, scope));
    if (caught === undefined) return yield* this.#outOf(block, signal);
    const before = this.#error;
    this.#error = caught.error;
    const { handler } = caught;
    const known =
      (this.#body.scopes.get(handler) as NameScope | undefined) ??
      this.#handlerScope(handler, new NameScope(scope, undefined));
    while (this.frame.length < this.#body.slots.count) this.frame.push(null);
    this.frame[known.names.get("sqlstate")!.slot] = caught.error.code;
    this.frame[known.names.get("sqlerrm")!.slot] = caught.error.message;
    const handled = yield* this.#list(handler.body, known);
    this.#error = before;
    return yield* this.#outOf(block, handled);
  }

  /** The body of a block with handlers: how it ended, or the error, with everything undone, and who handles it. */
  #attempt(
    block: Block,
    scope: NameScope,
  ): {
    readonly signal?: Signal | undefined;
    readonly caught?: { readonly error: PgError; readonly handler: Handler };
  } {
    const { exec, block: transaction } = this.sql;
    const work = exec.work;
    const catalog = transaction.catalog;
    const deferred = transaction.deferred.length;
    const notifications = transaction.notifications.length;
    const { guards, changes } = { guards: this.#guards++, changes: this.#changes };
    try {
      // It is one step of the event loop: what SQLite is to undo must not be interrupted by others.
      const body = () => drain(this.#list(block.body, scope));
      return { signal: work === undefined ? body() : work.within(body) };
    } catch (error) {
      if (!(error instanceof Error) || (work !== undefined && !exec.db.inTransaction)) throw error;
      const caught = this.#located(error) as PgError;
      const handler = block.handlers!.find(({ conditions }) => matches(caught, conditions));
      if (handler === undefined) throw caught;
      transaction.catalog = catalog;
      transaction.deferred.splice(deferred);
      transaction.notifications.splice(notifications);
      return { caught: { error: caught, handler } };
    } finally {
      this.#guards = guards;
      this.#changes = changes;
    }
  }

  #handlerScope(handler: object, scope: NameScope): NameScope {
    variableIn(scope, this.#body.slots, "sqlstate", oid.text, { constant: true });
    variableIn(scope, this.#body.slots, "sqlerrm", oid.text, { constant: true });
    this.#body.scopes.set(handler, scope);
    return scope;
  }

  *#list(statements: readonly Statement[], scope: NameScope): Steps {
    for (const statement of statements) {
      const signal = yield* this.#statement(statement, scope);
      if (signal !== undefined) return signal;
    }
    return undefined;
  }

  *#statement(statement: Statement, scope: NameScope): Steps {
    const { frame, sql } = this;
    switch (statement.kind) {
      case "block":
        return yield* this.#block(statement, scope);
      case "null":
        return undefined;
      case "assign":
        this.#at(statement.line, "assignment");
        yield* this.#computed(statement.value, scope, () =>
          assignTo(sql, frame, scope, statement.target, statement.value),
        );
        return undefined;
      case "if":
        for (const { condition, body } of statement.branches) {
          this.#at(statement.line, "IF");
          if (yield* this.#holds(condition, scope)) return yield* this.#list(body, scope);
        }
        return yield* this.#list(statement.otherwise, scope);
      case "case":
        return yield* this.#case(statement, scope);
      case "loop":
      case "while":
      case "forRange":
      case "forRows":
      case "foreach":
        return yield* this.#loop(statement, scope);
      case "exit":
        this.#at(statement.line, statement.isContinue ? "CONTINUE" : "EXIT");
        if (statement.when !== undefined && !(yield* this.#holds(statement.when, scope))) return undefined;
        return { kind: statement.isContinue ? "continue" : "exit", label: statement.label };
      case "return":
        this.#at(statement.line, "RETURN");
        yield* this.#unit(() => this.#return(statement.value, scope));
        return { kind: "return" };
      case "returnNext":
        this.#at(statement.line, "RETURN NEXT");
        this.#returnNext(statement.value, scope);
        return undefined;
      case "returnQuery":
        this.#at(statement.line, "RETURN QUERY");
        this.#returnQuery(statement.query, scope);
        return undefined;
      case "raise":
        this.#at(statement.line, "RAISE");
        yield* this.#unit(() => raise(this, statement, scope, this.#error));
        return undefined;
      case "assert":
        this.#at(statement.line, "ASSERT");
        yield* this.#unit(() => this.#assert(statement, scope));
        return undefined;
      case "perform": {
        this.#at(statement.line, "PERFORM");
        yield* this.#unit(() => this.#counted(sql.run(statement.text, scope, frame), true));
        return undefined;
      }
      case "call": {
        this.#at(statement.line, "CALL");
        return yield* this.#call(statement.text, scope);
      }
      case "sql": {
        this.#at(statement.line, "SQL statement");
        yield* this.#unit(() => this.#sqlStatement(statement, scope));
        yield* this.#pause();
        return undefined;
      }
      case "execute": {
        this.#at(statement.line, "EXECUTE");
        yield* this.#unit(() => {
          const result = this.#dynamic(statement.dynamic, scope);
          this.#counted(result, false);
          if (statement.into !== undefined) this.#into(statement.into, statement.strict, result, scope, true);
        });
        yield* this.#pause();
        return undefined;
      }
      case "diagnostics":
        this.#at(statement.line, "GET DIAGNOSTICS");
        yield* this.#unit(() => this.#diagnostics(statement, scope));
        return undefined;
      case "open":
        this.#at(statement.line, "OPEN");
        yield* this.#unit(() =>
          this.#cursors.open(statement, scope, frame, (dynamic) => this.#dynamic(dynamic, scope)),
        );
        return undefined;
      case "fetch": {
        this.#at(statement.line, statement.into === undefined ? "MOVE" : "FETCH");
        yield* this.#unit(() => {
          const { row, columns, count } = this.#cursors.fetch(statement, scope, frame);
          this.#rowCount = count;
          frame[this.#body.found.slot] = count > 0;
          if (statement.into !== undefined) storeRow(sql, frame, scope, statement.into, columns, row);
        });
        return undefined;
      }
      case "close":
        this.#at(statement.line, "CLOSE");
        this.#cursors.close(statement.cursor, scope, frame);
        return undefined;
      default:
        this.#at(statement.line, statement.command);
        return yield* this.#end(statement.command, statement.chain);
    }
  }

  *#holds(condition: string, scope: NameScope): Steps<boolean> {
    return yield* this.#computed(condition, scope, () => this.sql.condition(condition, scope, this.frame));
  }

  /** @throws PgError P0004 */
  #assert({ condition, message }: Extract<Statement, { kind: "assert" }>, scope: NameScope): void {
    const { sql, frame } = this;
    if (sql.condition(condition, scope, frame)) return;
    throw new PgError(
      "P0004",
      message === undefined
        ? "assertion failed"
        : String(sql.value(message, scope, frame, { type: oid.text, typmod: -1 })),
    );
  }

  #sqlStatement({ text, into, strict }: Extract<Statement, { kind: "sql" }>, scope: NameScope): void {
    const result = this.sql.run(text, scope, this.frame);
    const isSelect = /^\s*(select|with|values|table|\()/i.test(text);
    if (
      into === undefined &&
      result.columns.length > 0 &&
      isSelect &&
      !/\b(insert|update|delete|merge)\b/i.test(text)
    )
      throw new PgError("42601", "query has no destination for result data", {
        hint: "If you want to discard the results of a SELECT, use PERFORM instead.",
      });
    this.#counted(result, true);
    if (into !== undefined) this.#into(into, strict, result, scope, isSelect);
  }

  #counted(result: Result, setsFound: boolean): void {
    this.#rowCount = result.count;
    if (setsFound) this.frame[this.#body.found.slot] = result.count > 0;
  }

  #dynamic({ text, using }: Dynamic, scope: NameScope): Result {
    const query = this.sql.value(text, scope, this.frame, { type: oid.text, typmod: -1 });
    if (query === null) throw new PgError("22004", "query string argument of EXECUTE is null");
    const args = using.map((arg) => this.sql.typedValue(arg, scope, this.frame));
    return this.sql.execute(String(query), args);
  }

  /** @throws PgError P0002, P0003 */
  #into(
    targets: readonly Target[],
    strict: boolean,
    { rows, columns }: Result,
    scope: NameScope,
    isSelect: boolean,
  ): void {
    if (strict && rows.length === 0) throw new PgError("P0002", "query returned no rows");
    if (rows.length > 1 && (strict || !isSelect))
      throw new PgError("P0003", "query returned more than one row", {
        hint: "Make sure the query returns a single row, or use LIMIT 1.",
      });
    storeRow(this.sql, this.frame, scope, targets, columns, rows[0]);
  }

  *#case(statement: Extract<Statement, { kind: "case" }>, scope: NameScope): Steps {
    const { frame, sql } = this;
    this.#at(statement.line, "CASE");
    let inner = scope;
    if (statement.operand !== undefined) {
      const { operand } = statement;
      const { value, type } = yield* this.#computed(operand, scope, () =>
        sql.typedValue(operand, scope, frame),
      );
      const name = `__case_${type}__`;
      inner = this.#body.scopes.get(statement) ?? new NameScope(scope, undefined);
      const variable = inner.names.get(name) ?? variableIn(inner, this.#body.slots, name, type);
      this.#body.scopes.set(statement, inner);
      frame[variable.slot] = value;
      for (const { condition, body } of statement.branches) {
        this.#at(statement.line, "CASE");
        if (yield* this.#holds(`"${name}" IN (${condition})`, inner)) return yield* this.#list(body, scope);
      }
    } else {
      for (const { condition, body } of statement.branches) {
        this.#at(statement.line, "CASE");
        if (yield* this.#holds(condition, inner)) return yield* this.#list(body, scope);
      }
    }
    if (statement.otherwise === undefined)
      throw new PgError("20000", "case not found", { hint: "CASE statement is missing ELSE part." });
    return yield* this.#list(statement.otherwise, scope);
  }

  /** What a loop's body said: whether the loop ends, and what its own statement says then. */
  #after(signal: Signal | undefined, label: string | undefined): "next" | "stop" | Signal {
    if (signal === undefined) return "next";
    if (signal.kind === "return") return signal;
    const isMine = signal.label === undefined || signal.label === label;
    if (!isMine) return signal;
    return signal.kind === "exit" ? "stop" : "next";
  }

  *#loop(
    statement: Extract<Statement, { kind: "loop" | "while" | "forRange" | "forRows" | "foreach" }>,
    scope: NameScope,
  ): Steps {
    const { frame } = this;
    const hasFound = statement.kind.startsWith("for");
    let turns = 0;
    let result: Signal | undefined;
    const changes = this.#changes;
    const all = this.#turns(statement, scope);
    try {
      // What a turn asks for goes on to who runs the body, and the answer back.
      for (let turn = all.next(); turn.done !== true; ) {
        if (!(turn.value instanceof NameScope)) {
          turn = yield* passedOn(all, turn.value);
          continue;
        }
        turns++;
        yield* this.#pause();
        const outcome = this.#after(yield* this.#list(statement.body, turn.value), statement.label);
        if (outcome !== "next") {
          if (outcome !== "stop") result = outcome;
          break;
        }
        turn = all.next();
      }
    } finally {
      all.return(undefined);
      this.#changes = changes;
    }
    if (hasFound) frame[this.#body.found.slot] = turns > 0;
    return result;
  }

  /** One scope for every turn of a loop, with its variables set. */
  *#turns(
    statement: Extract<Statement, { kind: "loop" | "while" | "forRange" | "forRows" | "foreach" }>,
    scope: NameScope,
  ): Generator<NameScope | Ask, void, unknown> {
    const { frame, sql } = this;
    let inner = this.#body.scopes.get(statement);
    if (inner === undefined) {
      inner = new NameScope(scope, statement.label);
      this.#body.scopes.set(statement, inner);
    }
    switch (statement.kind) {
      case "loop":
      case "while":
        while (true) {
          if (statement.kind === "while") {
            this.#at(statement.line, "WHILE");
            if (!(yield* this.#holds(statement.condition, inner))) break;
          }
          yield inner;
        }
        return;
      case "forRange": {
        this.#at(statement.line, "FOR with integer loop variable");
        const bound = (text: string, what: string): number => {
          const value = sql.value(text, scope, frame, { type: oid.int4, typmod: -1 });
          if (value === null) throw new PgError("22004", `${what} of FOR loop cannot be null`);
          return value as number;
        };
        const { from, to, by } = yield* this.#unit(() => ({
          from: bound(statement.from, "lower bound"),
          to: bound(statement.to, "upper bound"),
          by: statement.by === undefined ? 1 : bound(statement.by, "BY value"),
        }));
        if (by <= 0) throw new PgError("22023", "BY value of FOR loop must be greater than zero");
        const variable =
          inner.names.get(statement.variable) ??
          variableIn(inner, this.#body.slots, statement.variable, oid.int4);
        for (let at = from; statement.reverse ? at >= to : at <= to; at += statement.reverse ? -by : by) {
          frame[variable.slot] = at;
          yield inner;
        }
        return;
      }
      case "foreach": {
        this.#at(statement.line, "FOREACH over array");
        const { value, type } = yield* this.#unit(() => sql.typedValue(statement.array, scope, frame));
        if (value === null) throw new PgError("22004", "FOREACH expression must not be null");
        if (!(value instanceof PgArray)) throw new PgError("42804", "FOREACH expression must yield an array");
        const element = sql.session.catalog.type(type)!.element;
        for (const item of slices(value, statement.slice)) {
          const itemType = statement.slice > 0 ? type : element;
          storeRow(sql, frame, scope, statement.targets, [{ name: "", type: itemType, typmod: -1 }], [item]);
          yield inner;
        }
        return;
      }
      default: {
        const { source } = statement;
        this.#at(statement.line, "FOR over SELECT rows");
        // The variable of a loop over a cursor is its own.
        const own = statement.targets[0]!.names[0]!;
        if ("cursor" in source && !inner.names.has(own)) variableIn(inner, this.#body.slots, own, oid.record);
        const found = yield* this.#unit((): LoopRows => {
          if ("query" in source) return loopRows(sql.run(source.query, scope, frame));
          if ("dynamic" in source) return loopRows(this.#dynamic(source.dynamic, scope));
          return this.#cursors.all(source.cursor, source.args, scope, frame);
        });
        if (found.isChange) this.#changes++;
        for (const row of found.rows) {
          storeRow(sql, frame, inner, statement.targets, found.columns, row);
          yield inner;
        }
        // With no row at all the targets are NULL.
        if (found.isEmpty) storeRow(sql, frame, inner, statement.targets, found.columns, undefined);
      }
    }
  }

  #return(text: string | undefined, scope: NameScope): void {
    const { returnsSet, type, out, isProcedure } = this.#returning;
    if (text === undefined) {
      if (out.length > 0 && !returnsSet) this.#returnOut();
      else if (!returnsSet && !isProcedure && type !== oid.void && out.length === 0)
        throw new PgError("42601", 'missing expression at or near ";"');
      return;
    }
    if (returnsSet)
      throw new PgError("42804", "RETURN cannot have a parameter in function returning set", {
        hint: "Use RETURN NEXT or RETURN QUERY.",
      });
    if (out.length > 0)
      throw new PgError("42804", "RETURN cannot have a parameter in function with OUT parameters");
    if (isProcedure) throw new PgError("42804", "RETURN cannot have a parameter in a procedure");
    if (type === oid.void) {
      this.sql.value(text, scope, this.frame);
      return;
    }
    this.value = this.#result(text, scope);
  }

  /** A value of the type that is returned; a record keeps its own fields. */
  #result(text: string, scope: NameScope): Datum {
    const { type } = this.#returning;
    if (type === oid.record || type === oid.trigger) {
      const { value } = this.sql.typedValue(text, scope, this.frame);
      if (value !== null && !(value instanceof PgRecord))
        throw new PgError(
          "42804",
          "cannot return non-composite value from function returning composite type",
        );
      return value;
    }
    return this.sql.value(text, scope, this.frame, { type, typmod: -1 });
  }

  #returnOut(): void {
    const { out, type } = this.#returning;
    const values = out.map(({ slot }) => this.frame[slot] ?? null);
    this.value =
      out.length === 1 && type !== oid.record
        ? values[0]!
        : new PgRecord(
            values,
            out.map((variable) => variable.type),
            out.map(({ name }) => name),
          );
  }

  #returnNext(text: string | undefined, scope: NameScope): void {
    const { returnsSet, out } = this.#returning;
    if (!returnsSet) throw new PgError("42804", "cannot use RETURN NEXT in a non-SETOF function");
    if (text === undefined) {
      this.#returnOut();
      this.rows.push(this.value);
      return;
    }
    if (out.length > 0)
      throw new PgError("42804", "RETURN NEXT cannot have a parameter in function with OUT parameters");
    this.rows.push(this.#result(text, scope));
  }

  #returnQuery(query: string | Dynamic, scope: NameScope): void {
    if (!this.#returning.returnsSet)
      throw new PgError("42804", "cannot use RETURN QUERY in a non-SETOF function");
    const result =
      typeof query === "string" ? this.sql.run(query, scope, this.frame) : this.#dynamic(query, scope);
    const shape = this.#rowShape(result.columns);
    for (const row of result.rows) this.rows.push(shape(row));
    this.#rowCount = result.count;
    this.frame[this.#body.found.slot] = result.count > 0;
  }

  /** Rows of a query as what the function returns. @throws PgError 42804 */
  #rowShape(columns: readonly OutputColumn[]): (row: Row) => Datum {
    const { type, out } = this.#returning;
    return shapeRows(this.sql, columns, type, out);
  }

  #diagnostics(statement: Extract<Statement, { kind: "diagnostics" }>, scope: NameScope): void {
    for (const { target, item } of statement.items) {
      if (statement.stacked) {
        if (this.#error === undefined)
          throw new PgError("0Z002", "GET STACKED DIAGNOSTICS cannot be used outside an exception handler");
        storeRow(this.sql, this.frame, scope, [target], textColumn, [stackedItem(this.#error, item)]);
      } else if (item === "row_count")
        storeRow(this.sql, this.frame, scope, [target], countColumn, [BigInt(this.#rowCount)]);
      else if (item === "pg_context")
        storeRow(this.sql, this.frame, scope, [target], textColumn, [
          `PL/pgSQL ${this.#name} line ${statement.line} at GET DIAGNOSTICS`,
        ]);
      else throw new PgError("0A000", `GET DIAGNOSTICS ${item.toUpperCase()} is not supported`);
    }
  }

  /** Text of a value, as RAISE and messages show it. */
  textOf(text: string, scope: NameScope): string {
    const { value, type } = this.sql.typedValue(text, scope, this.frame);
    return value === null
      ? "<NULL>"
      : typeOps(this.sql.session.catalog, type).output(value, this.sql.session.io);
  }
}

const textColumn: readonly OutputColumn[] = [{ name: "", type: oid.text, typmod: -1 }];
const countColumn: readonly OutputColumn[] = [{ name: "", type: oid.int8, typmod: -1 }];
/** Which errors say already where in a call they came from. */
const located = new WeakMap<PgError, Interpreter>();

/** Gives what steps ask for to who runs the body, and lets them go on with the answer. */
function* passedOn<T>(
  steps: Generator<T | Ask, void, unknown>,
  ask: Ask,
): Steps<IteratorResult<T | Ask, void>> {
  let answer: unknown;
  try {
    answer = yield ask;
  } catch (error) {
    return steps.throw(error);
  }
  return steps.next(answer);
}

/** Runs steps with nobody else having a turn between them: those of a body that may not end its transaction. */
export function drain<T>(steps: Generator<unknown, T, unknown>): T {
  while (true) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The elements of an array, or its parts of so many dimensions. */
function* slices(array: PgArray, dimensions: number): Generator<Datum> {
  if (dimensions === 0) {
    yield* array.elements;
    return;
  }
  if (dimensions > array.dimensions.length)
    throw new PgError(
      "2202E",
      `slice dimension (${dimensions}) is out of the valid range 0..${array.dimensions.length}`,
    );
  const inner = array.dimensions.slice(-dimensions);
  const size = inner.reduce((product, n) => product * n, 1);
  for (let at = 0; at < array.elements.length; at += size)
    yield new PgArray(array.elements.slice(at, at + size), inner, array.lowerBounds.slice(-dimensions));
}

/** How rows of a query become values of a type, for RETURN QUERY and functions in SQL. @throws PgError 42804 */
export function shapeRows(
  sql: InnerSql,
  columns: readonly OutputColumn[],
  type: number,
  out: readonly { readonly name: string; readonly type: number }[],
): (row: Row) => Datum {
  const { catalog } = sql.session;
  const info = catalog.type(type);
  const relation = info?.kind === "c" ? catalog.get("relation", info.relation) : undefined;
  const wanted =
    relation !== undefined
      ? relation.columns
          .filter((column) => column.dropped !== true)
          .map((column) => ({ name: column.name, type: column.type, typmod: column.typmod }))
      : out.length > 0
        ? out.map((variable) => ({ name: variable.name, type: variable.type, typmod: -1 }))
        : undefined;
  if (wanted === undefined && type !== oid.record) {
    if (columns.length !== 1)
      throw mismatch(
        `Number of returned columns (${columns.length}) does not match expected column count (1).`,
      );
    const [column] = columns;
    return (row) => sql.convert(row[0] ?? null, column!.type, { type, typmod: -1 });
  }
  if (wanted === undefined) {
    const types = columns.map((column) => column.type);
    const names = columns.map((column) => column.name);
    return (row) => new PgRecord(row, types, names);
  }
  if (relation !== undefined && columns.length === 1 && columns[0]!.type === type)
    return (row) => row[0] ?? null;
  if (columns.length !== wanted.length)
    throw mismatch(
      `Number of returned columns (${columns.length}) does not match expected column count (${wanted.length}).`,
    );
  const types = wanted.map((column) => column.type);
  const names = wanted.map((column) => column.name);
  if (wanted.length === 1 && type !== oid.record && relation === undefined)
    return (row) => sql.convert(row[0] ?? null, columns[0]!.type, wanted[0]!);
  return (row) =>
    new PgRecord(
      row.map((value, i) => sql.convert(value, columns[i]!.type, wanted[i]!)),
      types,
      names,
      relation === undefined ? oid.record : type,
    );
}

function mismatch(detail: string): PgError {
  return new PgError("42804", "structure of query does not match function result type", { detail });
}

function loopRows({ columns, rows, isChange }: Result): LoopRows {
  return { columns, rows, isEmpty: rows.length === 0, isChange: isChange === true };
}
