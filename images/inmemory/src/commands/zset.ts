import { SYNTAX, wrongArity } from "../errors.ts";
import { formatDouble, formatDouble17 } from "../protocol/numbers.ts";
import { NOTIFY_ZSET } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import { TYPE_ZSET } from "../storage/keyspace.ts";
import { createZset, openZset } from "../storage/zset.ts";
import { addKey } from "./collections.ts";
import { type Command, key } from "./definition.ts";
import { matchesRange, readCursor, readScanOptions, runScan } from "./scan.ts";
import { type Bounds, readLexBounds, readScore, readScoreBounds } from "./zset-bounds.ts";

const NX_AND_XX = "ERR XX and NX options at the same time are not compatible";
const GT_LT_NX = "ERR GT, LT, and/or NX options at the same time are not compatible";
const INCR_SINGLE = "ERR INCR option supports a single increment-element pair";
const SCORE_IS_NAN = "ERR resulting score is not a number (NaN)";

let scores = new Float64Array(16);

// ---- adding ------------------------------------------------------------------------------------------------------

/** ZADD and ZINCRBY. */
export function add(session: ClientSession, isIncrementCommand: boolean): void {
  const { args, db, reply, server } = session;
  let isIncrement = isIncrementCommand;
  let [nx, xx, gt, lt, ch] = [false, false, false, false, false];
  let first = 2;
  for (; first < args.count; first++) {
    if (args.is(first, "NX")) nx = true;
    else if (args.is(first, "XX")) xx = true;
    else if (args.is(first, "CH")) ch = true;
    else if (args.is(first, "INCR")) isIncrement = true;
    else if (args.is(first, "GT")) gt = true;
    else if (args.is(first, "LT")) lt = true;
    else break;
  }
  const pairs = (args.count - first) / 2;
  let refused: string | undefined;
  if (pairs === 0 || !Number.isInteger(pairs)) refused = SYNTAX;
  else if (nx && xx) refused = NX_AND_XX;
  else if ((gt && nx) || (lt && nx) || (gt && lt)) refused = GT_LT_NX;
  else if (isIncrement && pairs > 1) refused = INCR_SINGLE;
  if (refused !== undefined) {
    reply.error(refused);
    return;
  }
  // All scores are read before any is applied: the command does all or nothing.
  if (scores.length < pairs) scores = new Float64Array(pairs * 2);
  for (let i = 0; i < pairs; i++) {
    const score = readScore(session, first + i * 2);
    if (Number.isNaN(score)) return;
    scores[i] = score;
  }
  let entry = session.write(1);
  if (!session.isType(entry, TYPE_ZSET)) return;
  if (entry === 0) {
    if (xx) {
      if (isIncrement) reply.null();
      else reply.integer(0);
      return;
    }
    const { encoding, valueWord } = createZset(db, pairs, args.lengths[first + 1]!, server.settings);
    entry = addKey(session, 1, TYPE_ZSET, encoding, valueWord);
  }
  const zset = openZset(db, entry);
  zset.prepare(pairs, server.settings);
  let added = 0;
  let updated = 0;
  let result = Number.NaN;
  for (let i = 0; i < pairs; i++) {
    const offset = args.offsets[first + 1 + i * 2]!;
    const length = args.lengths[first + 1 + i * 2]!;
    let score = scores[i]!;
    const current = zset.scoreOf(args.buffer, offset, length);
    if (Number.isNaN(current)) {
      if (xx) continue;
      zset.insert(args.buffer, offset, length, score, server.settings);
      added++;
      result = score;
      continue;
    }
    if (nx) continue;
    if (isIncrement) {
      score += current;
      if (Number.isNaN(score)) {
        reply.error(SCORE_IS_NAN);
        return;
      }
    }
    if ((lt && score >= current) || (gt && score <= current)) continue;
    result = score;
    if (score === current) continue;
    zset.change(args.buffer, offset, length, current, score);
    updated++;
  }
  if (!isIncrement) reply.integer(ch ? added + updated : added);
  else if (Number.isNaN(result)) reply.null();
  else reply.double(result);
  if (added + updated > 0) session.changed(1, NOTIFY_ZSET, isIncrement ? "zincr" : "zadd", added + updated);
}

// ---- reading -----------------------------------------------------------------------------------------------------

function zcard(session: ClientSession): void {
  const entry = session.read(1);
  if (entry === 0) session.reply.integer(0);
  else if (session.isType(entry, TYPE_ZSET)) session.reply.integer(openZset(session.db, entry).length);
}

function zscore(session: ClientSession): void {
  const { args, reply } = session;
  const entry = session.read(1);
  if (entry === 0) {
    reply.null();
    return;
  }
  if (!session.isType(entry, TYPE_ZSET)) return;
  const score = openZset(session.db, entry).scoreOf(args.buffer, args.offsets[2]!, args.lengths[2]!);
  if (Number.isNaN(score)) reply.null();
  else reply.double(score);
}

function zmscore(session: ClientSession): void {
  const { args, reply } = session;
  const entry = session.read(1);
  if (!session.isType(entry, TYPE_ZSET)) return;
  const zset = entry === 0 ? undefined : openZset(session.db, entry);
  reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) {
    const score = zset?.scoreOf(args.buffer, args.offsets[i]!, args.lengths[i]!) ?? Number.NaN;
    if (Number.isNaN(score)) reply.null();
    else reply.double(score);
  }
}

function rank(session: ClientSession, isReverse: boolean): void {
  const { args, reply } = session;
  if (args.count > 4) {
    reply.error(wrongArity(session.command.fullName));
    return;
  }
  const withScore = args.count === 4;
  if (withScore && !args.is(3, "WITHSCORE")) {
    reply.error(SYNTAX);
    return;
  }
  const entry = session.read(1);
  if (!session.isType(entry, TYPE_ZSET)) return;
  const zset = entry === 0 ? undefined : openZset(session.db, entry);
  const score = zset?.scoreOf(args.buffer, args.offsets[2]!, args.lengths[2]!) ?? Number.NaN;
  if (zset === undefined || Number.isNaN(score)) {
    if (withScore) reply.nullArray();
    else reply.null();
    return;
  }
  const fromLowest = zset.rankOfFound(score);
  if (withScore) reply.array(2);
  reply.integer(isReverse ? zset.length - 1 - fromLowest : fromLowest);
  if (withScore) reply.double(score);
}

function count(session: ClientSession, bounds: Bounds | undefined): void {
  if (bounds === undefined) return;
  const entry = session.read(1);
  if (entry === 0) {
    session.reply.integer(0);
    return;
  }
  if (!session.isType(entry, TYPE_ZSET)) return;
  const { start, end } = bounds(openZset(session.db, entry));
  session.reply.integer(end - start);
}

function zscan(session: ClientSession): void {
  const { reply } = session;
  const cursor = readCursor(session, 2);
  if (cursor === undefined) return;
  const entry = session.read(1);
  if (entry === 0) {
    reply.array(2);
    reply.bulkText("0");
    reply.array(0);
    return;
  }
  if (!session.isType(entry, TYPE_ZSET)) return;
  const request = readScanOptions(session, 3);
  if (request === undefined) return;
  const zset = openZset(session.db, entry);
  const found: Buffer[] = [];
  let visited = 0;
  const visit = (bytes: Buffer, offset: number, length: number, score: number) => {
    visited++;
    if (!matchesRange(request.pattern, bytes, offset, length)) return;
    found.push(Buffer.from(bytes.subarray(offset, offset + length)));
    found.push(Buffer.from(zset.isPacked ? formatDouble(score) : formatDouble17(score)));
  };
  const next = runScan(
    cursor,
    request,
    (at) => zset.scan(at, visit),
    () => visited,
  );
  reply.array(2);
  reply.bulkNumber(next);
  reply.array(found.length);
  for (const bytes of found) reply.bulkBuffer(bytes);
}

export const zsetCommands: Command[] = [
  {
    name: "zadd",
    arity: -4,
    flags: ["write", "denyoom", "fast"],
    keys: key("RW update"),
    group: "sorted-set",
    since: "1.2.0",
    complexity: "O(log(N)) per member, N being the size of the set",
    summary: "Adds members to a sorted set, or gives those that are there another score.",
    syntax: "key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]",
    handler: (session) => add(session, false),
  },
  {
    name: "zincrby",
    arity: 4,
    flags: ["write", "denyoom", "fast"],
    keys: key("RW access update"),
    group: "sorted-set",
    since: "1.2.0",
    complexity: "O(log(N)), N being the size of the set",
    summary: "Adds to the score of a member, which begins at 0.",
    syntax: "key increment member",
    handler: (session) => add(session, true),
  },
  {
    name: "zcard",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: key("RO"),
    group: "sorted-set",
    since: "1.2.0",
    complexity: "O(1)",
    summary: "Returns the number of members.",
    syntax: "key",
    handler: zcard,
  },
  {
    name: "zscore",
    arity: 3,
    flags: ["readonly", "fast"],
    keys: key("RO access"),
    group: "sorted-set",
    since: "1.2.0",
    complexity: "O(1)",
    summary: "Returns the score of a member.",
    syntax: "key member",
    handler: zscore,
  },
  {
    name: "zmscore",
    arity: -3,
    flags: ["readonly", "fast"],
    keys: key("RO access"),
    group: "sorted-set",
    since: "6.2.0",
    complexity: "O(N) in the members asked for",
    summary: "Returns the scores of several members, null for those that are absent.",
    syntax: "key member [member ...]",
    handler: zmscore,
  },
  {
    name: "zrank",
    arity: -3,
    flags: ["readonly", "fast"],
    keys: key("RO access"),
    group: "sorted-set",
    since: "2.0.0",
    complexity: "O(log(N))",
    summary: "Returns a member's place in the order from the lowest score up, from 0.",
    syntax: "key member [WITHSCORE]",
    handler: (session) => rank(session, false),
  },
  {
    name: "zrevrank",
    arity: -3,
    flags: ["readonly", "fast"],
    keys: key("RO access"),
    group: "sorted-set",
    since: "2.0.0",
    complexity: "O(log(N))",
    summary: "Returns a member's place in the order from the highest score down, from 0.",
    syntax: "key member [WITHSCORE]",
    handler: (session) => rank(session, true),
  },
  {
    name: "zcount",
    arity: 4,
    flags: ["readonly", "fast"],
    keys: key("RO access"),
    group: "sorted-set",
    since: "2.0.0",
    complexity: "O(log(N))",
    summary: "Counts the members whose scores are in a range.",
    syntax: "key min max",
    handler: (session) => count(session, readScoreBounds(session, 2, 3)),
  },
  {
    name: "zlexcount",
    arity: 4,
    flags: ["readonly", "fast"],
    keys: key("RO access"),
    group: "sorted-set",
    since: "2.8.9",
    complexity: "O(log(N))",
    summary: "Counts the members between two others, in a set whose scores are all the same.",
    syntax: "key min max",
    handler: (session) => count(session, readLexBounds(session, 2, 3)),
  },
  {
    name: "zscan",
    arity: -3,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "sorted-set",
    since: "2.8.0",
    complexity: "O(1) per call, O(N) for all calls until the cursor is back at 0",
    summary: "Walks over members and scores a few at a time.",
    syntax: "key cursor [MATCH pattern] [COUNT count]",
    handler: zscan,
  },
];
