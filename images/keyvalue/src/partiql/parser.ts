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
import { type AttributeValue, type Item, setAttribute, typeOf } from "../items/attribute-value.ts";
import { normalizeNumber } from "../items/decimal.ts";
import { decimalFaultText } from "../items/decimal-fault-text.ts";
import { valueFault } from "../protocol/validate-value.ts";
import { notWellFormed, parametersDiffer } from "./faults.ts";
import type { Column, Returning, Select, Statement } from "./statement.ts";
import { type Token, tokenize } from "./tokens.ts";

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

const depthMax = 100;

/** Reads one statement; `?` stands for the parameters, in their order. */
export function parseStatement(source: string, parameters: readonly AttributeValue[]): Statement {
  return new StatementParser(source, parameters).statement();
}

class StatementParser {
  readonly #tokens: readonly Token[];
  readonly #parameters: readonly AttributeValue[];
  #at = 0;
  #parameter = 0;
  #depth = 0;

  constructor(source: string, parameters: readonly AttributeValue[]) {
    this.#tokens = tokenize(source);
    this.#parameters = parameters;
  }

  statement(): Statement {
    const statement = this.#read();
    if (this.#peek().kind !== "end") throw notWellFormed("Unexpected token after expression");
    return statement;
  }

  #read(): Statement {
    const first = this.#next();
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
        this.#expect("(");
        if (!this.#takesWord("SELECT")) throw notWellFormed("Unexpected term");
        const select = this.#select();
        this.#expect(")");
        return { kind: "exists", select };
      }
      default:
        if (this.#peek().kind !== "end") throw notWellFormed("Unexpected token after expression");
        throw validation("Unsupported operation: Id");
    }
  }

  #select(): Select {
    const columns = this.#takes("*") ? undefined : this.#columns();
    this.#expectWord("FROM");
    const table = this.#name();
    const index = this.#takes(".") ? this.#name() : undefined;
    const where = this.#where();
    const order: { name: string; isDescending: boolean }[] = [];
    if (this.#takesWord("ORDER")) {
      this.#expectWord("BY");
      do {
        const name = this.#name();
        const isDescending = this.#takesWord("DESC");
        if (!isDescending) this.#takesWord("ASC");
        order.push({ name, isDescending });
      } while (this.#takes(","));
    }
    return { kind: "select", table, index, columns, where, order };
  }

  #columns(): readonly Column[] {
    const columns: Column[] = [];
    do {
      const start = this.#peek();
      const path = this.#path();
      if (this.#peek().text === "(") {
        const column = start.start - start.text.length + 2;
        throw validation(`Unexpected path component at 1:${column}:${start.text.length}`);
      }
      let from = path.parts.length - 1;
      while (from > 0 && typeof path.parts[from] === "number") from--;
      const indexes = path.parts.slice(from + 1).map((part) => `[${part}]`);
      columns.push({ path, name: `${path.parts[from]}${indexes.join("")}` });
    } while (this.#takes(","));
    return columns;
  }

  #insert(): Statement {
    this.#expectWord("INTO");
    const table = this.#name();
    if (!this.#takesWord("VALUE")) throw notWellFormed("Unexpected term");
    const value = this.#value();
    if (value?.M === undefined) throw validation("Expected a map as the value to insert");
    return { kind: "insert", table, item: value.M };
  }

  #update(): Statement {
    const table = this.#name();
    const set: { path: PathNode; value: Operand }[] = [];
    const remove: PathNode[] = [];
    const add: { path: PathNode; value: ConstantNode }[] = [];
    const deleted: { path: PathNode; value: ConstantNode }[] = [];
    for (;;) {
      if (this.#takesWord("SET")) {
        do {
          const path = this.#path();
          this.#expect("=");
          const change = this.#setFunction();
          if (change === undefined) set.push({ path, value: this.#setValue() });
          else if (change.name === "set_add") add.push({ path, value: change.value });
          else deleted.push({ path, value: change.value });
        } while (this.#takes(","));
      } else if (this.#takesWord("REMOVE")) {
        do remove.push(this.#path());
        while (this.#takes(","));
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
    const name = this.#peek().text.toLowerCase();
    if ((name !== "set_add" && name !== "set_delete") || this.#peek(1).text !== "(") return undefined;
    this.#at += 2;
    this.#path();
    this.#expect(",");
    const value = this.#constant();
    const type = typeOf(value.value);
    if (!["SS", "NS", "BS", "N"].includes(type))
      throw validation(
        `Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`,
      );
    this.#expect(")");
    return { name, value };
  }

  #setValue(): Operand {
    const left = this.#setOperand();
    const operator = this.#peek().text;
    if (this.#peek().kind !== "symbol" || (operator !== "+" && operator !== "-")) return left;
    this.#next();
    return { kind: "arithmetic", operator, left, right: this.#setOperand() };
  }

  #setOperand(): Operand {
    const { kind, text } = this.#peek();
    const name = text.toLowerCase();
    if (
      kind === "word" &&
      this.#peek(1).text === "(" &&
      (name === "list_append" || name === "if_not_exists")
    ) {
      this.#at += 2;
      const first = this.#setOperand();
      this.#expect(",");
      const second = this.#setOperand();
      this.#expect(")");
      return { kind: "function", name, args: [first, second] };
    }
    return this.#operand();
  }

  #delete(): Statement {
    this.#expectWord("FROM");
    const table = this.#name();
    const where = this.#where();
    return { kind: "delete", table, where, returning: this.#returning() };
  }

  #where(): Condition | undefined {
    return this.#takesWord("WHERE") ? this.#or() : undefined;
  }

  #returning(): Returning | undefined {
    if (!this.#takesWord("RETURNING")) return undefined;
    const what = this.#takesWord("ALL") ? "ALL" : this.#takesWord("MODIFIED") ? "MODIFIED" : undefined;
    const when = this.#takesWord("OLD") ? "OLD" : this.#takesWord("NEW") ? "NEW" : undefined;
    if (what === undefined || when === undefined) throw notWellFormed("Unexpected term");
    this.#expect("*");
    return { what, when };
  }

  #or(): Condition {
    let left = this.#and();
    while (this.#takesWord("OR")) left = { kind: "or", left, right: this.#and() };
    return left;
  }

  #and(): Condition {
    let left = this.#not();
    while (this.#takesWord("AND")) left = { kind: "and", left, right: this.#not() };
    return left;
  }

  #not(): Condition {
    if (!this.#takesWord("NOT")) return this.#term();
    return this.#nested(() => ({ kind: "not", of: this.#not() }));
  }

  #term(): Condition {
    if (this.#peek().text === "(" && this.#peek().kind === "symbol") {
      this.#next();
      const inner = this.#nested(() => this.#or());
      this.#expect(")");
      return inner;
    }
    const left = this.#operand();
    const comparator = this.#peek().kind === "symbol" ? comparators[this.#peek().text] : undefined;
    if (comparator !== undefined) {
      this.#next();
      if (this.#peek().kind === "end")
        throw notWellFormed("Missing right-hand side expression of infix operator");
      return { kind: "compare", comparator, left, right: this.#operand() };
    }
    if (this.#takesWord("BETWEEN")) {
      const low = this.#operand();
      this.#expectWord("AND");
      return { kind: "between", value: left, low, high: this.#operand() };
    }
    if (this.#takesWord("IN")) return { kind: "in", value: left, list: this.#list() };
    if (this.#takesWord("IS")) return this.#is(left);
    if (left.kind === "function" && left.name !== "size") return left;
    throw notWellFormed("Unexpected term");
  }

  /** `IS [NOT] NULL`, `IS [NOT] MISSING`. */
  #is(left: Operand): Condition {
    const isNot = this.#takesWord("NOT");
    let condition: Condition;
    if (this.#takesWord("MISSING")) {
      condition = { kind: "function", name: "attribute_not_exists", args: [left] };
    } else if (this.#takesWord("NULL")) {
      const none: ConstantNode = { kind: "constant", value: { NULL: true } };
      condition = { kind: "compare", comparator: "=", left, right: none };
    } else throw notWellFormed("Unexpected term");
    return isNot ? { kind: "not", of: condition } : condition;
  }

  #list(): readonly Operand[] {
    const close = this.#takes("[") ? "]" : ")";
    if (close === ")") this.#expect("(");
    const list = [this.#operand()];
    while (this.#takes(",")) list.push(this.#operand());
    this.#expect(close);
    return list;
  }

  #operand(): Operand {
    const { kind, text } = this.#peek();
    if (kind === "end") throw notWellFormed("Unexpected term");
    if (kind === "word" && this.#peek(1).text === "(" && this.#peek(1).kind === "symbol")
      return this.#function(text.toLowerCase());
    const value = this.#value();
    return value === undefined ? this.#path() : { kind: "constant", value };
  }

  #function(name: string): FunctionNode {
    const count = functions[name];
    if (count === undefined) throw validation(`Unsupported function: ${name}`);
    this.#at += 2;
    const args = [this.#operand()];
    while (this.#takes(",")) args.push(this.#operand());
    this.#expect(")");
    if (args.length !== count) {
      throw validation(
        `Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${args.length}`,
      );
    }
    return { kind: "function", name, args };
  }

  #constant(): ConstantNode {
    const value = this.#value();
    if (value === undefined) throw notWellFormed("Unexpected term");
    return { kind: "constant", value };
  }

  /** A literal or a parameter; undefined, with nothing read, when there is none. */
  #value(): AttributeValue | undefined {
    const token = this.#peek();
    switch (token.kind) {
      case "text":
        this.#next();
        return { S: token.text };
      case "number":
        this.#next();
        return numberOf(token.text);
      case "parameter": {
        this.#next();
        const value = this.#parameters[this.#parameter++];
        if (value === undefined) throw parametersDiffer();
        return value;
      }
      case "word":
        return this.#word(token);
      case "symbol":
        return this.#collection(token.text);
      default:
        return undefined;
    }
  }

  #word({ text }: Token): AttributeValue | undefined {
    switch (text.toUpperCase()) {
      case "TRUE":
      case "FALSE":
        this.#next();
        return { BOOL: text.toUpperCase() === "TRUE" };
      case "NULL":
        this.#next();
        return { NULL: true };
      default:
        return undefined;
    }
  }

  #collection(symbol: string): AttributeValue | undefined {
    switch (symbol) {
      case "-": {
        const number = this.#peek(1);
        if (number.kind !== "number") return undefined;
        this.#at += 2;
        return numberOf(`-${number.text}`);
      }
      case "[":
        this.#next();
        return { L: this.#members("]") };
      case "<<":
        this.#next();
        return setOf(this.#members(">>"));
      case "{":
        this.#next();
        return { M: this.#map() };
      default:
        return undefined;
    }
  }

  #members(close: string): AttributeValue[] {
    const members: AttributeValue[] = [];
    if (this.#takes(close)) return members;
    do members.push(this.#nested(() => this.#constant().value));
    while (this.#takes(","));
    this.#expect(close);
    return members;
  }

  #map(): Item {
    const map: Item = {};
    if (this.#takes("}")) return map;
    do {
      const name = this.#next();
      if (name.kind !== "text" && name.kind !== "quoted") throw notWellFormed("Unexpected term");
      this.#expect(":");
      setAttribute(
        map,
        name.text,
        this.#nested(() => this.#constant().value),
      );
    } while (this.#takes(","));
    this.#expect("}");
    return map;
  }

  #path(): PathNode {
    const parts: PathPart[] = [this.#name()];
    for (;;) {
      if (this.#takes(".")) parts.push(this.#name());
      else if (this.#takes("[")) {
        const token = this.#next();
        if (token.kind === "number" && /^\d+$/.test(token.text)) parts.push(Number(token.text));
        else if (token.kind === "text") parts.push(token.text);
        else throw notWellFormed("Unexpected term");
        this.#expect("]");
      } else return { kind: "path", parts, isLiteral: true };
    }
  }

  #name(): string {
    const token = this.#next();
    if (token.kind !== "word" && token.kind !== "quoted") throw notWellFormed("Unexpected term");
    return token.text;
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > depthMax) throw notWellFormed("Nested too deeply");
    const value = read();
    this.#depth--;
    return value;
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

  #expect(symbol: string): void {
    if (!this.#takes(symbol)) throw notWellFormed("Unexpected term");
  }

  #takesWord(word: string): boolean {
    const { kind, text } = this.#peek();
    if (kind !== "word" || text.toUpperCase() !== word) return false;
    this.#at++;
    return true;
  }

  #expectWord(word: string): void {
    if (!this.#takesWord(word)) throw notWellFormed("Unexpected token after expression");
  }
}

function numberOf(text: string): AttributeValue {
  const normal = normalizeNumber(text);
  if (typeof normal === "string") throw validation(decimalFaultText(normal, text));
  return { N: normal.text };
}

function setOf(members: readonly AttributeValue[]): AttributeValue {
  const types = new Set(members.map(typeOf));
  const [type] = types;
  if (types.size !== 1 || (type !== "S" && type !== "N" && type !== "B"))
    throw validation("A set must have members of one type: strings, numbers or binaries");
  const set = { [`${type}S`]: members.map((member) => member[type]!) } as AttributeValue;
  const fault = valueFault(set);
  if (fault !== undefined) throw validation(fault);
  return set;
}
