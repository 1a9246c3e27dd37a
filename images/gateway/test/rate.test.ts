import { expect, test } from "vitest";
import { Rate } from "../src/rate.ts";

test("so many a second, and no more at once", () => {
  const rate = new Rate();
  const taken = (count: number, nowMs: number) =>
    Array.from({ length: count }, () => rate.take(4, nowMs)).filter(Boolean).length;
  expect(taken(10, 1000)).toBe(4);
  expect(taken(10, 1100)).toBe(0);
  expect(taken(10, 1250)).toBe(1);
  expect(taken(10, 9000)).toBe(4);
  expect(rate.take(0, 9000)).toBe(true);
});
