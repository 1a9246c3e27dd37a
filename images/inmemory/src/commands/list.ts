import { NO_SUCH_KEY, OUT_OF_RANGE, SYNTAX } from "../errors.ts";
import { NOTIFY_LIST } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import { ENCODING_PACKED, TYPE_LIST } from "../storage/keyspace.ts";
import { createListBlock, type List, openList } from "../storage/list.ts";
import { addKey, deleteEmptied, readAtLeast } from "./collections.ts";
import { type Command, key } from "./definition.ts";

const RANK_IS_ZERO =
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list";
const RANK_OUT_OF_RANGE =
  "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";

// ---- pushing -----------------------------------------------------------------------------------------------------

/** Opens the list at a key argument for adding to it, making it when it is absent. */
export function openOrCreateList(session: ClientSession, index: number, entry: number): List {
  const { db } = session;
  if (entry !== 0) return openList(db, entry);
  return openList(db, addKey(session, index, TYPE_LIST, ENCODING_PACKED, createListBlock(db)));
}

function push(session: ClientSession, atHead: boolean, onlyExisting: boolean): void {
  const { args, reply, server } = session;
  const entry = session.write(1);
  if (!session.isType(entry, TYPE_LIST)) return;
  if (entry === 0 && onlyExisting) {
    reply.integer(0);
    return;
  }
  const list = openOrCreateList(session, 1, entry);
  const { listPackedSize } = server.settings;
  const { offsets, lengths, count } = args;
  let bytes = 0;
  for (let i = 2; i < count; i++) bytes += lengths[i]!;
  list.prepare(bytes, count - 2, listPackedSize);
  for (let i = 2; i < count; i++) list.push(atHead, args.buffer, offsets[i]!, lengths[i]!, listPackedSize);
  reply.integer(list.length);
  session.changed(1, NOTIFY_LIST, atHead ? "lpush" : "rpush", count - 2);
}

function linsert(session: ClientSession): void {
  const { args, reply, server } = session;
  const isAfter = args.is(2, "AFTER");
  if (!isAfter && !args.is(2, "BEFORE")) {
    reply.error(SYNTAX);
    return;
  }
  const entry = session.write(1);
  if (entry === 0) {
    reply.integer(0);
    return;
  }
  if (!session.isType(entry, TYPE_LIST)) return;
  const { listPackedSize } = server.settings;
  const list = openList(session.db, entry);
  list.prepare(args.lengths[4]!, 1, listPackedSize);
  let pivot = -1;
  list.search(args.buffer, args.offsets[3]!, args.lengths[3]!, false, list.length, (index) => {
    pivot = index;
    return false;
  });
  if (pivot < 0) {
    reply.integer(-1);
    return;
  }
  list.insert(isAfter ? pivot + 1 : pivot, args.buffer, args.offsets[4]!, args.lengths[4]!, listPackedSize);
  session.changed(1, NOTIFY_LIST, "linsert");
  reply.integer(list.length);
}

function lset(session: ClientSession): void {
  const { args, reply, server } = session;
  const entry = session.write(1);
  if (entry === 0) {
    reply.error(NO_SUCH_KEY);
    return;
  }
  if (!session.isType(entry, TYPE_LIST)) return;
  const given = session.integer(2);
  if (Number.isNaN(given)) return;
  const { listPackedSize } = server.settings;
  const list = openList(session.db, entry);
  list.prepare(args.lengths[3]!, 1, listPackedSize);
  const index = given < 0 ? given + list.length : given;
  if (index < 0 || index >= list.length) {
    reply.error(OUT_OF_RANGE);
    return;
  }
  list.set(index, args.buffer, args.offsets[3]!, args.lengths[3]!);
  reply.ok();
  list.shrink(listPackedSize);
  session.changed(1, NOTIFY_LIST, "lset");
}

// ---- reading -----------------------------------------------------------------------------------------------------

function llen(session: ClientSession): void {
  const entry = session.read(1);
  if (entry === 0) session.reply.integer(0);
  else if (session.isType(entry, TYPE_LIST)) session.reply.integer(openList(session.db, entry).length);
}

function lindex(session: ClientSession): void {
  const { reply } = session;
  const entry = session.read(1);
  if (entry === 0) {
    reply.null();
    return;
  }
  if (!session.isType(entry, TYPE_LIST)) return;
  const given = session.integer(2);
  if (Number.isNaN(given)) return;
  const list = openList(session.db, entry);
  const index = given < 0 ? given + list.length : given;
  if (index < 0 || index >= list.length) reply.null();
  else list.emit(reply, index, 1);
}

function lrange(session: ClientSession): void {
  const { reply } = session;
  const from = session.integer(2);
  if (Number.isNaN(from)) return;
  const to = session.integer(3);
  if (Number.isNaN(to)) return;
  const entry = session.read(1);
  if (entry === 0) {
    reply.array(0);
    return;
  }
  if (!session.isType(entry, TYPE_LIST)) return;
  const list = openList(session.db, entry);
  const { length } = list;
  const start = from < 0 ? Math.max(0, from + length) : from;
  const end = Math.min(to < 0 ? to + length : to, length - 1);
  const count = start > end ? 0 : end - start + 1;
  reply.array(count);
  list.emit(reply, start, count);
}

function lpos(session: ClientSession): void {
  const { args, reply } = session;
  let rank = 1;
  let countMax = -1;
  let examinedMax = 0;
  for (let i = 3; i < args.count; i++) {
    const hasValue = i + 1 < args.count;
    if (args.is(i, "RANK") && hasValue) {
      rank = session.integer(++i);
      if (Number.isNaN(rank)) return;
      if (rank === 0) {
        reply.error(RANK_IS_ZERO);
        return;
      }
      if (rank === -(2 ** 63) && args.latin1(i) === "-9223372036854775808") {
        reply.error(RANK_OUT_OF_RANGE);
        return;
      }
    } else if (args.is(i, "COUNT") && hasValue) {
      countMax = readAtLeast(session, ++i, 0, "ERR COUNT can't be negative");
      if (Number.isNaN(countMax)) return;
    } else if (args.is(i, "MAXLEN") && hasValue) {
      examinedMax = readAtLeast(session, ++i, 0, "ERR MAXLEN can't be negative");
      if (Number.isNaN(examinedMax)) return;
    } else {
      reply.error(SYNTAX);
      return;
    }
  }
  const entry = session.read(1);
  if (entry === 0) {
    if (countMax === -1) reply.null();
    else reply.array(0);
    return;
  }
  if (!session.isType(entry, TYPE_LIST)) return;
  const isCounted = countMax !== -1;
  const wanted = isCounted ? countMax || Number.POSITIVE_INFINITY : 1;
  const mark = isCounted ? reply.beginArray() : 0;
  let toSkip = Math.abs(rank) - 1;
  let matches = 0;
  const list = openList(session.db, entry);
  const examined = examinedMax === 0 ? list.length : examinedMax;
  list.search(args.buffer, args.offsets[2]!, args.lengths[2]!, rank < 0, examined, (index) => {
    if (toSkip > 0) {
      toSkip--;
      return true;
    }
    reply.integer(index);
    return ++matches < wanted;
  });
  if (isCounted) reply.endArray(mark, matches);
  else if (matches === 0) reply.null();
}

// ---- removing ----------------------------------------------------------------------------------------------------

/** Deletes the key when its list is empty now, or lets a list that has shrunk change its encoding. */
export function settleShrunk(session: ClientSession, index: number, entry: number, list: List): void {
  if (list.length === 0) deleteEmptied(session, index, entry);
  else list.shrink(session.server.settings.listPackedSize);
}

function ltrim(session: ClientSession): void {
  const { reply } = session;
  const from = session.integer(2);
  if (Number.isNaN(from)) return;
  const to = session.integer(3);
  if (Number.isNaN(to)) return;
  const entry = session.write(1);
  if (entry === 0) {
    reply.ok();
    return;
  }
  if (!session.isType(entry, TYPE_LIST)) return;
  const list = openList(session.db, entry);
  const { length } = list;
  const start = from < 0 ? Math.max(0, from + length) : from;
  const end = Math.min(to < 0 ? to + length : to, length - 1);
  const kept = start > end ? 0 : end - start + 1;
  if (kept === 0) list.removeRange(0, length);
  else {
    list.removeRange(end + 1, length - end - 1);
    list.removeRange(0, start);
  }
  session.changed(1, NOTIFY_LIST, "ltrim", length - kept);
  settleShrunk(session, 1, entry, list);
  reply.ok();
}

function lrem(session: ClientSession): void {
  const { args, reply } = session;
  const count = session.integer(2);
  if (Number.isNaN(count)) return;
  const entry = session.write(1);
  if (entry === 0) {
    reply.integer(0);
    return;
  }
  if (!session.isType(entry, TYPE_LIST)) return;
  const list = openList(session.db, entry);
  const countMax = Math.abs(count) || Number.POSITIVE_INFINITY;
  const removed = list.removeEqual(args.buffer, args.offsets[3]!, args.lengths[3]!, count < 0, countMax);
  if (removed > 0) {
    session.changed(1, NOTIFY_LIST, "lrem", removed);
    settleShrunk(session, 1, entry, list);
  }
  reply.integer(removed);
}

export const listCommands: Command[] = [
  {
    name: "lpush",
    arity: -3,
    flags: ["write", "denyoom", "fast"],
    keys: key("RW insert"),
    group: "list",
    since: "1.0.0",
    complexity: "O(1) per element added",
    summary: "Adds elements at the head of a list, one after the other, and makes the list if need be.",
    syntax: "key element [element ...]",
    handler: (session) => push(session, true, false),
  },
  {
    name: "rpush",
    arity: -3,
    flags: ["write", "denyoom", "fast"],
    keys: key("RW insert"),
    group: "list",
    since: "1.0.0",
    complexity: "O(1) per element added",
    summary: "Adds elements at the tail of a list, and makes the list if need be.",
    syntax: "key element [element ...]",
    handler: (session) => push(session, false, false),
  },
  {
    name: "lpushx",
    arity: -3,
    flags: ["write", "denyoom", "fast"],
    keys: key("RW insert"),
    group: "list",
    since: "2.2.0",
    complexity: "O(1) per element added",
    summary: "Adds elements at the head of a list that exists already.",
    syntax: "key element [element ...]",
    handler: (session) => push(session, true, true),
  },
  {
    name: "rpushx",
    arity: -3,
    flags: ["write", "denyoom", "fast"],
    keys: key("RW insert"),
    group: "list",
    since: "2.2.0",
    complexity: "O(1) per element added",
    summary: "Adds elements at the tail of a list that exists already.",
    syntax: "key element [element ...]",
    handler: (session) => push(session, false, true),
  },
  {
    name: "linsert",
    arity: 5,
    flags: ["write", "denyoom"],
    keys: key("RW insert"),
    group: "list",
    since: "2.2.0",
    complexity: "O(N) in the elements before the pivot",
    summary: "Puts an element before or after the first one that equals the pivot.",
    syntax: "key <BEFORE | AFTER> pivot element",
    handler: linsert,
  },
  {
    name: "lset",
    arity: 4,
    flags: ["write", "denyoom"],
    keys: key("RW update"),
    group: "list",
    since: "1.0.0",
    complexity: "O(1) at both ends, O(N) in the distance to the nearer one",
    summary: "Replaces the element at an index.",
    syntax: "key index element",
    handler: lset,
  },
  {
    name: "llen",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: key("RO"),
    group: "list",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Returns the number of elements of a list.",
    syntax: "key",
    handler: llen,
  },
  {
    name: "lindex",
    arity: 3,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "list",
    since: "1.0.0",
    complexity: "O(1) at both ends, O(N) in the distance to the nearer one",
    summary: "Returns the element at an index.",
    syntax: "key index",
    handler: lindex,
  },
  {
    name: "lrange",
    arity: 4,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "list",
    since: "1.0.0",
    complexity: "O(S+N), S being the distance of the start to the nearer end, N the elements returned",
    summary: "Returns the elements between two indexes, both included.",
    syntax: "key start stop",
    handler: lrange,
  },
  {
    name: "lpos",
    arity: -3,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "list",
    since: "6.0.6",
    complexity: "O(N) in the elements looked at",
    summary: "Returns the indexes of the elements that equal a value.",
    syntax: "key element [RANK rank] [COUNT num-matches] [MAXLEN len]",
    handler: lpos,
  },
  {
    name: "ltrim",
    arity: 4,
    flags: ["write"],
    keys: key("RW delete"),
    group: "list",
    since: "1.0.0",
    complexity: "O(N) in the elements removed",
    summary: "Removes all elements but those between two indexes.",
    syntax: "key start stop",
    handler: ltrim,
  },
  {
    name: "lrem",
    arity: 4,
    flags: ["write"],
    keys: key("RW delete"),
    group: "list",
    since: "1.0.0",
    complexity: "O(N+M), N being the length of the list, M the elements removed",
    summary: "Removes elements that equal a value, from the head or from the tail on.",
    syntax: "key count element",
    handler: lrem,
  },
];
