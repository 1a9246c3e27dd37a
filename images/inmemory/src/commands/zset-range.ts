import { SYNTAX } from "../errors.ts";
import { NOTIFY_GENERIC, NOTIFY_ZSET } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import { TYPE_ZSET } from "../storage/keyspace.ts";
import { buildZset, openZset, type ScoredMember, type SortedSet } from "../storage/zset.ts";
import { replaceKey } from "./collections.ts";
import { type Command, key } from "./definition.ts";
import { type Bounds, readLexBounds, readRankBounds, readScoreBounds } from "./zset-bounds.ts";

const LIMIT_NEEDS_BY =
  "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX";
const NO_SCORES_BYLEX = "ERR syntax error, WITHSCORES not supported in combination with BYLEX";

type By = "rank" | "score" | "lex";

/** What ZRANGE and its older relatives select. */
interface Selection {
  bounds: Bounds;
  isReverse: boolean;
  isByRank: boolean;
  withScores: boolean;
  offset: number;
  limit: number;
}

/**
 * Reads `key min max` and options from the key argument on; undefined after an error was answered. `by` and
 * `isReverse` are fixed for the older commands, which have a command for each combination.
 */
function readSelection(
  session: ClientSession,
  keyIndex: number,
  isStore: boolean,
  by: By | undefined,
  direction: "forward" | "reverse" | undefined,
): Selection | undefined {
  const { args, reply } = session;
  let chosen = by;
  let isReverse = direction === "reverse";
  let withScores = false;
  let offset = 0;
  let limit = -1;
  for (let i = keyIndex + 3; i < args.count; i++) {
    if (!isStore && args.is(i, "WITHSCORES")) withScores = true;
    else if (args.is(i, "LIMIT") && i + 2 < args.count) {
      offset = session.integer(i + 1);
      if (Number.isNaN(offset)) return undefined;
      limit = session.integer(i + 2);
      if (Number.isNaN(limit)) return undefined;
      i += 2;
    } else if (direction === undefined && !isReverse && args.is(i, "REV")) isReverse = true;
    else if (chosen === undefined && args.is(i, "BYLEX")) chosen = "lex";
    else if (chosen === undefined && args.is(i, "BYSCORE")) chosen = "score";
    else {
      reply.error(SYNTAX);
      return undefined;
    }
  }
  const isByRank = (chosen ?? "rank") === "rank";
  if (limit !== -1 && isByRank) {
    reply.error(LIMIT_NEEDS_BY);
    return undefined;
  }
  if (withScores && chosen === "lex") {
    reply.error(NO_SCORES_BYLEX);
    return undefined;
  }
  const swap = isReverse && !isByRank;
  const min = keyIndex + (swap ? 2 : 1);
  const max = keyIndex + (swap ? 1 : 2);
  let bounds: Bounds | undefined;
  if (chosen === "score") bounds = readScoreBounds(session, min, max);
  else if (chosen === "lex") bounds = readLexBounds(session, min, max);
  else bounds = readRankBounds(session, min, max);
  return bounds === undefined ? undefined : { bounds, isReverse, isByRank, withScores, offset, limit };
}

/** Where a selection begins and how many members it has; a reverse one goes down from its first rank. */
function select(zset: SortedSet, selection: Selection): { first: number; count: number } {
  const { bounds, isReverse, isByRank, offset, limit } = selection;
  const { start, end } = bounds(zset);
  if (isByRank) {
    // Reverse ranks count from the highest score.
    return { first: isReverse ? zset.length - 1 - start : start, count: end - start };
  }
  let count = end - start;
  if (offset < 0 || offset >= count) count = 0;
  else count -= offset;
  if (limit >= 0) count = Math.min(count, limit);
  return { first: isReverse ? end - 1 - offset : start + offset, count };
}

function range(
  session: ClientSession,
  by: By | undefined,
  direction: "forward" | "reverse" | undefined,
): void {
  const { reply } = session;
  const selection = readSelection(session, 1, false, by, direction);
  if (selection === undefined) return;
  const entry = session.read(1);
  if (entry === 0) {
    reply.array(0);
    return;
  }
  if (!session.isType(entry, TYPE_ZSET)) return;
  const zset = openZset(session.db, entry);
  const { first, count } = select(zset, selection);
  const { withScores, isReverse } = selection;
  beginMembers(session, count, withScores);
  zset.each(first, count, isReverse, (bytes, offset, length, score) =>
    writeMember(session, bytes, offset, length, score, withScores),
  );
}

/** The header of a reply with members: flat in RESP2, pairs in RESP3 when there are scores. */
export function beginMembers(session: ClientSession, count: number, withScores: boolean): void {
  session.reply.array(withScores && session.reply.version === 2 ? count * 2 : count);
}

export function writeMember(
  session: ClientSession,
  bytes: Buffer,
  offset: number,
  length: number,
  score: number,
  withScores: boolean,
): void {
  const { reply } = session;
  if (withScores && reply.version === 3) reply.array(2);
  reply.bulk(bytes, offset, length);
  if (withScores) reply.double(score);
}

/** Puts members at the key at an argument, or deletes it when there are none; answers how many. */
export function storeMembers(session: ClientSession, members: ScoredMember[], event: string, at = 1): void {
  const { db, reply, server } = session;
  if (members.length > 0) {
    replaceKey(session, at, TYPE_ZSET, buildZset(db, members, server.settings));
    reply.integer(members.length);
    session.changed(at, NOTIFY_ZSET, event);
    return;
  }
  reply.integer(0);
  const old = session.write(at);
  if (old === 0) return;
  db.delete(old);
  session.changed(at, NOTIFY_GENERIC, "del");
}

function zrangestore(session: ClientSession): void {
  const selection = readSelection(session, 2, true, undefined, undefined);
  if (selection === undefined) return;
  const entry = session.read(2);
  if (!session.isType(entry, TYPE_ZSET)) return;
  const members: ScoredMember[] = [];
  if (entry !== 0) {
    const zset = openZset(session.db, entry);
    const { first, count } = select(zset, selection);
    zset.each(first, count, selection.isReverse, (bytes, offset, length, score) =>
      members.push({ member: Buffer.from(bytes.subarray(offset, offset + length)), score }),
    );
  }
  storeMembers(session, members, "zrangestore");
}

export const zsetRangeCommands: Command[] = [
  {
    name: "zrange",
    arity: -4,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "sorted-set",
    since: "1.2.0",
    complexity: "O(log(N)+M), N being the size of the set, M the members returned",
    summary: "Returns the members in a range of ranks, scores or members, upwards or downwards.",
    syntax: "key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]",
    handler: (session) => range(session, undefined, undefined),
  },
  {
    name: "zrevrange",
    arity: -4,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "sorted-set",
    since: "1.2.0",
    complexity: "O(log(N)+M), N being the size of the set, M the members returned",
    summary:
      "Returns the members in a range of ranks, from the highest score down; ZRANGE REV is its successor.",
    syntax: "key start stop [WITHSCORES]",
    handler: (session) => range(session, "rank", "reverse"),
  },
  {
    name: "zrangebyscore",
    arity: -4,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "sorted-set",
    since: "1.0.5",
    complexity: "O(log(N)+M), N being the size of the set, M the members returned",
    summary: "Returns the members in a range of scores; ZRANGE BYSCORE is its successor.",
    syntax: "key min max [WITHSCORES] [LIMIT offset count]",
    handler: (session) => range(session, "score", "forward"),
  },
  {
    name: "zrevrangebyscore",
    arity: -4,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "sorted-set",
    since: "2.2.0",
    complexity: "O(log(N)+M), N being the size of the set, M the members returned",
    summary: "Returns the members in a range of scores downwards; ZRANGE BYSCORE REV is its successor.",
    syntax: "key max min [WITHSCORES] [LIMIT offset count]",
    handler: (session) => range(session, "score", "reverse"),
  },
  {
    name: "zrangebylex",
    arity: -4,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "sorted-set",
    since: "2.8.9",
    complexity: "O(log(N)+M), N being the size of the set, M the members returned",
    summary:
      "Returns the members between two others in a set of equal scores; ZRANGE BYLEX is its successor.",
    syntax: "key min max [LIMIT offset count]",
    handler: (session) => range(session, "lex", "forward"),
  },
  {
    name: "zrevrangebylex",
    arity: -4,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "sorted-set",
    since: "2.8.9",
    complexity: "O(log(N)+M), N being the size of the set, M the members returned",
    summary: "As ZRANGEBYLEX, downwards; ZRANGE BYLEX REV is its successor.",
    syntax: "key max min [LIMIT offset count]",
    handler: (session) => range(session, "lex", "reverse"),
  },
  {
    name: "zrangestore",
    arity: -5,
    flags: ["write", "denyoom"],
    keys: [...key("OW update"), ...key("RO access", 2)],
    group: "sorted-set",
    since: "6.2.0",
    complexity: "O(log(N)+M), N being the size of the set, M the members stored",
    summary: "Stores what ZRANGE selects as a sorted set.",
    syntax: "dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]",
    handler: zrangestore,
  },
];
