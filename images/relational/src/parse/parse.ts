import { setFlagsFromString } from "node:v8";
import { loadModule, parseSync, SqlError } from "libpg-query";
import { PgError } from "../errors.ts";
import type { Node, pg } from "./ast.ts";

/** One statement of a text. */
export interface ParsedStatement {
  readonly node: Node;
  /** The statement's own text, without what is around it. */
  readonly text: string;
  /** Bytes from the start of the whole text. */
  readonly location: number;
}

/**
 * The grammar is WebAssembly, and is loaded once for the process. It stays as V8's baseline compiler makes it: optimising its
 * one large function takes 550 MB for some seconds, and saves half of 40 us a statement that is not in the cache.
 */
export async function loadGrammar(): Promise<void> {
  for (const flag of ["--no-wasm-dynamic-tiering", "--no-wasm-tier-up"]) setFlagsFromString(flag);
  await loadModule();
}

const cachedMax = 2000;
const cachedBytesMax = 16_384;
const cache = new Map<string, readonly ParsedStatement[]>();

/** @throws PgError 42601 with the position */
export function parse(text: string): readonly ParsedStatement[] {
  const known = cache.get(text);
  if (known !== undefined) {
    cache.delete(text);
    cache.set(text, known);
    return known;
  }
  const statements = parseAnew(text);
  if (text.length <= cachedBytesMax) {
    cache.set(text, statements);
    if (cache.size > cachedMax) cache.delete(cache.keys().next().value!);
  }
  return statements;
}

function parseAnew(text: string): readonly ParsedStatement[] {
  // The parser takes an empty text for a mistake of its caller.
  if (text.trim() === "") return [];
  let result: { stmts?: pg.RawStmt[] };
  try {
    result = parseSync(text) as { stmts?: pg.RawStmt[] };
  } catch (error) {
    throw syntaxError(error, text);
  }
  const bytes = isAscii(text) ? undefined : Buffer.from(text);
  return (result.stmts ?? []).map((raw) => {
    const from = raw.stmt_location ?? 0;
    const to = raw.stmt_len === undefined || raw.stmt_len === 0 ? undefined : from + raw.stmt_len;
    const slice = bytes === undefined ? text.slice(from, to) : bytes.subarray(from, to).toString();
    return { node: raw.stmt as Node, text: slice.trim(), location: from };
  });
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}

function syntaxError(error: unknown, text: string): unknown {
  if (!(error instanceof SqlError)) return error;
  const details = error.sqlDetails;
  const message = details?.message ?? error.message;
  const code =
    message.includes("not yet supported") || message.includes("not implemented")
      ? "0A000"
      : /^role name ".*" is reserved/.test(message)
        ? "42939"
        : "42601";
  const cursor = details?.cursorPosition;
  return new PgError(code, message, {
    position: cursor === undefined || cursor < 0 ? undefined : Math.min(cursor, text.length) + 1,
    routine: details?.functionName,
  });
}

/** What SQL text that the catalog keeps stands for. */
export const sqlTexts = {
  query(text: string): Node {
    return parse(text)[0]!.node;
  },
  expression(text: string): Node {
    const target = parse(`SELECT ${text}`)[0]!.node.SelectStmt!.targetList![0] as Node;
    return target.ResTarget!.val as Node;
  },
};

/** Characters from 1 for bytes from 0. */
export function positionOf(text: string, location: number): number {
  if (isAscii(text)) return location + 1;
  return [...Buffer.from(text).subarray(0, location).toString()].length + 1;
}
