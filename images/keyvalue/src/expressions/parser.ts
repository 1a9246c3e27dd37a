import type {
  Comparator,
  Condition,
  FunctionNode,
  Operand,
  Parsed,
  PathNode,
  PathPart,
  Update,
  ValueNode,
} from "./ast.ts";
import { ExpressionError } from "./expression-error.ts";
import { isReservedWord } from "./reserved-words.ts";
import { syntaxError, type Token, tokenize } from "./tokens.ts";

/** Raw bytes of an expression. */
const expressionBytesMax = 4096;
/** Operators and functions in one expression; it bounds the depth as well. */
const operatorsMax = 300;
/** Parentheses inside of each other. */
const depthMax = 150;
const inOperandsMax = 100;
/** As deep as items can be. */
const pathPartsMax = 32;

const comparators: ReadonlySet<string> = new Set(["=", "<>", "<", "<=", ">", ">="]);
const conditionFunctions: ReadonlySet<string> = new Set([
  "attribute_exists",
  "attribute_not_exists",
  "attribute_type",
  "begins_with",
  "contains",
  "size",
]);
const updateFunctions: ReadonlySet<string> = new Set(["if_not_exists", "list_append"]);

type Faults = Partial<Record<"parentheses" | "function" | "misused" | "reserved" | "section", string>>;

/** Names, values and faults that were met so far; a parser is used once. */
class ExpressionParser {
  readonly names = new Set<string>();
  readonly values = new Set<string>();
  readonly faults: Faults = {};
  readonly #source: string;
  readonly #tokens: readonly Token[];
  readonly #functions: ReadonlySet<string>;
  /** Keywords of this kind of expression: no attribute can be named so. */
  readonly #keywords: ReadonlySet<string>;
  #at = 0;
  #operators = 0;
  #depth = 0;

  constructor(source: string, functions: ReadonlySet<string>, keywords: readonly string[]) {
    if (source === "") throw new ExpressionError("The expression can not be empty;");
    if (Buffer.byteLength(source) > expressionBytesMax) {
      throw new ExpressionError("Expression size has exceeded the maximum allowed size;");
    }
    this.#source = source;
    this.#tokens = tokenize(source);
    this.#functions = functions;
    this.#keywords = new Set(keywords);
    if (this.#peek().kind === "end") throw this.#unexpected();
  }

  condition(): Condition {
    const tree = this.#or();
    this.#requireEnd();
    this.#requireNotSize(tree);
    return tree;
  }

  projection(): readonly PathNode[] {
    const paths = [this.#path()];
    while (this.#takes(",")) paths.push(this.#path());
    this.#requireEnd();
    return paths;
  }

  update(): Update {
    const set: { path: PathNode; value: Operand }[] = [];
    const remove: PathNode[] = [];
    const add: { path: PathNode; value: ValueNode }[] = [];
    const deleted: { path: PathNode; value: ValueNode }[] = [];
    const seen = new Set<string>();
    do {
      const section = this.#peek().text.toUpperCase();
      if (this.#peek().kind !== "name" || !this.#keywords.has(section)) throw this.#unexpected();
      this.#next();
      if (seen.has(section))
        this.faults.section ??= `The "${section}" section can only be used once in an update expression;`;
      seen.add(section);
      do {
        const path = this.#path();
        if (section === "SET") {
          this.#expect("=");
          set.push({ path, value: this.#setValue() });
        } else if (section === "REMOVE") remove.push(path);
        else if (section === "ADD") add.push({ path, value: this.#value() });
        else deleted.push({ path, value: this.#value() });
      } while (this.#takes(","));
    } while (this.#peek().kind !== "end");
    return { set, remove, add, delete: deleted };
  }

  #or(): Condition {
    let left = this.#and();
    while (this.#takesWord("OR")) {
      const right = this.#and();
      this.#requireNotSize(left);
      this.#requireNotSize(right);
      left = { kind: "or", left, right };
    }
    return left;
  }

  #and(): Condition {
    let left = this.#not();
    while (this.#takesWord("AND")) {
      const right = this.#not();
      this.#requireNotSize(left);
      this.#requireNotSize(right);
      left = { kind: "and", left, right };
    }
    return left;
  }

  #not(): Condition {
    if (!this.#takesWord("NOT")) return this.#term();
    const of = this.#nested(() => this.#not());
    this.#requireNotSize(of);
    return { kind: "not", of };
  }

  /** A condition in parentheses, or one that begins with an operand, which may be in parentheses itself. */
  #term(): Condition {
    if (this.#peek().text === "(" && !this.#isOperandInParentheses()) {
      this.#next();
      const isDoubled = this.#peek().text === "(";
      const from = this.#at;
      const inner = this.#nested(() => this.#or());
      if (isDoubled && this.#closes(from) === this.#at - 1) this.#redundant();
      this.#expect(")");
      return inner;
    }
    const left = this.#operand();
    const token = this.#peek();
    if (comparators.has(token.text)) {
      this.#next();
      this.#count();
      const right = this.#operand();
      this.#requireUsable([left, right]);
      return { kind: "compare", comparator: token.text as Comparator, left, right };
    }
    if (this.#takesWord("BETWEEN")) {
      const low = this.#operand();
      if (!this.#takesWord("AND")) throw this.#unexpected();
      const high = this.#operand();
      this.#requireUsable([left, low, high]);
      return { kind: "between", value: left, low, high };
    }
    if (this.#takesWord("IN")) {
      this.#expect("(");
      const list = [this.#operand()];
      while (this.#takes(",")) list.push(this.#operand());
      this.#expect(")");
      if (list.length > inOperandsMax) {
        throw new ExpressionError(
          `The IN operator is provided with too many operands; number of operands: ${list.length}`,
        );
      }
      this.#requireUsable([left, ...list]);
      return { kind: "in", value: left, list };
    }
    if (left.kind === "function") return left;
    throw this.#unexpected();
  }

  /** Looks whether the parenthesis that opens here closes before a comparator: `(a) = :b`. */
  #isOperandInParentheses(): boolean {
    const close = this.#closes(this.#at);
    if (close === undefined) return false;
    const after = this.#tokens[close + 1]!;
    if (after.kind === "symbol")
      return comparators.has(after.text) || after.text === "." || after.text === "[";
    return after.kind === "name" && /^(?:BETWEEN|IN)$/i.test(after.text);
  }

  /** Where the parenthesis at this token is closed. */
  #closes(open: number): number | undefined {
    let depth = 0;
    for (let at = open; at < this.#tokens.length; at++) {
      const { text, kind } = this.#tokens[at]!;
      if (kind !== "symbol") continue;
      if (text === "(") depth++;
      else if (text === ")" && --depth === 0) return at;
    }
    return undefined;
  }

  #operand(): Operand {
    const token = this.#peek();
    if (token.text === "(") {
      this.#next();
      const isDoubled = this.#peek().text === "(";
      const inner = this.#nested(() => this.#operand());
      if (isDoubled) this.#redundant();
      this.#expect(")");
      return inner.kind === "path" ? this.#pathAfter([...inner.parts]) : inner;
    }
    if (token.kind === "value") return this.#value();
    if (token.kind === "name" && this.#peek(1).text === "(" && !this.#isKeyword(token))
      return this.#function();
    return this.#path();
  }

  #setValue(): Operand {
    const isWhole = this.#peek().text === "(" && this.#isAllOfSetValue();
    if (isWhole) {
      this.#next();
      const inner = this.#nested(() => this.#setValue());
      this.#expect(")");
      return inner;
    }
    const left = this.#operand();
    const operator = this.#peek().text;
    if (operator !== "+" && operator !== "-") return left;
    this.#next();
    this.#count();
    return { kind: "arithmetic", operator, left, right: this.#operand() };
  }

  /** Whether the parenthesis that opens here holds all of the value: `(a + :b)`, not `(a) + :b`. */
  #isAllOfSetValue(): boolean {
    const close = this.#closes(this.#at);
    if (close === undefined) return false;
    const after = this.#tokens[close + 1]!;
    return after.text !== "+" && after.text !== "-" && after.text !== "." && after.text !== "[";
  }

  #function(): FunctionNode {
    const name = this.#next().text;
    this.#expect("(");
    this.#count();
    const args = [this.#nested(() => this.#operand())];
    while (this.#takes(",")) args.push(this.#nested(() => this.#operand()));
    this.#expect(")");
    if (!this.#functions.has(name)) this.faults.function ??= `Invalid function name; function: ${name}`;
    if (this.#functions === conditionFunctions) this.#requireUsable(args);
    return { kind: "function", name, args };
  }

  #value(): ValueNode {
    const token = this.#next();
    if (token.kind !== "value") throw this.#unexpected(this.#at - 1);
    this.values.add(token.text);
    return { kind: "value", name: token.text };
  }

  #path(): PathNode {
    return this.#pathAfter([this.#pathName()]);
  }

  #pathAfter(parts: PathPart[]): PathNode {
    for (;;) {
      if (this.#takes(".")) parts.push(this.#pathName());
      else if (this.#takes("[")) {
        const token = this.#next();
        if (token.kind !== "number") throw this.#unexpected(this.#at - 1);
        const index = Number(token.text);
        if (index > 2 ** 31 - 1) {
          throw new ExpressionError(`List index is not within the allowable range; index: [${token.text}]`);
        }
        parts.push(index);
        this.#expect("]");
      } else break;
    }
    if (parts.length > pathPartsMax) {
      throw new ExpressionError(
        `The document path has too many nesting levels; nesting levels: ${parts.length}`,
      );
    }
    return { kind: "path", parts };
  }

  #pathName(): string {
    const token = this.#next();
    if (token.kind === "placeholder") {
      this.names.add(token.text);
      return token.text;
    }
    if (token.kind !== "name" || this.#isKeyword(token)) throw this.#unexpected(this.#at - 1);
    if (isReservedWord(token.text))
      this.faults.reserved ??= `Attribute name is a reserved keyword; reserved keyword: ${token.text}`;
    return token.text;
  }

  #isKeyword(token: Token): boolean {
    return this.#keywords.has(token.text.toUpperCase());
  }

  /** Functions give values only as conditions by themselves; `size` gives one only inside of others. */
  #requireUsable(operands: readonly Operand[]): void {
    if (this.#functions !== conditionFunctions) return;
    for (const operand of operands) {
      if (operand.kind === "function" && operand.name !== "size") this.#misused(operand.name);
    }
  }

  #requireNotSize(condition: Condition): void {
    if (condition.kind === "function" && condition.name === "size") this.#misused(condition.name);
  }

  #misused(name: string): void {
    this.faults.misused ??= `The function is not allowed to be used this way in an expression; function: ${name}`;
  }

  #redundant(): void {
    this.faults.parentheses ??= "The expression has redundant parentheses;";
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > depthMax) throw tooComplex();
    const value = read();
    this.#depth--;
    return value;
  }

  #count(): void {
    if (++this.#operators > operatorsMax) throw tooComplex();
  }

  #peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!;
  }

  #next(): Token {
    const token = this.#peek();
    this.#at++;
    return token;
  }

  #takes(symbol: string): boolean {
    const { kind, text } = this.#peek();
    if (kind !== "symbol" || text !== symbol) return false;
    this.#at++;
    return true;
  }

  #takesWord(word: string): boolean {
    const { kind, text } = this.#peek();
    if (kind !== "name" || text.length !== word.length || text.toUpperCase() !== word) return false;
    this.#at++;
    this.#count();
    return true;
  }

  #expect(symbol: string): void {
    if (!this.#takes(symbol)) throw this.#unexpected();
  }

  #requireEnd(): void {
    if (this.#peek().kind !== "end") throw this.#unexpected();
  }

  #unexpected(at = this.#at): ExpressionError {
    const index = Math.min(at, this.#tokens.length - 1);
    const [before, token, after] = [this.#tokens[index - 1], this.#tokens[index]!, this.#tokens[index + 1]];
    return syntaxError(this.#source, before, token, after);
  }
}

function tooComplex(): ExpressionError {
  return new ExpressionError(
    `The expression contains too many operators or functions, or nests too deeply; at most ${operatorsMax} operators and ${depthMax} levels are possible`,
  );
}

/** Which faults are told first. */
const conditionFaults = ["parentheses", "function", "misused", "reserved"] as const;
const updateFaults = ["reserved", "function", "section"] as const;

function finished<Tree>(
  parser: ExpressionParser,
  tree: Tree,
  order: readonly (keyof Faults)[],
): Parsed<Tree> {
  for (const kind of order) {
    const fault = parser.faults[kind];
    if (fault !== undefined) throw new ExpressionError(fault);
  }
  return { tree, names: parser.names, values: parser.values };
}

/** @throws ExpressionError */
export function parseCondition(source: string): Parsed<Condition> {
  const parser = new ExpressionParser(source, conditionFunctions, ["AND", "OR", "NOT", "IN", "BETWEEN"]);
  return finished(parser, parser.condition(), conditionFaults);
}

/** @throws ExpressionError */
export function parseProjection(source: string): Parsed<readonly PathNode[]> {
  const parser = new ExpressionParser(source, new Set(), []);
  return finished(parser, parser.projection(), conditionFaults);
}

/** @throws ExpressionError */
export function parseUpdate(source: string): Parsed<Update> {
  const parser = new ExpressionParser(source, updateFunctions, ["SET", "REMOVE", "ADD", "DELETE"]);
  return finished(parser, parser.update(), updateFaults);
}
