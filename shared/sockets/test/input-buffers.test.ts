import { expect, test } from "vitest";
import { InputBuffers } from "../src/input-buffers.ts";

const KIB = 1 << 10;

test("a buffer has the room that is asked for, and not more than twice as much", () => {
  const buffers = new InputBuffers();
  for (const bytes of [1, 1024, 1025, 2048, 2049, 100_000, 131_072, 131_073, 5_000_000]) {
    const { length } = buffers.take(bytes);
    expect(length).toBeGreaterThanOrEqual(bytes);
    expect(length).toBeLessThanOrEqual(Math.max(1024, bytes * 2));
  }
});

test("what is given back is taken again, for what it is large enough for", () => {
  const buffers = new InputBuffers();
  const small = buffers.take(3000);
  buffers.give(small);
  expect(buffers.take(5000)).not.toBe(small);
  expect(buffers.take(4000)).toBe(small);
  expect(buffers.take(4000)).not.toBe(small);
});

test("large buffers are not kept, and of the others only so many", () => {
  const buffers = new InputBuffers();
  const large = buffers.take(200 * KIB);
  buffers.give(large);
  expect(buffers.take(200 * KIB)).not.toBe(large);
  const many = Array.from({ length: 1000 }, () => buffers.take(64 * KIB));
  for (const buffer of many) buffers.give(buffer);
  const again = Array.from({ length: 1000 }, () => buffers.take(64 * KIB));
  expect(again.filter((buffer) => many.includes(buffer))).toHaveLength(32);
});
