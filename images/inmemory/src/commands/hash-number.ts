import { NOT_A_FLOAT, OVERFLOW } from "../errors.ts";
import { LongDouble } from "../protocol/long-double.ts";
import { isInt64, parseInteger64 } from "../protocol/numbers.ts";
import { NOTIFY_HASH } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import { openHash } from "../storage/hash.ts";
import { TYPE_HASH } from "../storage/keyspace.ts";
import { isJournaled } from "./collections.ts";
import { type Command, key } from "./definition.ts";
import { writableHash } from "./hash.ts";

/**
 * The field at argument 2 read by `parse`, or `absent`: undefined when it is no number or the key no hash, which is
 * answered here.
 */
function readField<T>(
  session: ClientSession,
  absent: T,
  parse: (bytes: Buffer, offset: number, length: number) => T | undefined,
  error: string,
): T | undefined {
  const { args, db } = session;
  const entry = session.write(1);
  if (!session.isType(entry, TYPE_HASH)) return undefined;
  if (entry === 0) return absent;
  const hash = openHash(db, entry);
  if (!hash.find(args.buffer, args.offsets[2]!, args.lengths[2]!)) return absent;
  const value = parse(hash.bytes, hash.valueOffset, hash.valueLength);
  if (value === undefined) session.reply.error(error);
  return value;
}

function setField(session: ClientSession, text: Buffer, event: string): void {
  const { args, server } = session;
  writableHash(session)!.set(
    args.buffer,
    args.offsets[2]!,
    args.lengths[2]!,
    text,
    0,
    text.length,
    server.settings,
  );
  session.changed(1, NOTIFY_HASH, event);
}

function hincrby(session: ClientSession): void {
  const { args, reply } = session;
  if (Number.isNaN(session.integer(3))) return;
  const amount = parseInteger64(args.buffer, args.offsets[3]!, args.lengths[3]!)!;
  const value = readField(session, 0n, parseInteger64, "ERR hash value is not an integer");
  if (value === undefined) return;
  const sum = value + amount;
  if (!isInt64(sum)) {
    reply.error(OVERFLOW);
    return;
  }
  setField(session, Buffer.from(sum.toString(), "latin1"), "hincrby");
  reply.integer(sum);
}

function hincrbyfloat(session: ClientSession): void {
  const { args, reply } = session;
  const amount = LongDouble.parse(args.buffer, args.offsets[3]!, args.lengths[3]!);
  if (amount === undefined) {
    reply.error(NOT_A_FLOAT);
    return;
  }
  if (amount.isInfinite) {
    reply.error("ERR value is NaN or Infinity");
    return;
  }
  const value = readField(session, LongDouble.ZERO, LongDouble.parse, "ERR hash value is not a float");
  if (value === undefined) return;
  const sum = value.plus(amount);
  if (sum.isInfinite) {
    reply.error("ERR increment would produce NaN or Infinity");
    return;
  }
  const text = Buffer.from(sum.toString(), "latin1");
  setField(session, text, "hincrbyfloat");
  if (isJournaled(session)) session.propagateAs("HSET", args.view(1), args.view(2), text);
  reply.bulkBuffer(text);
}

export const hashNumberCommands: Command[] = [
  {
    name: "hincrby",
    arity: 4,
    flags: ["write", "denyoom", "fast"],
    keys: key("RW access update"),
    group: "hash",
    since: "2.0.0",
    complexity: "O(1)",
    summary: "Adds a number to the integer value of a field.",
    syntax: "key field increment",
    handler: hincrby,
  },
  {
    name: "hincrbyfloat",
    arity: 4,
    flags: ["write", "denyoom", "fast"],
    keys: key("RW access update"),
    group: "hash",
    since: "2.6.0",
    complexity: "O(1)",
    summary: "Adds a decimal number to the value of a field.",
    syntax: "key field increment",
    handler: hincrbyfloat,
  },
];
