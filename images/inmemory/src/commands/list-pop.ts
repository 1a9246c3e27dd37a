import { NOT_POSITIVE, SYNTAX, wrongArity } from "../errors.ts";
import { NOTIFY_LIST } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import { TYPE_LIST } from "../storage/keyspace.ts";
import { type List, openList } from "../storage/list.ts";
import { isJournaled, readAtLeast, readTimeoutSeconds } from "./collections.ts";
import { type Command, countedKeys, key, keys } from "./definition.ts";
import { openOrCreateList, settleShrunk } from "./list.ts";

const nullArray = (session: ClientSession) => session.reply.nullArray();

/** Removes `count` elements of an end, with the event, and the key when none is left. */
function removeFromEnd(
  session: ClientSession,
  index: number,
  entry: number,
  list: List,
  atHead: boolean,
  count: number,
): void {
  list.removeRange(atHead ? 0 : list.length - count, count);
  session.changed(index, NOTIFY_LIST, atHead ? "lpop" : "rpop", count);
  settleShrunk(session, index, entry, list);
}

function pop(session: ClientSession, atHead: boolean): void {
  const { args, reply } = session;
  if (args.count > 3) {
    reply.error(wrongArity(session.command.fullName));
    return;
  }
  const isCounted = args.count === 3;
  const wanted = isCounted ? readAtLeast(session, 2, 0, NOT_POSITIVE) : 1;
  if (Number.isNaN(wanted)) return;
  const entry = session.write(1);
  if (entry === 0) {
    if (isCounted) reply.nullArray();
    else reply.null();
    return;
  }
  if (!session.isType(entry, TYPE_LIST)) return;
  if (wanted === 0) {
    reply.array(0);
    return;
  }
  const list = openList(session.db, entry);
  const count = Math.min(wanted, list.length);
  if (isCounted) reply.array(count);
  list.emit(reply, atHead ? 0 : list.length - 1, count, !atHead);
  removeFromEnd(session, 1, entry, list, atHead, count);
}

// ---- moving ------------------------------------------------------------------------------------------------------

/** LEFT as true, RIGHT as false; undefined after a syntax error was answered. */
function readSide(session: ClientSession, index: number): boolean | undefined {
  if (session.args.is(index, "LEFT")) return true;
  if (session.args.is(index, "RIGHT")) return false;
  session.reply.error(SYNTAX);
  return undefined;
}

/** Moves an element from the source, which exists, to the destination; both are key arguments 1 and 2. */
function moveBetween(session: ClientSession, source: number, fromHead: boolean, toHead: boolean): void {
  const { args, db, reply, server } = session;
  if (!session.isType(source, TYPE_LIST)) return;
  const destination = session.write(2);
  if (!session.isType(destination, TYPE_LIST)) return;
  // The element lies in the slab, which is about to allocate.
  let element = EMPTY;
  const from = openList(db, source);
  const copy = {
    bulk: (bytes: Buffer, offset: number, length: number) => {
      element = Buffer.from(bytes.subarray(offset, offset + length));
    },
  };
  from.emit(copy, fromHead ? 0 : from.length - 1, 1);
  from.removeRange(fromHead ? 0 : from.length - 1, 1);
  const { listPackedSize } = server.settings;
  const to = openOrCreateList(session, 2, destination);
  to.prepare(element.length, 1, listPackedSize);
  to.push(toHead, element, 0, element.length, listPackedSize);
  session.changed(2, NOTIFY_LIST, toHead ? "lpush" : "rpush", 0);
  reply.bulkBuffer(element);
  session.changed(1, NOTIFY_LIST, fromHead ? "lpop" : "rpop", 1);
  settleShrunk(session, 1, source, openList(db, source));
  if (!isJournaled(session)) return;
  if (session.command.name === "blmove")
    session.propagateAs("LMOVE", args.view(1), args.view(2), args.view(3), args.view(4));
  else if (session.command.name === "brpoplpush")
    session.propagateAs("RPOPLPUSH", args.view(1), args.view(2));
}

const EMPTY = Buffer.alloc(0);

function lmove(session: ClientSession): void {
  const fromHead = readSide(session, 3);
  if (fromHead === undefined) return;
  const toHead = readSide(session, 4);
  if (toHead === undefined) return;
  const source = session.write(1);
  if (source === 0) session.reply.null();
  else moveBetween(session, source, fromHead, toHead);
}

function rpoplpush(session: ClientSession): void {
  const source = session.write(1);
  if (source === 0) session.reply.null();
  else moveBetween(session, source, false, true);
}

function moveOrBlock(session: ClientSession, fromHead: boolean, toHead: boolean, timeoutIndex: number): void {
  const until = readTimeoutSeconds(session, timeoutIndex);
  if (Number.isNaN(until)) return;
  const source = session.write(1);
  if (source !== 0) moveBetween(session, source, fromHead, toHead);
  else if (session.mayNotBlock) session.reply.null();
  else session.block({ keys: [1], type: TYPE_LIST, until, onTimeout: nullArray });
}

function blmove(session: ClientSession): void {
  const fromHead = readSide(session, 3);
  if (fromHead === undefined) return;
  const toHead = readSide(session, 4);
  if (toHead === undefined) return;
  moveOrBlock(session, fromHead, toHead, 5);
}

// ---- several keys ------------------------------------------------------------------------------------------------

/**
 * Pops from the first of some key arguments that holds a list. Returns false when none does and nothing was answered.
 * With `count` -1 one element is answered as BLPOP does, else an array of up to so many.
 */
function popFirst(
  session: ClientSession,
  first: number,
  numkeys: number,
  atHead: boolean,
  count: number,
): boolean {
  const { args, db, reply } = session;
  for (let index = first; index < first + numkeys; index++) {
    const entry = session.write(index);
    if (entry === 0) continue;
    if (!session.isType(entry, TYPE_LIST)) return true;
    const list = openList(db, entry);
    const taken = count === -1 ? 1 : Math.min(count, list.length);
    reply.array(2);
    reply.bulk(args.buffer, args.offsets[index]!, args.lengths[index]!);
    if (count !== -1) reply.array(taken);
    list.emit(reply, atHead ? 0 : list.length - 1, taken, !atHead);
    removeFromEnd(session, index, entry, list, atHead, taken);
    if (isJournaled(session)) {
      const name = atHead ? "LPOP" : "RPOP";
      if (count === -1) session.propagateAs(name, args.view(index));
      else session.propagateAs(name, args.view(index), String(taken));
    }
    return true;
  }
  return false;
}

/** As `popFirst`, or waits for one of the keys. */
function popFirstOrBlock(
  session: ClientSession,
  first: number,
  numkeys: number,
  atHead: boolean,
  timeoutIndex: number,
  count: number,
): void {
  const until = readTimeoutSeconds(session, timeoutIndex);
  if (Number.isNaN(until)) return;
  if (popFirst(session, first, numkeys, atHead, count)) return;
  if (session.mayNotBlock) {
    session.reply.nullArray();
    return;
  }
  const indexes = Array.from({ length: numkeys }, (_, i) => first + i);
  session.block({ keys: indexes, type: TYPE_LIST, until, onTimeout: nullArray });
}

function blockingPop(session: ClientSession, atHead: boolean): void {
  const last = session.args.count - 1;
  popFirstOrBlock(session, 1, last - 1, atHead, last, -1);
}

function popSeveral(session: ClientSession, numkeysIndex: number, isBlocking: boolean): void {
  const { args, reply } = session;
  const numkeys = readAtLeast(session, numkeysIndex, 1, "ERR numkeys should be greater than 0");
  if (Number.isNaN(numkeys)) return;
  const sideIndex = numkeysIndex + numkeys + 1;
  if (sideIndex >= args.count) {
    reply.error(SYNTAX);
    return;
  }
  const atHead = readSide(session, sideIndex);
  if (atHead === undefined) return;
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
  if (isBlocking) popFirstOrBlock(session, first, numkeys, atHead, 1, count);
  else if (!popFirst(session, first, numkeys, atHead, count)) reply.nullArray();
}

const SOURCE = "RW access delete";

export const listPopCommands: Command[] = [
  {
    name: "lpop",
    arity: -2,
    flags: ["write", "fast"],
    keys: key(SOURCE),
    group: "list",
    since: "1.0.0",
    complexity: "O(N) in the elements returned",
    summary: "Removes elements at the head of a list and returns them.",
    syntax: "key [count]",
    handler: (session) => pop(session, true),
  },
  {
    name: "rpop",
    arity: -2,
    flags: ["write", "fast"],
    keys: key(SOURCE),
    group: "list",
    since: "1.0.0",
    complexity: "O(N) in the elements returned",
    summary: "Removes elements at the tail of a list and returns them, the last one first.",
    syntax: "key [count]",
    handler: (session) => pop(session, false),
  },
  {
    name: "lmove",
    arity: 5,
    flags: ["write", "denyoom"],
    keys: [...key(SOURCE), ...key("RW insert", 2)],
    group: "list",
    since: "6.2.0",
    complexity: "O(1)",
    summary:
      "Takes an element from one end of a list, puts it at an end of another (or the same) one, returns it.",
    syntax: "source destination <LEFT | RIGHT> <LEFT | RIGHT>",
    handler: lmove,
  },
  {
    name: "rpoplpush",
    arity: 3,
    flags: ["write", "denyoom"],
    keys: [...key(SOURCE), ...key("RW insert", 2)],
    group: "list",
    since: "1.2.0",
    complexity: "O(1)",
    summary: "Moves the last element of a list to the head of another one; LMOVE is its successor.",
    syntax: "source destination",
    handler: rpoplpush,
  },
  {
    name: "lmpop",
    arity: -4,
    flags: ["write", "movablekeys"],
    keys: countedKeys(SOURCE, 1),
    group: "list",
    since: "7.0.0",
    complexity: "O(N+M), N being the keys given, M the elements returned",
    summary: "Removes elements from the first list among some keys that is not empty, and returns them.",
    syntax: "numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
    handler: (session) => popSeveral(session, 1, false),
  },
  {
    name: "blpop",
    arity: -3,
    flags: ["write", "blocking"],
    keys: keys(SOURCE, 1, -2),
    group: "list",
    since: "2.0.0",
    complexity: "O(N) in the keys given",
    summary: "Pops the head of the first list that is not empty, waiting for one if all are.",
    syntax: "key [key ...] timeout",
    handler: (session) => blockingPop(session, true),
  },
  {
    name: "brpop",
    arity: -3,
    flags: ["write", "blocking"],
    keys: keys(SOURCE, 1, -2),
    group: "list",
    since: "2.0.0",
    complexity: "O(N) in the keys given",
    summary: "Pops the tail of the first list that is not empty, waiting for one if all are.",
    syntax: "key [key ...] timeout",
    handler: (session) => blockingPop(session, false),
  },
  {
    name: "blmove",
    arity: 6,
    flags: ["write", "denyoom", "blocking"],
    keys: [...key(SOURCE), ...key("RW insert", 2)],
    group: "list",
    since: "6.2.0",
    complexity: "O(1)",
    summary: "As LMOVE, waiting for the source to have an element.",
    syntax: "source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout",
    handler: blmove,
  },
  {
    name: "brpoplpush",
    arity: 4,
    flags: ["write", "denyoom", "blocking"],
    keys: [...key(SOURCE), ...key("RW insert", 2)],
    group: "list",
    since: "2.2.0",
    complexity: "O(1)",
    summary: "As RPOPLPUSH, waiting for the source to have an element; BLMOVE is its successor.",
    syntax: "source destination timeout",
    handler: (session) => moveOrBlock(session, false, true, 3),
  },
  {
    name: "blmpop",
    arity: -5,
    flags: ["write", "blocking", "movablekeys"],
    keys: countedKeys(SOURCE, 2),
    group: "list",
    since: "7.0.0",
    complexity: "O(N+M), N being the keys given, M the elements returned",
    summary: "As LMPOP, waiting for one of the keys to hold a list.",
    syntax: "timeout numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
    handler: (session) => popSeveral(session, 2, true),
  },
];
