import { SYNTAX } from "../errors.ts";
import { parseInteger, parseInteger64 } from "../protocol/numbers.ts";
import { NOTIFY_STRING } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import { readField, writeField } from "../storage/bits.ts";
import { TYPE_STRING } from "../storage/keyspace.ts";
import { readBitOffset, stringForBit } from "./bitmap.ts";
import { type Command, hasWord, key } from "./definition.ts";

const BAD_TYPE =
  "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.";
const LETTER_I = 0x69;
const LETTER_U = 0x75;

/** What becomes of a number that does not fit. */
type Overflow = "WRAP" | "SAT" | "FAIL";
const OVERFLOWS: readonly Overflow[] = ["WRAP", "SAT", "FAIL"];

type Action = "GET" | "SET" | "INCRBY";
const ACTIONS: readonly [action: Action, argumentCount: number][] = [
  ["GET", 2],
  ["SET", 3],
  ["INCRBY", 3],
];

interface Operation {
  readonly action: Action;
  readonly isSigned: boolean;
  readonly width: number;
  readonly bitOffset: number;
  /** What is set or added. */
  readonly operand: bigint;
  readonly overflow: Overflow;
}

/** Reads all operations; on a bad one answers the error and returns undefined. */
function readOperations(session: ClientSession): Operation[] | undefined {
  const { args, reply } = session;
  const operations: Operation[] = [];
  let overflow: Overflow = "WRAP";
  for (let i = 2; i < args.count; i++) {
    const left = args.count - i - 1;
    if (args.is(i, "OVERFLOW") && left >= 1) {
      i++;
      const chosen = OVERFLOWS.find((name) => args.is(i, name));
      if (chosen === undefined) {
        reply.error("ERR Invalid OVERFLOW type specified");
        return undefined;
      }
      overflow = chosen;
      continue;
    }
    const found = ACTIONS.find(([name, count]) => args.is(i, name) && left >= count);
    if (found === undefined) {
      reply.error(SYNTAX);
      return undefined;
    }
    const operation = readOperation(session, i, found[0], overflow);
    if (operation === undefined) return undefined;
    operations.push(operation);
    i += found[1];
  }
  return operations;
}

function readOperation(
  session: ClientSession,
  index: number,
  action: Action,
  overflow: Overflow,
): Operation | undefined {
  const { args } = session;
  const start = args.offsets[index + 1]!;
  const letter = args.lengths[index + 1] === 0 ? 0 : args.buffer[start];
  const isSigned = letter === LETTER_I;
  const width = parseInteger(args.buffer, start + 1, args.lengths[index + 1]! - 1);
  if ((!isSigned && letter !== LETTER_U) || !(width >= 1 && width <= (isSigned ? 64 : 63))) {
    session.reply.error(BAD_TYPE);
    return undefined;
  }
  const bitOffset = readBitOffset(session, index + 2, width);
  if (Number.isNaN(bitOffset)) return undefined;
  let operand = 0n;
  if (action !== "GET") {
    if (Number.isNaN(session.integer(index + 3))) return undefined;
    operand = parseInteger64(args.buffer, args.offsets[index + 3]!, args.lengths[index + 3]!)!;
  }
  return { action, isSigned, width, bitOffset, operand, overflow };
}

/** A number made to fit as the operation says; undefined when it must not be changed. */
function fitted({ isSigned, width, overflow }: Operation, value: bigint): bigint | undefined {
  const max = (1n << BigInt(isSigned ? width - 1 : width)) - 1n;
  const min = isSigned ? -max - 1n : 0n;
  if (value >= min && value <= max) return value;
  if (overflow === "FAIL") return undefined;
  if (overflow === "SAT") return value > max ? max : min;
  return isSigned ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value);
}

/** The operation's field as it is; 0 where `entry` is 0. */
function currentValue({ db }: ClientSession, entry: number, operation: Operation): bigint {
  const { bitOffset, width, isSigned } = operation;
  if (entry === 0) return 0n;
  const start = db.stringOffset(entry);
  const value = readField(db.bytesOf(entry), start, start + db.stringLength(entry), bitOffset, width);
  return isSigned ? BigInt.asIntN(width, value) : value;
}

/** Runs a SET or INCRBY: whether the field is another now, or undefined when it must not overflow. */
function write(session: ClientSession, entry: number, operation: Operation): boolean | undefined {
  const { db, reply } = session;
  const { action, operand, isSigned, bitOffset, width } = operation;
  const before = currentValue(session, entry, operation);
  // What is set in an unsigned field counts as unsigned itself: a negative number is a large one.
  const set = isSigned ? operand : BigInt.asUintN(64, operand);
  const after = fitted(operation, action === "SET" ? set : before + operand);
  if (after === undefined) {
    reply.null();
    return undefined;
  }
  reply.integer(action === "SET" ? before : after);
  writeField(db.bytesOf(entry), db.stringOffset(entry), bitOffset, width, after);
  return after !== before;
}

function bitfield(session: ClientSession): void {
  const { reply, command } = session;
  const operations = readOperations(session);
  if (operations === undefined) return;
  const writes = operations.filter(({ action }) => action !== "GET");
  if (writes.length > 0 && !command.isWrite) {
    reply.error("ERR BITFIELD_RO only supports the GET subcommand");
    return;
  }
  let entry: number;
  let isLonger = false;
  if (writes.length === 0) {
    entry = session.read(1);
    if (!session.isType(entry, TYPE_STRING)) return;
  } else {
    const target = stringForBit(session, Math.max(...writes.map((one) => one.bitOffset + one.width - 1)));
    if (target === undefined) return;
    ({ entry, isLonger } = target);
  }
  reply.array(operations.length);
  let changes = 0;
  for (const operation of operations) {
    if (operation.action === "GET") reply.integer(currentValue(session, entry, operation));
    else {
      const isChanged = write(session, entry, operation);
      if (isChanged || (isLonger && isChanged !== undefined)) changes++;
    }
  }
  if (changes > 0) session.changed(1, NOTIFY_STRING, "setbit", changes);
  // Zeros that were added for operations that then failed are there: the journal needs them, and nobody hears of it.
  else if (isLonger) session.changed(1, 0, "");
}

export const bitfieldCommands: Command[] = [
  {
    name: "bitfield",
    arity: -2,
    flags: ["write", "denyoom"],
    keys: key("RW update access variable_flags"),
    keyFlags: (args) =>
      hasWord(args, 2, "SET") || hasWord(args, 2, "INCRBY") ? "RW access update" : "RO access",
    group: "bitmap",
    since: "3.2.0",
    complexity: "O(1) for each operation",
    summary: "Reads, sets and increments integers of any width inside of a string.",
    syntax:
      "key [GET encoding offset | [OVERFLOW WRAP | SAT | FAIL] <SET encoding offset value | INCRBY encoding offset increment> [GET encoding offset | [OVERFLOW WRAP | SAT | FAIL] <SET encoding offset value | INCRBY encoding offset increment> ...]]",
    handler: bitfield,
  },
  {
    name: "bitfield_ro",
    arity: -2,
    flags: ["readonly", "fast"],
    keys: key("RO access"),
    group: "bitmap",
    since: "6.0.0",
    complexity: "O(1) for each operation",
    summary: "Reads integers of any width inside of a string.",
    syntax: "key [GET encoding offset [GET encoding offset ...]]",
    handler: bitfield,
  },
];
