import { randomIntegers } from "@weftkit/testing/random-numbers";

/** Reproducible choices for generators of commands. */
export class Random {
  /** An integer from 0 up to, not including, a bound. */
  readonly below: (bound: number) => number;

  constructor(seed: number) {
    this.below = randomIntegers(seed);
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  /** Each of the values with the given chance, in random order of repetition. */
  some<T>(values: readonly T[], percent: number): T[] {
    return values.filter(() => this.chance(percent));
  }

  /** Between `min` and `max` results of a function. */
  many<T>(min: number, max: number, make: () => T): T[] {
    return Array.from({ length: min + this.below(max - min + 1) }, make);
  }
}

export type Word = string | Buffer;

/**
 * How replies of two servers are compared: byte for byte, as sets, with some slack in time, with slack in
 * the times that streams tell of, or only in shape.
 */
export type Comparison = "exact" | "unordered" | "time" | "stream" | "shape";

export interface OracleCommand {
  words: Word[];
  comparison: Comparison;
}

/** Makes one random command. */
export type Generator = (random: Random) => OracleCommand;

export function exact(...words: Word[]): OracleCommand {
  return { words, comparison: "exact" };
}

export function unordered(...words: Word[]): OracleCommand {
  return { words, comparison: "unordered" };
}

export function timed(...words: Word[]): OracleCommand {
  return { words, comparison: "time" };
}

/** For replies that chance decides: only their type and number of elements are compared. */
export function shape(...words: Word[]): OracleCommand {
  return { words, comparison: "shape" };
}

/** A key of a small family; now and then of another type's family, or binary. */
export function keyOf(random: Random, family: string): Word {
  const roll = random.below(100);
  if (roll < 3) return random.pick(FAMILIES) + random.below(4);
  if (roll < 5) return Buffer.from([0, 13, 10, 255, random.below(2)]);
  return family + random.below(6);
}

const FAMILIES = ["string", "hash", "set", "list", "zset"];

const INTEGERS = [
  "0",
  "1",
  "-1",
  "7",
  "100",
  "-100",
  "65536",
  "2147483648",
  "-2147483649",
  "9007199254740991",
  "9007199254740993",
  "-9007199254740993",
  "9223372036854775807",
  "-9223372036854775808",
];

const BAD_INTEGERS = [
  "",
  "x",
  "1x",
  " 1",
  "+1",
  "01",
  "-0",
  "1.5",
  "9223372036854775808",
  "-9223372036854775809",
];

/** An integer, mostly small, sometimes at the edge of a representation, sometimes none. */
export function integerOf(random: Random, bad = 4): string {
  const roll = random.below(100);
  if (roll < bad) return random.pick(BAD_INTEGERS);
  if (roll < 25) return random.pick(INTEGERS);
  return String(random.below(40) - 20);
}

const FLOATS = [
  "0.1",
  "3.0e3",
  "1e-10",
  "-1.5",
  "5.0E10",
  "1e17",
  "123456789.123456789",
  ".5",
  "5.",
  "0x1p3",
  "1e300",
  "-1e300",
  "1e4931",
  "1e-4950",
  "0.30000000000000004",
  "3.14159265358979323846264338327950288",
  "99999999999999999999",
];

const BAD_FLOATS = [
  "",
  "abc",
  "nan",
  "inf",
  "-inf",
  "infinity",
  "1e",
  "1e5000",
  "1e-6000",
  " 1",
  "1 ",
  "--1",
  "0x",
  ".",
];

export function floatOf(random: Random, bad = 10): string {
  const roll = random.below(100);
  if (roll < bad) return random.pick(BAD_FLOATS);
  if (roll < 50) return random.pick(FLOATS);
  return String((random.below(2_000_000) - 1_000_000) / 10 ** random.below(7));
}

/** A value: a number, a short or a long text, bytes. */
export function contentOf(random: Random): Word {
  const roll = random.below(100);
  if (roll < 30) return integerOf(random, 2);
  if (roll < 40) return floatOf(random);
  if (roll < 45) return Buffer.from(Array.from({ length: random.below(12) }, () => random.below(256)));
  if (roll < 50) return "long ".repeat(random.below(200));
  if (roll < 53) return "";
  return random.pick([
    "a",
    "b",
    "hello",
    "world",
    "aXbXc",
    "ohmytext",
    "mynewtext",
    "x".repeat(64),
    "y".repeat(65),
  ]);
}
