import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Cursors, negotiate, Problem, preconditionsOf, RateLimit } from "../src/index.ts";

describe("cursors", () => {
  const cursors = new Cursors(randomBytes(32));

  test("come back as they went out", () => {
    expect(cursors.read("a", cursors.write("a", ["x", 1]))).toEqual(["x", 1]);
  });

  test("belong to one listing and cannot be made up", () => {
    const cursor = cursors.write("a", ["x", 1]);
    const forged = Buffer.from(cursor, "base64url");
    forged[forged.length - 3]! ^= 1;
    for (const [listing, text] of [
      ["b", cursor],
      ["a", forged.toString("base64url")],
      ["a", ""],
      ["a", `${cursor}x`],
      ["a", "x".repeat(9000)],
      ["a", cursor.slice(0, 16)],
    ] as const) {
      expect(() => cursors.read(listing, text)).toThrow(Problem);
    }
  });
});

describe("content negotiation", () => {
  const offered = ["application/json", "text/markdown", "text/html"] as const;

  test.each([
    [undefined, "application/json"],
    ["*/*", "application/json"],
    ["text/*", "text/markdown"],
    ["text/html, application/xhtml+xml, */*;q=0.8", "text/html"],
    ["text/markdown;q=0.5, text/html;q=0.4", "text/markdown"],
    ["application/json;q=0, */*;q=0.1", "text/markdown"],
  ])("%s is %s", (accept, expected) => expect(negotiate(accept, offered)).toBe(expected));

  test("fails when nothing fits", () => {
    expect(() => negotiate("image/png", offered)).toThrow(
      "there is: application/json, text/markdown, text/html",
    );
  });
});

describe("preconditions", () => {
  test("are lists of tags, or anything", () => {
    expect(preconditionsOf({ "if-match": 'W/"a", "b,c"', "if-none-match": "*" })).toEqual({
      ifMatch: ["a", "b,c"],
      ifNoneMatch: "*",
    });
    expect(preconditionsOf({})).toEqual({ ifMatch: undefined, ifNoneMatch: undefined });
    expect(() => preconditionsOf({ "if-match": "a" })).toThrow("entity tags");
    expect(() => preconditionsOf({ "if-match": `${'"a",'.repeat(2000)}x` })).toThrow("entity tags");
  });
});

test("a rate limit gives bursts, refills, and forgets the keys seen longest ago", () => {
  let now = 0;
  const clock = { monotonicMs: () => now, wallMs: () => now };
  const limit = new RateLimit({ ratePerSecond: 2, burst: 2, keysMax: 2, clock });
  expect([limit.take("a"), limit.take("a"), limit.take("a")]).toEqual([undefined, undefined, 500]);
  now = 500;
  expect([limit.take("a"), limit.take("a")]).toEqual([undefined, 500]);
  limit.take("b");
  limit.take("c");
  expect(limit.take("a")).toBeUndefined();
});
