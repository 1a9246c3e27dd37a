import { lockKind } from "@weftkit/store";
import { hasRightsOf } from "../catalog/roles.ts";
import { notSupported, PgError } from "../errors.ts";
import type { FunctionRun } from "../functions/registry.ts";
import type { Datum } from "../types/datum.ts";
import type { SessionState } from "./state.ts";

/** OID of pg_signal_backend. */
const signalBackend = 4200;

/** Advisory locks, pg_sleep, and what one session does to another. */

const advisoryLocks = lockKind("advisory", {
  isCounted: true,
  conflicts: { shared: ["exclusive"], exclusive: ["shared", "exclusive"] },
});

function keyOf(args: readonly Datum[]): string {
  return args.length === 1 ? `1/${args[0]}` : `2/${args[0]}/${args[1]}`;
}

function sleep(seconds: number, signal: AbortSignal | undefined): Promise<Datum> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(""), Math.max(0, seconds * 1000));
    const abort = () => {
      clearTimeout(timer);
      reject(new PgError("57014", "canceling statement due to user request"));
    };
    if (signal?.aborted === true) abort();
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/** @throws PgError 42501 */
function requireSignal(session: SessionState, other: SessionState, doing: string): void {
  const { current } = session.authority;
  if (current.isSuperuser) return;
  const target = other.authority.session;
  const message = `permission denied to ${doing}`;
  if (target.isSuperuser)
    throw new PgError("42501", message, {
      detail: `Only roles with the SUPERUSER attribute may ${doing === "cancel query" ? "cancel queries of" : "terminate processes of"} roles with the SUPERUSER attribute.`,
    });
  const { catalog } = session;
  if (target.oid === current.oid || hasRightsOf(catalog, current.oid, target.oid)) return;
  if (hasRightsOf(catalog, current.oid, signalBackend)) return;
  throw new PgError("42501", message, {
    detail: `Only roles with privileges of the role whose ${doing === "cancel query" ? "query is being canceled" : "process is being terminated"} or with privileges of the "pg_signal_backend" role may ${doing === "cancel query" ? "cancel this query" : "terminate this process"}.`,
  });
}

export function backendFunction(
  session: SessionState,
  name: string,
  args: readonly Datum[],
  run: FunctionRun,
): Datum {
  if (name === "pg_sleep") return run.awaited((signal) => sleep(args[0] as number, signal));
  if (name === "pg_cancel_backend" || name === "pg_terminate_backend") {
    const other = session.database.sessions.get(args[0] as number);
    if (other === undefined) {
      session.notice("WARNING", `PID ${args[0]} is not a PostgreSQL backend process`);
      return false;
    }
    requireSignal(session, other, name === "pg_cancel_backend" ? "cancel query" : "terminate process");
    other.cancel();
    if (name === "pg_terminate_backend")
      other.events.terminated(new PgError("57P01", "terminating connection due to administrator command"));
    return true;
  }
  if (name === "pg_export_snapshot") return exportSnapshot(session, run);
  if (!name.includes("advisory")) throw notSupported(`function ${name}`);
  return advisory(session, name, args, run);
}

/** What the transaction sees, for others to see it, too, until its end. @throws PgError 25001 */
function exportSnapshot(session: SessionState, run: FunctionRun): Datum {
  const { exports, store } = session.database;
  const block = session.transactions.current();
  if (block.savepoints.length > 0)
    throw new PgError("25001", "cannot export a snapshot from a subtransaction");
  return run.awaited(async () => {
    const name = exports.add(session.processId, block.snapshot?.share() ?? (await store.snapshot()));
    block.exported.push(name);
    return name;
  });
}

function advisory(session: SessionState, name: string, args: readonly Datum[], run: FunctionRun): Datum {
  const { locks } = session.database.store;
  const key = keyOf(args);
  const mode = name.includes("shared") ? "shared" : "exclusive";
  if (name === "pg_advisory_unlock_all") {
    session.releaseAdvisory();
    return "";
  }
  const owner = session.advisoryOwner();
  if (name.startsWith("pg_advisory_unlock")) {
    const isReleased = locks.release(owner, advisoryLocks, "advisory", key, mode);
    if (!isReleased)
      session.notice(
        "WARNING",
        "you don't own a lock of type ExclusiveLock".replace(
          "ExclusiveLock",
          mode === "shared" ? "ShareLock" : "ExclusiveLock",
        ),
      );
    return isReleased;
  }
  const isTry = name.startsWith("pg_try");
  const timeoutMs = session.settings.ms("lock_timeout");
  const limits = { ...(isTry ? { skipLocked: true } : {}), ...(timeoutMs > 0 ? { timeoutMs } : {}) };
  if (name.includes("xact")) {
    const block = session.transactions.current();
    return run.awaited(async (signal) => {
      const isGranted = await session.transactions
        .transaction(block)
        .lock(advisoryLocks, "advisory", key, mode, { ...limits, signal });
      return isTry ? isGranted : "";
    });
  }
  return run.awaited(async (signal) => {
    const isGranted = await locks.acquire(owner, advisoryLocks, "advisory", key, mode, { ...limits, signal });
    return isTry ? isGranted : "";
  });
}
