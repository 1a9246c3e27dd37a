/** The line (from 1) of every table header and key of a TOML document, by dotted path: "auth.users.0.password". */
export type Lines = ReadonlyMap<string, number>;

/**
 * Finds where the keys of a TOML document stand, which the parser does not tell.
 *
 * `source` must be valid TOML: the scanner only has to tell headers, keys and values apart. Keys inside inline
 * tables are not listed; look a path up with `lineOf`, which falls back to the enclosing key.
 */
export function locate(source: string): Lines {
  const lines = new Map<string, number>();
  const arrayLengths = new Map<string, number>();
  const scanner = new Scanner(source);
  let table = "";
  while (scanner.toStatement()) {
    const line = scanner.line;
    const brackets = scanner.take("[[") ? 2 : scanner.take("[") ? 1 : 0;
    const path = scanner.dottedKey().join(".");
    if (brackets === 0) {
      lines.set(table === "" ? path : `${table}.${path}`, line);
      scanner.skipValue();
      continue;
    }
    table = path;
    if (brackets === 2) {
      const index = arrayLengths.get(path) ?? 0;
      arrayLengths.set(path, index + 1);
      table = `${path}.${index}`;
      if (index === 0) lines.set(path, line);
    }
    lines.set(table, line);
    scanner.skipLine();
  }
  return lines;
}

/** The line of a path, or of the nearest enclosing key or table that has one. */
export function lineOf(lines: Lines, path: string): number | undefined {
  for (let at = path; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
    const line = lines.get(at);
    if (line !== undefined) return line;
  }
  return undefined;
}

class Scanner {
  line = 1;
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /** Goes to the next header or key; false at the end of the document. */
  toStatement(): boolean {
    for (;;) {
      const char = this.#source[this.#at];
      if (char === undefined) return false;
      if (char === "#") this.skipLine();
      else if (/\s/.test(char)) this.#advance(1);
      else return true;
    }
  }

  take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#advance(text.length);
    return true;
  }

  /** Reads `a."b c".d`, up to the "=" or "]" that ends it. */
  dottedKey(): string[] {
    const parts: string[] = [];
    for (;;) {
      const char = this.#source[this.#at];
      if (char === undefined || char === "=" || char === "]") return parts;
      if (char === '"' || char === "'") {
        const from = this.#at + 1;
        this.#skipString(char);
        parts.push(this.#source.slice(from, this.#at - 1));
      } else if (/[\w-]/.test(char)) {
        const from = this.#at;
        while (/[\w-]/.test(this.#source[this.#at] ?? "")) this.#advance(1);
        parts.push(this.#source.slice(from, this.#at));
      } else {
        this.#advance(1);
      }
    }
  }

  /** Goes past a value, which may span lines inside brackets and multi-line strings. */
  skipValue(): void {
    let depth = 0;
    for (;;) {
      const char = this.#source[this.#at];
      if (char === undefined || (char === "\n" && depth === 0)) return;
      if (char === '"' || char === "'") this.#skipString(char);
      else if (char === "#") this.skipLine();
      else {
        if (char === "[" || char === "{") depth++;
        if (char === "]" || char === "}") depth--;
        this.#advance(1);
      }
    }
  }

  skipLine(): void {
    while (this.#at < this.#source.length && this.#source[this.#at] !== "\n") this.#at++;
  }

  #skipString(quote: string): void {
    const end = this.take(quote.repeat(3)) ? quote.repeat(3) : quote;
    if (end === quote) this.#advance(1);
    while (this.#at < this.#source.length && !this.#source.startsWith(end, this.#at)) {
      this.#advance(quote === '"' && this.#source[this.#at] === "\\" ? 2 : 1);
    }
    this.#advance(end.length);
    // Up to two quotes may stand directly before the closing three.
    if (end.length === 3) while (this.#source[this.#at] === quote) this.#advance(1);
  }

  #advance(count: number): void {
    for (const end = this.#at + count; this.#at < end; this.#at++) {
      if (this.#source[this.#at] === "\n") this.line++;
    }
  }
}
