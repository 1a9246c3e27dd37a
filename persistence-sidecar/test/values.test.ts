import { patientMs } from "@weftkit/testing/patience";
import { isRedisMissing } from "@weftkit/testing/real-redis";
import fc from "fast-check";
import type { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { openRedis } from "../src/sync/resp/connect.ts";
import { add, answersOf, readMoment, sizeKeys } from "../src/sync/resp/read-keys.ts";
import { asStored, commandsFor } from "../src/sync/resp/value-rows.ts";
import { columnOf, keyBytes, keyOf, wordOf } from "../src/sync/resp/words.ts";
import { digestOf, type Row } from "../src/sync/rows.ts";
import { realRedis } from "./redis-sites.ts";
import { Inmemory } from "./sites.ts";

const timeout = patientMs(60_000);
const inAnHour = Date.now() + 3_600_000;

const bytes = fc.uint8Array({ maxLength: 4 }).map((array) => Buffer.from(array));
const word = bytes.map(wordOf);
const score = fc.double({ noNaN: true }).map(String);
const expires = fc.option(fc.constantFrom(inAnHour, inAnHour + 1, 1000), { nil: undefined });

/** Fields, or members, with what belongs to them: null for those that are gone, as where rows are merged. */
function columns(value: fc.Arbitrary<unknown>): fc.Arbitrary<Row> {
  return fc
    .array(fc.tuple(bytes, fc.option(value)), { maxLength: 6 })
    .map((pairs) => Object.fromEntries(pairs.map(([field, one]) => [columnOf(field), one])));
}

const values: fc.Arbitrary<Row> = fc.oneof(
  word.map((value) => ({ "": "string", value })),
  fc.integer().map((value) => ({ "": "string", value })),
  fc.array(word, { maxLength: 6 }).map((items) => ({ "": "list", items })),
  fc.array(word, { maxLength: 6 }).map((members) => ({ "": "set", members })),
  columns(word).map((fields) => ({ "": "hash", ...fields })),
  columns(score).map((members) => ({ "": "zset", ...members })),
);
const rows = fc.option(
  fc.tuple(values, expires).map(([value, at]) => ({ ...value, ...(at !== undefined && { expires: at }) })),
  { nil: undefined },
);

const servers = {
  "weftkit/inmemory": () => Inmemory.start(),
  "the real Redis": () => realRedis(),
};

for (const [name, start] of Object.entries(servers)) {
  test.skipIf(name !== "weftkit/inmemory" && isRedisMissing)(
    `whatever a key was, it becomes what its row says, and is read as it was written: ${name}`,
    { timeout },
    async () => {
      const { endpoint } = await start();
      const redis = openRedis(endpoint);
      onTestFinished(() => redis.disconnect());
      await redis.connect();
      await fc.assert(
        fc.asyncProperty(bytes, rows, rows, async (bytes, first, second) => {
          await redis.flushall();
          const key = keyOf(bytes);
          expect(keyBytes(key)).toEqual(bytes);
          const [before, after] = [asStored(first, Date.now()), asStored(second, Date.now())];
          for (const [from, to] of [
            [undefined, before],
            [before, after],
          ]) {
            const transaction = redis.multi();
            for (const command of commandsFor(bytes, from, to)) add(transaction, command);
            await answersOf(transaction);
            expect(digestOf(await read(redis, key))).toBe(digestOf(to));
          }
        }),
        { numRuns: 100 },
      );
    },
  );
}

async function read(redis: Redis, key: string): Promise<Row | undefined> {
  const sized = await sizeKeys(redis, [{ key, bytes: keyBytes(key) }]);
  return (await readMoment(redis, "test", sized, false)).rows.get(key);
}
