import { NOT_A_FLOAT, NOT_AN_INTEGER, OVERFLOW } from "../errors.ts";
import { copyBytes } from "../protocol/bytes.ts";
import { LongDouble } from "../protocol/long-double.ts";
import { isInt64, parseInteger, parseInteger64, writeInteger } from "../protocol/numbers.ts";
import { NOTIFY_STRING } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import { ENCODING_PLAIN, ENCODING_TEXT, TYPE_STRING } from "../storage/keyspace.ts";
import { isJournaled } from "./collections.ts";
import { type Command, key } from "./definition.ts";
import { storeBytes } from "./string-store.ts";

const { MAX_SAFE_INTEGER } = Number;
/** The digits of a number on its way into the slab. */
const digits = Buffer.alloc(32);

/**
 * Adds to the integer at argument 1, in doubles as long as they are exact. The amount is also at argument `source`,
 * with its sign turned round when `isNegated`; without one (0) it is exact as it is.
 */
function addInteger(session: ClientSession, amount: number, source: number, isNegated: boolean): void {
  const { db, reply } = session;
  const entry = session.write(1);
  if (!session.isType(entry, TYPE_STRING)) return;
  let value = 0;
  if (entry !== 0) value = parseInteger(db.bytesOf(entry), db.stringOffset(entry), db.stringLength(entry));
  if (Number.isNaN(value)) {
    reply.error(NOT_AN_INTEGER);
    return;
  }
  const sum = value + amount;
  if (Math.abs(value) > MAX_SAFE_INTEGER || !Number.isSafeInteger(amount) || !Number.isSafeInteger(sum)) {
    const exact = source === 0 ? BigInt(amount) : argument64(session, source);
    addExactly(session, entry, isNegated ? -exact : exact);
    return;
  }
  finish(session, entry, writeInteger(sum, digits, 0));
  reply.integer(sum);
}

function addExactly(session: ClientSession, entry: number, amount: bigint): void {
  const { db, reply } = session;
  const value =
    entry === 0 ? 0n : parseInteger64(db.bytesOf(entry), db.stringOffset(entry), db.stringLength(entry))!;
  const sum = value + amount;
  if (!isInt64(sum)) {
    reply.error(OVERFLOW);
    return;
  }
  finish(session, entry, digits.write(sum.toString(), 0, "latin1"));
  reply.integer(sum);
}

/** Stores the number in `digits`, keeping the expiry. */
function finish(session: ClientSession, entry: number, length: number): void {
  const { db } = session;
  if (entry === 0) storeBytes(session, 1, digits, 0, length, true);
  else {
    const target = db.resizeString(entry, length, 0);
    copyBytes(digits, 0, db.bytesOf(target), db.stringOffset(target), length);
    db.setEncoding(target, ENCODING_PLAIN);
  }
  session.changed(1, NOTIFY_STRING, "incrby");
}

function incr(session: ClientSession): void {
  addInteger(session, 1, 0, false);
}

function decr(session: ClientSession): void {
  addInteger(session, -1, 0, false);
}

function argument64({ args }: ClientSession, index: number): bigint {
  return parseInteger64(args.buffer, args.offsets[index]!, args.lengths[index]!)!;
}

function incrby(session: ClientSession): void {
  const amount = session.integer(2);
  if (!Number.isNaN(amount)) addInteger(session, amount, 2, false);
}

function decrby(session: ClientSession): void {
  const amount = session.integer(2);
  if (Number.isNaN(amount)) return;
  if (amount < -MAX_SAFE_INTEGER && !isInt64(-argument64(session, 2))) {
    session.reply.error("ERR decrement would overflow");
  } else addInteger(session, -amount, 2, true);
}

function incrbyfloat(session: ClientSession): void {
  const { args, db, reply } = session;
  const entry = session.write(1);
  if (!session.isType(entry, TYPE_STRING)) return;
  const value =
    entry === 0
      ? LongDouble.ZERO
      : LongDouble.parse(db.bytesOf(entry), db.stringOffset(entry), db.stringLength(entry));
  const amount = LongDouble.parse(args.buffer, args.offsets[2]!, args.lengths[2]!);
  if (value === undefined || amount === undefined) {
    reply.error(NOT_A_FLOAT);
    return;
  }
  const sum = value.plus(amount);
  if (sum.isInfinite) {
    reply.error("ERR increment would produce NaN or Infinity");
    return;
  }
  const text = Buffer.from(sum.toString(), "latin1");
  db.setEncoding(storeBytes(session, 1, text, 0, text.length, true), ENCODING_TEXT);
  session.changed(1, NOTIFY_STRING, "incrbyfloat");
  if (isJournaled(session)) session.propagateAs("SET", args.view(1), text, "KEEPTTL");
  reply.bulkBuffer(text);
}

export const stringNumberCommands: Command[] = [
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
  {
    name: "decr",
    arity: 2,
    flags: ["write", "denyoom", "fast"],
    keys: key("RW access update"),
    group: "string",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Subtracts one from the integer value of a key.",
    syntax: "key",
    handler: decr,
  },
  {
    name: "incrby",
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    keys: key("RW access update"),
    group: "string",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Adds a number to the integer value of a key.",
    syntax: "key increment",
    handler: incrby,
  },
  {
    name: "decrby",
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    keys: key("RW access update"),
    group: "string",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Subtracts a number from the integer value of a key.",
    syntax: "key decrement",
    handler: decrby,
  },
  {
    name: "incrbyfloat",
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    keys: key("RW access update"),
    group: "string",
    since: "2.6.0",
    complexity: "O(1)",
    summary: "Adds a decimal number to the value of a key.",
    syntax: "key increment",
    handler: incrbyfloat,
  },
];
