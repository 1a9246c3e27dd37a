import { type Generator, integer, keyword, maybe, once, pick, type Random, several, value } from "./words.ts";

const KEYS = ["list-1", "list-2", "list-3", "list-4"];

/** A key of this family; rarely one that holds a string. */
function key(random: Random): string {
  return once(random, 40) ? "list-string" : pick(random, KEYS);
}

const side = (random: Random) => (once(random, 40) ? "UP" : keyword(random, pick(random, ["LEFT", "RIGHT"])));
const timeout = (random: Random) => (once(random, 3) ? pick(random, ["-1", "abc", "inf", "1e30"]) : "0.01");
const element = (random: Random) => (once(random, 60) ? "y".repeat(random(5000)) : value(random));
/** Redis cuts LSET's index to 32 bits, so that the smallest integer is index 0: not repeated here, not asked for. */
const index = (random: Random) => {
  const given = integer(random, 100);
  return given.includes("922337203685477580") ? "0" : given;
};
const numberedKeys = (random: Random) => {
  const keys = several(random, 3, () => key(random));
  return [once(random, 30) ? integer(random, 4) : String(keys.length), ...keys];
};

/** Random commands on lists. None of them blocks where `MULTI` is around it; the blocking ones need it. */
export const listCommands: Generator[] = [
  (r) => ["RPUSH", key(r), ...several(r, 12, () => element(r))],
  (r) => ["LPUSH", key(r), ...several(r, 12, () => element(r))],
  (r) => ["RPUSH", key(r), ...several(r, 60, () => element(r))],
  (r) => [pick(r, ["LPUSHX", "RPUSHX"]), key(r), ...several(r, 3, () => element(r))],
  (r) => [pick(r, ["LPOP", "RPOP"]), key(r), ...maybe(r, 2, integer(r))],
  (r) => [pick(r, ["LPOP", "RPOP"]), key(r), String(r(120))],
  (r) => ["LLEN", key(r)],
  (r) => ["LRANGE", key(r), integer(r, 100), integer(r, 100)],
  (r) => ["LRANGE", key(r), "0", "-1"],
  (r) => ["LINDEX", key(r), integer(r, 100)],
  (r) => ["LSET", key(r), index(r), element(r)],
  (r) => ["LINSERT", key(r), keyword(r, pick(r, ["BEFORE", "AFTER"])), value(r), element(r)],
  (r) => ["LINSERT", key(r), pick(r, ["BEFORE", "AROUND"]), value(r), element(r)],
  (r) => ["LREM", key(r), integer(r, 4), value(r)],
  (r) => (once(r, 4) ? ["LTRIM", key(r), integer(r, 60), integer(r, 60)] : ["LTRIM", key(r), "1", "-2"]),
  (r) => [
    "LPOS",
    key(r),
    value(r),
    ...maybe(r, 2, keyword(r, "RANK"), integer(r, 3)),
    ...maybe(r, 2, keyword(r, "COUNT"), integer(r, 4)),
    ...maybe(r, 3, keyword(r, "MAXLEN"), integer(r, 40)),
    ...maybe(r, 40, "RANK"),
  ],
  (r) => ["LMOVE", key(r), key(r), side(r), side(r)],
  (r) => ["RPOPLPUSH", key(r), key(r)],
  (r) => ["LMPOP", ...numberedKeys(r), side(r), ...maybe(r, 2, keyword(r, "COUNT"), integer(r, 5))],
  (r) => ["DEL", pick(r, KEYS)],
  () => ["SET", "list-string", "text"],
  (r) => ["OBJECT", "ENCODING", key(r)],
];

/** Blocking commands, for use inside MULTI or against keys that have elements. */
export const blockingListCommands: Generator[] = [
  (r) => [pick(r, ["BLPOP", "BRPOP"]), ...several(r, 3, () => key(r)), timeout(r)],
  (r) => ["BLMOVE", key(r), key(r), side(r), side(r), timeout(r)],
  (r) => ["BRPOPLPUSH", key(r), key(r), timeout(r)],
  (r) => [
    "BLMPOP",
    timeout(r),
    ...numberedKeys(r),
    side(r),
    ...maybe(r, 2, keyword(r, "COUNT"), integer(r, 5)),
  ],
];
