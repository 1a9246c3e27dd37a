import type { Catalog } from "../catalog/catalog.ts";
import type { Authority } from "../catalog/rights.ts";
import type { PluginContext } from "../replication/output-plugin.ts";
import type { Slots } from "../replication/slots.ts";
import type { Datum } from "../types/datum.ts";
import type { IoContext } from "../types/type-ops.ts";

/** A session's rights as functions ask for them. */
export interface FunctionAuthority extends Authority {
  readonly current: { readonly oid: number; readonly name: string; readonly isSuperuser: boolean };
}

/** What functions that depend on more than their arguments ask of the session they run in. */
export interface FunctionSession {
  readonly user: string;
  readonly sessionUser: string;
  /** Whose rights count, and what they are. */
  readonly authority: FunctionAuthority;
  readonly database: string;
  readonly processId: number;
  setting(name: string): string | undefined;
  setSetting(name: string, value: string, isLocal: boolean): string;
  notify(channel: string, payload: string): void;
  /** Where the row is that a cursor is on, in the first of these tables that it reads. @throws PgError 34000, 24000 */
  currentRow(cursor: string, tables: readonly number[]): Datum;
  notice(severity: "NOTICE" | "WARNING" | "INFO" | "LOG" | "DEBUG", message: string): void;
  /** Undefined where nothing is recorded of changes. */
  readonly slots: Slots | undefined;
  pluginContext(): PluginContext;
  /** Of the transaction that is open: whether it has changed rows, and whether others cannot write until it ends. */
  readonly transaction: { readonly hasChanges: boolean; readonly isHolding: boolean };
  backend(name: string, args: readonly Datum[], run: FunctionRun): Datum;
  sessions(): Iterable<SessionInfo>;
  locks(): Iterable<LockInfo>;
  preparedStatements(): Iterable<{
    readonly name: string;
    readonly statement: string;
    readonly preparedAt: bigint;
  }>;
}

/** A session as pg_stat_activity shows it; times in microseconds since 2000. */
export interface SessionInfo {
  readonly processId: number;
  readonly user: string;
  readonly applicationName: string;
  readonly clientPort: number | undefined;
  readonly startedAt: bigint;
  readonly transactionAt: bigint | undefined;
  readonly queryAt: bigint | undefined;
  readonly state: string;
  readonly query: string;
  readonly waitsFor: string | undefined;
}

/** A lock that is held or waited for, as pg_locks shows it. */
export interface LockInfo {
  readonly type: string;
  readonly processId: number;
  readonly relation?: number;
  readonly tuple?: number;
  readonly classId?: number;
  readonly objectId?: number;
  readonly objectSubId?: number;
  readonly mode: string;
  readonly isGranted: boolean;
}

/**
 * Thrown by a function that has to wait: the statement is undone, and runs again when `wait` has resolved; the call then
 * gives what that was. A statement that is run again makes the same calls in the same order.
 */
export class MustWait {
  readonly wait: (signal: AbortSignal | undefined) => Promise<Datum>;

  constructor(wait: (signal: AbortSignal | undefined) => Promise<Datum>) {
    this.wait = wait;
  }
}

/** How statements and sequences are reached from a function that runs. */
export interface FunctionRun {
  readonly io: IoContext;
  readonly catalog: Catalog;
  readonly session: FunctionSession;
  /** When the statement began, in microseconds since 2000. */
  readonly statementStart: bigint;
  /** `isOwn`: of an identity column, which asks for no right on its sequence. */
  nextval(sequence: number, isOwn?: boolean): bigint;
  setval(sequence: number, value: bigint, isCalled: boolean): bigint;
  currval(sequence: number): bigint;
  lastval(): bigint;
  /** The value that a sequence has, whether or not it was given out. */
  sequenceValue(sequence: number): { readonly last: bigint; readonly isCalled: boolean };
  relationSize(relation: number): number;
  /** The value of a call that waits: known when the statement runs again. @throws MustWait */
  awaited(wait: (signal: AbortSignal | undefined) => Promise<Datum>): Datum;
}

/** One call in an expression: the types it was resolved with, and the run it is part of. */
export interface CallContext {
  readonly argTypes: readonly number[];
  readonly resultType: number;
  readonly collation: number;
  readonly variadic: boolean;
  readonly catalog: Catalog;
  /** The columns that FROM wants of a function that gives records. */
  readonly columns?: readonly { readonly name: string; readonly type: number; readonly typmod: number }[];
  run: FunctionRun;
}

export type Implementation = (...args: never[]) => Datum;
export type ContextImplementation = (call: CallContext, ...args: never[]) => Datum;
/** Gives the rows of a function that returns a set: values, or arrays of values when it has several columns. */
export type SetImplementation = (call: CallContext, ...args: never[]) => Iterable<Datum | readonly Datum[]>;

export interface Registered {
  readonly fn: Implementation | ContextImplementation | SetImplementation;
  readonly withContext: boolean;
  readonly isSet: boolean;
}

const implementations = new Map<string, Registered>();

function register(names: string, registered: Registered): void {
  for (const name of names.split(" ")) implementations.set(name, registered);
}

/** An implementation by the names of PostgreSQL's C functions (`pg_proc.prosrc`), with blanks between them. */
export function define(names: string, fn: Implementation): void {
  register(names, { fn, withContext: false, isSet: false });
}

/** As `define`, for what asks about its call: types, session, time. */
export function defineWith(names: string, fn: ContextImplementation): void {
  register(names, { fn, withContext: true, isSet: false });
}

/** As `define`, for functions that return sets. */
export function defineSet(names: string, fn: SetImplementation): void {
  register(names, { fn, withContext: true, isSet: true });
}

export function implementationOf(source: string): Registered | undefined {
  return implementations.get(source);
}
