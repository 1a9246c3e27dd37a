import { exactInt64, isIntegral, toDouble } from "../bson/numbers.ts";
import { show } from "../bson/show.ts";
import { isNumeric } from "../bson/types.ts";
import { BinData, type Value } from "../bson/values.ts";
import { badValue, failedToParse } from "../errors.ts";
import type { BitTest, Filter } from "./filter.ts";
import { pathOf } from "./path.ts";

const tests: Readonly<Record<string, BitTest>> = {
  $bitsAllSet: "allSet",
  $bitsAllClear: "allClear",
  $bitsAnySet: "anySet",
  $bitsAnyClear: "anyClear",
};

/** $bitsAllSet and the others: a mask as a number, as binary data or as a list of positions. */
export function parseBits(name: string, operator: string, operand: Value): Filter {
  const positions = new Set<number>();
  if (Array.isArray(operand)) for (const one of operand) positions.add(parsePosition(one));
  else if (isNumeric(operand)) {
    const mask = exactInt64(operand);
    if (mask === undefined) {
      throw failedToParse(
        isIntegral(operand)
          ? `Cannot represent as a 64-bit integer: ${name}: ${show(operand)}`
          : `Expected an integer: ${name}: ${show(operand)}`,
      );
    }
    if (mask < 0n) throw failedToParse(`Expected a non-negative number in: ${name}: ${show(operand)}`);
    for (let bit = 0; bit < 63; bit++) if ((mask >> BigInt(bit)) & 1n) positions.add(bit);
  } else if (operand instanceof BinData) {
    for (let bit = 0; bit < operand.bytes.length * 8; bit++) {
      if ((operand.bytes[bit >> 3]! >> (bit & 7)) & 1) positions.add(bit);
    }
  } else {
    throw badValue(`${name} takes an Array, a number, or a BinData but received: ${name}: ${show(operand)}`);
  }
  const list = [...positions];
  const mask = list.reduce((sum, bit) => sum | (1n << BigInt(Math.min(bit, 63))), 0n);
  return { kind: "bits", path: pathOf(name), test: tests[operator]!, mask, positions: list };
}

function parsePosition(value: Value): number {
  if (!isNumeric(value)) throw badValue(`bit positions must be an integer but got: ${show(value)}`);
  if (!isIntegral(value)) throw badValue(`bit positions must be an integer but got: ${show(value)}`);
  const position = toDouble(value);
  if (position > 2 ** 31 - 1 || position < -(2 ** 31)) {
    throw badValue(`bit positions cannot be represented as a 32-bit signed integer: ${show(value)}`);
  }
  if (position < 0) throw badValue(`bit positions must be >= 0 but got: ${show(value)}`);
  return position;
}

/** Whether the bits of a value are as asked; bits beyond a number's are its sign's, and beyond binary data's are clear. */
export function testBits(value: Value, test: BitTest, positions: readonly number[]): boolean {
  let isSet: (bit: number) => boolean;
  if (value instanceof BinData) {
    const bytes = value.subtype === 2 ? withLength(value.bytes) : value.bytes;
    isSet = (bit) => bit >> 3 < bytes.length && ((bytes[bit >> 3]! >> (bit & 7)) & 1) === 1;
  } else {
    const number = exactInt64(value);
    if (number === undefined) return false;
    isSet = (bit) => ((number >> BigInt(Math.min(bit, 63))) & 1n) === 1n;
  }
  switch (test) {
    case "allSet":
      return positions.every(isSet);
    case "allClear":
      return !positions.some(isSet);
    case "anySet":
      return positions.some(isSet);
    case "anyClear":
      return !positions.every(isSet);
  }
}

/** The old binary subtype has its length in front, which counts as bits too. */
function withLength(bytes: Buffer): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeInt32LE(bytes.length);
  return Buffer.concat([prefix, bytes]);
}
