import { PgError } from "../errors.ts";
import { quoteJson } from "./json-text.ts";
import { Numeric } from "./numeric.ts";
import { textOps } from "./texts.ts";
import type { TypeOps } from "./type-ops.ts";

/** A path of SQL/JSON (PostgreSQL's documentation, 9.16.2), read. */
export interface JsonPath {
  readonly lax: boolean;
  readonly root: PathNode;
}

export type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">=";
export type Arithmetic = "+" | "-" | "*" | "/" | "%";

export type PathNode =
  | { readonly kind: "root" | "current" | "last" }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "literal"; readonly value: null | boolean | string | Numeric }
  | { readonly kind: "member"; readonly of: PathNode; readonly name: string }
  | { readonly kind: "anyMember" | "anyElement"; readonly of: PathNode }
  | { readonly kind: "recursive"; readonly of: PathNode; readonly from: number; readonly to: number }
  | { readonly kind: "elements"; readonly of: PathNode; readonly ranges: readonly ElementRange[] }
  | { readonly kind: "filter"; readonly of: PathNode; readonly predicate: PathNode }
  | {
      readonly kind: "method";
      readonly of: PathNode;
      readonly name: string;
      readonly args: readonly PathNode[];
    }
  | {
      readonly kind: "binary";
      readonly operator: Arithmetic;
      readonly left: PathNode;
      readonly right: PathNode;
    }
  | { readonly kind: "unary"; readonly operator: "+" | "-"; readonly operand: PathNode }
  | { readonly kind: "and" | "or"; readonly left: PathNode; readonly right: PathNode }
  | { readonly kind: "not" | "isUnknown" | "exists"; readonly operand: PathNode }
  | {
      readonly kind: "compare";
      readonly operator: Comparison;
      readonly left: PathNode;
      readonly right: PathNode;
    }
  | { readonly kind: "startsWith"; readonly left: PathNode; readonly right: PathNode }
  | {
      readonly kind: "likeRegex";
      readonly operand: PathNode;
      readonly pattern: string;
      readonly flags: string;
    };

export interface ElementRange {
  readonly from: PathNode;
  readonly to: PathNode | undefined;
}

/** In `.**{2 to last}`: the end of what there is. */
export const lastLevel = 0xffff_ffff;

interface Token {
  readonly kind: "name" | "string" | "number" | "variable" | "symbol" | "end";
  readonly text: string;
  readonly at: number;
}

function fault(text: string, at: number, isEnd: boolean): PgError {
  void at;
  return new PgError(
    "42601",
    isEnd ? "syntax error at end of jsonpath input" : `syntax error at or near "${text}" of jsonpath input`,
  );
}

const symbol = /^(?:\*\*|==|=|<>|!=|<=|>=|&&|\|\||[$@.*?()[\],:{}<>!+\-/%])/;
const escapes: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const rest = source.slice(at);
    const blank = /^(?:\s+|\/\*[\s\S]*?\*\/)/.exec(rest);
    if (blank !== null) {
      at += blank[0].length;
      continue;
    }
    const start = at;
    if (rest.startsWith('"')) {
      const { text, end } = quoted(source, at + 1);
      tokens.push({ kind: "string", text, at: start });
      at = end;
      continue;
    }
    const variable = /^\$(?:"|[\p{L}_\u0080-\uffff][\p{L}\p{N}_]*)/u.exec(rest);
    if (variable !== null) {
      if (variable[0] === '$"') {
        const { text, end } = quoted(source, at + 2);
        tokens.push({ kind: "variable", text, at: start });
        at = end;
      } else {
        tokens.push({ kind: "variable", text: variable[0].slice(1), at: start });
        at += variable[0].length;
      }
      continue;
    }
    const number =
      /^(?:0[xX][\da-fA-F](?:_?[\da-fA-F])*|0[oO][0-7](?:_?[0-7])*|0[bB][01](?:_?[01])*|(?:\d(?:_?\d)*)?\.\d(?:_?\d)*(?:[eE][+-]?\d+)?|\d(?:_?\d)*(?:\.(?!\s*[a-zA-Z*"]))?(?:[eE][+-]?\d+)?)/.exec(
        rest,
      );
    if (number !== null && number[0] !== "") {
      const after = source[at + number[0].length] ?? "";
      if (/[\p{L}_$]/u.test(after))
        throw new PgError(
          "42601",
          `trailing junk after numeric literal at or near "${number[0]}${after}" of jsonpath input`,
        );
      tokens.push({ kind: "number", text: number[0].replaceAll("_", ""), at: start });
      at += number[0].length;
      continue;
    }
    const name =
      /^(?:[\p{L}_\u0080-\uffff]|\\u[\da-fA-F]{4})(?:[\p{L}\p{N}_$\u0080-\uffff]|\\u[\da-fA-F]{4})*/u.exec(
        rest,
      );
    if (name !== null) {
      const text = name[0].replace(/\\u([\da-fA-F]{4})/g, (_all, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      );
      tokens.push({ kind: "name", text, at: start });
      at += name[0].length;
      continue;
    }
    const match = symbol.exec(rest);
    if (match === null) throw fault(rest[0]!, at, false);
    tokens.push({ kind: "symbol", text: match[0], at: start });
    at += match[0].length;
  }
  tokens.push({ kind: "end", text: "", at });
  return tokens;
}

function quoted(source: string, start: number): { text: string; end: number } {
  let text = "";
  for (let at = start; at < source.length; at++) {
    const char = source[at]!;
    if (char === '"') return { text, end: at + 1 };
    if (char !== "\\") {
      text += char;
      continue;
    }
    const next = source[++at] ?? "";
    const unicode = /^u(?:\{([\da-fA-F]{1,6})\}|([\da-fA-F]{4}))/.exec(source.slice(at));
    const hex = /^x([\da-fA-F]{2})/.exec(source.slice(at));
    if (unicode !== null) {
      text +=
        unicode[1] === undefined
          ? String.fromCharCode(Number.parseInt(unicode[2]!, 16))
          : String.fromCodePoint(Number.parseInt(unicode[1], 16));
      at += unicode[0].length - 1;
    } else if (hex !== null) {
      text += String.fromCharCode(Number.parseInt(hex[1]!, 16));
      at += 2;
    } else text += escapes[next] ?? next;
  }
  throw new PgError("42601", "unterminated quoted string at end of jsonpath input");
}

const comparisons: ReadonlySet<string> = new Set(["==", "=", "!=", "<>", "<", "<=", ">", ">="]);
const methods: ReadonlySet<string> = new Set([
  "type",
  "size",
  "abs",
  "floor",
  "ceiling",
  "double",
  "keyvalue",
  "bigint",
  "boolean",
  "integer",
  "number",
  "string",
  "decimal",
  "datetime",
  "date",
  "time",
  "time_tz",
  "timestamp",
  "timestamp_tz",
]);

const predicates: ReadonlySet<PathNode["kind"]> = new Set([
  "and",
  "or",
  "not",
  "isUnknown",
  "exists",
  "compare",
  "startsWith",
  "likeRegex",
]);

export function isPredicate(node: PathNode): boolean {
  return predicates.has(node.kind);
}

class PathParser {
  readonly #tokens: readonly Token[];
  readonly #source: string;
  #at = 0;
  /** How many filters are around: `@` and `last` have a meaning only in some. */
  #filters = 0;
  #subscripts = 0;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = tokensOf(source);
  }

  parse(): JsonPath {
    let lax = true;
    if (this.#isName("strict")) {
      lax = false;
      this.#at++;
    } else if (this.#isName("lax")) this.#at++;
    const root = this.#or();
    if (this.#token.kind !== "end") throw this.#fault();
    return { lax, root };
  }

  get #token(): Token {
    return this.#tokens[this.#at]!;
  }

  #is(text: string): boolean {
    return this.#token.kind === "symbol" && this.#token.text === text;
  }

  #isName(text: string): boolean {
    return this.#token.kind === "name" && this.#token.text.toLowerCase() === text;
  }

  #take(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw this.#fault();
  }

  #fault(): PgError {
    const { kind, at } = this.#token;
    const next = this.#tokens[this.#at + 1]?.at ?? this.#source.length;
    return fault(this.#source.slice(at, next).trim() || this.#token.text, at, kind === "end");
  }

  #requirePredicate(node: PathNode): PathNode {
    if (!isPredicate(node)) throw this.#fault();
    return node;
  }

  #requireValue(node: PathNode): PathNode {
    if (isPredicate(node)) throw this.#fault();
    return node;
  }

  #or(): PathNode {
    let left = this.#and();
    while (this.#is("||")) {
      this.#requirePredicate(left);
      this.#at++;
      left = { kind: "or", left, right: this.#requirePredicate(this.#and()) };
    }
    return left;
  }

  #and(): PathNode {
    let left = this.#not();
    while (this.#is("&&")) {
      this.#requirePredicate(left);
      this.#at++;
      left = { kind: "and", left, right: this.#requirePredicate(this.#not()) };
    }
    return left;
  }

  #not(): PathNode {
    if (!this.#take("!")) return this.#comparison();
    return { kind: "not", operand: this.#delimitedPredicate() };
  }

  /** A predicate in parentheses, or exists(...). */
  #delimitedPredicate(): PathNode {
    if (this.#isName("exists")) return this.#exists();
    this.#expect("(");
    const inner = this.#requirePredicate(this.#or());
    this.#expect(")");
    return inner;
  }

  #exists(): PathNode {
    this.#at++;
    this.#expect("(");
    const operand = this.#requireValue(this.#additive());
    this.#expect(")");
    return { kind: "exists", operand };
  }

  #comparison(): PathNode {
    const left = this.#additive();
    const { kind, text } = this.#token;
    if (kind === "symbol" && comparisons.has(text)) {
      this.#requireValue(left);
      this.#at++;
      const operator = (text === "=" ? "==" : text === "<>" ? "!=" : text) as Comparison;
      return { kind: "compare", operator, left, right: this.#requireValue(this.#additive()) };
    }
    if (this.#isName("starts")) {
      this.#at++;
      if (!this.#isName("with")) throw this.#fault();
      this.#at++;
      const { kind: what, text: given } = this.#token;
      if (what !== "string" && what !== "variable") throw this.#fault();
      this.#at++;
      const right: PathNode =
        what === "string" ? { kind: "literal", value: given } : { kind: "variable", name: given };
      return { kind: "startsWith", left: this.#requireValue(left), right };
    }
    if (this.#isName("like_regex")) return this.#likeRegex(left);
    if (this.#isName("is") && isPredicate(left)) {
      this.#at++;
      if (!this.#isName("unknown")) throw this.#fault();
      this.#at++;
      return { kind: "isUnknown", operand: left };
    }
    return left;
  }

  #likeRegex(operand: PathNode): PathNode {
    this.#requireValue(operand);
    this.#at++;
    if (this.#token.kind !== "string") throw this.#fault();
    const pattern = this.#token.text;
    this.#at++;
    let flags = "";
    if (this.#isName("flag")) {
      this.#at++;
      if (this.#token.kind !== "string") throw this.#fault();
      flags = this.#token.text;
      const wrong = /[^ismxq]/.exec(flags);
      if (wrong !== null)
        throw new PgError("42601", `invalid input syntax for type jsonpath`, {
          detail: `Unrecognized flag character "${wrong[0]}" in LIKE_REGEX predicate.`,
        });
      this.#at++;
    }
    if (flags.includes("x") && !flags.includes("q"))
      throw new PgError("0A000", 'XQuery "x" flag (expanded regular expressions) is not implemented');
    return { kind: "likeRegex", operand, pattern, flags };
  }

  #additive(): PathNode {
    let left = this.#multiplicative();
    while (this.#is("+") || this.#is("-")) {
      const operator = this.#token.text as Arithmetic;
      this.#requireValue(left);
      this.#at++;
      left = { kind: "binary", operator, left, right: this.#requireValue(this.#multiplicative()) };
    }
    return left;
  }

  #multiplicative(): PathNode {
    let left = this.#unary();
    while (this.#is("*") || this.#is("/") || this.#is("%")) {
      const operator = this.#token.text as Arithmetic;
      this.#requireValue(left);
      this.#at++;
      left = { kind: "binary", operator, left, right: this.#requireValue(this.#unary()) };
    }
    return left;
  }

  #unary(): PathNode {
    if (!this.#is("+") && !this.#is("-")) return this.#accessors(this.#primary());
    const operator = this.#token.text as "+" | "-";
    this.#at++;
    return { kind: "unary", operator, operand: this.#requireValue(this.#unary()) };
  }

  #primary(): PathNode {
    const token = this.#token;
    if (token.kind === "variable") {
      this.#at++;
      return { kind: "variable", name: token.text };
    }
    if (token.kind === "string") {
      this.#at++;
      return { kind: "literal", value: token.text };
    }
    if (token.kind === "number") {
      this.#at++;
      return { kind: "literal", value: numberOf(token.text) };
    }
    if (this.#take("$")) return { kind: "root" };
    if (this.#is("@")) {
      if (this.#filters === 0) throw new PgError("42601", "@ is not allowed in root expressions");
      this.#at++;
      return { kind: "current" };
    }
    if (this.#take("(")) {
      const inner = this.#or();
      this.#expect(")");
      return inner;
    }
    if (token.kind === "name") {
      const word = token.text.toLowerCase();
      if (token.text === "null" || token.text === "true" || token.text === "false") {
        this.#at++;
        return { kind: "literal", value: token.text === "null" ? null : token.text === "true" };
      }
      if (word === "last") {
        if (this.#subscripts === 0) throw new PgError("42601", "LAST is allowed only in array subscripts");
        this.#at++;
        return { kind: "last" };
      }
      if (word === "exists") return this.#exists();
    }
    throw this.#fault();
  }

  #accessors(start: PathNode): PathNode {
    let node = start;
    while (true) {
      if (this.#take(".")) node = this.#member(node);
      else if (this.#take("[")) node = this.#elements(node);
      else if (this.#is("?")) {
        this.#at++;
        this.#expect("(");
        this.#filters++;
        const predicate = this.#requirePredicate(this.#or());
        this.#filters--;
        this.#expect(")");
        node = { kind: "filter", of: node, predicate };
      } else return node;
    }
  }

  #member(of: PathNode): PathNode {
    if (this.#take("*")) return { kind: "anyMember", of };
    if (this.#take("**")) return this.#recursive(of);
    const { kind, text } = this.#token;
    if (kind !== "name" && kind !== "string" && kind !== "variable") throw this.#fault();
    this.#at++;
    if (kind === "name" && this.#is("(") && methods.has(text.toLowerCase()))
      return this.#method(of, text.toLowerCase());
    if (kind === "name" && this.#is("(")) throw this.#fault();
    return { kind: "member", of, name: kind === "variable" ? `$${text}` : text };
  }

  #method(of: PathNode, name: string): PathNode {
    this.#expect("(");
    const args: PathNode[] = [];
    while (!this.#is(")")) {
      args.push(this.#additive());
      if (!this.#take(",")) break;
    }
    this.#expect(")");
    return { kind: "method", of, name, args };
  }

  #recursive(of: PathNode): PathNode {
    if (!this.#take("{")) return { kind: "recursive", of, from: 0, to: lastLevel };
    const level = (): number => {
      if (this.#isName("last")) {
        this.#at++;
        return lastLevel;
      }
      if (this.#token.kind !== "number") throw this.#fault();
      const value = Number(this.#token.text);
      this.#at++;
      return value;
    };
    const from = level();
    let to = from;
    if (this.#isName("to")) {
      this.#at++;
      to = level();
    }
    this.#expect("}");
    return { kind: "recursive", of, from, to };
  }

  #elements(of: PathNode): PathNode {
    if (this.#is("*")) {
      this.#at++;
      this.#expect("]");
      return { kind: "anyElement", of };
    }
    const ranges: ElementRange[] = [];
    this.#subscripts++;
    do {
      const from = this.#requireValue(this.#additive());
      let to: PathNode | undefined;
      if (this.#isName("to")) {
        this.#at++;
        to = this.#requireValue(this.#additive());
      }
      ranges.push({ from, to });
    } while (this.#take(","));
    this.#subscripts--;
    this.#expect("]");
    return { kind: "elements", of, ranges };
  }
}

function numberOf(text: string): Numeric {
  if (/^0[xXoObB]/.test(text)) return Numeric.fromInteger(BigInt(text));
  return Numeric.parse(text.endsWith(".") ? text.slice(0, -1) : text.startsWith(".") ? `0${text}` : text);
}

const parsed = new Map<string, JsonPath>();
const parsedMax = 1000;

/** A path, read once for its text. @throws PgError 42601 */
export function parseJsonPath(source: string): JsonPath {
  let path = parsed.get(source);
  if (path === undefined) {
    if (source.trim() === "")
      throw new PgError("22P02", `invalid input syntax for type jsonpath: "${source}"`);
    path = new PathParser(source).parse();
    if (parsed.size >= parsedMax) parsed.delete(parsed.keys().next().value!);
    parsed.set(source, path);
  }
  return path;
}

const priorities: Readonly<Partial<Record<PathNode["kind"], number>>> = {
  or: 0,
  and: 1,
  compare: 2,
  startsWith: 2,
};

function priorityOf(node: PathNode): number {
  if (node.kind === "binary") return node.operator === "+" || node.operator === "-" ? 3 : 4;
  if (node.kind === "unary") return 5;
  return priorities[node.kind] ?? 6;
}

/** A path as jsonpath's output writes it. */
export function formatJsonPath({ lax, root }: JsonPath): string {
  return `${lax ? "" : "strict "}${format(root, true)}`;
}

function format(node: PathNode, isTop = false): string {
  const bracketed = (text: string) => (isTop ? `(${text})` : text);
  const side = (inner: PathNode) => {
    const text = format(inner);
    return priorityOf(inner) <= priorityOf(node) ? `(${text})` : text;
  };
  switch (node.kind) {
    case "root":
      return "$";
    case "current":
      return "@";
    case "last":
      return "last";
    case "variable":
      return `$${quoteJson(node.name)}`;
    case "literal":
      return typeof node.value === "string" ? quoteJson(node.value) : String(node.value);
    case "member":
      return `${prefix(node.of)}.${quoteJson(node.name)}`;
    case "anyMember":
      return `${prefix(node.of)}.*`;
    case "anyElement":
      return `${prefix(node.of)}[*]`;
    case "recursive": {
      const level = (value: number) => (value === lastLevel ? "last" : String(value));
      const levels =
        node.from === 0 && node.to === lastLevel
          ? ""
          : node.from === node.to
            ? `{${level(node.from)}}`
            : `{${level(node.from)} to ${level(node.to)}}`;
      return `${prefix(node.of)}.**${levels}`;
    }
    case "elements":
      return `${prefix(node.of)}[${node.ranges
        .map(({ from, to }) => `${format(from)}${to === undefined ? "" : ` to ${format(to)}`}`)
        .join(",")}]`;
    case "filter":
      return `${prefix(node.of)}?(${format(node.predicate)})`;
    case "method":
      return `${prefix(node.of)}.${node.name}(${node.args.map((arg) => format(arg)).join(",")})`;
    case "binary":
      return bracketed(`${side(node.left)} ${node.operator} ${side(node.right)}`);
    case "unary":
      return bracketed(`${node.operator}${side(node.operand)}`);
    case "and":
      return bracketed(`${side(node.left)} && ${side(node.right)}`);
    case "or":
      return bracketed(`${side(node.left)} || ${side(node.right)}`);
    case "compare":
      return bracketed(`${side(node.left)} ${node.operator} ${side(node.right)}`);
    case "startsWith":
      return bracketed(`${side(node.left)} starts with ${side(node.right)}`);
    case "not":
      return `!(${format(node.operand)})`;
    case "isUnknown":
      return `(${format(node.operand)}) is unknown`;
    case "exists":
      return `exists (${format(node.operand)})`;
    default:
      return bracketed(
        `${format(node.operand)} like_regex ${quoteJson(node.pattern)}${node.flags === "" ? "" : ` flag ${quoteJson(node.flags)}`}`,
      );
  }
}

/** What stands before an accessor. */
function prefix(node: PathNode): string {
  const text = format(node);
  return priorityOf(node) < 6 || isPredicate(node) || node.kind === "literal" ? `(${text})` : text;
}

/** The type jsonpath: kept as its canonical text. */
export const jsonPathOps: TypeOps = {
  ...textOps,
  input: (text) => formatJsonPath(parseJsonPath(text)),
  compare: undefined,
  key: undefined,
  send: (value) => Buffer.concat([Buffer.from([1]), Buffer.from(value as string)]),
  receive: (bytes) => formatJsonPath(parseJsonPath(bytes.subarray(1).toString())),
};
