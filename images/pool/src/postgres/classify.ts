/** What a text does to the session that the transaction's end does not undo, as far as its words tell. */
export interface Classification {
  /** Parameters that it may change and that servers do not report; they are asked for after the transaction. */
  readonly names: readonly string[];
  /** What it may leave behind in the session: the server is asked for it after the transaction. */
  readonly leaves: boolean;
  /** What it would make in the session. */
  readonly makes: string | undefined;
  /** What it leaves behind for certain, and no question would find. */
  readonly pins: string | undefined;
  /** It can be answered without a server. */
  readonly virtual: "DISCARD ALL" | "DEALLOCATE ALL" | "DEALLOCATE" | undefined;
  /** The statement that DEALLOCATE names. */
  readonly deallocates: string | undefined;
  /** It reads what an earlier statement has left in the session, and another client's may be there. */
  readonly reads: string | undefined;
}

export const harmless: Classification = {
  names: [],
  leaves: false,
  makes: undefined,
  pins: undefined,
  virtual: undefined,
  deallocates: undefined,
  reads: undefined,
};

/** Texts without any of these words are harmless: most are, and this is all that is looked at. */
const words =
  /\b(?:set|reset|set_config|listen|unlisten|discard|deallocate|prepare|declare|load|temp|temporary|pg_temp|currval|lastval|pg_(?:try_)?advisory_(?:lock|unlock)\w*|drop|close)\b/i;

const reported = new Set([
  "application_name",
  "client_encoding",
  "datestyle",
  "timezone",
  "intervalstyle",
  "standard_conforming_strings",
]);

/** Reads a text that may hold many statements. */
export function classify(text: string): Classification {
  if (!words.test(text)) return harmless;
  const statements = statementsOf(text);
  const names = new Set<string>();
  let [leaves, pins, reads]: [boolean, string | undefined, string | undefined] = [
    false,
    undefined,
    undefined,
  ];
  let makes: string | undefined;
  for (const tokens of statements) {
    for (const name of namesSet(tokens)) {
      if (name === undefined) pins = "set_config with a computed name";
      else if (!reported.has(name)) names.add(name);
    }
    if (leavesState(tokens)) leaves = true;
    makes ??= madeBy(tokens);
    if (tokens[0] === "load") pins = "LOAD";
    const read = tokens.find((token) => token === "currval" || token === "lastval");
    if (read !== undefined && !tokens.includes("nextval") && statements.length === 1) reads = `${read}()`;
  }
  const [first = []] = statements;
  const isSole = statements.length === 1;
  const [verb, second, third] = first;
  let virtual: Classification["virtual"];
  let deallocates: string | undefined;
  if (isSole && verb === "discard" && second === "all") virtual = "DISCARD ALL";
  if (isSole && verb === "deallocate") {
    const name = second === "prepare" && third !== undefined ? third : second;
    virtual = name === "all" ? "DEALLOCATE ALL" : "DEALLOCATE";
    if (virtual === "DEALLOCATE" && name !== undefined) deallocates = unquoted(name);
  }
  return { names: [...names], leaves, makes, pins, virtual, deallocates, reads };
}

/** The names that SET, RESET and set_config change; undefined for one that is not written out. */
function* namesSet(tokens: readonly string[]): Generator<string | undefined> {
  const [verb, second = "", third = "", fourth = ""] = tokens;
  if (verb === "set" && second !== "local" && second !== "transaction" && second !== "constraints") {
    const isScoped = second === "session" && third !== "authorization" && third !== "characteristics";
    const at = isScoped ? 2 : 1;
    const name = isScoped ? third : second;
    if (name === "session" && third === "authorization") yield* ["session_authorization", "role"];
    else if (name === "session" && third === "characteristics") {
      yield* [
        "default_transaction_isolation",
        "default_transaction_read_only",
        "default_transaction_deferrable",
      ];
    } else if (name === "time" || name === "names") yield name === "time" ? "timezone" : "client_encoding";
    else if (name === "xml") yield "xmloption";
    else if (name === "schema") yield "search_path";
    else {
      // A custom parameter is of more parts: app.user.
      let whole = unquoted(name);
      for (let next = at + 1; tokens[next] === "."; next += 2)
        whole += `.${unquoted(tokens[next + 1] ?? "")}`;
      yield whole.toLowerCase();
    }
  }
  if (verb === "reset" && second !== "all") {
    if (second === "session" && third === "authorization") yield* ["session_authorization", "role"];
    else if (second === "time") yield "timezone";
    else
      yield third === "."
        ? `${unquoted(second)}.${unquoted(fourth)}`.toLowerCase()
        : unquoted(second).toLowerCase();
  }
  for (let at = 0; at < tokens.length; at++) {
    if (tokens[at] !== "set_config" || tokens[at + 1] !== "(") continue;
    const name = tokens[at + 2] ?? "";
    yield name.startsWith("'") && tokens[at + 3] === "," ? name.slice(1).toLowerCase() : undefined;
  }
}

function leavesState(tokens: readonly string[]): boolean {
  const [verb, second] = tokens;
  if (verb === "listen" || verb === "unlisten" || verb === "prepare") return second !== "transaction";
  if (verb === "deallocate" || verb === "discard" || verb === "close" || verb === "drop") return true;
  if (verb === "reset" && second === "all") return true;
  if (verb === "declare") return tokens.includes("with") && tokens.includes("hold");
  return tokens.some(
    (token) =>
      token === "temp" ||
      token === "temporary" ||
      token === "pg_temp" ||
      (/^pg_(?:try_)?advisory_(?:lock|unlock)/.test(token) && !token.includes("xact")),
  );
}

/** What a statement makes that outlives its transaction. */
function madeBy(tokens: readonly string[]): string | undefined {
  const [verb, second] = tokens;
  if (verb === "listen") return "LISTEN";
  if (verb === "prepare" && second !== "transaction") return "PREPARE";
  if (verb === "declare" && leavesState(tokens)) return "a cursor WITH HOLD";
  if (verb === "create" && (second === "temp" || second === "temporary")) return "a temporary table";
  const isLock = (token: string) => /^pg_(?:try_)?advisory_lock/.test(token);
  return tokens.some(isLock) ? "a session's advisory lock" : undefined;
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1) : name;
}

const token =
  /\s+|--[^\n]*|\/\*|(?:e|u&|b|x|n)?'|"|\$(?:[a-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|[a-z_\u0080-\uffff][\w$\u0080-\uffff]*|\d[\w.]*|./giy;

/**
 * The statements of a text as words in lower case: a string constant begins with ', a quoted name with ", and both are without
 * their end. Texts that are no SQL give something, too: the server will refuse them.
 */
function statementsOf(text: string): string[][] {
  const statements: string[][] = [];
  let tokens: string[] = [];
  token.lastIndex = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [found] = match;
    if (/^\s|^--/.test(found)) continue;
    if (found === "/*") token.lastIndex = endOfComment(text, token.lastIndex);
    else if (found.endsWith("'") || found === '"') {
      const [end, value] = quoted(text, token.lastIndex, found);
      tokens.push(found === '"' ? `"${value}` : `'${value}`);
      token.lastIndex = end;
    } else if (found.startsWith("$") && found.endsWith("$") && found.length > 1) {
      const end = text.indexOf(found, token.lastIndex);
      tokens.push(`'${text.slice(token.lastIndex, end < 0 ? undefined : end)}`);
      token.lastIndex = end < 0 ? text.length : end + found.length;
    } else if (found === ";") {
      if (tokens.length > 0) statements.push(tokens);
      tokens = [];
    } else tokens.push(found.toLowerCase());
  }
  if (tokens.length > 0) statements.push(tokens);
  return statements;
}

/** Comments nest. */
function endOfComment(text: string, from: number): number {
  let depth = 1;
  const edge = /\/\*|\*\//g;
  edge.lastIndex = from;
  for (let match = edge.exec(text); match !== null; match = edge.exec(text)) {
    depth += match[0] === "/*" ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return text.length;
}

function quoted(text: string, from: number, opening: string): [end: number, value: string] {
  const quote = opening.at(-1)!;
  const hasEscapes = /^e/i.test(opening);
  let value = "";
  for (let at = from; at < text.length; at++) {
    const char = text[at]!;
    if (hasEscapes && char === "\\") value += text[++at] ?? "";
    else if (char !== quote) value += char;
    else if (text[at + 1] === quote) {
      value += quote;
      at++;
    } else return [at + 1, value];
  }
  return [text.length, value];
}
