import type { Snapshot } from "@weftkit/store";
import type { Relation } from "../catalog/model.ts";
import { PgError } from "../errors.ts";
import { MustWait } from "../functions/registry.ts";
import type { Plan } from "../plan/planner.ts";
import type { Exec, Rows } from "../run/exec.ts";
import { tableName } from "../storage/tables.ts";
import type { Datum, Row } from "../types/datum.ts";
import type { Block } from "./block.ts";
import { nowMicros } from "./clock.ts";
import { makeExec } from "./exec.ts";
import { checkNotFailed, currentPlan, type PreparedStatement } from "./prepare.ts";
import { lockRowOf } from "./row-locks.ts";
import { Finished, type Limits, type Running, runLimited } from "./running.ts";
import type { SessionState } from "./state.ts";
import type { FetchResult, Portal, ResultColumn } from "./types.ts";

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
    const plan = currentPlan(session, this.prepared);
    return runPlan(session, block, plan, this.#params);
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
  if (plan.query.command !== "select" && block.isReadOnly)
    throw new PgError(
      "25006",
      `cannot execute ${plan.query.command.toUpperCase()} in a read-only transaction`,
    );
  if (block.isolation === "serializable") for (const table of tablesOf(plan)) block.readTables.add(table);
  block.hasQueried = true;
  if (
    block.isolation !== "read committed" &&
    block.snapshot === undefined &&
    block.transaction?.hasChanges !== true
  )
    block.snapshot = await session.database.store.snapshot();
  const usesSequences = mentionsSequences(plan);
  const ownChanges = block.transaction?.hasChanges === true && block.snapshot === undefined;
  if (waits(plan)) {
    const { rows, affected } = await runLimited(session, (limits) =>
      runWaiting(session, block, plan, params, limits),
    );
    return new Finished({ rows, tag: tagOf(plan, affected) });
  }
  if (!plan.writes && !usesSequences && !ownChanges && block.transaction?.isHolding !== true)
    return startRead(session, block, plan, params);
  const { rows, affected } = await runLimited(session, (limits) =>
    runWrite(session, block, plan, params, limits),
  );
  return new Finished({ rows, tag: tagOf(plan, affected) });
}

const planTables = new WeakMap<Plan, readonly string[]>();

/** The tables that are anywhere in a query, as the store names them; one that is only written is among them. */
function tablesOf(plan: Plan): readonly string[] {
  let tables = planTables.get(plan);
  if (tables === undefined) {
    const found = new Set<string>();
    collectTables(plan.query, new Set(), found);
    tables = [...found];
    planTables.set(plan, tables);
  }
  return tables;
}

function collectTables(value: unknown, seen: Set<unknown>, found: Set<string>): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  const { oid, columns, typeOid } = value as Partial<Relation>;
  if (oid !== undefined && columns !== undefined && typeOid !== undefined) {
    found.add(tableName(oid));
    return;
  }
  for (const item of value instanceof Map ? value.values() : Object.values(value))
    collectTables(item, seen, found);
}

const sequencePlans = new WeakMap<Plan, boolean>();

function mentionsSequences(plan: Plan): boolean {
  let known = sequencePlans.get(plan);
  if (known === undefined) {
    known = callsAny(plan.query, new Set(), (name) => name === "nextval" || name === "setval");
    sequencePlans.set(plan, known);
  }
  return known;
}

/** Whether a function whose name fits is called anywhere in a query. */
function callsAny(value: unknown, seen: Set<unknown>, fits: (name: string) => boolean): boolean {
  if (typeof value !== "object" || value === null || seen.has(value)) return false;
  seen.add(value);
  const { kind, proc } = value as { kind?: string; proc?: { name: string } };
  if (kind === "func" && proc !== undefined && fits(proc.name)) return true;
  if (value instanceof Map) return [...value.values()].some((item) => callsAny(item, seen, fits));
  return Object.values(value).some((item) => callsAny(item, seen, fits));
}

const waitingPlans = new WeakMap<Plan, boolean>();

/** Whether a plan calls functions that wait: pg_sleep, advisory locks. */
function waits(plan: Plan): boolean {
  let known = waitingPlans.get(plan);
  if (known === undefined) {
    known = callsAny(plan.query, new Set(), (name) => name === "pg_sleep" || name.includes("advisory"));
    waitingPlans.set(plan, known);
  }
  return known;
}

/** Runs a statement from its start again each time that one of its calls had to wait. */
async function runWaiting(
  session: SessionState,
  block: Block,
  plan: Plan,
  params: readonly Datum[],
  limits: Limits,
): Promise<{ rows: Row[]; affected: number }> {
  const known: Datum[] = [];
  while (true) {
    try {
      return await runWrite(session, block, plan, params, limits, known);
    } catch (error) {
      if (!(error instanceof MustWait)) throw error;
      known.push(await error.wait(limits.signal));
    }
  }
}

async function runWrite(
  session: SessionState,
  block: Block,
  plan: Plan,
  params: readonly Datum[],
  limits: Limits,
  known: readonly Datum[] = [],
): Promise<{ rows: Row[]; affected: number }> {
  const transaction = session.transactions.transaction(block);
  const deferred = block.deferred.length;
  return transaction.runInSlices(function* (work) {
    // A wait for a lock undoes the work and runs it again from here.
    block.deferred.splice(deferred);
    const exec = makeExec(session, block, work.db, work, params, known);
    exec.lockRow = lockRowOf(session, plan.query, work);
    const rows: Row[] = [];
    for (const row of plan.run(exec)) {
      if (row === null) yield;
      else rows.push(row);
    }
    for (const [oid, isReset] of exec.touchedSequences) session.database.sequences.save(work, oid, isReset);
    return { rows, affected: exec.affected };
  }, limits);
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
): Row[] | undefined {
  const rows: Row[] = [];
  const ends = performance.now() + briefMs;
  for (const row of plan.run(makeExec(session, block, db, undefined, params))) {
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
  if (block.snapshot === undefined) {
    const rows = await runLimited(session, (limits) =>
      session.database.store.read((db) => briefRows(session, block, db, plan, params), limits),
    );
    if (rows !== undefined) return new Finished({ rows, tag: (count) => `SELECT ${count}` });
  }
  const snapshot = block.snapshot ?? (await session.database.store.snapshot());
  return new Reading(session, block, plan, params, snapshot, block.snapshot === undefined);
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
          const state = await this.#snapshot.read((db) => this.#slice(db, rows, maxRows), limits);
          if (state !== "paused") return state === "over";
          await new Promise<void>((resolve) => setImmediate(resolve));
          if (limits.signal?.aborted === true)
            throw new PgError("57014", "canceling statement due to user request");
          if (limits.deadline?.remainingMs() === 0)
            throw new PgError("57014", "canceling statement due to statement timeout");
        }
      });
      if (isOver) this.close();
      return { rows, done: isOver, tag: isOver ? this.tag(rows.length) : undefined };
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #slice(db: Exec["db"], rows: Row[], maxRows: number): "paused" | "full" | "over" {
    if (this.#exec === undefined) {
      this.#exec = makeExec(this.#session, this.#block, db, undefined, this.#params);
      this.#rows = this.#plan.run(this.#exec);
    }
    this.#exec.db = db;
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
