import { NOT_AN_INTEGER, OUT_OF_RANGE_VALUE, SYNTAX } from "../errors.ts";
import type { ClientSession } from "../server/server.ts";
import { TYPE_ZSET } from "../storage/keyspace.ts";
import { openZset } from "../storage/zset.ts";
import { type Command, key } from "./definition.ts";
import { isDrawable } from "./sampling.ts";
import { beginMembers, writeMember } from "./zset-range.ts";

const NOT_IN_LONG_RANGE =
  "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";

function zrandmember(session: ClientSession): void {
  const { args, reply } = session;
  const isCounted = args.count > 2;
  let count = 1;
  let withScores = false;
  if (isCounted) {
    count = args.integer(2);
    if (Number.isNaN(count)) {
      reply.error(NOT_AN_INTEGER);
      return;
    }
    if (args.latin1(2) === "-9223372036854775808") {
      reply.error(NOT_IN_LONG_RANGE);
      return;
    }
    if (args.count > 4 || (args.count === 4 && !args.is(3, "WITHSCORES"))) {
      reply.error(SYNTAX);
      return;
    }
    withScores = args.count === 4;
    if (withScores && Math.abs(count) > 2 ** 62) {
      reply.error(OUT_OF_RANGE_VALUE);
      return;
    }
  }
  const entry = session.read(1);
  if (entry === 0) {
    if (isCounted) reply.array(0);
    else reply.null();
    return;
  }
  if (!session.isType(entry, TYPE_ZSET)) return;
  if (!isDrawable(session, count)) return;
  const zset = openZset(session.db, entry);
  const { length } = zset;
  const write = (bytes: Buffer, offset: number, size: number, score: number) =>
    writeMember(session, bytes, offset, size, score, withScores);
  if (!isCounted) {
    zset.each(Math.floor(Math.random() * length), 1, false, write);
  } else if (count < 0) {
    beginMembers(session, -count, withScores);
    for (let i = 0; i < -count; i++) zset.each(Math.floor(Math.random() * length), 1, false, write);
  } else {
    const wanted = Math.min(count, length);
    beginMembers(session, wanted, withScores);
    if (wanted === length) zset.each(length - 1, length, true, write);
    else for (const place of distinctPlaces(wanted, length)) zset.each(place, 1, false, write);
  }
}

/** So many different numbers below a bound, at random (Floyd's algorithm). */
function distinctPlaces(count: number, below: number): Set<number> {
  const places = new Set<number>();
  for (let last = below - count; last < below; last++) {
    const place = Math.floor(Math.random() * (last + 1));
    places.add(places.has(place) ? last : place);
  }
  return places;
}

export const zsetRandomCommands: Command[] = [
  {
    name: "zrandmember",
    arity: -2,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "sorted-set",
    since: "6.2.0",
    complexity: "O(N) in the members returned",
    summary: "Returns random members: different ones, or with a negative count repeated ones too.",
    syntax: "key [count [WITHSCORES]]",
    handler: zrandmember,
  },
];
