import { namespacePattern } from "@weftkit/cdc/filters";
import type { SyncProtocol } from "../protocol.ts";
import { LogicalFollower } from "./logical-follower.ts";
import { type Follower, SqlSide } from "./sql-side.ts";
import { WeftkitFollower } from "./weftkit-follower.ts";

/** Logical decoding has no events: it is asked for changes, so often at the most and at the least. */
const pollMsMin = 20;
const pollMsMax = 5000;

/** weftkit/relational, and PostgreSQL. */
export const postgres: SyncProtocol = {
  schemes: ["postgres:", "postgresql:"],
  tellsChanges: false,

  check(section, wrong) {
    for (const key of ["crdt_counters", "crdt_sets"] as const) {
      const short = section[key].find((column) => column.split(".").length < 3 && !column.includes("*"));
      if (short !== undefined) wrong(key, `${short} is no column: schema.table.column`);
    }
  },

  kinds({ crdt_counters, crdt_sets }) {
    const [counters, sets] = [crdt_counters.map(namespacePattern), crdt_sets.map(namespacePattern)];
    return ({ name }, column) => {
      const whole = `${name}.${column}`;
      if (counters.some((pattern) => pattern.test(whole))) return "counter";
      return sets.some((pattern) => pattern.test(whole)) ? "set" : "register";
    };
  },

  open({ localEndpoint, remoteEndpoint, localAdmin, remoteAdmin, intervalMs, isWanted }, { id }) {
    const consumer = `sync-${id}`;
    const pollMs = Math.min(pollMsMax, Math.max(pollMsMin, intervalMs));
    const local = new SqlSide({
      side: "local",
      endpoint: localEndpoint,
      id,
      isWanted,
      follower: async (side) => new WeftkitFollower(side, { ...localAdmin, consumer }),
    });
    const remote = new SqlSide({
      side: "remote",
      endpoint: remoteEndpoint,
      id,
      isWanted,
      follower: async (side) =>
        remoteAdmin === undefined
          ? logical(side, id, pollMs)
          : new WeftkitFollower(side, { ...remoteAdmin, consumer }),
    });
    return { local, remote };
  },
};

async function logical(
  side: SqlSide,
  id: string,
  pollMs: number,
): Promise<Follower | { readonly blind: string }> {
  const [row] = await side.connections.query<{ level: string; version: string }>(
    "SELECT current_setting('wal_level') AS level, version() AS version",
  );
  if (row?.version.includes("WeftKit"))
    return {
      blind: "the remote is a WeftKit: its changes come back when persistence.remote_admin_url is set",
    };
  if (row?.level !== "logical")
    return { blind: `the remote's wal_level is ${row?.level}: its changes come back when it is logical` };
  return new LogicalFollower(side, id, pollMs);
}
