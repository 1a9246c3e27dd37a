import { ExpressionError } from "./expression-error.ts";
import { syntaxError, type Token, tokenize } from "./tokens.ts";

/** Raw bytes of an expression. */
const expressionBytesMax = 4096;
/** Operators and functions in one expression; it bounds the depth as well. */
const operatorsMax = 300;
/** Parentheses inside of each other. */
const depthMax = 150;

/** Goes through the tokens of an expression, and counts what AWS bounds. */
export class TokenReader {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  #at = 0;
  #operators = 0;
  #depth = 0;

  /** @throws ExpressionError when there is nothing to read, or too much */
  constructor(source: string) {
    if (source === "") throw new ExpressionError("The expression can not be empty;");
    if (Buffer.byteLength(source) > expressionBytesMax) {
      throw new ExpressionError("Expression size has exceeded the maximum allowed size;");
    }
    this.#source = source;
    this.#tokens = tokenize(source);
    if (this.peek().kind === "end") throw this.unexpected();
  }

  /** The index of the next token. */
  get at(): number {
    return this.#at;
  }

  peek(ahead = 0): Token {
    return this.tokenAt(this.#at + ahead);
  }

  tokenAt(index: number): Token {
    return this.#tokens[Math.min(index, this.#tokens.length - 1)]!;
  }

  next(): Token {
    const token = this.peek();
    this.#at++;
    return token;
  }

  takes(symbol: string): boolean {
    const { kind, text } = this.peek();
    if (kind !== "symbol" || text !== symbol) return false;
    this.#at++;
    return true;
  }

  takesWord(word: string): boolean {
    const { kind, text } = this.peek();
    if (kind !== "name" || text.length !== word.length || text.toUpperCase() !== word) return false;
    this.#at++;
    this.count();
    return true;
  }

  expect(symbol: string): void {
    if (!this.takes(symbol)) throw this.unexpected();
  }

  requireEnd(): void {
    if (this.peek().kind !== "end") throw this.unexpected();
  }

  /** Where the parenthesis at this token is closed. */
  closes(open: number): number | undefined {
    let depth = 0;
    for (let at = open; at < this.#tokens.length; at++) {
      const { text, kind } = this.#tokens[at]!;
      if (kind !== "symbol") continue;
      if (text === "(") depth++;
      else if (text === ")" && --depth === 0) return at;
    }
    return undefined;
  }

  /** Reads what is inside of something else. */
  nested<T>(read: () => T): T {
    if (++this.#depth > depthMax)
      throw new ExpressionError(`The expression nests too deeply; at most ${depthMax} levels are possible`);
    const value = read();
    this.#depth--;
    return value;
  }

  /** Counts an operator or a function. */
  count(): void {
    if (++this.#operators <= operatorsMax) return;
    throw new ExpressionError(
      `The expression contains too many operators; operator count: ${this.#operators}`,
    );
  }

  /** A token, the next one by default, that does not fit. */
  unexpected(at = this.#at): ExpressionError {
    const index = Math.min(at, this.#tokens.length - 1);
    const [before, token, after] = [this.#tokens[index - 1], this.#tokens[index]!, this.#tokens[index + 1]];
    return syntaxError(this.#source, before, token, after);
  }
}
