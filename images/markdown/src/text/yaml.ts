import { isDeepStrictEqual } from "node:util";
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  parseDocument,
  type Scalar,
  stringify,
  type YAMLError,
} from "yaml";
import type { Fields } from "../fields/fields.ts";
import { invalidFrontMatter } from "../problems.ts";
import type { FrontMatterError, ReadFields } from "./read-fields.ts";

/** A YAML bomb is a few aliases of aliases; people use none. */
const aliasesMax = 32;
/** Of what is read; fields may be nested less deep (`checkFields`). */
const depthMax = 64;

/** Words that other readers take for truth values or dates (YAML 1.1) are written in quotes. */
const writing = { lineWidth: 0, compat: "yaml-1.1" } as const;

/**
 * Reads YAML. Where it has mistakes its entries are read one by one, and a value that is no YAML (`title: Foo: Bar`) is the
 * text that stands there.
 *
 * @throws Problem `invalid-front-matter` for what is nested too deep, or has too many aliases.
 */
export function readYaml(yaml: string): ReadFields {
  if (yaml.trim() === "") return { fields: {} };
  const document = parse(yaml);
  const [error] = document.errors;
  if (error === undefined) {
    const value = valueIn(document);
    return { fields: isFields(value) ? value : undefined };
  }
  // A rule above some words, such as the first slide of a deck, is not meant as a map.
  if (!/^\s*(?:#[^\n]*\n\s*)*["'\p{L}\p{N}_$][^\n]*?:(?:\s|$)/u.test(yaml) || /^\s*\n/.test(yaml)) {
    return { fields: undefined };
  }
  return { fields: entriesOf(yaml), error: placed(error, yaml) };
}

function parse(yaml: string): Document.Parsed {
  try {
    // Of a field that is there twice the last counts, as for most readers; it is told.
    return parseDocument(yaml, { prettyErrors: false, logLevel: "silent", intAsBigInt: true });
  } catch (error) {
    throw tooDeep(error);
  }
}

function valueIn(document: Document): unknown {
  try {
    keepWritten(document.contents, 0);
    return document.toJS({ maxAliasCount: aliasesMax });
  } catch (error) {
    throw tooDeep(error);
  }
}

/** What JSON has no value for (`.inf`, integers beyond 2^53, binary) is the text that stands there. */
function keepWritten(node: unknown, depth: number): void {
  if (depth > depthMax) throw new RangeError("nested too deep");
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      keepWritten(key, depth + 1);
      keepWritten(value, depth + 1);
    }
  } else if (isSeq(node)) for (const item of node.items) keepWritten(item, depth + 1);
  else if (isScalar(node)) {
    const { value, source } = node;
    if (typeof value === "bigint") node.value = isExact(value) ? Number(value) : (source ?? String(value));
    else if (typeof value === "number" && !Number.isFinite(value)) node.value = source ?? String(value);
    else if (value instanceof Uint8Array) node.value = source ?? Buffer.from(value).toString("base64");
  }
}

function isExact(value: bigint): boolean {
  return BigInt(Number.MIN_SAFE_INTEGER) <= value && value <= BigInt(Number.MAX_SAFE_INTEGER);
}

/** Parsing YAML recurses: what is nested too deep overflows the stack. */
function tooDeep(error: unknown): Error {
  const reason = error instanceof RangeError ? "it is nested too deep" : (error as Error).message;
  return invalidFrontMatter(`the front matter cannot be read: ${reason.split("\n")[0]}`, { cause: error });
}

function placed(error: YAMLError, yaml: string): FrontMatterError {
  const before = yaml.slice(0, error.pos[0]);
  const line = before.split("\n").length;
  return { message: error.message.split("\n")[0]!, line, column: before.length - before.lastIndexOf("\n") };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The fields of YAML with mistakes: a line that begins with a name and a colon begins an entry. */
function entriesOf(yaml: string): Fields {
  const fields = new Map<string, unknown>();
  const entry = /^(?:"([^"\n]+)"|'([^'\n]+)'|([^\s#:[\]{},&*!|>'"%@`-][^\n:]*?))[ \t]*:(?=[ \t\r]|$)/gm;
  const starts = [...yaml.matchAll(entry)];
  for (const [index, match] of starts.entries()) {
    const name = match[1] ?? match[2] ?? match[3]!;
    const written = yaml.slice(match.index + match[0].length, starts[index + 1]?.index);
    const value = readEntry(`x:${written}`, written);
    if (value !== undefined && name !== "__proto__") fields.set(name, value);
  }
  return Object.fromEntries(fields);
}

/** The value of one entry: as YAML, else as the list of texts or the text that people meant. */
function readEntry(yaml: string, written: string): unknown {
  const document = parse(yaml);
  if (document.errors.length === 0) return (valueIn(document) as Fields).x;
  const [first = "", ...rest] = written.split("\n").map((line) => line.trim());
  const lines = rest.filter((line) => line !== "" && !line.startsWith("#"));
  if (first === "" && lines.length > 0 && lines.every((line) => /^-(?:\s|$)/.test(line))) {
    return lines.map((line) => readItem(line.slice(1).trim()));
  }
  return lines.length === 0 && first !== "" ? unquoted(first) : undefined;
}

function readItem(text: string): unknown {
  const document = parse(text);
  return document.errors.length === 0 ? valueIn(document) : unquoted(text);
}

function unquoted(text: string): string {
  return /^(["'])(.*)\1$/.exec(text)?.[2] ?? text;
}

/** Fields as YAML, each on lines of its own. */
export function writeYaml(fields: Fields): string {
  return stringify(fields, writing);
}

/** The YAML with the changed fields changed in place; undefined when that does not come out as wanted. */
export function editYaml(yaml: string, before: Fields, fields: Fields): string | undefined {
  const document = parse(yaml);
  if (!isMap(document.contents)) return undefined;
  const newline = yaml.includes("\r\n") ? "\r\n" : "\n";
  const isChanged = (name: string) => !isDeepStrictEqual(before[name], fields[name]);
  const edits: { start: number; end: number; text: string }[] = [];
  for (const pair of document.contents.items as Pair[]) {
    const name = isScalar(pair.key) ? String(pair.key.value) : undefined;
    const start = startOf(pair);
    if (name === undefined || start === undefined) return undefined;
    if (!Object.hasOwn(fields, name)) {
      edits.push({ start: lineStart(yaml, start), end: endOfEntry(yaml, pair), text: "" });
    } else if (isChanged(name)) {
      edits.push(changeOf(yaml, pair, name, fields[name], newline));
    }
  }
  const added = Object.keys(fields).filter((name) => !Object.hasOwn(before, name));
  const end = yaml === "" || yaml.endsWith("\n") ? yaml : yaml + newline;
  let text = end;
  for (const { start, end: to, text: put } of edits.toReversed())
    text = text.slice(0, start) + put + text.slice(to);
  for (const name of added) text += entryText(name, fields[name], newline);
  return isDeepStrictEqual({ ...readYaml(text).fields }, { ...fields }) ? text : undefined;
}

function startOf(pair: Pair): number | undefined {
  return (pair.key as Scalar | null)?.range?.[0];
}

function lineStart(yaml: string, position: number): number {
  return yaml.lastIndexOf("\n", position - 1) + 1;
}

/** Where the lines of an entry end; comments above the next one are the next one's. */
function endOfEntry(yaml: string, pair: Pair): number {
  const value = pair.value as Scalar | null;
  const key = pair.key as Scalar;
  const last = value?.range?.[1] ?? key.range![2];
  const end = yaml.indexOf("\n", Math.max(last - 1, key.range![1]));
  return end === -1 ? yaml.length : end + 1;
}

/** A scalar for a scalar is put where it stands, before its comment; anything else takes the lines of the entry. */
function changeOf(yaml: string, pair: Pair, name: string, value: unknown, newline: string) {
  const old = pair.value as Scalar | null;
  const range = isScalar(old) ? old.range : undefined;
  const text = stringify(value, writing).replace(/\n$/, "");
  const isInline =
    range != null &&
    range[1] > range[0] &&
    !text.includes("\n") &&
    (typeof value !== "object" || value === null);
  const isOneLine = isInline && !yaml.slice(range[0], range[1]).includes("\n");
  if (isOneLine) return { start: range[0], end: range[1], text: valueText(text, value) };
  const start = lineStart(yaml, startOf(pair)!);
  return { start, end: endOfEntry(yaml, pair), text: entryText(name, value, newline) };
}

/** A text at the root may be written without what it needs inside of a map. */
function valueText(text: string, value: unknown): string {
  if (typeof value !== "string") return text;
  return stringify({ x: value }, writing).replace(/^x: /, "").replace(/\n$/, "");
}

function entryText(name: string, value: unknown, newline: string): string {
  return stringify({ [name]: value }, writing).replaceAll("\n", newline);
}
