import { expect, test } from "vitest";
import { EngineInMemory } from "./engine-in-memory.ts";

function engineWithList(): EngineInMemory {
  const engine = new EngineInMemory();
  engine.run("RPUSH", "list", 3, 10, 2);
  for (const [element, weight] of [
    [3, 1],
    [10, 5],
    [2, 9],
  ]) {
    engine.run("SET", `weight_${element}`, weight!);
    engine.run("HSET", `hash_${element}`, "name", `n${element}`);
  }
  return engine;
}

test("elements are sorted as numbers, as texts, or by the keys that a pattern names", () => {
  const engine = engineWithList();
  expect(engine.run("SORT", "list")).toEqual(["2", "3", "10"]);
  expect(engine.run("SORT", "list", "ALPHA", "DESC")).toEqual(["3", "2", "10"]);
  expect(engine.run("SORT", "list", "BY", "weight_*")).toEqual(["3", "10", "2"]);
  expect(engine.run("SORT", "list", "BY", "hash_*->name", "ALPHA", "LIMIT", 1, 5)).toEqual(["2", "3"]);
  expect(engine.run("SORT", "list", "BY", "nosort", "DESC")).toEqual(["2", "10", "3"]);
});

test("GET answers what the patterns name for each element", () => {
  const engine = engineWithList();
  engine.run("DEL", "weight_10");
  expect(engine.run("SORT", "list", "GET", "#", "GET", "weight_*", "GET", "hash_*->name")).toEqual(
    [
      ["2", "9", "n2"],
      ["3", "1", "n3"],
      ["10", null, "n10"],
    ].flat(),
  );
});

test("the result can be stored as a list; an empty one deletes the key", () => {
  const engine = engineWithList();
  engine.run("SADD", "set", 5, 4, 1);
  engine.run("ZADD", "zset", 3, "a", 1, "b");
  expect(engine.run("SORT", "set", "STORE", "result")).toBe(3);
  expect(engine.run("LRANGE", "result", 0, -1)).toEqual(["1", "4", "5"]);
  expect(engine.run("SORT", "zset", "BY", "nosort", "STORE", "result")).toBe(2);
  expect(engine.run("LRANGE", "result", 0, -1)).toEqual(["b", "a"]);
  expect(engine.run("SORT", "none", "STORE", "result")).toBe(0);
  expect(engine.run("EXISTS", "result")).toBe(0);
  expect(engine.run("SORT_RO", "set", "STORE", "result")).toEqual(new Error("ERR syntax error"));
});

test("what is no number is not sorted as one, and strings cannot be sorted", () => {
  const engine = engineWithList();
  engine.run("RPUSH", "list", "x");
  expect(engine.run("SORT", "list")).toEqual(
    new Error("ERR One or more scores can't be converted into double"),
  );
  expect(engine.run("SORT", "weight_3")).toEqual(
    new Error("WRONGTYPE Operation against a key holding the wrong kind of value"),
  );
});
