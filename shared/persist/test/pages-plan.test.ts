import { describe, expect, test } from "vitest";
import { planPiece } from "../src/pages/plan.ts";
import type { ChainPiece } from "../src/stream.ts";

const HOUR = 3_600_000;

/** A chain such as "bddc": a base of 1,000,000 bytes, deltas, compacted pieces; one push each, one minute apart. */
function chainOf(kinds: string, bytes = 100): ChainPiece[] {
  return [...kinds].map((letter, index) => ({
    kind: letter === "b" ? "base" : letter === "d" ? "delta" : "compacted",
    seqFrom: index + 1,
    seqTo: index + 1,
    bytes: letter === "b" ? 1_000_000 : bytes,
    sha256: `${index}`.padStart(64, "0"),
    time: index * 60_000,
  }));
}

describe("the next piece of a chain", () => {
  test.each([
    ["nothing", "", "base"],
    ["a base", "b", "delta"],
    ["15 deltas", `b${"d".repeat(15)}`, "delta"],
    ["16 deltas", `b${"d".repeat(16)}`, "compacted"],
    ["15 deltas after a compacted piece", `bc${"d".repeat(15)}`, "delta"],
    ["16 deltas after a compacted piece", `bcc${"d".repeat(16)}`, "compacted"],
    ["63 pieces", `b${"c".repeat(62)}`, "delta"],
    ["64 pieces", `b${"c".repeat(63)}`, "base"],
    ["a chain without its base", "dd", "base"],
  ])("after %s", (_, kinds, expected) => {
    expect(planPiece(chainOf(kinds), HOUR).kind).toBe(expected);
  });

  test("replaces the last deltas and no other pieces", () => {
    const pieces = chainOf(`bc${"d".repeat(20)}`);
    expect(planPiece(pieces, HOUR)).toEqual({ kind: "compacted", replaced: pieces.slice(2) });
  });

  test("is a base a day after the last", () => {
    expect(planPiece(chainOf("bd"), 24 * HOUR - 1).kind).toBe("delta");
    expect(planPiece(chainOf("bd"), 24 * HOUR).kind).toBe("base");
  });

  test("is a base when what follows the last is above half of its size", () => {
    expect(planPiece(chainOf("bdd", 250_000), HOUR).kind).toBe("delta");
    expect(planPiece(chainOf("bdd", 250_001), HOUR).kind).toBe("base");
  });
});
