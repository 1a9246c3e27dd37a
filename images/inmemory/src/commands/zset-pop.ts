import { NOT_POSITIVE, SYNTAX } from "../errors.ts";
import { NOTIFY_ZSET } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import { TYPE_ZSET } from "../storage/keyspace.ts";
import { openZset } from "../storage/zset.ts";
import { deleteEmptied, isJournaled, readAtLeast, readTimeoutSeconds } from "./collections.ts";
import { type Command, countedKeys, key, keys } from "./definition.ts";

/** How the popped members are written. */
type Shape =
  /** Member, score, member, score: ZPOPMIN in RESP2. */
  | "flat"
  /** Pairs: ZPOPMIN with a count in RESP3. */
  | "pairs"
  /** Key, member, score: BZPOPMIN. */
  | "key-flat"
  /** Key and pairs: ZMPOP. */
  | "key-pairs";

/** Pops up to `count` members of the set of an entry and answers them. */
function popMembers(
  session: ClientSession,
  index: number,
  entry: number,
  isHighest: boolean,
  count: number,
  shape: Shape,
): number {
  const { args, db, reply } = session;
  const zset = openZset(db, entry);
  const { length } = zset;
  const taken = Math.min(count, length);
  const isKeyed = shape === "key-flat" || shape === "key-pairs";
  const isPaired = shape === "pairs" || shape === "key-pairs";
  if (shape === "key-flat") reply.array(1 + taken * 2);
  else if (shape === "key-pairs") reply.array(2);
  if (isKeyed) reply.bulk(args.buffer, args.offsets[index]!, args.lengths[index]!);
  if (isPaired) reply.array(taken);
  else if (!isKeyed) reply.array(taken * 2);
  zset.each(isHighest ? length - 1 : 0, taken, isHighest, (bytes, offset, size, score) => {
    if (isPaired) reply.array(2);
    reply.bulk(bytes, offset, size);
    reply.double(score);
  });
  if (taken < length) zset.removeRange(isHighest ? length - taken : 0, taken);
  session.changed(index, NOTIFY_ZSET, isHighest ? "zpopmax" : "zpopmin", taken);
  if (taken === length) deleteEmptied(session, index, entry);
  return taken;
}

function pop(session: ClientSession, isHighest: boolean): void {
  const { args, reply } = session;
  if (args.count > 3) {
    reply.error(SYNTAX);
    return;
  }
  const isCounted = args.count === 3;
  const count = isCounted ? readAtLeast(session, 2, 0, NOT_POSITIVE) : 1;
  if (Number.isNaN(count)) return;
  const entry = session.write(1);
  if (!session.isType(entry, TYPE_ZSET)) return;
  if (entry === 0 || count === 0) {
    reply.array(0);
    return;
  }
  popMembers(session, 1, entry, isHighest, count, isCounted && reply.version === 3 ? "pairs" : "flat");
}

/**
 * Pops from the first of some key arguments that holds a sorted set. Returns false when none does and nothing was
 * answered. With `count` -1 one member is answered as BZPOPMIN does.
 */
function popFirst(
  session: ClientSession,
  first: number,
  numkeys: number,
  isHighest: boolean,
  count: number,
): boolean {
  const { args } = session;
  for (let index = first; index < first + numkeys; index++) {
    const entry = session.write(index);
    if (entry === 0) continue;
    if (!session.isType(entry, TYPE_ZSET)) return true;
    const isSingle = count === -1;
    const shape = isSingle ? "key-flat" : "key-pairs";
    const taken = popMembers(session, index, entry, isHighest, isSingle ? 1 : count, shape);
    if (isJournaled(session)) {
      const name = isHighest ? "ZPOPMAX" : "ZPOPMIN";
      if (isSingle) session.propagateAs(name, args.view(index));
      else session.propagateAs(name, args.view(index), String(taken));
    }
    return true;
  }
  return false;
}

function popFirstOrBlock(
  session: ClientSession,
  first: number,
  numkeys: number,
  isHighest: boolean,
  timeoutIndex: number,
  count: number,
): void {
  const until = readTimeoutSeconds(session, timeoutIndex);
  if (Number.isNaN(until)) return;
  if (popFirst(session, first, numkeys, isHighest, count)) return;
  if (session.mayNotBlock) {
    session.reply.nullArray();
    return;
  }
  const indexes = Array.from({ length: numkeys }, (_, i) => first + i);
  session.block({
    keys: indexes,
    type: TYPE_ZSET,
    until,
    onTimeout: (waiting) => waiting.reply.nullArray(),
  });
}

function blockingPop(session: ClientSession, isHighest: boolean): void {
  const last = session.args.count - 1;
  popFirstOrBlock(session, 1, last - 1, isHighest, last, -1);
}

function popSeveral(session: ClientSession, numkeysIndex: number, isBlocking: boolean): void {
  const { args, reply } = session;
  const numkeys = readAtLeast(session, numkeysIndex, 1, "ERR numkeys should be greater than 0");
  if (Number.isNaN(numkeys)) return;
  const sideIndex = numkeysIndex + numkeys + 1;
  const isHighest = sideIndex < args.count && args.is(sideIndex, "MAX");
  if (sideIndex >= args.count || !(isHighest || args.is(sideIndex, "MIN"))) {
    reply.error(SYNTAX);
    return;
  }
  let count = -1;
  for (let i = sideIndex + 1; i < args.count; i++) {
    if (count !== -1 || !args.is(i, "COUNT") || i + 1 >= args.count) {
      reply.error(SYNTAX);
      return;
    }
    count = readAtLeast(session, ++i, 1, "ERR count should be greater than 0");
    if (Number.isNaN(count)) return;
  }
  if (count === -1) count = 1;
  const first = numkeysIndex + 1;
  if (isBlocking) popFirstOrBlock(session, first, numkeys, isHighest, 1, count);
  else if (!popFirst(session, first, numkeys, isHighest, count)) reply.nullArray();
}

const POPPED = "RW access delete";

export const zsetPopCommands: Command[] = [
  {
    name: "zpopmin",
    arity: -2,
    flags: ["write", "fast"],
    keys: key(POPPED),
    group: "sorted-set",
    since: "5.0.0",
    complexity: "O(log(N)*M), N being the size of the set, M the members popped",
    summary: "Removes the members with the lowest scores and returns them.",
    syntax: "key [count]",
    handler: (session) => pop(session, false),
  },
  {
    name: "zpopmax",
    arity: -2,
    flags: ["write", "fast"],
    keys: key(POPPED),
    group: "sorted-set",
    since: "5.0.0",
    complexity: "O(log(N)*M), N being the size of the set, M the members popped",
    summary: "Removes the members with the highest scores and returns them.",
    syntax: "key [count]",
    handler: (session) => pop(session, true),
  },
  {
    name: "zmpop",
    arity: -4,
    flags: ["write", "movablekeys"],
    keys: countedKeys(POPPED, 1),
    group: "sorted-set",
    since: "7.0.0",
    complexity: "O(K) + O(M*log(N)), K being the keys given, N the size of the set, M the members popped",
    summary: "Pops the lowest or highest members of the first sorted set among some keys that is not empty.",
    syntax: "numkeys key [key ...] <MIN | MAX> [COUNT count]",
    handler: (session) => popSeveral(session, 1, false),
  },
  {
    name: "bzpopmin",
    arity: -3,
    flags: ["write", "fast", "blocking"],
    keys: keys(POPPED, 1, -2),
    group: "sorted-set",
    since: "5.0.0",
    complexity: "O(log(N)), N being the size of the set",
    summary: "Pops the lowest member of the first sorted set that is not empty, waiting for one if all are.",
    syntax: "key [key ...] timeout",
    handler: (session) => blockingPop(session, false),
  },
  {
    name: "bzpopmax",
    arity: -3,
    flags: ["write", "fast", "blocking"],
    keys: keys(POPPED, 1, -2),
    group: "sorted-set",
    since: "5.0.0",
    complexity: "O(log(N)), N being the size of the set",
    summary: "Pops the highest member of the first sorted set that is not empty, waiting for one if all are.",
    syntax: "key [key ...] timeout",
    handler: (session) => blockingPop(session, true),
  },
  {
    name: "bzmpop",
    arity: -5,
    flags: ["write", "blocking", "movablekeys"],
    keys: countedKeys(POPPED, 2),
    group: "sorted-set",
    since: "7.0.0",
    complexity: "O(K) + O(M*log(N)), K being the keys given, N the size of the set, M the members popped",
    summary: "As ZMPOP, waiting for one of the keys to hold a sorted set.",
    syntax: "timeout numkeys key [key ...] <MIN | MAX> [COUNT count]",
    handler: (session) => popSeveral(session, 2, true),
  },
];
