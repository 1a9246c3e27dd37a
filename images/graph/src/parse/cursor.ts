import { type CypherError, syntaxError } from "../errors.ts";
import { type Token, tokenize } from "./lexer.ts";

/** The tokens of a query and where the parser is in them. */
export class Cursor {
  readonly text: string;
  readonly #tokens: readonly Token[];
  #index = 0;
  #depth = 0;

  constructor(text: string) {
    this.text = text;
    this.#tokens = tokenize(text);
  }

  get position(): number {
    return this.#index;
  }

  /** Goes back to a position, after something was tried. */
  set position(index: number) {
    this.#index = index;
  }

  get token(): Token {
    return this.#tokens[this.#index]!;
  }

  get at(): number {
    return this.token.at;
  }

  /** Where the token before this one ends. */
  get lastEnd(): number {
    return this.#tokens[this.#index - 1]?.end ?? 0;
  }

  peek(ahead = 1): Token {
    return this.#tokens[Math.min(this.#index + ahead, this.#tokens.length - 1)]!;
  }

  /** The tokens between two positions, without those within parentheses and the like. */
  tokensBetween(start: number, end: number): readonly Token[] {
    let depth = 0;
    return this.#tokens.slice(start, end).filter(({ kind, text }) => {
      if (kind === "symbol" && "([{".includes(text)) depth++;
      else if (kind === "symbol" && ")]}".includes(text)) depth--;
      return depth === 0;
    });
  }

  next(): Token {
    const token = this.token;
    if (token.kind !== "end") this.#index++;
    return token;
  }

  isSymbol(symbol: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === "symbol" && token.text === symbol;
  }

  /** Whether the next tokens are these keywords, in any case. */
  isWord(...words: readonly string[]): boolean {
    return words.every((word, ahead) => {
      const token = this.peek(ahead);
      return token.kind === "name" && token.text.length === word.length && token.text.toUpperCase() === word;
    });
  }

  isAnyWord(words: readonly string[]): boolean {
    return words.some((word) => this.isWord(word));
  }

  takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false;
    this.#index++;
    return true;
  }

  takeWord(...words: readonly string[]): boolean {
    if (!this.isWord(...words)) return false;
    this.#index += words.length;
    return true;
  }

  symbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.unexpected(`'${symbol}'`);
  }

  word(...words: readonly string[]): void {
    if (!this.takeWord(...words)) throw this.unexpected(`'${words.join(" ")}'`);
  }

  /** A name of any kind: keywords may be names, too. */
  name(what = "an identifier"): string {
    const { kind, text } = this.token;
    if (kind !== "name" && kind !== "quotedName") throw this.unexpected(what);
    this.#index++;
    return text;
  }

  get isName(): boolean {
    return this.token.kind === "name" || this.token.kind === "quotedName";
  }

  unexpected(expected: string): CypherError {
    const { kind, at, end } = this.token;
    const found = kind === "end" ? "" : this.text.slice(at, end);
    return syntaxError(`Invalid input '${found}': expected ${expected}`, at);
  }

  /** Runs `parse` one level deeper; queries that nest without end are refused before the stack is. */
  nested<T>(parse: () => T): T {
    if (++this.#depth > 400) throw syntaxError("the query is nested too deeply", this.at);
    try {
      return parse();
    } finally {
      this.#depth--;
    }
  }

  /** What `parse` gives, or undefined and the position as before when it meets something else. */
  attempt<T>(parse: () => T): T | undefined {
    const start = this.#index;
    try {
      return parse();
    } catch (error) {
      if (
        !(error instanceof Error) ||
        (error as CypherError).code !== "Neo.ClientError.Statement.SyntaxError"
      )
        throw error;
      this.#index = start;
      return undefined;
    }
  }
}
