import { bitmapGenerators } from "./commands-bitmap.ts";
import { geoGenerators } from "./commands-geo.ts";
import { hashGenerators } from "./commands-hash.ts";
import { hyperloglogGenerators } from "./commands-hyperloglog.ts";
import { keyGenerators } from "./commands-keys.ts";
import { blockingListCommands, listCommands } from "./commands-list.ts";
import { setGenerators } from "./commands-set.ts";
import { sortGenerators } from "./commands-sort.ts";
import { blockingStreamCommands, streamCommands } from "./commands-stream.ts";
import { stringGenerators } from "./commands-string.ts";
import { blockingZsetCommands, unorderedZsetCommands, zsetCommands } from "./commands-zset.ts";
import { type Comparison, exact, type Generator, type OracleCommand, Random, type Word } from "./random.ts";
import { isUnderstood, SORT_PREFIX } from "./version-differences.ts";
import type { Generator as WordsGenerator } from "./words.ts";

/** One command, and which of the clients sends it. */
export interface Step {
  readonly client: number;
  readonly family: string;
  readonly command: OracleCommand;
}

/** Clients that take turns; the odd ones speak RESP3. */
export const CLIENTS = 4;

interface Family {
  readonly name: string;
  /** How often it comes, relative to the others. */
  readonly weight: number;
  readonly generators: readonly Generator[];
  /** Whether they might block for ever anywhere else. */
  readonly isOnlyInTransactions?: boolean;
}

/** The function form of a source of chance, one for each: generators may keep state by it. */
const functions = new WeakMap<Random, (below: number) => number>();

function functionOf(random: Random): (below: number) => number {
  let below = functions.get(random);
  if (below === undefined) {
    below = (bound) => random.below(bound);
    functions.set(random, below);
  }
  return below;
}

/** Generators that make plain words, a character per byte, as commands. */
function fromWords(generators: readonly WordsGenerator[], comparison: Comparison = "exact"): Generator[] {
  return generators.map((generate) => (random) => ({
    words: generate(functionOf(random)).map((word) => Buffer.from(word, "latin1")),
    comparison,
  }));
}

/** Commands that fit no family: refused ones, and databases as wholes. */
const oddGenerators: readonly Generator[] = [
  (random) =>
    exact(random.pick(["GET", "SET", "LPUSH", "ZADD", "HSET", "SADD", "XADD", "DEL", "NOSUCH", ""])),
  (random) => exact("NOSUCH", random.pick(["a", "'", Buffer.from([0, 255])]), "b"),
  (random) => exact(random.pick(["OBJECT", "CONFIG", "CLIENT"]), "NOSUCH"),
  (random) => exact("ECHO", Buffer.from([random.below(256), 13, 10, random.below(256)])),
  (random) => exact("PING", ...random.some(["x", "y"], 40)),
  (random) => exact("SWAPDB", String(random.below(3)), String(random.below(3))),
  (random) => exact("SELECT", String(random.below(3))),
];

/**
 * Puts `sort-` before the keys of a generator, so that no other family fills them: the order in which SORT BY nosort
 * returns a large set is nobody's promise.
 */
function withOwnKeys(generate: Generator): Generator {
  return (random) => {
    const command = generate(random);
    const words = command.words.map((word) =>
      /^(?:list|set|zset|other)\d$/.test(word.toString()) ? `${SORT_PREFIX}${word}` : word,
    );
    return { ...command, words };
  };
}

/** All families; each gets its share of every run. */
export const families: readonly Family[] = [
  { name: "string", weight: 12, generators: stringGenerators },
  { name: "keys", weight: 12, generators: keyGenerators },
  { name: "hash", weight: 12, generators: hashGenerators },
  { name: "set", weight: 12, generators: setGenerators },
  { name: "list", weight: 12, generators: fromWords(listCommands) },
  {
    name: "zset",
    weight: 16,
    generators: [...fromWords(zsetCommands), ...fromWords(unorderedZsetCommands, "unordered")],
  },
  {
    name: "blocking",
    weight: 1,
    generators: [...fromWords(blockingListCommands), ...fromWords(blockingZsetCommands)],
  },
  { name: "bitmap", weight: 6, generators: bitmapGenerators },
  { name: "geo", weight: 4, generators: geoGenerators },
  { name: "hyperloglog", weight: 3, generators: hyperloglogGenerators },
  { name: "stream", weight: 16, generators: fromWords(streamCommands, "stream") },
  {
    name: "blocking-stream",
    weight: 1,
    generators: fromWords(blockingStreamCommands),
    isOnlyInTransactions: true,
  },
  { name: "odd", weight: 1, generators: oddGenerators },
  { name: "sort", weight: 8, generators: sortGenerators.map(withOwnKeys) },
];

const KEY = /^(?:string|hash|set|list|zset|stream)(?:\d|-\d|-string)$/;
const OTHER_KEYS = [
  "string0",
  "hash0",
  "hash1",
  "set0",
  "set1",
  "list0",
  "list-1",
  "list-4",
  "zset-1",
  "zset-4",
  "stream-1",
  "none",
];

/** Commands whose replies are comparable only on the keys that their generators choose. */
const KEEPS_KEYS = /RAND|^SPOP$|^SORT/;

/** Puts a key of another family now and then where a generator put its own. */
function crossKeys(random: Random, command: OracleCommand): OracleCommand {
  if (KEEPS_KEYS.test(nameOf(command))) return command;
  const words = command.words.map((word, index) =>
    index > 0 && KEY.test(word.toString()) && random.chance(3) ? random.pick(OTHER_KEYS) : word,
  );
  return { ...command, words };
}

export function nameOf({ words }: OracleCommand): string {
  return words[0]!.toString().toUpperCase();
}

/** Replies that depend on the clock, whichever way their generators ask for them. */
function withClock(command: OracleCommand): OracleCommand {
  const isIdle = nameOf(command) === "OBJECT" && command.words[1]!.toString().toUpperCase() === "IDLETIME";
  return isIdle ? { ...command, comparison: "time" } : command;
}

/** SORT in Redis 7 fails when an earlier command left ERANGE in errno; a valid cursor sets it back to 0. */
const CLEAR_ERRNO = exact("HSCAN", "absent", "0");

function makeCommand(random: Random, family: Family): OracleCommand {
  return withClock(crossKeys(random, random.pick(family.generators)(random)));
}

function pickFamily(random: Random): Family {
  let roll = random.below(families.reduce((sum, { weight }) => sum + weight, 0));
  for (const family of families) {
    roll -= family.weight;
    if (roll < 0) return family;
  }
  throw new Error("the weights do not add up");
}

/**
 * A run of commands of all families from several clients, the same for the same seed and version. Each client sends a few
 * commands in a row, with transactions and watches that may stay open while others have their turn.
 */
export function makeSteps(seed: number, count: number, version: string): Step[] {
  const random = new Random(seed);
  const isInTransaction = new Array<boolean>(CLIENTS).fill(false);
  const steps: Step[] = [];
  while (steps.length < count) {
    const client = random.below(CLIENTS);
    for (let left = 1 + random.below(60); left > 0; left--) {
      const control = transactionCommand(random, isInTransaction[client]!);
      if (control !== undefined) {
        const name = nameOf(control);
        if (name === "MULTI") isInTransaction[client] = true;
        else if (name !== "WATCH") isInTransaction[client] = false;
        steps.push({ client, family: "transactions", command: control });
        continue;
      }
      const family = pickFamily(random);
      if (family.isOnlyInTransactions && !isInTransaction[client]) continue;
      const command = makeCommand(random, family);
      // What SPOP takes must be known at once, so that the other server can be told to take the same.
      if (isInTransaction[client] && nameOf(command) === "SPOP") continue;
      if (!isUnderstood(version, command.words)) continue;
      if (nameOf(command).startsWith("SORT")) steps.push({ client, family: "sort", command: CLEAR_ERRNO });
      steps.push({ client, family: family.name, command });
    }
  }
  return steps.slice(0, count);
}

function transactionCommand(random: Random, isInTransaction: boolean): OracleCommand | undefined {
  const roll = random.below(1000);
  if (isInTransaction) {
    if (roll < 100) return exact("EXEC");
    if (roll < 115) return exact("DISCARD");
    return roll < 118 ? exact("MULTI") : undefined;
  }
  if (roll < 12) return exact("MULTI");
  if (roll < 20) return exact("WATCH", ...random.many(1, 2, (): Word => random.pick(OTHER_KEYS)));
  if (roll < 22) return exact("UNWATCH");
  if (roll < 24) return exact(random.pick(["EXEC", "DISCARD"]));
  return undefined;
}
