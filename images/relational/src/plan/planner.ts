import { type SqlValue, statement } from "@weftkit/store";
import type { Cte, Query, RangeEntry, RowLock } from "../analyse/expr.ts";
import { lockWords } from "../analyse/row-locks.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Relation } from "../catalog/model.ts";
import { ancestorsOf, leavesOf, treeOf } from "../catalog/partitions.ts";
import { Compiler } from "../run/compile.ts";
import type { Exec, Rows } from "../run/exec.ts";
import type { Scope } from "../run/scope.ts";
import { tableName } from "../storage/tables.ts";
import type { Row } from "../types/datum.ts";
import { entriesOfNode } from "./conjuncts.ts";
import type { CompiledQuery, PlanContext } from "./context.ts";
import { planDelete, planInsert, planMerge, planUpdate } from "./modify.ts";
import { PartitionedChanger } from "./partitioned-changer.ts";
import { readerOf } from "./scan.ts";
import { planSelect } from "./select.ts";
import { compileSubLink } from "./sublinks.ts";

export interface PlannerOptions {
  readonly catalog: Catalog;
  readonly pushdown: boolean;
  systemRows(relation: Relation, exec: Exec): Iterable<Row>;
}

export function makePlanContext({ catalog, pushdown, systemRows }: PlannerOptions): PlanContext {
  const ctx: PlanContext = {
    catalog,
    pushdown,
    systemRows,
    ctes: new Map<Cte, CompiledQuery>(),
    changers: new Map(),
    partitionedChanger: (relation) => new PartitionedChanger(ctx, relation),
    locks: [],
    compiler: new Compiler(catalog, (link, scope, compiler) => compileSubLink(ctx, link, scope, compiler)),
    query: (query, parent) => plan(ctx, query, parent),
  };
  return ctx;
}

function plan(ctx: PlanContext, query: Query, parent: Scope | undefined): CompiledQuery {
  switch (query.command) {
    case "select":
      return planSelect(ctx, query, parent);
    case "insert":
      return planInsert(ctx, query, parent);
    case "update":
      return planUpdate(ctx, query, parent);
    case "delete":
      return planDelete(ctx, query, parent);
    default:
      return planMerge(ctx, query, parent);
  }
}

/** A statement that can run. */
export interface Plan {
  readonly query: Query;
  readonly width: number;
  /** Whether it needs the writer: it changes rows, locks them, or takes from sequences. */
  readonly writes: boolean;
  /** The first of its locks, if it has FOR UPDATE or the like. */
  readonly lock: RowLock | undefined;
  /** Runs everything, what has to be done at the end of the statement too. */
  run(exec: Exec): Rows;
}

/** A command as messages name it: one that locks is no plain SELECT. */
export function commandOf({ query, lock }: Plan): string {
  const command = query.command.toUpperCase();
  return query.command === "select" && lock !== undefined ? `SELECT ${lockWords[lock.strength]}` : command;
}

export function planStatement(options: PlannerOptions, query: Query): Plan {
  const ctx = makePlanContext(options);
  const compiled = ctx.query(query, undefined);
  const modifying = query.ctes.filter((cte) => cte.query.command !== "select");
  const frozen = modifying.length === 0 ? [] : tablesRead(options.catalog, query, modifying);
  return {
    query,
    width: compiled.width,
    writes: writes(query) || ctx.locks.length > 0,
    lock: ctx.locks[0],
    *run(exec) {
      for (const entry of frozen) yield* freeze(ctx, entry, exec);
      if (modifying.length === 0) {
        yield* compiled.run(exec, undefined);
      } else {
        // Changes in WITH happen whether they are read or not, and all of them before the events at the end.
        const rows: Row[] = [];
        for (const row of compiled.run(exec, undefined)) {
          if (row === null) yield null;
          else rows.push(row);
        }
        const { affected } = exec;
        for (const cte of modifying) yield* drain(ctx, cte, exec);
        exec.affected = affected;
        yield* finish(exec);
        yield* rows;
        return;
      }
      yield* finish(exec);
    },
  };
}

function* drain(ctx: PlanContext, cte: Cte, exec: Exec): Generator<null, void, void> {
  let state = exec.ctes.get(cte);
  if (state === undefined) {
    state = { rows: [], done: false, source: ctx.ctes.get(cte)!.run(exec, undefined), working: undefined };
    exec.ctes.set(cte, state);
  }
  while (!state.done) {
    const next = state.source!.next();
    if (next.done === true) state.done = true;
    else if (next.value === null) yield null;
    else state.rows.push(next.value);
  }
}

/** Checks of references and their actions, which may bring more of the like. */
export function* finish(exec: Exec): Generator<null, void, void> {
  let count = 0;
  while (exec.events.length > 0) {
    const events = exec.events.splice(0);
    for (const event of events) {
      event(exec);
      if (++count % 64 === 0) yield null;
    }
  }
}

function writes(query: Query): boolean {
  if (query.command !== "select") return true;
  if (query.ctes.some((cte) => writes(cte.query))) return true;
  if (query.setOperation !== undefined)
    return writes(query.setOperation.left) || writes(query.setOperation.right);
  return query.from.some((node) =>
    entriesOfNode(node).some((entry) => entry.query !== undefined && writes(entry.query)),
  );
}

/** Entries of tables that some part of the statement changes and another reads: they are read as they were before. */
function tablesRead(catalog: Catalog, query: Query, modifying: readonly Cte[]): RangeEntry[] {
  const changed = new Set<number>();
  for (const cte of modifying) if (cte.query.command !== "select") changed.add(cte.query.relation.oid);
  if (query.command !== "select") changed.add(query.relation.oid);
  // A change of a partition is one of all tables that it is in, and the other way round.
  for (const id of [...changed]) {
    const relation = catalog.get("relation", id);
    if (relation === undefined) continue;
    for (const { oid } of [...ancestorsOf(catalog, relation), ...treeOf(catalog, relation)]) changed.add(oid);
  }
  const found = new Map<number, RangeEntry>();
  const visit = (value: unknown, seen: Set<unknown>): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    const entry = value as Partial<RangeEntry>;
    if (entry.kind === "table" && entry.relation !== undefined && changed.has(entry.relation.oid))
      found.set(entry.relation.oid, value as RangeEntry);
    if (value instanceof Map || value instanceof Set) for (const item of value.values()) visit(item, seen);
    else for (const item of Object.values(value)) visit(item, seen);
  };
  visit(query, new Set());
  return [...found.values()];
}

function* freeze(ctx: PlanContext, entry: RangeEntry, exec: Exec): Generator<null, void, void> {
  const relation = entry.relation!;
  if (exec.frozen.has(relation.oid)) return;
  const rows: Row[] = [];
  for (const table of leavesOf(ctx.catalog, relation)) yield* readAll(ctx, entry, table, exec, rows);
  exec.frozen.set(relation.oid, rows);
}

function* readAll(
  ctx: PlanContext,
  entry: RangeEntry,
  table: Relation,
  exec: Exec,
  rows: Row[],
): Generator<null, void, void> {
  const reader = readerOf(ctx, entry, "all", table);
  let last: SqlValue = 0;
  while (true) {
    const sql = `SELECT ${reader.select} FROM ${tableName(table.oid)} WHERE rowid_ > ? ORDER BY rowid_ LIMIT 2000`;
    const raw = statement(exec.db, sql, { raw: true, safeIntegers: true }).all(last) as SqlValue[][];
    for (const values of raw) rows.push(reader.read(values, exec));
    if (raw.length < 2000) return;
    last = raw.at(-1)![0]!;
    yield null;
  }
}
