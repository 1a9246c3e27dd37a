import { SYNTAX, WRONGTYPE } from "../errors.ts";
import type { ClientSession } from "../server/server.ts";
import { TYPE_SET, TYPE_ZSET } from "../storage/keyspace.ts";
import { MemberSet, openSet } from "../storage/set.ts";
import { type MemberVisitor, openZset, type ScoredMember, sortMembers } from "../storage/zset.ts";
import { readAtLeast } from "./collections.ts";
import { type Command, countedKeys, key } from "./definition.ts";
import { readScore } from "./zset-bounds.ts";
import { beginMembers, storeMembers, writeMember } from "./zset-range.ts";

type Operation = "union" | "inter" | "diff";
type Aggregate = (left: number, right: number) => number;

const AGGREGATES: Record<string, Aggregate> = {
  // Infinities of both signs add up to 0 here.
  SUM: (left, right) => (Number.isNaN(left + right) ? 0 : left + right),
  MIN: (left, right) => (right < left ? right : left),
  MAX: (left, right) => (right > left ? right : left),
};

/** One input: a sorted set, a set (all scores 1) or an absent key (0). */
interface Input {
  entry: number;
  size: number;
  weight: number;
}

/** What one of the commands was asked for. */
interface Request {
  inputs: Input[];
  aggregate: Aggregate;
  withScores: boolean;
  /** Of ZINTERCARD; 0 is none. */
  limit: number;
}

/** Reads `numkeys key ... options`; undefined after an error was answered. */
function readRequest(
  session: ClientSession,
  numkeysIndex: number,
  operation: Operation,
  answer: "members" | "store" | "count",
): Request | undefined {
  const { args, db, reply } = session;
  const numkeys = session.integer(numkeysIndex);
  if (Number.isNaN(numkeys)) return undefined;
  if (numkeys < 1) {
    reply.error(`ERR at least 1 input key is needed for '${session.command.fullName}' command`);
    return undefined;
  }
  const first = numkeysIndex + 1;
  if (numkeys > args.count - first) {
    reply.error(SYNTAX);
    return undefined;
  }
  const inputs: Input[] = [];
  for (let i = 0; i < numkeys; i++) {
    const entry = session.read(first + i);
    if (entry !== 0 && !isSource(db.typeOf(entry))) {
      reply.error(WRONGTYPE);
      return undefined;
    }
    inputs.push({ entry, size: entry === 0 ? 0 : sourceSize(session, entry), weight: 1 });
  }
  const request: Request = { inputs, aggregate: AGGREGATES.SUM!, withScores: false, limit: 0 };
  const isWeighted = operation !== "diff" && answer !== "count";
  for (let i = first + numkeys; i < args.count; i++) {
    const left = args.count - i;
    if (isWeighted && left >= numkeys + 1 && args.is(i, "WEIGHTS")) {
      for (const input of inputs) {
        input.weight = readScore(session, ++i, "ERR weight value is not a float");
        if (Number.isNaN(input.weight)) return undefined;
      }
    } else if (isWeighted && left >= 2 && args.is(i, "AGGREGATE")) {
      const aggregate = AGGREGATES[args.latin1(++i).toUpperCase()];
      if (aggregate === undefined) {
        reply.error(SYNTAX);
        return undefined;
      }
      request.aggregate = aggregate;
    } else if (answer === "members" && args.is(i, "WITHSCORES")) request.withScores = true;
    else if (answer === "count" && left >= 2 && args.is(i, "LIMIT")) {
      request.limit = readAtLeast(session, ++i, 0, "ERR LIMIT can't be negative");
      if (Number.isNaN(request.limit)) return undefined;
    } else {
      reply.error(SYNTAX);
      return undefined;
    }
  }
  // From the smallest on: less to look up, and the order in which scores are added up.
  if (operation !== "diff") inputs.sort((left, right) => left.size - right.size);
  return request;
}

// ---- inputs ------------------------------------------------------------------------------------------------------

function isSource(type: number): boolean {
  return type === TYPE_ZSET || type === TYPE_SET;
}

function sourceSize({ db }: ClientSession, entry: number): number {
  return db.typeOf(entry) === TYPE_SET ? openSet(db, entry).size : openZset(db, entry).length;
}

/** Visits an input's members. The visitor may look members up in other inputs. */
function eachMember({ db }: ClientSession, input: Input, visit: MemberVisitor): void {
  const { entry, size } = input;
  if (entry === 0) return;
  if (db.typeOf(entry) === TYPE_ZSET) {
    openZset(db, entry, 1).each(0, size, false, visit);
    return;
  }
  const set = new MemberSet(db.slab).open(db, entry);
  set.visit(() => {
    visit(set.bytes, set.offset, set.length, 1);
    return true;
  });
}

/** A member's score in an input, NaN when it is not there. */
function scoreIn({ db }: ClientSession, input: Input, bytes: Buffer, offset: number, length: number): number {
  if (input.entry === 0) return Number.NaN;
  if (db.typeOf(input.entry) === TYPE_ZSET) return openZset(db, input.entry).scoreOf(bytes, offset, length);
  return openSet(db, input.entry).has(bytes, offset, length) ? 1 : Number.NaN;
}

// ---- operations --------------------------------------------------------------------------------------------------

function weighted(score: number, weight: number): number {
  const product = score * weight;
  return Number.isNaN(product) ? 0 : product;
}

function union(session: ClientSession, { inputs, aggregate }: Request): ScoredMember[] {
  const totals = new Map<string, number>();
  for (const input of inputs) {
    eachMember(session, input, (bytes, offset, length, score) => {
      const name = bytes.toString("latin1", offset, offset + length);
      const own = weighted(score, input.weight);
      const total = totals.get(name);
      totals.set(name, total === undefined ? own : aggregate(total, own));
    });
  }
  return Array.from(totals, ([name, score]) => ({ member: Buffer.from(name, "latin1"), score }));
}

function intersect(session: ClientSession, { inputs, aggregate }: Request, take: MemberVisitor): void {
  const [smallest, ...others] = inputs as [Input, ...Input[]];
  if (smallest.size === 0) return;
  eachMember(session, smallest, (bytes, offset, length, score) => {
    let total = weighted(score, smallest.weight);
    for (const other of others) {
      const own = other.entry === smallest.entry ? score : scoreIn(session, other, bytes, offset, length);
      if (Number.isNaN(own)) return;
      total = aggregate(total, own * other.weight);
    }
    take(bytes, offset, length, total);
  });
}

function difference(session: ClientSession, { inputs }: Request, take: MemberVisitor): void {
  const [first, ...others] = inputs as [Input, ...Input[]];
  if (others.some((other) => other.entry === first.entry)) return;
  eachMember(session, first, (bytes, offset, length, score) => {
    for (const other of others) if (!Number.isNaN(scoreIn(session, other, bytes, offset, length))) return;
    take(bytes, offset, length, score);
  });
}

function compute(session: ClientSession, operation: Operation, request: Request): ScoredMember[] {
  if (operation === "union") return union(session, request);
  const members: ScoredMember[] = [];
  const take = (bytes: Buffer, offset: number, length: number, score: number) =>
    members.push({ member: Buffer.from(bytes.subarray(offset, offset + length)), score });
  if (operation === "inter") intersect(session, request, take);
  else difference(session, request, take);
  return members;
}

function answerMembers(session: ClientSession, operation: Operation): void {
  const request = readRequest(session, 1, operation, "members");
  if (request === undefined) return;
  const members = compute(session, operation, request);
  sortMembers(members);
  beginMembers(session, members.length, request.withScores);
  for (const { member, score } of members)
    writeMember(session, member, 0, member.length, score, request.withScores);
}

function store(session: ClientSession, operation: Operation, event: string): void {
  const request = readRequest(session, 2, operation, "store");
  if (request === undefined) return;
  storeMembers(session, compute(session, operation, request), event);
}

function zintercard(session: ClientSession): void {
  const request = readRequest(session, 1, "inter", "count");
  if (request === undefined) return;
  let count = 0;
  intersect(session, request, () => count++);
  session.reply.integer(request.limit === 0 ? count : Math.min(count, request.limit));
}

const STORED = [...key("OW update"), ...countedKeys("RO access", 2)];

export const zsetAlgebraCommands: Command[] = [
  {
    name: "zunion",
    arity: -3,
    flags: ["readonly", "movablekeys"],
    keys: countedKeys("RO access", 1),
    group: "sorted-set",
    since: "6.2.0",
    complexity: "O(N)+O(M*log(M)), N being the sizes of all inputs, M the members returned",
    summary: "Returns the members that are in any of several sorted sets, their scores put together.",
    syntax: "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]",
    handler: (session) => answerMembers(session, "union"),
  },
  {
    name: "zinter",
    arity: -3,
    flags: ["readonly", "movablekeys"],
    keys: countedKeys("RO access", 1),
    group: "sorted-set",
    since: "6.2.0",
    complexity: "O(N*K)+O(M*log(M)), N being the smallest input, K the inputs, M the members returned",
    summary: "Returns the members that are in all of several sorted sets, their scores put together.",
    syntax: "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]",
    handler: (session) => answerMembers(session, "inter"),
  },
  {
    name: "zdiff",
    arity: -3,
    flags: ["readonly", "movablekeys"],
    keys: countedKeys("RO access", 1),
    group: "sorted-set",
    since: "6.2.0",
    complexity: "O(N*K)+O(M*log(M)), N being the first input, K the inputs, M the members returned",
    summary: "Returns the members of the first sorted set that are in none of the others.",
    syntax: "numkeys key [key ...] [WITHSCORES]",
    handler: (session) => answerMembers(session, "diff"),
  },
  {
    name: "zunionstore",
    arity: -4,
    flags: ["write", "denyoom", "movablekeys"],
    keys: STORED,
    group: "sorted-set",
    since: "2.0.0",
    complexity: "O(N)+O(M*log(M)), N being the sizes of all inputs, M the members stored",
    summary: "Stores what ZUNION returns as a sorted set.",
    syntax: "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]",
    handler: (session) => store(session, "union", "zunionstore"),
  },
  {
    name: "zinterstore",
    arity: -4,
    flags: ["write", "denyoom", "movablekeys"],
    keys: STORED,
    group: "sorted-set",
    since: "2.0.0",
    complexity: "O(N*K)+O(M*log(M)), N being the smallest input, K the inputs, M the members stored",
    summary: "Stores what ZINTER returns as a sorted set.",
    syntax: "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]",
    handler: (session) => store(session, "inter", "zinterstore"),
  },
  {
    name: "zdiffstore",
    arity: -4,
    flags: ["write", "denyoom", "movablekeys"],
    keys: STORED,
    group: "sorted-set",
    since: "6.2.0",
    complexity: "O(N*K)+O(M*log(M)), N being the first input, K the inputs, M the members stored",
    summary: "Stores what ZDIFF returns as a sorted set.",
    syntax: "destination numkeys key [key ...]",
    handler: (session) => store(session, "diff", "zdiffstore"),
  },
  {
    name: "zintercard",
    arity: -3,
    flags: ["readonly", "movablekeys"],
    keys: countedKeys("RO access", 1),
    group: "sorted-set",
    since: "7.0.0",
    complexity: "O(N*K), N being the smallest input, K the inputs",
    summary: "Counts the members that are in all of several sorted sets, up to a limit.",
    syntax: "numkeys key [key ...] [LIMIT limit]",
    handler: zintercard,
  },
];
