import { DB_OUT_OF_RANGE, NO_SUCH_KEY, SAME_OBJECT, SYNTAX } from "../errors.ts";
import { compareBytes } from "../protocol/bytes.ts";
import { NOTIFY_GENERIC } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import type { Keyspace } from "../storage/keyspace.ts";
import { copyKey, moveKey } from "../storage/relocation.ts";
import { type Command, key } from "./definition.ts";
import { announceNew } from "./string-store.ts";

const INT32_MAX = 2 ** 31 - 1;
const NOT_IN_INT_RANGE = "ERR value is out of range, value must between -2147483648 and 2147483647";

function isSameArgument({ args }: ClientSession, left: number, right: number): boolean {
  const { buffer, offsets, lengths } = args;
  return compareBytes(buffer, offsets[left]!, lengths[left]!, buffer, offsets[right]!, lengths[right]!) === 0;
}

function renameKey(session: ClientSession, onlyIfFree: boolean): boolean | undefined {
  const { args, db } = session;
  const entry = session.write(1);
  if (entry === 0) {
    session.reply.error(NO_SUCH_KEY);
    return undefined;
  }
  if (isSameArgument(session, 1, 2)) return !onlyIfFree;
  const taken = session.write(2);
  if (taken !== 0) {
    if (onlyIfFree) return false;
    db.delete(taken);
  }
  moveKey(db, entry, db, args.buffer, args.offsets[2]!, args.lengths[2]!);
  announceNew(session, 2);
  session.changed(1, NOTIFY_GENERIC, "rename_from", 0);
  session.changed(2, NOTIFY_GENERIC, "rename_to");
  return true;
}

function rename(session: ClientSession): void {
  if (renameKey(session, false) !== undefined) session.reply.ok();
}

function renamenx(session: ClientSession): void {
  const isRenamed = renameKey(session, true);
  if (isRenamed !== undefined) session.reply.integer(isRenamed ? 1 : 0);
}

/** The database whose number is at an argument; on a bad one answers the error. */
export function readDatabase(
  session: ClientSession,
  index: number,
  badNumber?: string,
): Keyspace | undefined {
  const number = session.integer(index, badNumber);
  if (Number.isNaN(number)) return undefined;
  if (number > INT32_MAX || number < -INT32_MAX - 1) {
    session.reply.error(badNumber ?? NOT_IN_INT_RANGE);
    return undefined;
  }
  const db = session.server.databases[number];
  if (db === undefined) session.reply.error(DB_OUT_OF_RANGE);
  return db;
}

function move(session: ClientSession): void {
  const { args, db, server, reply } = session;
  if (server.cluster !== undefined) {
    reply.error("ERR MOVE is not allowed in cluster mode");
    return;
  }
  const target = readDatabase(session, 2);
  if (target === undefined) return;
  if (target === db) {
    reply.error(SAME_OBJECT);
    return;
  }
  const entry = session.write(1);
  const offset = args.offsets[1]!;
  const length = args.lengths[1]!;
  if (entry === 0 || server.lookupWrite(target, args.buffer, offset, length) !== 0) {
    reply.integer(0);
    return;
  }
  moveKey(db, entry, target, args.buffer, offset, length);
  announceNewIn(session, target, 1);
  session.changed(1, NOTIFY_GENERIC, "move_from", 0);
  server.changed(target, args.view(1), NOTIFY_GENERIC, "move_to", 1);
  reply.integer(1);
}

function announceNewIn(session: ClientSession, db: Keyspace, index: number): void {
  const selected = session.db;
  session.db = db;
  announceNew(session, index);
  session.db = selected;
}

function copy(session: ClientSession): void {
  const { args, db, server, reply } = session;
  let target = db;
  let replaces = false;
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, "REPLACE")) replaces = true;
    else if (args.is(i, "DB") && i + 1 < args.count) {
      const chosen = readDatabase(session, ++i);
      if (chosen === undefined) return;
      if (server.cluster !== undefined && chosen !== db) {
        reply.error("ERR Copying to another database is not allowed in cluster mode");
        return;
      }
      target = chosen;
    } else {
      reply.error(SYNTAX);
      return;
    }
  }
  if (target === db && isSameArgument(session, 1, 2)) {
    reply.error(SAME_OBJECT);
    return;
  }
  const entry = session.read(1);
  const offset = args.offsets[2]!;
  const length = args.lengths[2]!;
  const taken = entry === 0 ? 0 : server.lookupWrite(target, args.buffer, offset, length);
  if (entry === 0 || (taken !== 0 && !replaces)) {
    reply.integer(0);
    return;
  }
  if (taken !== 0) target.delete(taken);
  copyKey(db, entry, target, args.buffer, offset, length);
  announceNewIn(session, target, 2);
  server.changed(target, args.view(2), NOTIFY_GENERIC, "copy_to", 1);
  reply.integer(1);
}

export const moveCommands: Command[] = [
  {
    name: "rename",
    arity: 3,
    flags: ["write"],
    keys: [...key("RW access delete"), ...key("OW update", 2)],
    group: "generic",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Gives a key another name, replacing what was there.",
    syntax: "key newkey",
    handler: rename,
  },
  {
    name: "renamenx",
    arity: 3,
    flags: ["write", "fast"],
    keys: [...key("RW access delete"), ...key("OW insert", 2)],
    group: "generic",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Gives a key another name unless that name is taken.",
    syntax: "key newkey",
    handler: renamenx,
  },
  {
    name: "copy",
    arity: -3,
    flags: ["write", "denyoom"],
    keys: [...key("RO access"), ...key("OW update", 2)],
    group: "generic",
    since: "6.2.0",
    complexity: "O(N), N the number of elements; O(1) for a string",
    summary: "Copies the value of a key to another key, also of another database.",
    syntax: "source destination [DB destination-db] [REPLACE]",
    handler: copy,
  },
  {
    name: "move",
    arity: 3,
    flags: ["write", "fast"],
    keys: key("RW access update"),
    group: "generic",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Moves a key to another database.",
    syntax: "key db",
    handler: move,
  },
];
