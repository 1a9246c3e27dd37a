import { randomInt } from "node:crypto";
import { randomIntegers } from "@weftkit/testing/random-numbers";
import { expect, test } from "vitest";
import {
  BoltViolation,
  chunked,
  MessageAssembler,
  type PackValue,
  pack,
  Structure,
  unpack,
} from "../src/index.ts";

const seed = Number(process.env.WEFTKIT_SEED ?? randomInt(2 ** 32));

function randomValue(random: (bound: number) => number, depth: number): PackValue {
  const kind = random(depth > 0 ? 10 : 7);
  const size = [0, 1, 15, 16, 200, 300][random(6)]!;
  switch (kind) {
    case 0:
      return null;
    case 1:
      return random(2) === 1;
    case 2:
      return (
        BigInt.asIntN(64, (BigInt(random(2 ** 32)) << 32n) | BigInt(random(2 ** 32))) >> BigInt(random(64))
      );
    case 3:
      return (random(2 ** 32) - 2 ** 31) / (1 + random(1000));
    case 4:
      return ["a", "é", "€", "𝄞"][random(4)]!.repeat(size);
    case 5:
      return Uint8Array.from({ length: size }, () => random(256));
    case 6:
      return "";
    case 7:
      return Array.from({ length: random(20) }, () => randomValue(random, depth - 1));
    case 8:
      return new Map(
        Array.from({ length: random(20) }, (_, i) => [`key ${i}`, randomValue(random, depth - 1)]),
      );
    default:
      return new Structure(
        random(128),
        Array.from({ length: random(16) }, () => randomValue(random, depth - 1)),
      );
  }
}

test(`values come back as they were (seed ${seed})`, () => {
  const random = randomIntegers(seed);
  for (let i = 0; i < 500; i++) {
    const value = randomValue(random, 3);
    expect(unpack(pack(value))).toEqual(value);
  }
});

test("integers take as few bytes as they can", () => {
  const lengths = [0n, -16n, 127n, -17n, 128n, 32_767n, -32_769n, 2n ** 31n, -(2n ** 63n)].map(
    (value) => pack(value).length,
  );
  expect(lengths).toEqual([1, 1, 1, 2, 3, 3, 5, 9, 9]);
  expect(() => pack(2n ** 63n)).toThrow(BoltViolation);
});

test(`whatever bytes come, they are a value or a violation (seed ${seed})`, () => {
  const random = randomIntegers(seed);
  for (let i = 0; i < 5000; i++) {
    const bytes = Buffer.from(Array.from({ length: random(30) }, () => random(256)));
    try {
      unpack(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(BoltViolation);
    }
  }
});

test("messages are put together from chunks, however they arrive", () => {
  const messages = [Buffer.from("one"), Buffer.alloc(200_000, 7), Buffer.from([1])];
  const stream = Buffer.concat([Buffer.from([0, 0]), ...messages.map(chunked)]);
  for (const step of [1, 7, 65_537, stream.length]) {
    const told: Buffer[] = [];
    const assembler = new MessageAssembler(1 << 20, (message) => void told.push(message));
    for (let at = 0; at < stream.length; at += step) assembler.add(stream.subarray(at, at + step));
    expect(told.map((message) => message.equals(messages[told.indexOf(message)]!))).toEqual([
      true,
      true,
      true,
    ]);
  }
  const small = new MessageAssembler(1000, () => {});
  expect(() => small.add(stream)).toThrow(BoltViolation);
});
