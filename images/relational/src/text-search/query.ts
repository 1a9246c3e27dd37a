import { PgError } from "../errors.ts";
import { quoteLexeme, readWord, type TextVector, type Weight } from "./vector.ts";

/** `tsquery` (PostgreSQL's documentation, 8.11.2). */
export type TextQuery =
  | {
      readonly kind: "lexeme";
      readonly text: string;
      /** Empty is any. */
      readonly weights: readonly Weight[];
      readonly isPrefix: boolean;
    }
  | { readonly kind: "not"; readonly of: TextQuery }
  | { readonly kind: "and" | "or"; readonly left: TextQuery; readonly right: TextQuery }
  | {
      readonly kind: "phrase";
      readonly left: TextQuery;
      readonly right: TextQuery;
      readonly distance: number;
    };

export type Operator = "and" | "or" | "phrase";

const distanceMax = 16_384;
const priorities = { or: 1, and: 2, phrase: 3, not: 4 } as const;

export function combine(kind: "and" | "or", left: TextQuery, right: TextQuery): TextQuery {
  return { kind, left, right };
}

/** What a lexeme of the text becomes; undefined when nothing is left of it. */
export type OnWord = (word: string, weights: readonly Weight[], isPrefix: boolean) => TextQuery | undefined;

/**
 * Reads a query. Operators bind as PostgreSQL's: !, <->, &, |.
 *
 * @returns undefined where nothing is left of a word, see `withoutNothing`
 * @throws PgError 42601
 */
export function parseQuery(source: string, onWord: OnWord): TextQuery | undefined {
  const bad = () => new PgError("42601", `syntax error in tsquery: "${source}"`);
  let at = 0;
  const skip = () => {
    while (at < source.length && /\s/.test(source[at]!)) at++;
  };
  const operator = (): { kind: Operator; distance: number; length: number } | undefined => {
    skip();
    if (source[at] === "&") return { kind: "and", distance: 0, length: 1 };
    if (source[at] === "|") return { kind: "or", distance: 0, length: 1 };
    const phrase = /^<(-|\d+)>/.exec(source.slice(at, at + 20));
    if (phrase === null) return undefined;
    const distance = phrase[1] === "-" ? 1 : Number(phrase[1]);
    if (distance > distanceMax)
      throw new PgError(
        "22023",
        `distance in phrase operator must be an integer value between zero and ${distanceMax} inclusive`,
      );
    return { kind: "phrase", distance, length: phrase[0].length };
  };
  const operand = (depth: number): Partial => {
    if (depth > 1000) throw new PgError("54001", "stack depth limit exceeded");
    skip();
    const char = source[at];
    if (char === "!") {
      at++;
      const of = operand(depth + 1);
      return {
        query: of.query === undefined ? undefined : { kind: "not", of: of.query },
        left: of.left,
        right: of.right,
      };
    }
    if (char === "(") {
      at++;
      const inner = expression(1, depth + 1);
      skip();
      if (source[at] !== ")") throw bad();
      at++;
      return inner;
    }
    if (char === undefined || "&|):*<".includes(char)) throw bad();
    const word = readWord(source, at, ":&|!()<", bad);
    at = word.end;
    const weights = new Set<Weight>();
    let isPrefix = false;
    if (source[at] === ":") {
      at++;
      for (; at < source.length && /[ABCDabcd*]/.test(source[at]!); at++) {
        if (source[at] === "*") isPrefix = true;
        else weights.add(source[at]!.toUpperCase() as Weight);
      }
    }
    return { query: onWord(word.text, [...weights].sort(), isPrefix), left: 0, right: 0 };
  };
  const expression = (least: number, depth: number): Partial => {
    let left = operand(depth);
    for (;;) {
      const next = operator();
      if (next === undefined || priorities[next.kind] < least) return left;
      at += next.length;
      const right = expression(priorities[next.kind] + 1, depth + 1);
      left = joined(next.kind, next.distance, left, right);
    }
  };
  skip();
  if (at >= source.length) return undefined;
  const { query } = expression(1, 0);
  skip();
  if (at < source.length) throw bad();
  return query;
}

/** A query of which words may have vanished (stop words), with the distances that they leave on both sides. */
interface Partial {
  readonly query: TextQuery | undefined;
  readonly left: number;
  readonly right: number;
}

/** As PostgreSQL's clean_stopword: what is left keeps its distances. */
function joined(kind: Operator, distance: number, a: Partial, b: Partial): Partial {
  const isPhrase = kind === "phrase";
  if (a.query === undefined && b.query === undefined) {
    const gap = isPhrase ? Math.max(a.left, a.right) + distance + Math.max(b.left, b.right) : 0;
    return { query: undefined, left: gap, right: gap };
  }
  if (a.query === undefined)
    return { query: b.query, left: isPhrase ? a.left + distance + b.left : 0, right: isPhrase ? b.right : 0 };
  if (b.query === undefined)
    return {
      query: a.query,
      left: isPhrase ? a.left : 0,
      right: isPhrase ? a.right + distance + b.right : 0,
    };
  if (!isPhrase) return { query: { kind, left: a.query, right: b.query }, left: 0, right: 0 };
  return {
    query: { kind, left: a.query, right: b.query, distance: distance + a.right + b.left },
    left: a.left,
    right: b.right,
  };
}

/** Words one after the other, for plainto_tsquery and phraseto_tsquery. */
export function chain(
  kind: Operator,
  words: readonly { readonly query: TextQuery; readonly at: number }[],
): TextQuery | undefined {
  let result: TextQuery | undefined;
  let last = 0;
  for (const { query, at } of words) {
    if (result === undefined) result = query;
    else if (kind === "phrase") result = { kind, left: result, right: query, distance: at - last };
    else result = { kind, left: result, right: query };
    last = at;
  }
  return result;
}

export function queryText(query: TextQuery | undefined): string {
  return query === undefined ? "" : shown(query, -1, false);
}

function shown(query: TextQuery, parent: number, isRightOfPhrase: boolean): string {
  if (query.kind === "lexeme") {
    const flags = `${query.isPrefix ? "*" : ""}${query.weights.join("")}`;
    return `${quoteLexeme(query.text)}${flags === "" ? "" : `:${flags}`}`;
  }
  const priority = priorities[query.kind];
  if (query.kind === "not") return `!${shown(query.of, priority, false)}`;
  const isPhrase = query.kind === "phrase";
  const sign = query.kind === "phrase" ? phraseSign(query.distance) : query.kind === "and" ? "&" : "|";
  const text = `${shown(query.left, priority, false)} ${sign} ${shown(query.right, priority, isPhrase)}`;
  return priority < parent || (isPhrase && isRightOfPhrase) ? `( ${text} )` : text;
}

function phraseSign(distance: number): string {
  return distance === 1 ? "<->" : `<${distance}>`;
}

/** The words of a query, and how many nodes it has. */
export function lexemesOf(query: TextQuery | undefined): Extract<TextQuery, { kind: "lexeme" }>[] {
  if (query === undefined) return [];
  if (query.kind === "lexeme") return [query];
  return query.kind === "not" ? lexemesOf(query.of) : [...lexemesOf(query.left), ...lexemesOf(query.right)];
}

export function nodeCount(query: TextQuery | undefined): number {
  if (query === undefined) return 0;
  if (query.kind === "lexeme") return 1;
  return query.kind === "not" ? 1 + nodeCount(query.of) : 1 + nodeCount(query.left) + nodeCount(query.right);
}

/** Where a part of a phrase ends: positions, or all but those; `width` is how far it begins before. */
interface Places {
  readonly isNegated: boolean;
  readonly ends: readonly number[];
  readonly width: number;
}

/** `vector @@ query`. */
export function matches(vector: TextVector, query: TextQuery | undefined): boolean {
  if (query === undefined) return false;
  switch (query.kind) {
    case "lexeme":
      return find(vector, query).isThere;
    case "not":
      return !matches(vector, query.of);
    case "and":
      return matches(vector, query.left) && matches(vector, query.right);
    case "or":
      return matches(vector, query.left) || matches(vector, query.right);
    case "phrase": {
      const places = placesOf(vector, query);
      return places.isNegated || places.ends.length > 0;
    }
  }
}

function find(
  vector: TextVector,
  query: Extract<TextQuery, { kind: "lexeme" }>,
): { isThere: boolean; ends: number[] } {
  const ends: number[] = [];
  let isThere = false;
  for (const { text, positions } of vector) {
    if (query.isPrefix ? !text.startsWith(query.text) : text !== query.text) continue;
    // Without positions there are no weights to ask for.
    if (query.weights.length === 0 || positions.length === 0) {
      isThere ||= query.weights.length === 0 || positions.length === 0;
      ends.push(...positions.map(({ at }) => at));
      continue;
    }
    const heavy = positions.filter(({ weight }) => query.weights.includes(weight));
    isThere ||= heavy.length > 0;
    ends.push(...heavy.map(({ at }) => at));
  }
  return { isThere, ends: [...new Set(ends)].sort((a, b) => a - b) };
}

/** As PostgreSQL's TS_phrase_execute. */
function placesOf(vector: TextVector, query: TextQuery): Places {
  switch (query.kind) {
    case "lexeme":
      return { isNegated: false, ends: find(vector, query).ends, width: 0 };
    case "not": {
      const inner = placesOf(vector, query.of);
      return { ...inner, isNegated: !inner.isNegated };
    }
    case "and":
    case "or": {
      const [a, b] = [placesOf(vector, query.left), placesOf(vector, query.right)];
      const width = Math.max(a.width, b.width);
      return query.kind === "and"
        ? both(a, b, 0, 0, width)
        : negated(both(negated(a), negated(b), 0, 0, width));
    }
    case "phrase": {
      const [a, b] = [placesOf(vector, query.left), placesOf(vector, query.right)];
      return both(a, b, query.distance + b.width, 0, query.distance + a.width + b.width);
    }
  }
}

function negated(places: Places): Places {
  return { ...places, isNegated: !places.isNegated };
}

/** Places where both hold, after moving each. */
function both(a: Places, b: Places, moveA: number, moveB: number, width: number): Places {
  const left = a.ends.map((at) => at + moveA);
  const right = b.ends.map((at) => at + moveB);
  if (!a.isNegated && !b.isNegated) {
    const set = new Set(left);
    return { isNegated: false, ends: right.filter((at) => set.has(at)), width };
  }
  if (a.isNegated && !b.isNegated) {
    const set = new Set(left);
    return { isNegated: false, ends: right.filter((at) => !set.has(at)), width };
  }
  if (!a.isNegated) {
    const set = new Set(right);
    return { isNegated: false, ends: left.filter((at) => !set.has(at)), width };
  }
  return { isNegated: true, ends: [...new Set([...left, ...right])].sort((x, y) => x - y), width };
}
