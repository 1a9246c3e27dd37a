import { hasRightsOf } from "../catalog/roles.ts";
import type { LockInfo, SessionInfo } from "../functions/registry.ts";
import type { SessionState } from "./state.ts";

/** What sessions do, and the locks that they hold or wait for. */

/** OID of pg_read_all_stats. */
const readAllStats = 3375;

const epochMicros = 946_684_800_000_000n;
const microsOf = (ms: number) => BigInt(ms) * 1000n - epochMicros;

const states = { I: "idle", T: "idle in transaction", E: "idle in transaction (aborted)" } as const;

export function* sessionInfos(session: SessionState): Generator<SessionInfo> {
  const waits = session.database.store.locks.waits();
  for (const one of session.database.sessions.values()) {
    const wait = waits.find(({ owner }) => processIdOf(owner.name) === one.processId);
    const isActive = one.isRunning || one === session;
    yield {
      processId: one.processId,
      user: one.authority.session.name,
      applicationName: one.settings.get("application_name"),
      clientPort: one.clientPort,
      startedAt: microsOf(one.startedAt),
      transactionAt: one.block?.start,
      queryAt: one.queryStartedAt === undefined ? undefined : BigInt(one.queryStartedAt),
      state: isActive ? "active" : states[one.status],
      query: maySee(session, one) ? one.currentQuery : "<insufficient privilege>",
      waitsFor: wait === undefined ? undefined : wait.kind === "row" ? "tuple" : wait.kind,
    };
  }
}

/** What others run is told to those who have their rights, or pg_read_all_stats. */
function maySee(session: SessionState, other: SessionState): boolean {
  const { current } = session.authority;
  if (current.isSuperuser || other === session) return true;
  const { catalog } = session;
  const { oid } = other.authority.session;
  return (
    (oid !== 0 && hasRightsOf(catalog, current.oid, oid)) || hasRightsOf(catalog, current.oid, readAllStats)
  );
}

function processIdOf(owner: string): number {
  return Number(owner.replace(/^session /, ""));
}

export function* lockInfos(session: SessionState): Generator<LockInfo> {
  const { locks } = session.database.store;
  for (const { owner, kind, scope, key, mode } of locks.held())
    yield lockInfo(owner.name, kind, scope, key, mode, true);
  for (const { owner, kind, scope, key, mode } of locks.waits())
    yield lockInfo(owner.name, kind, scope, key, mode, false);
}

function lockInfo(
  owner: string,
  kind: string,
  scope: string,
  key: unknown,
  mode: string,
  isGranted: boolean,
): LockInfo {
  const base = { processId: processIdOf(owner), mode: modeName(kind, mode), isGranted };
  if (kind === "advisory") {
    const [count, first = "0", second] = String(key).split("/");
    if (count === "2")
      return { ...base, type: "advisory", classId: Number(first), objectId: Number(second), objectSubId: 2 };
    const value = BigInt.asUintN(64, BigInt(first));
    return {
      ...base,
      type: "advisory",
      classId: Number(value >> 32n),
      objectId: Number(value & 0xffff_ffffn),
      objectSubId: 1,
    };
  }
  const relation = Number(/^t(\d+)$/.exec(scope)?.[1] ?? Number.NaN);
  const of = Number.isNaN(relation) ? {} : { relation };
  if (kind === "row") return { ...base, ...of, type: "tuple", tuple: Number(key) };
  return { ...base, ...of, type: kind === "table" ? "relation" : "transactionid" };
}

/** "share row exclusive" is ShareRowExclusiveLock. */
function modeName(kind: string, mode: string): string {
  if (kind === "row") return mode === "update" || mode === "no key update" ? "ExclusiveLock" : "RowShareLock";
  const words = mode.split(" ").map((word) => word[0]!.toUpperCase() + word.slice(1));
  return `${words.join("")}Lock`;
}
