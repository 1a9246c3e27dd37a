import { randomIntegers } from "@weftkit/testing/random-numbers";
import { describe, expect, test } from "vitest";
import { Quicklist } from "../src/storage/quicklist.ts";
import { Slab } from "../src/storage/slab.ts";
import { EngineInMemory } from "./engine-in-memory.ts";
import { RecordingJournal } from "./recording-journal.ts";

describe("lists", () => {
  test("both ends are pushed to and popped from", () => {
    const engine = new EngineInMemory();
    expect(engine.run("RPUSH", "k", "a", "b")).toBe(2);
    expect(engine.run("LPUSH", "k", "c", "d")).toBe(4);
    expect(engine.run("LRANGE", "k", 0, -1)).toEqual(["d", "c", "a", "b"]);
    expect(engine.run("LPOP", "k")).toBe("d");
    expect(engine.run("RPOP", "k", 2)).toEqual(["b", "a"]);
    expect(engine.run("LPOP", "k", 9)).toEqual(["c"]);
    expect(engine.run("LLEN", "k")).toBe(0);
    expect(engine.run("LPOP", "k", 1)).toBeNull();
    expect(engine.run("LPUSHX", "k", "x")).toBe(0);
  });

  test("an emptied list is no key any more", () => {
    const engine = new EngineInMemory();
    engine.run("RPUSH", "k", "a");
    engine.run("LREM", "k", 0, "a");
    expect(engine.session.db.size).toBe(0);
    expect(engine.server.slab.usedBytes).toBe(0);
  });

  test("LINSERT, LSET and LPOS find elements from either side", () => {
    const engine = new EngineInMemory();
    engine.run("RPUSH", "k", "a", "b", "a", "c", "a");
    expect(engine.run("LINSERT", "k", "AFTER", "b", "n")).toBe(6);
    expect(engine.run("LINSERT", "k", "BEFORE", "absent", "n")).toBe(-1);
    expect(engine.run("LSET", "k", -1, "z")).toBe("OK");
    expect(engine.run("LSET", "k", 6, "z")).toEqual(new Error("ERR index out of range"));
    expect(engine.run("LRANGE", "k", 0, -1)).toEqual(["a", "b", "n", "a", "c", "z"]);
    expect(engine.run("LPOS", "k", "a", "RANK", -1)).toBe(3);
    expect(engine.run("LPOS", "k", "a", "COUNT", 0)).toEqual([0, 3]);
    expect(engine.run("LPOS", "k", "a", "COUNT", 0, "MAXLEN", 2)).toEqual([0]);
    expect(engine.run("LPOS", "k", "q", "COUNT", 0)).toEqual([]);
  });

  test("LMOVE may rotate one list, and moves what lies in the slab safely", () => {
    const engine = new EngineInMemory({ settings: { listPackedSize: 2 } });
    engine.run("RPUSH", "k", "a", "b", "c");
    expect(engine.run("LMOVE", "k", "k", "LEFT", "RIGHT")).toBe("a");
    expect(engine.run("LRANGE", "k", 0, -1)).toEqual(["b", "c", "a"]);
    expect(engine.run("LMOVE", "k", "to", "RIGHT", "LEFT")).toBe("a");
    expect(engine.run("LRANGE", "to", 0, -1)).toEqual(["a"]);
  });

  test("LMPOP answers the key it popped from", () => {
    const engine = new EngineInMemory();
    engine.run("RPUSH", "k", "a", "b");
    expect(engine.run("LMPOP", 2, "absent", "k", "RIGHT", "COUNT", 5)).toEqual(["k", ["b", "a"]]);
    expect(engine.run("LMPOP", 2, "absent", "k", "RIGHT")).toBeNull();
    expect(engine.run("LMPOP", 0, "k", "LEFT")).toEqual(new Error("ERR numkeys should be greater than 0"));
  });
});

describe("blocking on lists", () => {
  test("those who wait are served in the order in which they came", () => {
    const engine = new EngineInMemory();
    const [first, second] = [engine.client(), engine.client()];
    expect(engine.runAs(first, "BLPOP", "k", 0)).toBeUndefined();
    expect(engine.runAs(second, "BRPOP", "other", "k", 0)).toBeUndefined();
    engine.run("RPUSH", "k", "a", "b", "c");
    expect(engine.received(first)).toEqual([["k", "a"]]);
    expect(engine.received(second)).toEqual([["k", "c"]]);
    expect(engine.run("LRANGE", "k", 0, -1)).toEqual(["b"]);
  });

  test("a chain of BLMOVE passes an element on", () => {
    const engine = new EngineInMemory();
    const [mover, popper] = [engine.client(), engine.client()];
    engine.runAs(popper, "BLPOP", "b", 0);
    engine.runAs(mover, "BLMOVE", "a", "b", "LEFT", "LEFT", 0);
    engine.run("LPUSH", "a", "x");
    expect(engine.received(mover)).toEqual(["x"]);
    expect(engine.received(popper)).toEqual([["b", "x"]]);
    expect(engine.session.db.size).toBe(0);
  });

  test("a key of another type wakes nobody", () => {
    const engine = new EngineInMemory();
    const waiting = engine.client();
    engine.runAs(waiting, "BLMPOP", 0, 1, "k", "LEFT");
    engine.run("SET", "k", "text");
    expect(engine.received(waiting)).toEqual([]);
  });

  test("the journal has the pop, not the wait", () => {
    const engine = new EngineInMemory();
    const journal = new RecordingJournal();
    engine.server.propagation.journal = journal;
    const waiting = engine.client();
    engine.runAs(waiting, "BLMPOP", 0, 1, "k", "LEFT", "COUNT", 5);
    engine.run("RPUSH", "k", "a", "b");
    engine.run("RPUSH", "s", "x");
    engine.runAs(waiting, "BLMOVE", "s", "t", "LEFT", "RIGHT", 0);
    expect(journal.take()).toEqual(["RPUSH k a b", "LPOP k 2", "RPUSH s x", "LMOVE s t LEFT RIGHT"]);
  });
});

test("a quicklist agrees with an array under random edits", () => {
  const random = randomIntegers(7);
  const slab = new Slab();
  for (const packedSize of [1, 3, -1]) {
    const list = new Quicklist(slab);
    const model: string[] = [];
    for (let i = 0; i < 12_000; i++) {
      const text = random(20) === 0 ? "x".repeat(random(3000)) : `e${random(50)}`;
      const bytes = Buffer.from(text);
      const at = random(model.length + 1);
      const action = random(12);
      if (action < 3) {
        list.push(action === 0, bytes, 0, bytes.length, packedSize);
        if (action === 0) model.unshift(text);
        else model.push(text);
      } else if (action < 8) {
        list.insert(at, bytes, 0, bytes.length, packedSize);
        model.splice(at, 0, text);
      } else if (model.length === 0) continue;
      else if (action === 8) {
        const index = random(model.length);
        list.set(index, bytes, 0, bytes.length);
        model[index] = text;
      } else if (action === 9) {
        const count = random(3);
        const removed = list.removeEqual(bytes, 0, bytes.length, true, count + 1);
        let expected = 0;
        for (let j = model.length - 1; j >= 0 && expected <= count; j--) {
          if (model[j] !== text) continue;
          model.splice(j, 1);
          expected++;
        }
        expect(removed).toBe(expected);
      } else {
        const start = random(model.length);
        const count = Math.min(random(i % 100 === 0 ? 2000 : 4), model.length - start);
        list.removeRange(start, count);
        model.splice(start, count);
      }
      expect(list.size).toBe(model.length);
    }
    const seen: string[] = [];
    const sink = {
      bulk: (bytes: Buffer, offset: number, length: number) =>
        seen.push(bytes.toString("latin1", offset, offset + length)),
    };
    list.emit(sink, 0, list.size, false);
    expect(seen).toEqual(model);
    seen.length = 0;
    list.emit(sink, list.size - 1, list.size, true);
    expect(seen).toEqual(model.toReversed());
    const copy = list.duplicate();
    expect(copy.size).toBe(list.size);
    while (!copy.clearSome(10));
    while (!list.clearSome(1000));
  }
  expect(slab.usedBytes).toBe(0);
});

test("a replaced element that would make its node huge gets a node of its own", () => {
  const engine = new EngineInMemory({ settings: { listPackedSize: 5 } });
  engine.run("RPUSH", "k", "a", "b", "c", "d", "e", "f", "g");
  const expected = ["a", "b", "c", "d", "e", "f", "g"];
  for (const index of [0, 2, 4, 1, 3, 6, 2]) {
    const value = String(index).repeat(700_000);
    expect(engine.run("LSET", "k", index, value)).toBe("OK");
    expected[index] = value;
    expect(engine.run("LRANGE", "k", 0, -1)).toEqual(expected);
  }
  expect(engine.run("LPUSH", "k", "x")).toBe(8);
  expect(engine.run("LTRIM", "k", 3, 3)).toBe("OK");
  expect(engine.run("LLEN", "k")).toBe(1);
  engine.run("DEL", "k");
  expect(engine.server.slab.usedBytes).toBe(0);
});
