import { notSupported, PgError } from "../errors.ts";
import { type Configuration, lexemeOf } from "./configuration.ts";
import { type Token, type TokenType, tokensOf } from "./parser.ts";
import { lexemesOf, matches, type TextQuery } from "./query.ts";
import { makeVector } from "./vector.ts";

/** `ts_headline` (PostgreSQL's documentation, 12.3.4; where a headline begins and ends is what its wparser_def.c does). */

interface Options {
  readonly startSel: string;
  readonly stopSel: string;
  readonly maxWords: number;
  readonly minWords: number;
  readonly shortWord: number;
  readonly isAll: boolean;
}

/** A cover may be so many tokens long. */
const coverMax = 1000;

const nonWords: ReadonlySet<TokenType> = new Set(["blank", "tag", "hword", "asciihword", "numhword"]);
const noEnds: ReadonlySet<TokenType> = new Set([...nonWords, "sfloat", "version", "float", "int", "uint"]);
/** Tokens that are said again by those that follow. */
const skipped: ReadonlySet<TokenType> = new Set(["url", "numhword", "asciihword", "hword"]);

interface Piece extends Token {
  readonly lexeme: string | undefined;
  readonly position: number;
  readonly isInteresting: boolean;
}

/** @throws PgError 22023 */
function optionsOf(text: string): Options {
  const options = {
    startSel: "<b>",
    stopSel: "</b>",
    maxWords: 35,
    minWords: 15,
    shortWord: 3,
    isAll: false,
  };
  let fragments = 0;
  for (const [, name = "", quoted, plain] of text.matchAll(
    /\s*([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))\s*(?:,|$)/g,
  )) {
    const value = quoted ?? (plain ?? "").trim();
    const number = () => {
      if (!/^-?\d+$/.test(value))
        throw new PgError("22P02", `invalid input syntax for type integer: "${value}"`);
      return Number(value);
    };
    switch (name.toLowerCase()) {
      case "startsel":
        options.startSel = value;
        break;
      case "stopsel":
        options.stopSel = value;
        break;
      case "maxwords":
        options.maxWords = number();
        break;
      case "minwords":
        options.minWords = number();
        break;
      case "shortword":
        options.shortWord = number();
        break;
      case "maxfragments":
        fragments = number();
        break;
      case "fragmentdelimiter":
        break;
      case "highlightall":
        options.isAll = /^(?:1|on|true|t|y|yes)$/i.test(value);
        break;
      default:
        throw new PgError("22023", `unrecognized headline parameter: "${name}"`);
    }
  }
  if (options.isAll) return options;
  if (options.minWords >= options.maxWords) throw new PgError("22023", "MinWords must be less than MaxWords");
  if (options.minWords <= 0) throw new PgError("22023", "MinWords must be positive");
  if (options.shortWord < 0) throw new PgError("22023", "ShortWord must be >= 0");
  if (fragments < 0) throw new PgError("22023", "MaxFragments must be >= 0");
  if (fragments > 0) throw notSupported("ts_headline with MaxFragments");
  return options;
}

export function headline(
  text: string,
  query: TextQuery | undefined,
  configuration: Configuration,
  optionText: string,
): string {
  const options = optionsOf(optionText);
  const pieces = piecesOf(text, query, configuration);
  const { from, to } = options.isAll ? { from: 0, to: pieces.length - 1 } : choose(pieces, query, options);
  let result = "";
  for (const { type, text: shown, isInteresting } of pieces.slice(from, to + 1)) {
    if (skipped.has(type) && !options.isAll) continue;
    if (skipped.has(type)) continue;
    if (type === "tag" && !options.isAll) result += " ";
    else result += isInteresting ? options.startSel + shown + options.stopSel : shown;
  }
  return result;
}

function piecesOf(text: string, query: TextQuery | undefined, configuration: Configuration): Piece[] {
  const wanted = lexemesOf(query);
  let position = 0;
  return [...tokensOf(text)].map((token) => {
    const lexeme = lexemeOf(token, configuration);
    if (lexeme !== undefined) position++;
    const isInteresting =
      lexeme !== undefined &&
      lexeme !== "" &&
      wanted.some(({ text: word, isPrefix }) => (isPrefix ? lexeme.startsWith(word) : lexeme === word));
    return { ...token, lexeme, position, isInteresting };
  });
}

function isMatch(pieces: readonly Piece[], query: TextQuery): boolean {
  const lexemes = pieces
    .filter(({ isInteresting }) => isInteresting)
    .map(({ lexeme, position }) => ({ text: lexeme!, positions: [{ at: position, weight: "D" as const }] }));
  return matches(makeVector(lexemes), query);
}

/** The shortest stretches that match, by where they begin. */
function* covers(pieces: readonly Piece[], query: TextQuery): Generator<{ p: number; q: number }> {
  const places = pieces.flatMap(({ isInteresting }, i) => (isInteresting ? [i] : []));
  for (const [index, p] of places.entries()) {
    for (const q of places.slice(index)) {
      if (q - p > coverMax) break;
      if (!isMatch(pieces.slice(p, q + 1), query)) continue;
      const next = places[index + 1];
      // A later beginning with the same end is shorter.
      if (next === undefined || next > q || !isMatch(pieces.slice(next, q + 1), query)) yield { p, q };
      break;
    }
  }
}

function choose(
  pieces: readonly Piece[],
  query: TextQuery | undefined,
  { maxWords, minWords, shortWord }: Options,
): { from: number; to: number } {
  const isNoWord = (i: number) => nonWords.has(pieces[i]!.type);
  const isBadEnd = (i: number) => {
    const { type, text, isInteresting } = pieces[i]!;
    return (noEnds.has(type) || Buffer.byteLength(text) <= shortWord) && !isInteresting;
  };
  let best: { from: number; to: number; length: number; isCover: boolean } | undefined;
  for (const { p, q } of query === undefined ? [] : covers(pieces, query)) {
    let words = 0;
    let found = 0;
    let from = p;
    let to = p;
    let i = p;
    const count = (at: number, by: 1 | -1) => {
      if (!isNoWord(at)) words += by;
      if (pieces[at]!.isInteresting) found += by;
    };
    for (; i <= q && words < maxWords; i++) {
      count(i, 1);
      to = i;
    }
    if (words < maxWords) {
      for (i -= 1; i < pieces.length && words < maxWords; i++) {
        if (i > q) count(i, 1);
        to = i;
        if (isBadEnd(i)) continue;
        if (words >= minWords) break;
      }
      if (words < minWords) {
        for (i = p - 1; i >= 0; i--) {
          count(i, 1);
          if (words >= maxWords) break;
          if (isBadEnd(i)) continue;
          if (words >= minWords) break;
        }
        from = Math.max(i, 0);
      }
    } else {
      if (i > q) i = q;
      for (; words > minWords; i--) {
        if (!isBadEnd(i)) break;
        count(i, -1);
        to = i - 1;
      }
    }
    const isCover = from <= p && to >= q;
    const isBetter =
      best === undefined ||
      (isCover && !best.isCover) ||
      (isCover === best.isCover && found > best.length) ||
      (isCover === best.isCover && found === best.length && !isBadEnd(to) && isBadEnd(best.to));
    if (isBetter) best = { from, to, length: found, isCover };
  }
  if (best !== undefined) return best;
  let words = 0;
  let to = 0;
  for (let i = 0; i < pieces.length && words < minWords; i++) {
    if (!isNoWord(i)) words++;
    to = i;
  }
  return { from: 0, to };
}
