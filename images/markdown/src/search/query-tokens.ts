import type { SearchField } from "../content.ts";
import { standsAlone, wordsOf } from "./words.ts";

/** The signs of the query language. */
export type QueryToken =
  | { readonly kind: "and" | "or" | "not" | "open" | "close" }
  | { readonly kind: "field"; readonly field: SearchField }
  | {
      readonly kind: "words";
      readonly words: readonly string[];
      readonly isPrefix: boolean;
      readonly isUnfinished: boolean;
      readonly isQuoted: boolean;
    };

const operators: Readonly<Record<string, "and" | "or" | "not">> = { AND: "and", OR: "or", NOT: "not" };

const fieldNames: Readonly<Record<string, SearchField>> = {
  title: "title",
  heading: "headings",
  headings: "headings",
  tag: "tags",
  tags: "tags",
  text: "text",
};

/** An option of a command, as `-l`, `-la`, `-xvf` and `-9`: of three letters without a vowel, as words have one. */
const optionSource = "-(?:[A-Za-z0-9]{1,2}|[b-df-hj-np-tv-zB-DF-HJ-NP-TV-Z]{3}|\\d+)(?=[\\s=)]|$)";

/**
 * A phrase, a parenthesis, an option, an exclusion's sign, or everything up to the next of them or a space. What a command
 * line has (`-la`, `--force`) excludes nothing.
 */
const signPattern = new RegExp(
  `"([^"]*)"?(\\*?)|([()])|(?<=^|[\\s(])(${optionSource})|(?<=^|[\\s(])(-)(?=[^\\s-])|[^\\s"()]+`,
  "g",
);

/**
 * The signs of a query in their order; signs without a letter or digit are left out.
 *
 * @param isTyping whether the word that the text ends with may go on
 */
export function tokensOfQuery(text: string, isTyping: boolean): QueryToken[] {
  const tokens: QueryToken[] = [];
  const options: QueryToken[] = [];
  for (const match of text.matchAll(signPattern)) {
    const [sign, phrase, star, parenthesis, option, minus] = match;
    if (phrase !== undefined) tokens.push(...wordsToken(phrase, star === "*", true));
    else if (parenthesis !== undefined) tokens.push({ kind: parenthesis === "(" ? "open" : "close" });
    else if (option !== undefined) options.push(...wordsToken(option, false, false));
    else if (minus !== undefined) tokens.push({ kind: "not" });
    else {
      tokens.push(...plainTokens(sign));
      if (isTyping && match.index + sign.length === text.length) markUnfinished(tokens, sign);
    }
  }
  // Pages about a command seldom name its options just so.
  return tokens.some(({ kind }) => kind === "words") ? tokens : options;
}

/** Notes that the last word of the last token may go on; not a single letter, which begins too many. */
function markUnfinished(tokens: QueryToken[], sign: string): void {
  const last = tokens.at(-1);
  if (last?.kind !== "words" || last.isPrefix || !/[\p{L}\p{M}\p{N}]$/u.test(sign)) return;
  const word = last.words.at(-1)!;
  if (word.length > 1 && !standsAlone(word)) tokens[tokens.length - 1] = { ...last, isUnfinished: true };
}

/** `word`, `word*`, `foo-bar`, `title:word`, an operator, or `title:` with a phrase or parentheses behind it. */
function plainTokens(sign: string): QueryToken[] {
  const operator = operators[sign];
  if (operator !== undefined) return [{ kind: operator }];
  const colon = sign.indexOf(":");
  const name = sign.slice(0, Math.max(0, colon)).toLowerCase();
  if (Object.hasOwn(fieldNames, name)) {
    return [{ kind: "field", field: fieldNames[name]! }, ...plainTokens(sign.slice(colon + 1))];
  }
  return wordsToken(sign, sign.endsWith("*"), false);
}

function wordsToken(text: string, isPrefix: boolean, isQuoted: boolean): QueryToken[] {
  const words = [...wordsOf(text)].map(({ word }) => word);
  if (words.length === 0) return [];
  return [
    {
      kind: "words",
      words,
      isPrefix: isPrefix && !standsAlone(words.at(-1)!),
      isUnfinished: false,
      isQuoted,
    },
  ];
}
