import { expect, test } from "vitest";
import { LongDouble } from "../src/protocol/long-double.ts";

function parse(text: string): LongDouble | undefined {
  const bytes = Buffer.from(text);
  return LongDouble.parse(bytes, 0, bytes.length);
}

// What C prints for strtold's result with "%.17Lf" on x86-64, without trailing zeros.
test.each([
  ["0", "0"],
  ["-0", "0"],
  ["3.0", "3"],
  ["0.1", "0.1"],
  ["-1.5e3", "-1500"],
  [".5", "0.5"],
  ["5.", "5"],
  ["0x1.8p1", "3"],
  ["1e17", "100000000000000000"],
  ["1e-17", "0.00000000000000001"],
  ["4e-18", "0"],
  ["18446744073709551617", "18446744073709551616"],
  ["123456789.123456789", "123456789.12345678899873747"],
  ["3.14159265358979323846", "3.14159265358979324"],
])("%s is printed as %s", (text, printed) => {
  expect(parse(text)!.toString()).toBe(printed);
});

test("what strtold does not take whole, or overflows, is no number", () => {
  for (const text of ["", " 1", "1 ", "1e", "nan", "0x", ".", "--1", "1e5000", "1e-6000", "1,5"]) {
    expect(parse(text)).toBeUndefined();
  }
  expect(parse("-inf")!.isInfinite).toBe(true);
});

test("a sum is rounded to 64 bits", () => {
  expect(parse("0.1")!.plus(parse("0.2")!).toString()).toBe("0.3");
  expect(parse("1e19")!.plus(parse("0.5")!).toString()).toBe("10000000000000000000");
  expect(parse("1e4932")!.plus(parse("1e4932")!).isInfinite).toBe(true);
});
