import type { Database, TransactionWork } from "@weftkit/store";
import { statement } from "@weftkit/store";
import { notSupported, PgError } from "../errors.ts";
import { MustWait } from "../functions/registry.ts";
import type { Exec, Routines } from "../run/exec.ts";
import { tableName } from "../storage/tables.ts";
import type { Datum } from "../types/datum.ts";
import type { Block } from "./block.ts";
import { nowMicros } from "./clock.ts";
import { functionSession } from "./function-session.ts";
import { underLockTimeout } from "./lock-timeout.ts";
import { requireSequence } from "./privileges.ts";
import { lockRowOf } from "./row-locks.ts";
import type { SessionState } from "./state.ts";

/** Made by what runs routines, which stands above the session. */
export type RoutinesOf = (session: SessionState, block: Block) => Routines;
let routinesOf: RoutinesOf = () => {
  throw notSupported("a routine");
};
export function useRoutines(of: RoutinesOf): void {
  routinesOf = of;
}

/** A statement inside of a routine: it shares what is counted and awaited with the one around it. */
export function nestedExec(
  session: SessionState,
  block: Block,
  parent: Exec,
  params: readonly Datum[],
): Exec {
  const exec = makeExec(session, block, parent.db, parent.work, params);
  return Object.assign(exec, {
    awaited: parent.awaited,
    nextval: parent.nextval,
    setval: parent.setval,
    check: parent.check,
    notice: parent.notice,
    overlay: parent.overlay,
    depth: parent.depth + 1,
  });
}

/** What one run of a statement shares. */
export function makeExec(
  session: SessionState,
  block: Block,
  db: Database,
  work: TransactionWork | undefined,
  params: readonly Datum[],
  known: readonly Datum[] = [],
): Exec & { readonly touchedSequences: Map<number, boolean> } {
  const { catalog, database } = session;
  const touchedSequences = new Map<number, boolean>();
  const sequenceOf = (oid: number) => {
    // A routine may have made it since.
    const sequence = session.catalog.get("sequence", oid);
    const relation = session.catalog.get("relation", oid);
    if (sequence === undefined || relation === undefined)
      throw new PgError("42809", `"${relation?.name ?? oid}" is not a sequence`);
    return { sequence, name: relation.name };
  };
  let calls = 0;
  const exec: Exec & { readonly touchedSequences: Map<number, boolean> } = {
    io: session.io,
    catalog,
    session: functionSession(session),
    params,
    statementStart: session.queryStartedAt === undefined ? nowMicros() : BigInt(session.queryStartedAt),
    db,
    ctes: new Map(),
    overlay:
      block.snapshot !== undefined && block.transaction !== undefined && work === undefined
        ? (table) => block.transaction!.overlay(table)
        : undefined,
    frozen: new Map(),
    lockRow: work === undefined ? undefined : lockRowOf(session, work),
    work: work === undefined ? undefined : underLockTimeout(session, work),
    events: [],
    affected: 0,
    mergeAction: "",
    touchedSequences,
    isDeferred: (constraint) => {
      const all = block.constraintModes.get("all");
      return block.constraintModes.get(constraint.oid) ?? all ?? constraint.deferred;
    },
    defer: (constraint, check) => void block.deferred.push({ constraint, check }),
    check: () => {},
    depth: 0,
    transitions: new Map(),
    lockedTables: new Set(),
    isReplica: session.settings.get("session_replication_role") === "replica",
    firesStatementTriggers: true,
    routines: routinesOf(session, block),
    notice: (level, message, code, details) => session.notice(level, message, code, details),
    awaited: (wait) => {
      const call = calls++;
      if (call < known.length) return known[call]!;
      throw new MustWait(wait);
    },
    nextval: (oid, isOwn) => {
      if (isOwn !== true) requireSequence(session, oid, "wU");
      const { sequence, name } = sequenceOf(oid);
      const value = database.sequences.next(sequence, name);
      touchedSequences.set(oid, touchedSequences.get(oid) ?? false);
      session.lastValues.set(oid, value);
      session.lastSequence = oid;
      return value;
    },
    setval: (oid, value, isCalled) => {
      requireSequence(session, oid, "w");
      const { sequence, name } = sequenceOf(oid);
      if (value < sequence.min || value > sequence.max)
        throw new PgError(
          "22003",
          `setval: value ${value} is out of bounds for sequence "${name}" (${sequence.min}..${sequence.max})`,
        );
      database.sequences.set(sequence, value, isCalled);
      touchedSequences.set(oid, true);
      if (isCalled) session.lastValues.set(oid, value);
      return value;
    },
    sequenceValue: (oid) => database.sequences.peek(sequenceOf(oid).sequence),
    currval: (oid) => {
      const { name } = sequenceOf(oid);
      requireSequence(session, oid, "rU");
      const value = session.lastValues.get(oid);
      if (value === undefined)
        throw new PgError("55000", `currval of sequence "${name}" is not yet defined in this session`);
      return value;
    },
    lastval: () => {
      const value =
        session.lastSequence === undefined ? undefined : session.lastValues.get(session.lastSequence);
      if (value === undefined) throw new PgError("55000", "lastval is not yet defined in this session");
      requireSequence(session, session.lastSequence!, "rU");
      return value;
    },
    relationSize: (oid) => {
      const name = tableName(oid);
      const count = statement(exec.db, "SELECT count(*) FROM sqlite_schema WHERE name = ?", {
        pluck: true,
      }).get(name) as number;
      if (count === 0) return 0;
      const rows = statement(exec.db, `SELECT count(*) FROM ${name}`, { pluck: true }).get() as number;
      return Math.ceil((rows * 100) / 8192) * 8192;
    },
  };
  return exec;
}
