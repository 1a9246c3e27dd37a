import { randomNumbers } from "@weftkit/testing/random-numbers";
import { afterEach, expect, test } from "vitest";
import { hashBytes, KNOWN_MAX, keyHashes, memberHashes } from "../src/storage/hashing.ts";
import { KeyPrefetch } from "../src/storage/key-prefetch.ts";
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

test("fields of large hashes, members of large sets and sorted sets are noted", () => {
  const engine = new EngineInMemory();
  for (let i = 0; i < 600; i++) {
    engine.run("HSET", "h", `f${i}`, i);
    engine.run("SADD", "s", `m${i}`);
    engine.run("ZADD", "z", i, `m${i}`);
  }
  engine.run("HSET", "small", "f", 1);
  const requests = [
    ["HSET", "h", "f1", "v"],
    ["HGET", "small", "f"],
    ["SADD", "s", "m2"],
    ["ZADD", "z", "3", "m3"],
    ["ZSCORE", "z", "m4"],
    ["HLEN", "h"],
  ];
  const buffer = Buffer.from(requests.map((words) => encode(...words)).join(""));
  prefetch.add(engine.server.databases[0]!, buffer, 0, buffer.length);
  prefetch.run();
  expectKnown(memberHashes, buffer, ["f1", "m2", "m3", "m4"]);
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
