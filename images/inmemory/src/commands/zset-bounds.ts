import { MIN_MAX_NOT_FLOAT, MIN_MAX_NOT_LEX, NOT_A_FLOAT } from "../errors.ts";
import { parseFloat64 } from "../protocol/numbers.ts";
import type { ClientSession } from "../server/server.ts";
import type { SortedSet } from "../storage/zset.ts";

const OPEN = 0x28;
const BRACKET = 0x5b;
const PLUS = 0x2b;
const MINUS = 0x2d;

/** The argument as a score; on a bad one answers the error and returns NaN. */
export function readScore(session: ClientSession, index: number, error = NOT_A_FLOAT): number {
  const { args, reply } = session;
  const small = args.integer(index);
  if (Number.isSafeInteger(small)) return small;
  const length = args.lengths[index]!;
  const score = parseFloat64(args.buffer, args.offsets[index]!, length);
  if (Number.isNaN(score) || !isRepresentable(score, () => args.latin1(index))) {
    reply.error(error);
    return Number.NaN;
  }
  return score;
}

/** Whether a number neither overflowed nor vanished when it was read. */
function isRepresentable(value: number, text: () => string): boolean {
  if (value === 0) return !/^[^eE]*[1-9]/.test(text());
  return Number.isFinite(value) || /inf/i.test(text());
}

/** Some neighbouring ranks: from `start` to before `end`. */
export interface RankRange {
  start: number;
  end: number;
}

/** The ranks that two bounds select in a set; decided before the set is looked up. */
export type Bounds = (zset: SortedSet) => RankRange;

/** Bounds by rank, negative ones from the end; undefined after an error was answered. */
export function readRankBounds(session: ClientSession, from: number, to: number): Bounds | undefined {
  const first = session.integer(from);
  if (Number.isNaN(first)) return undefined;
  const last = session.integer(to);
  if (Number.isNaN(last)) return undefined;
  return ({ length }) => {
    const start = first < 0 ? Math.max(0, first + length) : first;
    const end = Math.min(last < 0 ? last + length : last, length - 1) + 1;
    return { start, end: Math.max(start, end) };
  };
}

/** Bounds by score: `1.5`, `(1.5`, `-inf`; undefined after an error was answered. */
export function readScoreBounds(session: ClientSession, min: number, max: number): Bounds | undefined {
  const low = parseScoreBound(session, min);
  const high = low === undefined ? undefined : parseScoreBound(session, max);
  if (low === undefined || high === undefined) {
    session.reply.error(MIN_MAX_NOT_FLOAT);
    return undefined;
  }
  return (zset) => {
    const start = zset.rankOfScore(low.score, low.isOpen);
    return { start, end: Math.max(start, zset.rankOfScore(high.score, !high.isOpen)) };
  };
}

/** A bound as strtod reads it: leading white space and an empty number are let through, a NUL ends it. */
function parseScoreBound(
  session: ClientSession,
  index: number,
): { score: number; isOpen: boolean } | undefined {
  let text = session.args.latin1(index);
  const nul = text.indexOf("\0");
  if (nul >= 0) text = text.slice(0, nul);
  const isOpen = text.startsWith("(");
  if (isOpen) text = text.slice(1);
  if (text === "") return { score: 0, isOpen };
  const bytes = Buffer.from(text.replace(/^[ \t\n\v\f\r]+/, ""), "latin1");
  const score = parseFloat64(bytes, 0, bytes.length);
  return Number.isNaN(score) ? undefined : { score, isOpen };
}

/** Bounds by member: `[a`, `(a`, `-`, `+`; undefined after an error was answered. */
export function readLexBounds(session: ClientSession, min: number, max: number): Bounds | undefined {
  const low = parseLexBound(session, min);
  const high = low === undefined ? undefined : parseLexBound(session, max);
  if (low === undefined || high === undefined) {
    session.reply.error(MIN_MAX_NOT_LEX);
    return undefined;
  }
  return (zset) => {
    const start = rankOfLex(zset, low, low.isOpen);
    return { start, end: Math.max(start, rankOfLex(zset, high, !high.isOpen)) };
  };
}

interface LexBound {
  member: Buffer;
  isOpen: boolean;
  /** Before or after all members. */
  extreme: "lowest" | "highest" | undefined;
}

function parseLexBound(session: ClientSession, index: number): LexBound | undefined {
  const bytes = session.args.copy(index);
  switch (bytes[0]) {
    case PLUS:
    case MINUS:
      if (bytes.length > 1 && bytes[1] !== 0) return undefined;
      return { member: bytes, isOpen: true, extreme: bytes[0] === PLUS ? "highest" : "lowest" };
    case OPEN:
    case BRACKET:
      return { member: bytes.subarray(1), isOpen: bytes[0] === OPEN, extreme: undefined };
    default:
      return undefined;
  }
}

function rankOfLex(zset: SortedSet, { member, extreme }: LexBound, orEqual: boolean): number {
  if (extreme === "lowest") return 0;
  if (extreme === "highest") return zset.length;
  return zset.rankOfMember(member, 0, member.length, orEqual);
}
