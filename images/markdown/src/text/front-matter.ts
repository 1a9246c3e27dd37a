import { isDeepStrictEqual } from "node:util";
import { checkFields, type Fields } from "../fields/fields.ts";
import { invalidFrontMatter } from "../problems.ts";
import type { FrontMatterError } from "./read-fields.ts";
import { editToml, readToml, writeToml } from "./toml.ts";
import { editYaml, readYaml, writeYaml } from "./yaml.ts";

/** Longer front matter is refused before it is parsed. */
const frontMatterMax = 65_536;

/** A text taken apart; `head + body` is the text, byte for byte. */
export interface SplitText {
  /** The front matter with its two fences; empty when there is none. */
  readonly head: string;
  /** What is between the fences. */
  readonly inside: string;
  readonly format: keyof typeof formats;
  readonly body: string;
  readonly fields: Fields;
  readonly error: FrontMatterError | undefined;
}

const formats = {
  yaml: {
    fence: "---",
    closing: /^(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/gm,
    read: readYaml,
    edit: editYaml,
    write: writeYaml,
  },
  toml: {
    fence: "+++",
    closing: /^\+\+\+[ \t]*(?:\r?\n|$)/gm,
    read: readToml,
    edit: editToml,
    write: writeToml,
  },
} as const;

const opening = /^\uFEFF?(?:(---)|\+\+\+)[ \t]*\r?\n/;

/**
 * Takes a text apart. Front matter is YAML between a first line `---` and a line `---` or `...`, or TOML between two lines
 * `+++`, and a map; what stands there and is not a map (a rule above some words) is text. What is meant as a map and has
 * mistakes gives the fields that can be read, and an error.
 *
 * @throws Problem `invalid-front-matter` for what costs too much, `invalid-document` for what is beyond the limits of fields.
 */
export function splitText(text: string): SplitText {
  const none: SplitText = { head: "", inside: "", format: "yaml", body: text, fields: {}, error: undefined };
  const place = insideOf(text);
  if (place === undefined) return none;
  const { format, start, end, bodyStart } = place;
  const inside = text.slice(start, end);
  if (inside.length > frontMatterMax) {
    throw invalidFrontMatter(`front matter may have ${frontMatterMax} characters; this has ${inside.length}`);
  }
  const { fields, error } = formats[format].read(inside);
  if (fields === undefined) return none;
  return {
    head: text.slice(0, bodyStart),
    inside,
    format,
    body: text.slice(bodyStart),
    fields: checkFields(fields, "front matter"),
    // The fence is the first line.
    error: error && { ...error, line: error.line + 1 },
  };
}

/** The body of a text whose front matter is known to have fields: it is not read again. */
export function bodyBelowFields(text: string): string {
  return text.slice(insideOf(text)?.bodyStart ?? 0);
}

/** Where front matter is, or what looks like it. */
function insideOf(
  text: string,
): { format: keyof typeof formats; start: number; end: number; bodyStart: number } | undefined {
  const opened = opening.exec(text);
  if (opened === null) return undefined;
  const format = opened[1] === undefined ? "toml" : "yaml";
  const start = opened[0].length;
  const { closing } = formats[format];
  closing.lastIndex = start;
  const end = closing.exec(text);
  return end === null ? undefined : { format, start, end: end.index, bodyStart: end.index + end[0].length };
}

/**
 * The text with other fields. What does not change stays as it is written, comments too.
 *
 * @throws Problem `invalid-front-matter` when there are mistakes in what is there: it would be lost.
 */
export function withFields(text: SplitText, fields: Fields): string {
  if (isDeepStrictEqual({ ...text.fields }, { ...fields })) return text.head + text.body;
  if (text.error !== undefined) {
    const { line, column, message } = text.error;
    throw invalidFrontMatter(
      `the front matter has a mistake at line ${line}, column ${column} (${message}); mend it before fields are changed`,
    );
  }
  const newline = text.head.includes("\r\n") ? "\r\n" : "\n";
  const mark = text.head.startsWith("\uFEFF") ? "\uFEFF" : "";
  const { fence, edit, write } = formats[text.format];
  if (Object.keys(fields).length === 0) {
    // What stands at the head of the body would become front matter.
    const isSafe = insideOf(text.body) === undefined;
    return isSafe ? text.body : `${mark}${fence}${newline}${fence}${newline}${text.body}`;
  }
  const edited = text.inside.trim() === "" ? undefined : edit(text.inside, text.fields, fields);
  const inside = edited ?? write(fields).replaceAll("\n", newline);
  return `${mark}${fence}${newline}${inside}${fence}${newline}${text.body}`;
}
