import { exact, type Generator, integerOf, keyOf, type Random, type Word } from "./random.ts";

const key = (random: Random) => keyOf(random, "string");

function offset(random: Random): string {
  return random.chance(92)
    ? String(random.below(200))
    : random.pick(["-1", "x", "#3", "4294967296", "1e3", ""]);
}

function bytes(random: Random): Buffer {
  const fill = random.pick([0, 255, -1]);
  return Buffer.from(Array.from({ length: random.below(20) }, () => (fill < 0 ? random.below(256) : fill)));
}

function range(random: Random, parts: number): Word[] {
  const words: Word[] = [];
  if (parts > 0) words.push(String(random.below(40) - 20));
  if (parts > 1)
    words.push(random.chance(50) ? String(random.below(200) - 100) : String(random.below(40) - 20));
  if (parts > 2) words.push(random.pick(["BIT", "byte", "bit", "bogus"]));
  return words;
}

function fieldType(random: Random): string {
  if (random.chance(4)) return random.pick(["u64", "i65", "i0", "x8", "", "u"]);
  return random.chance(50) ? `u${1 + random.below(63)}` : `i${1 + random.below(64)}`;
}

function operation(random: Random): Word[] {
  const at = random.chance(30) ? `#${random.below(10)}` : offset(random);
  const roll = random.below(10);
  if (roll < 3) return ["GET", fieldType(random), at];
  if (roll < 5) return ["OVERFLOW", random.pick(["WRAP", "sat", "FAIL", "FAIL", "SAT"])];
  if (roll < 7) return ["SET", fieldType(random), at, integerOf(random)];
  return ["incrby", fieldType(random), at, integerOf(random)];
}

/** All bitmap commands with all of their options. */
export const bitmapGenerators: readonly Generator[] = [
  (random) => exact("SET", key(random), bytes(random)),
  (random) => exact("SETBIT", key(random), offset(random), random.pick(["0", "1", "1", "2", "x"])),
  (random) => exact("GETBIT", key(random), offset(random)),
  (random) => exact("BITCOUNT", key(random), ...range(random, random.below(4))),
  (random) =>
    exact(
      "BITPOS",
      key(random),
      random.pick(["0", "1", "0", "1", "2", "x"]),
      ...range(random, random.below(4)),
    ),
  (random) => exact("BITPOS", key(random), random.pick(["0", "1"]), ...range(random, random.below(4))),
  (random) =>
    exact(
      "BITOP",
      random.pick(["AND", "or", "XOR", "NOT", "bogus"]),
      key(random),
      ...random.many(1, 3, () => key(random)),
    ),
  (random) => exact("BITOP", "NOT", key(random), key(random)),
  (random) => exact("BITFIELD", key(random), ...random.many(0, 4, () => operation(random)).flat()),
  (random) => exact("BITFIELD", key(random), ...random.many(1, 4, () => operation(random)).flat()),
  (random) => exact("BITFIELD_RO", key(random), "GET", fieldType(random), offset(random)),
  (random) => exact("BITFIELD_RO", key(random), ...operation(random)),
  (random) => exact("GET", key(random)),
  (random) => exact("OBJECT", "ENCODING", key(random)),
  (random) => (random.chance(30) ? exact("DEL", key(random)) : exact("STRLEN", key(random))),
];
