import { invalidFilter } from "../problems.ts";
import { type FieldValue, fieldText, fieldValueOf } from "./value.ts";

/** A filter, parsed: `status = "draft" and (year >= 2020 or tags in (guide, intro)) and not archived exists`. */
export type Filter =
  | { readonly type: "and" | "or"; readonly parts: readonly Filter[] }
  | { readonly type: "not"; readonly part: Filter }
  | { readonly type: "exists"; readonly name: string }
  | {
      readonly type: "compare";
      readonly name: string;
      readonly operator: Operator;
      readonly value: FieldValue;
    };

export type Operator = "=" | "<" | "<=" | ">" | ">=";

const lengthMax = 4096;
const termsMax = 64;
const depthMax = 16;

interface Token {
  readonly kind: "word" | "string" | "symbol" | "end";
  readonly text: string;
  readonly at: number;
}

const tokenPattern =
  /\s*(?:(?<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<symbol><=|>=|!=|[=<>(),])|(?<word>[^\s=<>!(),"']+))/gy;

/**
 * Reads a filter. `and` binds closer than `or`; names are those of front-matter fields (`address.city` inside of maps),
 * `id`, and `meta.` with `title`, `createdAt`, `createdBy`, `updatedAt`, `updatedBy`, `version`, `size`. A field that is
 * a list equals each of its elements. Values are numbers, true, false, dates and texts, which may stand without quotes.
 *
 * @throws Problem `invalid-filter` that says where.
 */
export function parseFilter(text: string): Filter {
  if (text.length > lengthMax) throw invalidFilter(`a filter may have ${lengthMax} characters`);
  return new FilterParser(tokensOf(text)).parse();
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  let at = 0;
  while (text.slice(at).trim() !== "") {
    const match = tokenPattern.exec(text);
    if (match === null)
      throw invalidFilter(`character ${at + 1} of the filter cannot be read: ${text.slice(at, at + 20)}`);
    const { string, symbol, word } = match.groups as Record<string, string | undefined>;
    if (string !== undefined) tokens.push({ kind: "string", text: unquote(string), at });
    else if (symbol !== undefined) tokens.push({ kind: "symbol", text: symbol, at });
    else tokens.push({ kind: "word", text: word ?? "", at });
    at = tokenPattern.lastIndex;
  }
  tokens.push({ kind: "end", text: "the end", at: text.length });
  return tokens;
}

function unquote(quoted: string): string {
  return quoted.slice(1, -1).replaceAll(/\\(.)/gs, "$1");
}

class FilterParser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #terms = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Filter {
    const filter = this.#either(0);
    if (this.#token.kind !== "end") throw this.#expected('"and", "or" or the end');
    return filter;
  }

  get #token(): Token {
    return this.#tokens[this.#next]!;
  }

  #either(depth: number): Filter {
    return this.#joined("or", () => this.#joined("and", () => this.#term(depth)));
  }

  #joined(type: "and" | "or", part: () => Filter): Filter {
    const parts = [part()];
    while (this.#takeWord(type)) parts.push(part());
    return parts.length === 1 ? parts[0]! : { type, parts };
  }

  #term(depth: number): Filter {
    if (depth > depthMax) throw invalidFilter(`a filter may be nested ${depthMax} levels deep`);
    if (this.#takeWord("not")) return { type: "not", part: this.#term(depth + 1) };
    if (this.#takeSymbol("(")) {
      const inner = this.#either(depth + 1);
      if (!this.#takeSymbol(")")) throw this.#expected('")"');
      return inner;
    }
    if (++this.#terms > termsMax) throw invalidFilter(`a filter may have ${termsMax} comparisons`);
    return this.#comparison();
  }

  #comparison(): Filter {
    const { kind, text: name } = this.#token;
    if (kind !== "word" && kind !== "string") throw this.#expected("the name of a field");
    this.#take();
    if (this.#takeWord("exists")) return { type: "exists", name };
    if (this.#takeWord("in")) return this.#oneOf(name);
    const next = this.#token;
    const operator = next.kind === "symbol" ? next.text : "";
    if (!["=", "!=", "<", "<=", ">", ">="].includes(operator)) {
      throw this.#expected("=, !=, <, <=, >, >=, in or exists");
    }
    this.#take();
    const value = this.#value();
    if (operator !== "!=") return { type: "compare", name, operator: operator as Operator, value };
    return { type: "not", part: { type: "compare", name, operator: "=", value } };
  }

  #oneOf(name: string): Filter {
    if (!this.#takeSymbol("(")) throw this.#expected('"("');
    const parts: Filter[] = [];
    do {
      parts.push({ type: "compare", name, operator: "=", value: this.#value() });
      if (++this.#terms > termsMax) throw invalidFilter(`a filter may have ${termsMax} comparisons`);
    } while (this.#takeSymbol(","));
    if (!this.#takeSymbol(")")) throw this.#expected('"," or ")"');
    return { type: "or", parts };
  }

  #value(): FieldValue {
    const { kind, text } = this.#token;
    if (kind !== "word" && kind !== "string") throw this.#expected("a value");
    this.#take();
    const value = fieldValueOf(kind === "word" ? literalOf(text) : text);
    if (value === undefined) throw invalidFilter("a text in a filter may have 512 characters");
    return value;
  }

  #takeWord(word: string): boolean {
    const { kind, text } = this.#token;
    if (kind !== "word" || text.toLowerCase() !== word) return false;
    this.#next++;
    return true;
  }

  #takeSymbol(symbol: string): boolean {
    if (this.#token.kind !== "symbol" || this.#token.text !== symbol) return false;
    this.#next++;
    return true;
  }

  #take(): Token {
    const token = this.#token;
    this.#next++;
    return token;
  }

  #expected(what: string) {
    const { at, text } = this.#token;
    return invalidFilter(`at character ${at + 1} of the filter there is ${text}; expected ${what}`);
  }
}

function literalOf(word: string): unknown {
  if (word === "true" || word === "false") return word === "true";
  return /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(word) ? Number(word) : word;
}

/** A filter as text that means the same: what cursors are bound to. */
export function filterText(filter: Filter | undefined): string {
  if (filter === undefined) return "";
  switch (filter.type) {
    case "and":
    case "or":
      return `(${filter.parts.map(filterText).join(` ${filter.type} `)})`;
    case "not":
      return `not ${filterText(filter.part)}`;
    case "exists":
      return `${JSON.stringify(filter.name)} exists`;
    case "compare": {
      const { name, operator, value } = filter;
      return `${JSON.stringify(name)} ${operator} ${value.kind} ${JSON.stringify(fieldText(value.kind, value.value))}`;
    }
  }
}
