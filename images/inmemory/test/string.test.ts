import { describe, expect, test } from "vitest";
import { EngineInMemory } from "./engine-in-memory.ts";

describe("strings", () => {
  test("a value is read as it was written, bytes and all", () => {
    const engine = new EngineInMemory();
    const value = Buffer.from([0, 13, 10, 255, 36]).toString("latin1");
    expect(engine.run("SET", "k", value)).toBe("OK");
    expect(engine.run("GET", "k")).toBe(value);
    expect(engine.run("GET", "absent")).toBeNull();
  });

  test("INCR counts to the end of 64 bits and refuses what is not an integer", () => {
    const engine = new EngineInMemory();
    expect(engine.run("INCR", "n")).toBe(1);
    engine.run("SET", "n", "9223372036854775807");
    expect(engine.run("INCR", "n")).toEqual(new Error("ERR increment or decrement would overflow"));
    engine.run("SET", "n", "12a");
    expect(engine.run("INCR", "n")).toEqual(new Error("ERR value is not an integer or out of range"));
  });
});
