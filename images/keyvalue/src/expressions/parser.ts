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
import { TokenReader } from "./token-reader.ts";
import type { Token } from "./tokens.ts";

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
  readonly #reader: TokenReader;
  readonly #functions: ReadonlySet<string>;
  /** Keywords of this kind of expression: no attribute can be named so. */
  readonly #keywords: ReadonlySet<string>;

  constructor(source: string, functions: ReadonlySet<string>, keywords: readonly string[]) {
    this.#reader = new TokenReader(source);
    this.#functions = functions;
    this.#keywords = new Set(keywords);
  }

  condition(): Condition {
    const tree = this.#or();
    this.#reader.requireEnd();
    this.#requireNotSize(tree);
    return tree;
  }

  projection(): readonly PathNode[] {
    const paths = [this.#path()];
    while (this.#reader.takes(",")) paths.push(this.#path());
    this.#reader.requireEnd();
    return paths;
  }

  update(): Update {
    const set: { path: PathNode; value: Operand }[] = [];
    const remove: PathNode[] = [];
    const add: { path: PathNode; value: ValueNode }[] = [];
    const deleted: { path: PathNode; value: ValueNode }[] = [];
    const seen = new Set<string>();
    do {
      const section = this.#reader.peek().text.toUpperCase();
      if (this.#reader.peek().kind !== "name" || !this.#keywords.has(section))
        throw this.#reader.unexpected();
      this.#reader.next();
      if (seen.has(section))
        this.faults.section ??= `The "${section}" section can only be used once in an update expression;`;
      seen.add(section);
      do {
        const path = this.#path();
        if (section === "SET") {
          this.#reader.expect("=");
          set.push({ path, value: this.#setValue() });
        } else if (section === "REMOVE") remove.push(path);
        else if (section === "ADD") add.push({ path, value: this.#value() });
        else deleted.push({ path, value: this.#value() });
      } while (this.#reader.takes(","));
    } while (this.#reader.peek().kind !== "end");
    return { set, remove, add, delete: deleted };
  }

  #or(): Condition {
    let left = this.#and();
    while (this.#reader.takesWord("OR")) {
      const right = this.#and();
      this.#requireNotSize(left);
      this.#requireNotSize(right);
      left = { kind: "or", left, right };
    }
    return left;
  }

  #and(): Condition {
    let left = this.#not();
    while (this.#reader.takesWord("AND")) {
      const right = this.#not();
      this.#requireNotSize(left);
      this.#requireNotSize(right);
      left = { kind: "and", left, right };
    }
    return left;
  }

  #not(): Condition {
    if (!this.#reader.takesWord("NOT")) return this.#term();
    const of = this.#reader.nested(() => this.#not());
    this.#requireNotSize(of);
    return { kind: "not", of };
  }

  /** A condition in parentheses, or one that begins with an operand, which may be in parentheses itself. */
  #term(): Condition {
    if (this.#reader.peek().text === "(" && !this.#isOperandInParentheses()) {
      this.#reader.next();
      const isDoubled = this.#reader.peek().text === "(";
      const from = this.#reader.at;
      const inner = this.#reader.nested(() => this.#or());
      if (isDoubled && this.#reader.closes(from) === this.#reader.at - 1) this.#redundant();
      this.#reader.expect(")");
      return inner;
    }
    const left = this.#operand();
    const token = this.#reader.peek();
    if (comparators.has(token.text)) {
      this.#reader.next();
      this.#reader.count();
      const right = this.#operand();
      this.#requireUsable([left, right]);
      return { kind: "compare", comparator: token.text as Comparator, left, right };
    }
    if (this.#reader.takesWord("BETWEEN")) {
      const low = this.#operand();
      if (!this.#reader.takesWord("AND")) throw this.#reader.unexpected();
      const high = this.#operand();
      this.#requireUsable([left, low, high]);
      return { kind: "between", value: left, low, high };
    }
    if (this.#reader.takesWord("IN")) {
      this.#reader.expect("(");
      const list = [this.#operand()];
      while (this.#reader.takes(",")) list.push(this.#operand());
      this.#reader.expect(")");
      if (list.length > inOperandsMax) {
        throw new ExpressionError(
          `The IN operator is provided with too many operands; number of operands: ${list.length}`,
        );
      }
      this.#requireUsable([left, ...list]);
      return { kind: "in", value: left, list };
    }
    if (left.kind === "function") return left;
    throw this.#reader.unexpected();
  }

  /** Looks whether the parenthesis that opens here closes before a comparator: `(a) = :b`. */
  #isOperandInParentheses(): boolean {
    const close = this.#reader.closes(this.#reader.at);
    if (close === undefined) return false;
    const after = this.#reader.tokenAt(close + 1);
    if (after.kind === "symbol")
      return comparators.has(after.text) || after.text === "." || after.text === "[";
    return after.kind === "name" && /^(?:BETWEEN|IN)$/i.test(after.text);
  }

  #operand(): Operand {
    const token = this.#reader.peek();
    if (token.text === "(") {
      this.#reader.next();
      const isDoubled = this.#reader.peek().text === "(";
      const inner = this.#reader.nested(() => this.#operand());
      if (isDoubled) this.#redundant();
      this.#reader.expect(")");
      return inner.kind === "path" ? this.#pathAfter([...inner.parts]) : inner;
    }
    if (token.kind === "value") return this.#value();
    if (token.kind === "name" && this.#reader.peek(1).text === "(" && !this.#isKeyword(token))
      return this.#function();
    return this.#path();
  }

  #setValue(): Operand {
    const isWhole = this.#reader.peek().text === "(" && this.#isAllOfSetValue();
    if (isWhole) {
      this.#reader.next();
      const inner = this.#reader.nested(() => this.#setValue());
      this.#reader.expect(")");
      return inner;
    }
    const left = this.#operand();
    const operator = this.#reader.peek().text;
    if (operator !== "+" && operator !== "-") return left;
    this.#reader.next();
    this.#reader.count();
    return { kind: "arithmetic", operator, left, right: this.#operand() };
  }

  /** Whether the parenthesis that opens here holds all of the value: `(a + :b)`, not `(a) + :b`. */
  #isAllOfSetValue(): boolean {
    const close = this.#reader.closes(this.#reader.at);
    if (close === undefined) return false;
    const after = this.#reader.tokenAt(close + 1);
    return after.text !== "+" && after.text !== "-" && after.text !== "." && after.text !== "[";
  }

  #function(): FunctionNode {
    const name = this.#reader.next().text;
    this.#reader.expect("(");
    this.#reader.count();
    const args = [this.#reader.nested(() => this.#operand())];
    while (this.#reader.takes(",")) args.push(this.#reader.nested(() => this.#operand()));
    this.#reader.expect(")");
    if (!this.#functions.has(name)) this.faults.function ??= `Invalid function name; function: ${name}`;
    if (this.#functions === conditionFunctions) this.#requireUsable(args);
    return { kind: "function", name, args };
  }

  #value(): ValueNode {
    const token = this.#reader.next();
    if (token.kind !== "value") throw this.#reader.unexpected(this.#reader.at - 1);
    this.values.add(token.text);
    return { kind: "value", name: token.text };
  }

  #path(): PathNode {
    return this.#pathAfter([this.#pathName()]);
  }

  #pathAfter(parts: PathPart[]): PathNode {
    for (;;) {
      if (this.#reader.takes(".")) parts.push(this.#pathName());
      else if (this.#reader.takes("[")) {
        const token = this.#reader.next();
        if (token.kind !== "number") throw this.#reader.unexpected(this.#reader.at - 1);
        const index = Number(token.text);
        if (index > 2 ** 31 - 1) {
          throw new ExpressionError(`List index is not within the allowable range; index: [${token.text}]`);
        }
        parts.push(index);
        this.#reader.expect("]");
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
    const token = this.#reader.next();
    if (token.kind === "placeholder") {
      this.names.add(token.text);
      return token.text;
    }
    if (token.kind !== "name" || this.#isKeyword(token)) throw this.#reader.unexpected(this.#reader.at - 1);
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
