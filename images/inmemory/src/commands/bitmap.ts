import { SYNTAX } from "../errors.ts";
import { parseInteger } from "../protocol/numbers.ts";
import { NOTIFY_STRING } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import { countBits, findBit } from "../storage/bits.ts";
import { ENCODING_RAW, TYPE_STRING } from "../storage/keyspace.ts";
import { type Command, key, keys } from "./definition.ts";
import { growString } from "./string-range.ts";
import { storeBytes } from "./string-store.ts";

const BAD_BIT = "ERR bit is not an integer or out of range";
const BAD_OFFSET = "ERR bit offset is not an integer or out of range";
const HASH = 0x23;

/**
 * The argument as a bit offset, in units of `width` bits when it starts with `#` and a width is given; on a bad one
 * answers the error and returns NaN.
 */
export function readBitOffset(session: ClientSession, index: number, width = 0): number {
  const { args, server } = session;
  const start = args.offsets[index]!;
  const length = args.lengths[index]!;
  const isInUnits = width > 0 && length > 0 && args.buffer[start] === HASH;
  const value = parseInteger(args.buffer, start + Number(isInUnits), length - Number(isInUnits));
  const offset = isInUnits ? value * width : value;
  const isTooFar = Math.floor(offset / 8) >= server.settings.bulkLimitBytes && !session.isRerunning;
  if (offset >= 0 && !isTooFar) return offset;
  session.reply.error(BAD_OFFSET);
  return Number.NaN;
}

/** The string at argument 1, made long enough for a bit; the entry, and whether it was created or grew. */
export function stringForBit(
  session: ClientSession,
  bitOffset: number,
): { entry: number; isLonger: boolean } | undefined {
  const { db } = session;
  const found = session.write(1);
  if (!session.isType(found, TYPE_STRING)) return undefined;
  const before = found === 0 ? 0 : db.stringLength(found);
  const entry = growString(session, found, Math.floor(bitOffset / 8) + 1);
  return { entry, isLonger: db.stringLength(entry) !== before };
}

function setbit(session: ClientSession): void {
  const { args, db, reply } = session;
  const offset = readBitOffset(session, 2);
  if (Number.isNaN(offset)) return;
  const value = args.integer(3);
  if (value !== 0 && value !== 1) {
    reply.error(BAD_BIT);
    return;
  }
  const target = stringForBit(session, offset);
  if (target === undefined) return;
  const bytes = db.bytesOf(target.entry);
  const at = db.stringOffset(target.entry) + Math.floor(offset / 8);
  const mask = 0x80 >>> (offset % 8);
  const before = (bytes[at]! & mask) === 0 ? 0 : 1;
  if (target.isLonger || before !== value) {
    bytes[at] = value === 1 ? bytes[at]! | mask : bytes[at]! & ~mask;
    session.changed(1, NOTIFY_STRING, "setbit");
  }
  reply.integer(before);
}

function getbit(session: ClientSession): void {
  const { db, reply } = session;
  const offset = readBitOffset(session, 2);
  if (Number.isNaN(offset)) return;
  const entry = session.read(1);
  if (!session.isType(entry, TYPE_STRING)) return;
  const byte = Math.floor(offset / 8);
  if (entry === 0 || byte >= db.stringLength(entry)) reply.integer(0);
  else {
    const value = db.bytesOf(entry)[db.stringOffset(entry) + byte]!;
    reply.integer((value >>> (7 - (offset % 8))) & 1);
  }
}

/** Reads BIT or BYTE at an argument: bits per unit; answers the error and returns undefined when it is neither. */
function readUnit({ args, reply }: ClientSession, index: number): 1 | 8 | undefined {
  if (args.is(index, "BIT")) return 1;
  if (args.is(index, "BYTE")) return 8;
  reply.error(SYNTAX);
  return undefined;
}

/** A range of units counted from either end, as bit offsets inclusive, in a string of `bits`. */
function bitRange(start: number, end: number, unit: number, bits: number): { first: number; last: number } {
  const units = bits / unit;
  const from = Math.max(0, start < 0 ? start + units : start);
  const to = Math.min(units - 1, Math.max(0, end < 0 ? end + units : end));
  return { first: from * unit, last: to * unit + unit - 1 };
}

function bitcount(session: ClientSession): void {
  const { args, db, reply } = session;
  const entry = session.read(1);
  if (!session.isType(entry, TYPE_STRING)) return;
  if (entry === 0) {
    reply.integer(0);
    return;
  }
  const bits = db.stringLength(entry) * 8;
  let range = { first: 0, last: bits - 1 };
  if (args.count === 4 || args.count === 5) {
    const start = session.integer(2);
    if (Number.isNaN(start)) return;
    const end = session.integer(3);
    if (Number.isNaN(end)) return;
    if (start < 0 && end < 0 && start > end) {
      reply.integer(0);
      return;
    }
    const unit = args.count === 5 ? readUnit(session, 4) : 8;
    if (unit === undefined) return;
    range = bitRange(start, end, unit, bits);
  } else if (args.count !== 2) {
    reply.error(SYNTAX);
    return;
  }
  const { first, last } = range;
  reply.integer(first > last ? 0 : countBits(db.bytesOf(entry), db.stringOffset(entry), first, last));
}

function bitpos(session: ClientSession): void {
  const { args, db, reply } = session;
  const wanted = session.integer(2);
  if (Number.isNaN(wanted)) return;
  if (wanted !== 0 && wanted !== 1) {
    reply.error("ERR The bit argument must be 1 or 0.");
    return;
  }
  const entry = session.read(1);
  if (!session.isType(entry, TYPE_STRING)) return;
  if (entry === 0) {
    // An absent key is an endless row of clear bits.
    reply.integer(wanted === 1 ? -1 : 0);
    return;
  }
  const bits = db.stringLength(entry) * 8;
  let range = { first: 0, last: bits - 1 };
  if (args.count > 6) {
    reply.error(SYNTAX);
    return;
  }
  if (args.count > 3) {
    const start = session.integer(3);
    if (Number.isNaN(start)) return;
    const unit = args.count === 6 ? readUnit(session, 5) : 8;
    if (unit === undefined) return;
    const end = args.count > 4 ? session.integer(4) : -1;
    if (Number.isNaN(end)) return;
    range = bitRange(start, end, unit, bits);
  }
  const { first, last } = range;
  const found = first > last ? -1 : findBit(db.bytesOf(entry), db.stringOffset(entry), first, last, wanted);
  // Without an end, the string goes on with clear bits.
  const isEndless = wanted === 0 && args.count < 5 && first <= last;
  reply.integer(found < 0 && isEndless ? last + 1 : found);
}

type Combine = (left: number, right: number) => number;

const COMBINATIONS: readonly [keyword: string, combine: Combine][] = [
  ["AND", (left, right) => left & right],
  ["OR", (left, right) => left | right],
  ["XOR", (left, right) => left ^ right],
];

function bitop(session: ClientSession): void {
  const { args, db, reply, server } = session;
  const combine = COMBINATIONS.find(([keyword]) => args.is(1, keyword))?.[1];
  if (combine === undefined && !args.is(1, "NOT")) {
    reply.error(SYNTAX);
    return;
  }
  if (combine === undefined && args.count !== 4) {
    reply.error("ERR BITOP NOT must be called with a single source key.");
    return;
  }
  const sources: Buffer[] = [];
  for (let i = 3; i < args.count; i++) {
    const entry = session.read(i);
    if (!session.isType(entry, TYPE_STRING)) return;
    const start = entry === 0 ? 0 : db.stringOffset(entry);
    const end = entry === 0 ? 0 : start + db.stringLength(entry);
    sources.push(entry === 0 ? EMPTY : db.bytesOf(entry).subarray(start, end));
  }
  const result = combined(sources, combine);
  const target = session.write(2);
  if (result.length > 0) {
    const stored = storeBytes(session, 2, result, 0, result.length, false);
    db.setEncoding(stored, ENCODING_RAW);
    session.changed(2, NOTIFY_STRING, "set");
  } else if (target !== 0) server.delete(db, target);
  reply.integer(result.length);
}

const EMPTY = Buffer.alloc(0);

/** The strings combined byte by byte, the shorter ones with zeros at their ends; without `combine` the complement. */
function combined(sources: readonly Buffer[], combine: Combine | undefined): Buffer {
  const result = Buffer.alloc(Math.max(...sources.map(({ length }) => length)));
  sources[0]!.copy(result);
  if (combine === undefined) for (let i = 0; i < result.length; i++) result[i] = ~result[i]!;
  for (const source of sources.slice(1)) {
    const { length } = source;
    if (combine !== undefined) {
      for (let i = 0; i < length; i++) result[i] = combine(result[i]!, source[i]!);
      for (let i = length; i < result.length; i++) result[i] = combine(result[i]!, 0);
    }
  }
  return result;
}

export const bitmapCommands: Command[] = [
  {
    name: "setbit",
    arity: 4,
    flags: ["write", "denyoom"],
    keys: key("RW access update"),
    group: "bitmap",
    since: "2.2.0",
    complexity: "O(1)",
    summary: "Sets or clears one bit of a string and returns what it was.",
    syntax: "key offset value",
    handler: setbit,
  },
  {
    name: "getbit",
    arity: 3,
    flags: ["readonly", "fast"],
    keys: key("RO access"),
    group: "bitmap",
    since: "2.2.0",
    complexity: "O(1)",
    summary: "Returns one bit of a string.",
    syntax: "key offset",
    handler: getbit,
  },
  {
    name: "bitcount",
    arity: -2,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "bitmap",
    since: "2.6.0",
    complexity: "O(N), N the bytes counted",
    summary: "Counts the bits set in a string or in a range of it.",
    syntax: "key [start end [BYTE | BIT]]",
    handler: bitcount,
  },
  {
    name: "bitpos",
    arity: -3,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "bitmap",
    since: "2.8.7",
    complexity: "O(N), N the bytes searched",
    summary: "Finds the first set or clear bit in a string or in a range of it.",
    syntax: "key bit [start [end [BYTE | BIT]]]",
    handler: bitpos,
  },
  {
    name: "bitop",
    arity: -4,
    flags: ["write", "denyoom"],
    keys: [...key("OW update", 2), ...keys("RO access", 3, -1, 1)],
    group: "bitmap",
    since: "2.6.0",
    complexity: "O(N), N the length of the longest string",
    summary: "Combines strings bit by bit and stores the result.",
    syntax: "<AND | OR | XOR | NOT> destkey key [key ...]",
    handler: bitop,
  },
];
