import type { Database, TransactionWork } from "@weftkit/store";
import type { Cte, RangeEntry } from "../analyse/expr.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Constraint } from "../catalog/model.ts";
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
  readonly params: readonly Datum[];
  readonly statementStart: bigint;
  /** The connection to read from now; another one after every pause. */
  db: Database;
  /** Rows of CTEs, by the CTE and, of a recursive one, its working table. */
  readonly ctes: Map<Cte, CteState>;
  /** Changes of this transaction that the snapshot does not have, by table. */
  readonly overlay: ((table: string) => ReadonlyMap<string | number, unknown>) | undefined;
  /** Tables as they were before the statement's own changes, for statements that change in WITH. */
  readonly frozen: Map<number, Row[]>;
  /** How a row that FOR UPDATE found is locked; false leaves it out. */
  lockRow: ((entry: RangeEntry, rowid: number) => boolean) | undefined;
  /** What changes rows; undefined in statements that only read. */
  readonly work: TransactionWork | undefined;
  /** What is to be done when the statement's own changes are made: checks of references, their actions. */
  readonly events: StatementEvent[];
  /** Whether a constraint's check waits for the end of the transaction; then `defer` takes it. */
  isDeferred(constraint: Constraint): boolean;
  defer(constraint: Constraint, check: StatementEvent): void;
  /** How many rows the statement's main part has changed. */
  affected: number;
  /** What MERGE did with the row that RETURNING is about. */
  mergeAction: string;
  /** Throws when the statement was canceled or has run too long. */
  check(): void;
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
