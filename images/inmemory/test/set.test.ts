import { describe, expect, test } from "vitest";
import { IntSet } from "../src/storage/intset.ts";
import { Slab } from "../src/storage/slab.ts";
import { EngineInMemory, type Value } from "./engine-in-memory.ts";
import { RecordingJournal } from "./recording-journal.ts";

const sorted = (value: Value) => (value as Value[]).sort();

describe.each([
  ["of integers", { setIntsetEntriesMax: 512, setPackedEntriesMax: 128 }],
  ["packed", { setIntsetEntriesMax: 0, setPackedEntriesMax: 128 }],
  ["large", { setIntsetEntriesMax: 0, setPackedEntriesMax: 0 }],
])("sets, %s", (_, settings) => {
  const newEngine = () => new EngineInMemory({ settings });

  test("members are added, found and removed; the last one takes the key along", () => {
    const engine = newEngine();
    expect(engine.run("SADD", "s", 3, 1, 2, 3)).toBe(3);
    expect(engine.run("SMISMEMBER", "s", 1, 4, "x")).toEqual([1, 0, 0]);
    expect(sorted(engine.run("SMEMBERS", "s"))).toEqual(["1", "2", "3"]);
    expect(engine.run("SREM", "s", 1, 9)).toBe(1);
    expect(engine.run("SMOVE", "s", "t", 2)).toBe(1);
    expect(engine.run("SMOVE", "s", "t", 2)).toBe(0);
    expect(engine.run("SREM", "s", 3)).toBe(1);
    expect(engine.run("EXISTS", "s")).toBe(0);
    engine.run("DEL", "t");
    expect(engine.server.slab.usedBytes).toBe(0);
  });

  test("intersections, unions and differences, answered and stored", () => {
    const engine = newEngine();
    engine.run("SADD", "a", 1, 2, 3, 4);
    engine.run("SADD", "b", 3, 4, 5);
    expect(sorted(engine.run("SINTER", "a", "b"))).toEqual(["3", "4"]);
    expect(sorted(engine.run("SUNION", "a", "none", "b"))).toEqual(["1", "2", "3", "4", "5"]);
    expect(sorted(engine.run("SDIFF", "a", "b", "none"))).toEqual(["1", "2"]);
    expect(engine.run("SINTER", "a", "a")).toHaveLength(4);
    expect(engine.run("SDIFF", "a", "b", "a")).toEqual([]);
    expect(engine.run("SINTERCARD", 2, "a", "b")).toBe(2);
    expect(engine.run("SINTERCARD", 2, "a", "b", "LIMIT", 1)).toBe(1);
    expect(engine.run("SINTERSTORE", "a", "a", "b")).toBe(2);
    expect(sorted(engine.run("SMEMBERS", "a"))).toEqual(["3", "4"]);
    expect(engine.run("SDIFFSTORE", "a", "none", "b")).toBe(0);
    expect(engine.run("EXISTS", "a")).toBe(0);
    engine.run("SET", "text", "v");
    expect(engine.run("SUNIONSTORE", "text", "b")).toBe(3);
    expect(engine.run("SINTER", "b", "text", "none")).toEqual([]);
  });

  test("random members are drawn or popped, each once", () => {
    const engine = newEngine();
    const all = Array.from({ length: 100 }, (_, index) => String(index));
    engine.run("SADD", "s", ...all);
    expect(new Set(engine.run("SRANDMEMBER", "s", 60) as Value[]).size).toBe(60);
    expect(engine.run("SRANDMEMBER", "s", -300)).toHaveLength(300);
    const popped = [engine.run("SPOP", "s"), ...(engine.run("SPOP", "s", 20) as Value[])];
    popped.push(...(engine.run("SPOP", "s", 75) as Value[]));
    expect(engine.run("SCARD", "s")).toBe(4);
    popped.push(...(engine.run("SPOP", "s", 10) as Value[]));
    expect(popped.sort()).toEqual(all.sort());
    expect(engine.run("EXISTS", "s")).toBe(0);
  });
});

describe("how sets are kept", () => {
  const encoding = (engine: EngineInMemory) => engine.run("OBJECT", "ENCODING", "s");

  test("integers are an intset up to 512, other members a listpack up to 128 or 64 bytes", () => {
    const engine = new EngineInMemory();
    engine.run("SADD", "s", ...Array.from({ length: 512 }, (_, index) => index));
    expect(encoding(engine)).toBe("intset");
    engine.run("SADD", "s", 512);
    expect(encoding(engine)).toBe("hashtable");
    engine.run("DEL", "s");
    engine.run("SADD", "s", 3, 1, 2);
    engine.run("SADD", "s", "x");
    expect(encoding(engine)).toBe("listpack");
    expect(engine.run("SMEMBERS", "s")).toEqual(["1", "2", "3", "x"]);
    engine.run("SADD", "s", "x".repeat(65));
    expect(encoding(engine)).toBe("hashtable");
  });

  test("popping most of a large set leaves a small one", () => {
    const engine = new EngineInMemory();
    engine.run("SADD", "s", ...Array.from({ length: 200 }, (_, index) => `m${index}`));
    expect(encoding(engine)).toBe("hashtable");
    engine.run("SPOP", "s", 195);
    expect(encoding(engine)).toBe("listpack");
  });

  test("what is left of an intersection is an intset when only integers are", () => {
    const engine = new EngineInMemory();
    engine.run("SADD", "a", 1, 2, "x");
    engine.run("SADD", "b", 1, 2, "y");
    engine.run("SINTERSTORE", "s", "a", "b");
    expect(encoding(engine)).toBe("intset");
  });
});

test("the journal gets the members that were popped", () => {
  const engine = new EngineInMemory();
  const journal = new RecordingJournal();
  engine.run("SADD", "s", ...Array.from({ length: 3000 }, (_, index) => index));
  engine.server.propagation.journal = journal;
  const popped = engine.run("SPOP", "s", 1500) as string[];
  const commands = journal.take().map((line) => line.split(" "));
  expect(commands.map(([name]) => name)).toEqual(["MULTI", "SREM", "SREM", "EXEC"]);
  expect(commands.flatMap((words) => words.slice(2))).toEqual(popped);
  engine.run("SPOP", "s", 1500);
  expect(journal.take()).toEqual(["DEL s"]);
});

test("an array of integers keeps them in order over all of 64 bits", () => {
  const slab = new Slab();
  const set = new IntSet(slab).create();
  const numbers = [5, 0, -1, 32_768, -32_769, 2 ** 31, -(2 ** 31) - 1].map(BigInt);
  numbers.push(2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n));
  const parse = (value: bigint) => {
    const text = Buffer.from(String(value));
    return set.parse(text, 0, text.length);
  };
  for (const number of numbers) {
    parse(number);
    expect(set.add()).toBe(true);
    expect(set.add()).toBe(false);
  }
  const text = Buffer.alloc(24);
  const kept = numbers.map((_, index) => BigInt(text.toString("latin1", 0, set.format(index, text))));
  expect(kept).toEqual([...numbers].sort((left, right) => (left < right ? -1 : 1)));
  for (const number of numbers) {
    parse(number);
    expect(set.has()).toBe(true);
    expect(set.remove()).toBe(true);
    expect(set.remove()).toBe(false);
  }
  expect(set.count).toBe(0);
  set.free();
  expect(slab.usedBytes).toBe(0);
});
