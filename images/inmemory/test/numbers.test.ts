import { expect, test } from "vitest";
import { formatDouble, parseFloat64, writeInteger } from "../src/protocol/numbers.ts";
import { STREAM_ID_TEXT_MAX, StreamId } from "../src/storage/stream-id.ts";

const ROUNDS = 20_000;

function floatOf(text: string): number {
  return parseFloat64(Buffer.from(text), 0, text.length);
}

/** An integer of any length up to 2^53. */
function randomInteger(): number {
  return Math.floor(2 ** (Math.random() * 53));
}

test("short decimals are read as exactly as the language reads them", () => {
  for (let i = 0; i < ROUNDS; i++) {
    const digits = String(Math.floor(10 ** (Math.random() * 17)));
    const point = Math.floor(Math.random() * digits.length);
    const text = `${Math.random() < 0.5 ? "-" : ""}${digits.slice(0, point + 1)}.${digits.slice(point + 1)}`;
    expect(floatOf(text)).toBe(Number(text));
  }
});

test.each([
  ["0", 0],
  ["-0", -0],
  ["-0.0", -0],
  ["000000012345", 12_345],
  ["0.1", 0.1],
  ["1.", 1],
  [".5", 0.5],
  ["-.5", -0.5],
  ["+7", 7],
  ["1e3", 1000],
  ["123456789.123456", 123_456_789.123456],
  ["", Number.NaN],
  ["-", Number.NaN],
  [".", Number.NaN],
  ["0x10", 16],
  ["0x1p3", 8],
  ["-0x1.8P1", -3],
  ["0x.8", 0.5],
  ["0x", Number.NaN],
  ["0x1p", Number.NaN],
  ["1..2", Number.NaN],
  ["1.2.3", Number.NaN],
  ["1 ", Number.NaN],
  ["--1", Number.NaN],
])("reads the float %j", (text, value) => {
  expect(floatOf(text)).toBe(value);
});

test("integers are written as the language writes them, wherever they start", () => {
  const into = Buffer.alloc(32);
  for (let i = 0; i < ROUNDS; i++) {
    const value = randomInteger() * (i % 2 === 0 ? 1 : -1);
    expect(into.toString("latin1", 3, writeInteger(value, into, 3))).toBe(String(value === 0 ? 0 : value));
  }
});

test("a stream's identifier is written as it is printed", () => {
  const into = Buffer.alloc(STREAM_ID_TEXT_MAX);
  for (let i = 0; i < ROUNDS; i++) {
    const halves = Array.from({ length: 4 }, () => Math.floor(2 ** (Math.random() * 32)));
    const id = new StreamId(halves[0]!, halves[1]!, i % 2 === 0 ? 0 : halves[2]!, halves[3]!);
    expect(into.toString("latin1", 0, id.write(into))).toBe(id.toString());
  }
  const last = new StreamId(2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1);
  expect(last.write(into)).toBe(STREAM_ID_TEXT_MAX);
});

test.each([
  [1_795_855_145_817_123_456n, "1795855145817123328"],
  [-9_007_199_254_740_993n, "-9007199254740992"],
  [4_611_686_018_427_387_904n, "4611686018427387904"],
  [9_223_372_036_854_775_807n, "9223372036854776000"],
])("%s as a double has all its digits, as Redis prints them", (value, text) => {
  expect(formatDouble(Number(value))).toBe(text);
});
