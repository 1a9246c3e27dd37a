import { exact, type Generator, keyOf, type Random, unordered, type Word } from "./random.ts";

const key = (random: Random) => keyOf(random, "geo");

/** Mostly in one region, so that searches find something. */
function point(random: Random): Word[] {
  if (random.chance(4))
    return random.pick([
      ["181", "0"],
      ["0", "86"],
      ["x", "1"],
      ["180", "85.05112878"],
      ["-180", "-85"],
    ]);
  if (random.chance(15)) return [String(random.below(360) - 180), String(random.below(170) - 85)];
  return [String(13 + random.below(4_000_000) / 1e6), String(37 + random.below(4_000_000) / 1e6)];
}

const member = (random: Random) => `p${random.below(40)}`;

function distance(random: Random): Word[] {
  if (random.chance(4))
    return random.pick([
      ["-1", "km"],
      ["x", "km"],
      ["1", "parsec"],
    ]);
  return [String(random.below(random.pick([10, 500, 20_000]))), random.pick(["km", "KM", "m", "mi", "ft"])];
}

function center(random: Random): Word[] {
  return random.chance(40) ? ["FROMMEMBER", member(random)] : ["FROMLONLAT", ...point(random)];
}

function area(random: Random): Word[] {
  if (random.chance(60)) return ["BYRADIUS", ...distance(random)];
  return ["BYBOX", String(random.below(800)), ...distance(random)];
}

function shown(random: Random): Word[] {
  return random.some(["WITHDIST", "WITHCOORD", "WITHHASH"], 30);
}

/** The geo commands. Distances are not stored: their last digit is the C library's. */
export const geoGenerators: readonly Generator[] = [
  (random) => exact("GEOADD", key(random), ...point(random), member(random)),
  (random) =>
    exact(
      "GEOADD",
      key(random),
      ...random.some(["NX", "XX", "CH"], 20),
      ...point(random),
      member(random),
      ...point(random),
      member(random),
    ),
  (random) => exact("GEOPOS", key(random), member(random), member(random)),
  (random) => exact("GEOHASH", key(random), member(random), member(random)),
  (random) =>
    exact("GEODIST", key(random), member(random), member(random), ...random.some(["km", "mi", "bad"], 25)),
  (random) => unordered("GEOSEARCH", key(random), ...center(random), ...area(random), ...shown(random)),
  (random) => unordered("GEORADIUS", key(random), ...point(random), ...distance(random), ...shown(random)),
  (random) => unordered("GEORADIUSBYMEMBER_RO", key(random), member(random), ...distance(random)),
  (random) => exact("GEOSEARCHSTORE", key(random), key(random), ...center(random), ...area(random)),
  (random) => exact("ZRANGE", key(random), "0", "-1", "WITHSCORES"),
];
