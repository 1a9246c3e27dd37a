import type { AttributeValue, Item } from "../src/items/attribute-value.ts";

/** A whole number from 0 up to, not including, `bound`. */
export type RandomInteger = (bound: number) => number;

const texts = ["", "a", "b", "ab", "abc", "ä", "🦊", "z\u0000", "\u0000", "10", "9"];
const numbers = [
  "0",
  "1",
  "-1",
  "2",
  "10",
  "-10",
  "0.1",
  "-0.001",
  "123456789012345678901234567890.12345678",
  "9007199254740993",
  "1e20",
  "-1E-20",
  "99999999999999999999999999999999999999",
];
const bytes = ["", "AA==", "AAE=", "/w==", "YWJj"];

export function pick<T>(random: RandomInteger, values: readonly T[]): T {
  return values[Math.floor(random(values.length))]!;
}

export function randomText(random: RandomInteger): string {
  return pick(random, texts);
}

/** Numbers in all the forms that the API takes. */
export function randomNumber(random: RandomInteger): string {
  const number = pick(random, numbers);
  if (/^\d+$/.test(number) && random(8) < 1)
    return pick(random, [`0${number}`, `${number}.0`, `${number}e0`]);
  return number;
}

export function randomScalar(random: RandomInteger): AttributeValue {
  switch (Math.floor(random(5))) {
    case 0:
      return { S: randomText(random) };
    case 1:
      return { B: pick(random, bytes) };
    case 2:
      return { BOOL: random(2) < 1 };
    case 3:
      return { NULL: true };
    default:
      return { N: randomNumber(random) };
  }
}

export function randomValue(random: RandomInteger, depth = 2): AttributeValue {
  switch (Math.floor(random(depth === 0 ? 5 : 9))) {
    case 5:
      return { SS: [...new Set([randomText(random), randomText(random)])] };
    case 6:
      return { NS: ["1", "2", "30"].slice(0, 1 + Math.floor(random(3))) };
    case 7:
      return { L: Array.from({ length: Math.floor(random(3)) }, () => randomValue(random, depth - 1)) };
    case 8:
      return { M: randomItem(random, depth - 1) };
    default:
      return randomScalar(random);
  }
}

export const attributeNames = ["n", "text", "list", "map", "tags", "other"] as const;

/** Attributes that are no keys; the same names have values of the same type most of the time. */
export function randomItem(random: RandomInteger, depth = 2): Item {
  const item: Item = {};
  for (const name of attributeNames) {
    if (random(3) < 1) continue;
    item[name] = random(5) < 1 ? randomValue(random, depth) : usualValue(random, name, depth);
  }
  return item;
}

function usualValue(
  random: RandomInteger,
  name: (typeof attributeNames)[number],
  depth: number,
): AttributeValue {
  switch (name) {
    case "n":
      return { N: randomNumber(random) };
    case "text":
      return { S: randomText(random) };
    case "list":
      return { L: Array.from({ length: Math.floor(random(4)) }, () => randomScalar(random)) };
    case "map":
      return depth <= 0 ? { M: {} } : { M: randomItem(random, depth - 1) };
    case "tags":
      return { SS: [...new Set(["a", pick(random, ["b", "c", "d"])])] };
    case "other":
      return randomScalar(random);
  }
}
