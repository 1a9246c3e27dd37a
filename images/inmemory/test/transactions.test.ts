import { describe, expect, test } from "vitest";
import { EngineInMemory } from "./engine-in-memory.ts";
import { RecordingJournal } from "./recording-journal.ts";

describe("transactions", () => {
  test("commands are queued, then run as one and answered together", () => {
    const engine = new EngineInMemory();
    expect(engine.run("MULTI")).toBe("OK");
    expect(engine.run("SET", "a", 1)).toBe("QUEUED");
    expect(engine.run("INCR", "a")).toBe("QUEUED");
    expect(engine.run("EXEC")).toEqual(["OK", 2]);
  });

  test("an error while queueing discards all of it, an error while running only itself", () => {
    const engine = new EngineInMemory();
    engine.run("MULTI");
    expect(engine.run("SET", "a")).toEqual(new Error("ERR wrong number of arguments for 'set' command"));
    expect(engine.run("EXEC")).toEqual(
      new Error("EXECABORT Transaction discarded because of previous errors."),
    );
    engine.run("SET", "text", "x");
    engine.run("MULTI");
    engine.run("INCR", "text");
    engine.run("SET", "after", 1);
    expect(engine.run("EXEC")).toEqual([new Error("ERR value is not an integer or out of range"), "OK"]);
  });

  test("MULTI does not nest, and EXEC and DISCARD need it", () => {
    const engine = new EngineInMemory();
    expect(engine.run("EXEC")).toEqual(new Error("ERR EXEC without MULTI"));
    expect(engine.run("DISCARD")).toEqual(new Error("ERR DISCARD without MULTI"));
    engine.run("MULTI");
    expect(engine.run("MULTI")).toEqual(new Error("ERR MULTI calls can not be nested"));
    expect(engine.run("WATCH", "k")).toEqual(new Error("ERR WATCH inside MULTI is not allowed"));
    expect(engine.run("DISCARD")).toBe("OK");
  });

  test("a watched key that another client changes makes EXEC answer null; UNWATCH forgets it", () => {
    const engine = new EngineInMemory();
    const other = engine.client();
    engine.run("SET", "k", 1);
    engine.run("WATCH", "k");
    engine.runAs(other, "SET", "k", 2);
    engine.run("MULTI");
    engine.run("GET", "k");
    expect(engine.run("EXEC")).toBeNull();

    engine.run("WATCH", "k");
    engine.runAs(other, "SET", "k", 3);
    engine.run("UNWATCH");
    engine.run("MULTI");
    engine.run("GET", "k");
    expect(engine.run("EXEC")).toEqual(["3"]);
  });

  test.each(["FLUSHDB", "FLUSHALL"])(
    "%s breaks the watch of a key that was there, and of no other",
    (flush) => {
      const engine = new EngineInMemory();
      for (const [key, expected] of [
        ["present", null],
        ["absent", []],
      ] as const) {
        engine.run("SET", "present", 1);
        engine.run("WATCH", key);
        engine.runAs(engine.client(), flush);
        engine.run("MULTI");
        expect(engine.run("EXEC")).toEqual(expected);
      }
    },
  );

  test("a watched key whose time comes counts as changed, though nobody has touched it", () => {
    let now = 1_000_000;
    const engine = new EngineInMemory({ clock: () => now });
    engine.run("SET", "k", 1, "PX", 50);
    engine.run("WATCH", "k");
    now += 100;
    engine.run("MULTI");
    expect(engine.run("EXEC")).toBeNull();
  });

  test("nothing blocks inside a transaction", () => {
    const engine = new EngineInMemory();
    engine.run("MULTI");
    engine.run("BLPOP", "empty", 0);
    expect(engine.run("EXEC")).toEqual([null]);
  });

  test("the journal has a transaction whole, and a single change plain", () => {
    const engine = new EngineInMemory();
    const journal = new RecordingJournal();
    engine.server.propagation.journal = journal;
    engine.run("MULTI");
    engine.run("SET", "a", 1);
    engine.run("GET", "a");
    engine.run("INCR", "a");
    engine.run("EXEC");
    engine.run("MULTI");
    engine.run("INCR", "a");
    engine.run("EXEC");
    engine.run("XADD", "s", "7-*", "f", "v");
    engine.run("MULTI");
    engine.run("XADD", "t", "7-1", "f", "v");
    expect(engine.run("EXEC")).toEqual(["7-1"]);
    expect(journal.take()).toEqual([
      "MULTI",
      "SET a 1",
      "INCR a",
      "EXEC",
      "INCR a",
      "XADD s 7-0 f v",
      "XADD t 7-1 f v",
    ]);
  });
});
