import type { SyncProtocol } from "../protocol.ts";
import { FeedFollower } from "./feed-follower.ts";
import { KeyspaceFollower } from "./keyspace-follower.ts";
import { RespSide } from "./resp-side.ts";

/** weftkit/inmemory, and Redis. */
export const redis: SyncProtocol = {
  schemes: ["redis:", "rediss:"],
  tellsChanges: false,

  check(section, wrong) {
    for (const key of ["remote_endpoint", "local_endpoint"] as const) {
      const endpoint = section[key];
      if (endpoint !== undefined && URL.canParse(endpoint) && !/^\/?\d*$/.test(new URL(endpoint).pathname))
        wrong(key, "has a database that is no number: redis://host:6379/0");
    }
    // Merged keys, counters above all, have come apart where parts were killed: see docs/roadmap.md.
    if (section.conflict_resolution === "crdt")
      wrong("conflict_resolution", "crdt is not supported for Redis yet: lww is");
    if (section.crdt_sets.length > 0)
      wrong("crdt_sets", "is for tables: sets of Redis are merged without being named");
  },

  kinds: () => () => "register",

  open({ localEndpoint, remoteEndpoint, localAdmin, remoteAdmin, intervalMs, isWanted }, journal) {
    const { id } = journal;
    const consumer = `sync-${id}`;
    const identity = (side: "local" | "remote") => ({
      get: () => journal.identity(side),
      set: (text: string) => journal.identify(side, text),
    });
    const local = new RespSide({
      side: "local",
      endpoint: localEndpoint,
      id,
      isWanted,
      identity: identity("local"),
      follower: (side) => new FeedFollower(side, { ...localAdmin, consumer }),
    });
    const remote = new RespSide({
      side: "remote",
      endpoint: remoteEndpoint,
      id,
      isWanted,
      identity: identity("remote"),
      follower: (side) =>
        remoteAdmin === undefined
          ? new KeyspaceFollower(side, intervalMs)
          : new FeedFollower(side, { ...remoteAdmin, consumer }),
    });
    return { local, remote };
  },
};
