import { randomIntegers } from "@weftkit/testing/random-numbers";
import { describe, expect, test } from "vitest";
import { ByteMap } from "../src/storage/byte-map.ts";
import { Slab } from "../src/storage/slab.ts";
import { SortedIndex } from "../src/storage/sorted-index.ts";
import { EngineInMemory } from "./engine-in-memory.ts";
import { RecordingJournal } from "./recording-journal.ts";

describe.each([
  ["packed", 128],
  ["large", 0],
])("sorted sets, %s", (_, zsetPackedEntriesMax) => {
  const engineWithSet = () => {
    const engine = new EngineInMemory({ settings: { zsetPackedEntriesMax } });
    engine.run("ZADD", "z", 2, "b", 1, "a", 2, "c", -1.5, "d");
    return engine;
  };

  test("members are in the order of their scores, then of their bytes", () => {
    const engine = engineWithSet();
    expect(engine.run("ZRANGE", "z", 0, -1, "WITHSCORES")).toEqual([
      "d",
      "-1.5",
      "a",
      "1",
      "b",
      "2",
      "c",
      "2",
    ]);
    expect(engine.run("ZREVRANGE", "z", 0, 1)).toEqual(["c", "b"]);
    expect(engine.run("ZRANK", "z", "c")).toBe(3);
    expect(engine.run("ZREVRANK", "z", "c", "WITHSCORE")).toEqual([0, "2"]);
  });

  test("ZADD's conditions decide who is added and who changes", () => {
    const engine = engineWithSet();
    expect(engine.run("ZADD", "z", "NX", 9, "a", 9, "n")).toBe(1);
    expect(engine.run("ZADD", "z", "XX", "CH", 3, "a", 3, "absent")).toBe(1);
    expect(engine.run("ZADD", "z", "GT", "CH", 1, "b", 5, "c")).toBe(1);
    expect(engine.run("ZADD", "z", "LT", "INCR", 1, "b")).toBeNull();
    expect(engine.run("ZINCRBY", "z", "0.5", "b")).toBe("2.5");
    expect(engine.run("ZADD", "z", "GT", "LT", 1, "b")).toEqual(
      new Error("ERR GT, LT, and/or NX options at the same time are not compatible"),
    );
    engine.run("ZADD", "z", "inf", "i");
    expect(engine.run("ZINCRBY", "z", "-inf", "i")).toEqual(
      new Error("ERR resulting score is not a number (NaN)"),
    );
  });

  test("ranges by score may be open, limited and reversed", () => {
    const engine = engineWithSet();
    expect(engine.run("ZRANGEBYSCORE", "z", "(1", "+inf")).toEqual(["b", "c"]);
    expect(engine.run("ZRANGE", "z", "2", "-inf", "BYSCORE", "REV", "LIMIT", 1, 2)).toEqual(["b", "a"]);
    expect(engine.run("ZCOUNT", "z", "-inf", "(2")).toBe(2);
    expect(engine.run("ZREMRANGEBYSCORE", "z", 1, 2)).toBe(3);
    expect(engine.run("ZRANGE", "z", 0, -1)).toEqual(["d"]);
  });

  test("a popped or emptied set is no key any more", () => {
    const engine = engineWithSet();
    expect(engine.run("ZPOPMAX", "z", 2)).toEqual(["c", "2", "b", "2"]);
    expect(engine.run("ZMPOP", 2, "none", "z", "MIN", "COUNT", 9)).toEqual([
      "z",
      [
        ["d", "-1.5"],
        ["a", "1"],
      ],
    ]);
    expect(engine.session.db.size).toBe(0);
    while (engine.server.lazyFree.step(10));
    expect(engine.server.slab.usedBytes).toBe(0);
  });

  test("sets are put together with weights", () => {
    const engine = engineWithSet();
    engine.run("ZADD", "y", 10, "a", 20, "x");
    expect(engine.run("ZUNIONSTORE", "u", 2, "z", "y", "WEIGHTS", 2, 1, "AGGREGATE", "MAX")).toBe(5);
    expect(engine.run("ZRANGE", "u", 0, -1, "WITHSCORES")).toEqual([
      "d",
      "-3",
      "b",
      "4",
      "c",
      "4",
      "a",
      "10",
      "x",
      "20",
    ]);
    expect(engine.run("ZINTER", 2, "z", "y", "WITHSCORES")).toEqual(["a", "11"]);
    expect(engine.run("ZDIFF", 2, "z", "y")).toEqual(["d", "b", "c"]);
    expect(engine.run("ZINTERCARD", 2, "z", "u", "LIMIT", 2)).toBe(2);
    expect(engine.run("ZRANGESTORE", "u", "z", 0, 0)).toBe(1);
    expect(engine.run("ZDIFFSTORE", "u", 2, "z", "z")).toBe(0);
    expect(engine.run("ZCARD", "u")).toBe(0);
  });
});

test("those who wait for a sorted set are served in turn, and the journal has the pops", () => {
  const engine = new EngineInMemory();
  const journal = new RecordingJournal();
  engine.server.propagation.journal = journal;
  const [first, second] = [engine.client(), engine.client()];
  engine.runAs(first, "BZPOPMAX", "z", 0);
  engine.runAs(second, "BZMPOP", 0, 2, "y", "z", "MIN", "COUNT", 5);
  engine.run("ZADD", "z", 1, "a", 2, "b", 3, "c");
  expect(engine.received(first)).toEqual([["z", "c", "3"]]);
  expect(engine.received(second)).toEqual([
    [
      "z",
      [
        ["a", "1"],
        ["b", "2"],
      ],
    ],
  ]);
  expect(journal.take()).toEqual(["ZADD z 1 a 2 b 3 c", "ZPOPMAX z", "ZPOPMIN z 2"]);
});

test("the index of a large set agrees with a sorted array under random edits", () => {
  const random = randomIntegers(11);
  const map = new ByteMap(new Slab());
  const index = new SortedIndex(map);
  const scores = new Map<string, { entry: number; score: number }>();
  const empty = Buffer.alloc(0);
  for (let i = 0; i < 150_000; i++) {
    const name = `m${random(60_000)}`;
    const known = scores.get(name);
    const score = random(4) === 0 ? random(5) : random(1000);
    if (known === undefined) {
      const key = Buffer.from(name);
      const entry = map.set(key, 0, key.length, empty, 0, 0);
      index.insert(entry, score);
      scores.set(name, { entry, score });
    } else if (random(2) === 0) {
      index.move(known.entry, known.score, score);
      known.score = score;
    } else {
      index.remove(known.entry, known.score);
      map.deleteEntry(known.entry);
      scores.delete(name);
    }
  }
  const sorted = () =>
    [...scores]
      .sort(([a, { score: x }], [b, { score: y }]) => x - y || (a < b ? -1 : 1))
      .map(([name]) => name);
  const listed = (start: number, count: number, isBackward: boolean) => {
    const names: string[] = [];
    index.each(start, count, isBackward, (entry) => {
      const at = map.keyOffset(entry);
      names.push(map.bytesOf(entry).toString("latin1", at, at + map.keyLength(entry)));
    });
    return names;
  };
  const model = sorted();
  expect(listed(0, index.size, false)).toEqual(model);
  expect(listed(index.size - 1, index.size, true)).toEqual(model.toReversed());
  for (let i = 0; i < 500; i++) {
    const rank = random(model.length);
    const { entry, score } = scores.get(model[rank]!)!;
    expect(index.rankOf(entry, score)).toBe(rank);
    const below = random(1000);
    expect(index.rankOfScore(below, false)).toBe([...scores.values()].filter((s) => s.score < below).length);
  }
  index.removeRange(100, 20_000, (entry) => map.deleteEntry(entry));
  model.splice(100, 20_000);
  expect(listed(0, index.size, false)).toEqual(model);
});
