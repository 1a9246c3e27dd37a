import { expect, test } from "vitest";
import { OutputQueue } from "../src/output-queue.ts";

test("the output queue gives back what was put in, whatever the sizes", () => {
  const queue = new OutputQueue();
  const put: Buffer[] = [];
  const got: Buffer[] = [];
  for (let i = 0; i < 2000; i++) {
    const bytes = Buffer.alloc([1, 7, 500, 16_384, 70_000][i % 5]!, i);
    // A range of a larger buffer is copied, a whole large buffer is taken over.
    const isRange = i % 3 === 0;
    const pushed = isRange ? Buffer.concat([Buffer.alloc(200_000), bytes]).subarray(200_000) : bytes;
    if (queue.push(pushed) && pushed !== bytes) pushed.fill(0xff);
    put.push(Buffer.from(bytes));
    if (i % 11 === 0) got.push(queue.shift() ?? Buffer.alloc(0));
  }
  for (let chunk = queue.shift(); chunk !== undefined; chunk = queue.shift()) got.push(chunk);
  expect(Buffer.concat(got).equals(Buffer.concat(put))).toBe(true);
  expect(queue.bytes).toBe(0);
});
