import { parseJson } from "../types/json-text.ts";

/** json keeps its text: members and elements are slices of it. The text is valid. */

function skipSpace(text: string, at: number): number {
  let i = at;
  while (i < text.length && " \n\r\t".includes(text[i]!)) i++;
  return i;
}

/** Where the value that begins at `at` ends. */
function endOf(text: string, at: number): number {
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    const character = text[i]!;
    if (character === '"') {
      i++;
      while (text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
      if (depth === 0) return i + 1;
    } else if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") {
      if (depth === 0) return i;
      if (--depth === 0) return i + 1;
    } else if (depth === 0 && (character === "," || " \n\r\t".includes(character))) return i;
  }
  return text.length;
}

export function rawText(text: string): string {
  return text.trim();
}

/** Members in the text's order, duplicates too; undefined when it is no object. */
export function rawMembers(text: string): { readonly key: string; readonly text: string }[] | undefined {
  let at = skipSpace(text, 0);
  if (text[at] !== "{") return undefined;
  const found: { key: string; text: string }[] = [];
  at = skipSpace(text, at + 1);
  while (text[at] !== "}" && at < text.length) {
    const keyEnd = endOf(text, at);
    const key = JSON.parse(text.slice(at, keyEnd)) as string;
    at = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = endOf(text, at);
    found.push({ key, text: text.slice(at, end) });
    at = skipSpace(text, end);
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
  return found;
}

/** Elements as texts; undefined when it is no array. */
export function rawElements(text: string): string[] | undefined {
  let at = skipSpace(text, 0);
  if (text[at] !== "[") return undefined;
  const found: string[] = [];
  at = skipSpace(text, at + 1);
  while (text[at] !== "]" && at < text.length) {
    const end = endOf(text, at);
    found.push(text.slice(at, end));
    at = skipSpace(text, end);
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
  return found;
}

/** As ->> gives a value: strings without quotes, null as NULL. */
export function scalarTextOf(text: string | undefined): string | null {
  if (text === undefined || text === "null") return null;
  return text.startsWith('"') ? (parseJson(text, "json") as string) : text;
}
