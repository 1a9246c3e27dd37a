import type { CopyOptions } from "./options.ts";

const flushBytes = 64 << 10;

/** Gathers text or bytes into chunks of a useful size. */
export class ChunkWriter {
  #parts: Buffer[] = [];
  #length = 0;

  add(part: Buffer): void {
    this.#parts.push(part);
    this.#length += part.length;
  }

  get isFull(): boolean {
    return this.#length >= flushBytes;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  take(): Buffer {
    const taken = Buffer.concat(this.#parts, this.#length);
    this.#parts = [];
    this.#length = 0;
    return taken;
  }
}

const escapes: Readonly<Record<string, string>> = {
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
};

/** A row in COPY's text format, with its newline. */
export function textLine(
  fields: readonly (string | null)[],
  { delimiter, null: nullText }: CopyOptions,
): string {
  let line = "";
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!;
    if (i > 0) line += delimiter;
    if (field === null || field === undefined) line += nullText;
    else if (/[\b\f\n\r\t\v\\]/.test(field) || field.includes(delimiter)) line += escaped(field, delimiter);
    else line += field;
  }
  return `${line}\n`;
}

function escaped(field: string, delimiter: string): string {
  let text = "";
  for (const character of field)
    text += escapes[character] ?? (character === delimiter ? `\\${character}` : character);
  return text;
}

/** A row in COPY's CSV format, with its newline; `isForced` says which columns are always quoted. */
export function csvLine(
  fields: readonly (string | null)[],
  options: CopyOptions,
  isForced: (index: number) => boolean,
): string {
  const { delimiter, quote, null: nullText } = options;
  const cells = fields.map((field, index) => {
    if (field === null) return nullText;
    const mustQuote =
      isForced(index) ||
      field === nullText ||
      field.includes(delimiter) ||
      field.includes(quote) ||
      /[\r\n]/.test(field) ||
      // A line of nothing but this would end the data.
      (fields.length === 1 && field === "\\.");
    if (!mustQuote) return field;
    let text = "";
    for (const character of field)
      text += character === quote || character === options.escape ? options.escape + character : character;
    return quote + text + quote;
  });
  return `${cells.join(delimiter)}\n`;
}

/** What a binary COPY begins with: signature, no flags, no extension. */
export function binaryHeader(): Buffer {
  return Buffer.concat([Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"), Buffer.alloc(8)]);
}

export function binaryTrailer(): Buffer {
  return Buffer.from([0xff, 0xff]);
}

/** A row in COPY's binary format. */
export function binaryRow(fields: readonly (Uint8Array | null)[]): Buffer {
  const length = fields.reduce((sum, field) => sum + 4 + (field?.length ?? 0), 2);
  const row = Buffer.allocUnsafe(length);
  let at = row.writeInt16BE(fields.length, 0);
  for (const field of fields) {
    at = row.writeInt32BE(field === null ? -1 : field.length, at);
    if (field !== null) {
      row.set(field, at);
      at += field.length;
    }
  }
  return row;
}
