import {
  contentOf,
  exact,
  floatOf,
  type Generator,
  integerOf,
  keyOf,
  type Random,
  shape,
  unordered,
  type Word,
} from "./random.ts";

const key = (random: Random) => keyOf(random, "hash");

/** Few fields, so that they meet; now and then one of many, so that hashes grow large. */
function field(random: Random): Word {
  const roll = random.below(100);
  if (roll < 60) return `f${random.below(8)}`;
  if (roll < 90) return `many${random.below(200)}`;
  if (roll < 94) return integerOf(random);
  if (roll < 96) return "";
  return contentOf(random);
}

function pairs(random: Random): Word[] {
  const count = random.chance(2) ? 130 : 1 + random.below(4);
  const words = random.many(count, count, () => [field(random), value(random)]).flat();
  if (random.chance(3)) words.pop();
  return words;
}

/** Values that are mostly short enough for a small hash. */
function value(random: Random): Word {
  return random.chance(95) ? random.pick(["a", "bb", "", "12", "-7", "3.5", "value"]) : contentOf(random);
}

/** All hash commands with all of their options. */
export const hashGenerators: readonly Generator[] = [
  (random) => exact("HSET", key(random), ...pairs(random)),
  (random) => exact("HSET", key(random), ...pairs(random)),
  (random) => exact("HMSET", key(random), ...pairs(random)),
  (random) => exact("HSETNX", key(random), field(random), value(random)),
  (random) => exact("HGET", key(random), field(random)),
  (random) => exact("HMGET", key(random), ...random.many(1, 4, () => field(random))),
  (random) => unordered("HGETALL", key(random)),
  (random) => unordered("HKEYS", key(random)),
  (random) => unordered("HVALS", key(random)),
  (random) => exact("HDEL", key(random), ...random.many(1, 6, () => field(random))),
  (random) => exact("HLEN", key(random)),
  (random) => exact("HSTRLEN", key(random), field(random)),
  (random) => exact("HEXISTS", key(random), field(random)),
  (random) => exact("HINCRBY", key(random), field(random), integerOf(random)),
  (random) => exact("HINCRBY", key(random), `n${random.below(3)}`, integerOf(random)),
  (random) => exact("HINCRBYFLOAT", key(random), `n${random.below(3)}`, floatOf(random)),
  (random) => shape("HRANDFIELD", key(random), ...drawOptions(random)),
  (random) => unordered("HSCAN", key(random), "0", "COUNT", "10000", ...scanOptions(random)),
  (random) => exact("HSCAN", key(random), random.pick(["x", " 1"]), ...scanOptions(random)),
  (random) => exact("OBJECT", "ENCODING", key(random)),
  (random) =>
    random.chance(5)
      ? exact("CONFIG", "SET", "hash-max-listpack-entries", random.pick(["8", "32", "128", "512"]))
      : exact("TYPE", key(random)),
  (random) => (random.chance(20) ? exact("DEL", key(random)) : exact("EXISTS", key(random))),
  (random) =>
    random.chance(10)
      ? exact("SET", key(random), "text")
      : exact("COPY", key(random), key(random), "REPLACE"),
];

export function drawOptions(random: Random, option = "WITHVALUES"): Word[] {
  if (random.chance(30)) return [];
  const words = [
    random.chance(80) ? String(random.below(300) - 100) : integerOf(random, 30).replace(/^-[0-9]{9,}$/, "x"),
  ];
  if (option !== "" && random.chance(50)) words.push(random.pick([option, option.toLowerCase()]));
  if (random.chance(3)) words.push("bogus");
  return words;
}

export function scanOptions(random: Random): Word[] {
  const words: Word[] = [];
  if (random.chance(50))
    words.push("MATCH", random.pick(["*", "f*", "*[1-3]", "many?", "\\f1", "[^f]*", ""]));
  if (random.chance(4)) words.push(random.pick(["COUNT", "bogus", "TYPE"]), random.pick(["0", "x", "hash"]));
  if (random.chance(3)) words.push("bogus");
  return words;
}
