import { WeftkitError } from "@weftkit/core";
import type { SearchField } from "../content.ts";
import type { QueryNode, Term } from "./query.ts";
import { type QueryToken, tokensOfQuery } from "./query-tokens.ts";

/** Words in one query; each costs a walk through the index. */
const wordsMax = 32;
/** Parentheses inside parentheses. */
const nestingMax = 8;
/** UTF-16 units. */
const queryLengthMax = 4096;

export interface QueryOptions {
  readonly fields?: readonly SearchField[] | undefined;
  readonly isTyping?: boolean;
}

/**
 * Understands a query: words (all of them have to be there), `"a phrase"`, `begin*`, `AND`, `OR`, `NOT` and `-`,
 * parentheses, `title:`, `headings:`, `tags:` and `text:` before a word, a phrase or parentheses. Operators are written
 * in capitals. What is incomplete (an open quotation mark, an operator without its side) is read as if it were not
 * there: people search while they type.
 *
 * @param options `fields`: where to search, everywhere when undefined; `isTyping`: whether the last word may go on
 * @returns undefined when there is nothing to search for, only punctuation
 * @throws WeftkitError `invalid_query` when there are too many words or parentheses, or nothing but exclusions
 */
export function parseQuery(
  text: string,
  { fields, isTyping = false }: QueryOptions = {},
): QueryNode | undefined {
  if (text.length > queryLengthMax) throw invalid(`is longer than ${queryLengthMax} characters: shorten it`);
  const tokens = tokensOfQuery(text, isTyping);
  const words = tokens.reduce((sum, token) => sum + (token.kind === "words" ? token.words.length : 0), 0);
  if (words > wordsMax) throw invalid(`has ${words} words: search for at most ${wordsMax}`);
  const node = new QueryReader(tokens).alternatives(fields, 0);
  if (node !== undefined && isExclusion(node)) {
    throw invalid("says only what must not be there: add a word that must");
  }
  return node;
}

/** `NOT a` and nothing else: it has a meaning only beside what must be there. */
function isExclusion(node: QueryNode): node is QueryNode & { kind: "and" } {
  return node.kind === "and" && node.all.length === 0;
}

function invalid(mistake: string): WeftkitError {
  return new WeftkitError("invalid_query", `the query ${mistake}`);
}

/** Reads tokens from the left to the right, one method for each rule of the grammar. */
class QueryReader {
  readonly #tokens: readonly QueryToken[];
  #next = 0;

  constructor(tokens: readonly QueryToken[]) {
    this.#tokens = tokens;
  }

  /** `a OR b`, up to the parenthesis that closes it or the end. */
  alternatives(fields: readonly SearchField[] | undefined, depth: number): QueryNode | undefined {
    if (depth > nestingMax)
      throw invalid(`has more than ${nestingMax} parentheses inside each other: leave some out`);
    const any: QueryNode[] = [];
    while (this.#next < this.#tokens.length) {
      const kind = this.#tokens[this.#next]!.kind;
      if (kind === "close" && depth > 0) break;
      if (kind === "close" || kind === "or") {
        this.#next++;
        continue;
      }
      const node = this.#conjunction(fields, depth);
      if (node !== undefined) any.push(node);
    }
    if (any.length > 1 && any.some(isExclusion)) {
      throw invalid("has an alternative of OR that says only what must not be there: add a word that must");
    }
    return any.length > 1 ? { kind: "or", any } : any[0];
  }

  /** `a b`, `a AND b`, `a NOT b`, up to an OR or the end of the parentheses. */
  #conjunction(fields: readonly SearchField[] | undefined, depth: number): QueryNode | undefined {
    const all: QueryNode[] = [];
    const none: QueryNode[] = [];
    let isExcluded = false;
    let isStrict = false;
    while (this.#next < this.#tokens.length) {
      const token = this.#tokens[this.#next]!;
      if (token.kind === "or" || (token.kind === "close" && depth > 0)) break;
      // The outermost level has nothing to close: a parenthesis too many is left out.
      if (token.kind === "and" || token.kind === "close") {
        if (token.kind === "and") isStrict = true;
        this.#next++;
        continue;
      }
      if (token.kind === "not") {
        isExcluded = true;
        this.#next++;
        continue;
      }
      const node = this.#primary(fields, depth);
      if (node === undefined) continue;
      if (!isExclusion(node)) (isExcluded ? none : all).push(node);
      else if (isExcluded) all.push(...node.none);
      else none.push(...node.none);
      isExcluded = false;
    }
    if (all.length + none.length === 0) return undefined;
    return all.length === 1 && none.length === 0 ? all[0] : { kind: "and", all, none, isStrict };
  }

  #primary(outer: readonly SearchField[] | undefined, depth: number): QueryNode | undefined {
    let fields = outer;
    let token = this.#tokens[this.#next++];
    while (token?.kind === "field") {
      const { field } = token;
      fields = (fields ?? [field]).filter((name) => name === field);
      // A field with nothing behind it is a mistake in typing, and the operator there still counts.
      const following = this.#tokens[this.#next]?.kind;
      if (following !== "words" && following !== "open" && following !== "field") return undefined;
      token = this.#tokens[this.#next++];
    }
    if (token?.kind === "open") {
      const node = this.alternatives(fields, depth + 1);
      if (this.#tokens[this.#next]?.kind === "close") this.#next++;
      return node;
    }
    return token?.kind === "words" ? termOf(token, fields) : undefined;
  }
}

function termOf(token: QueryToken & { kind: "words" }, fields: readonly SearchField[] | undefined): Term {
  const { words, isPrefix, isUnfinished, isQuoted } = token;
  return { kind: "term", words, isPrefix, isUnfinished, isQuoted, fields };
}
