import { exact, type Generator, type Random, type Word } from "./random.ts";

const PATTERNS = [
  "weight_*",
  "hash_*->field",
  "hash_*->",
  "nosort",
  "*",
  "#",
  "w*t",
  "*->field",
  "weight_*->field",
];

function anyKey(random: Random): string {
  return random.pick(["list", "set", "zset", "other"]) + random.below(2);
}

/**
 * An element: mostly a number, so that sorting works. None that is out of range: after one, Redis 7.2 refuses to sort
 * any (it looks at an errno that nobody has cleared).
 */
function element(random: Random): Word {
  return random.chance(97)
    ? String(random.below(30))
    : random.pick(["x", "", " 7", "1.5", "-2e1", "0x10", "inf"]);
}

function count(random: Random): string {
  return random.chance(3) ? random.pick(["x", "", "9007199254740993"]) : String(random.below(12) - 2);
}

function options(random: Random): Word[] {
  const words: Word[] = random.some(["ALPHA", "alpha", "DESC", "asc"], 25);
  if (random.chance(30)) words.push("BY", random.pick(PATTERNS));
  if (random.chance(25)) words.push("LIMIT", count(random), count(random));
  for (const pattern of random.some(PATTERNS, 8)) words.push("GET", pattern);
  if (random.chance(20)) words.push("STORE", anyKey(random));
  if (random.chance(2)) words.push(random.pick(["bogus", "BY", "LIMIT", "STORE"]));
  return words;
}

/** Whether the options leave the order of no two elements open, as ALPHA does where BY names the same text. */
function isDetermined(words: readonly Word[]): boolean {
  const text = words.map((word) => word.toString().toLowerCase());
  return !(text.includes("alpha") && text.includes("by"));
}

function sort(random: Random, name: string): Word[] {
  for (;;) {
    const words = options(random);
    if (isDetermined(words)) return [name, anyKey(random), ...words];
  }
}

/** SORT with all options, over lists, sets and sorted sets, and the keys that patterns name. */
export const sortGenerators: readonly Generator[] = [
  (random) => exact("RPUSH", `list${random.below(2)}`, ...random.many(1, 5, () => element(random))),
  (random) => exact("SADD", `set${random.below(2)}`, ...random.many(1, 5, () => element(random))),
  (random) => exact("ZADD", `zset${random.below(2)}`, String(random.below(10)), element(random)),
  (random) =>
    exact(
      "SET",
      `weight_${random.below(30)}`,
      random.chance(95) ? String(random.below(2000) / 8 - 100) : element(random),
    ),
  (random) => exact("HSET", `hash_${random.below(30)}`, "field", String(random.below(50))),
  (random) => (random.chance(30) ? exact("DEL", anyKey(random)) : exact("TYPE", anyKey(random))),
  // Not of sorted sets: Redis makes them large ones when it sorts them.
  (random) => exact("OBJECT", "ENCODING", random.pick(["list", "set"]) + random.below(2)),
  (random) => exact(...sort(random, "SORT")),
  (random) => exact(...sort(random, "SORT")),
  (random) => exact(...sort(random, "SORT")),
  (random) => exact(...sort(random, "SORT_RO")),
];
