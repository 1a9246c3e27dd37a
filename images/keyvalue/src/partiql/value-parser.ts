import { validation } from "../errors.ts";
import type { ConstantNode } from "../expressions/ast.ts";
import { type AttributeValue, type Item, setAttribute, typeOf } from "../items/attribute-value.ts";
import { normalizeNumber } from "../items/decimal.ts";
import { decimalFaultText } from "../items/decimal-fault-text.ts";
import { valueFault } from "../protocol/validate-value.ts";
import { notWellFormed, parametersDiffer } from "./faults.ts";
import type { TokenReader } from "./token-reader.ts";
import type { Token } from "./tokens.ts";

/** Reads literals, and the parameters that stand for values. */
export class ValueParser {
  readonly #reader: TokenReader;
  readonly #parameters: readonly AttributeValue[];
  #parameter = 0;

  constructor(reader: TokenReader, parameters: readonly AttributeValue[]) {
    this.#reader = reader;
    this.#parameters = parameters;
  }

  constant(): ConstantNode {
    const value = this.value();
    if (value === undefined) throw notWellFormed("Unexpected term");
    return { kind: "constant", value };
  }

  /** A literal or a parameter; undefined, with nothing read, when there is none. */
  value(): AttributeValue | undefined {
    const token = this.#reader.peek();
    switch (token.kind) {
      case "text":
        this.#reader.next();
        return { S: token.text };
      case "number":
        this.#reader.next();
        return numberOf(token.text);
      case "parameter": {
        this.#reader.next();
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
        this.#reader.next();
        return { BOOL: text.toUpperCase() === "TRUE" };
      case "NULL":
        this.#reader.next();
        return { NULL: true };
      default:
        return undefined;
    }
  }

  #collection(symbol: string): AttributeValue | undefined {
    switch (symbol) {
      case "-": {
        const number = this.#reader.peek(1);
        if (number.kind !== "number") return undefined;
        this.#reader.skip(2);
        return numberOf(`-${number.text}`);
      }
      case "[":
        this.#reader.next();
        return { L: this.#members("]") };
      case "<<":
        this.#reader.next();
        return setOf(this.#members(">>"));
      case "{":
        this.#reader.next();
        return { M: this.#map() };
      default:
        return undefined;
    }
  }

  #members(close: string): AttributeValue[] {
    const members: AttributeValue[] = [];
    if (this.#reader.takes(close)) return members;
    do members.push(this.#reader.nested(() => this.constant().value));
    while (this.#reader.takes(","));
    this.#reader.expect(close);
    return members;
  }

  #map(): Item {
    const map: Item = {};
    if (this.#reader.takes("}")) return map;
    do {
      const name = this.#reader.next();
      if (name.kind !== "text" && name.kind !== "quoted") throw notWellFormed("Unexpected term");
      this.#reader.expect(":");
      setAttribute(
        map,
        name.text,
        this.#reader.nested(() => this.constant().value),
      );
    } while (this.#reader.takes(","));
    this.#reader.expect("}");
    return map;
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
