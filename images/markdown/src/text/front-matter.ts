import { isDeepStrictEqual } from "node:util";
import { parseDocument, stringify } from "yaml";
import { checkFields, type Fields } from "../fields/fields.ts";
import { invalidFrontMatter } from "../problems.ts";

/** Longer front matter is refused before it is parsed. */
const frontMatterMax = 65_536;
/** A YAML bomb is a few aliases of aliases; people use none. */
const aliasesMax = 32;

/** A text taken apart; `head + body` is the text, byte for byte. */
export interface SplitText {
  /** The front matter with its two lines of hyphens; empty when there is none. */
  readonly head: string;
  /** What is between the lines of hyphens. */
  readonly yaml: string;
  readonly body: string;
  readonly fields: Fields;
}

const opening = /^\uFEFF?---[ \t]*\r?\n/;
const closing = /^(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/gm;

/**
 * Takes a text apart. Front matter is YAML between a first line `---` and a line `---` or `...`, and a map; what stands
 * there and is not a map (a rule above some words) is text.
 *
 * @throws Problem `invalid-front-matter` for YAML that is none, or costs too much.
 */
export function splitText(text: string): SplitText {
  const none: SplitText = { head: "", yaml: "", body: text, fields: {} };
  const place = yamlPlace(text);
  if (place === undefined) return none;
  const yaml = text.slice(place.start, place.end);
  const fields = parseYaml(yaml);
  if (fields === undefined) return none;
  return { head: text.slice(0, place.bodyStart), yaml, body: text.slice(place.bodyStart), fields };
}

/** The body of a text whose front matter is known to have fields: it is not read again. */
export function bodyBelowFields(text: string): string {
  return text.slice(yamlPlace(text)?.bodyStart ?? 0);
}

/** What is between the lines of hyphens at the head of a text, YAML or not. */
function yamlPlace(text: string): { start: number; end: number; bodyStart: number } | undefined {
  const start = opening.exec(text)?.[0].length;
  if (start === undefined) return undefined;
  closing.lastIndex = start;
  const end = closing.exec(text);
  return end === null ? undefined : { start, end: end.index, bodyStart: end.index + end[0].length };
}

function parseYaml(yaml: string): Fields | undefined {
  if (yaml.length > frontMatterMax) {
    throw invalidFrontMatter(`front matter may have ${frontMatterMax} characters; this has ${yaml.length}`);
  }
  let value: unknown;
  try {
    const document = parseDocument(yaml, { prettyErrors: true, logLevel: "silent" });
    const error = document.errors[0];
    if (error !== undefined) throw error;
    value = document.toJS({ maxAliasCount: aliasesMax });
  } catch (error) {
    // Parsing YAML recurses: what is nested too deep overflows the stack.
    const reason = error instanceof RangeError ? "it is nested too deep" : (error as Error).message;
    throw invalidFrontMatter(`the front matter is not YAML: ${reason.split("\n")[0]}`, { cause: error });
  }
  if (value === null && yaml.trim() === "") return {};
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return checkFields(value as Fields, "front matter");
}

/**
 * The text with other fields. As much of the front matter as can stays as it is written, comments too; when the fields
 * are those that it has already, all of it.
 */
export function withFields(text: SplitText, fields: Fields): string {
  if (isDeepStrictEqual({ ...text.fields }, { ...fields })) return text.head + text.body;
  if (Object.keys(fields).length === 0) return text.body;
  const newline = text.head.includes("\r\n") ? "\r\n" : "\n";
  const yaml = (editYaml(text, fields) ?? stringify(fields, { lineWidth: 0 })).replaceAll("\n", newline);
  const mark = text.head.startsWith("\uFEFF") ? "\uFEFF" : "";
  return `${mark}---${newline}${yaml}---${newline}${text.body}`;
}

/** The YAML with the changed fields changed in place; undefined when that does not come out as wanted. */
function editYaml({ yaml, fields: before }: SplitText, fields: Fields): string | undefined {
  if (yaml.trim() === "") return undefined;
  const document = parseDocument(yaml, { logLevel: "silent" });
  for (const name of Object.keys(before)) if (!Object.hasOwn(fields, name)) document.delete(name);
  for (const [name, value] of Object.entries(fields)) {
    if (!Object.hasOwn(before, name) || !isDeepStrictEqual(before[name], value)) document.set(name, value);
  }
  try {
    const edited = document.toString({ lineWidth: 0 });
    const text = edited.endsWith("\n") ? edited : `${edited}\n`;
    return isDeepStrictEqual(parseDocument(text).toJS({ maxAliasCount: aliasesMax }), { ...fields })
      ? text
      : undefined;
  } catch {
    // An alias of something that is gone, for one; the fields are then written afresh.
    return undefined;
  }
}
