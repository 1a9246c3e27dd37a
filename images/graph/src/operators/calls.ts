import type { ProcedureDefinition } from "../procedures/definition.ts";
import {
  type Evaluate,
  type Operator,
  pause,
  type Row,
  type Rows,
  type RunContext,
} from "../runtime/context.ts";
import type { Value } from "../values/types.ts";

/** CALL of a procedure for each row. */
export class ProcedureCall implements Operator {
  readonly name = "ProcedureCall";
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #procedure: ProcedureDefinition;
  readonly #args: readonly Evaluate[];
  /** Which of the procedure's columns go where. */
  readonly #places: readonly (readonly [column: number, slot: number])[];
  readonly #isOptional: boolean;

  constructor(
    source: Operator,
    procedure: ProcedureDefinition,
    args: readonly Evaluate[],
    places: readonly (readonly [column: number, slot: number])[],
    isOptional: boolean,
  ) {
    this.#source = source;
    this.children = [source];
    this.#procedure = procedure;
    this.#args = args;
    this.#places = places;
    this.#isOptional = isOptional;
  }

  open(ctx: RunContext, argument: Row): Rows {
    const rows = this.#source.open(ctx, argument);
    let row: Row | undefined;
    let results: Iterator<readonly Value[]> | undefined;
    let isEmpty = true;
    return {
      next: () => {
        for (;;) {
          if (ctx.isSliceOver()) return pause;
          if (results === undefined) {
            const given = rows.next();
            if (given === undefined || given === pause) return given;
            row = given;
            const args = this.#args.map((evaluate) => evaluate(given, ctx));
            results = this.#procedure.call(args, ctx)[Symbol.iterator]();
            isEmpty = true;
            // One without columns is called for what it does.
            if (this.#procedure.columns.length === 0) {
              while (results.next().done !== true) ctx.tick();
              results = undefined;
              return row;
            }
          }
          const { value, done } = results.next();
          if (done === true) {
            results = undefined;
            if (!isEmpty || !this.#isOptional) continue;
            const made = row!.slice();
            for (const [, slot] of this.#places) made[slot] = null;
            return made;
          }
          isEmpty = false;
          const made = row!.slice();
          for (const [column, slot] of this.#places) made[slot] = value[column] ?? null;
          return made;
        }
      },
    };
  }
}

/** Cuts CSV: quotes are doubled within quotes; a field may run over lines. */
function* csvRows(text: string, separator: string, ctx: RunContext): Generator<(string | null)[]> {
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
    yield fields;
    fields = [];
  }
}

/** LOAD CSV */
export class LoadCsv implements Operator {
  readonly name = "LoadCSV";
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #url: Evaluate;
  readonly #slot: number;
  readonly #withHeaders: boolean;
  readonly #separator: string;

  constructor(source: Operator, url: Evaluate, slot: number, withHeaders: boolean, separator: string) {
    this.#source = source;
    this.children = [source];
    this.#url = url;
    this.#slot = slot;
    this.#withHeaders = withHeaders;
    this.#separator = separator;
  }

  open(ctx: RunContext, argument: Row): Rows {
    const rows = this.#source.open(ctx, argument);
    let row: Row | undefined;
    let lines: Iterator<(string | null)[]> | undefined;
    let headers: (string | null)[] | undefined;
    return {
      next: () => {
        for (;;) {
          if (ctx.isSliceOver()) return pause;
          if (lines === undefined) {
            const given = rows.next();
            if (given === undefined || given === pause) return given;
            row = given;
            const text = ctx.importText(String(this.#url(row, ctx))).replace(/^\ufeff/, "");
            lines = csvRows(text, this.#separator, ctx);
            headers = this.#withHeaders ? lines.next().value : undefined;
          }
          const { value, done } = lines.next();
          if (done === true) {
            lines = undefined;
            continue;
          }
          const made = row!.slice();
          made[this.#slot] =
            headers === undefined ? value : new Map(headers.map((name, i) => [name ?? "", value[i] ?? null]));
          return made;
        }
      },
    };
  }
}
