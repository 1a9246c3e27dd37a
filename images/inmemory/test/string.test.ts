import { describe, expect, test } from "vitest";
import { EngineInMemory } from "./engine-in-memory.ts";
import { RecordingJournal } from "./recording-journal.ts";

const NOW = 1_700_000_000_000;

function engineAt(now = NOW): { engine: EngineInMemory; clock: { now: number } } {
  const clock = { now };
  return { engine: new EngineInMemory({ clock: () => clock.now }), clock };
}

describe("strings", () => {
  test("a value is read as it was written, bytes and all", () => {
    const { engine } = engineAt();
    const value = Buffer.from([0, 13, 10, 255, 36]).toString("latin1");
    expect(engine.run("SET", "k", value)).toBe("OK");
    expect(engine.run("GET", "k")).toBe(value);
    expect(engine.run("GET", "absent")).toBeNull();
  });

  test("SET's conditions decide whether it sets, and GET answers what was there in any case", () => {
    const { engine } = engineAt();
    expect(engine.run("SET", "k", "1", "XX")).toBeNull();
    expect(engine.run("SET", "k", "1", "NX", "GET")).toBeNull();
    expect(engine.run("SET", "k", "2", "NX", "GET")).toBe("1");
    expect(engine.run("SET", "k", "2", "XX", "GET")).toBe("1");
    expect(engine.run("GET", "k")).toBe("2");
    engine.run("RPUSH", "list", "a");
    expect(engine.run("SET", "list", "v", "GET")).toEqual(
      new Error("WRONGTYPE Operation against a key holding the wrong kind of value"),
    );
    expect(engine.run("SET", "list", "v")).toBe("OK");
  });

  test("SET drops an expiry unless it sets or keeps one", () => {
    const { engine } = engineAt();
    engine.run("SET", "k", "v", "EX", 10);
    expect(engine.run("PTTL", "k")).toBe(10_000);
    engine.run("SET", "k", "w", "KEEPTTL");
    expect(engine.run("PTTL", "k")).toBe(10_000);
    engine.run("SET", "k", "x");
    expect(engine.run("PTTL", "k")).toBe(-1);
    engine.run("SET", "k", "x", "PXAT", NOW + 5);
    expect(engine.run("PTTL", "k")).toBe(5);
  });

  test("options that exclude each other are a syntax error", () => {
    const { engine } = engineAt();
    for (const options of [
      ["NX", "XX"],
      ["EX", "1", "PX", "1"],
      ["KEEPTTL", "EX", "1"],
      ["EX"],
      ["PERSIST"],
    ]) {
      expect(engine.run("SET", "k", "v", ...options)).toEqual(new Error("ERR syntax error"));
    }
    for (const time of ["0", "-1", "9223372036854775807"]) {
      expect(engine.run("SET", "k", "v", "EX", time)).toEqual(
        new Error("ERR invalid expire time in 'set' command"),
      );
    }
  });

  test("INCR counts to the end of 64 bits and refuses what is not an integer", () => {
    const { engine } = engineAt();
    expect(engine.run("INCR", "n")).toBe(1);
    engine.run("SET", "n", "9007199254740991");
    engine.run("INCRBY", "n", 2);
    expect(engine.run("GET", "n")).toBe("9007199254740993");
    engine.run("SET", "n", "9223372036854775807");
    expect(engine.run("INCR", "n")).toEqual(new Error("ERR increment or decrement would overflow"));
    expect(engine.run("DECRBY", "n", "-9223372036854775808")).toEqual(
      new Error("ERR decrement would overflow"),
    );
    engine.run("SET", "n", "12a");
    expect(engine.run("INCR", "n")).toEqual(new Error("ERR value is not an integer or out of range"));
  });

  test("INCRBYFLOAT calculates with 64 bits of precision and prints 17 digits", () => {
    const { engine } = engineAt();
    engine.run("SET", "n", "10.50");
    expect(engine.run("INCRBYFLOAT", "n", "0.1")).toBe("10.6");
    expect(engine.run("INCRBYFLOAT", "n", "5.0e3")).toBe("5010.60000000000000009");
    expect(engine.run("INCRBYFLOAT", "n", "-5010.5")).toBe("0.10000000000000009");
    expect(engine.run("INCRBYFLOAT", "n", "inf")).toEqual(
      new Error("ERR increment would produce NaN or Infinity"),
    );
    expect(engine.run("INCRBYFLOAT", "n", "nan")).toEqual(new Error("ERR value is not a valid float"));
  });

  test("ranges count from both ends; writing past the end fills with zeros", () => {
    const { engine } = engineAt();
    expect(engine.run("SETRANGE", "k", 3, "abc")).toBe(6);
    expect(engine.run("GET", "k")).toBe("\0\0\0abc");
    expect(engine.run("GETRANGE", "k", -3, -2)).toBe("ab");
    expect(engine.run("GETRANGE", "k", 5, 2)).toBe("");
    expect(engine.run("APPEND", "k", "d")).toBe(7);
    expect(engine.run("SETRANGE", "k", 536_870_912, "x")).toEqual(
      new Error("ERR string exceeds maximum allowed size (proto-max-bulk-len)"),
    );
  });

  test("LCS finds the subsequence and where it is in both strings", () => {
    const { engine } = engineAt();
    engine.run("MSET", "a", "ohmytext", "b", "mynewtext");
    expect(engine.run("LCS", "a", "b")).toBe("mytext");
    expect(engine.run("LCS", "a", "b", "LEN")).toBe(6);
    expect(engine.run("LCS", "a", "b", "IDX", "MINMATCHLEN", 4, "WITHMATCHLEN")).toEqual([
      "matches",
      [[[4, 7], [5, 8], 4]],
      "len",
      6,
    ]);
  });

  test("the journal gets effects: absolute times, and results of decimal increments", () => {
    const { engine } = engineAt();
    const journal = new RecordingJournal();
    engine.server.propagation.journal = journal;
    engine.run("SETEX", "k", 10, "v");
    engine.run("SET", "k", "w", "GET", "KEEPTTL");
    engine.run("GETEX", "k", "PERSIST");
    engine.run("GETEX", "k", "EXAT", 1);
    engine.run("INCRBYFLOAT", "n", "0.5");
    engine.run("GETSET", "n", "1");
    engine.run("GETDEL", "n");
    expect(journal.take()).toEqual([
      `SET k v PXAT ${NOW + 10_000}`,
      "SET k w KEEPTTL",
      "PERSIST k",
      "DEL k",
      "SET n 0.5 KEEPTTL",
      "SET n 1",
      "DEL n",
    ]);
  });

  test("a key whose time is over expires before SET replaces it", () => {
    const { engine, clock } = engineAt();
    const journal = new RecordingJournal();
    engine.server.propagation.journal = journal;
    engine.run("SET", "k", "v", "PX", 5);
    clock.now += 6;
    engine.run("SET", "k", "w");
    expect(engine.server.statistics.expiredKeys).toBe(1);
    expect(journal.take().slice(1)).toEqual(["MULTI", "DEL k", "SET k w", "EXEC"]);
  });
});
