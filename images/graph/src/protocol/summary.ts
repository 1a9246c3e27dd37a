import type { BoltVersion, PackValue } from "@weftkit/wire-bolt";
import { type CypherError, withPosition } from "../errors.ts";
import type { Operator } from "../runtime/context.ts";
import type { Notification } from "../session/notifications.ts";
import type { UpdateCounts } from "../storage/graph-writer.ts";

/** Whether a version is at least `minor` of Bolt 5. */
export function isAtLeast({ major, minor }: BoltVersion, wanted: number): boolean {
  return major > 5 || (major === 5 && minor >= wanted);
}

export function packMap(
  entries: Readonly<Record<string, PackValue | undefined>>,
): ReadonlyMap<string, PackValue> {
  const map = new Map<string, PackValue>();
  for (const [key, value] of Object.entries(entries)) if (value !== undefined) map.set(key, value);
  return map;
}

const counterNames: readonly (readonly [keyof UpdateCounts, string])[] = [
  ["nodesCreated", "nodes-created"],
  ["nodesDeleted", "nodes-deleted"],
  ["relationshipsCreated", "relationships-created"],
  ["relationshipsDeleted", "relationships-deleted"],
  ["propertiesSet", "properties-set"],
  ["labelsAdded", "labels-added"],
  ["labelsRemoved", "labels-removed"],
  ["indexesAdded", "indexes-added"],
  ["indexesRemoved", "indexes-removed"],
  ["constraintsAdded", "constraints-added"],
  ["constraintsRemoved", "constraints-removed"],
];

/** What was changed; undefined when nothing was. */
export function statistics(counts: UpdateCounts): PackValue | undefined {
  const changed = counterNames.filter(([name]) => counts[name] > 0);
  if (changed.length === 0) return undefined;
  const stats = new Map<string, PackValue>(changed.map(([name, sent]) => [sent, BigInt(counts[name])]));
  stats.set("contains-updates", true);
  return stats;
}

const outcomes = {
  "00000": "note: successful completion",
  "00001": "note: successful completion - omitted result",
  "02000": "note: no data",
} as const;

export type Outcome = keyof typeof outcomes;

function diagnosticRecord(notification: Notification | undefined): PackValue {
  return packMap({
    OPERATION: "",
    OPERATION_CODE: "0",
    CURRENT_SCHEMA: "/",
    ...(notification && {
      _severity: notification.severity,
      _classification: notification.category,
      _position: position(notification),
    }),
  });
}

function position({ position: at }: Notification): PackValue | undefined {
  if (at === undefined) return undefined;
  return packMap({ offset: BigInt(at.offset), line: BigInt(at.line), column: BigInt(at.column) });
}

/** The statuses of a result (from 5.6): how it ended, and what is to be known about it. Data and its absence come before what warns. */
export function statuses(outcome: Outcome, notifications: readonly Notification[]): PackValue {
  const own = packMap({
    gql_status: outcome,
    status_description: outcomes[outcome],
    diagnostic_record: diagnosticRecord(undefined),
  });
  const rest = notifications.map((notification) => ({
    notification,
    entry: packMap({
      gql_status: notification.gqlStatus,
      status_description: notification.statusDescription,
      neo4j_code: notification.code,
      title: notification.title,
      description: notification.description,
      severity: notification.severity,
      category: notification.category,
      diagnostic_record: diagnosticRecord(notification),
    }),
  }));
  // GQL's order: no data, warnings, success, information.
  const rank = (status: string) =>
    status.startsWith("02") ? 0 : status.startsWith("01") ? 1 : status.startsWith("00") ? 2 : 3;
  return [
    { status: outcome as string, entry: own as PackValue },
    ...rest.map(({ notification, entry }) => ({ status: notification.gqlStatus, entry: entry as PackValue })),
  ]
    .sort((a, b) => rank(a.status) - rank(b.status))
    .map(({ entry }) => entry);
}

/** Notifications as they were before 5.6. */
export function notificationList(
  notifications: readonly Notification[],
  version: BoltVersion,
): PackValue | undefined {
  if (notifications.length === 0) return undefined;
  return notifications.map((notification) =>
    packMap({
      code: notification.code,
      title: notification.title,
      description: notification.description,
      severity: notification.severity,
      category: isAtLeast(version, 2) ? notification.category : undefined,
      position: position(notification),
    }),
  );
}

/** The fields of FAILURE. */
export function failure(error: CypherError, query: string | undefined, version: BoltVersion): PackValue {
  const message =
    error.at !== undefined && query !== undefined && error.gqlStatus !== "22000"
      ? withPosition(error.message, query, error.at)
      : error.message;
  if (!isAtLeast(version, 7)) return packMap({ code: error.code, message });
  return packMap({
    neo4j_code: error.code,
    message,
    gql_status: error.gqlStatus,
    description: `error: ${descriptions[error.gqlStatus] ?? `general processing exception - unexpected error. ${message}`}`,
    diagnostic_record: packMap({
      OPERATION: "",
      OPERATION_CODE: "0",
      CURRENT_SCHEMA: "/",
      _classification: error.code.includes(".ClientError.")
        ? "CLIENT_ERROR"
        : error.code.includes(".TransientError.")
          ? "TRANSIENT_ERROR"
          : "DATABASE_ERROR",
    }),
  });
}

const descriptions: Readonly<Record<string, string>> = {
  "22003": "data exception - numeric value out of range",
  "42001": "syntax error or access rule violation - invalid syntax",
  "22000": "data exception",
};

/** A plan as EXPLAIN and PROFILE show it. */
export function planDescription(operator: Operator): PackValue {
  return packMap({
    operatorType: `${operator.name}@${"neo4j"}`,
    args: packMap({ Details: operator.details, planner: "IDP", runtime: "WEFTKIT" }),
    identifiers: [],
    children: operator.children.map(planDescription),
  });
}
