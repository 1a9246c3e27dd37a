import { PgError } from "../errors.ts";

/** `tsvector` (PostgreSQL's documentation, 8.11.1). */

export type Weight = "A" | "B" | "C" | "D";

export interface Position {
  /** From 1 to 16383. */
  readonly at: number;
  readonly weight: Weight;
}

export interface Lexeme {
  readonly text: string;
  /** Ascending; empty when the vector was stripped. */
  readonly positions: readonly Position[];
}

/** Sorted by the bytes of their texts, each once. */
export type TextVector = readonly Lexeme[];

const positionMax = 16_383;
const positionsMax = 255;
const lexemeBytesMax = 2046;

export function compareBytes(a: string, b: string): number {
  // The order of UTF-8 is that of code points.
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

const ranks = { D: 0, C: 1, B: 2, A: 3 } as const;

/** Of equal positions the highest weight counts. */
export function mergePositions(positions: readonly Position[]): Position[] {
  const sorted = positions
    .map(({ at, weight }) => ({ at: Math.min(at, positionMax), weight }))
    .sort((a, b) => a.at - b.at || ranks[b.weight] - ranks[a.weight]);
  return sorted.filter((one, i) => i === 0 || sorted[i - 1]!.at !== one.at).slice(0, positionsMax);
}

/** As PostgreSQL orders them: fewer lexemes first, then one after the other. */
export function compareVectors(a: string, b: string): number {
  if (a === b) return 0;
  const [left, right] = [parseVector(a), parseVector(b)];
  if (left.length !== right.length) return left.length - right.length;
  for (const [i, one] of left.entries()) {
    const other = right[i]!;
    const order = compareBytes(one.text, other.text) || one.positions.length - other.positions.length;
    if (order !== 0) return order;
    for (const [j, position] of one.positions.entries()) {
      const opposite = other.positions[j]!;
      if (position.at !== opposite.at) return position.at - opposite.at;
      if (position.weight !== opposite.weight) return position.weight < opposite.weight ? 1 : -1;
    }
  }
  return 0;
}

/** A vector of lexemes in any order, some perhaps more than once. @throws PgError 54000 */
export function makeVector(lexemes: Iterable<Lexeme>): TextVector {
  const byText = new Map<string, Position[]>();
  for (const { text, positions } of lexemes) {
    if (Buffer.byteLength(text) > lexemeBytesMax)
      throw new PgError(
        "54000",
        `word is too long (${Buffer.byteLength(text)} bytes, max ${lexemeBytesMax} bytes)`,
      );
    const known = byText.get(text);
    if (known === undefined) byText.set(text, [...positions]);
    else known.push(...positions);
  }
  return [...byText]
    .map(([text, positions]) => ({ text, positions: mergePositions(positions) }))
    .sort((a, b) => compareBytes(a.text, b.text));
}

export function vectorText(vector: TextVector): string {
  return vector
    .map(({ text, positions }) => {
      const places = positions.map(({ at, weight }) => `${at}${weight === "D" ? "" : weight}`).join(",");
      return `${quoteLexeme(text)}${places === "" ? "" : `:${places}`}`;
    })
    .join(" ");
}

export function quoteLexeme(text: string): string {
  return `'${text.replace(/['\\]/g, "$&$&")}'`;
}

/** Reads what a user writes, or what `vectorText` has written. @throws PgError 42601 */
export function parseVector(source: string): TextVector {
  const lexemes: Lexeme[] = [];
  const bad = () => new PgError("42601", `syntax error in tsvector: "${source}"`);
  let at = 0;
  for (;;) {
    while (at < source.length && /\s/.test(source[at]!)) at++;
    if (at >= source.length) return makeVector(lexemes);
    const word = readWord(source, at, ":", bad);
    at = word.end;
    const positions: Position[] = [];
    if (source[at] === ":") {
      do {
        at++;
        const number = /^\d+/.exec(source.slice(at, at + 12))?.[0];
        if (number === undefined) throw bad();
        if (Number(number) === 0) throw new PgError("42601", `wrong position info in tsvector: "${source}"`);
        at += number.length;
        const weight = /^(?:[ABCDabcd]|\*)/.exec(source.slice(at, at + 1))?.[0];
        if (weight !== undefined) at++;
        positions.push({
          at: Number(number),
          weight:
            weight === undefined || weight === "*"
              ? weight === "*"
                ? "A"
                : "D"
              : (weight.toUpperCase() as Weight),
        });
      } while (source[at] === ",");
      if (at < source.length && !/\s/.test(source[at]!)) throw bad();
    }
    lexemes.push({ text: word.text, positions });
  }
}

/** A word, in quotes or up to white space or one of `stops`. */
export function readWord(
  source: string,
  from: number,
  stops: string,
  bad: () => PgError,
): { readonly text: string; readonly end: number } {
  let at = from;
  let text = "";
  if (source[at] === "'") {
    at++;
    for (;;) {
      const char = source[at];
      if (char === undefined) throw bad();
      if (char === "'" && source[at + 1] !== "'") break;
      if (char === "'" || char === "\\") {
        if (source[at + 1] === undefined) throw bad();
        at++;
      }
      text += source[at];
      at++;
    }
    if (text === "") throw bad();
    return { text, end: at + 1 };
  }
  while (at < source.length && !/\s/.test(source[at]!) && !stops.includes(source[at]!)) {
    if (source[at] === "\\") {
      if (source[at + 1] === undefined)
        throw new PgError("42601", `there is no escaped character: "${source}"`);
      at++;
    }
    text += source[at];
    at++;
  }
  if (text === "") throw bad();
  return { text, end: at };
}
