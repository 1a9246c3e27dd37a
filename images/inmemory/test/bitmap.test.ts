import { describe, expect, test } from "vitest";
import { EngineInMemory } from "./engine-in-memory.ts";

describe("bitmaps", () => {
  test("bits are set and read; the string grows as far as it must", () => {
    const engine = new EngineInMemory();
    expect(engine.run("SETBIT", "k", 7, 1)).toBe(0);
    expect(engine.run("SETBIT", "k", 7, 0)).toBe(1);
    expect(engine.run("SETBIT", "k", 16, 1)).toBe(0);
    expect(engine.run("GET", "k")).toBe("\0\0\x80");
    expect(engine.run("GETBIT", "k", 16)).toBe(1);
    expect(engine.run("GETBIT", "k", 1000)).toBe(0);
    expect(engine.run("SETBIT", "k", 2 ** 32, 1)).toEqual(
      new Error("ERR bit offset is not an integer or out of range"),
    );
  });

  test("bits are counted and found in ranges of bytes or bits", () => {
    const engine = new EngineInMemory();
    engine.run("SET", "k", Buffer.from([0xff, 0xf0, 0x00]));
    expect(engine.run("BITCOUNT", "k")).toBe(12);
    expect(engine.run("BITCOUNT", "k", 1, -1)).toBe(4);
    expect(engine.run("BITCOUNT", "k", 5, 10, "BIT")).toBe(6);
    expect(engine.run("BITPOS", "k", 0)).toBe(12);
    expect(engine.run("BITPOS", "k", 1, 2)).toBe(-1);
    engine.run("SET", "k", Buffer.from([0xff]));
    expect(engine.run("BITPOS", "k", 0)).toBe(8);
    expect(engine.run("BITPOS", "k", 0, 0, -1)).toBe(-1);
    expect(engine.run("BITPOS", "none", 0)).toBe(0);
  });

  test("strings are combined, the shorter ones as if zeros followed", () => {
    const engine = new EngineInMemory();
    engine.run("SET", "a", Buffer.from([0xf0, 0xff]));
    engine.run("SET", "b", Buffer.from([0x3c]));
    expect(engine.run("BITOP", "AND", "r", "a", "b")).toBe(2);
    expect(engine.run("GET", "r")).toBe("\x30\0");
    engine.run("BITOP", "XOR", "r", "a", "b", "a");
    expect(engine.run("GET", "r")).toBe("\x3c\0");
    engine.run("BITOP", "NOT", "r", "b");
    expect(engine.run("GET", "r")).toBe("\xc3");
    expect(engine.run("BITOP", "OR", "r", "none")).toBe(0);
    expect(engine.run("EXISTS", "r")).toBe(0);
  });

  test("BITFIELD wraps, saturates or refuses what does not fit", () => {
    const engine = new EngineInMemory();
    expect(engine.run("BITFIELD", "k", "INCRBY", "u8", 0, 250, "INCRBY", "u8", "#0", 10)).toEqual([250, 4]);
    expect(
      engine.run(
        "BITFIELD",
        "k",
        "OVERFLOW",
        "SAT",
        "INCRBY",
        "i8",
        8,
        200,
        "OVERFLOW",
        "FAIL",
        "INCRBY",
        "i8",
        8,
        1,
      ),
    ).toEqual([127, null]);
    expect(engine.run("BITFIELD_RO", "k", "GET", "i8", "#1", "GET", "u4", 0)).toEqual([127, 0]);
    engine.run("BITFIELD", "k", "SET", "i64", 3, "-9223372036854775808");
    expect(engine.run("BITFIELD", "k", "GET", "u62", 4)).toEqual([0]);
    expect(engine.run("BITFIELD_RO", "k", "SET", "u8", 0, 1)).toEqual(
      new Error("ERR BITFIELD_RO only supports the GET subcommand"),
    );
  });
});
