import { argumentError, typeError } from "../errors.ts";
import { displayOf } from "../values/text.ts";
import { isList, type Value } from "../values/types.ts";
import { define, type FunctionDefinition } from "./definition.ts";

function text(name: string, value: Value): string {
  if (typeof value === "string") return value;
  throw typeError(`Invalid input for function '${name}()': Expected a String, got: ${displayOf(value)}`);
}

function count(name: string, value: Value): number {
  if (typeof value !== "bigint")
    throw typeError(`Invalid input for function '${name}()': Expected an Integer, got: ${displayOf(value)}`);
  if (value < 0n) throw argumentError(`Invalid input for function '${name}()': a length cannot be negative`);
  return Number(value);
}

const strings = [["string"]] as const;

function simple(names: readonly string[], change: (value: string) => Value): FunctionDefinition[] {
  return names.map((name) => define(name, 1, "string", ([value]) => change(text(name, value!)), strings));
}

/** Characters off one or both ends; blanks when none are given. */
function trimmed(value: string, characters: string | undefined, atStart: boolean, atEnd: boolean): string {
  const isCut = (char: string) => (characters === undefined ? /\s/.test(char) : characters.includes(char));
  const chars = [...value];
  let from = 0;
  let to = chars.length;
  while (atStart && from < to && isCut(chars[from]!)) from++;
  while (atEnd && to > from && isCut(chars[to - 1]!)) to--;
  return chars.slice(from, to).join("");
}

function trimming(name: string, atStart: boolean, atEnd: boolean): FunctionDefinition {
  return define(
    name,
    [1, 2],
    "string",
    ([value, characters]) =>
      trimmed(
        text(name, value!),
        characters === undefined ? undefined : text(name, characters),
        atStart,
        atEnd,
      ),
    strings,
  );
}

export const stringFunctions: readonly FunctionDefinition[] = [
  ...simple(["toLower", "lower"], (value) => value.toLowerCase()),
  ...simple(["toUpper", "upper"], (value) => value.toUpperCase()),
  trimming("trim", true, true),
  trimming("btrim", true, true),
  trimming("ltrim", true, false),
  trimming("rtrim", false, true),
  define(
    "left",
    2,
    "string",
    ([value, length]) => [...text("left", value!)].slice(0, count("left", length!)).join(""),
    [["string"], ["integer", "number"]],
  ),
  define(
    "right",
    2,
    "string",
    ([value, length]) => {
      const chars = [...text("right", value!)];
      return chars.slice(Math.max(0, chars.length - count("right", length!))).join("");
    },
    [["string"], ["integer", "number"]],
  ),
  define(
    "substring",
    [2, 3],
    "string",
    ([value, start, length]) => {
      const chars = [...text("substring", value!)];
      const from = count("substring", start!);
      return chars.slice(from, length === undefined ? undefined : from + count("substring", length)).join("");
    },
    [["string"], ["integer", "number"]],
  ),
  define(
    "replace",
    3,
    "string",
    ([value, search, by]) =>
      text("replace", value!).replaceAll(text("replace", search!), () => text("replace", by!)),
    strings,
  ),
  define(
    "split",
    2,
    "list",
    ([value, by]) => {
      const separators = isList(by!) ? by.map((item) => text("split", item)) : [text("split", by!)];
      let parts = [text("split", value!)];
      for (const separator of separators)
        parts = parts.flatMap((part) => (separator === "" ? [...part] : part.split(separator)));
      return parts;
    },
    [["string"], ["string", "list"]],
  ),
  define(
    "normalize",
    [1, 2],
    "string",
    ([value, form = "NFC"]) => text("normalize", value!).normalize(text("normalize", form)),
    strings,
  ),
];
