import { StatementAnalyser } from "../analyse/analyse.ts";
import { coerceToTarget, resolveUnknown } from "../analyse/coerce.ts";
import { AnalyseContext } from "../analyse/context.ts";
import { type Cte, outputTargets, type Query, type SelectQuery, some } from "../analyse/expr.ts";
import { lockWords } from "../analyse/row-locks.ts";
import { notSupported, PgError } from "../errors.ts";
import { systemRows } from "../introspect/row-sources.ts";
import { type Node, tagOf } from "../parse/ast.ts";
import { parse, sqlTexts } from "../parse/parse.ts";
import { commandOf, makePlanContext, type Plan, planStatement } from "../plan/planner.ts";
import type { Compiled } from "../run/compiler.ts";
import type { Exec } from "../run/exec.ts";
import { Scope } from "../run/scope.ts";
import type { Block } from "../session/block.ts";
import { carryRows } from "../session/current-rows.ts";
import { nestedExec } from "../session/exec.ts";
import { isQuery } from "../session/prepare.ts";
import { requireNeeds, secure } from "../session/privileges.ts";
import type { SessionState } from "../session/state.ts";
import { runInner } from "../session/utility.ts";
import type { Datum, Row } from "../types/datum.ts";
import { oid } from "../types/oids.ts";
import { typeOps } from "../types/registry.ts";
import { type Frame, type NameScope, StatementVariables } from "./plpgsql/variables.ts";

export interface OutputColumn {
  readonly name: string;
  readonly type: number;
  readonly typmod: number;
}

/** A table that only the statements of one call see. */
export interface TransitionTable {
  readonly table: Cte;
  readonly rows: readonly Row[];
}

/** The type that a value is wanted in. */
export interface Wanted {
  readonly type: number;
  readonly typmod: number;
}

interface Prepared {
  readonly node: Node;
  readonly query: Query | undefined;
  readonly plan: Plan | undefined;
  /** Of an expression that needs no query around it. */
  readonly value: Compiled | undefined;
  readonly hasSubquery: boolean;
  /** The result is not of the type wanted, and nothing but its text leads there. */
  readonly throughText: { readonly from: number; readonly to: Wanted } | undefined;
  readonly columns: readonly OutputColumn[];
  readonly carried: readonly number[] | undefined;
  readonly variables: StatementVariables;
  readonly catalogVersion: number;
  readonly path: string;
  readonly role: number;
}

export interface Result {
  readonly columns: readonly OutputColumn[];
  readonly rows: readonly Row[];
  /** Rows that were given or changed. */
  readonly count: number;
  /** It has changed rows, be it in WITH. */
  readonly isChange?: boolean;
}

export interface CursorResult extends Result {
  /** The tables that each row tells its place in. */
  readonly carried?: readonly number[] | undefined;
}

/** SQL inside of one call of a routine: run at once, in the statement that called it. */
export class InnerSql {
  readonly session: SessionState;
  #block: Block;
  #exec: Exec;
  /** Functions that are not volatile change nothing. */
  readonly #isReadOnly: boolean;
  readonly #argumentTypes: readonly number[];
  readonly #onConflict: "error" | "column";
  readonly #tables: readonly TransitionTable[];
  /** For expressions: made once, as only the parameters differ. */
  #expressionExec: (Exec & { params: readonly Datum[] }) | undefined;

  constructor(
    session: SessionState,
    block: Block,
    exec: Exec,
    argumentTypes: readonly number[],
    options: {
      readonly isReadOnly: boolean;
      readonly onConflict: "error" | "column";
      readonly tables?: readonly TransitionTable[];
    },
  ) {
    this.session = session;
    this.#block = block;
    this.#exec = exec;
    this.#argumentTypes = argumentTypes;
    this.#isReadOnly = options.isReadOnly;
    this.#onConflict = options.onConflict;
    this.#tables = options.tables ?? [];
  }

  get block(): Block {
    return this.#block;
  }

  get exec(): Exec {
    return this.#exec;
  }

  get argumentTypes(): readonly number[] {
    return this.#argumentTypes;
  }

  /** In a body that may end its transaction, each unit of it runs on its own, and the next ones in another transaction. */
  rebind(block: Block, exec: Exec): void {
    this.#block = block;
    this.#exec = exec;
    this.#expressionExec = undefined;
  }

  /** Whether an expression reads and changes nothing but variables: it needs no turn on the writer. */
  isLight(text: string, scope: NameScope, frame: Frame): boolean {
    const { value, hasSubquery, query } = this.#prepared(`SELECT ${text}`, scope, frame, undefined);
    return (
      value !== undefined &&
      !hasSubquery &&
      query?.command === "select" &&
      !some(
        query.targets[0]!.expr,
        (e) => "proc" in e && (e.proc.language !== undefined || e.proc.volatility === "v"),
      )
    );
  }

  /** The value of an expression, in the type wanted by assignment's rules. */
  value(text: string, scope: NameScope, frame: Frame, wanted?: Wanted): Datum {
    const prepared = this.#prepared(`SELECT ${text}`, scope, frame, wanted);
    const values = prepared.variables.values(frame);
    let value: Datum;
    if (prepared.value !== undefined) {
      const exec = this.#execOf(prepared, values);
      value = prepared.value([], { exec, row: [], outer: undefined });
    } else {
      const { rows } = this.#run(prepared, values);
      if (rows.length > 1)
        throw new PgError("21000", "query returned more than one row", { where: `SQL expression "${text}"` });
      value = rows[0]?.[0] ?? null;
    }
    const { throughText } = prepared;
    return throughText === undefined ? value : this.convert(value, throughText.from, throughText.to);
  }

  /** As `value`, with the type that it has. */
  typedValue(text: string, scope: NameScope, frame: Frame): { value: Datum; type: number } {
    const value = this.value(text, scope, frame);
    return { value, type: this.#prepared(`SELECT ${text}`, scope, frame, undefined).columns[0]!.type };
  }

  condition(text: string, scope: NameScope, frame: Frame): boolean {
    return this.value(text, scope, frame, { type: oid.bool, typmod: -1 }) === true;
  }

  /** Runs a statement; `args` are those of EXECUTE ... USING, in which variables have no names. */
  run(text: string, scope: NameScope, frame: Frame): Result {
    const prepared = this.#prepared(text, scope, frame, undefined);
    return this.#runAny(prepared, prepared.variables.values(frame));
  }

  /** As `run`, of a cursor's query: its rows say behind their columns where they come from. */
  open(text: string, scope: NameScope, frame: Frame): CursorResult {
    const prepared = this.#prepared(text, scope, frame, undefined, true);
    return { ...this.#runAny(prepared, prepared.variables.values(frame)), carried: prepared.carried };
  }

  /** EXECUTE: each statement of the text, with parameters; the last one's result. */
  execute(text: string, args: readonly { readonly value: Datum; readonly type: number }[]): Result {
    const statements = parse(text);
    if (statements.length === 0) return { columns: [], rows: [], count: 0 };
    let result: Result | undefined;
    for (const { node } of statements) {
      const variables = new StatementVariables(noNames, [], args.length, "column");
      const prepared = this.#prepare(
        node,
        variables,
        args.map(({ type }) => type),
        undefined,
      );
      result = this.#runAny(
        prepared,
        args.map(({ value }) => value),
      );
    }
    return result!;
  }

  /** A value as another type: by assignment if there is a way, else through its text. */
  convert(value: Datum, from: number, to: Wanted): Datum {
    if (value === null) return null;
    if (from === to.type && to.typmod < 0) return value;
    const { catalog } = this.session;
    const ctx = new AnalyseContext(this.session.io, [from], false);
    const expr = coerceToTarget(
      ctx,
      { kind: "param", index: 0, type: from, typmod: -1, collation: catalog.type(from)?.collation ?? 0 },
      to.type,
      to.typmod,
      "assignment",
      "implicit",
    );
    if (expr === undefined) {
      const shown = typeOps(catalog, from).output(value, this.session.io);
      return typeOps(catalog, to.type).input(shown, to.typmod, this.session.io);
    }
    if (expr.kind === "param") return value;
    const exec = this.#forExpressions([value]);
    return this.#planContext().compiler.compile(expr, new Scope(undefined))([], {
      exec,
      row: [],
      outer: undefined,
    });
  }

  #planContext() {
    const { session } = this;
    return makePlanContext({
      catalog: session.catalog,
      pushdown: session.settings.pushdown,
      systemRows: (relation, exec) => systemRows(session, relation, exec),
    });
  }

  #forExpressions(values: readonly Datum[]): Exec {
    if (this.#expressionExec === undefined || this.#expressionExec.catalog !== this.session.catalog)
      this.#expressionExec = this.#newForExpression(values);
    this.#expressionExec.params = values;
    this.#expressionExec.db = this.exec.db;
    return this.#expressionExec;
  }

  /** A subquery runs once for a statement, and is a new one each time that the routine comes to it. */
  #execOf({ hasSubquery }: Prepared, values: readonly Datum[]): Exec {
    return hasSubquery ? this.#newForExpression(values) : this.#forExpressions(values);
  }

  #newForExpression(values: readonly Datum[]): Exec {
    const exec = nestedExec(this.session, this.block, this.exec, values);
    if (this.#isReadOnly)
      exec.lockRow = ({ strength }) => {
        const command = `SELECT ${lockWords[strength]}`;
        throw new PgError("0A000", `${command} is not allowed in a non-volatile function`);
      };
    return exec;
  }

  #prepared(
    text: string,
    scope: NameScope,
    frame: Frame,
    wanted: Wanted | undefined,
    isCursor = false,
  ): Prepared {
    const key =
      wanted === undefined
        ? `${isCursor ? "cursor " : ""}${text}`
        : `${wanted.type} ${wanted.typmod} ${text}`;
    const known = scope.prepared.get(key) as Prepared | undefined;
    const { catalog, io } = this.session;
    if (
      known !== undefined &&
      known.catalogVersion === catalog.version &&
      known.path === io.searchPath.join() &&
      known.role === this.session.authority.current.oid &&
      known.variables.fits(frame)
    )
      return known;
    const statements = parse(text);
    if (statements.length !== 1)
      throw new PgError("42601", "cannot insert multiple commands into a prepared statement");
    const variables = new StatementVariables(scope, frame, this.#argumentTypes.length, this.#onConflict);
    const prepared = this.#prepare(statements[0]!.node, variables, this.#argumentTypes, wanted, isCursor);
    scope.prepared.set(key, prepared);
    return prepared;
  }

  #prepare(
    node: Node,
    variables: StatementVariables,
    parameterTypes: readonly number[],
    wanted: Wanted | undefined,
    isCursor = false,
  ): Prepared {
    const { session } = this;
    const { catalog, io } = session;
    const base = {
      node,
      variables,
      catalogVersion: catalog.version,
      path: io.searchPath.join(),
      role: session.authority.current.oid,
    };
    if (!isQuery(node))
      return {
        ...base,
        query: undefined,
        plan: undefined,
        value: undefined,
        hasSubquery: false,
        throughText: undefined,
        columns: [],
        carried: undefined,
      };
    const ctx = new AnalyseContext(io, parameterTypes, false);
    ctx.variables = variables;
    if (this.#tables.length > 0) ctx.tables = new Map(this.#tables.map(({ table }) => [table.name, table]));
    const analyser = new StatementAnalyser(ctx, sqlTexts);
    const query = analyser.statement(node);
    const needs = secure(session, query, analyser);
    if (needs !== undefined) requireNeeds(session, needs);
    const columns = outputTargets(query).map(({ expr, name }) => ({
      name,
      type: expr.type === oid.unknown ? oid.text : expr.type,
      typmod: expr.typmod,
    }));
    if (wanted !== undefined && columns.length !== 1)
      throw new PgError("42601", `query returned ${columns.length} columns`);
    const carried = isCursor ? carryRows(query) : undefined;
    let value: Compiled | undefined;
    let hasSubquery = false;
    let throughText: Prepared["throughText"];
    if (query.command === "select" && isExpression(query)) {
      let { expr } = query.targets[0]!;
      hasSubquery = some(expr, ({ kind }) => kind === "sublink");
      if (wanted !== undefined && expr.type !== wanted.type) {
        const coerced = coerceToTarget(ctx, expr, wanted.type, wanted.typmod, "assignment", "implicit");
        if (coerced === undefined) throughText = { from: columns[0]!.type, to: wanted };
        else expr = coerced;
      } else if (wanted !== undefined && wanted.typmod >= 0)
        expr = coerceToTarget(ctx, expr, wanted.type, wanted.typmod, "assignment", "implicit") ?? expr;
      value = this.#planContext().compiler.compile(resolveUnknown(ctx, expr), new Scope(undefined));
    } else if (wanted !== undefined && (columns[0]!.type !== wanted.type || wanted.typmod >= 0))
      throughText = { from: columns[0]!.type, to: wanted };
    const plan =
      value !== undefined
        ? undefined
        : planStatement(
            {
              catalog,
              pushdown: session.settings.pushdown,
              systemRows: (relation, exec) => systemRows(session, relation, exec),
            },
            query,
          );
    return { ...base, query, plan, value, hasSubquery, throughText, columns, carried };
  }

  #runAny(prepared: Prepared, values: readonly Datum[]): Result {
    if (prepared.query !== undefined) return this.#run(prepared, values);
    const tag = tagOf(prepared.node);
    if (this.#isReadOnly)
      throw new PgError(
        "0A000",
        `${tag.replace(/Stmt$/, "").toUpperCase()} is not allowed in a non-volatile function`,
      );
    if (this.exec.work === undefined)
      throw notSupported(`${tag.replace(/Stmt$/, "")} in a read-only statement`);
    const rows = runInner(this.session, this.block, this.exec, prepared.node, values);
    return { columns: [], rows: rows ?? [], count: 0 };
  }

  #run(prepared: Prepared, values: readonly Datum[]): Result {
    const { query, columns, value } = prepared;
    if (value !== undefined) {
      const row = [value([], { exec: this.#execOf(prepared, values), row: [], outer: undefined })];
      return { columns, rows: [row], count: 1 };
    }
    const plan = prepared.plan!;
    if (plan.writes) this.#refuseWrites(plan);
    const exec = nestedExec(this.session, this.block, this.exec, values);
    for (const { table, rows } of this.#tables)
      exec.ctes.set(table, { rows: [...rows], done: true, source: undefined, working: undefined });
    const rows: Row[] = [];
    for (const row of plan.run(exec)) {
      if (row !== null) rows.push(row);
      else exec.check();
    }
    const isChange =
      query!.command !== "select" || query!.ctes.some(({ query: of }) => of.command !== "select");
    return { columns, rows, count: query!.command === "select" ? rows.length : exec.affected, isChange };
  }

  #refuseWrites(plan: Plan): void {
    const command = commandOf(plan);
    if (this.#isReadOnly && (plan.query.command !== "select" || plan.lock !== undefined))
      throw new PgError("0A000", `${command} is not allowed in a non-volatile function`);
    if (this.block.isReadOnly)
      throw new PgError("25006", `cannot execute ${command} in a read-only transaction`);
  }
}

const noNames: NameScope = { prepared: new Map(), resolve: () => undefined } as never;

/** SELECT of one expression, with nothing else. */
function isExpression(query: SelectQuery): boolean {
  return (
    query.targets.length === 1 &&
    query.from.length === 0 &&
    query.ctes.length === 0 &&
    query.where === undefined &&
    !query.grouped &&
    query.aggregates.length === 0 &&
    query.windows.length === 0 &&
    query.having === undefined &&
    query.distinct === undefined &&
    query.orderBy.length === 0 &&
    query.limit === undefined &&
    query.offset === undefined &&
    query.setOperation === undefined &&
    !query.targetSets
  );
}
