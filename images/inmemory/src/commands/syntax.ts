/** An argument as COMMAND DOCS describes it. */
export interface SyntaxArgument {
  readonly name: string;
  readonly type:
    | "string"
    | "integer"
    | "double"
    | "key"
    | "pattern"
    | "unix-time"
    | "pure-token"
    | "oneof"
    | "block";
  readonly token?: string;
  readonly isOptional: boolean;
  readonly isMultiple: boolean;
  /** The token stands before each of several values, not only before the first. */
  readonly isTokenRepeated: boolean;
  readonly parts?: readonly SyntaxArgument[];
}

const INTEGERS = new Set([
  "seconds",
  "milliseconds",
  "count",
  "start",
  "stop",
  "end",
  "offset",
  "index",
  "numkeys",
  "increment",
  "decrement",
  "cursor",
  "timeout-ms",
  "rank",
  "len",
  "limit",
  "min-idle-time",
  "client-id",
  "db",
  "destination-db",
  "index1",
  "index2",
  "numreplicas",
  "numlocal",
  "threshold",
  "maxlen",
  "num-matches",
]);
const DOUBLES = new Set(["score", "weight", "timeout", "float-increment"]);

/**
 * Reads the notation of `Command.syntax`: words in capitals are tokens, `[a]` is optional, `<a | b>` one of several,
 * `a [a ...]` and `[a ...]` repeat. Example: `key [NX | XX] [EX seconds | KEEPTTL] member [member ...]`.
 */
export function parseSyntax(syntax: string): SyntaxArgument[] {
  const words = syntax.match(/\[|\]|<|>|\||[^\s[\]<>|]+/g) ?? [];
  const reader = { words, at: 0 };
  return readAlternatives(reader)[0] ?? [];
}

interface Reader {
  readonly words: readonly string[];
  at: number;
}

/** Reads up to the closing bracket: one list per alternative. */
function readAlternatives(reader: Reader): SyntaxArgument[][] {
  const alternatives: SyntaxArgument[][] = [[]];
  while (reader.at < reader.words.length) {
    const word = reader.words[reader.at]!;
    if (word === "]" || word === ">") break;
    reader.at++;
    const current = alternatives.at(-1)!;
    if (word === "|") alternatives.push([]);
    else if (word === "[" || word === "<") {
      const inner = readAlternatives(reader);
      reader.at++;
      if (word === "[" && isRepetition(reader, current)) repeat(current, inner[0]!);
      else current.push(...group(inner, word === "["));
    } else if (word === "...") markMultiple(current);
    else current.push(plain(word));
  }
  return alternatives.map(joinTokens);
}

/** Whether the group just read was `[... ...]`, the repetition of what stands before it. */
function isRepetition(reader: Reader, current: readonly SyntaxArgument[]): boolean {
  return current.length > 0 && reader.words[reader.at - 2] === "...";
}

/** `a b [a b ...]`: the last arguments, as many as the repetition has, become one that may come several times. */
function repeat(current: SyntaxArgument[], repeated: readonly SyntaxArgument[]): void {
  const leaves = repeated.length;
  const last = joinTokens(current).slice(-leaves);
  current.splice(-Math.min(leaves, current.length));
  if (leaves === 1) current.push({ ...last[0]!, isMultiple: true });
  else {
    current.push({
      name: last.map(({ name }) => name).join("-"),
      type: "block",
      isOptional: false,
      isMultiple: true,
      isTokenRepeated: false,
      parts: last,
    });
  }
}

function markMultiple(current: SyntaxArgument[]): void {
  const last = current.pop();
  if (last !== undefined) current.push({ ...last, isMultiple: true });
}

function group(alternatives: readonly (readonly SyntaxArgument[])[], isOptional: boolean): SyntaxArgument[] {
  if (alternatives.length > 1) {
    const parts = alternatives.map((list) => (list.length === 1 ? list[0]! : block(list, false)));
    return [
      {
        name: parts.map(({ name }) => name).join("-"),
        type: "oneof",
        isOptional,
        isMultiple: false,
        isTokenRepeated: false,
        parts,
      },
    ];
  }
  const list = alternatives[0]!;
  if (list.length === 1) return [{ ...list[0]!, isOptional: isOptional || list[0]!.isOptional }];
  return [block(list, isOptional)];
}

function block(list: readonly SyntaxArgument[], isOptional: boolean): SyntaxArgument {
  const name = list.map((part) => part.name).join("-");
  return { name, type: "block", isOptional, isMultiple: false, isTokenRepeated: false, parts: list };
}

function plain(word: string): SyntaxArgument {
  const isToken = /^[A-Z][A-Z0-9-]*$|^[=~*$]$/.test(word);
  return {
    name: word.toLowerCase(),
    type: isToken ? "pure-token" : typeOf(word),
    ...(isToken ? { token: word } : {}),
    isOptional: false,
    isMultiple: false,
    isTokenRepeated: false,
  };
}

function typeOf(name: string): SyntaxArgument["type"] {
  if (/^(?:key\d*|newkey|source|destination)$/.test(name)) return "key";
  if (name === "pattern") return "pattern";
  if (name.startsWith("unix-time")) return "unix-time";
  if (INTEGERS.has(name)) return "integer";
  return DOUBLES.has(name) ? "double" : "string";
}

/** A token followed by a value is one argument with a token: `EX seconds`. */
function joinTokens(list: readonly SyntaxArgument[]): SyntaxArgument[] {
  const joined: SyntaxArgument[] = [];
  for (const argument of list) {
    const previous = joined.at(-1);
    const takesToken =
      previous?.type === "pure-token" &&
      !previous.isOptional &&
      !argument.isOptional &&
      argument.token === undefined;
    if (takesToken && argument.type !== "block" && argument.type !== "oneof") {
      joined[joined.length - 1] = { ...argument, token: previous.token! };
    } else joined.push(argument);
  }
  return joined;
}
