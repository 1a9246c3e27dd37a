import { PgError } from "../../errors.ts";
import type {
  Accessor,
  Block,
  Branch,
  CursorDefinition,
  Declaration,
  Dynamic,
  FetchDirection,
  ForSource,
  Handler,
  OpenSource,
  Statement,
  Target,
} from "./ast.ts";
import { type Token, tokensOf } from "./tokens.ts";

/** The body of a function in PL/pgSQL. @throws PgError 42601 */
export function parsePlpgsql(source: string): Block {
  return new Parser(source).whole();
}

const openers = new Set(["(", "["]);
const closers = new Set([")", "]"]);

class Parser {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = tokensOf(source);
  }

  whole(): Block {
    while (this.#isSymbol("#")) this.#compilerOption();
    const block = this.#block(this.#label());
    this.#takeSymbol(";");
    if (this.#token.kind !== "end") throw this.#error();
    return block;
  }

  /** `#variable_conflict` and the like: names are resolved as by default, so that only that is accepted. */
  #compilerOption(): void {
    this.#at++;
    const option = this.#expectName();
    const value = this.#expectName();
    if (option === "variable_conflict" && value !== "error")
      throw new PgError("0A000", `#variable_conflict ${value} is not supported`);
  }

  get #token(): Token {
    return this.#tokens[this.#at]!;
  }

  #peek(offset: number): Token {
    return this.#tokens[Math.min(this.#at + offset, this.#tokens.length - 1)]!;
  }

  #is(word: string, token = this.#token): boolean {
    return token.kind === "name" && token.text === word;
  }

  #isSymbol(text: string, token = this.#token): boolean {
    return token.kind === "symbol" && token.text === text;
  }

  #take(word: string): boolean {
    if (!this.#is(word)) return false;
    this.#at++;
    return true;
  }

  #takeSymbol(text: string): boolean {
    if (!this.#isSymbol(text)) return false;
    this.#at++;
    return true;
  }

  #expect(word: string): void {
    if (!this.#take(word)) throw this.#error();
  }

  #expectSymbol(text: string): void {
    if (!this.#takeSymbol(text)) throw this.#error();
  }

  #expectName(): string {
    const { kind, text } = this.#token;
    if (kind !== "name" && kind !== "quoted") throw this.#error();
    this.#at++;
    return text;
  }

  #error(): PgError {
    const { kind, start, end } = this.#token;
    if (kind === "end") return new PgError("42601", "syntax error at end of input");
    return new PgError("42601", `syntax error at or near "${this.#source.slice(start, end)}"`);
  }

  /** SQL text up to one of the words or symbols, outside of brackets; it is not taken. */
  #sql(...ends: readonly string[]): string {
    const from = this.#token;
    let depth = 0;
    let cases = 0;
    while (true) {
      const token = this.#token;
      if (token.kind === "end") throw this.#error();
      if (depth === 0 && cases === 0 && this.#endsAt(token, ends)) break;
      if (token.kind === "symbol") {
        if (openers.has(token.text)) depth++;
        else if (closers.has(token.text) && --depth < 0) throw this.#error();
        else if (token.text === ";") throw this.#error();
      } else if (this.#is("case")) cases++;
      else if (this.#is("end") && cases > 0) cases--;
      this.#at++;
    }
    if (this.#token === from) throw this.#missing();
    return this.#source.slice(from.start, this.#peek(-1).end);
  }

  #missing(): PgError {
    const { start, end, kind } = this.#token;
    return kind === "symbol"
      ? new PgError("42601", `syntax error at or near "${this.#source.slice(start, end)}"`)
      : new PgError("42601", "missing expression");
  }

  #endsAt(token: Token, ends: readonly string[]): boolean {
    return (token.kind === "name" || token.kind === "symbol") && ends.includes(token.text);
  }

  #label(): string | undefined {
    if (!this.#takeSymbol("<<")) return undefined;
    const label = this.#expectName();
    this.#expectSymbol(">>");
    return label;
  }

  #block(label: string | undefined): Block {
    const { line } = this.#token;
    const declarations: Declaration[] = [];
    if (this.#take("declare")) {
      while (!this.#is("begin")) {
        if (this.#take("declare")) continue;
        declarations.push(this.#declaration());
      }
    }
    const begun = this.#token.line;
    this.#expect("begin");
    const body = this.#statements("end", "exception");
    const handlers = this.#take("exception") ? this.#handlers() : undefined;
    this.#end(label);
    return {
      kind: "block",
      line: declarations.length > 0 ? line : begun,
      label,
      declarations,
      body,
      handlers,
    };
  }

  /** END, with the label that began it. */
  #end(label: string | undefined, ...words: readonly string[]): void {
    this.#expect("end");
    for (const word of words) this.#expect(word);
    if (this.#isSymbol(";") || this.#token.kind === "end") return;
    const given = this.#expectName();
    if (label === undefined) throw new PgError("42601", `end label "${given}" specified for unlabeled block`);
    if (given !== label)
      throw new PgError("42601", `end label "${given}" differs from block's label "${label}"`);
  }

  #handlers(): Handler[] {
    const handlers: Handler[] = [];
    while (this.#take("when")) {
      const conditions: string[] = [];
      do {
        if (this.#take("sqlstate")) {
          if (this.#token.kind !== "string") throw this.#error();
          conditions.push(`sqlstate:${this.#token.text}`);
          this.#at++;
        } else conditions.push(this.#expectName());
      } while (this.#take("or"));
      this.#expect("then");
      handlers.push({ conditions, body: this.#statements("when", "end") });
    }
    if (handlers.length === 0) throw this.#error();
    return handlers;
  }

  #declaration(): Declaration {
    const { line } = this.#token;
    const name = this.#expectName();
    const base = { name, line, constant: false, notNull: false, default: undefined };
    if (this.#take("alias")) {
      this.#expect("for");
      const alias = this.#token.kind === "parameter" ? [this.#token.text] : undefined;
      if (alias !== undefined) this.#at++;
      const names = alias ?? this.#dotted();
      this.#expectSymbol(";");
      return { ...base, type: "", alias: names };
    }
    let noScroll = false;
    if (this.#is("no") && this.#is("scroll", this.#peek(1))) {
      this.#at += 2;
      noScroll = true;
    } else if (this.#is("scroll") && this.#is("cursor", this.#peek(1))) this.#at++;
    if (this.#is("cursor") && (noScroll || this.#isSymbol("(", this.#peek(1)) || this.#startsCursor())) {
      this.#at++;
      const cursor = this.#cursor();
      this.#expectSymbol(";");
      return { ...base, type: "refcursor", cursor };
    }
    const constant = this.#take("constant");
    const type = this.#sql("not", "default", ":=", "=", ";", "collate");
    if (this.#take("collate")) this.#dotted();
    let notNull = false;
    if (this.#take("not")) {
      this.#expect("null");
      notNull = true;
    }
    let value: string | undefined;
    if (this.#take("default") || this.#takeSymbol(":=") || this.#takeSymbol("=")) value = this.#sql(";");
    this.#expectSymbol(";");
    if (notNull && value === undefined)
      throw new PgError(
        "22004",
        `variable "${name}" must have a default value, since it's declared NOT NULL`,
      );
    return { ...base, constant, notNull, type, default: value };
  }

  #startsCursor(): boolean {
    return this.#is("for", this.#peek(1)) || this.#is("is", this.#peek(1));
  }

  #cursor(): CursorDefinition {
    const parameters: { name: string; type: string }[] = [];
    if (this.#takeSymbol("(")) {
      do {
        const name = this.#expectName();
        parameters.push({ name, type: this.#sql(",", ")") });
      } while (this.#takeSymbol(","));
      this.#expectSymbol(")");
    }
    if (!this.#take("for")) this.#expect("is");
    return { parameters, query: this.#sql(";") };
  }

  #dotted(): string[] {
    const names = [this.#expectName()];
    while (this.#takeSymbol(".")) names.push(this.#expectName());
    return names;
  }

  #statements(...ends: readonly string[]): Statement[] {
    const list: Statement[] = [];
    while (!(this.#token.kind === "name" && ends.includes(this.#token.text))) {
      if (this.#token.kind === "end") throw this.#error();
      list.push(this.#statement());
    }
    return list;
  }

  #statement(): Statement {
    const { line } = this.#token;
    const label = this.#label();
    if (this.#is("declare") || this.#is("begin")) {
      const block = this.#block(label);
      this.#expectSymbol(";");
      return block;
    }
    const loop = this.#loop(line, label);
    if (loop !== undefined) return loop;
    if (label !== undefined) throw this.#error();
    const statement = this.#simple(line);
    this.#expectSymbol(";");
    return statement;
  }

  #loopBody(label: string | undefined): readonly Statement[] {
    this.#expect("loop");
    const body = this.#statements("end");
    this.#end(label, "loop");
    this.#expectSymbol(";");
    return body;
  }

  #loop(line: number, label: string | undefined): Statement | undefined {
    if (this.#is("loop")) return { kind: "loop", line, label, body: this.#loopBody(label) };
    if (this.#take("while")) {
      const condition = this.#sql("loop");
      return { kind: "while", line, label, condition, body: this.#loopBody(label) };
    }
    if (this.#take("for")) return this.#for(line, label);
    if (this.#take("foreach")) {
      const targets = this.#targets("slice", "in");
      let slice = 0;
      if (this.#take("slice")) {
        slice = Number(this.#token.text);
        this.#at++;
      }
      this.#expect("in");
      this.#expect("array");
      const array = this.#sql("loop");
      return { kind: "foreach", line, label, targets, slice, array, body: this.#loopBody(label) };
    }
    return undefined;
  }

  #for(line: number, label: string | undefined): Statement {
    const targets = this.#targets("in");
    this.#expect("in");
    const base = { line, label };
    if (this.#take("execute")) {
      const dynamic = this.#dynamic("loop");
      return { ...base, kind: "forRows", targets, source: { dynamic }, body: this.#loopBody(label) };
    }
    const reverse = this.#take("reverse");
    const mark = this.#at;
    const first = this.#sql("..", "loop");
    if (this.#takeSymbol("..")) {
      const to = this.#sql("by", "loop");
      const by = this.#take("by") ? this.#sql("loop") : undefined;
      const variable = targets[0]?.names[0] ?? "";
      return {
        ...base,
        kind: "forRange",
        variable,
        from: first,
        to,
        by,
        reverse,
        body: this.#loopBody(label),
      };
    }
    const source = this.#rowsSource(mark, first);
    return { ...base, kind: "forRows", targets, source, body: this.#loopBody(label) };
  }

  /** A query, or the name of a cursor with its arguments. */
  #rowsSource(mark: number, text: string): ForSource {
    const [name, next] = [this.#tokens[mark]!, this.#tokens[mark + 1]!];
    const isName = name.kind === "quoted" || (name.kind === "name" && !queryWords.has(name.text));
    if (!isName) return { query: text };
    if (next === this.#token) return { cursor: name.text, args: undefined };
    if (!this.#isSymbol("(", next)) return { query: text };
    return { cursor: name.text, args: this.#source.slice(next.end, this.#peek(-1).start) };
  }

  #target(): Target {
    const names = [this.#token.kind === "parameter" ? this.#parameter() : this.#expectName()];
    const rest: Accessor[] = [];
    while (true) {
      if (this.#takeSymbol(".")) {
        const field = this.#expectName();
        if (rest.length === 0) names.push(field);
        else rest.push({ field });
      } else if (this.#takeSymbol("[")) rest.push(this.#subscript());
      else return { names, rest };
    }
  }

  #parameter(): string {
    const { text } = this.#token;
    this.#at++;
    return text;
  }

  #subscript(): Accessor {
    const lower = this.#isSymbol(":") ? undefined : this.#sql(":", "]");
    if (!this.#takeSymbol(":")) {
      this.#expectSymbol("]");
      return { index: lower! };
    }
    const upper = this.#isSymbol("]") ? undefined : this.#sql("]");
    this.#expectSymbol("]");
    return { lower, upper };
  }

  #targets(..._ends: readonly string[]): Target[] {
    const targets = [this.#target()];
    while (this.#takeSymbol(",")) targets.push(this.#target());
    return targets;
  }

  #dynamic(...ends: readonly string[]): Dynamic {
    const text = this.#sql("using", ...ends);
    return { text, using: this.#take("using") ? this.#list(...ends) : [] };
  }

  #list(...ends: readonly string[]): string[] {
    const list = [this.#sql(",", ...ends)];
    while (this.#takeSymbol(",")) list.push(this.#sql(",", ...ends));
    return list;
  }

  #simple(line: number): Statement {
    const token = this.#token;
    const next = this.#peek(1);
    // `if := 1` would be a variable of that name.
    const isAssignment =
      (token.kind === "name" || token.kind === "quoted" || token.kind === "parameter") &&
      (this.#isSymbol(":=", next) ||
        this.#isSymbol("=", next) ||
        this.#isSymbol(".", next) ||
        (this.#isSymbol("[", next) && !queryWords.has(token.text)));
    if (isAssignment) return this.#assignment(line);
    if (token.kind !== "name") throw this.#error();
    const make = this.#keywords[token.text];
    if (make !== undefined) {
      this.#at++;
      return make(line);
    }
    return this.#sqlStatement(line);
  }

  #assignment(line: number): Statement {
    const target = this.#target();
    if (!this.#takeSymbol(":=")) this.#expectSymbol("=");
    return { kind: "assign", line, target, value: this.#sql(";") };
  }

  readonly #keywords: Readonly<Record<string, (line: number) => Statement>> = {
    null: (line) => ({ kind: "null", line }),
    if: (line) => this.#if(line),
    case: (line) => this.#case(line),
    exit: (line) => this.#exit(line, false),
    continue: (line) => this.#exit(line, true),
    return: (line) => this.#return(line),
    raise: (line) => this.#raise(line),
    assert: (line) => {
      const condition = this.#sql(",", ";");
      return {
        kind: "assert",
        line,
        condition,
        message: this.#takeSymbol(",") ? this.#sql(";") : undefined,
      };
    },
    perform: (line) => ({ kind: "perform", line, text: `SELECT ${this.#sql(";")}` }),
    call: (line) => ({ kind: "call", line, text: `CALL ${this.#sql(";")}` }),
    do: (line) => {
      this.#at--;
      return { kind: "sql", line, text: this.#sql(";"), into: undefined, strict: false };
    },
    execute: (line) => this.#execute(line),
    get: (line) => this.#diagnostics(line),
    open: (line) => this.#open(line),
    fetch: (line) => this.#fetch(line, false),
    move: (line) => this.#fetch(line, true),
    close: (line) => ({ kind: "close", line, cursor: this.#expectName() }),
    commit: (line) => this.#transaction(line, "COMMIT"),
    rollback: (line) => this.#transaction(line, "ROLLBACK"),
  };

  #transaction(line: number, command: "COMMIT" | "ROLLBACK"): Statement {
    let chain = false;
    if (this.#take("and")) {
      chain = !this.#take("no");
      this.#expect("chain");
    }
    return { kind: "transaction", line, command, chain };
  }

  #if(line: number): Statement {
    const branches: Branch[] = [];
    let otherwise: readonly Statement[] = [];
    do {
      const condition = this.#sql("then");
      this.#expect("then");
      branches.push({ condition, body: this.#statements("elsif", "elseif", "else", "end") });
    } while (this.#take("elsif") || this.#take("elseif"));
    if (this.#take("else")) otherwise = this.#statements("end");
    this.#expect("end");
    this.#expect("if");
    return { kind: "if", line, branches, otherwise };
  }

  #case(line: number): Statement {
    const operand = this.#is("when") ? undefined : this.#sql("when");
    const branches: Branch[] = [];
    while (this.#take("when")) {
      const condition = this.#sql("then");
      this.#expect("then");
      branches.push({ condition, body: this.#statements("when", "else", "end") });
    }
    const otherwise = this.#take("else") ? this.#statements("end") : undefined;
    this.#expect("end");
    this.#expect("case");
    return { kind: "case", line, operand, branches, otherwise };
  }

  #exit(line: number, isContinue: boolean): Statement {
    const label = this.#isSymbol(";") || this.#is("when") ? undefined : this.#expectName();
    const when = this.#take("when") ? this.#sql(";") : undefined;
    return { kind: "exit", line, isContinue, label, when };
  }

  #return(line: number): Statement {
    if (this.#isSymbol(";")) return { kind: "return", line, value: undefined };
    if (this.#take("next"))
      return { kind: "returnNext", line, value: this.#isSymbol(";") ? undefined : this.#sql(";") };
    if (this.#take("query")) {
      const query = this.#take("execute") ? this.#dynamic(";") : this.#sql(";");
      return { kind: "returnQuery", line, query };
    }
    return { kind: "return", line, value: this.#sql(";") };
  }

  #raise(line: number): Statement {
    const word = this.#token.kind === "name" ? this.#token.text.toUpperCase() : "";
    const isLevel = ["DEBUG", "LOG", "INFO", "NOTICE", "WARNING", "EXCEPTION"].includes(word);
    if (isLevel) this.#at++;
    const level = (isLevel ? word : "EXCEPTION") as "EXCEPTION";
    let format: string | undefined;
    const args: string[] = [];
    let condition: string | undefined;
    if (this.#token.kind === "string") {
      format = this.#token.text;
      this.#at++;
      while (this.#takeSymbol(",")) args.push(this.#sql(",", "using", ";"));
    } else if (this.#take("sqlstate")) {
      condition = `sqlstate:${this.#token.text}`;
      this.#at++;
    } else if (this.#token.kind === "name" && !this.#is("using")) condition = this.#expectName();
    const options: { name: string; value: string }[] = [];
    if (this.#take("using")) {
      do {
        const name = this.#expectName();
        if (!this.#takeSymbol("=")) this.#expectSymbol(":=");
        options.push({ name, value: this.#sql(",", ";") });
      } while (this.#takeSymbol(","));
    }
    if (format !== undefined) checkFormat(format, args.length);
    return { kind: "raise", line, level, format, args, condition, options };
  }

  #execute(line: number): Statement {
    const text = this.#sql("into", "using", ";");
    let into: readonly Target[] | undefined;
    let strict = false;
    let using: readonly string[] = [];
    while (!this.#isSymbol(";")) {
      if (this.#take("into")) {
        strict = this.#take("strict");
        into = this.#targets();
      } else if (this.#take("using")) using = this.#list("into", ";");
      else throw this.#error();
    }
    return { kind: "execute", line, dynamic: { text, using }, into, strict };
  }

  #diagnostics(line: number): Statement {
    const stacked = this.#take("stacked");
    if (!stacked) this.#take("current");
    this.#expect("diagnostics");
    const items: { target: Target; item: string }[] = [];
    do {
      const target = this.#target();
      if (!this.#takeSymbol("=")) this.#expectSymbol(":=");
      const item = this.#expectName();
      if (!diagnosticItems.has(item))
        throw new PgError("42601", `unrecognized GET DIAGNOSTICS item at or near "${item}"`);
      items.push({ target, item });
    } while (this.#takeSymbol(","));
    return { kind: "diagnostics", line, stacked, items };
  }

  #open(line: number): Statement {
    const cursor = this.#expectName();
    let source: OpenSource = { args: undefined };
    if (this.#takeSymbol("(")) {
      source = { args: this.#isSymbol(")") ? undefined : this.#sql(")") };
      this.#expectSymbol(")");
    } else if (!this.#isSymbol(";")) {
      if (this.#take("no")) this.#expect("scroll");
      else this.#take("scroll");
      this.#expect("for");
      source = this.#take("execute") ? { dynamic: this.#dynamic(";") } : { query: this.#sql(";") };
    }
    return { kind: "open", line, cursor, source };
  }

  #fetch(line: number, isMove: boolean): Statement {
    const direction = this.#direction();
    const cursor = this.#expectName();
    if (isMove) return { kind: "fetch", line, cursor, direction, into: undefined };
    this.#expect("into");
    return { kind: "fetch", line, cursor, direction, into: this.#targets() };
  }

  #direction(): FetchDirection {
    let direction: FetchDirection = { kind: "next" };
    const simple = ["next", "prior", "first", "last"].find(
      (word) => this.#is(word) && !this.#isSymbol(";", this.#peek(1)) && !this.#is("into", this.#peek(1)),
    );
    if (simple !== undefined) {
      this.#at++;
      direction = { kind: simple as "next" };
    } else if (this.#is("absolute") || this.#is("relative")) {
      const kind = this.#expectName() as "absolute";
      direction = { kind, count: this.#sql("from", "in") };
    } else if (this.#is("forward") || this.#is("backward")) {
      const kind = this.#expectName() as "forward";
      if (this.#is("from") || this.#is("in")) direction = { kind };
      else if (this.#take("all")) direction = { kind, count: "all" };
      else direction = { kind, count: this.#sql("from", "in") };
    }
    if (!this.#take("from")) this.#take("in");
    return direction;
  }

  /** A statement of SQL; INTO with targets is cut out of it. */
  #sqlStatement(line: number): Statement {
    const first = this.#token;
    const isInsert = first.text === "insert" || first.text === "merge";
    const pieces: string[] = [];
    let from = first.start;
    let depth = 0;
    let into: readonly Target[] | undefined;
    let strict = false;
    while (true) {
      const token = this.#token;
      if (token.kind === "end") throw this.#error();
      if (token.kind === "symbol") {
        if (openers.has(token.text)) depth++;
        else if (closers.has(token.text)) depth--;
        else if (token.text === ";" && depth <= 0) break;
      }
      const isInto =
        this.#is("into") &&
        depth === 0 &&
        into === undefined &&
        token !== first &&
        !(isInsert && ["insert", "merge"].includes(this.#peek(-1).text)) &&
        intoWords.has(first.text);
      if (!isInto) {
        this.#at++;
        continue;
      }
      pieces.push(this.#source.slice(from, token.start));
      this.#at++;
      strict = this.#take("strict");
      into = this.#targets();
      from = this.#token.start;
    }
    pieces.push(this.#source.slice(from, this.#token.start));
    return { kind: "sql", line, text: pieces.join(" ").trim(), into, strict };
  }
}

const intoWords: ReadonlySet<string> = new Set([
  "select",
  "with",
  "insert",
  "update",
  "delete",
  "merge",
  "values",
  "table",
]);
const queryWords: ReadonlySet<string> = new Set([
  "select",
  "with",
  "values",
  "table",
  "insert",
  "update",
  "delete",
  "merge",
  "execute",
  "explain",
  "show",
]);
const diagnosticItems: ReadonlySet<string> = new Set([
  "row_count",
  "pg_context",
  "pg_routine_oid",
  "returned_sqlstate",
  "column_name",
  "constraint_name",
  "pg_datatype_name",
  "message_text",
  "table_name",
  "schema_name",
  "pg_exception_detail",
  "pg_exception_hint",
  "pg_exception_context",
]);

/** @throws PgError 42601 */
function checkFormat(format: string, count: number): void {
  const wanted = format.replaceAll("%%", "").split("%").length - 1;
  if (wanted > count) throw new PgError("42601", "too few parameters specified for RAISE");
  if (wanted < count) throw new PgError("42601", "too many parameters specified for RAISE");
}
