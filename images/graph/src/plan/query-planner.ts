import { isImportingWith, yieldedColumns } from "../analyse/query-analyser.ts";
import { containsAggregate, expressionKey, isAggregate, parts } from "../analyse/walk.ts";
import { findAggregate } from "../functions/aggregates.ts";
import { Aggregate, type AggregateCall } from "../operators/aggregate.ts";
import {
  Apply,
  Argument,
  type Assignment,
  Distinct,
  Eager,
  Exhaust,
  Filter,
  ForEachRow,
  Limit,
  Project,
  Skip,
  Sort,
  Union,
  Unwind,
} from "../operators/basic.ts";
import { ProcedureCall } from "../operators/calls.ts";
import { LoadCsv } from "../operators/load-csv.ts";
import { TransactionalCall } from "../operators/transactional-call.ts";
import { Merge, UpdateRows } from "../operators/updates.ts";
import type {
  CallProcedure,
  CallSubquery,
  Clause,
  Expr,
  Projection,
  ProjectionItem,
  Query,
  SingleQuery,
} from "../parse/ast.ts";
import type { FindProcedure } from "../procedures/definition.ts";
import type { Evaluate, Operator, Row } from "../runtime/context.ts";
import type { Schema } from "../storage/schema.ts";
import type { Value } from "../values/types.ts";
import { csvPlaces, Frame, isHidden, Names } from "./frame.ts";
import { UpdatePlanner } from "./update-planner.ts";

export interface Column {
  readonly name: string;
  readonly slot: number;
}

/** A query that can be run. */
export interface QueryPlan {
  readonly root: Operator;
  readonly columns: readonly Column[];
  /** How many places a row has. */
  readonly width: number;
  /** Whether it changes the graph itself, beside what its subqueries do in transactions of their own. */
  readonly writes: boolean;
  /** Subqueries that run in transactions of their own, in the order in which they come. */
  readonly transactionalCalls: readonly TransactionalCall[];
}

/** A plan with what it returns. */
interface Planned {
  readonly plan: Operator;
  readonly columns: readonly Column[];
  readonly writes: boolean;
}

/** A part of a query while it is planned. */
interface Progress {
  plan: Operator;
  names: Names;
  writes: boolean;
  /** What a subquery has from outside: every part of it sees that. */
  readonly imported: Names;
}

/** Plans whole queries, clause by clause. */
export class QueryPlanner extends UpdatePlanner {
  protected readonly frame = new Frame();
  protected readonly schema: Schema;
  readonly #findProcedure: FindProcedure;
  readonly #transactionalCalls: TransactionalCall[] = [];

  constructor(schema: Schema, findProcedure: FindProcedure) {
    super();
    this.schema = schema;
    this.#findProcedure = findProcedure;
  }

  plan(query: Query): QueryPlan {
    const { plan, columns, writes } = this.#query(query, new Names(), true);
    const root = columns.length === 0 ? new Exhaust(plan) : plan;
    const transactionalCalls = this.#transactionalCalls;
    return { root, columns, width: this.frame.width, writes, transactionalCalls };
  }

  protected subqueryPlan(query: Query, names: Names): { plan: Operator; slots: readonly number[] } {
    const { plan, columns } = this.#query(query, names, false);
    return { plan, slots: columns.map(({ slot }) => slot) };
  }

  #query(query: Query, names: Names, isStatement: boolean): Planned {
    const planned = query.parts.map((part) =>
      this.#single(part, names, isStatement && query.parts.length === 1),
    );
    const [first] = planned;
    if (planned.length === 1) return first!;
    const columns = first!.columns.map(({ name }) => ({ name, slot: this.frame.add() }));
    const mappings = planned.map((part) =>
      columns.map(
        ({ name, slot }) => [part.columns.find((column) => column.name === name)!.slot, slot] as const,
      ),
    );
    const writes = planned.some((part) => part.writes);
    let plan: Operator = new Union(
      planned.map((part) => part.plan),
      mappings,
    );
    if (!query.unionAll[0])
      plan = new Distinct(
        plan,
        columns.map(({ slot }) => slot),
      );
    return { plan, columns, writes };
  }

  #single({ clauses }: SingleQuery, names: Names, isStatement: boolean): Planned {
    const progress: Progress = { plan: new Argument(), names: names.copy(), writes: false, imported: names };
    let columns: readonly Column[] = [];
    for (const clause of clauses) {
      if (clause.kind === "return") columns = this.#return(clause.projection, progress);
      else if (clause.kind === "call" && isStatement && clauses.length === 1)
        columns = this.#procedure(clause, progress);
      else this.#clause(clause, progress);
    }
    return { plan: progress.plan, columns, writes: progress.writes };
  }

  #clause(clause: Exclude<Clause, { kind: "return" }>, progress: Progress): void {
    switch (clause.kind) {
      case "match":
        this.#match(clause, progress);
        return;
      case "unwind": {
        const { list } = clause;
        const slot = this.frame.add();
        const isRange = list.kind === "call" && list.name.toLowerCase() === "range" && list.args.length === 2;
        const range = isRange
          ? ([
              this.compile(list.args[0]!, progress.names),
              this.compile(list.args[1]!, progress.names),
            ] as const)
          : undefined;
        const { plan, names } = this.withLoops(progress.plan, [list], progress.names);
        progress.plan = new Unwind(plan, this.compile(list, names), slot, range);
        progress.names = progress.names.with(clause.variable, slot);
        return;
      }
      case "with": {
        const before = progress.names;
        this.#project(clause.projection, progress, clause.where, before);
        progress.names = progress.names.within(progress.imported);
        return;
      }
      case "create":
      case "merge":
      case "set":
      case "remove":
      case "delete":
      case "foreach":
        this.#update(clause, progress);
        return;
      case "call":
        this.#procedure(clause, progress);
        return;
      case "subquery":
        this.#callSubquery(clause, progress);
        return;
      case "loadCsv": {
        const places = { line: this.frame.add(), number: this.frame.add(), file: this.frame.add() };
        progress.plan = new LoadCsv(
          progress.plan,
          this.compile(clause.source, progress.names),
          places,
          clause.withHeaders,
          clause.separator ?? ",",
        );
        progress.names = progress.names
          .with(clause.variable, places.line)
          .with(csvPlaces.linenumber, places.number)
          .with(csvPlaces.file, places.file);
        return;
      }
      case "finish":
        progress.plan = new Exhaust(progress.plan);
        return;
    }
  }

  #match(clause: Extract<Clause, { kind: "match" }>, progress: Progress): void {
    if (!clause.isOptional) {
      Object.assign(progress, this.match(progress.plan, clause.patterns, clause.where, progress.names));
      return;
    }
    const before = progress.names;
    const inner = this.match(new Argument(), clause.patterns, clause.where, before);
    const optional = inner.names.entries
      .filter(([name]) => before.slot(name) === undefined)
      .map(([, slot]) => slot);
    progress.plan = new Apply(progress.plan, inner.plan, { optional });
    progress.names = inner.names;
  }

  // ---- writing -----------------------------------------------------------------------------------------------------

  #update(
    clause: Extract<Clause, { kind: "create" | "merge" | "set" | "remove" | "delete" | "foreach" }>,
    progress: Progress,
  ): void {
    progress.writes = true;
    const { names, plan } = progress;
    switch (clause.kind) {
      case "create": {
        let known = names;
        const updates = clause.patterns.map((pattern) => {
          const made = this.creation(pattern, known, false);
          known = made.names;
          return made.update;
        });
        progress.plan = new UpdateRows("Create", plan, updates);
        progress.names = known;
        return;
      }
      case "merge": {
        // What the match finds and what is made go to the same places.
        const matched = this.match(new Argument(), [clause.pattern], undefined, names);
        const made = this.creation(clause.pattern, names, true);
        const moves = made.names.entries
          .filter(([name]) => names.slot(name) === undefined)
          .map(([name, from]) => [from, matched.names.slot(name)!] as const);
        const create = (row: Row, ctx: Parameters<typeof made.update>[1]): void => {
          made.update(row, ctx);
          for (const [from, to] of moves) row[to] = row[from];
        };
        progress.names = new Names(
          matched.names.entries.filter(([name]) => !name.startsWith(" ") || isHidden(name)),
        );
        const onCreate = clause.onCreate.map((item) => this.assignment(item, progress.names));
        const onMatch = clause.onMatch.map((item) => this.assignment(item, progress.names));
        progress.plan = new Merge(plan, matched.plan, { check: made.check, create, onCreate, onMatch });
        return;
      }
      case "set":
        progress.plan = new UpdateRows(
          "SetProperty",
          plan,
          clause.items.map((item) => this.assignment(item, names)),
        );
        return;
      case "remove":
        progress.plan = new UpdateRows(
          "RemoveProperty",
          plan,
          clause.items.map((item) => this.removal(item, names)),
        );
        return;
      case "delete":
        progress.plan = new UpdateRows(
          clause.isDetach ? "DetachDelete" : "Delete",
          plan,
          clause.expressions.map((item) => this.deletion(item, names, clause.isDetach)),
        );
        return;
      case "foreach": {
        const slot = this.frame.add();
        const inner: Progress = {
          plan: new Unwind(new Argument(), this.compile(clause.list, names), slot, undefined),
          names: names.with(clause.variable, slot),
          writes: true,
          imported: progress.imported,
        };
        for (const part of clause.clauses) this.#clause(part as Exclude<Clause, { kind: "return" }>, inner);
        progress.plan = new ForEachRow("Foreach", plan, inner.plan);
        return;
      }
    }
  }

  // ---- CALL --------------------------------------------------------------------------------------------------------

  #procedure(clause: CallProcedure, progress: Progress): readonly Column[] {
    const definition = this.#findProcedure(clause.name)!;
    const { names } = progress;
    const args = definition.args.map((argument, index): Evaluate => {
      if (clause.args === undefined)
        return (_row, ctx) =>
          ctx.parameters.get(argument.name) ?? argument.fallback ?? ctx.parameter(argument.name);
      const given = clause.args[index];
      if (given !== undefined) return this.compile(given, names);
      const { fallback = null } = argument;
      return () => fallback;
    });
    const known = names.copy();
    const columns: Column[] = [];
    const places: (readonly [number, number])[] = [];
    for (const { name, alias } of yieldedColumns(clause, definition)) {
      const slot = this.frame.add();
      places.push([definition.columns.findIndex((column) => column.name === name), slot]);
      columns.push({ name: alias ?? name, slot });
      known.set(alias ?? name, slot);
    }
    if (definition.mode === "WRITE" || definition.mode === "SCHEMA") {
      progress.writes = true;
      progress.plan = new Eager(
        new ProcedureCall(new Eager(progress.plan), definition, args, places, clause.isOptional),
      );
    } else progress.plan = new ProcedureCall(progress.plan, definition, args, places, clause.isOptional);
    progress.names = known;
    if (clause.where !== undefined)
      progress.plan = new Filter(progress.plan, this.condition(clause.where, known));
    return columns;
  }

  #callSubquery(clause: CallSubquery, progress: Progress): void {
    const { names } = progress;
    let inner: Planned;
    if (clause.imports === undefined) inner = this.#importingQuery(clause.query, names);
    else {
      const imported = new Names(
        names.entries.filter(
          ([name]) =>
            clause.imports === "all" ||
            isHidden(name) ||
            (clause.imports as readonly { name: string }[]).some((item) => item.name === name),
        ),
      );
      inner = this.#query(clause.query, imported, false);
    }
    inner = this.#withOwnPlaces(inner, names);
    const returned = inner.columns.map(({ slot }) => slot);
    const known = names.copy();
    for (const { name, slot } of inner.columns) known.set(name, slot);
    progress.names = known;
    if (clause.inTransactions !== undefined) {
      this.#callInTransactions(clause, inner, progress);
      return;
    }
    if (inner.columns.length === 0) {
      // A subquery that returns nothing changes no rows: it runs for what it does.
      progress.plan = new ForEachRow("SubqueryForeach", progress.plan, inner.plan);
      progress.writes ||= inner.writes;
    } else {
      const source = inner.writes ? new Eager(progress.plan) : progress.plan;
      const optional = clause.isOptional ? returned : undefined;
      const plan = new Apply(source, inner.plan, { returned, ...(optional && { optional }) });
      progress.plan = inner.writes ? new Eager(plan) : plan;
      progress.writes ||= inner.writes;
    }
  }

  /** What a subquery returns must not stand where the query has a variable of its own, which it may only have renamed. */
  #withOwnPlaces(inner: Planned, outer: Names): Planned {
    const taken = new Set(outer.entries.map(([, slot]) => slot));
    if (!inner.columns.some(({ slot }) => taken.has(slot))) return inner;
    const moves = inner.columns.map(({ name, slot }) => ({ name, from: slot, slot: this.frame.add() }));
    const assignments = moves.map(({ from, slot }) => ({
      slot,
      evaluate: (row: Row) => row[from] as Value,
    }));
    return { ...inner, plan: new Project(inner.plan, assignments), columns: moves };
  }

  #callInTransactions(clause: CallSubquery, inner: Planned, progress: Progress): void {
    const { rows, onError, reportAs } = clause.inTransactions!;
    const returned = inner.columns.map(({ slot }) => slot);
    let status: number | undefined;
    if (reportAs !== undefined) {
      status = this.frame.add();
      progress.names.set(reportAs, status);
    }
    const call = new TransactionalCall(progress.plan, inner.plan, {
      batchSize: rows === undefined ? undefined : this.compile(rows, new Names()),
      onError,
      returned,
      isOptional: clause.isOptional,
      status,
    });
    this.#transactionalCalls.push(call);
    progress.plan = call;
  }

  #importingQuery(query: Query, names: Names): Planned {
    const planned = query.parts.map((part) => {
      const [first] = part.clauses;
      const imports =
        first?.kind === "with" && isImportingWith(first.projection) && first.where === undefined;
      return this.#single(part, imports ? names : new Names(), false);
    });
    if (planned.length === 1) return planned[0]!;
    const columns = planned[0]!.columns.map(({ name }) => ({ name, slot: this.frame.add() }));
    const mappings = planned.map((part) =>
      columns.map(
        ({ name, slot }) => [part.columns.find((column) => column.name === name)!.slot, slot] as const,
      ),
    );
    let plan: Operator = new Union(
      planned.map((part) => part.plan),
      mappings,
    );
    if (!query.unionAll[0])
      plan = new Distinct(
        plan,
        columns.map(({ slot }) => slot),
      );
    return { plan, columns, writes: planned.some((part) => part.writes) };
  }

  // ---- projections -------------------------------------------------------------------------------------------------

  #return(projection: Projection, progress: Progress): readonly Column[] {
    const before = progress.names;
    return this.#project(projection, progress, undefined, before);
  }

  #columnName({ expression, alias, text }: ProjectionItem): string {
    return alias ?? (expression.kind === "variable" ? expression.name : text);
  }

  #project(
    projection: Projection,
    progress: Progress,
    where: Expr | undefined,
    before: Names,
  ): readonly Column[] {
    const items: { readonly name: string; readonly expression: Expr }[] = [];
    if (projection.includesAll) {
      const own = new Set(projection.items.map((item) => this.#columnName(item)));
      for (const [name] of before.entries
        .filter(([name]) => !name.startsWith(" ") && !own.has(name))
        .sort(([a], [b]) => (a < b ? -1 : 1)))
        items.push({ name, expression: { kind: "variable", at: 0, name } });
    }
    for (const item of projection.items)
      items.push({ name: this.#columnName(item), expression: item.expression });
    const isAggregating = items.some(({ expression }) => containsAggregate(expression));
    const columns: Column[] = [];
    let sorting: Names;
    if (isAggregating) sorting = this.#aggregate(items, projection, progress, before, columns);
    else sorting = this.#plain(items, progress, before, columns);
    // The line of a CSV file that a row is from goes with it, as long as there is one.
    const hidden = isAggregating ? [] : before.entries.filter(([name]) => isHidden(name));
    const after = new Names([...hidden, ...columns.map(({ name, slot }) => [name, slot] as const)]);
    if (projection.isDistinct) {
      progress.plan = new Distinct(
        progress.plan,
        columns.map(({ slot }) => slot),
      );
      if (!isAggregating) sorting = this.#knownItems(items, columns, after);
    }
    sorting = sorting.within(progress.imported);
    this.#sortAndBound(projection, progress, sorting);
    if (where !== undefined) {
      const visible = isAggregating || projection.isDistinct ? sorting : before.and(after);
      const { plan, names } = this.withLoops(progress.plan, [where], visible);
      progress.plan = new Filter(plan, this.condition(where, names));
    }
    progress.names = after;
    return columns;
  }

  /** Names, and the projected expressions as they were written, for ORDER BY. */
  #knownItems(
    items: readonly { readonly expression: Expr }[],
    columns: readonly Column[],
    names: Names,
  ): Names {
    const known = new Map<string, number>();
    for (const [index, { expression }] of items.entries()) {
      if (expression.kind !== "literal") known.set(expressionKey(expression), columns[index]!.slot);
    }
    return names.withKnown(known);
  }

  #plain(
    items: readonly { readonly name: string; readonly expression: Expr }[],
    progress: Progress,
    before: Names,
    columns: Column[],
  ): Names {
    const assignments: Assignment[] = [];
    const computed = this.withLoops(
      progress.plan,
      items.map(({ expression }) => expression),
      before,
    );
    progress.plan = computed.plan;
    for (const { name, expression } of items) {
      const same = expression.kind === "variable" ? before.slot(expression.name) : undefined;
      if (same !== undefined) {
        columns.push({ name, slot: same });
        continue;
      }
      const slot = this.frame.add();
      assignments.push({ slot, evaluate: this.compile(expression, computed.names) });
      columns.push({ name, slot });
    }
    if (assignments.length > 0) progress.plan = new Project(progress.plan, assignments);
    return before.and(new Names(columns.map(({ name, slot }) => [name, slot] as const)));
  }

  #aggregate(
    items: readonly { readonly name: string; readonly expression: Expr }[],
    projection: Projection,
    progress: Progress,
    before: Names,
    columns: Column[],
  ): Names {
    const known = new Map<string, number>();
    const keys: Assignment[] = [];
    const calls: AggregateCall[] = [];
    const slots = new Map<string, number>();
    const taken = items.flatMap(({ expression }) =>
      containsAggregate(expression) ? aggregated(expression) : [expression],
    );
    const computed = this.withLoops(progress.plan, taken, before);
    progress.plan = computed.plan;
    for (const { name, expression } of items) {
      if (containsAggregate(expression)) continue;
      const slot = this.frame.add();
      keys.push({ slot, evaluate: this.compile(expression, computed.names) });
      slots.set(name, slot);
      if (expression.kind !== "literal") known.set(expressionKey(expression), slot);
    }
    const gather = (expression: Expr): void => {
      if (!isAggregate(expression)) {
        for (const part of parts(expression)) gather(part);
        return;
      }
      const key = expressionKey(expression);
      if (known.has(key)) return;
      const slot = this.frame.add();
      known.set(key, slot);
      const definition = expression.kind === "call" ? findAggregate(expression.name) : undefined;
      const args =
        expression.kind === "call" ? expression.args.map((arg) => this.compile(arg, computed.names)) : [];
      calls.push({ slot, definition, isDistinct: expression.kind === "call" && expression.isDistinct, args });
    };
    for (const { expression } of items) if (containsAggregate(expression)) gather(expression);
    for (const { expression } of projection.orderBy) if (containsAggregate(expression)) gather(expression);
    progress.plan = new Aggregate(progress.plan, keys, calls);
    // Variables that are keys stay what they are for what stands beside an aggregate.
    const grouped = new Names(
      items.flatMap(({ name, expression }) => {
        const slot = slots.get(name);
        if (slot === undefined) return [];
        return expression.kind === "variable"
          ? [[name, slot] as const, [expression.name, slot] as const]
          : [[name, slot] as const];
      }),
      known,
    );
    const assignments: Assignment[] = [];
    for (const { name, expression } of items) {
      let slot = slots.get(name);
      if (slot === undefined) {
        slot = this.frame.add();
        assignments.push({ slot, evaluate: this.compile(expression, grouped) });
      }
      columns.push({ name, slot });
    }
    if (assignments.length > 0) progress.plan = new Project(progress.plan, assignments);
    for (const [index, { expression }] of items.entries())
      known.set(expressionKey(expression), columns[index]!.slot);
    return grouped.and(new Names(columns.map(({ name, slot }) => [name, slot] as const))).withKnown(known);
  }

  #sortAndBound({ orderBy, skip, limit }: Projection, progress: Progress, names: Names): void {
    const none = new Names();
    const limited = limit === undefined ? undefined : this.compile(limit, none);
    if (orderBy.length > 0) {
      const keys = orderBy.map(({ expression, isDescending }) => ({
        evaluate: this.compile(expression, names),
        isDescending,
      }));
      const bound = skip === undefined ? limited : undefined;
      const isSure = limit?.kind === "literal";
      progress.plan = new Sort(progress.plan, keys, isSure ? bound : undefined);
    }
    if (skip !== undefined) progress.plan = new Skip(progress.plan, this.compile(skip, none));
    if (limited !== undefined) progress.plan = new Limit(progress.plan, limited, progress.writes);
  }
}

/** What the aggregates of an expression are made of. */
function aggregated(expression: Expr): readonly Expr[] {
  if (isAggregate(expression)) return parts(expression);
  return parts(expression).flatMap(aggregated);
}
