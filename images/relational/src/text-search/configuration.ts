import { PgError } from "../errors.ts";
import { isStopWord, stem } from "./english.ts";
import { type Token, type TokenType, tokensOf } from "./parser.ts";
import { chain, combine, type OnWord, parseQuery, type TextQuery } from "./query.ts";
import { type Lexeme, makeVector, type TextVector, type Weight } from "./vector.ts";

/** Text search configurations (PostgreSQL's documentation, 12.1.3), by their OIDs in pg_ts_config. */
export const configurations: ReadonlyMap<number, Configuration> = new Map([
  [3748, { name: "simple", isStemmed: false }],
  [12_376, { name: "english", isStemmed: true }],
]);

export interface Configuration {
  readonly name: string;
  readonly isStemmed: boolean;
}

/** @throws PgError 42704 */
export function configurationNamed(name: string): {
  readonly oid: number;
  readonly configuration: Configuration;
} {
  const plain = name.replace(/^pg_catalog\./, "");
  for (const [oid, configuration] of configurations)
    if (configuration.name === plain) return { oid, configuration };
  throw new PgError("42704", `text search configuration "${name}" does not exist`);
}

const ignored: ReadonlySet<TokenType> = new Set(["blank", "tag", "protocol", "entity"]);
const stemmed: ReadonlySet<TokenType> = new Set([
  "asciiword",
  "word",
  "hword",
  "asciihword",
  "hword_part",
  "hword_asciipart",
]);

/** What a token is indexed as: undefined where it is nothing to search for, "" for a stop word. */
export function lexemeOf(token: Token, { isStemmed }: Configuration): string | undefined {
  if (ignored.has(token.type)) return undefined;
  const lower = token.text.toLowerCase();
  if (!isStemmed || !stemmed.has(token.type)) return lower;
  return isStopWord(lower) ? "" : stem(lower);
}

export interface Word {
  readonly text: string;
  /** From 1; stop words count. */
  readonly at: number;
}

export function wordsOf(text: string, configuration: Configuration): { words: Word[]; last: number } {
  const words: Word[] = [];
  let at = 0;
  for (const token of tokensOf(text)) {
    const lexeme = lexemeOf(token, configuration);
    if (lexeme === undefined) continue;
    at++;
    if (lexeme !== "") words.push({ text: lexeme, at });
  }
  return { words, last: at };
}

/** The vector of texts that follow each other, with a gap between them. */
export function vectorOf(texts: Iterable<string>, configuration: Configuration): TextVector {
  const lexemes: Lexeme[] = [];
  let before = 0;
  for (const text of texts) {
    const { words, last } = wordsOf(text, configuration);
    for (const { text: lexeme, at } of words)
      lexemes.push({ text: lexeme, positions: [{ at: before + at, weight: "D" }] });
    // As PostgreSQL: phrases do not reach from one value of a document into the next.
    before += last + 1;
  }
  return makeVector(lexemes);
}

function lexeme(text: string, weights: readonly Weight[] = [], isPrefix = false): TextQuery {
  return { kind: "lexeme", text, weights, isPrefix };
}

/** Words of one operand of a query: one after the other. */
function operand(configuration: Configuration): OnWord {
  return (word, weights, isPrefix) =>
    chain(
      "phrase",
      wordsOf(word, configuration).words.map(({ text, at }) => ({
        query: lexeme(text, weights, isPrefix),
        at,
      })),
    );
}

export function toQuery(text: string, configuration: Configuration): TextQuery | undefined {
  return parseQuery(text, operand(configuration));
}

export function plainQuery(
  text: string,
  configuration: Configuration,
  kind: "and" | "phrase",
): TextQuery | undefined {
  return chain(
    kind,
    wordsOf(text, configuration).words.map(({ text: word, at }) => ({ query: lexeme(word), at })),
  );
}

/** As search engines on the web take it: "phrases", or, -not. Never fails. */
export function webQuery(text: string, configuration: Configuration): TextQuery | undefined {
  let result: TextQuery | undefined;
  let group: TextQuery | undefined;
  const pieces = text.matchAll(/(-?)"([^"]*)(?:"|$)|(-?)([^\s"]+)/g);
  let isOr = false;
  const alternatives: TextQuery[] = [];
  const closeGroup = () => {
    if (group !== undefined) alternatives.push(group);
    group = undefined;
  };
  for (const [, minusQuoted, quoted, minus, bare] of pieces) {
    if (bare !== undefined && /^or$/i.test(bare) && minus === "") {
      isOr = group !== undefined;
      continue;
    }
    let one = plainQuery(quoted ?? bare ?? "", configuration, "phrase");
    if (one === undefined) continue;
    if ((minusQuoted ?? "") === "-" || (minus ?? "") === "-") one = { kind: "not", of: one };
    if (isOr) closeGroup();
    isOr = false;
    group = group === undefined ? one : combine("and", group, one);
  }
  closeGroup();
  for (const one of alternatives) result = result === undefined ? one : combine("or", result, one);
  return result;
}
