import {
  type Evaluate,
  type Operator,
  pause,
  type Row,
  type Rows,
  type RunContext,
} from "../runtime/context.ts";

interface CsvLine {
  readonly fields: (string | null)[];
  /** From 1. */
  readonly number: number;
}

/** Where a line, its number and the name of its file go. */
export interface CsvPlaces {
  readonly line: number;
  readonly number: number;
  readonly file: number;
}

/** Cuts CSV: quotes are doubled within quotes; a field may run over lines. */
function* csvRows(text: string, separator: string, ctx: RunContext): Generator<CsvLine> {
  let number = 0;
  let fields: (string | null)[] = [];
  let at = 0;
  const { length } = text;
  while (at < length) {
    ctx.tick();
    let field: string | null = "";
    if (text[at] === '"') {
      at++;
      for (;;) {
        const quote = text.indexOf('"', at);
        if (quote === -1) {
          field += text.slice(at);
          at = length;
          break;
        }
        field += text.slice(at, quote);
        at = quote + 1;
        if (text[at] !== '"') break;
        field += '"';
        at++;
      }
    } else {
      const start = at;
      while (at < length && text[at] !== separator && text[at] !== "\n" && text[at] !== "\r") at++;
      field = start === at ? null : text.slice(start, at);
    }
    fields.push(field);
    if (text[at] === separator) {
      at++;
      if (at < length) continue;
      fields.push(null);
    }
    if (text[at] === "\r") at++;
    if (text[at] === "\n") at++;
    yield { fields, number: ++number };
    fields = [];
  }
}

/** LOAD CSV */
export class LoadCsv implements Operator {
  readonly name = "LoadCSV";
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #url: Evaluate;
  readonly #places: CsvPlaces;
  readonly #withHeaders: boolean;
  readonly #separator: string;

  constructor(source: Operator, url: Evaluate, places: CsvPlaces, withHeaders: boolean, separator: string) {
    this.#source = source;
    this.children = [source];
    this.#url = url;
    this.#places = places;
    this.#withHeaders = withHeaders;
    this.#separator = separator;
  }

  open(ctx: RunContext, argument: Row): Rows {
    const rows = this.#source.open(ctx, argument);
    let row: Row | undefined;
    let lines: Iterator<CsvLine> | undefined;
    let file = "";
    let headers: (string | null)[] | undefined;
    return {
      next: () => {
        for (;;) {
          if (ctx.isSliceOver()) return pause;
          if (lines === undefined) {
            const given = rows.next();
            if (given === undefined || given === pause) return given;
            row = given;
            const url = String(this.#url(row, ctx));
            file = url.replace(/^file:\/*/, "/");
            const text = ctx.importText(url).replace(/^\ufeff/, "");
            lines = csvRows(text, this.#separator, ctx);
            headers = this.#withHeaders ? lines.next().value?.fields : undefined;
          }
          const { value, done } = lines.next();
          if (done === true) {
            lines = undefined;
            continue;
          }
          const made = row!.slice();
          const { fields } = value;
          made[this.#places.line] =
            headers === undefined
              ? fields
              : new Map(headers.map((name, i) => [name ?? "", fields[i] ?? null]));
          made[this.#places.number] = BigInt(value.number);
          made[this.#places.file] = file;
          return made;
        }
      },
    };
  }
}
