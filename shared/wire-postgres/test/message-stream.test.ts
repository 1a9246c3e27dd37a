import { randomIntegers } from "@weftkit/testing/random-numbers";
import { expect, test } from "vitest";
import { BackendWriter, MessageStream, type Verdict } from "../src/index.ts";

const seed = Number(process.env.WEFTKIT_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

test("what is passed on, dropped and held is the same in whatever pieces it comes", () => {
  const random = randomIntegers(seed);
  for (let round = 0; round < 200; round++) {
    const expected: Buffer[] = [];
    const all: Buffer[] = [];
    for (let count = 0; count < 10; count++) {
      const writer = new BackendWriter();
      const kind = random(3);
      if (kind === 0) writer.dataRow(1, () => "x".repeat(random(50)));
      else if (kind === 1) writer.commandComplete(`SELECT ${random(9)}`);
      else writer.parameterStatus("dropped", "x");
      const bytes = writer.take();
      all.push(bytes);
      if (kind !== 2) expected.push(bytes);
    }
    const passed: Buffer[] = [];
    let isHeld = false;
    const stream = new MessageStream(
      {
        wantsWhole: (type) => type !== 0x44,
        whole: (type): Verdict => {
          if (type === 0x53) return "drop";
          isHeld = !isHeld && random(3) === 0;
          return isHeld ? "hold" : "pass";
        },
        pass: (bytes, start, end) => passed.push(Buffer.from(bytes.subarray(start, end))),
      },
      1000,
    );
    const bytes = Buffer.concat(all);
    for (let from = 0; from < bytes.length; ) {
      const until = Math.min(bytes.length, from + 1 + random(40));
      stream.data(bytes, from, until);
      if (random(2) === 0) while (stream.isPaused) stream.resume();
      from = until;
    }
    while (stream.isPaused) stream.resume();
    expect(Buffer.concat(passed).toString("latin1"), `seed ${seed}, round ${round}`).toBe(
      Buffer.concat(expected).toString("latin1"),
    );
  }
});

test("a length that makes no sense, or too long a message to be looked at, is refused", () => {
  const handler = { wantsWhole: () => true, whole: (): Verdict => "pass", pass: () => {} };
  expect(() => new MessageStream(handler, 100).data(Buffer.from([0x51, 0, 0, 0, 1]), 0, 5)).toThrow(
    "invalid message length",
  );
  expect(() => new MessageStream(handler, 100).data(Buffer.from([0x51, 0, 1, 0, 0]), 0, 5)).toThrow(
    "invalid message length",
  );
});
