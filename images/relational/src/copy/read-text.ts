import { PgError } from "../errors.ts";
import { Chunks, type TextRow, textOf } from "./lines.ts";
import type { CopyOptions } from "./options.ts";

const LF = 10;
const CR = 13;
const BACKSLASH = 92;

type LineEnd = "\n" | "\r\n" | "\r";

/**
 * Reads COPY's text format (sql-copy, "Text Format") from chunks that are cut anywhere: lines, fields between delimiters, and
 * backslashes before what would end either.
 */
export class TextReader {
  readonly #options: CopyOptions;
  readonly #chunks = new Chunks();
  readonly #delimiter: string;
  #lineEnd: LineEnd | undefined;
  #line = 0;
  /** The end-of-data marker was read: what follows is not data. */
  #isOver = false;
  /** Up to here no line ends. */
  #searchedTo = 0;

  constructor(options: CopyOptions) {
    this.#options = options;
    this.#delimiter = options.delimiter;
  }

  /** The rows whose lines have ended with this chunk. @throws PgError 22P04, 22021 */
  *read(chunk: Uint8Array): Generator<TextRow> {
    if (this.#isOver) return;
    this.#chunks.add(chunk);
    yield* this.#lines(false);
  }

  /** The row of a last line that does not end. */
  *end(): Generator<TextRow> {
    if (!this.#isOver) yield* this.#lines(true);
  }

  *#lines(isLast: boolean): Generator<TextRow> {
    const { bytes } = this.#chunks;
    let from = 0;
    while (!this.#isOver) {
      const end = this.#endOfLine(bytes, Math.max(from, this.#searchedTo), isLast);
      if (end < 0) break;
      const next = Math.min(bytes.length, end + (this.#lineEnd ?? "").length);
      this.#searchedTo = next;
      if (isLast && end === bytes.length && from === end) break;
      this.#line++;
      const row = this.#row(bytes.subarray(from, end));
      from = next;
      if (row !== undefined) yield row;
    }
    this.#chunks.drop(from);
    this.#searchedTo = Math.max(0, this.#searchedTo - from);
  }

  /** Where the line ends, before its newline; -1 when it does not yet. */
  #endOfLine(bytes: Buffer, from: number, isLast: boolean): number {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === BACKSLASH) {
        // What follows is data, a newline too; at the end of the chunk it is not there yet.
        if (at + 1 === bytes.length && !isLast) {
          this.#searchedTo = at;
          return -1;
        }
        at++;
      } else if (byte === LF) {
        this.#lineEnd ??= "\n";
        if (this.#lineEnd === "\n") return at;
        throw mixedEnds("newline");
      } else if (byte === CR) {
        if (at + 1 === bytes.length && !isLast && this.#lineEnd !== "\r") {
          this.#searchedTo = at;
          return -1;
        }
        this.#lineEnd ??= bytes[at + 1] === LF ? "\r\n" : "\r";
        if (this.#lineEnd === "\r") return at;
        if (this.#lineEnd === "\r\n" && bytes[at + 1] === LF) return at;
        throw mixedEnds("carriage return");
      }
    }
    this.#searchedTo = bytes.length;
    return isLast ? bytes.length : -1;
  }

  #row(bytes: Buffer): TextRow | undefined {
    if (bytes.length === 2 && bytes[0] === BACKSLASH && bytes[1] === 46) {
      this.#isOver = true;
      return undefined;
    }
    const text = textOf(bytes);
    const { null: nullText, default: defaultText } = this.#options;
    // A line without a backslash has nothing to decode.
    if (!text.includes("\\")) {
      const fields: (string | null)[] = text.split(this.#delimiter);
      for (let i = 0; i < fields.length; i++) if (fields[i] === nullText) fields[i] = null;
      return { fields, line: this.#line, defaults: undefined };
    }
    const raw = splitFields(text, this.#delimiter);
    let defaults: Set<number> | undefined;
    const fields = raw.map((field, index) => {
      if (field === nullText) return null;
      if (field === defaultText) {
        defaults ??= new Set();
        defaults.add(index);
        return null;
      }
      return field.includes("\\") ? unescaped(field) : field;
    });
    return { fields, line: this.#line, defaults };
  }
}

/** At delimiters that no backslash precedes. */
function splitFields(text: string, delimiter: string): string[] {
  const fields: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === delimiter) {
      fields.push(text.slice(from, at));
      from = at + 1;
    }
  }
  fields.push(text.slice(from));
  return fields;
}

const escapes: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

/** Octal and hexadecimal escapes are bytes, and several of them may be one character: so bytes are what is made. */
function unescaped(field: string): string {
  const isBytes = /\\(?:[0-7]|x[0-9a-fA-F])/.test(field);
  if (!isBytes)
    return field.replace(/\\(.?)/gsu, (_, letter: string) =>
      letter === "" ? "\\" : (escapes[letter] ?? letter),
    );
  const parts: Buffer[] = [];
  for (const [whole, octal, hex, letter] of field.matchAll(
    /\\([0-7]{1,3})|\\x([0-9a-fA-F]{1,2})|\\(.?)|[^\\]+/gsu,
  )) {
    if (octal !== undefined) parts.push(Buffer.from([Number.parseInt(octal, 8) & 0xff]));
    else if (hex !== undefined) parts.push(Buffer.from([Number.parseInt(hex, 16)]));
    else if (letter !== undefined)
      parts.push(Buffer.from(letter === "" ? "\\" : (escapes[letter] ?? letter)));
    else parts.push(Buffer.from(whole));
  }
  const bytes = Buffer.concat(parts);
  if (bytes.includes(0)) throw new PgError("22021", 'invalid byte sequence for encoding "UTF8": 0x00');
  return textOf(bytes);
}

function mixedEnds(found: "newline" | "carriage return"): PgError {
  const [name, written] = found === "newline" ? ["newline", "\\n"] : ["carriage return", "\\r"];
  return new PgError("22P04", `literal ${name} found in data`, {
    hint: `Use "${written}" to represent ${name}.`,
  });
}
