import { syntaxError } from "../errors.ts";
import { int64Max } from "../values/types.ts";
import type {
  BinaryOperator,
  Expr,
  LabelExpr,
  MapLiteral,
  MapProjectionItem,
  PathPattern,
  Query,
} from "./ast.ts";
import { Cursor } from "./cursor.ts";
import { TypeParser } from "./type-parser.ts";

const comparisons: readonly BinaryOperator[] = ["=", "<>", "<", "<=", ">", ">="];
const quantifiers = ["ALL", "ANY", "NONE", "SINGLE"];

/** Expressions, by precedence climbing: each method knows one level and calls the next one. */
export abstract class ExpressionParser {
  readonly cursor: Cursor;

  constructor(text: string) {
    this.cursor = new Cursor(text);
  }

  /** A relationship pattern where an expression may stand: `(a)-->(b)`. */
  protected abstract pathPatternExpression(): PathPattern;
  protected abstract shortestPathExpression(): PathPattern;
  protected abstract isQueryAhead(): boolean;
  protected abstract subqueryBody(): Query;
  protected abstract labelExpression(): LabelExpr;

  expression(): Expr {
    return this.cursor.nested(() => this.#or());
  }

  #binary(at: number, operator: BinaryOperator, left: Expr, right: Expr): Expr {
    return { kind: "binary", at, operator, left, right };
  }

  #or(): Expr {
    let left = this.#xor();
    for (let { at } = this.cursor; this.cursor.takeWord("OR"); { at } = this.cursor)
      left = this.#binary(at, "OR", left, this.#xor());
    return left;
  }

  #xor(): Expr {
    let left = this.#and();
    for (let { at } = this.cursor; this.cursor.takeWord("XOR"); { at } = this.cursor)
      left = this.#binary(at, "XOR", left, this.#and());
    return left;
  }

  #and(): Expr {
    let left = this.#not();
    for (let { at } = this.cursor; this.cursor.takeWord("AND"); { at } = this.cursor)
      left = this.#binary(at, "AND", left, this.#not());
    return left;
  }

  #not(): Expr {
    const { at } = this.cursor;
    if (this.cursor.isWord("NOT")) {
      this.cursor.next();
      return { kind: "unary", at, operator: "NOT", operand: this.cursor.nested(() => this.#not()) };
    }
    return this.#comparison();
  }

  /** `a < b < c` is `a < b AND b < c`. */
  #comparison(): Expr {
    let left = this.#predicate();
    let chain: Expr | undefined;
    for (;;) {
      const { at, token } = this.cursor;
      const operator =
        token.kind === "symbol" ? comparisons.find((symbol) => symbol === token.text) : undefined;
      if (operator === undefined) return chain ?? left;
      this.cursor.next();
      const right = this.#predicate();
      const link = this.#binary(at, operator, left, right);
      chain = chain === undefined ? link : this.#binary(at, "AND", chain, link);
      left = right;
    }
  }

  /** The operators on strings and lists, and IS. */
  #predicate(): Expr {
    let left = this.#additive();
    const { cursor } = this;
    for (;;) {
      const { at } = cursor;
      if (cursor.takeSymbol("=~")) left = this.#binary(at, "=~", left, this.#additive());
      else if (cursor.takeWord("STARTS", "WITH"))
        left = this.#binary(at, "STARTS WITH", left, this.#additive());
      else if (cursor.takeWord("ENDS", "WITH")) left = this.#binary(at, "ENDS WITH", left, this.#additive());
      else if (cursor.takeWord("CONTAINS")) left = this.#binary(at, "CONTAINS", left, this.#additive());
      else if (cursor.takeWord("IN")) left = this.#binary(at, "IN", left, this.#additive());
      else if (cursor.isWord("IS")) left = this.#is(left);
      else if (cursor.isSymbol("::")) {
        cursor.next();
        left = { kind: "isType", at, operand: left, type: this.#type(), isNegated: false };
      } else return left;
    }
  }

  #is(operand: Expr): Expr {
    const { cursor } = this;
    const { at } = cursor.next();
    const isNegated = cursor.takeWord("NOT");
    if (cursor.takeWord("NULL")) return { kind: "isNull", at, operand, isNegated };
    const form = ["NFC", "NFD", "NFKC", "NFKD"].find((name) => cursor.isWord(name, "NORMALIZED"));
    if (form !== undefined || cursor.isWord("NORMALIZED")) {
      if (form !== undefined) cursor.next();
      cursor.next();
      return { kind: "isNormalized", at, operand, form: form ?? "NFC", isNegated };
    }
    if (cursor.takeSymbol("::") || cursor.takeWord("TYPED"))
      return { kind: "isType", at, operand, type: this.#type(), isNegated };
    // `n IS Label` is another way to write `n:Label`.
    const labels = this.labelExpression();
    const has: Expr = { kind: "hasLabels", at, operand, labels };
    return isNegated ? { kind: "unary", at, operator: "NOT", operand: has } : has;
  }

  #type(): ReturnType<TypeParser["type"]> {
    return new TypeParser(this.cursor).type();
  }

  #additive(): Expr {
    let left = this.#multiplicative();
    for (;;) {
      const { at, token } = this.cursor;
      if (token.kind !== "symbol" || !["+", "-", "||"].includes(token.text)) return left;
      this.cursor.next();
      left = this.#binary(at, token.text as BinaryOperator, left, this.#multiplicative());
    }
  }

  #multiplicative(): Expr {
    let left = this.#power();
    for (;;) {
      const { at, token } = this.cursor;
      if (token.kind !== "symbol" || !["*", "/", "%"].includes(token.text)) return left;
      this.cursor.next();
      left = this.#binary(at, token.text as BinaryOperator, left, this.#power());
    }
  }

  #power(): Expr {
    let left = this.#unary();
    for (let { at } = this.cursor; this.cursor.takeSymbol("^"); { at } = this.cursor)
      left = this.#binary(at, "^", left, this.#unary());
    return left;
  }

  #unary(): Expr {
    const { cursor } = this;
    const { at } = cursor;
    if (cursor.isSymbol("-")) {
      const next = cursor.peek();
      if (next.kind === "integer") {
        cursor.next();
        const operand = this.#postfix(this.#integer(next.text, next.at, true));
        return operand;
      }
      cursor.next();
      return { kind: "unary", at, operator: "-", operand: cursor.nested(() => this.#unary()) };
    }
    if (cursor.takeSymbol("+"))
      return { kind: "unary", at, operator: "+", operand: cursor.nested(() => this.#unary()) };
    return this.#postfix(this.#atom());
  }

  #integer(digits: string, at: number, isNegative: boolean): Expr {
    this.cursor.next();
    const octal = /^0[0-7]+$/.exec(digits);
    let value = BigInt(octal !== null ? `0o${digits.slice(1)}` : digits.toLowerCase());
    if (isNegative) value = -value;
    if (value > int64Max || value < -int64Max - 1n) throw syntaxError("integer is too large", at, "22003");
    return { kind: "literal", at, value };
  }

  #postfix(start: Expr): Expr {
    let object = start;
    const { cursor } = this;
    for (;;) {
      const { at } = cursor;
      if (cursor.takeSymbol("."))
        object = { kind: "property", at, object, key: cursor.name("a property name") };
      else if (cursor.takeSymbol("[")) object = this.#subscript(object, at);
      else if (cursor.isSymbol(":") && this.#isLabelAhead()) {
        cursor.next();
        object = { kind: "hasLabels", at, operand: object, labels: this.labelExpression() };
      } else return object;
    }
  }

  #isLabelAhead(): boolean {
    const { kind, text } = this.cursor.peek();
    return kind === "name" || kind === "quotedName" || (kind === "symbol" && "!%($".includes(text));
  }

  #subscript(object: Expr, at: number): Expr {
    const { cursor } = this;
    const isSlice = (): boolean => cursor.takeSymbol("..");
    if (isSlice()) {
      const to = cursor.isSymbol("]") ? undefined : this.expression();
      cursor.symbol("]");
      return { kind: "slice", at, object, from: undefined, to };
    }
    const first = this.expression();
    if (isSlice()) {
      const to = cursor.isSymbol("]") ? undefined : this.expression();
      cursor.symbol("]");
      return { kind: "slice", at, object, from: first, to };
    }
    cursor.symbol("]");
    return { kind: "index", at, object, index: first };
  }

  #atom(): Expr {
    const { cursor } = this;
    const { token, at } = cursor;
    switch (token.kind) {
      case "integer":
        return this.#integer(token.text, at, false);
      case "float": {
        cursor.next();
        const value = Number(token.text);
        if (!Number.isFinite(value)) throw syntaxError("floating point number is too large", at, "22003");
        return { kind: "literal", at, value };
      }
      case "string":
        cursor.next();
        return { kind: "literal", at, value: token.text };
      case "symbol":
        return this.#symbolAtom();
      case "name":
        return this.#nameAtom();
      case "quotedName":
        return this.#named();
      case "end":
        throw cursor.unexpected("an expression");
    }
  }

  #symbolAtom(): Expr {
    const { cursor } = this;
    const { at } = cursor;
    if (cursor.isSymbol("(")) return this.#parenthesized();
    if (cursor.isSymbol("[")) return this.#list();
    if (cursor.isSymbol("{")) return this.map();
    if (cursor.isSymbol("$")) return this.parameter();
    void at;
    throw cursor.unexpected("an expression");
  }

  parameter(): Expr & { kind: "parameter" } {
    const { at } = this.cursor;
    this.cursor.symbol("$");
    const { token } = this.cursor;
    if (token.kind !== "integer")
      return { kind: "parameter", at, name: this.cursor.name("a parameter's name") };
    this.cursor.next();
    return { kind: "parameter", at, name: token.text };
  }

  #parenthesized(): Expr {
    const { cursor } = this;
    const { at } = cursor;
    const pattern = cursor.attempt(() => this.pathPatternExpression());
    if (pattern !== undefined) return { kind: "pattern", at, pattern };
    cursor.symbol("(");
    const inner = this.expression();
    cursor.symbol(")");
    return inner;
  }

  map(): MapLiteral {
    const { cursor } = this;
    const { at } = cursor;
    cursor.symbol("{");
    const entries: { key: string; value: Expr }[] = [];
    if (!cursor.isSymbol("}")) {
      do {
        const key = cursor.name("a key");
        cursor.symbol(":");
        entries.push({ key, value: this.expression() });
      } while (cursor.takeSymbol(","));
    }
    cursor.symbol("}");
    return { kind: "map", at, entries };
  }

  /** A list, a list comprehension or a pattern comprehension. */
  #list(): Expr {
    const { cursor } = this;
    const { at } = cursor;
    cursor.symbol("[");
    if (cursor.takeSymbol("]")) return { kind: "list", at, items: [] };
    if (cursor.isName && cursor.peek().kind === "name" && cursor.peek().text.toUpperCase() === "IN") {
      const comprehension = cursor.attempt(() => this.#listComprehension(at));
      if (comprehension !== undefined) return comprehension;
    }
    const comprehension = cursor.attempt(() => this.#patternComprehension(at));
    if (comprehension !== undefined) return comprehension;
    const items: Expr[] = [];
    do items.push(this.expression());
    while (cursor.takeSymbol(","));
    cursor.symbol("]");
    return { kind: "list", at, items };
  }

  #listComprehension(at: number): Expr {
    const { cursor } = this;
    const variable = cursor.name();
    cursor.word("IN");
    const list = this.expression();
    const where = cursor.takeWord("WHERE") ? this.expression() : undefined;
    const projection = cursor.takeSymbol("|") ? this.expression() : undefined;
    cursor.symbol("]");
    return { kind: "listComprehension", at, variable, list, where, projection };
  }

  #patternComprehension(at: number): Expr {
    const { cursor } = this;
    let variable: string | undefined;
    if (cursor.isName && cursor.isSymbol("=", 1)) {
      variable = cursor.name();
      cursor.symbol("=");
    }
    const pattern = { ...this.pathPatternExpression(), variable };
    const where = cursor.takeWord("WHERE") ? this.expression() : undefined;
    cursor.symbol("|");
    const projection = this.expression();
    cursor.symbol("]");
    return { kind: "patternComprehension", at, pattern, where, projection };
  }

  #nameAtom(): Expr {
    const { cursor } = this;
    const { at, token } = cursor;
    const word = token.text.toUpperCase();
    const opens = cursor.isSymbol("(", 1);
    const literal = !opens && !cursor.isSymbol(".", 1) ? literalWords[word] : undefined;
    if (literal !== undefined || (literalWords[word] === null && !opens && !cursor.isSymbol(".", 1))) {
      cursor.next();
      return { kind: "literal", at, value: literal ?? null };
    }
    if (word in floatWords && !opens && !cursor.isSymbol(".", 1)) {
      cursor.next();
      return { kind: "literal", at, value: floatWords[word]! };
    }
    if (word === "CASE" && !cursor.isSymbol(".", 1)) {
      const parsed = cursor.attempt(() => this.#case());
      if (parsed !== undefined) return parsed;
      if (cursor.isWord("CASE", "WHEN")) return this.#case();
    }
    if (opens) {
      if (quantifiers.includes(word)) {
        const quantified = cursor.attempt(() => this.#quantifier());
        if (quantified !== undefined) return quantified;
      }
      if (word === "REDUCE") return this.#reduce();
      if (word === "SHORTESTPATH" || word === "ALLSHORTESTPATHS")
        return { kind: "shortestPath", at, pattern: this.shortestPathExpression() };
      if (word === "COUNT" && cursor.isSymbol("*", 2)) {
        for (let i = 0; i < 3; i++) cursor.next();
        cursor.symbol(")");
        return { kind: "countStar", at };
      }
      if (word === "EXISTS") {
        const pattern = cursor.attempt(() => this.#existsPattern());
        if (pattern !== undefined) return pattern;
      }
    }
    if (cursor.isSymbol("{", 1)) {
      if (word === "EXISTS" || word === "COUNT" || word === "COLLECT") {
        cursor.next();
        cursor.next();
        const query = this.subqueryBody();
        cursor.symbol("}");
        const form = word.toLowerCase() as "exists" | "count" | "collect";
        return { kind: "subquery", at, form, query };
      }
      return this.#mapProjection();
    }
    return this.#named();
  }

  /** `exists((a)-->(b))`, the form from before EXISTS had braces. */
  #existsPattern(): Expr {
    const { at } = this.cursor.next();
    this.cursor.symbol("(");
    const pattern = this.pathPatternExpression();
    this.cursor.symbol(")");
    return { kind: "pattern", at, pattern };
  }

  /** A variable, or a function with its namespaces. */
  #named(): Expr {
    const { cursor } = this;
    const { at, position } = cursor;
    let name = cursor.name();
    const afterName = cursor.position;
    while (cursor.isSymbol(".") && ["name", "quotedName"].includes(cursor.peek().kind)) {
      cursor.next();
      name += `.${cursor.name()}`;
    }
    if (cursor.isSymbol("(")) return this.#call(name, at);
    cursor.position = position;
    const variable = cursor.name();
    cursor.position = afterName;
    return { kind: "variable", at, name: variable };
  }

  #call(name: string, at: number): Expr {
    const { cursor } = this;
    cursor.symbol("(");
    const isDistinct = cursor.takeWord("DISTINCT");
    if (!isDistinct) cursor.takeWord("ALL");
    const args: Expr[] = [];
    if (!cursor.isSymbol(")")) {
      if (name.toLowerCase() === "trim" && args.length === 0) {
        const special = cursor.attempt(() => this.#trim(at));
        if (special !== undefined) return special;
      }
      if (name.toLowerCase() === "normalize") {
        args.push(this.expression());
        if (cursor.takeSymbol(",")) {
          const form = cursor.name();
          args.push({ kind: "literal", at, value: form.toUpperCase() });
        }
        cursor.symbol(")");
        return { kind: "call", at, name, isDistinct, args };
      }
      do args.push(this.expression());
      while (cursor.takeSymbol(","));
    }
    cursor.symbol(")");
    return { kind: "call", at, name, isDistinct, args };
  }

  /** `trim(BOTH 'x' FROM text)` */
  #trim(at: number): Expr {
    const { cursor } = this;
    const side = ["BOTH", "LEADING", "TRAILING"].find((word) => cursor.isWord(word));
    if (side !== undefined) cursor.next();
    const character = cursor.isWord("FROM") ? undefined : this.expression();
    cursor.word("FROM");
    const source = this.expression();
    cursor.symbol(")");
    const name = side === "LEADING" ? "ltrim" : side === "TRAILING" ? "rtrim" : "btrim";
    return {
      kind: "call",
      at,
      name,
      isDistinct: false,
      args: character === undefined ? [source] : [source, character],
    };
  }

  #case(): Expr {
    const { cursor } = this;
    const { at } = cursor.next();
    const subject = cursor.isWord("WHEN") ? undefined : this.expression();
    const whens: { when: Expr; then: Expr }[] = [];
    cursor.word("WHEN");
    do {
      const tests = [this.#caseTest(subject)];
      while (subject !== undefined && cursor.takeSymbol(",")) tests.push(this.#caseTest(subject));
      cursor.word("THEN");
      const then = this.expression();
      for (const when of tests) whens.push({ when, then });
    } while (cursor.takeWord("WHEN"));
    const otherwise = cursor.takeWord("ELSE") ? this.expression() : undefined;
    cursor.word("END");
    // With tests of its own in some WHEN, all of them are conditions.
    const hasTests = whens.some(({ when }) => extendedTests.has(when));
    if (subject === undefined || !hasTests) return { kind: "case", at, subject, whens, otherwise };
    const conditions = whens.map(({ when, then }) => ({
      when: extendedTests.has(when) ? when : this.#binary(at, "=", subject, when),
      then,
    }));
    return { kind: "case", at, subject: undefined, whens: conditions, otherwise };
  }

  /** `WHEN > 3`, `WHEN IS NULL` and the like compare the subject in another way than by `=`. */
  #caseTest(subject: Expr | undefined): Expr {
    const { cursor } = this;
    const { at, token } = cursor;
    if (subject === undefined) return this.expression();
    const test = (expression: Expr): Expr => {
      extendedTests.add(expression);
      return expression;
    };
    const operator =
      token.kind === "symbol"
        ? [...comparisons, "=~" as const].find((symbol) => symbol === token.text)
        : undefined;
    if (operator !== undefined) {
      cursor.next();
      return test(this.#binary(at, operator, subject, this.#additive()));
    }
    if (cursor.isWord("IS") && !cursor.isSymbol(".", 1) && !cursor.isWord("IS", "THEN"))
      return test(this.#is(subject));
    for (const [words, op] of [
      [["STARTS", "WITH"], "STARTS WITH"],
      [["ENDS", "WITH"], "ENDS WITH"],
    ] as const) {
      if (cursor.takeWord(...words)) return test(this.#binary(at, op, subject, this.#additive()));
    }
    return this.expression();
  }

  #quantifier(): Expr {
    const { cursor } = this;
    const { at, text } = cursor.next();
    cursor.symbol("(");
    const variable = cursor.name();
    cursor.word("IN");
    const list = this.expression();
    const where = cursor.takeWord("WHERE") ? this.expression() : undefined;
    cursor.symbol(")");
    const quantifier = text.toLowerCase() as "all" | "any" | "none" | "single";
    return { kind: "quantifier", at, quantifier, variable, list, where };
  }

  #reduce(): Expr {
    const { cursor } = this;
    const { at } = cursor.next();
    cursor.symbol("(");
    const accumulator = cursor.name();
    cursor.symbol("=");
    const initial = this.expression();
    cursor.symbol(",");
    const variable = cursor.name();
    cursor.word("IN");
    const list = this.expression();
    cursor.symbol("|");
    const body = this.expression();
    cursor.symbol(")");
    return { kind: "reduce", at, accumulator, initial, variable, list, body };
  }

  #mapProjection(): Expr {
    const { cursor } = this;
    const { at } = cursor;
    const variable = cursor.name();
    cursor.symbol("{");
    const items: MapProjectionItem[] = [];
    if (!cursor.isSymbol("}")) {
      do items.push(this.#mapProjectionItem());
      while (cursor.takeSymbol(","));
    }
    cursor.symbol("}");
    return { kind: "mapProjection", at, variable, items };
  }

  #mapProjectionItem(): MapProjectionItem {
    const { cursor } = this;
    if (cursor.takeSymbol(".")) {
      if (cursor.takeSymbol("*")) return { kind: "all" };
      return { kind: "property", key: cursor.name() };
    }
    const { at } = cursor;
    const name = cursor.name();
    if (cursor.takeSymbol(":")) return { kind: "entry", key: name, value: this.expression() };
    return { kind: "variable", name, at };
  }
}

const extendedTests = new WeakSet<Expr>();
const literalWords: Readonly<Record<string, boolean | null>> = { TRUE: true, FALSE: false, NULL: null };
const floatWords: Readonly<Record<string, number>> = {
  INF: Number.POSITIVE_INFINITY,
  INFINITY: Number.POSITIVE_INFINITY,
  NAN: Number.NaN,
};
