import { PgError } from "../errors.ts";
import { type Json, JsonObject } from "./json-value.ts";
import { Numeric } from "./numeric.ts";
import { compareText } from "./texts.ts";

const depthMax = 6400;

function describe(text: string, at: number): string {
  const rest = text.slice(at);
  const word = /^[A-Za-z0-9_.+-]+/.exec(rest);
  return word === null ? String.fromCodePoint(rest.codePointAt(0) ?? 0) : word[0];
}

/** Reads JSON exactly: numbers keep their digits. @throws PgError 22P02 with PostgreSQL's details */
export class JsonReader {
  readonly #text: string;
  readonly #typeName: string;
  #at = 0;
  #depth = 0;
  /** Whether strings and numbers are made into values; without it the text is only checked. */
  readonly #build: boolean;

  constructor(text: string, typeName: "json" | "jsonb", build: boolean) {
    this.#text = text;
    this.#typeName = typeName;
    this.#build = build;
  }

  read(): Json {
    const value = this.#value();
    this.#space();
    if (this.#at < this.#text.length)
      throw this.#error(`Expected end of input, but found "${describe(this.#text, this.#at)}".`, true);
    return value;
  }

  #error(detail: string, atToken = false): PgError {
    return new PgError(
      "22P02",
      `invalid input syntax for type ${this.#typeName === "jsonb" ? "json" : "json"}`,
      {
        detail,
        where: this.#context(atToken),
      },
    );
  }

  #context(atToken: boolean): string {
    const end = atToken
      ? this.#at + describe(this.#text, this.#at).length
      : Math.min(this.#at, this.#text.length);
    const before = this.#text.slice(0, end);
    const line = before.split("\n").length;
    const shown = before.slice(before.lastIndexOf("\n") + 1);
    const cut = shown.length > 50 ? `...${shown.slice(-50)}` : shown;
    const more = end < this.#text.length ? "..." : "";
    return `JSON data, line ${line}: ${cut}${more}`;
  }

  #unexpected(expected: string): PgError {
    this.#space();
    if (this.#at >= this.#text.length) return this.#error("The input string ended unexpectedly.");
    return this.#error(`Expected ${expected}, but found "${describe(this.#text, this.#at)}".`, true);
  }

  #space(): void {
    const text = this.#text;
    while (this.#at < text.length) {
      const unit = text.charCodeAt(this.#at);
      if (unit !== 32 && unit !== 10 && unit !== 13 && unit !== 9) return;
      this.#at++;
    }
  }

  #value(): Json {
    this.#space();
    const character = this.#text[this.#at];
    switch (character) {
      case "{":
        return this.#object();
      case "[":
        return this.#array();
      case '"':
        return this.#string();
      default:
        return this.#scalar(character);
    }
  }

  #enter(): void {
    this.#at++;
    if (++this.#depth > depthMax) throw new PgError("54001", "stack depth limit exceeded");
  }

  #object(): Json {
    this.#enter();
    const members = new Map<string, Json>();
    this.#space();
    if (this.#text[this.#at] === "}") {
      this.#at++;
      this.#depth--;
      return makeObject(members);
    }
    while (true) {
      this.#space();
      if (this.#text[this.#at] !== '"') {
        throw members.size === 0 ? this.#unexpected('string or "}"') : this.#unexpected("string");
      }
      const key = this.#string();
      this.#space();
      if (this.#text[this.#at] !== ":") throw this.#unexpected('":"');
      this.#at++;
      const value = this.#value();
      if (this.#build) {
        members.delete(key);
        members.set(key, value);
      } else members.set("", null);
      this.#space();
      if (this.#text[this.#at] === ",") {
        this.#at++;
        continue;
      }
      if (this.#text[this.#at] !== "}") throw this.#unexpected('"," or "}"');
      this.#at++;
      this.#depth--;
      return this.#build ? makeObject(members) : null;
    }
  }

  #array(): Json {
    this.#enter();
    const items: Json[] = [];
    this.#space();
    if (this.#text[this.#at] === "]") {
      this.#at++;
      this.#depth--;
      return items;
    }
    while (true) {
      this.#space();
      if (items.length === 0 && this.#at < this.#text.length && !/[[{"\-\dtfn]/.test(this.#text[this.#at]!))
        throw this.#unexpected('array element or "]"');
      const value = this.#value();
      items.push(value);
      this.#space();
      if (this.#text[this.#at] === ",") {
        this.#at++;
        continue;
      }
      if (this.#text[this.#at] !== "]") throw this.#unexpected('"," or "]"');
      this.#at++;
      this.#depth--;
      return items;
    }
  }

  #string(): string {
    const text = this.#text;
    const start = ++this.#at;
    let isPlain = true;
    let value = "";
    while (true) {
      const unit = text.charCodeAt(this.#at);
      if (this.#at >= text.length) throw this.#error(`Token "${text.slice(start - 1)}" is invalid.`);
      if (unit === 34) break;
      if (unit < 32) {
        throw this.#error(`Character with value 0x${unit.toString(16).padStart(2, "0")} must be escaped.`);
      }
      if (unit !== 92) {
        if (!isPlain) value += text[this.#at];
        this.#at++;
        continue;
      }
      if (isPlain) {
        value = text.slice(start, this.#at);
        isPlain = false;
      }
      value += this.#escape();
    }
    const result = isPlain ? text.slice(start, this.#at) : value;
    this.#at++;
    return result;
  }

  #escape(): string {
    const text = this.#text;
    const letter = text[this.#at + 1];
    const simple = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" }[
      letter ?? ""
    ];
    if (simple !== undefined) {
      this.#at += 2;
      return simple;
    }
    if (letter !== "u") {
      this.#at += 2;
      throw this.#error(`Escape sequence "\\${letter ?? ""}" is invalid.`);
    }
    const hex = text.slice(this.#at + 2, this.#at + 6);
    if (!/^[0-9a-fA-F]{4}$/.test(hex))
      throw this.#error('"\\u" must be followed by four hexadecimal digits.');
    this.#at += 6;
    const code = Number.parseInt(hex, 16);
    if (code === 0 && this.#build)
      throw new PgError("22P05", "unsupported Unicode escape sequence", {
        detail: "\\u0000 cannot be converted to text.",
        where: this.#context(false),
      });
    if (code >= 0xd800 && code <= 0xdbff) {
      const low = /^\\u([dD][c-fC-F][0-9a-fA-F]{2})/.exec(text.slice(this.#at));
      if (low === null) throw this.#error("Unicode low surrogate must follow a high surrogate.");
      this.#at += 6;
      return String.fromCharCode(code, Number.parseInt(low[1]!, 16));
    }
    if (code >= 0xdc00 && code <= 0xdfff)
      throw this.#error("Unicode low surrogate must follow a high surrogate.");
    return String.fromCharCode(code);
  }

  #scalar(character: string | undefined): Json {
    const rest = this.#text.slice(this.#at, this.#at + 400);
    for (const [word, value] of [
      ["true", true],
      ["false", false],
      ["null", null],
    ] as const) {
      if (rest.startsWith(word) && !/^[A-Za-z0-9_]/.test(rest[word.length] ?? "")) {
        this.#at += word.length;
        return value;
      }
    }
    const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/.exec(
      rest.length === 400 ? this.#text.slice(this.#at) : rest,
    );
    if (number !== null && !/^[A-Za-z0-9_.]/.test(this.#text[this.#at + number[0].length] ?? "")) {
      this.#at += number[0].length;
      if (!this.#build) return null;
      return Numeric.parse(number[0]);
    }
    if (character === undefined) throw this.#error("The input string ended unexpectedly.");
    if (/[A-Za-z0-9_+-]/.test(character))
      throw this.#error(`Token "${describe(this.#text, this.#at)}" is invalid.`, true);
    if ("}],:".includes(character)) throw this.#unexpected("JSON value");
    throw this.#error(`Token "${describe(this.#text, this.#at)}" is invalid.`, true);
  }
}

/** Members in jsonb's order: shorter keys first, then by bytes. */
export function makeObject(members: ReadonlyMap<string, Json>): JsonObject {
  if (members.size < 2) return new JsonObject(members);
  const sorted = [...members].sort(([a], [b]) => compareKeys(a, b));
  return new JsonObject(new Map(sorted));
}

export function compareKeys(a: string, b: string): number {
  return Buffer.byteLength(a) - Buffer.byteLength(b) || compareText(a, b);
}

export function parseJson(text: string, typeName: "json" | "jsonb" = "jsonb"): Json {
  return new JsonReader(text, typeName, true).read();
}

/** @throws PgError 22P02 */
export function checkJson(text: string): void {
  new JsonReader(text, "json", false).read();
}

export function quoteJson(text: string): string {
  return JSON.stringify(text)
    .replace(/[\u007f]/g, "\u007f")
    .replace(/\\u([dD][89a-fA-F][0-9a-fA-F]{2})/g, "\\u$1");
}

/** As jsonb is written: with a blank after commas and colons. */
export function formatJson(json: Json): string {
  if (json === null) return "null";
  if (typeof json === "boolean") return json ? "true" : "false";
  if (typeof json === "string") return quoteJson(json);
  if (json instanceof Numeric) return json.toString();
  if (json instanceof JsonObject)
    return `{${[...json.members].map(([key, value]) => `${quoteJson(key)}: ${formatJson(value)}`).join(", ")}}`;
  return `[${(json as readonly Json[]).map(formatJson).join(", ")}]`;
}

/** As jsonb_pretty writes it. */
export function prettyJson(json: Json, indent = ""): string {
  const inner = `${indent}    `;
  if (json instanceof JsonObject) {
    if (json.members.size === 0) return `{\n${indent}}`;
    const lines = [...json.members].map(
      ([key, value]) => `${inner}${quoteJson(key)}: ${prettyJson(value, inner)}`,
    );
    return `{\n${lines.join(",\n")}\n${indent}}`;
  }
  if (Array.isArray(json)) {
    if (json.length === 0) return `[\n${indent}]`;
    return `[\n${(json as readonly Json[]).map((item) => `${inner}${prettyJson(item, inner)}`).join(",\n")}\n${indent}]`;
  }
  return formatJson(json);
}
