import { INVALID_CURSOR, SYNTAX } from "../errors.ts";
import { matchGlob } from "../protocol/glob.ts";
import type { ClientSession } from "../server/server.ts";
import { type Keyspace, NO_EXPIRY, TYPE_NAMES } from "../storage/keyspace.ts";
import type { Command } from "./definition.ts";

const COUNT_DEFAULT = 10;
/** A scan that finds nothing goes on for so many buckets per element that was asked for. */
const BUCKETS_PER_ELEMENT = 10;
const STAR = 0x2a;
const UINT64_MAX = 2n ** 64n - 1n;

/** What SCAN, HSCAN, SSCAN and ZSCAN were asked for. */
export interface ScanRequest {
  count: number;
  /** Undefined when everything matches. */
  pattern: Buffer | undefined;
  /** SCAN only: the name of the type wanted. */
  type: string | undefined;
}

/** The cursor at an argument; on a bad one answers the error and returns undefined. */
export function readCursor(session: ClientSession, index: number): number | undefined {
  const text = session.args.latin1(index);
  // What strtoul takes whole; of its 64 bits only the low 32 are ever set by us.
  if (/^(?:[+-]?[0-9]+)?$/.test(text)) {
    const value = BigInt(text.replace("+", ""));
    if (value <= UINT64_MAX && value >= -UINT64_MAX) return Number(BigInt.asUintN(32, value));
  }
  session.reply.error(INVALID_CURSOR);
  return undefined;
}

/** Reads the options from argument `from` on; on a bad one answers the error and returns undefined. */
export function readScanOptions(
  session: ClientSession,
  from: number,
  takesType = false,
): ScanRequest | undefined {
  const { args, reply } = session;
  const request: ScanRequest = { count: COUNT_DEFAULT, pattern: undefined, type: undefined };
  for (let i = from; i < args.count; i += 2) {
    const hasValue = i + 1 < args.count;
    if (hasValue && args.is(i, "COUNT")) {
      request.count = session.integer(i + 1);
      if (Number.isNaN(request.count)) return undefined;
      if (request.count < 1) {
        reply.error(SYNTAX);
        return undefined;
      }
    } else if (hasValue && args.is(i, "MATCH")) {
      const pattern = args.copy(i + 1);
      request.pattern = pattern.length === 1 && pattern[0] === STAR ? undefined : pattern;
    } else if (hasValue && takesType && args.is(i, "TYPE")) {
      request.type = args.latin1(i + 1).toLowerCase();
    } else {
      reply.error(SYNTAX);
      return undefined;
    }
  }
  return request;
}

/**
 * Runs `step`, which visits the elements of one cursor and returns the next, until enough were visited; returns the
 * cursor to go on with. `visited` says how many elements there were so far.
 */
export function runScan(
  cursor: number,
  request: ScanRequest,
  step: (cursor: number) => number,
  visited: () => number,
): number {
  let next = cursor;
  let bucketsLeft = request.count * BUCKETS_PER_ELEMENT;
  do next = step(next);
  while (next !== 0 && bucketsLeft-- > 0 && visited() < request.count);
  return next;
}

/** Answers a cursor and the elements found. */
export function answerScan({ reply }: ClientSession, cursor: number, found: readonly Buffer[]): void {
  reply.array(2);
  reply.bulkNumber(cursor);
  reply.array(found.length);
  for (const bytes of found) reply.bulkBuffer(bytes);
}

/** Whether a range of a buffer matches. */
export function matchesRange(
  pattern: Buffer | undefined,
  bytes: Buffer,
  offset: number,
  length: number,
): boolean {
  return pattern === undefined || matchGlob(pattern, bytes.subarray(offset, offset + length));
}

function matchesKey(pattern: Buffer | undefined, db: Keyspace, entry: number): boolean {
  return matchesRange(pattern, db.bytesOf(entry), db.keyOffset(entry), db.keyLength(entry));
}

function isExpired(session: ClientSession, entry: number): boolean {
  const expiry = session.db.expiryOf(entry);
  return expiry !== NO_EXPIRY && expiry <= session.server.now;
}

function scan(session: ClientSession): void {
  const { db, reply, server } = session;
  const cursor = readCursor(session, 1);
  if (cursor === undefined) return;
  const request = readScanOptions(session, 2, true);
  if (request === undefined) return;
  const found: number[] = [];
  let visited = 0;
  const next = runScan(
    cursor,
    request,
    (at) =>
      db.scan(at, (entry) => {
        visited++;
        if (matchesKey(request.pattern, db, entry)) found.push(entry);
      }),
    () => visited,
  );
  const kept = found.filter((entry) => {
    if (isExpired(session, entry)) {
      server.expire(db, entry);
      return false;
    }
    return request.type === undefined || TYPE_NAMES[db.typeOf(entry)] === request.type;
  });
  reply.array(2);
  reply.bulkNumber(next);
  reply.array(kept.length);
  for (const entry of kept) reply.bulk(db.bytesOf(entry), db.keyOffset(entry), db.keyLength(entry));
}

function keysMatching(session: ClientSession): void {
  const { args, db, reply } = session;
  const pattern = args.copy(1);
  const wanted = pattern.length === 1 && pattern[0] === STAR ? undefined : pattern;
  const mark = reply.beginArray();
  let count = 0;
  db.visitAll((entry) => {
    if (matchesKey(wanted, db, entry) && !isExpired(session, entry)) {
      reply.bulk(db.bytesOf(entry), db.keyOffset(entry), db.keyLength(entry));
      count++;
    }
    return true;
  });
  reply.endArray(mark, count);
}

export const scanCommands: Command[] = [
  {
    name: "keys",
    arity: 2,
    flags: ["readonly"],
    categories: ["dangerous"],
    group: "generic",
    since: "1.0.0",
    complexity: "O(N), N the number of keys in the database",
    summary: "Returns the names of all keys that match a pattern.",
    syntax: "pattern",
    handler: keysMatching,
  },
  {
    name: "scan",
    arity: -2,
    flags: ["readonly"],
    group: "generic",
    since: "2.8.0",
    complexity: "O(1) for a step, O(N) for all of them",
    summary: "Goes through the names of the keys in steps.",
    syntax: "cursor [MATCH pattern] [COUNT count] [TYPE type]",
    handler: scan,
  },
];
