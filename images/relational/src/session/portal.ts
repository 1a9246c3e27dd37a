import type { Snapshot } from "@weftkit/store";
import type { Catalog } from "../catalog/catalog.ts";
import type { Proc, Relation } from "../catalog/model.ts";
import { leavesOf } from "../catalog/partitions.ts";
import { PgError } from "../errors.ts";
import { commandOf, type Plan } from "../plan/planner.ts";
import type { Exec, Rows } from "../run/exec.ts";
import { tableName } from "../storage/tables.ts";
import type { Datum, Row } from "../types/datum.ts";
import type { Block } from "./block.ts";
import { nowMicros } from "./clock.ts";
import { requireDefinitions, underDefinitions } from "./definitions.ts";
import { makeExec } from "./exec.ts";
import { checkNotFailed, currentPlan, type PreparedStatement } from "./prepare.ts";
import { checkOf, Finished, type Limits, type Running, runLimited } from "./running.ts";
import type { SessionState } from "./state.ts";
import type { FetchResult, Portal, ResultColumn } from "./types.ts";
import { runOnWriter } from "./write.ts";

/** So long a read has the event loop for itself. */
const sliceMs = 8;

export function openPortal(
  session: SessionState,
  prepared: PreparedStatement,
  params: readonly Datum[],
): Portal {
  checkNotFailed(session, prepared.statement?.node);
  return new StatementPortal(session, prepared, params);
}

class StatementPortal implements Portal {
  readonly prepared: PreparedStatement;
  readonly #session: SessionState;
  readonly #params: readonly Datum[];
  #running: Running | undefined;
  #isDone = false;

  constructor(session: SessionState, prepared: PreparedStatement, params: readonly Datum[]) {
    this.#session = session;
    this.prepared = prepared;
    this.#params = params;
  }

  get columns(): readonly ResultColumn[] | undefined {
    return this.prepared.columns;
  }

  async fetch(maxRows: number): Promise<FetchResult> {
    const { prepared } = this;
    if (prepared.isEmpty) return { rows: [], done: true, tag: "" };
    const session = this.#session;
    try {
      if (this.#isDone) return { rows: [], done: true, tag: this.#running?.tag(0) ?? "SELECT 0" };
      checkNotFailed(session, prepared.statement?.node);
      if (this.#running === undefined) {
        session.currentQuery = prepared.source;
        session.queryStartedAt = Number(nowMicros());
        this.#running = await this.#start();
      }
      const result = await this.#running.fetch(maxRows);
      this.#isDone = result.done;
      return result;
    } catch (error) {
      this.close();
      await session.fail();
      throw session.report(error, prepared.statement, prepared.source);
    }
  }

  async #start(): Promise<Running> {
    const session = this.#session;
    const { utility } = this.prepared;
    if (utility !== undefined)
      return new Finished(await runLimited(session, (limits) => utility.run(this.#params, limits)));
    const block = session.transactions.current();
    return underDefinitions(() => runPlan(session, block, currentPlan(session, this.prepared), this.#params));
  }

  close(): void {
    this.#running?.close();
    this.#isDone = true;
  }
}

function tagOf(plan: Plan, affected: number): string | ((count: number) => string) {
  switch (plan.query.command) {
    case "select":
      return (count) => `SELECT ${count}`;
    case "insert":
      return `INSERT 0 ${affected}`;
    default:
      return `${plan.query.command.toUpperCase()} ${affected}`;
  }
}

/** Whether a plan may take from sequences or change settings: then it must be written down. */
export async function runPlan(
  session: SessionState,
  block: Block,
  plan: Plan,
  params: readonly Datum[],
): Promise<Running> {
  if (block.isReadOnly && (plan.query.command !== "select" || plan.lock !== undefined))
    throw new PgError("25006", `cannot execute ${commandOf(plan)} in a read-only transaction`);
  if (block.isolation === "serializable")
    for (const table of tablesOf(session.catalog, plan)) block.readTables.add(table);
  block.hasQueried = true;
  if (
    block.isolation !== "read committed" &&
    block.snapshot === undefined &&
    block.transaction?.hasChanges !== true
  )
    block.snapshot = await session.database.store.snapshot();
  const { catalog } = session;
  const ownChanges = block.transaction?.hasChanges === true && block.snapshot === undefined;
  if (!plan.writes && !hasEffects(plan) && !ownChanges && block.transaction?.isHolding !== true)
    return startRead(session, block, plan, params);
  const { rows, affected } = await runOnWriter(session, block, params, function* (exec) {
    requireDefinitions(exec.catalog, catalog);
    const found: Row[] = [];
    for (const row of plan.run(exec)) {
      if (row === null) yield;
      else found.push(row);
    }
    return { rows: found, affected: exec.affected };
  });
  return new Finished({ rows, tag: tagOf(plan, affected) });
}

const planTables = new WeakMap<Plan, readonly string[]>();

/** The tables that are anywhere in a query, as the store names them; one that is only written is among them. */
function tablesOf(catalog: Catalog, plan: Plan): readonly string[] {
  let tables = planTables.get(plan);
  if (tables === undefined) {
    const found = new Set<string>();
    collectTables(catalog, plan.query, new Set(), found);
    tables = [...found];
    planTables.set(plan, tables);
  }
  return tables;
}

function collectTables(catalog: Catalog, value: unknown, seen: Set<unknown>, found: Set<string>): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  const { oid, columns, typeOid } = value as Partial<Relation>;
  if (oid !== undefined && columns !== undefined && typeOid !== undefined) {
    for (const leaf of leavesOf(catalog, value as Relation)) found.add(tableName(leaf.oid));
    return;
  }
  for (const item of value instanceof Map ? value.values() : Object.values(value))
    collectTables(catalog, item, seen, found);
}

const effects = new WeakMap<Plan, boolean>();

/** Functions of the system that change something or wait: sequences, pg_sleep, advisory locks, replication slots. */
const effective =
  /^(nextval|setval|pg_sleep|pg_export_snapshot)$|advisory|^pg_(logical_slot|replication_slot|drop_replication|create_logical)/;

/** Whether a plan calls what changes something or waits, volatile routines among them. */
function hasEffects(plan: Plan): boolean {
  let known = effects.get(plan);
  if (known === undefined) {
    known = callsAny(plan.query, new Set(), ({ name, language, volatility }) =>
      language === undefined ? effective.test(name) : volatility === "v",
    );
    effects.set(plan, known);
  }
  return known;
}

/** Whether a function that fits is called anywhere in a query. */
function callsAny(value: unknown, seen: Set<unknown>, fits: (proc: Proc) => boolean): boolean {
  if (typeof value !== "object" || value === null || seen.has(value)) return false;
  seen.add(value);
  const { kind, proc } = value as { kind?: string; proc?: Proc };
  if (kind === "func" && proc !== undefined && fits(proc)) return true;
  if (value instanceof Map) return [...value.values()].some((item) => callsAny(item, seen, fits));
  return Object.values(value).some((item) => callsAny(item, seen, fits));
}

/** What a read may give, and take, to be done in one go on a reader that is there; others get a snapshot of their own. */
const briefRowsMax = 200;
const briefMs = 4;

/** All rows of a query, if they are few and come at once; else undefined, and nothing has happened. */
function briefRows(
  session: SessionState,
  block: Block,
  db: Exec["db"],
  plan: Plan,
  params: readonly Datum[],
  catalog: Catalog,
  limits: Limits,
): Row[] | undefined {
  const rows: Row[] = [];
  const ends = performance.now() + briefMs;
  const exec = makeExec(session, block, db, undefined, params);
  requireDefinitions(exec.catalog, catalog);
  exec.check = checkOf(limits);
  for (const row of plan.run(exec)) {
    if (row !== null) rows.push(row);
    if (rows.length > briefRowsMax || (row === null && performance.now() >= ends)) return undefined;
  }
  return rows;
}

async function startRead(
  session: SessionState,
  block: Block,
  plan: Plan,
  params: readonly Datum[],
): Promise<Running> {
  const { catalog } = session;
  if (block.snapshot === undefined) {
    const rows = await runLimited(session, (limits) =>
      session.database.store.read(
        (db) => briefRows(session, block, db, plan, params, catalog, limits),
        limits,
      ),
    );
    if (rows !== undefined) return new Finished({ rows, tag: (count) => `SELECT ${count}` });
  }
  if (block.snapshot !== undefined) return new Reading(session, block, plan, params, block.snapshot, false);
  const snapshot = await session.database.store.snapshot();
  try {
    requireDefinitions(session.catalog, catalog);
  } catch (error) {
    snapshot.release();
    throw error;
  }
  return new Reading(session, block, plan, params, snapshot, true);
}

/** A SELECT on a snapshot: rows come as they are asked for. */
class Reading implements Running {
  readonly #session: SessionState;
  readonly #snapshot: Snapshot;
  readonly #ownsSnapshot: boolean;
  readonly #plan: Plan;
  readonly #block: Block;
  readonly #params: readonly Datum[];
  #exec: Exec | undefined;
  #rows: Rows | undefined;
  #isReleased = false;
  #next: Row | undefined;

  constructor(
    session: SessionState,
    block: Block,
    plan: Plan,
    params: readonly Datum[],
    snapshot: Snapshot,
    ownsSnapshot: boolean,
  ) {
    this.#session = session;
    this.#block = block;
    this.#plan = plan;
    this.#params = params;
    this.#snapshot = snapshot;
    this.#ownsSnapshot = ownsSnapshot;
  }

  async fetch(maxRows: number): Promise<FetchResult> {
    const rows: Row[] = [];
    try {
      const isOver = await runLimited(this.#session, async (limits) => {
        while (true) {
          const state = await this.#snapshot.read((db) => this.#slice(db, rows, maxRows, limits), limits);
          if (state !== "paused") return state === "over";
          await new Promise<void>((resolve) => setImmediate(resolve));
          checkOf(limits)();
        }
      });
      if (isOver) this.close();
      return { rows, done: isOver, tag: isOver ? this.tag(rows.length) : undefined };
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #slice(db: Exec["db"], rows: Row[], maxRows: number, limits: Limits): "paused" | "full" | "over" {
    if (this.#exec === undefined) {
      this.#exec = makeExec(this.#session, this.#block, db, undefined, this.#params);
      this.#rows = this.#plan.run(this.#exec);
    }
    this.#exec.db = db;
    this.#exec.check = checkOf(limits);
    const ends = performance.now() + sliceMs;
    if (this.#next !== undefined) {
      rows.push(this.#next);
      this.#next = undefined;
    }
    while (true) {
      if (maxRows > 0 && rows.length >= maxRows) return "full";
      const step = this.#rows!.next();
      if (step.done === true) return "over";
      if (step.value === null) {
        if (performance.now() >= ends) return "paused";
      } else rows.push(step.value);
    }
  }

  tag(count: number): string {
    return `SELECT ${count}`;
  }

  close(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    if (this.#ownsSnapshot) this.#snapshot.release();
  }
}
