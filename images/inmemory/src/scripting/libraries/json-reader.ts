import { LuaError, type LuaMachine, type LuaState } from "../lua/machine.ts";
import type { JsonSettings } from "./json-settings.ts";

type TokenType =
  | "T_OBJ_BEGIN"
  | "T_OBJ_END"
  | "T_ARR_BEGIN"
  | "T_ARR_END"
  | "T_STRING"
  | "T_NUMBER"
  | "T_BOOLEAN"
  | "T_NULL"
  | "T_COLON"
  | "T_COMMA"
  | "T_END"
  | "T_ERROR";

const PUNCTUATION: Readonly<Record<string, TokenType>> = {
  "{": "T_OBJ_BEGIN",
  "}": "T_OBJ_END",
  "[": "T_ARR_BEGIN",
  "]": "T_ARR_END",
  ":": "T_COLON",
  ",": "T_COMMA",
};

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  t: "\t",
  n: "\n",
  f: "\f",
  r: "\r",
};

const SPACE = /[ \t\n\r]*/y;
const PLAIN = /[^"\\]*/y;
/** What strtod takes: a decimal, a hexadecimal, an infinity or no number. */
const NUMBER =
  /[+-]?(?:0x[0-9a-f]+(?:\.[0-9a-f]*)?(?:p[+-]?[0-9]+)?|inf(?:inity)?|nan|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?)/iy;
const WORDS: Readonly<Record<string, TokenType>> = { true: "T_BOOLEAN", false: "T_BOOLEAN", null: "T_NULL" };

/** Reads JSON into values of Lua (lua-cjson, cjson.decode). The text has a character per byte. */
export class JsonReader {
  readonly #machine: LuaMachine;
  readonly #L: LuaState;
  readonly #settings: JsonSettings;
  readonly #text: string;
  #at = 0;
  #depth = 0;
  /** The token at hand: its type, where it starts, and its value or, of an error, what is wrong. */
  #token: TokenType = "T_END";
  #tokenAt = 0;
  #string = "";
  #number = 0;
  #boolean = false;

  constructor(machine: LuaMachine, L: LuaState, settings: JsonSettings, text: string) {
    this.#machine = machine;
    this.#L = L;
    this.#settings = settings;
    this.#text = text;
  }

  /** Pushes the value. */
  decode(): void {
    const text = this.#text;
    if (text.length >= 2 && (text[0] === "\0" || text[1] === "\0"))
      throw new LuaError("JSON parser does not support UTF-16 or UTF-32");
    this.#next();
    this.#value();
    this.#next();
    if (this.#token !== "T_END") this.#refuse("the end");
  }

  #refuse(expected: string): never {
    const found = this.#token === "T_ERROR" ? this.#string : this.#token;
    throw new LuaError(`Expected ${expected} but found ${found} at character ${this.#tokenAt + 1}`);
  }

  #descend(slots: number): void {
    this.#depth++;
    const isDeep = this.#depth > this.#settings.decodeDepthMax;
    if (isDeep || this.#machine.api.lua_checkstack(this.#L, slots) === 0) {
      throw new LuaError(`Found too many nested data structures (${this.#depth}) at character ${this.#at}`);
    }
  }

  #value(): void {
    const machine = this.#machine;
    const { api } = machine;
    const L = this.#L;
    switch (this.#token) {
      case "T_STRING":
        machine.pushLatin1(L, this.#string);
        return;
      case "T_NUMBER":
        api.lua_pushnumber(L, this.#number);
        return;
      case "T_BOOLEAN":
        api.lua_pushboolean(L, this.#boolean ? 1 : 0);
        return;
      case "T_NULL":
        api.lua_pushlightuserdata(L, 0);
        return;
      case "T_OBJ_BEGIN":
        this.#object();
        return;
      case "T_ARR_BEGIN":
        this.#array();
        return;
      default:
        this.#refuse("value");
    }
  }

  #object(): void {
    const machine = this.#machine;
    const { api } = machine;
    const L = this.#L;
    this.#descend(3);
    api.lua_createtable(L, 0, 0);
    this.#next();
    if (this.#token === "T_OBJ_END") {
      this.#depth--;
      return;
    }
    while (true) {
      if ((this.#token as TokenType) !== "T_STRING") this.#refuse("object key string");
      machine.pushLatin1(L, this.#string);
      this.#next();
      if ((this.#token as TokenType) !== "T_COLON") this.#refuse("colon");
      this.#next();
      this.#value();
      api.lua_rawset(L, -3);
      this.#next();
      if ((this.#token as TokenType) === "T_OBJ_END") {
        this.#depth--;
        return;
      }
      if ((this.#token as TokenType) !== "T_COMMA") this.#refuse("comma or object end");
      this.#next();
    }
  }

  #array(): void {
    const { api } = this.#machine;
    const L = this.#L;
    this.#descend(2);
    api.lua_createtable(L, 0, 0);
    this.#next();
    if (this.#token === "T_ARR_END") {
      this.#depth--;
      return;
    }
    for (let i = 1; ; i++) {
      this.#value();
      api.lua_rawseti(L, -2, i);
      this.#next();
      if ((this.#token as TokenType) === "T_ARR_END") {
        this.#depth--;
        return;
      }
      if ((this.#token as TokenType) !== "T_COMMA") this.#refuse("comma or array end");
      this.#next();
    }
  }

  #next(): void {
    const text = this.#text;
    SPACE.lastIndex = this.#at;
    SPACE.test(text);
    const at = SPACE.lastIndex;
    this.#tokenAt = at;
    if (at >= text.length) {
      this.#at = at;
      this.#token = "T_END";
      return;
    }
    const character = text[at]!;
    const punctuation = PUNCTUATION[character];
    if (punctuation !== undefined) {
      this.#token = punctuation;
      this.#at = at + 1;
      return;
    }
    if (character === '"') {
      this.#readString(at + 1);
      return;
    }
    const isNumber = (character >= "0" && character <= "9") || character === "-";
    const mayBeNumber = isNumber || (this.#settings.decodesInvalidNumbers && "+iInN".includes(character));
    const word = /^(?:true|false|null)/.exec(text.slice(at, at + 5))?.[0];
    if (word !== undefined) {
      this.#token = WORDS[word]!;
      this.#boolean = word === "true";
      this.#at = at + word.length;
    } else if (mayBeNumber) this.#readNumber(at);
    else this.#fail("invalid token", at);
  }

  #fail(what: string, at: number): void {
    this.#token = "T_ERROR";
    this.#string = what;
    this.#tokenAt = at;
  }

  #readNumber(at: number): void {
    NUMBER.lastIndex = at;
    const found = NUMBER.exec(this.#text)?.[0];
    const isStrict = !this.#settings.decodesInvalidNumbers;
    if (
      found === undefined ||
      (isStrict && !/^-?(?:0(?![0-9x])|[1-9])/i.test(this.#text.slice(at, at + 3)))
    ) {
      this.#fail(
        found === undefined && !isStrict && !"+-".includes(this.#text[at]!)
          ? "invalid token"
          : "invalid number",
        at,
      );
      return;
    }
    this.#token = "T_NUMBER";
    this.#number = numberOf(found.toLowerCase());
    this.#at = at + found.length;
  }

  #readString(start: number): void {
    const text = this.#text;
    let at = start;
    let value = "";
    while (true) {
      PLAIN.lastIndex = at;
      PLAIN.test(text);
      const end = PLAIN.lastIndex;
      const plainText = text.slice(at, end);
      if (plainText.includes("\0")) {
        // C's end of a text.
        this.#fail("unexpected end of string", at + plainText.indexOf("\0"));
        return;
      }
      value += plainText;
      const character = text[end];
      if (character === '"') {
        this.#token = "T_STRING";
        this.#string = value;
        this.#at = end + 1;
        return;
      }
      if (character === undefined) {
        this.#fail("unexpected end of string", end);
        return;
      }
      const escaped = text[end + 1] ?? "";
      if (escaped === "u") {
        const read = readUnicode(text, end);
        if (read === undefined) {
          this.#fail("invalid unicode escape code", end);
          return;
        }
        value += read.bytes;
        at = read.end;
        continue;
      }
      const plain = ESCAPES[escaped];
      if (plain === undefined) {
        this.#fail("invalid escape code", end);
        return;
      }
      value += plain;
      at = end + 2;
    }
  }
}

/** The bytes of UTF-8 for the escape that begins at an index, with its second half if it is half of a pair. */
function readUnicode(text: string, at: number): { bytes: string; end: number } | undefined {
  const unit = unitAt(text, at);
  if (unit === undefined || (unit >= 0xdc00 && unit <= 0xdfff)) return undefined;
  let codePoint = unit;
  let end = at + 6;
  if (unit >= 0xd800 && unit <= 0xdbff) {
    const low = unitAt(text, end);
    if (low === undefined || low < 0xdc00 || low > 0xdfff) return undefined;
    codePoint = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    end += 6;
  }
  return { bytes: Buffer.from(String.fromCodePoint(codePoint)).toString("latin1"), end };
}

function unitAt(text: string, at: number): number | undefined {
  const digits = /^\\u([0-9a-fA-F]{4})$/.exec(text.slice(at, at + 6))?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

function numberOf(text: string): number {
  const isNegative = text.startsWith("-");
  const digits = text.replace(/^[+-]/, "");
  let value: number;
  if (digits.startsWith("inf")) value = Number.POSITIVE_INFINITY;
  else if (digits === "nan") value = Number.NaN;
  else if (digits.startsWith("0x")) value = hexadecimal(digits.slice(2));
  else value = Number(digits);
  return isNegative ? -value : value;
}

function hexadecimal(text: string): number {
  const [mantissa = "", power = "0"] = text.split("p");
  const [whole = "", part = ""] = mantissa.split(".");
  return Number(`0x${whole}${part}` || 0) * 2 ** (Number(power) - 4 * part.length);
}
