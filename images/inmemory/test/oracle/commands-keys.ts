import { anyCase, timeOf } from "./commands-string.ts";
import {
  contentOf,
  exact,
  type Generator,
  integerOf,
  type Random,
  shape,
  timed,
  unordered,
  type Word,
} from "./random.ts";

const FAMILIES = ["string", "hash", "set", "list"];

/** A key of any type. */
function anyKey(random: Random): Word {
  if (random.chance(4)) return Buffer.from([0, 13, 10, 255]);
  return random.pick(FAMILIES) + random.below(3);
}

function conditions(random: Random): Word[] {
  if (random.chance(50)) return [];
  return random.some(["NX", "XX", "GT", "LT", "bogus"], 15).map((word) => anyCase(random, word));
}

/** Each with its command: seconds or not, relative or not. */
const EXPIRES: readonly [command: string, isSeconds: boolean, isRelative: boolean][] = [
  ["EXPIRE", true, true],
  ["PEXPIRE", false, true],
  ["EXPIREAT", true, false],
  ["PEXPIREAT", false, false],
];

const PATTERNS = ["*", "string*", "*1", "?et[0-1]", "h[^x]sh?", "\\s*", "", "[", "nothing", "s*t*0"];

/** All commands about keys whatever they hold, and some that make keys of all types. */
export const keyGenerators: readonly Generator[] = [
  (random) => exact("SET", anyKey(random), contentOf(random)),
  (random) => exact("HSET", `hash${random.below(3)}`, `f${random.below(5)}`, contentOf(random)),
  (random) =>
    exact("SADD", `set${random.below(3)}`, random.chance(70) ? integerOf(random, 2) : contentOf(random)),
  (random) => exact("RPUSH", `list${random.below(3)}`, contentOf(random)),
  (random) => exact("APPEND", anyKey(random), "x"),
  (random) => exact("DEL", ...random.many(1, 3, () => anyKey(random))),
  (random) => exact("UNLINK", anyKey(random)),
  (random) => exact("EXISTS", ...random.many(1, 4, () => anyKey(random))),
  (random) => exact("TOUCH", ...random.many(1, 4, () => anyKey(random))),
  (random) => exact("TYPE", anyKey(random)),
  (random) => exact("RENAME", anyKey(random), anyKey(random)),
  (random) => exact("RENAMENX", anyKey(random), anyKey(random)),
  (random) => exact("COPY", anyKey(random), anyKey(random), ...copyOptions(random)),
  (random) => exact("MOVE", anyKey(random), random.pick(["0", "1", "16", "x", "-1"])),
  () => shape("RANDOMKEY"),
  (random) => unordered("KEYS", random.pick(PATTERNS)),
  (random) => unordered("SCAN", "0", "COUNT", "1000", ...scanOptions(random)),
  (random) => exact("SCAN", random.pick(["x", "", " 1", "1x", "18446744073709551616"]), "COUNT", "0"),
  (random) => exact("SCAN", "0", "COUNT", integerOf(random, 50).replace(/^[^-].*$/, "x")),
  (random) => exact("OBJECT", "ENCODING", anyKey(random)),
  (random) => exact("OBJECT", random.pick(["FREQ", "bogus"]), anyKey(random)),
  (random) => timed("OBJECT", "IDLETIME", anyKey(random)),
  () => exact("DBSIZE"),
  (random) =>
    random.chance(2) ? exact(random.pick(["FLUSHDB", "FLUSHALL"]), ...flushOptions(random)) : exact("DBSIZE"),
  (random) => exact("SWAPDB", random.pick(["0", "1", "x"]), random.pick(["0", "1", "16", "y"])),
  (random) => exact("SELECT", random.pick(["0", "0", "1"])),
  ...[0, 1, 2].map(
    (): Generator => (random) => {
      const [command, isSeconds, isRelative] = random.pick(EXPIRES);
      return exact(command, anyKey(random), timeOf(random, isSeconds, isRelative), ...conditions(random));
    },
  ),
  (random) => timed(random.pick(["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"]), anyKey(random)),
  (random) => timed(random.pick(["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"]), anyKey(random)),
  (random) => exact("PERSIST", anyKey(random)),
];

function copyOptions(random: Random): Word[] {
  const words: Word[] = random.some(["REPLACE"], 40);
  if (random.chance(30)) words.push("DB", random.pick(["0", "1", "16", "x"]));
  if (random.chance(3)) words.push("DB");
  return words;
}

function scanOptions(random: Random): Word[] {
  const words: Word[] = [];
  if (random.chance(40)) words.push("MATCH", random.pick(PATTERNS));
  if (random.chance(40)) words.push("type", random.pick(["string", "HASH", "set", "list", "zset", "nosuch"]));
  if (random.chance(3)) words.push("bogus");
  return words;
}

function flushOptions(random: Random): Word[] {
  return random.some(["SYNC", "async", "bogus"], 30);
}
