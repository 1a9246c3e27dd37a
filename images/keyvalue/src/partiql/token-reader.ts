import { notWellFormed } from "./faults.ts";
import { type Token, tokenize } from "./tokens.ts";

const depthMax = 100;

/** Goes through the tokens of a statement. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#tokens = tokenize(source);
  }

  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!;
  }

  next(): Token {
    const token = this.peek();
    this.#at++;
    return token;
  }

  skip(count: number): void {
    this.#at += count;
  }

  takes(symbol: string): boolean {
    const { kind, text } = this.peek();
    if (kind !== "symbol" || text !== symbol) return false;
    this.#at++;
    return true;
  }

  expect(symbol: string): void {
    if (!this.takes(symbol)) throw notWellFormed("Unexpected term");
  }

  takesWord(word: string): boolean {
    const { kind, text } = this.peek();
    if (kind !== "word" || text.toUpperCase() !== word) return false;
    this.#at++;
    return true;
  }

  expectWord(word: string): void {
    if (!this.takesWord(word)) throw notWellFormed("Unexpected token after expression");
  }

  /** The name of a table, an index or an attribute. */
  name(): string {
    const token = this.next();
    if (token.kind !== "word" && token.kind !== "quoted") throw notWellFormed("Unexpected term");
    return token.text;
  }

  /** Whether a function is called here. */
  isCall(): boolean {
    const after = this.peek(1);
    return this.peek().kind === "word" && after.kind === "symbol" && after.text === "(";
  }

  /** Reads what is inside of something else. */
  nested<T>(read: () => T): T {
    if (++this.#depth > depthMax) throw notWellFormed("Nested too deeply");
    const value = read();
    this.#depth--;
    return value;
  }
}
