import { describe, expect, test } from "vitest";
import { EngineInMemory, type Value } from "./engine-in-memory.ts";
import { RecordingJournal } from "./recording-journal.ts";

describe.each([
  ["packed", 512],
  ["large", 0],
])("hashes, %s", (_, hashPackedEntriesMax) => {
  const newEngine = () => new EngineInMemory({ settings: { hashPackedEntriesMax } });

  test("fields are set, read and deleted; the last one takes the key along", () => {
    const engine = newEngine();
    expect(engine.run("HSET", "h", "a", 1, "b", 2, "a", 3)).toBe(2);
    expect(engine.run("HSETNX", "h", "a", 9)).toBe(0);
    expect(engine.run("HSETNX", "h", "c", "")).toBe(1);
    expect(engine.run("HMGET", "h", "a", "b", "c", "d")).toEqual(["3", "2", "", null]);
    expect(engine.run("HSTRLEN", "h", "a")).toBe(1);
    expect(engine.run("HEXISTS", "h", "d")).toBe(0);
    expect((engine.run("HKEYS", "h") as Value[]).sort()).toEqual(["a", "b", "c"]);
    expect((engine.run("HVALS", "h") as Value[]).sort()).toEqual(["", "2", "3"]);
    expect(engine.run("HDEL", "h", "a", "b", "none")).toBe(2);
    expect(engine.run("HDEL", "h", "c")).toBe(1);
    expect(engine.run("EXISTS", "h")).toBe(0);
    expect(engine.server.slab.usedBytes).toBe(0);
  });

  test("numbers in fields are counted exactly", () => {
    const engine = newEngine();
    expect(engine.run("HINCRBY", "h", "n", 5)).toBe(5);
    engine.run("HSET", "h", "n", "9223372036854775806");
    engine.run("HINCRBY", "h", "n", 1);
    expect(engine.run("HGET", "h", "n")).toBe("9223372036854775807");
    expect(engine.run("HINCRBY", "h", "n", 1)).toEqual(
      new Error("ERR increment or decrement would overflow"),
    );
    expect(engine.run("HINCRBYFLOAT", "h", "f", "0.1")).toBe("0.1");
    engine.run("HSET", "h", "t", "text");
    expect(engine.run("HINCRBY", "h", "t", 1)).toEqual(new Error("ERR hash value is not an integer"));
    expect(engine.run("HINCRBYFLOAT", "h", "t", 1)).toEqual(new Error("ERR hash value is not a float"));
  });

  test("random fields are different ones with a positive count, any with a negative one", () => {
    const engine = newEngine();
    engine.run("HSET", "h", ...Array.from({ length: 200 }, (_, index) => String(index >>> 1)));
    const three = engine.run("HRANDFIELD", "h", 3) as Value[];
    expect(new Set(three).size).toBe(3);
    expect(new Set(engine.run("HRANDFIELD", "h", 90) as Value[]).size).toBe(90);
    expect(engine.run("HRANDFIELD", "h", 500)).toHaveLength(100);
    expect(engine.run("HRANDFIELD", "h", -500)).toHaveLength(500);
    const pairs = engine.run("HRANDFIELD", "h", 2, "WITHVALUES") as Value[];
    expect(pairs[0]).toBe(pairs[1]);
    expect(engine.run("HRANDFIELD", "none")).toBeNull();
    expect(engine.run("HRANDFIELD", "h", "-4611686018427387904")).toEqual(
      new Error("ERR value is out of range"),
    );
  });

  test("a scan returns every field with its value", () => {
    const engine = newEngine();
    engine.run("HSET", "h", ...Array.from({ length: 400 }, (_, index) => `f${index >>> 1}`));
    const seen = new Set<Value>();
    let cursor: Value = "0";
    do {
      const [next, found] = engine.run("HSCAN", "h", cursor as string) as [Value, Value[]];
      for (let i = 0; i < found.length; i += 2) {
        expect(found[i + 1]).toBe(found[i]);
        seen.add(found[i]!);
      }
      cursor = next;
    } while (cursor !== "0");
    expect(seen.size).toBe(200);
  });
});

test("a hash grows out of its block with the number or the length of its fields, and stays out", () => {
  const engine = new EngineInMemory({ settings: { hashPackedEntriesMax: 3 } });
  const encoding = () => engine.run("OBJECT", "ENCODING", "h");
  engine.run("HSET", "h", 1, 1, 2, 2, 3, 3);
  expect(encoding()).toBe("listpack");
  engine.run("HSET", "h", 4, 4);
  expect(encoding()).toBe("hashtable");
  engine.run("HDEL", "h", 4, 3, 2);
  expect(encoding()).toBe("hashtable");
  engine.run("DEL", "h");
  engine.run("HSET", "h", "f", "x".repeat(64));
  expect(encoding()).toBe("listpack");
  engine.run("HSET", "h", "f", "x".repeat(65));
  expect(encoding()).toBe("hashtable");
  expect(engine.run("HGETALL", "h")).toEqual(["f", "x".repeat(65)]);
});

test("the journal gets the result of a decimal increment", () => {
  const engine = new EngineInMemory();
  const journal = new RecordingJournal();
  engine.server.propagation.journal = journal;
  engine.run("HINCRBYFLOAT", "h", "f", "0.25");
  engine.run("HSETNX", "h", "f", "1");
  expect(journal.take()).toEqual(["HSET h f 0.25"]);
});
