import { isDeepStrictEqual } from "node:util";
import type { ChainableCommander, Redis } from "ioredis";

/** A type of value: how the n-th key of it is written, what must be read. All are functions of n alone. */
interface Kind {
  readonly name: string;
  write(pipeline: ChainableCommander, key: string, n: number): void;
  read(pipeline: ChainableCommander, key: string): void;
  expected(n: number): unknown;
  /** Brings what has no order, or comes as pairs, into the form of `expected`. */
  normalise?(reply: never): unknown;
}

/** `count` different words for n. */
function words(n: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `w${n}-${index}`);
}

/** Every hundredth value is large, so that both encodings of a type are stored. */
function sizeOf(n: number): number {
  return n % 100 === 0 ? 300 : 1 + (n % 5);
}

const kinds: readonly Kind[] = [
  {
    name: "string",
    write: (pipeline, key, n) => pipeline.set(key, stringValue(n)),
    read: (pipeline, key) => pipeline.getBuffer(key),
    expected: (n) => stringValue(n).toString("hex"),
    normalise: (reply: Buffer | null) => reply?.toString("hex"),
  },
  {
    name: "integer",
    write: (pipeline, key, n) => pipeline.incrby(key, n * 1_000_003),
    read: (pipeline, key) => pipeline.get(key),
    expected: (n) => String(n * 1_000_003),
  },
  {
    name: "hash",
    write: (pipeline, key, n) =>
      pipeline.hset(key, Object.fromEntries(words(n, sizeOf(n)).map((word) => [word, `${word}!`]))),
    read: (pipeline, key) => pipeline.hgetall(key),
    expected: (n) => Object.fromEntries(words(n, sizeOf(n)).map((word) => [word, `${word}!`])),
  },
  {
    name: "list",
    write: (pipeline, key, n) => pipeline.rpush(key, ...words(n, sizeOf(n))),
    read: (pipeline, key) => pipeline.lrange(key, 0, -1),
    expected: (n) => words(n, sizeOf(n)),
  },
  {
    name: "set",
    write: (pipeline, key, n) => pipeline.sadd(key, ...words(n, sizeOf(n))),
    read: (pipeline, key) => pipeline.smembers(key),
    expected: (n) => words(n, sizeOf(n)).sort(),
    normalise: (reply: string[]) => reply.sort(),
  },
  {
    name: "integer-set",
    write: (pipeline, key, n) => pipeline.sadd(key, n, n + 1, n + 70_000),
    read: (pipeline, key) => pipeline.smembers(key),
    expected: (n) => [n, n + 1, n + 70_000].map(String).sort(),
    normalise: (reply: string[]) => reply.sort(),
  },
  {
    name: "sorted-set",
    write: (pipeline, key, n) =>
      pipeline.zadd(key, ...words(n, sizeOf(n)).flatMap((word, index) => [index / 8 - n, word])),
    read: (pipeline, key) => pipeline.zrange(key, "0", "-1", "WITHSCORES"),
    expected: (n) => words(n, sizeOf(n)).flatMap((word, index) => [word, String(index / 8 - n)]),
  },
  {
    name: "stream",
    write: (pipeline, key, n) => {
      for (const [index, word] of words(n, 1 + (n % 3)).entries())
        pipeline.xadd(key, `${n + 1}-${index + 1}`, "field", word);
    },
    read: (pipeline, key) => pipeline.xrange(key, "-", "+"),
    expected: (n) => words(n, 1 + (n % 3)).map((word, index) => [`${n + 1}-${index + 1}`, ["field", word]]),
  },
];

/** Bytes that are no UTF-8, of every length up to 40, and now and then 20 KB. */
function stringValue(n: number): Buffer {
  return Buffer.alloc(n % 1000 === 0 ? 20_000 : n % 40, Buffer.from([n & 255, 0xff, 0x00, 0x0d, 0x0a]));
}

/** Far enough that nothing expires while the test runs; the same for every n. */
const farFutureMs = Date.UTC(2099, 0, 1);
const batchSize = 1000;
const never = -1;

/** A third of the keys have a time to live. */
function expiryOf(n: number): number {
  return n % 3 === 0 ? farFutureMs + n : never;
}

function keyOf(n: number): string {
  return `${kindOf(n).name}:${n}`;
}

function kindOf(n: number): Kind {
  return kinds[n % kinds.length]!;
}

function* batches(count: number): Generator<number[]> {
  for (let from = 0; from < count; from += batchSize) {
    yield Array.from({ length: Math.min(batchSize, count - from) }, (_, index) => from + index);
  }
}

/** Writes keys 0 to `count` - 1, of all types in turn. */
export async function writeDataset(redis: Redis, count: number): Promise<void> {
  for (const batch of batches(count)) {
    const pipeline = redis.pipeline();
    for (const n of batch) {
      kindOf(n).write(pipeline, keyOf(n), n);
      if (expiryOf(n) !== never) pipeline.pexpireat(keyOf(n), expiryOf(n));
    }
    const failed = (await pipeline.exec())?.find(([error]) => error !== null);
    if (failed !== undefined) throw failed[0];
  }
}

/** Reads every key back, its value and its time to live; returns the first differences from what was written. */
export async function differences(redis: Redis, count: number): Promise<string[]> {
  const found: string[] = [];
  for (const batch of batches(count)) {
    const pipeline = redis.pipeline();
    for (const n of batch) {
      kindOf(n).read(pipeline, keyOf(n));
      pipeline.pexpiretime(keyOf(n));
    }
    const replies = (await pipeline.exec())!;
    for (const [index, n] of batch.entries()) {
      const [error, value] = replies[index * 2]!;
      const expiry = replies[index * 2 + 1]![1];
      const kind = kindOf(n);
      const actual = error === null ? (kind.normalise?.(value as never) ?? value) : error.message;
      if (!isDeepStrictEqual(actual, kind.expected(n))) found.push(`${keyOf(n)}: ${JSON.stringify(actual)}`);
      if (expiry !== expiryOf(n)) found.push(`${keyOf(n)}: expires ${expiry}, not ${expiryOf(n)}`);
      if (found.length >= 10) return found;
    }
  }
  return found;
}
