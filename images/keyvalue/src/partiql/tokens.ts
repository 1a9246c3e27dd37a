import { notWellFormed } from "./faults.ts";

export type TokenKind = "word" | "quoted" | "text" | "number" | "symbol" | "parameter" | "end";

export interface Token {
  readonly kind: TokenKind;
  /** Of texts and quoted names what stands between the quotes. */
  readonly text: string;
  readonly start: number;
}

const pattern =
  /(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*(?:(?<word>[A-Za-z_$][A-Za-z0-9_$]*)|"(?<quoted>(?:[^"]|"")*)"|'(?<text>(?:[^']|'')*)'|(?<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|(?<parameter>\?)|(?<symbol><<|>>|<>|!=|<=|>=|[=<>()[\]{},.:*+]|-(?!-)))/y;

/** Cuts a statement into tokens; the last one is the end. A semicolon may stand there. */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match === null) break;
    at = pattern.lastIndex;
    const { word, quoted, text, number, parameter, symbol } = match.groups!;
    const start = at - 1;
    if (word !== undefined) tokens.push({ kind: "word", text: word, start });
    else if (quoted !== undefined) tokens.push({ kind: "quoted", text: quoted.replaceAll('""', '"'), start });
    else if (text !== undefined) tokens.push({ kind: "text", text: text.replaceAll("''", "'"), start });
    else if (number !== undefined) tokens.push({ kind: "number", text: number, start });
    else if (parameter !== undefined) tokens.push({ kind: "parameter", text: parameter, start });
    else tokens.push({ kind: "symbol", text: symbol!, start });
  }
  const rest = source
    .slice(at)
    .replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\//g, "")
    .trim();
  if (rest !== "" && rest !== ";") throw notWellFormed("Unexpected token");
  tokens.push({ kind: "end", text: "", start: source.length });
  return tokens;
}
