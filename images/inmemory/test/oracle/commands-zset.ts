import { type Generator, integer, keyword, maybe, once, pick, type Random, several, value } from "./words.ts";

const KEYS = ["zset-1", "zset-2", "zset-3", "zset-4"];
/** A set whose scores are all 0, for commands by member. */
const LEX = "zset-lex";

function key(random: Random): string {
  return once(random, 40) ? "zset-string" : pick(random, KEYS);
}

function score(random: Random): string {
  switch (random(12)) {
    case 0:
      return pick(random, [
        "inf",
        "-inf",
        "+inf",
        "1e300",
        "-1e-300",
        "-0",
        "0.1",
        "3.0e5",
        "1e21",
        "123456789012",
      ]);
    case 1:
      return pick(random, ["nan", "abc", "", "1e400", "1e-400", " 1", "0x10", "1 ", "1.5.5"]);
    case 2:
      return String((random(100_000) - 50_000) / 1000);
    default:
      return String(random(20) - 5);
  }
}

const good = (random: Random) => (once(random, 6) ? score(random) : String(random(20) - 5));
const member = (random: Random) => (once(random, 3) ? `m${random(300)}` : value(random));
const scoreBound = (random: Random) =>
  pick(random, ["", "", "("]) +
  (once(random, 4) ? pick(random, ["-inf", "+inf", "inf", "abc", "", "5 "]) : good(random));
const lexBound = (random: Random) =>
  once(random, 3)
    ? pick(random, ["-", "+", "-", "+", "[", "(", "a", "+x", ""])
    : pick(random, ["[", "("]) + pick(random, ["a", "b", "c", "d", "e", "aa", "\xff"]);
const limit = (random: Random) =>
  maybe(random, 3, keyword(random, "LIMIT"), integer(random, 5), integer(random, 8));
const withScores = (random: Random) => maybe(random, 2, keyword(random, "WITHSCORES"));
const rev = (random: Random) => maybe(random, 3, keyword(random, "REV"));
const numbered = (random: Random) => {
  const keys = several(random, 3, () =>
    once(random, 8) ? pick(random, ["zset-set", "zset-integers"]) : key(random),
  );
  return { keys, words: [once(random, 30) ? integer(random, 4) : String(keys.length), ...keys] };
};
const weights = (random: Random, count: number) =>
  once(random, 3) ? [keyword(random, "WEIGHTS"), ...Array.from({ length: count }, () => good(random))] : [];
const aggregate = (random: Random) =>
  maybe(random, 3, keyword(random, "AGGREGATE"), pick(random, ["SUM", "MIN", "MAX", "max", "AVG"]));
const combined = (random: Random, name: string, destination: string[], extra: string[]) => {
  const { keys, words } = numbered(random);
  return [name, ...destination, ...words, ...weights(random, keys.length), ...aggregate(random), ...extra];
};
const selection = (random: Random): string[] => {
  switch (random(4)) {
    case 0:
      return [
        key(random),
        scoreBound(random),
        scoreBound(random),
        keyword(random, "BYSCORE"),
        ...rev(random),
        ...limit(random),
      ];
    case 1:
      return [LEX, lexBound(random), lexBound(random), "BYLEX", ...rev(random), ...limit(random)];
    default:
      return [
        key(random),
        integer(random, 150),
        integer(random, 150),
        ...rev(random),
        ...maybe(random, 20, ...limit(random)),
      ];
  }
};

/** Random commands on sorted sets whose replies are certain. */
export const zsetCommands: Generator[] = [
  (r) => ["ZADD", key(r), ...several(r, 10, () => [good(r), member(r)]).flat()],
  (r) => [
    "ZADD",
    key(r),
    ...several(r, 40, () => [String(r(30)), once(r, 3) ? String(r(60)) : `m${r(300)}`]).flat(),
  ],
  (r) => ["ZADD", key(r), score(r), member(r)],
  (r) => [
    "ZADD",
    key(r),
    ...maybe(r, 4, keyword(r, "NX")),
    ...maybe(r, 4, keyword(r, "XX")),
    ...maybe(r, 4, keyword(r, "GT")),
    ...maybe(r, 4, keyword(r, "LT")),
    ...maybe(r, 3, keyword(r, "CH")),
    ...maybe(r, 3, keyword(r, "INCR")),
    ...several(r, 2, () => [good(r), member(r)]).flat(),
    ...maybe(r, 30, "1"),
  ],
  (r) => [
    "ZADD",
    LEX,
    ...several(r, 8, () => ["0", pick(r, ["a", "b", "c", "d", "e", "ab", "ba", "\xff\xff", ""])]).flat(),
  ],
  (r) => ["ZADD", LEX, ...several(r, 30, () => ["0", `${pick(r, ["a", "b", "c", "d"])}${r(100)}`]).flat()],
  (r) => ["ZINCRBY", key(r), score(r), member(r)],
  (r) => ["ZREM", key(r), ...several(r, 5, () => member(r))],
  (r) => ["ZCARD", key(r)],
  (r) => ["ZSCORE", key(r), member(r)],
  (r) => ["ZMSCORE", key(r), ...several(r, 4, () => member(r))],
  (r) => [
    pick(r, ["ZRANK", "ZREVRANK"]),
    key(r),
    member(r),
    ...maybe(r, 2, pick(r, ["WITHSCORE", "withscore", "X"])),
    ...maybe(r, 40, "Y"),
  ],
  (r) => ["ZCOUNT", key(r), scoreBound(r), scoreBound(r)],
  (r) => ["ZLEXCOUNT", LEX, lexBound(r), lexBound(r)],
  (r) => ["ZRANGE", ...selection(r), ...withScores(r)],
  (r) => ["ZRANGE", key(r), "0", "-1", "WITHSCORES"],
  (r) => ["ZREVRANGE", key(r), integer(r, 150), integer(r, 150), ...withScores(r)],
  (r) => [
    pick(r, ["ZRANGEBYSCORE", "ZREVRANGEBYSCORE"]),
    key(r),
    scoreBound(r),
    scoreBound(r),
    ...withScores(r),
    ...limit(r),
  ],
  (r) => [
    pick(r, ["ZRANGEBYLEX", "ZREVRANGEBYLEX"]),
    LEX,
    lexBound(r),
    lexBound(r),
    ...limit(r),
    ...maybe(r, 40, "WITHSCORES"),
  ],
  (r) => ["ZRANGESTORE", key(r), ...selection(r), ...maybe(r, 60, "WITHSCORES")],
  (r) => ["ZREMRANGEBYRANK", key(r), integer(r, 60), integer(r, 30)],
  (r) => ["ZREMRANGEBYSCORE", key(r), scoreBound(r), good(r)],
  (r) => ["ZREMRANGEBYLEX", LEX, lexBound(r), lexBound(r)],
  (r) => [pick(r, ["ZPOPMIN", "ZPOPMAX"]), key(r), ...maybe(r, 2, integer(r, 6)), ...maybe(r, 40, "1")],
  (r) => [
    "ZMPOP",
    ...numbered(r).words,
    pick(r, ["MIN", "MAX", "max", "MID"]),
    ...maybe(r, 2, keyword(r, "COUNT"), integer(r, 5)),
  ],
  (r) => combined(r, pick(r, ["ZUNION", "ZINTER"]), [], withScores(r)),
  (r) => combined(r, pick(r, ["ZUNIONSTORE", "ZINTERSTORE"]), [key(r)], []),
  (r) => ["ZDIFF", ...numbered(r).words, ...withScores(r), ...maybe(r, 40, "WEIGHTS", "1")],
  (r) => ["ZDIFFSTORE", key(r), ...numbered(r).words],
  (r) => ["ZINTERCARD", ...numbered(r).words, ...maybe(r, 2, keyword(r, "LIMIT"), integer(r, 5))],
  (r) => ["ZRANDMEMBER", "zset-none", ...maybe(r, 2, integer(r, 5), ...withScores(r))],
  (r) => ["ZRANDMEMBER", key(r), pick(r, ["0", "1000"]), ...withScores(r)],
  (r) => ["SADD", "zset-set", ...several(r, 10, () => member(r))],
  (r) => ["SADD", "zset-integers", ...several(r, 10, () => String(r(60)))],
  (r) => [
    "ZSCAN",
    "zset-none",
    pick(r, ["0", "abc", "-1", "18446744073709551616", ""]),
    ...maybe(r, 2, "COUNT", "0"),
  ],
  (r) => ["DEL", pick(r, [...KEYS, LEX])],
  () => ["SET", "zset-string", "text"],
  (r) => ["OBJECT", "ENCODING", key(r)],
];

/** Random commands whose replies are the same but for their order. */
export const unorderedZsetCommands: Generator[] = [
  (r) => ["ZSCAN", key(r), "0", "COUNT", "1000", ...maybe(r, 2, "MATCH", pick(r, ["m*", "v?", "*"]))],
];

/** Blocking commands, for use inside MULTI or against keys that have members. */
export const blockingZsetCommands: Generator[] = [
  (r) => [
    pick(r, ["BZPOPMIN", "BZPOPMAX"]),
    ...several(r, 3, () => key(r)),
    pick(r, ["0.01", "0.01", "-1", "abc"]),
  ],
  (r) => [
    "BZMPOP",
    pick(r, ["0.01", "0.01", "-1", "abc"]),
    ...numbered(r).words,
    pick(r, ["MIN", "MAX", "MID"]),
    ...maybe(r, 2, "COUNT", integer(r, 5)),
  ],
];
