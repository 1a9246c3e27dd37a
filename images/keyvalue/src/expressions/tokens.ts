import { ExpressionError } from "./expression-error.ts";

export type TokenKind = "name" | "placeholder" | "value" | "number" | "symbol" | "end";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const pattern =
  /[ \t\r\n]*(?:(?<name>[A-Za-z_][A-Za-z0-9_]*)|(?<placeholder>#[A-Za-z0-9_]+)|(?<value>:[A-Za-z0-9_]+)|(?<number>[0-9]+)|(?<symbol><>|<=|>=|[=<>()[\],.+-]))/y;

/**
 * Cuts an expression into tokens; the last one is the end.
 *
 * @throws ExpressionError at a character that begins none
 */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match === null) break;
    at = pattern.lastIndex;
    const groups = match.groups!;
    const kind = (
      groups.name !== undefined
        ? "name"
        : groups.placeholder !== undefined
          ? "placeholder"
          : groups.value !== undefined
            ? "value"
            : groups.number !== undefined
              ? "number"
              : "symbol"
    ) satisfies TokenKind;
    const text = groups[kind]!;
    tokens.push({ kind, text, start: at - text.length, end: at });
  }
  const rest = source.slice(at).trimStart();
  if (rest !== "") {
    const start = source.length - rest.length;
    const character = String.fromCodePoint(source.codePointAt(start)!);
    const bad: Token = { kind: "symbol", text: character, start, end: start + character.length };
    throw syntaxError(source, tokens.at(-1), bad, afterCharacter(source, bad.end));
  }
  tokens.push({ kind: "end", text: "<EOF>", start: source.length, end: source.length });
  return tokens;
}

/** What AWS shows after a character that is no token: one more, unless there is a gap. */
function afterCharacter(source: string, at: number): Token | undefined {
  const next = source[at];
  if (next === undefined || /\s/.test(next)) return undefined;
  return { kind: "symbol", text: next, start: at, end: at + 1 };
}

/** Names the token that does not fit, with its neighbours as they stand in the text. */
export function syntaxError(
  source: string,
  before: Token | undefined,
  token: Token,
  after: Token | undefined,
): ExpressionError {
  const start = before?.start ?? token.start;
  const end = after === undefined || after.kind === "end" ? token.end : after.end;
  return new ExpressionError(
    `Syntax error; token: "${token.text}", near: "${source.slice(start, end).trimEnd()}"`,
  );
}
