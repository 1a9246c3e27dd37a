import { syntaxError } from "../errors.ts";
import type {
  Direction,
  Expr,
  LabelExpr,
  NodePattern,
  PathPattern,
  PathSelector,
  PatternElement,
  QuantifiedPattern,
  RelPattern,
} from "./ast.ts";
import { ExpressionParser } from "./expression-parser.ts";

/** Patterns: nodes, relationships and paths. */
export abstract class PatternParser extends ExpressionParser {
  /** The patterns of a clause, separated by commas. */
  patterns(): PathPattern[] {
    const patterns = [this.pathPattern()];
    while (this.cursor.takeSymbol(",")) patterns.push(this.pathPattern());
    return patterns;
  }

  pathPattern(): PathPattern {
    const { cursor } = this;
    const { at } = cursor;
    let variable: string | undefined;
    if (cursor.isName && cursor.isSymbol("=", 1)) {
      variable = cursor.name();
      cursor.symbol("=");
    }
    if (cursor.isAnyWord(["SHORTESTPATH", "ALLSHORTESTPATHS"]))
      return { ...this.shortestPathExpression(), at, variable };
    const selector = this.#selector();
    if (cursor.isSymbol("(") && cursor.isSymbol("(", 1)) {
      const whole = cursor.attempt(() => this.#parenthesizedPath());
      if (whole !== undefined) return { at, variable, selector, ...whole };
    }
    if (
      cursor.isSymbol("(") &&
      cursor.isName === false &&
      cursor.peek().kind !== "symbol" &&
      cursor.isSymbol("=", 2)
    ) {
      const whole = cursor.attempt(() => this.#parenthesizedPath());
      if (whole !== undefined) return { at, variable, selector, ...whole };
    }
    return { at, variable, selector, elements: this.#elements(), where: undefined };
  }

  /** `((a)-[r]->(b) WHERE ...)` around a whole path, without a quantifier. */
  #parenthesizedPath(): { elements: readonly PatternElement[]; where: Expr | undefined } {
    const { cursor } = this;
    cursor.symbol("(");
    if (cursor.isName && cursor.isSymbol("=", 1)) throw cursor.unexpected("a pattern");
    const elements = this.#elements();
    const where = cursor.takeWord("WHERE") ? this.expression() : undefined;
    cursor.symbol(")");
    if (
      cursor.isSymbol("{") ||
      cursor.isSymbol("+") ||
      cursor.isSymbol("*") ||
      cursor.isSymbol("-") ||
      cursor.isSymbol("<") ||
      cursor.isSymbol("(")
    )
      throw cursor.unexpected("the end of a path");
    return { elements, where };
  }

  #selector(): PathSelector | undefined {
    const { cursor } = this;
    const count = (): number => {
      if (cursor.token.kind !== "integer") return 1;
      const { at, text } = cursor.next();
      if (Number(text) === 0) throw syntaxError("The path count needs to be greater than 0.", at);
      return Number(text);
    };
    const paths = () => void (cursor.takeWord("PATHS") || cursor.takeWord("PATH"));
    if (cursor.takeWord("ALL", "SHORTEST")) {
      paths();
      return { kind: "shortest", count: 1, isGroups: true };
    }
    if (cursor.takeWord("ANY", "SHORTEST")) {
      paths();
      return { kind: "shortest", count: 1, isGroups: false };
    }
    if (cursor.takeWord("SHORTEST")) {
      const wanted = count();
      paths();
      const isGroups = cursor.takeWord("GROUPS") || cursor.takeWord("GROUP");
      return { kind: "shortest", count: wanted, isGroups };
    }
    if (cursor.takeWord("ANY")) {
      const wanted = count();
      paths();
      return { kind: "any", count: wanted };
    }
    if (cursor.takeWord("ALL")) paths();
    return undefined;
  }

  protected shortestPathExpression(): PathPattern {
    const { cursor } = this;
    const { at } = cursor;
    const kind = cursor.takeWord("SHORTESTPATH") ? "shortestPath" : "allShortestPaths";
    if (kind === "allShortestPaths") cursor.word("ALLSHORTESTPATHS");
    cursor.symbol("(");
    const elements = this.#elements();
    cursor.symbol(")");
    return { at, variable: undefined, selector: { kind }, elements, where: undefined };
  }

  /** A pattern with one relationship at the least, as an expression or in a comprehension. */
  protected pathPatternExpression(): PathPattern {
    const { at } = this.cursor;
    const elements = this.#elements();
    if (elements.length < 2) throw this.cursor.unexpected("a relationship");
    return { at, variable: undefined, selector: undefined, elements, where: undefined };
  }

  #elements(): PatternElement[] {
    const { cursor } = this;
    const elements: PatternElement[] = [];
    const unit = () => {
      const quantified =
        cursor.isSymbol("(") && (cursor.isSymbol("(", 1) || cursor.isSymbol("=", 2))
          ? cursor.attempt(() => this.#quantified())
          : undefined;
      elements.push(quantified ?? this.nodePattern());
    };
    unit();
    for (;;) {
      if (cursor.isSymbol("-") || cursor.isSymbol("<")) {
        if (!this.#isRelationshipAhead()) break;
        const relationship = this.#relationship();
        const quantifier = this.#quantifier();
        if (quantifier === undefined) {
          elements.push(relationship);
          elements.push(this.nodePattern());
          continue;
        }
        if (relationship.length !== undefined) throw cursor.unexpected("a node");
        const { at } = relationship;
        const blank: NodePattern = {
          kind: "node",
          at,
          variable: undefined,
          labels: undefined,
          properties: undefined,
          where: undefined,
        };
        elements.push({
          kind: "quantified",
          at,
          elements: [blank, relationship, blank],
          where: undefined,
          ...quantifier,
        });
        elements.push(this.nodePattern());
      } else if (cursor.isSymbol("(") && (elements.at(-1)!.kind === "quantified" || cursor.isSymbol("(", 1)))
        unit();
      else break;
    }
    return elements;
  }

  /** Tells `(a)-->(b)` from a subtraction. */
  #isRelationshipAhead(): boolean {
    const { cursor } = this;
    const start = cursor.isSymbol("<") ? 1 : 0;
    if (!cursor.isSymbol("-", start)) return false;
    return cursor.isSymbol("-", start + 1) || cursor.isSymbol("[", start + 1);
  }

  #quantified(): QuantifiedPattern {
    const { cursor } = this;
    const { at } = cursor;
    cursor.symbol("(");
    if (cursor.isName && cursor.isSymbol("=", 1)) throw cursor.unexpected("a node");
    const elements = this.#elements();
    const where = cursor.takeWord("WHERE") ? this.expression() : undefined;
    cursor.symbol(")");
    const quantifier = this.#quantifier();
    if (elements.some(({ kind }) => kind === "quantified"))
      throw syntaxError("Quantified path patterns are not allowed to be nested.", at);
    if (quantifier === undefined) throw cursor.unexpected("a quantifier");
    return {
      kind: "quantified",
      at,
      elements: elements as (NodePattern | RelPattern)[],
      where,
      ...quantifier,
    };
  }

  #quantifier(): { readonly min: number; readonly max: number | undefined } | undefined {
    const { cursor } = this;
    if (cursor.takeSymbol("+")) return { min: 1, max: undefined };
    if (cursor.takeSymbol("*")) return { min: 0, max: undefined };
    if (!cursor.isSymbol("{")) return undefined;
    cursor.next();
    const bound = (): number | undefined =>
      cursor.token.kind === "integer" ? Number(cursor.next().text) : undefined;
    const min = bound();
    if (cursor.takeSymbol(",")) {
      const max = bound();
      cursor.symbol("}");
      if (max !== undefined && (max < (min ?? 0) || max === 0))
        throw syntaxError(
          "A quantifier for a path pattern must not be limited by 0, and its upper bound not be below its lower one",
          cursor.at,
        );
      return { min: min ?? 0, max };
    }
    cursor.symbol("}");
    if (min === undefined || min === 0) throw cursor.unexpected("a quantifier");
    return { min, max: min };
  }

  nodePattern(): NodePattern {
    const { cursor } = this;
    const { at } = cursor;
    cursor.symbol("(");
    const variable =
      cursor.isName &&
      !(cursor.isWord("WHERE") && !cursor.isSymbol(")", 1) && !cursor.isSymbol(":", 1)) &&
      !cursor.isWord("IS")
        ? cursor.name()
        : undefined;
    const labels = cursor.takeSymbol(":") || cursor.takeWord("IS") ? this.labelExpression() : undefined;
    const properties = this.#properties();
    const where = cursor.takeWord("WHERE") ? this.expression() : undefined;
    cursor.symbol(")");
    return { kind: "node", at, variable, labels, properties, where };
  }

  #properties(): Expr | undefined {
    if (this.cursor.isSymbol("{")) return this.map();
    return this.cursor.isSymbol("$") ? this.parameter() : undefined;
  }

  #relationship(): RelPattern {
    const { cursor } = this;
    const { at } = cursor;
    const isLeft = cursor.takeSymbol("<");
    cursor.symbol("-");
    let variable: string | undefined;
    let types: LabelExpr | undefined;
    let length: RelPattern["length"];
    let properties: Expr | undefined;
    let where: Expr | undefined;
    if (cursor.takeSymbol("[")) {
      if (
        cursor.isName &&
        !(cursor.isWord("WHERE") && !cursor.isSymbol("]", 1) && !cursor.isSymbol(":", 1)) &&
        !cursor.isWord("IS")
      )
        variable = cursor.name();
      if (cursor.takeSymbol(":") || cursor.takeWord("IS")) types = this.labelExpression();
      if (cursor.takeSymbol("*")) length = this.#length();
      properties = this.#properties();
      if (cursor.takeWord("WHERE")) where = this.expression();
      cursor.symbol("]");
    }
    cursor.symbol("-");
    const isRight = cursor.takeSymbol(">");
    const direction: Direction = isLeft === isRight ? "both" : isLeft ? "in" : "out";
    return { kind: "relationship", at, variable, types, direction, length, properties, where };
  }

  #length(): NonNullable<RelPattern["length"]> {
    const { cursor } = this;
    const bound = (): number | undefined => {
      if (cursor.token.kind !== "integer") return undefined;
      return Number(cursor.next().text);
    };
    if (cursor.token.kind === "symbol" && cursor.isSymbol("-")) throw cursor.unexpected("a length");
    const min = bound();
    if (!cursor.takeSymbol("..")) {
      if (cursor.token.kind === "float") throw cursor.unexpected("'..' between two lengths");
      return { min, max: min };
    }
    return { min: min ?? 1, max: bound() };
  }

  protected labelExpression(): LabelExpr {
    const { cursor } = this;
    const start = cursor.position;
    const labels = this.#labelOr();
    this.#requireOneWayOfWriting(start, cursor.position);
    return labels;
  }

  /** Labels are either separated by colons, or an expression. */
  #requireOneWayOfWriting(start: number, end: number): void {
    const tokens = this.cursor.tokensBetween(start, end);
    const symbols = tokens.filter(({ kind }) => kind === "symbol");
    const colon = symbols.find(
      (token) => token.text === ":" && tokens[tokens.indexOf(token) - 1]?.text !== "|",
    );
    if (colon === undefined || !symbols.some(({ text }) => "|&!%".includes(text))) return;
    throw syntaxError(
      "Mixing label expression symbols ('|', '&', '!', and '%') with colon (':') between labels is not allowed. Please only use one set of symbols.",
      colon.at,
    );
  }

  #labelOr(): LabelExpr {
    let left = this.#labelAnd();
    while (this.cursor.isSymbol("|") && !this.#isProjectionAhead()) {
      this.cursor.next();
      // `:A|:B` is how types were written before.
      this.cursor.takeSymbol(":");
      left = { kind: "or", left, right: this.#labelAnd() };
    }
    return left;
  }

  /** Tells `[n IN list WHERE n:A | n.name]` from a choice of labels. */
  #isProjectionAhead(): boolean {
    return (
      [".", "(", "["].some((symbol) => this.cursor.isSymbol(symbol, 2)) && this.cursor.peek().kind === "name"
    );
  }

  #labelAnd(): LabelExpr {
    let left = this.#labelNot();
    for (;;) {
      if (this.cursor.takeSymbol("&")) left = { kind: "and", left, right: this.#labelNot() };
      else if (this.cursor.isSymbol(":") && this.cursor.peek().kind !== "symbol") {
        this.cursor.next();
        left = { kind: "and", left, right: this.#labelNot() };
      } else return left;
    }
  }

  #labelNot(): LabelExpr {
    const { cursor } = this;
    if (cursor.takeSymbol("!")) return { kind: "not", operand: cursor.nested(() => this.#labelNot()) };
    if (cursor.takeSymbol("%")) return { kind: "any" };
    if (cursor.takeSymbol("(")) {
      const inner = cursor.nested(() => this.#labelOr());
      cursor.symbol(")");
      return inner;
    }
    const { at } = cursor;
    if (cursor.takeSymbol("$")) {
      const isAny = cursor.takeWord("ANY");
      if (!isAny) cursor.takeWord("ALL");
      cursor.symbol("(");
      const expression = this.expression();
      cursor.symbol(")");
      return { kind: "dynamic", at, expression, isAny };
    }
    return { kind: "name", at, name: cursor.name("a label or type") };
  }
}
