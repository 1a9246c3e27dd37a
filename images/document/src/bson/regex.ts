import { badValue, MongoError } from "../errors.ts";
import { Regex, type Value } from "./values.ts";

/** MongoDB's regular expressions are PCRE2's. What JavaScript writes in another way is translated; the rest is the same. */

const compiled = new Map<string, RegExp>();
const compiledMax = 1000;
/** PCRE2's limit as MongoDB sets it. */
const patternBytesMax = 32_764;

/** @throws MongoError 51091 when the pattern is none, 51108 for options that do not exist */
export function compileRegex(pattern: string, options: string, isGlobal = false): RegExp {
  const key = `${isGlobal ? "g" : ""}${options}/${pattern}`;
  let regex = compiled.get(key);
  if (regex === undefined) {
    regex = translate(pattern, options, isGlobal);
    if (compiled.size >= compiledMax) compiled.clear();
    compiled.set(key, regex);
  }
  regex.lastIndex = 0;
  return regex;
}

export function requireRegexOptions(options: string): void {
  for (const option of options) {
    if (!"imsxu".includes(option)) {
      throw new MongoError(51108, `invalid flag in regex options: ${option}`);
    }
  }
}

function translate(pattern: string, options: string, isGlobal: boolean): RegExp {
  requireRegexOptions(options);
  if (Buffer.byteLength(pattern) > patternBytesMax) {
    throw new MongoError(51091, "Regular expression is invalid: regular expression is too large");
  }
  let source = pattern;
  let flags = isGlobal ? "dg" : "d";
  for (const flag of "ims") if (options.includes(flag)) flags += flag;
  // Verbs and options at the beginning hold for the whole pattern.
  for (;;) {
    const verb = /^\(\*(?:UTF8?|UCP|ANYCRLF|CRLF|LF|CR)\)/.exec(source);
    const inline = /^\(\?([imsx]+)\)/.exec(source);
    if (verb !== null) source = source.slice(verb[0].length);
    else if (inline !== null) {
      source = source.slice(inline[0].length);
      for (const flag of inline[1]!) {
        if (flag === "x") source = withoutSpace(source);
        else if (!flags.includes(flag)) flags += flag;
      }
    } else break;
  }
  if (options.includes("x")) source = withoutSpace(source);
  source = source
    .replaceAll("(?P<", "(?<")
    .replace(/\(\?P=(\w+)\)/g, "\\k<$1>")
    .replace(/\[:(\^?)(\w+):\]/g, (_, not: string, name: string) => posixClass(name, not !== ""))
    .replace(/(\\\\)|\\A/g, (all, escaped) => escaped ?? (all === "\\A" ? "(?<![\\s\\S])" : all))
    .replace(/(\\\\)|\\z/g, (all, escaped) => escaped ?? (all === "\\z" ? "(?![\\s\\S])" : all))
    .replace(/(\\\\)|\\Z/g, (all, escaped) => escaped ?? (all === "\\Z" ? "(?=\\n?(?![\\s\\S]))" : all))
    .replace(/(\\\\)|\\h/g, (all, escaped) => escaped ?? (all === "\\h" ? "[ \\t]" : all));
  source = fromPcre(source);
  for (const unicode of ["u", ""]) {
    try {
      return new RegExp(source, flags + unicode);
    } catch (error) {
      if (unicode === "") {
        throw new MongoError(
          51091,
          `Regular expression is invalid: ${(error as Error).message.replace(/^Invalid regular expression: /, "")}`,
        );
      }
    }
  }
  throw new MongoError(51091, "Regular expression is invalid");
}

/** PCRE's extended syntax: white space and comments outside of classes mean nothing. */
function withoutSpace(source: string): string {
  return source.replace(/\\[\s\S]|\[(?:\\.|[^\]])*\]|#[^\n]*|\s+/g, (part) =>
    part.startsWith("\\") || part.startsWith("[") ? part : "",
  );
}

function posixClass(name: string, isNot: boolean): string {
  const classes: Readonly<Record<string, string>> = {
    alpha: "a-zA-Z",
    digit: "0-9",
    alnum: "a-zA-Z0-9",
    upper: "A-Z",
    lower: "a-z",
    space: "\\s",
    punct: "!-\\/:-@\\[-`{-~",
    xdigit: "0-9a-fA-F",
    word: "\\w",
    blank: " \\t",
    cntrl: "\\x00-\\x1f\\x7f",
    print: "\\x20-\\x7e",
    graph: "\\x21-\\x7e",
  };
  const found = classes[name];
  if (found === undefined || isNot) throw badValue(`Regular expression is invalid: unknown class ${name}`);
  return found;
}

/** The regular expression of a value that is one, or of a text. */
export function asRegex(value: Value): Regex | undefined {
  if (value instanceof Regex) return value;
  return typeof value === "string" ? new Regex(value, "") : undefined;
}

/** The text that all matches begin with, when the pattern says so: `^abc`. Undefined when nothing can be told. */
export function literalPrefix({ pattern, options }: Regex): string | undefined {
  if (options !== "" && options !== "u") return undefined;
  const match = /^(?:\^|\\A)((?:[^\\.[\]{}()*+?|^$]|\\[.[\]{}()*+?|^$\\/-])+)/.exec(pattern);
  if (match === null || pattern.includes("|")) return undefined;
  let prefix = match[1]!;
  const next = pattern[match[0].length];
  // A quantifier makes the last character one that need not be there.
  if (next !== undefined && "*?{".includes(next)) prefix = prefix.replace(/(?:\\.|[\s\S])$/u, "");
  return prefix === "" ? undefined : prefix.replace(/\\(.)/g, "$1");
}

/** Groups and quantifiers that JavaScript has not: what gives nothing back is a lookahead and a reference to what it found. */
function fromPcre(source: string): string {
  let count = 0;
  let result = source
    .replace(/\\p\{\^?([A-Z][a-z]+(?:_[A-Z][a-z]+)*)\}/g, (all, name: string) =>
      generalCategories.has(name) ? all : all.replace(name, `Script=${name}`),
    )
    .replace(
      /((?:\\.|\[(?:\\.|[^\]])*\]|[^\\()[\]{}*+?|^$])(?:[*+?]|\{\d+(?:,\d*)?\}))\+/g,
      (_, atom: string) => {
        count++;
        return `(?:(?=(?<atomic${count}>${atom}))\\k<atomic${count}>)`;
      },
    );
  for (let at = result.indexOf("(?>"); at !== -1; at = result.indexOf("(?>")) {
    const end = groupEnd(result, at);
    if (end === -1) break;
    count++;
    result = `${result.slice(0, at)}(?:(?=(?<atomic${count}>${result.slice(at + 3, end)}))\\k<atomic${count}>)${result.slice(end + 1)}`;
  }
  // Options in the middle hold for the rest.
  const toggle = /\(\?([ims]*)(-[ims]+)?\)/.exec(result);
  if (toggle !== null && toggle[0] !== "(?)") {
    const rest = result.slice(toggle.index + toggle[0].length);
    if (!rest.includes(")") || groupsAreWhole(rest)) {
      result = `${result.slice(0, toggle.index)}(?${toggle[1]}${toggle[2] ?? ""}:${rest})`;
    }
  }
  return result;
}

const generalCategories = new Set([
  "L",
  "Ll",
  "Lu",
  "Lt",
  "Lm",
  "Lo",
  "M",
  "N",
  "Nd",
  "Nl",
  "No",
  "P",
  "S",
  "Z",
  "C",
  "Any",
  "Alphabetic",
  "Uppercase",
  "Lowercase",
]);

function groupsAreWhole(source: string): boolean {
  let depth = 0;
  for (const [part] of source.matchAll(/\\.|[()]/g)) {
    if (part === "(") depth++;
    else if (part === ")" && --depth < 0) return false;
  }
  return true;
}

function groupEnd(source: string, at: number): number {
  let depth = 0;
  for (let i = at; i < source.length; i++) {
    if (source[i] === "\\") i++;
    else if (source[i] === "(") depth++;
    else if (source[i] === ")" && --depth === 0) return i;
  }
  return -1;
}
