import { NOT_AN_INTEGER, OVERFLOW } from "../errors.ts";
import { NOTIFY_STRING } from "../notifications.ts";
import { isInt64, parseInteger64 } from "../protocol/numbers.ts";
import type { Session } from "../session.ts";
import { TYPE_STRING } from "../storage/keyspace.ts";
import { type Command, key } from "./definition.ts";

function get(session: Session): void {
  const { db, reply } = session;
  const entry = session.read(1);
  if (entry === 0) reply.null();
  else if (session.isType(entry, TYPE_STRING)) {
    reply.bulk(db.bytesOf(entry), db.stringOffset(entry), db.stringLength(entry));
  }
}

function set(session: Session): void {
  const { args, db } = session;
  db.setString(
    args.buffer,
    args.offsets[1]!,
    args.lengths[1]!,
    args.buffer,
    args.offsets[2]!,
    args.lengths[2]!,
  );
  session.changed(1, NOTIFY_STRING, "set");
  session.reply.ok();
}

function incr(session: Session): void {
  incrementBy(session, 1n);
}

function incrementBy(session: Session, amount: bigint): void {
  const { args, db, reply } = session;
  const entry = session.write(1);
  if (!session.isType(entry, TYPE_STRING)) return;
  let value: bigint | undefined = 0n;
  if (entry !== 0) value = parseInteger64(db.bytesOf(entry), db.stringOffset(entry), db.stringLength(entry));
  if (value === undefined) {
    reply.error(NOT_AN_INTEGER);
    return;
  }
  value += amount;
  if (!isInt64(value)) {
    reply.error(OVERFLOW);
    return;
  }
  const text = Buffer.from(value.toString(), "latin1");
  db.setString(args.buffer, args.offsets[1]!, args.lengths[1]!, text, 0, text.length, true);
  session.changed(1, NOTIFY_STRING, "incrby");
  reply.integer(value);
}

export const stringCommands: Command[] = [
  {
    name: "get",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: key("RO access"),
    group: "string",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Returns the string value of a key.",
    syntax: "key",
    handler: get,
  },
  {
    name: "set",
    arity: -3,
    flags: ["write", "denyoom"],
    keys: key("RW access update variable_flags"),
    group: "string",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Sets a key to a string value, whatever it held before.",
    syntax:
      "key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
    handler: set,
  },
  {
    name: "incr",
    arity: 2,
    flags: ["write", "denyoom", "fast"],
    keys: key("RW access update"),
    group: "string",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Adds one to the integer value of a key.",
    syntax: "key",
    handler: incr,
  },
];
