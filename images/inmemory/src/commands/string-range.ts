import { copyBytes } from "../protocol/bytes.ts";
import { NOTIFY_STRING } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import { ENCODING_RAW, TYPE_STRING } from "../storage/keyspace.ts";
import { type Command, key } from "./definition.ts";
import { announceNew, isLengthAllowed, storeArgument } from "./string-store.ts";

const EMPTY = Buffer.alloc(0);

function append(session: ClientSession): void {
  const { args, db, reply } = session;
  const entry = session.write(1);
  if (!session.isType(entry, TYPE_STRING)) return;
  const added = args.lengths[2]!;
  let length = added;
  if (entry === 0) storeArgument(session, 1, 2);
  else {
    const before = db.stringLength(entry);
    length += before;
    if (!isLengthAllowed(session, length)) return;
    const target = db.resizeString(entry, length, before);
    copyBytes(args.buffer, args.offsets[2]!, db.bytesOf(target), db.stringOffset(target) + before, added);
    db.setEncoding(target, ENCODING_RAW);
  }
  session.changed(1, NOTIFY_STRING, "append");
  reply.integer(length);
}

/**
 * Makes the string at argument 1 at least so long, with zero bytes, and marks it as changed in part; it is created
 * where `entry` is 0. Returns its entry.
 */
export function growString(session: ClientSession, entry: number, length: number): number {
  const { args, db } = session;
  let target = entry;
  if (entry === 0) {
    target = db.setString(args.buffer, args.offsets[1]!, args.lengths[1]!, EMPTY, 0, 0);
    announceNew(session, 1);
  }
  const before = db.stringLength(target);
  if (length > before) {
    target = db.resizeString(target, length, before);
    const start = db.stringOffset(target);
    db.bytesOf(target).fill(0, start + before, start + length);
  }
  db.setEncoding(target, ENCODING_RAW);
  return target;
}

function setrange(session: ClientSession): void {
  const { args, db, reply } = session;
  const offset = session.integer(2);
  if (Number.isNaN(offset)) return;
  if (offset < 0) {
    reply.error("ERR offset is out of range");
    return;
  }
  const entry = session.write(1);
  if (!session.isType(entry, TYPE_STRING)) return;
  const added = args.lengths[3]!;
  if (added === 0) {
    reply.integer(entry === 0 ? 0 : db.stringLength(entry));
    return;
  }
  if (!isLengthAllowed(session, offset + added)) return;
  const target = growString(session, entry, offset + added);
  copyBytes(args.buffer, args.offsets[3]!, db.bytesOf(target), db.stringOffset(target) + offset, added);
  session.changed(1, NOTIFY_STRING, "setrange");
  reply.integer(db.stringLength(target));
}

function getrange(session: ClientSession): void {
  const { db, reply } = session;
  let start = session.integer(2);
  if (Number.isNaN(start)) return;
  let end = session.integer(3);
  if (Number.isNaN(end)) return;
  const entry = session.read(1);
  if (!session.isType(entry, TYPE_STRING)) return;
  const length = entry === 0 ? 0 : db.stringLength(entry);
  const isBackwards = start < 0 && end < 0 && start > end;
  if (start < 0) start = Math.max(0, start + length);
  if (end < 0) end = Math.max(0, end + length);
  end = Math.min(end, length - 1);
  if (isBackwards || start > end) reply.bulk(EMPTY, 0, 0);
  else reply.bulk(db.bytesOf(entry), db.stringOffset(entry) + start, end - start + 1);
}

export const stringRangeCommands: Command[] = [
  {
    name: "append",
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    keys: key("RW insert"),
    group: "string",
    since: "2.0.0",
    complexity: "O(1) amortised",
    summary: "Adds bytes to the end of a string, which starts out empty.",
    syntax: "key value",
    handler: append,
  },
  {
    name: "setrange",
    arity: 4,
    flags: ["write", "denyoom"],
    keys: key("RW update"),
    group: "string",
    since: "2.2.0",
    complexity: "O(N), N the length of the value; O(1) for a short one",
    summary: "Overwrites part of a string from an offset on, with zero bytes where it was too short.",
    syntax: "key offset value",
    handler: setrange,
  },
  {
    name: "getrange",
    arity: 4,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "string",
    since: "2.4.0",
    complexity: "O(N), N the length of the answer",
    summary: "Returns part of a string, between two offsets counted from either end.",
    syntax: "key start end",
    handler: getrange,
  },
  {
    name: "substr",
    arity: 4,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "string",
    since: "1.0.0",
    complexity: "O(N), N the length of the answer",
    summary: "Returns part of a string; an older name of GETRANGE.",
    syntax: "key start end",
    handler: getrange,
  },
];
