import { exact, type Generator, keyOf, type Random, type Word } from "./random.ts";

const key = (random: Random) => keyOf(random, "hyperloglog");

function elements(random: Random): Word[] {
  const count = random.chance(10) ? random.below(300) : random.below(6);
  return Array.from({ length: count }, () => `e${random.below(100_000)}`);
}

/** The commands of HyperLogLogs; GET shows their bytes, which have to be Redis's. */
export const hyperloglogGenerators: readonly Generator[] = [
  (random) => exact("PFADD", key(random), ...elements(random)),
  (random) => exact("PFADD", key(random), ...elements(random)),
  (random) => exact("PFCOUNT", key(random)),
  (random) => exact("PFCOUNT", key(random), key(random), keyOf(random, "string")),
  (random) => exact("PFMERGE", key(random), key(random), key(random)),
  (random) => exact("GET", key(random)),
  (random) => exact("STRLEN", key(random)),
];
