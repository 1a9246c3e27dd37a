import { drawOptions, scanOptions } from "./commands-hash.ts";
import {
  contentOf,
  exact,
  type Generator,
  integerOf,
  keyOf,
  type Random,
  shape,
  unordered,
  type Word,
} from "./random.ts";

const key = (random: Random) => keyOf(random, "set");

/** Mostly small integers, so that sets meet and stay sets of integers; texts, long ones, integers of all widths. */
function member(random: Random): Word {
  const roll = random.below(100);
  if (roll < 55) return String(random.below(20));
  if (roll < 75) return String(random.below(700));
  if (roll < 82) return integerOf(random);
  if (roll < 95) return `m${random.below(100)}`;
  return contentOf(random);
}

/** Members of one kind: a set that is made of them keeps its encoding. */
function members(random: Random): Word[] {
  const roll = random.below(100);
  if (roll < 2) return random.many(130, 140, () => member(random));
  if (roll < 3) return random.many(510, 520, () => String(random.below(2000)));
  if (roll < 60) return random.many(1, 6, () => integerOf(random, 0));
  return random.many(1, 6, () => member(random));
}

/** All set commands with all of their options. */
export const setGenerators: readonly Generator[] = [
  (random) => exact("SADD", key(random), ...members(random)),
  (random) => exact("SADD", key(random), ...members(random)),
  (random) => exact("SREM", key(random), ...members(random)),
  (random) => exact("SMOVE", key(random), key(random), member(random)),
  (random) => exact("SISMEMBER", key(random), member(random)),
  (random) => exact("SMISMEMBER", key(random), ...random.many(1, 4, () => member(random))),
  (random) => unordered("SMEMBERS", key(random)),
  (random) => exact("SCARD", key(random)),
  (random) => shape("SPOP", key(random), ...popCount(random)),
  (random) => shape("SRANDMEMBER", key(random), ...drawOptions(random, "")),
  (random) => unordered("SINTER", ...random.many(1, 3, () => key(random))),
  (random) => exact("SINTERCARD", ...cardinality(random)),
  (random) => exact("SINTERSTORE", key(random), ...random.many(1, 3, () => key(random))),
  (random) => unordered("SUNION", ...random.many(1, 3, () => key(random))),
  (random) => exact("SUNIONSTORE", key(random), ...random.many(1, 3, () => key(random))),
  (random) => unordered("SDIFF", ...random.many(1, 3, () => key(random))),
  (random) => exact("SDIFFSTORE", key(random), ...random.many(1, 3, () => key(random))),
  (random) => unordered("SSCAN", key(random), "0", "COUNT", "10000", ...scanOptions(random)),
  (random) => exact("OBJECT", "ENCODING", key(random)),
  (random) => exact("OBJECT", "ENCODING", key(random)),
  (random) => (random.chance(20) ? exact("DEL", key(random)) : exact("EXISTS", key(random))),
  (random) =>
    random.chance(10)
      ? exact("SET", key(random), "text")
      : exact("COPY", key(random), key(random), "REPLACE"),
];

function popCount(random: Random): Word[] {
  if (random.chance(50)) return [];
  const words = [random.chance(80) ? String(random.below(200)) : integerOf(random, 30)];
  if (random.chance(4)) words.push("1");
  return words;
}

function cardinality(random: Random): Word[] {
  const keys = random.many(1, 3, () => key(random));
  const words: Word[] = [random.chance(90) ? String(keys.length) : integerOf(random, 20), ...keys];
  if (random.chance(40))
    words.push("LIMIT", random.chance(80) ? String(random.below(6)) : integerOf(random, 30));
  if (random.chance(3)) words.push("LIMIT");
  return words;
}
