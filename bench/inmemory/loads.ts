/** One cell of the matrix. */
export interface Load {
  readonly command: string;
  readonly clients: number;
  readonly pipeline: number;
  readonly valueBytes: number;
}

/** Where a random number below KEYS stands, in the twelve digits of redis-benchmark. */
export const RANDOM = "__rand_int__";
export const KEYS = 100_000;

/** What is sent per command; `DATA` is the value. */
const COMMANDS: Record<string, readonly string[]> = {
  SET: ["SET", `key:${RANDOM}`, "DATA"],
  GET: ["GET", `key:${RANDOM}`],
  INCR: ["INCR", `counter:${RANDOM}`],
  LPUSH: ["LPUSH", "list", "DATA"],
  HSET: ["HSET", "hash", `field:${RANDOM}`, "DATA"],
  ZADD: ["ZADD", "zset", RANDOM, `member:${RANDOM}`],
  XADD: ["XADD", "stream", "MAXLEN", "~", "100000", "*", "field", "DATA"],
  EVAL: [
    "EVAL",
    "redis.call('SET', KEYS[1], ARGV[1]) redis.call('EXPIRE', KEYS[1], 100) return redis.call('GET', KEYS[1])",
    "1",
    `key:${RANDOM}`,
    "DATA",
  ],
  MSET: ["MSET", ...Array.from({ length: 10 }, (_, i) => [`key:${i}:${RANDOM}`, "DATA"]).flat()],
};

/** Commands whose cost does not depend on the size of a value. */
const WITHOUT_VALUE = new Set(["INCR", "ZADD"]);

/** The words of a load's command, random numbers left open. */
export function wordsOf(load: Load): string[] {
  return COMMANDS[load.command]!.map((word) => (word === "DATA" ? valueFor(load) : word));
}

function valueFor(load: Load): string {
  return "x".repeat(load.valueBytes);
}

/** More than this is not written in advance. */
const FILLED_BYTES_MAX = 1 << 30;

/**
 * What is run for each number below KEYS before a load, so that what it reads is there, and what it writes replaces
 * something: as long as the data grows, the kernel's new pages are what is measured. A list grows for ever.
 */
export function fillingOf(load: Load): string[] | undefined {
  if (load.command === "LPUSH") return undefined;
  const words = wordsOf(load.command === "GET" ? { ...load, command: "SET" } : load);
  const bytes = words.reduce((sum, word) => sum + word.length, 0);
  return bytes * KEYS > FILLED_BYTES_MAX ? undefined : words;
}

/** The loads of a run: everything, or the ones the goals speak of. */
export function loads(isQuick: boolean): Load[] {
  const all: Load[] = [];
  for (const command of Object.keys(COMMANDS)) {
    for (const clients of isQuick ? [50] : [1, 50, 500]) {
      for (const pipeline of isQuick ? [1, 16] : [1, 16, 64]) {
        for (const valueBytes of isQuick ? [3] : [3, 100, 4096]) {
          if (valueBytes !== 3 && WITHOUT_VALUE.has(command)) continue;
          all.push({ command, clients, pipeline, valueBytes });
        }
      }
    }
  }
  return all;
}
