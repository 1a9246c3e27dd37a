import { PgError } from "../errors.ts";
import { Chunks, type TextRow, textOf } from "./lines.ts";
import type { CopyOptions } from "./options.ts";

const LF = 10;
const CR = 13;

/** Which columns FORCE_NULL and FORCE_NOT_NULL name, by index. */
export interface ForcedColumns {
  readonly null: ReadonlySet<number>;
  readonly notNull: ReadonlySet<number>;
}

/**
 * Reads COPY's CSV format (sql-copy, "CSV Format") from chunks that are cut anywhere. A field that is quoted is never NULL, unless
 * FORCE_NULL says so, and may hold delimiters and newlines.
 */
export class CsvReader {
  readonly #options: CopyOptions;
  readonly #forced: ForcedColumns;
  readonly #chunks = new Chunks();
  readonly #quote: number;
  readonly #escape: number;
  readonly #delimiter: number;
  #line = 0;
  #isOver = false;
  /** Of the row that has begun: up to here it was searched for its end, inside quotes or not, and lines begun in it. */
  #searchedTo = 0;
  #isQuoted = false;
  #newlines = 0;

  constructor(options: CopyOptions, forced: ForcedColumns) {
    this.#options = options;
    this.#forced = forced;
    this.#quote = options.quote.charCodeAt(0);
    this.#escape = options.escape.charCodeAt(0);
    this.#delimiter = options.delimiter.charCodeAt(0);
  }

  *read(chunk: Uint8Array): Generator<TextRow> {
    if (this.#isOver) return;
    this.#chunks.add(chunk);
    yield* this.#rows(false);
  }

  *end(): Generator<TextRow> {
    if (this.#isOver) return;
    yield* this.#rows(true);
    if (this.#isQuoted) throw new PgError("22P04", "unterminated CSV quoted field");
  }

  *#rows(isLast: boolean): Generator<TextRow> {
    const { bytes } = this.#chunks;
    let from = 0;
    while (!this.#isOver) {
      const end = this.#endOfRow(bytes, Math.max(from, this.#searchedTo), isLast);
      if (end < 0 || (end === bytes.length && from === end)) break;
      this.#line += 1 + this.#newlines;
      this.#newlines = 0;
      const isCrLf = bytes[end] === CR && bytes[end + 1] === LF;
      const row = this.#row(bytes.subarray(from, end));
      from = Math.min(bytes.length, end + (isCrLf ? 2 : 1));
      this.#searchedTo = from;
      if (row !== undefined) yield row;
    }
    this.#chunks.drop(from);
    this.#searchedTo = Math.max(0, this.#searchedTo - from);
  }

  #endOfRow(bytes: Buffer, from: number, isLast: boolean): number {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (this.#isQuoted && byte === this.#escape) {
        const next = bytes[at + 1];
        if (next === undefined && !isLast) {
          this.#searchedTo = at;
          return -1;
        }
        if (next === this.#quote || next === this.#escape) {
          at++;
          continue;
        }
      }
      if (byte === this.#quote) this.#isQuoted = !this.#isQuoted;
      else if (byte === LF || byte === CR) {
        if (byte === CR && bytes[at + 1] === undefined && !isLast) {
          this.#searchedTo = at;
          return -1;
        }
        if (!this.#isQuoted) return at;
        if (byte === LF || bytes[at + 1] !== LF) this.#newlines++;
      }
    }
    this.#searchedTo = bytes.length;
    return isLast && !this.#isQuoted ? bytes.length : -1;
  }

  #row(bytes: Buffer): TextRow | undefined {
    const { null: nullText, default: defaultText } = this.#options;
    if (bytes.length === 2 && bytes[0] === 92 && bytes[1] === 46) {
      this.#isOver = true;
      return undefined;
    }
    const fields: (string | null)[] = [];
    let defaults: Set<number> | undefined;
    const add = (text: string, wasQuoted: boolean) => {
      const index = fields.length;
      if (!wasQuoted && text === defaultText) {
        defaults ??= new Set();
        defaults.add(index);
        fields.push(null);
        return;
      }
      const isNull =
        text === nullText && (wasQuoted ? this.#forced.null.has(index) : !this.#forced.notNull.has(index));
      fields.push(isNull ? null : text);
    };
    if (!bytes.includes(this.#quote)) {
      for (const text of textOf(bytes).split(this.#options.delimiter)) add(text, false);
    } else this.#quotedFields(bytes, add);
    return { fields, line: this.#line, defaults };
  }

  /** Quotes may begin and end anywhere in a field: PostgreSQL takes `a"b,c"d` for one. */
  #quotedFields(bytes: Buffer, add: (text: string, wasQuoted: boolean) => void): void {
    let parts: Buffer[] = [];
    let from = 0;
    let isQuoted = false;
    let wasQuoted = false;
    const cut = (end: number, next: number) => {
      if (end > from) parts.push(bytes.subarray(from, end));
      from = next;
    };
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (
        isQuoted &&
        byte === this.#escape &&
        (bytes[at + 1] === this.#quote || bytes[at + 1] === this.#escape)
      ) {
        cut(at, at + 1);
        at++;
      } else if (byte === this.#quote) {
        cut(at, at + 1);
        isQuoted = !isQuoted;
        wasQuoted = true;
      } else if (byte === this.#delimiter && !isQuoted) {
        cut(at, at + 1);
        add(textOf(Buffer.concat(parts)), wasQuoted);
        parts = [];
        wasQuoted = false;
      }
    }
    cut(bytes.length, bytes.length);
    add(textOf(Buffer.concat(parts)), wasQuoted);
  }
}
