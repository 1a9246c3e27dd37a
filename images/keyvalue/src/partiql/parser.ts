import { validation } from "../errors.ts";
import type {
  Comparator,
  Condition,
  ConstantNode,
  FunctionNode,
  Operand,
  PathNode,
  PathPart,
  Update,
} from "../expressions/ast.ts";
import { type AttributeValue, typeOf } from "../items/attribute-value.ts";
import { notWellFormed } from "./faults.ts";
import type { Column, Returning, Select, Statement } from "./statement.ts";
import { TokenReader } from "./token-reader.ts";
import { ValueParser } from "./value-parser.ts";

const comparators: Readonly<Record<string, Comparator>> = {
  "=": "=",
  "<>": "<>",
  "!=": "<>",
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
};

/** Functions of conditions, with the number of their arguments. */
const functions: Readonly<Record<string, number>> = {
  begins_with: 2,
  contains: 2,
  attribute_type: 2,
  size: 1,
};

/** Reads one statement; `?` stands for the parameters, in their order. */
export function parseStatement(source: string, parameters: readonly AttributeValue[]): Statement {
  return new StatementParser(source, parameters).statement();
}

class StatementParser {
  readonly #reader: TokenReader;
  readonly #values: ValueParser;

  constructor(source: string, parameters: readonly AttributeValue[]) {
    this.#reader = new TokenReader(source);
    this.#values = new ValueParser(this.#reader, parameters);
  }

  statement(): Statement {
    const statement = this.#read();
    if (this.#reader.peek().kind !== "end") throw notWellFormed("Unexpected token after expression");
    return statement;
  }

  #read(): Statement {
    const first = this.#reader.next();
    if (first.kind !== "word") throw notWellFormed("Unexpected term");
    switch (first.text.toUpperCase()) {
      case "SELECT":
        return this.#select();
      case "INSERT":
        return this.#insert();
      case "UPDATE":
        return this.#update();
      case "DELETE":
        return this.#delete();
      case "EXISTS": {
        this.#reader.expect("(");
        if (!this.#reader.takesWord("SELECT")) throw notWellFormed("Unexpected term");
        const select = this.#select();
        this.#reader.expect(")");
        return { kind: "exists", select };
      }
      default:
        if (this.#reader.peek().kind !== "end") throw notWellFormed("Unexpected token after expression");
        throw validation("Unsupported operation: Id");
    }
  }

  #select(): Select {
    const columns = this.#reader.takes("*") ? undefined : this.#columns();
    this.#reader.expectWord("FROM");
    const table = this.#reader.name();
    const index = this.#reader.takes(".") ? this.#reader.name() : undefined;
    const where = this.#where();
    const order: { name: string; isDescending: boolean }[] = [];
    if (this.#reader.takesWord("ORDER")) {
      this.#reader.expectWord("BY");
      do {
        const name = this.#reader.name();
        const isDescending = this.#reader.takesWord("DESC");
        if (!isDescending) this.#reader.takesWord("ASC");
        order.push({ name, isDescending });
      } while (this.#reader.takes(","));
    }
    return { kind: "select", table, index, columns, where, order };
  }

  #columns(): readonly Column[] {
    const columns: Column[] = [];
    do {
      const start = this.#reader.peek();
      const path = this.#path();
      if (this.#reader.peek().text === "(") {
        const column = start.start - start.text.length + 2;
        throw validation(`Unexpected path component at 1:${column}:${start.text.length}`);
      }
      let from = path.parts.length - 1;
      while (from > 0 && typeof path.parts[from] === "number") from--;
      const indexes = path.parts.slice(from + 1).map((part) => `[${part}]`);
      columns.push({ path, name: `${path.parts[from]}${indexes.join("")}` });
    } while (this.#reader.takes(","));
    return columns;
  }

  #insert(): Statement {
    this.#reader.expectWord("INTO");
    const table = this.#reader.name();
    if (!this.#reader.takesWord("VALUE")) throw notWellFormed("Unexpected term");
    const value = this.#values.value();
    if (value?.M === undefined) throw validation("Expected a map as the value to insert");
    return { kind: "insert", table, item: value.M };
  }

  #update(): Statement {
    const table = this.#reader.name();
    const set: { path: PathNode; value: Operand }[] = [];
    const remove: PathNode[] = [];
    const add: { path: PathNode; value: ConstantNode }[] = [];
    const deleted: { path: PathNode; value: ConstantNode }[] = [];
    for (;;) {
      if (this.#reader.takesWord("SET")) {
        do {
          const path = this.#path();
          this.#reader.expect("=");
          const change = this.#setFunction();
          if (change === undefined) set.push({ path, value: this.#setValue() });
          else if (change.name === "set_add") add.push({ path, value: change.value });
          else deleted.push({ path, value: change.value });
        } while (this.#reader.takes(","));
      } else if (this.#reader.takesWord("REMOVE")) {
        do remove.push(this.#path());
        while (this.#reader.takes(","));
      } else break;
    }
    if (set.length + remove.length + add.length + deleted.length === 0)
      throw notWellFormed("Unexpected term");
    const update: Update = { set, remove, add, delete: deleted };
    const where = this.#where();
    return { kind: "update", table, update, where, returning: this.#returning() };
  }

  /** `set_add(path, value)` or `set_delete(path, value)`. */
  #setFunction(): { readonly name: string; readonly value: ConstantNode } | undefined {
    const name = this.#reader.peek().text.toLowerCase();
    if ((name !== "set_add" && name !== "set_delete") || this.#reader.peek(1).text !== "(") return undefined;
    this.#reader.skip(2);
    this.#path();
    this.#reader.expect(",");
    const value = this.#values.constant();
    const type = typeOf(value.value);
    if (!["SS", "NS", "BS", "N"].includes(type))
      throw validation(
        `Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`,
      );
    this.#reader.expect(")");
    return { name, value };
  }

  #setValue(): Operand {
    const left = this.#setOperand();
    const operator = this.#reader.peek().text;
    if (this.#reader.peek().kind !== "symbol" || (operator !== "+" && operator !== "-")) return left;
    this.#reader.next();
    return { kind: "arithmetic", operator, left, right: this.#setOperand() };
  }

  #setOperand(): Operand {
    const { kind, text } = this.#reader.peek();
    const name = text.toLowerCase();
    if (
      kind === "word" &&
      this.#reader.peek(1).text === "(" &&
      (name === "list_append" || name === "if_not_exists")
    ) {
      this.#reader.skip(2);
      const first = this.#setOperand();
      this.#reader.expect(",");
      const second = this.#setOperand();
      this.#reader.expect(")");
      return { kind: "function", name, args: [first, second] };
    }
    return this.#operand();
  }

  #delete(): Statement {
    this.#reader.expectWord("FROM");
    const table = this.#reader.name();
    const where = this.#where();
    return { kind: "delete", table, where, returning: this.#returning() };
  }

  #where(): Condition | undefined {
    return this.#reader.takesWord("WHERE") ? this.#or() : undefined;
  }

  #returning(): Returning | undefined {
    if (!this.#reader.takesWord("RETURNING")) return undefined;
    const what = this.#reader.takesWord("ALL")
      ? "ALL"
      : this.#reader.takesWord("MODIFIED")
        ? "MODIFIED"
        : undefined;
    const when = this.#reader.takesWord("OLD") ? "OLD" : this.#reader.takesWord("NEW") ? "NEW" : undefined;
    if (what === undefined || when === undefined) throw notWellFormed("Unexpected term");
    this.#reader.expect("*");
    return { what, when };
  }

  #or(): Condition {
    let left = this.#and();
    while (this.#reader.takesWord("OR")) left = { kind: "or", left, right: this.#and() };
    return left;
  }

  #and(): Condition {
    let left = this.#not();
    while (this.#reader.takesWord("AND")) left = { kind: "and", left, right: this.#not() };
    return left;
  }

  #not(): Condition {
    if (!this.#reader.takesWord("NOT")) return this.#term();
    return this.#reader.nested(() => ({ kind: "not", of: this.#not() }));
  }

  #term(): Condition {
    if (this.#reader.peek().text === "(" && this.#reader.peek().kind === "symbol") {
      this.#reader.next();
      const inner = this.#reader.nested(() => this.#or());
      this.#reader.expect(")");
      return inner;
    }
    const left = this.#operand();
    const comparator =
      this.#reader.peek().kind === "symbol" ? comparators[this.#reader.peek().text] : undefined;
    if (comparator !== undefined) {
      this.#reader.next();
      if (this.#reader.peek().kind === "end")
        throw notWellFormed("Missing right-hand side expression of infix operator");
      return { kind: "compare", comparator, left, right: this.#operand() };
    }
    if (this.#reader.takesWord("BETWEEN")) {
      const low = this.#operand();
      this.#reader.expectWord("AND");
      return { kind: "between", value: left, low, high: this.#operand() };
    }
    if (this.#reader.takesWord("IN")) return { kind: "in", value: left, list: this.#list() };
    if (this.#reader.takesWord("IS")) return this.#is(left);
    if (left.kind === "function" && left.name !== "size") return left;
    throw notWellFormed("Unexpected term");
  }

  /** `IS [NOT] NULL`, `IS [NOT] MISSING`. */
  #is(left: Operand): Condition {
    const isNot = this.#reader.takesWord("NOT");
    let condition: Condition;
    if (this.#reader.takesWord("MISSING")) {
      condition = { kind: "function", name: "attribute_not_exists", args: [left] };
    } else if (this.#reader.takesWord("NULL")) {
      const none: ConstantNode = { kind: "constant", value: { NULL: true } };
      condition = { kind: "compare", comparator: "=", left, right: none };
    } else throw notWellFormed("Unexpected term");
    return isNot ? { kind: "not", of: condition } : condition;
  }

  #list(): readonly Operand[] {
    const close = this.#reader.takes("[") ? "]" : ")";
    if (close === ")") this.#reader.expect("(");
    const list = [this.#operand()];
    while (this.#reader.takes(",")) list.push(this.#operand());
    this.#reader.expect(close);
    return list;
  }

  #operand(): Operand {
    const { kind, text } = this.#reader.peek();
    if (kind === "end") throw notWellFormed("Unexpected term");
    if (kind === "word" && this.#reader.peek(1).text === "(" && this.#reader.peek(1).kind === "symbol")
      return this.#function(text.toLowerCase());
    const value = this.#values.value();
    return value === undefined ? this.#path() : { kind: "constant", value };
  }

  #function(name: string): FunctionNode {
    const count = functions[name];
    if (count === undefined) throw validation(`Unsupported function: ${name}`);
    this.#reader.skip(2);
    const args = [this.#operand()];
    while (this.#reader.takes(",")) args.push(this.#operand());
    this.#reader.expect(")");
    if (args.length !== count) {
      throw validation(
        `Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${args.length}`,
      );
    }
    return { kind: "function", name, args };
  }

  #path(): PathNode {
    const parts: PathPart[] = [this.#reader.name()];
    for (;;) {
      if (this.#reader.takes(".")) parts.push(this.#reader.name());
      else if (this.#reader.takes("[")) {
        const token = this.#reader.next();
        if (token.kind === "number" && /^\d+$/.test(token.text)) parts.push(Number(token.text));
        else if (token.kind === "text") parts.push(token.text);
        else throw notWellFormed("Unexpected term");
        this.#reader.expect("]");
      } else return { kind: "path", parts, isLiteral: true };
    }
  }
}
