import {
  contentOf,
  exact,
  floatOf,
  type Generator,
  integerOf,
  keyOf,
  type Random,
  timed,
  type Word,
} from "./random.ts";

/** A time far away, in the past, or none; relative to now or since the epoch. */
export function timeOf(random: Random, isSeconds: boolean, isRelative: boolean): string {
  const roll = random.below(100);
  // Nothing that would run out during the comparison.
  if (roll < 15) return integerOf(random, 20).replace(/^[1-9][0-9]{0,4}$/, "0");
  const seconds = (isRelative ? 0 : 4_000_000_000) + 1000 + random.below(100_000);
  return String(isSeconds ? seconds : seconds * 1000 + random.below(1000));
}

const TIMES: readonly [keyword: string, isSeconds: boolean, isRelative: boolean][] = [
  ["EX", true, true],
  ["PX", false, true],
  ["EXAT", true, false],
  ["PXAT", false, false],
];

/** One of EX, PX, EXAT, PXAT, in any case, with a time. */
export function timeOption(random: Random): Word[] {
  const [keyword, isSeconds, isRelative] = random.pick(TIMES);
  return [anyCase(random, keyword), timeOf(random, isSeconds, isRelative)];
}

export function anyCase(random: Random, keyword: string): string {
  return random.chance(30) ? keyword.toLowerCase() : keyword;
}

function setOptions(random: Random): Word[] {
  const words: Word[] = [];
  for (const option of random.some(["NX", "XX", "GET", "KEEPTTL"], 18)) words.push(anyCase(random, option));
  if (random.chance(25)) words.push(...timeOption(random));
  if (random.chance(4)) words.push(...timeOption(random));
  if (random.chance(2)) words.push("EX");
  if (random.chance(2)) words.push("bogus");
  return words;
}

const key = (random: Random) => keyOf(random, "string");

/** All string commands with all of their options. */
export const stringGenerators: readonly Generator[] = [
  (random) => exact("GET", key(random)),
  (random) => exact("SET", key(random), contentOf(random)),
  (random) => exact("SET", key(random), contentOf(random)),
  (random) => exact("SET", key(random), contentOf(random), ...setOptions(random)),
  (random) => exact("SET", key(random), contentOf(random), ...setOptions(random)),
  (random) => exact("SETNX", key(random), contentOf(random)),
  (random) => exact("SETEX", key(random), timeOf(random, true, true), contentOf(random)),
  (random) => exact("PSETEX", key(random), timeOf(random, false, true), contentOf(random)),
  (random) => exact("GETSET", key(random), contentOf(random)),
  (random) => exact("GETDEL", key(random)),
  (random) =>
    exact(
      "GETEX",
      key(random),
      ...(random.chance(60) ? timeOption(random) : []),
      ...random.some(["PERSIST", "persist", "NX"], 15),
    ),
  (random) => exact("MGET", ...random.many(1, 5, () => key(random))),
  (random) => exact("MSET", ...pairs(random)),
  (random) => exact("MSETNX", ...pairs(random)),
  (random) => exact("INCR", key(random)),
  (random) => exact("DECR", key(random)),
  (random) => exact("INCRBY", key(random), integerOf(random)),
  (random) => exact("DECRBY", key(random), integerOf(random)),
  (random) => exact("INCRBYFLOAT", key(random), floatOf(random)),
  (random) => exact("INCRBYFLOAT", key(random), floatOf(random)),
  (random) => exact("APPEND", key(random), contentOf(random)),
  (random) => exact("STRLEN", key(random)),
  (random) => exact("SETRANGE", key(random), offsetOf(random), contentOf(random)),
  (random) => exact("GETRANGE", key(random), integerOf(random), integerOf(random)),
  (random) => exact("SUBSTR", key(random), integerOf(random), integerOf(random)),
  (random) => exact("LCS", key(random), key(random), ...lcsOptions(random)),
  (random) => timed("PTTL", key(random)),
];

function pairs(random: Random): Word[] {
  const words = random.many(1, 4, () => [key(random), contentOf(random)]).flat();
  if (random.chance(5)) words.pop();
  return words;
}

function offsetOf(random: Random): string {
  return random.chance(80)
    ? String(random.below(300))
    : random.pick(["-1", "x", "536870912", "9223372036854775807"]);
}

function lcsOptions(random: Random): Word[] {
  const words: Word[] = random.some(["IDX", "LEN", "WITHMATCHLEN", "withmatchlen"], 25);
  if (random.chance(25)) words.push("MINMATCHLEN", integerOf(random));
  if (random.chance(3)) words.push("bogus");
  return words;
}
