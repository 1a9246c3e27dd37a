import type { Database, TransactionWork } from "@weftkit/store";
import type { Cte, RangeEntry, RowLock } from "../analyse/expr.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Constraint, Proc, Relation, Trigger, TriggerEvent } from "../catalog/model.ts";
import type { FunctionRun, FunctionSession } from "../functions/registry.ts";
import type { Datum, Row } from "../types/datum.ts";
import type { IoContext } from "../types/type-ops.ts";

/** Rows one by one; a null is a place where the event loop may have its turn. */
export type Rows = Generator<Row | null, void, void>;

/** What one execution of a statement shares. */
export interface Exec extends FunctionRun {
  readonly io: IoContext;
  readonly catalog: Catalog;
  readonly session: FunctionSession;
  params: readonly Datum[];
  readonly statementStart: bigint;
  /** How many routines are around this statement. */
  readonly depth: number;
  /** Runs what CREATE FUNCTION and CREATE TRIGGER have made. */
  readonly routines: Routines;
  /** Tells the client; what was told already by a try that had to wait is not told again. */
  notice: (level: NoticeLevel, message: string, code: string, details: NoticeDetails) => void;
  /** The connection to read from now; another one after every pause. */
  db: Database;
  /** Rows of CTEs, by the CTE and, of a recursive one, its working table. */
  readonly ctes: Map<Cte, CteState>;
  /** Changes of this transaction that the snapshot does not have, by table. */
  readonly overlay: ((table: string) => ReadonlyMap<string | number, unknown>) | undefined;
  /** Tables as they were before the statement's own changes, for statements that change in WITH. */
  readonly frozen: Map<number, Row[]>;
  /** How a row that FOR UPDATE found is locked; false leaves it out. Undefined where nothing can be locked. */
  lockRow: ((lock: RowLock, entry: RangeEntry, rowid: number | string) => boolean) | undefined;
  /** What changes rows; undefined in statements that only read. */
  readonly work: TransactionWork | undefined;
  /** What is to be done when the statement's own changes are made: checks of references, their actions. */
  readonly events: StatementEvent[];
  /** Whether a constraint's check waits for the end of the transaction; then `defer` takes it. */
  isDeferred(constraint: Constraint): boolean;
  defer(constraint: Constraint, check: StatementEvent): void;
  /** By table and event, where a trigger asks for them. */
  readonly transitions: Map<string, TransitionRows>;
  /** Tables, as the store names them, that this statement has locked to change their rows. */
  readonly lockedTables: Set<string>;
  /** With session_replication_role = replica: foreign keys are not looked after, and only triggers for it fire. */
  readonly isReplica: boolean;
  /** Of a COPY each row is a statement only here. */
  firesStatementTriggers: boolean;
  /** How many rows the statement's main part has changed. */
  affected: number;
  /** What MERGE did with the row that RETURNING is about. */
  mergeAction: string;
  /** Throws when the statement was canceled or has run too long. */
  check: () => void;
}

export type NoticeLevel = "DEBUG" | "LOG" | "INFO" | "NOTICE" | "WARNING";

export interface NoticeDetails {
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
}

/** A trigger that fires: for a row, or for a statement with the rows that it changed. */
export interface Firing {
  readonly trigger: Trigger;
  readonly event: TriggerEvent;
  readonly relation: Relation;
  readonly before?: Row | undefined;
  readonly after?: Row | undefined;
  readonly transition?: TransitionRows | undefined;
}

/** The rows that a statement has changed, for triggers that ask for them. */
export interface TransitionRows {
  readonly before: Row[];
  readonly after: Row[];
}

export interface Routines {
  /** The values of a function: one, or those of its set. */
  call(call: RoutineCall, exec: Exec): readonly Datum[];
  /** What a trigger for a row makes of it: the row to go on with, or undefined to leave it. */
  fire(firing: Firing, exec: Exec): Row | undefined;
}

export interface RoutineCall {
  readonly proc: Proc;
  /** The types of the arguments as resolved, which polymorphic parameters take. */
  readonly argTypes: readonly number[];
  readonly resultType: number;
  readonly args: readonly Datum[];
}

export type StatementEvent = (exec: Exec) => void;

export interface CteState {
  rows: Row[];
  done: boolean;
  source: Rows | undefined;
  /** The rows that the recursive term sees. */
  working: Row[] | undefined;
}

/** The rows around a subquery: `row` is the outer query's current one. */
export interface Env {
  readonly exec: Exec;
  row: Row;
  readonly outer: Env | undefined;
}

/** How many rows are worked on between two pauses. */
export const pauseEvery = 256;
