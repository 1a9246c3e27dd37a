import { NOTIFY_ZSET } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import { TYPE_ZSET } from "../storage/keyspace.ts";
import { openZset } from "../storage/zset.ts";
import { deleteEmptied } from "./collections.ts";
import { type Command, key } from "./definition.ts";
import { type Bounds, readLexBounds, readRankBounds, readScoreBounds } from "./zset-bounds.ts";

function zrem(session: ClientSession): void {
  const { args, reply } = session;
  const entry = session.write(1);
  if (entry === 0) {
    reply.integer(0);
    return;
  }
  if (!session.isType(entry, TYPE_ZSET)) return;
  const zset = openZset(session.db, entry);
  let removed = 0;
  for (let i = 2; i < args.count && zset.length > 0; i++) {
    if (zset.remove(args.buffer, args.offsets[i]!, args.lengths[i]!)) removed++;
  }
  if (removed > 0) {
    session.changed(1, NOTIFY_ZSET, "zrem", removed);
    if (zset.length === 0) deleteEmptied(session, 1, entry);
  }
  reply.integer(removed);
}

function removeRange(session: ClientSession, bounds: Bounds | undefined, event: string): void {
  if (bounds === undefined) return;
  const { reply } = session;
  const entry = session.write(1);
  if (entry === 0) {
    reply.integer(0);
    return;
  }
  if (!session.isType(entry, TYPE_ZSET)) return;
  const zset = openZset(session.db, entry);
  const { start, end } = bounds(zset);
  const removed = end - start;
  if (removed > 0) {
    const isEmptied = removed === zset.length;
    if (!isEmptied) zset.removeRange(start, removed);
    session.changed(1, NOTIFY_ZSET, event, removed);
    if (isEmptied) deleteEmptied(session, 1, entry);
  }
  reply.integer(removed);
}

export const zsetRemoveCommands: Command[] = [
  {
    name: "zrem",
    arity: -3,
    flags: ["write", "fast"],
    keys: key("RW delete"),
    group: "sorted-set",
    since: "1.2.0",
    complexity: "O(M*log(N)), N being the size of the set, M the members removed",
    summary: "Removes members from a sorted set.",
    syntax: "key member [member ...]",
    handler: zrem,
  },
  {
    name: "zremrangebyrank",
    arity: 4,
    flags: ["write"],
    keys: key("RW delete"),
    group: "sorted-set",
    since: "2.0.0",
    complexity: "O(log(N)+M), N being the size of the set, M the members removed",
    summary: "Removes the members between two places in the order.",
    syntax: "key start stop",
    handler: (session) => removeRange(session, readRankBounds(session, 2, 3), "zremrangebyrank"),
  },
  {
    name: "zremrangebyscore",
    arity: 4,
    flags: ["write"],
    keys: key("RW delete"),
    group: "sorted-set",
    since: "1.2.0",
    complexity: "O(log(N)+M), N being the size of the set, M the members removed",
    summary: "Removes the members whose scores are in a range.",
    syntax: "key min max",
    handler: (session) => removeRange(session, readScoreBounds(session, 2, 3), "zremrangebyscore"),
  },
  {
    name: "zremrangebylex",
    arity: 4,
    flags: ["write"],
    keys: key("RW delete"),
    group: "sorted-set",
    since: "2.8.9",
    complexity: "O(log(N)+M), N being the size of the set, M the members removed",
    summary: "Removes the members between two others, in a set whose scores are all the same.",
    syntax: "key min max",
    handler: (session) => removeRange(session, readLexBounds(session, 2, 3), "zremrangebylex"),
  },
];
