import type { Env, Token } from "markdown-it";
import { parser } from "./parser.ts";
import { SourceText } from "./source-text.ts";

/** A document as the parser understood it. */
export interface ParsedDocument {
  readonly source: SourceText;
  readonly tokens: readonly Token[];
  /** Link definitions, and what our rules noted. */
  readonly env: Env;
}

export function parseDocument(markdown: string): ParsedDocument {
  const source = new SourceText(markdown);
  const env: Env = {};
  return { source, tokens: parser.parse(source.normal, env), env };
}
