import { parseInteger } from "../protocol/numbers.ts";
import { NOTIFY_SET } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import { TYPE_SET } from "../storage/keyspace.ts";
import { createSetValue, firstEncoding, type MemberSet, openSet } from "../storage/set.ts";
import { addKey, deleteEmptied } from "./collections.ts";
import { type Command, key } from "./definition.ts";
import { answerScan, matchesRange, readCursor, readScanOptions, runScan } from "./scan.ts";

/** Adds the key at an argument with an empty set that is to hold the member at another and `count` in all. */
function addSet(session: ClientSession, index: number, member: number, count: number): number {
  const { args, db, server } = session;
  const isInteger = !Number.isNaN(parseInteger(args.buffer, args.offsets[member]!, args.lengths[member]!));
  const encoding = firstEncoding(isInteger, count, server.settings);
  return addKey(session, index, TYPE_SET, encoding, createSetValue(db, encoding));
}

function sadd(session: ClientSession): void {
  const { args, db, server, reply } = session;
  const { settings } = server;
  const found = session.write(1);
  if (!session.isType(found, TYPE_SET)) return;
  const set = openSet(db, found === 0 ? addSet(session, 1, 2, args.count - 2) : found);
  if (found !== 0) set.prepare(args.count - 2, settings);
  let added = 0;
  for (let i = 2; i < args.count; i++) {
    if (set.add(args.buffer, args.offsets[i]!, args.lengths[i]!, settings)) added++;
  }
  if (added > 0) session.changed(1, NOTIFY_SET, "sadd", added);
  reply.integer(added);
}

function srem(session: ClientSession): void {
  const { args, db, reply } = session;
  const entry = session.write(1);
  if (!session.isType(entry, TYPE_SET)) return;
  let removed = 0;
  if (entry !== 0) {
    const set = openSet(db, entry);
    for (let i = 2; i < args.count && set.size > 0; i++) {
      if (set.delete(args.buffer, args.offsets[i]!, args.lengths[i]!)) removed++;
    }
    if (removed > 0) session.changed(1, NOTIFY_SET, "srem", removed);
    if (set.size === 0) deleteEmptied(session, 1, entry);
  }
  reply.integer(removed);
}

function smove(session: ClientSession): void {
  const { args, db, server, reply } = session;
  const { buffer } = args;
  const offset = args.offsets[3]!;
  const length = args.lengths[3]!;
  const from = session.write(1);
  let to = session.write(2);
  if (from === 0) {
    reply.integer(0);
    return;
  }
  if (!session.isType(from, TYPE_SET) || !session.isType(to, TYPE_SET)) return;
  const source = openSet(db, from);
  if (from === to) {
    reply.integer(source.has(buffer, offset, length) ? 1 : 0);
    return;
  }
  if (!source.delete(buffer, offset, length)) {
    reply.integer(0);
    return;
  }
  session.changed(1, NOTIFY_SET, "srem");
  if (source.size === 0) deleteEmptied(session, 1, from);
  if (to === 0) to = addSet(session, 2, 3, 1);
  if (openSet(db, to).add(buffer, offset, length, server.settings)) session.changed(2, NOTIFY_SET, "sadd");
  reply.integer(1);
}

/**
 * Runs `answer` with the set at argument 1, undefined when the key is absent; unless the key holds something else,
 * which is answered here.
 */
function withSet(
  session: ClientSession,
  answer: (session: ClientSession, set: MemberSet | undefined) => void,
): void {
  const entry = session.read(1);
  if (!session.isType(entry, TYPE_SET)) return;
  answer(session, entry === 0 ? undefined : openSet(session.db, entry));
}

function isMember({ args }: ClientSession, set: MemberSet | undefined, index: number): number {
  return set?.has(args.buffer, args.offsets[index]!, args.lengths[index]!) ? 1 : 0;
}

function sismember(session: ClientSession): void {
  withSet(session, answerMembership);
}

function answerMembership(session: ClientSession, set: MemberSet | undefined): void {
  session.reply.integer(isMember(session, set, 2));
}

function smismember(session: ClientSession): void {
  withSet(session, ({ args, reply }, set) => {
    reply.array(args.count - 2);
    for (let i = 2; i < args.count; i++) reply.integer(isMember(session, set, i));
  });
}

/** Answers all members of a set. */
export function answerMembers({ reply }: ClientSession, set: MemberSet | undefined): void {
  reply.set(set?.size ?? 0);
  set?.visit(() => {
    reply.bulk(set.bytes, set.offset, set.length);
    return true;
  });
}

function smembers(session: ClientSession): void {
  withSet(session, answerMembers);
}

function scard(session: ClientSession): void {
  withSet(session, ({ reply }, set) => reply.integer(set?.size ?? 0));
}

function sscan(session: ClientSession): void {
  const cursor = readCursor(session, 2);
  if (cursor === undefined) return;
  const entry = session.read(1);
  if (entry === 0) {
    answerScan(session, 0, []);
    return;
  }
  if (!session.isType(entry, TYPE_SET)) return;
  const request = readScanOptions(session, 3);
  if (request === undefined) return;
  const set = openSet(session.db, entry);
  const found: Buffer[] = [];
  let visited = 0;
  const visit = () => {
    visited++;
    if (!matchesRange(request.pattern, set.bytes, set.offset, set.length)) return;
    found.push(Buffer.from(set.bytes.subarray(set.offset, set.offset + set.length)));
  };
  const next = runScan(
    cursor,
    request,
    (at) => set.scan(at, visit),
    () => visited,
  );
  answerScan(session, next, found);
}

export const setCommands: Command[] = [
  {
    name: "sadd",
    arity: -3,
    flags: ["write", "denyoom", "fast"],
    keys: key("RW insert"),
    group: "set",
    since: "1.0.0",
    complexity: "O(N), N the number of members given",
    summary: "Adds members to a set.",
    syntax: "key member [member ...]",
    handler: sadd,
  },
  {
    name: "srem",
    arity: -3,
    flags: ["write", "fast"],
    keys: key("RW delete"),
    group: "set",
    since: "1.0.0",
    complexity: "O(N), N the number of members given",
    summary: "Removes members from a set.",
    syntax: "key member [member ...]",
    handler: srem,
  },
  {
    name: "smove",
    arity: 4,
    flags: ["write", "fast"],
    keys: [...key("RW access delete"), ...key("RW insert", 2)],
    group: "set",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Moves a member from one set to another.",
    syntax: "source destination member",
    handler: smove,
  },
  {
    name: "sismember",
    arity: 3,
    flags: ["readonly", "fast"],
    keys: key("RO"),
    group: "set",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Says whether a set has a member.",
    syntax: "key member",
    handler: sismember,
  },
  {
    name: "smismember",
    arity: -3,
    flags: ["readonly", "fast"],
    keys: key("RO access"),
    group: "set",
    since: "6.2.0",
    complexity: "O(N), N the number of members given",
    summary: "Says for each of the given members whether the set has it.",
    syntax: "key member [member ...]",
    handler: smismember,
  },
  {
    name: "smembers",
    arity: 2,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "set",
    since: "1.0.0",
    complexity: "O(N), N the size of the set",
    summary: "Returns all members of a set.",
    syntax: "key",
    handler: smembers,
  },
  {
    name: "scard",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: key("RO"),
    group: "set",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Returns the number of members of a set.",
    syntax: "key",
    handler: scard,
  },
  {
    name: "sscan",
    arity: -3,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "set",
    since: "2.8.0",
    complexity: "O(1) for a step, O(N) for all of them",
    summary: "Goes through the members of a set in steps.",
    syntax: "key cursor [MATCH pattern] [COUNT count]",
    handler: sscan,
  },
];
