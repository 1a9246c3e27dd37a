import { syntaxError } from "../errors.ts";

export type TokenKind = "name" | "quotedName" | "string" | "integer" | "float" | "symbol" | "end";

export interface Token {
  readonly kind: TokenKind;
  /** A name's or string's content, a number's digits, a symbol. */
  readonly text: string;
  readonly at: number;
  readonly end: number;
}

const symbols2 = new Set(["<>", "<=", ">=", "=~", "..", "+=", "||", "::", "->"]);
const escapes: Readonly<Record<string, string>> = {
  "\\": "\\",
  "'": "'",
  '"': '"',
  "`": "`",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};
const nameStart = /[\p{L}\p{Nl}\p{Pc}_]/u;
const namePart = /[\p{L}\p{Nl}\p{Nd}\p{Mn}\p{Mc}\p{Pc}\p{Sc}_]/u;

function isAsciiNameStart(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Cuts a query into tokens. @throws CypherError SyntaxError */
export function tokenize(text: string): Token[] {
  return new Lexer(text).all();
}

class Lexer {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  all(): Token[] {
    for (;;) {
      this.#skipBlanks();
      if (this.#at >= this.#text.length) break;
      this.#token();
    }
    this.#tokens.push({ kind: "end", text: "", at: this.#text.length, end: this.#text.length });
    return this.#tokens;
  }

  #push(kind: TokenKind, text: string, at: number): void {
    this.#tokens.push({ kind, text, at, end: this.#at });
  }

  #skipBlanks(): void {
    const text = this.#text;
    for (;;) {
      const char = text[this.#at];
      if (char === undefined) return;
      if (char === "/" && text[this.#at + 1] === "/") {
        const end = text.indexOf("\n", this.#at);
        this.#at = end === -1 ? text.length : end + 1;
      } else if (char === "/" && text[this.#at + 1] === "*") {
        const end = text.indexOf("*/", this.#at + 2);
        if (end === -1)
          throw syntaxError(
            "Failed to parse comment. A comment starting on `/*` must have a closing `*/`.",
            this.#at,
          );
        this.#at = end + 2;
      } else if (
        char <= " " ||
        /\s/.test(char) ||
        (char >= "\u001c" && char <= "\u001f") ||
        char === "\u180e"
      )
        this.#at++;
      else return;
    }
  }

  #token(): void {
    const text = this.#text;
    const at = this.#at;
    const code = text.charCodeAt(at);
    const char = text[at]!;
    if (isAsciiNameStart(code)) this.#name(at);
    else if (isDigit(code) || (code === 46 && isDigit(text.charCodeAt(at + 1)))) this.#number(at);
    else if (char === "'" || char === '"') this.#string(at, char);
    else if (char === "`") this.#quotedName(at);
    else if (nameStart.test(String.fromCodePoint(text.codePointAt(at)!))) this.#name(at);
    else this.#symbol(at, char);
  }

  #symbol(at: number, char: string): void {
    const text = this.#text;
    const pair = char + (text[at + 1] ?? "");
    if (symbols2.has(pair) && pair !== "->") {
      this.#at += 2;
      this.#push("symbol", pair, at);
      return;
    }
    if (!"()[]{}<>=+-*/%^,.;:|$!&?#".includes(char)) {
      throw syntaxError(`Invalid input '${char}'`, at);
    }
    this.#at++;
    this.#push("symbol", char, at);
  }

  #name(at: number): void {
    const text = this.#text;
    let end = at;
    while (end < text.length) {
      const code = text.charCodeAt(end);
      if (isAsciiNameStart(code) || isDigit(code)) end++;
      else if (code < 128) break;
      else {
        const char = String.fromCodePoint(text.codePointAt(end)!);
        if (!namePart.test(char)) break;
        end += char.length;
      }
    }
    this.#at = end;
    this.#push("name", text.slice(at, end), at);
  }

  #quotedName(at: number): void {
    let name = "";
    let from = at + 1;
    for (;;) {
      const end = this.#text.indexOf("`", from);
      if (end === -1) throw syntaxError("Failed to parse quoted identifier: a closing ` is missing", at);
      name += this.#text.slice(from, end);
      if (this.#text[end + 1] !== "`") {
        this.#at = end + 1;
        break;
      }
      name += "`";
      from = end + 2;
    }
    this.#push(
      "quotedName",
      name.replace(/\\u+([0-9a-fA-F]{4})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
      at,
    );
  }

  #string(at: number, quote: string): void {
    const text = this.#text;
    let value = "";
    let from = at + 1;
    let i = from;
    for (; ; i++) {
      const char = text[i];
      if (char === undefined)
        throw syntaxError(
          "Failed to parse string literal. The query must contain an even number of non-escaped quotes.",
          at,
        );
      if (char === quote) break;
      if (char !== "\\") continue;
      value += text.slice(from, i);
      const escaped = text[++i] ?? "";
      if (escaped === "u" || escaped === "U") {
        const length = escaped === "u" ? 4 : 8;
        const hex = text.slice(i + 1, i + 1 + length);
        const code = Number.parseInt(hex, 16);
        if (!new RegExp(`^[0-9a-fA-F]{${length}}$`).test(hex) || code > 0x10ffff)
          throw syntaxError(
            `Invalid input '\\${escaped}${hex}': expected a Unicode escape of ${length} hexadecimal digits`,
            i - 1,
          );
        value += String.fromCodePoint(code);
        i += length;
      } else {
        const plain = escapes[escaped];
        if (plain === undefined) throw syntaxError(`Invalid escape '\\${escaped}'`, i - 1);
        value += plain;
      }
      from = i + 1;
    }
    this.#at = i + 1;
    this.#push("string", value + text.slice(from, i), at);
  }

  #number(at: number): void {
    const rest = this.#text.slice(at, at + 512);
    const based = /^0(?:[xX][0-9a-fA-F_]*|[oO]?[0-7_]+(?![.\deE])|o)/.exec(rest);
    const match =
      based ??
      /^(?:\d[\d_]*\.\d[\d_]*|\.\d[\d_]*|\d[\d_]*(?=[eE][+-]?\d))(?:[eE][+-]?\d+)?/.exec(rest) ??
      /^\d[\d_]*/.exec(rest)!;
    const digits = match[0];
    this.#at = at + digits.length;
    const next = this.#text.slice(this.#at, this.#at + 1);
    if (next !== "" && (nameStart.test(next) || isDigit(next.charCodeAt(0))))
      throw syntaxError(`Invalid input '${digits}${next}': invalid literal number`, at);
    if (based !== null && !/^0(?:[xX][0-9a-fA-F]|[oO]?[0-7])/.test(digits))
      throw syntaxError(`invalid literal number: '${digits}'`, at);
    const isFloat = based === null && /[.eE]/.test(digits);
    this.#push(isFloat ? "float" : "integer", digits.replaceAll("_", ""), at);
  }
}
