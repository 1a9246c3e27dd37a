/** A number from 0 to below the bound. */
export type Random = (below: number) => number;

/** The arguments of one command, a character per byte. */
export type Words = string[];

/** Makes a random command of one kind. */
export type Generator = (random: Random) => Words;

export function pick<T>(random: Random, values: readonly T[]): T {
  return values[random(values.length)]!;
}

/** True once in `times`. */
export function once(random: Random, times: number): boolean {
  return random(times) === 0;
}

/** The words, once in `times`. */
export function maybe(random: Random, times: number, ...words: string[]): string[] {
  return once(random, times) ? words : [];
}

/** A keyword in one of the spellings clients use. */
export function keyword(random: Random, word: string): string {
  return once(random, 8) ? word.toLowerCase() : word;
}

export function several<T>(random: Random, most: number, make: () => T): T[] {
  return Array.from({ length: 1 + random(most) }, make);
}

/** A short value: often one that was seen before, sometimes binary, empty, numeric or long. */
export function value(random: Random): string {
  switch (random(10)) {
    case 0:
      return String(random(1000) - 500);
    case 1:
      return String.fromCharCode(...several(random, 6, () => random(256)));
    case 2:
      return once(random, 3) ? "" : "x".repeat(1 + random(90));
    default:
      return `v${random(12)}`;
  }
}

/** An integer argument: mostly small, sometimes at an edge or not one at all. */
export function integer(random: Random, below = 10): string {
  if (!once(random, 25)) return String(random(below * 2) - below);
  return pick(random, [
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "1.5",
    "abc",
    "",
    " 1",
    "01",
    "+1",
    "-0",
  ]);
}
