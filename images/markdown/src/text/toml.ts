import { isDeepStrictEqual } from "node:util";
import { parse, stringify, TomlDate, TomlError } from "smol-toml";
import type { Fields } from "../fields/fields.ts";
import type { ReadFields } from "./read-fields.ts";

/** Reads TOML (1.0). Where it has mistakes, only the lines before them are read. */
export function readToml(toml: string): ReadFields {
  try {
    return { fields: fieldsOf(toml) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const { line, column } = error;
    const [message = ""] = error.message.replace(/^Invalid TOML document: /, "").split("\n");
    return { fields: fieldsBefore(toml, line), error: { message, line, column } };
  }
}

/** A mistake is told where it shows: the entry that has it may have begun some before. */
const entriesMax = 4;

/** The fields of the entries above a line. */
function fieldsBefore(toml: string, line: number): Fields {
  const lines = toml.split("\n").slice(0, line);
  const starts = lines.flatMap((text, index) => (/^[ \t]*(?:\[|["'\w-][^=]*=)/.test(text) ? index : []));
  for (const start of starts.slice(-entriesMax).toReversed()) {
    try {
      return fieldsOf(lines.slice(0, start).join("\n"));
    } catch (error) {
      if (!(error instanceof TomlError)) throw error;
    }
  }
  return {};
}

function fieldsOf(toml: string): Fields {
  return jsonOf(parse(toml, { integersAsBigInt: "asNeeded" })) as Fields;
}

/** What JSON has no value for is the text that one writes for it. */
function jsonOf(value: unknown): unknown {
  if (value instanceof TomlDate) return value.toISOString();
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return value.map(jsonOf);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, jsonOf(member)]));
}

/** Fields as TOML, which has no null. */
export function writeToml(fields: Fields): string {
  const text = stringify(withoutNulls(fields));
  return text.endsWith("\n") ? text : `${text}\n`;
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== null).map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNulls(member)]));
}

/** The TOML with the changed fields changed on their lines; undefined when that does not come out as wanted. */
export function editToml(toml: string, before: Fields, fields: Fields): string | undefined {
  const newline = toml.includes("\r\n") ? "\r\n" : "\n";
  const tables = toml.search(/^[ \t]*\[/m);
  const split = tables === -1 ? toml.length : tables;
  let lines = toml.slice(0, split);
  const names = new Set([...Object.keys(before), ...Object.keys(fields)]);
  for (const name of names) {
    if (isDeepStrictEqual(before[name], fields[name])) continue;
    const line = new RegExp(`^[ \\t]*(?:${escaped(name)}|"${escaped(name)}")[ \\t]*=[^\\n]*(?:\\n|$)`, "m");
    const text = Object.hasOwn(fields, name)
      ? writeToml({ [name]: fields[name] }).replaceAll("\n", newline)
      : "";
    if (text.startsWith("[")) return undefined;
    if (Object.hasOwn(before, name)) lines = lines.replace(line, () => text);
    else lines += (lines === "" || lines.endsWith("\n") ? "" : newline) + text;
  }
  const edited = lines + toml.slice(split);
  try {
    return isDeepStrictEqual({ ...fieldsOf(edited) }, { ...fields }) ? edited : undefined;
  } catch (error) {
    if (error instanceof TomlError) return undefined;
    throw error;
  }
}

function escaped(name: string): string {
  return name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
