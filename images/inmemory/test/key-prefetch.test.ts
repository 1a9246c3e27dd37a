import { randomNumbers } from "@weftkit/testing/random-numbers";
import { afterEach, expect, test } from "vitest";
import { KeyPrefetch } from "../src/network/key-prefetch.ts";
import { hashBytes, KNOWN_MAX, keyHashes, memberHashes } from "../src/storage/hashing.ts";
import { EngineInMemory } from "./engine-in-memory.ts";

const prefetch = new KeyPrefetch();
afterEach(() => prefetch.forget());

function encode(...words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
}

/** Where the words stand in the requests, and that their hashes are known by then. */
function expectKnown(known: typeof keyHashes, buffer: Buffer, words: readonly string[]): void {
  expect(known.count).toBe(words.length);
  let from = 0;
  for (const [index, word] of words.entries()) {
    const at = buffer.indexOf(`\r\n${word}\r\n`, from, "latin1") + 2;
    expect(known.hashes[index]).toBe(hashBytes(buffer, at, word.length));
    expect(known.hash(buffer, at, word.length)).toBe(known.hashes[index]);
    from = at;
  }
}

test("the first argument of each request is noted, up to the last whole one", () => {
  const { server } = new EngineInMemory();
  const text = encode("PING") + encode("GET", "a") + encode("SET", "bb", "1") + encode("MGET", "ccc", "d");
  const buffer = Buffer.from(`${text}*2\r\n$3\r\nGET\r\n$10\r\nhalf`);
  prefetch.add(server.databases[0]!, buffer, 0, buffer.length);
  prefetch.run();
  expectKnown(keyHashes, buffer, ["a", "bb", "ccc"]);
});

// Alone in its database each collection is first in its chain: only there it is looked at ahead.
test.each([
  {
    kind: "fields of a large hash",
    add: (i: number) => ["HSET", "c", `f${i}`, String(i)],
    requests: [
      ["HSET", "c", "f1", "v"],
      ["HLEN", "c"],
      ["HGET", "c", "f2"],
    ],
    members: ["f1", "f2"],
  },
  {
    kind: "members of a large set",
    add: (i: number) => ["SADD", "c", `m${i}`],
    requests: [
      ["SADD", "c", "m1"],
      ["SISMEMBER", "c", "m2"],
    ],
    members: ["m1", "m2"],
  },
  {
    kind: "members of a large sorted set",
    add: (i: number) => ["ZADD", "c", String(i), `m${i}`],
    requests: [
      ["ZADD", "c", "3", "m3"],
      ["ZSCORE", "c", "m4"],
    ],
    members: ["m3", "m4"],
  },
])("$kind are noted", ({ add, requests, members }) => {
  const engine = new EngineInMemory();
  const buffer = Buffer.from(requests.map((words) => encode(...words)).join(""));
  const look = () => {
    prefetch.add(engine.server.databases[0]!, buffer, 0, buffer.length);
    prefetch.run();
  };
  engine.run(...add(0));
  look();
  // A small collection is one block: there is nothing to look up.
  expectKnown(memberHashes, buffer, []);
  for (let i = 1; i < 600; i++) engine.run(...add(i));
  look();
  expectKnown(memberHashes, buffer, members);
});

test("what was noted is forgotten, and not taken for what came into the same place", () => {
  const { server } = new EngineInMemory();
  const buffer = Buffer.from(encode("GET", "aaa") + encode("GET", "bbb"));
  prefetch.add(server.databases[0]!, buffer, 0, buffer.length);
  prefetch.run();
  const at = buffer.indexOf("aaa");
  prefetch.forget();
  buffer.write("ccc", at);
  expect(keyHashes.hash(buffer, at, 3)).toBe(hashBytes(buffer, at, 3));
});

test("any bytes are looked at without harm", () => {
  const engine = new EngineInMemory();
  for (let i = 0; i < 1000; i++) engine.run("SET", `k${i}`, i);
  const random = randomNumbers(7);
  const pieces = [
    "*",
    "$",
    "\r\n",
    "2",
    "3",
    "-1",
    "99999999999999999999",
    "GET",
    "k1",
    "\0",
    encode("GET", "k2"),
  ];
  for (let round = 0; round < 20_000; round++) {
    let text = "";
    while (random() < 0.9) text += pieces[Math.floor(random() * pieces.length)];
    const buffer = Buffer.from(text);
    prefetch.add(engine.server.databases[0]!, buffer, 0, buffer.length);
    if (random() < 0.5) prefetch.run();
    expect(keyHashes.count).toBeLessThanOrEqual(KNOWN_MAX);
  }
});
