/**
 * A query as Lucene's users write it, in the words of FTS5: terms and phrases, AND, OR, NOT, `+` and `-`, parentheses, `field:`,
 * prefixes with `*`. Boosts are left out; a fuzzy term is searched as it is written. Undefined for a query that asks for nothing.
 */
export function luceneToFts(query: string, fields: readonly string[]): string | undefined {
  const tokens = query.match(/"(?:\\.|[^"\\])*"(?:~\d+)?|[()]|&&|\|\||(?:\\.|[^\s()"])+/g) ?? [];
  const result = parseOr(new Tokens(tokens), fields);
  return result === "" ? undefined : result;
}

class Tokens {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  get next(): string | undefined {
    return this.#tokens[this.#at];
  }

  take(): string | undefined {
    return this.#tokens[this.#at++];
  }

  takeAny(...words: readonly string[]): boolean {
    if (this.next === undefined || !words.includes(this.next)) return false;
    this.#at++;
    return true;
  }
}

/** Terms beside each other are alternatives, unless one is asked for with `+` or refused with `-` or NOT. */
function parseOr(tokens: Tokens, fields: readonly string[]): string {
  const optional: string[] = [];
  const required: string[] = [];
  const refused: string[] = [];
  while (tokens.next !== undefined && tokens.next !== ")") {
    if (tokens.takeAny("OR", "||")) continue;
    const negated = tokens.takeAny("NOT", "!");
    const sign = tokens.next?.[0];
    let clause = parseAnd(tokens, fields);
    if (clause === "") continue;
    if (clause.startsWith("\u0000")) clause = clause.slice(1);
    if (negated || sign === "-" || sign === "!") refused.push(clause);
    else if (sign === "+") required.push(clause);
    else optional.push(clause);
  }
  const wanted = required.length > 0 ? required.join(" AND ") : optional.map((part) => part).join(" OR ");
  if (wanted === "") return "";
  return refused.length === 0 ? wanted : `(${wanted}) ${refused.map((part) => `NOT ${part}`).join(" ")}`;
}

function parseAnd(tokens: Tokens, fields: readonly string[]): string {
  const parts = [parseTerm(tokens, fields)];
  while (tokens.takeAny("AND", "&&")) {
    if (tokens.takeAny("NOT", "!")) {
      const right = parseTerm(tokens, fields);
      if (right !== "") return `(${parts.filter((part) => part !== "").join(" AND ")} NOT ${right})`;
    }
    parts.push(parseTerm(tokens, fields));
  }
  const given = parts.filter((part) => part !== "");
  return given.length > 1 ? `(${given.join(" AND ")})` : (given[0] ?? "");
}

function parseTerm(tokens: Tokens, fields: readonly string[]): string {
  if (tokens.takeAny("(")) {
    const inner = parseOr(tokens, fields);
    tokens.takeAny(")");
    return inner === "" ? "" : `(${inner})`;
  }
  let term = (tokens.take() ?? "").replace(/^[+\-!]/, "");
  let column = "";
  const field = /^((?:\\.|[^\\:"])+):(.*)$/s.exec(term);
  if (field !== null) {
    const index = fields.indexOf(field[1]!.replaceAll("\\", ""));
    if (index !== -1) {
      column = `c${index} : `;
      term = field[2]!;
      if (term === "") {
        const rest = parseTerm(tokens, fields);
        return rest === "" ? "" : `${column}${rest}`;
      }
    }
  }
  const phrase = /^"((?:\\.|[^"\\])*)"/.exec(term);
  if (phrase !== null) return `${column}${quoted(phrase[1]!.replace(/\\(.)/g, "$1"))}`;
  const plain = term.replace(/[\^~][\d.]*$/, "");
  const isPrefix = plain.endsWith("*") && !plain.endsWith("\\*");
  const word = (isPrefix ? plain.slice(0, -1) : plain).replace(/\\(.)/g, "$1");
  if (word.replace(/[^\p{L}\p{N}]/gu, "") === "") return "";
  return `${column}${quoted(word)}${isPrefix ? "*" : ""}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
