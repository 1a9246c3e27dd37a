import { BSON } from "mongodb";
import { PlaygroundError } from "../../errors.ts";

/** Deeper is nothing that an engine would take. */
const depthMax = 200;

type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value };

/** What mongosh writes as a call, by its name: the extended JSON that stands for it. */
const constructors: Readonly<Record<string, (args: readonly Value[]) => Value>> = {
  ObjectId: ([hex = ""]) => ({ $oid: String(hex) }),
  ISODate: ([text]) => dateOf(text),
  Date: ([text]) => dateOf(text),
  NumberLong: ([digits = 0]) => ({ $numberLong: String(digits) }),
  Long: ([digits = 0]) => ({ $numberLong: String(digits) }),
  NumberInt: ([digits = 0]) => ({ $numberInt: String(digits) }),
  Int32: ([digits = 0]) => ({ $numberInt: String(digits) }),
  Double: ([digits = 0]) => ({ $numberDouble: String(digits) }),
  NumberDecimal: ([digits = "0"]) => ({ $numberDecimal: String(digits) }),
  Decimal128: ([digits = "0"]) => ({ $numberDecimal: String(digits) }),
  UUID: ([text = ""]) => ({ $uuid: String(text) }),
  BinData: ([subType = 0, base64 = ""]) => ({
    $binary: { base64: String(base64), subType: Number(subType).toString(16).padStart(2, "0") },
  }),
  Timestamp: ([t = 0, i = 0]) => ({ $timestamp: { t: Number(t), i: Number(i) } }),
  RegExp: ([pattern = "", options = ""]) => ({
    $regularExpression: { pattern: String(pattern), options: String(options) },
  }),
  MinKey: () => ({ $minKey: 1 }),
  MaxKey: () => ({ $maxKey: 1 }),
};

const words: Readonly<Record<string, Value>> = {
  true: true,
  false: false,
  null: null,
  undefined: { $undefined: true },
  Infinity: { $numberDouble: "Infinity" },
  NaN: { $numberDouble: "NaN" },
  MinKey: { $minKey: 1 },
  MaxKey: { $maxKey: 1 },
};

const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  b: "\b",
  f: "\f",
  v: "\v",
  "0": "\0",
};

/**
 * Reads a value as people write it for MongoDB: JSON and extended JSON, and what mongosh knows beside it: names without quotes,
 * single quotes, comments, commas at the end, `/patterns/i`, and calls such as `ObjectId("...")`. Nothing of it is run.
 *
 * @throws PlaygroundError `invalid_request` with the place
 */
export function parseShellText(text: string): unknown {
  const value = new ShellTextParser(text).whole();
  try {
    return BSON.EJSON.deserialize(value as never, { relaxed: false });
  } catch (error) {
    throw new PlaygroundError("invalid_request", (error as Error).message, {}, { cause: error });
  }
}

class ShellTextParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Value {
    const value = this.#value();
    this.#skip();
    if (this.#text[this.#at] === ";") this.#at++;
    this.#skip();
    if (this.#at < this.#text.length) throw this.#unexpected("the end");
    return value;
  }

  #value(): Value {
    this.#skip();
    if (++this.#depth > depthMax) throw this.#fail("it is nested too deeply");
    const char = this.#text[this.#at];
    let value: Value;
    if (char === "{") value = this.#object();
    else if (char === "[") value = this.#list("]");
    else if (char === '"' || char === "'" || char === "`") value = this.#string(char);
    else if (char === "/") value = this.#pattern();
    else value = this.#number() ?? this.#word();
    this.#depth--;
    return value;
  }

  #object(): Value {
    this.#at++;
    const members: Record<string, Value> = {};
    for (;;) {
      this.#skip();
      if (this.#take("}")) return members;
      const name = this.#name();
      this.#skip();
      if (!this.#take(":")) throw this.#unexpected('":"');
      const value = this.#value();
      // A plain assignment of __proto__ would set the prototype.
      Object.defineProperty(members, name, { value, enumerable: true, writable: true, configurable: true });
      this.#skip();
      if (this.#take(",")) continue;
      if (this.#take("}")) return members;
      throw this.#unexpected('"," or "}"');
    }
  }

  #list(end: "]" | ")"): Value[] {
    this.#at++;
    const elements: Value[] = [];
    for (;;) {
      this.#skip();
      if (this.#take(end)) return elements;
      elements.push(this.#value());
      this.#skip();
      if (this.#take(",")) continue;
      if (this.#take(end)) return elements;
      throw this.#unexpected(`"," or "${end}"`);
    }
  }

  #name(): string {
    const char = this.#text[this.#at];
    if (char === '"' || char === "'") return this.#string(char);
    const name = this.#match(/[\p{L}_$0-9][\p{L}\p{N}_$]*/uy);
    if (name === undefined) throw this.#unexpected("a name");
    return name;
  }

  #string(quote: string): string {
    this.#at++;
    let value = "";
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) throw this.#fail("a quote does not end");
      this.#at++;
      if (char === quote) return value;
      if (char !== "\\") {
        value += char;
        continue;
      }
      const hex = this.#match(/u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}/y);
      if (hex !== undefined) {
        value += String.fromCharCode(Number.parseInt(hex.slice(1), 16));
        continue;
      }
      const escaped = this.#text[this.#at++] ?? "";
      value += escapes[escaped] ?? escaped;
    }
  }

  #pattern(): Value {
    const found = this.#match(/\/((?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/[a-z]*/y);
    if (found === undefined) throw this.#unexpected("a value");
    const end = found.lastIndexOf("/");
    return { $regularExpression: { pattern: found.slice(1, end), options: found.slice(end + 1) } };
  }

  #number(): Value | undefined {
    const digits = this.#match(/[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y);
    if (digits === undefined) {
      return this.#match(/-Infinity/y) === undefined ? undefined : { $numberDouble: "-Infinity" };
    }
    const number = Number(digits);
    const isWhole = /^[+-]?\d+$/.test(digits);
    if (!isWhole) return { $numberDouble: digits };
    return Number.isSafeInteger(number) ? number : { $numberLong: digits.replace("+", "") };
  }

  #word(): Value {
    const from = this.#at;
    const name = this.#match(/(?:new\s+)?[\p{L}_$][\p{L}\p{N}_$]*/uy)?.replace(/^new\s+/, "");
    if (name === undefined) throw this.#unexpected("a value");
    this.#skip();
    if (this.#text[this.#at] === "(") {
      const make = Object.hasOwn(constructors, name) ? constructors[name] : undefined;
      if (make === undefined) throw this.#fail(`there is no ${name}()`, from);
      return make(this.#list(")"));
    }
    if (Object.hasOwn(words, name)) return words[name]!;
    throw this.#fail(`${name} is no value: write texts in quotes`, from);
  }

  /** Over spaces and comments. */
  #skip(): void {
    this.#match(/(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y);
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #unexpected(wanted: string): PlaygroundError {
    const found = this.#text[this.#at];
    return this.#fail(
      `${wanted} is expected, and not ${found === undefined ? "the end" : JSON.stringify(found)}`,
    );
  }

  #fail(message: string, at = this.#at): PlaygroundError {
    return new PlaygroundError("invalid_request", message, { position: at + 1 });
  }
}

function dateOf(text: Value | undefined): Value {
  const date = text === undefined ? new Date() : new Date(text as string | number);
  if (Number.isNaN(date.getTime())) {
    throw new PlaygroundError(
      "invalid_request",
      `${JSON.stringify(text)} is no date: write it as 2026-01-31T12:00:00Z`,
    );
  }
  return { $date: { $numberLong: String(date.getTime()) } };
}
