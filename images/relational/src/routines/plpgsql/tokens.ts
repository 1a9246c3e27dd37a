import { PgError } from "../../errors.ts";

/** A word of PL/pgSQL. `text` is what it means: folded for a bare name, unquoted for a quoted one or a string. */
export interface Token {
  readonly kind: "name" | "quoted" | "string" | "number" | "parameter" | "symbol" | "end";
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly line: number;
}

const symbols = /^(?::=|\.\.|<<|>>|=>|::|[-+*/<>=~!@#%^&|`?]+|.)/s;
const longOperator = /^[-+*/<>=~!@#%^&|`?]+/;

/** The words of a function's body, as PostgreSQL's scanner finds them; comments and blanks are left out. */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  let lineStart = 0;
  const push = (kind: Token["kind"], text: string, end: number): void => {
    while (true) {
      const next = source.indexOf("\n", lineStart);
      if (next < 0 || next >= at) break;
      line++;
      lineStart = next + 1;
    }
    tokens.push({ kind, text, start: at, end, line });
    at = end;
  };
  while (at < source.length) {
    const rest = source.slice(at, at + 64);
    const blank = /^\s+/.exec(rest);
    if (blank !== null) {
      at += blank[0].length;
      continue;
    }
    if (rest.startsWith("--")) {
      const end = source.indexOf("\n", at);
      at = end < 0 ? source.length : end + 1;
      continue;
    }
    if (rest.startsWith("/*")) {
      at = commentEnd(source, at);
      continue;
    }
    const quote = /^([eExXbBnN]|[uU]&)?'/.exec(rest);
    if (quote !== null) {
      const isEscape = /^[eE]/.test(rest);
      const { text, end } = stringAt(source, at + quote[0].length, isEscape);
      push("string", text, end);
      continue;
    }
    if (rest.startsWith('"')) {
      let end = at + 1;
      while (source[end] !== '"' || source[end + 1] === '"') {
        if (end >= source.length) throw new PgError("42601", "unterminated quoted identifier");
        end += source[end] === '"' ? 2 : 1;
      }
      push("quoted", source.slice(at + 1, end).replaceAll('""', '"'), end + 1);
      continue;
    }
    const dollar = /^\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/.exec(rest);
    if (dollar !== null) {
      const from = at + dollar[0].length;
      const end = source.indexOf(dollar[0], from);
      if (end < 0) throw new PgError("42601", "unterminated dollar-quoted string");
      push("string", source.slice(from, end), end + dollar[0].length);
      continue;
    }
    const parameter = /^\$\d+/.exec(rest);
    if (parameter !== null) {
      push("parameter", parameter[0], at + parameter[0].length);
      continue;
    }
    const name = /^[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/.exec(source.slice(at));
    if (name !== null) {
      push("name", name[0].toLowerCase(), at + name[0].length);
      continue;
    }
    // `1..10` is two numbers with two dots between them.
    const number = /^(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][-+]?\d+)?/.exec(rest);
    if (number !== null) {
      push("number", number[0], at + number[0].length);
      continue;
    }
    const special = /^(?::=|\.\.|<<|>>|=>|::)/.exec(rest)?.[0];
    const operator = special ?? longOperator.exec(rest)?.[0] ?? symbols.exec(rest)![0];
    push("symbol", operator, at + operator.length);
  }
  at = source.length;
  push("end", "end of input", source.length);
  return tokens;
}

function commentEnd(source: string, start: number): number {
  let depth = 0;
  for (let at = start; at < source.length; at++) {
    if (source.startsWith("/*", at)) {
      depth++;
      at++;
    } else if (source.startsWith("*/", at)) {
      at++;
      if (--depth === 0) return at + 1;
    }
  }
  throw new PgError("42601", "unterminated /* comment");
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" };

function stringAt(source: string, start: number, isEscape: boolean): { text: string; end: number } {
  let text = "";
  for (let at = start; at < source.length; at++) {
    const char = source[at]!;
    if (char === "'") {
      if (source[at + 1] !== "'") return { text, end: at + 1 };
      text += "'";
      at++;
    } else if (char === "\\" && isEscape) {
      const next = source[++at] ?? "";
      text += escapes[next] ?? next;
    } else text += char;
  }
  throw new PgError("42601", "unterminated quoted string");
}
