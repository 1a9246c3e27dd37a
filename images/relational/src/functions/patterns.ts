import { PgError } from "../errors.ts";
import { PgArray } from "../types/datum.ts";
import { charLength } from "../types/texts.ts";
import { translateRegex } from "./regex-syntax.ts";
import { define, defineSet } from "./registry.ts";

const likes = new Map<string, RegExp>();

/** LIKE as a regular expression. */
function likePattern(pattern: string, isInsensitive: boolean): RegExp {
  const key = `${isInsensitive ? "i" : "c"}${pattern}`;
  let known = likes.get(key);
  if (known === undefined) {
    let source = "";
    for (let i = 0; i < pattern.length; i++) {
      const character = pattern[i]!;
      if (character === "%") source += "[^]*";
      else if (character === "_") source += "[^]";
      else if (character === "\\") {
        i++;
        if (i >= pattern.length)
          throw new PgError("22025", "LIKE pattern must not end with escape character");
        source += escapeRegex(pattern[i]!);
      } else source += escapeRegex(character);
    }
    known = new RegExp(`^${source}$`, isInsensitive ? "iu" : "u");
    if (likes.size > 1000) likes.clear();
    likes.set(key, known);
  }
  return known;
}

function escapeRegex(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}

define("textlike namelike bpcharlike", (text: string, pattern: string) =>
  likePattern(pattern, false).test(text),
);
define(
  "textnlike namenlike bpcharnlike",
  (text: string, pattern: string) => !likePattern(pattern, false).test(text),
);
define("texticlike nameiclike bpchariclike", (text: string, pattern: string) =>
  likePattern(pattern, true).test(text),
);
define(
  "texticnlike nameicnlike bpcharicnlike",
  (text: string, pattern: string) => !likePattern(pattern, true).test(text),
);
define("like_escape", (pattern: string, escapeBy: string) => {
  if ([...escapeBy].length > 1)
    throw new PgError("22019", "invalid escape string", {
      hint: "Escape string must be empty or one character.",
    });
  if (escapeBy === "\\") return pattern;
  let result = "";
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i]!;
    if (escapeBy !== "" && character === escapeBy) {
      result += `\\${pattern[++i] ?? ""}`;
    } else result += character === "\\" ? "\\\\" : character;
  }
  return result;
});
/** SIMILAR TO as a regular expression of PostgreSQL's. */
function similar(pattern: string, escapeBy: string | null): string {
  let result = "^(?:";
  let inSet = false;
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i]!;
    if (escapeBy !== null && escapeBy !== "" && character === escapeBy) {
      const next = pattern[++i];
      if (next === '"') result += "){1,1}?(";
      else result += `\\${next ?? ""}`;
    } else if (inSet) {
      if (character === "]") inSet = false;
      result += character === "\\" ? "\\\\" : character;
    } else if (character === "[") {
      inSet = true;
      result += character;
    } else if (character === "%") result += ".*";
    else if (character === "_") result += ".";
    else if (character === "(") result += "(?:";
    else result += "\\.^$".includes(character) ? `\\${character}` : character;
  }
  return `${result})$`;
}
define("similar_to_escape_2", (pattern: string, escapeBy: string) => similar(pattern, escapeBy));
define("similar_to_escape_1", (pattern: string) => similar(pattern, "\\"));
define("similar_escape", (pattern: string | null, escapeBy: string | null) =>
  pattern === null ? null : similar(pattern, escapeBy ?? "\\"),
);

const regexes = new Map<string, RegExp>();

/** Flags of regexp functions: g is told apart. */
export function compileRegex(pattern: string, flags: string, isInsensitive = false): RegExp {
  const key = `${isInsensitive}/${flags}/${pattern}`;
  let known = regexes.get(key);
  if (known === undefined) {
    known = translateRegex(pattern, flags, isInsensitive);
    if (regexes.size > 500) regexes.clear();
    regexes.set(key, known);
  }
  known.lastIndex = 0;
  return known;
}

define("textregexeq nameregexeq bpcharregexeq", (text: string, pattern: string) =>
  compileRegex(pattern, "").test(text),
);
define(
  "textregexne nameregexne bpcharregexne",
  (text: string, pattern: string) => !compileRegex(pattern, "").test(text),
);
define("texticregexeq nameicregexeq bpcharicregexeq", (text: string, pattern: string) =>
  compileRegex(pattern, "", true).test(text),
);
define(
  "texticregexne nameicregexne bpcharicregexne",
  (text: string, pattern: string) => !compileRegex(pattern, "", true).test(text),
);

function matches(text: string, pattern: string, flags: string, start = 1): RegExpExecArray[] {
  const regex = compileRegex(pattern, flags);
  const found: RegExpExecArray[] = [];
  regex.lastIndex = utf16Index(text, start - 1);
  let match = regex.exec(text);
  while (match !== null) {
    found.push(match);
    if (match[0] === "") regex.lastIndex++;
    match = regex.lastIndex > text.length ? null : regex.exec(text);
  }
  return found;
}

function utf16Index(text: string, characters: number): number {
  return charLength(text) === text.length ? characters : [...text].slice(0, characters).join("").length;
}

const groupsOf = (match: RegExpExecArray): PgArray =>
  new PgArray(match.length === 1 ? [match[0]] : match.slice(1).map((group) => group ?? null));

function noGlobal(flags: string, name: string): void {
  if (flags.includes("g"))
    throw new PgError(
      "22023",
      `${name} does not support the "global" option`,
      name === "regexp_match()" ? { hint: "Use the regexp_matches function instead." } : {},
    );
}

function regexMatch(text: string, pattern: string, flags = ""): PgArray | null {
  noGlobal(flags, "regexp_match()");
  const [first] = matches(text, pattern, flags);
  return first === undefined ? null : groupsOf(first);
}
define("regexp_match_no_flags regexp_match", regexMatch);
defineSet(
  "regexp_matches_no_flags regexp_matches",
  (_call, text: string, pattern: string, flags: string | undefined) => {
    const all = matches(text, pattern, flags ?? "");
    return (flags?.includes("g") === true ? all : all.slice(0, 1)).map(groupsOf);
  },
);
define("textregexsubstr", (text: string, pattern: string) => {
  const match = compileRegex(pattern, "").exec(text);
  return match === null ? null : ((match.length > 1 ? match[1] : match[0]) ?? null);
});
/** \1 to \9 and \& in the replacement. */
function replacement(by: string, match: RegExpExecArray): string {
  return by.replace(/\\([&\d\\])/g, (_all, what: string) =>
    what === "\\" ? "\\" : what === "&" ? match[0] : (match[Number(what)] ?? ""),
  );
}
function replace(text: string, pattern: string, by: string, flags: string, start = 1, n?: number): string {
  const all = matches(text, pattern, flags.replace("g", ""), start);
  const isGlobal = flags.includes("g");
  const chosen = n === undefined ? (isGlobal ? all : all.slice(0, 1)) : n === 0 ? all : all.slice(n - 1, n);
  let result = "";
  let at = 0;
  for (const match of chosen) {
    result += text.slice(at, match.index) + replacement(by, match);
    at = match.index + match[0].length;
  }
  return result + text.slice(at);
}
define("textregexreplace_noopt", (text: string, pattern: string, by: string) =>
  replace(text, pattern, by, ""),
);
define("textregexreplace", (text: string, pattern: string, by: string, flags: string) => {
  if (/^\d/.test(flags))
    throw new PgError("22023", `invalid regular expression option: "${flags[0]}"`, {
      hint: "If you meant to use regexp_replace() with a start parameter, cast the fourth argument to integer explicitly.",
    });
  return replace(text, pattern, by, flags);
});
define(
  "textregexreplace_extended",
  (text: string, pattern: string, by: string, start: number, n: number, flags: string) =>
    replace(text, pattern, by, flags, start, n),
);
define(
  "textregexreplace_extended_no_flags",
  (text: string, pattern: string, by: string, start: number, n: number) =>
    replace(text, pattern, by, "", start, n),
);
define("textregexreplace_extended_no_n", (text: string, pattern: string, by: string, start: number) =>
  replace(text, pattern, by, "", start, 1),
);
function split(text: string, pattern: string, flags = ""): string[] {
  noGlobal(flags, "regexp_split_to_array()");
  const parts: string[] = [];
  let at = 0;
  for (const match of matches(text, pattern, flags)) {
    // An empty match at the start, at the end, or right behind the one before splits nothing off.
    if (match[0] === "" && (match.index === at || match.index >= text.length)) {
      if (match.index >= text.length || match.index === 0 || at === match.index) continue;
    }
    parts.push(text.slice(at, match.index));
    at = match.index + match[0].length;
  }
  parts.push(text.slice(at));
  return parts;
}
function splitEmpty(text: string, pattern: string, flags = ""): string[] {
  // Every character apart when the pattern matches nothing.
  if (
    matches(text, pattern, flags).every((match) => match[0] === "") &&
    text !== "" &&
    compileRegex(pattern, flags).exec(text) !== null
  )
    return [...text];
  return split(text, pattern, flags);
}
define(
  "regexp_split_to_array_no_flags regexp_split_to_array",
  (text: string, pattern: string, flags: string | undefined) => new PgArray(splitEmpty(text, pattern, flags)),
);
defineSet(
  "regexp_split_to_table_no_flags regexp_split_to_table",
  (_call, text: string, pattern: string, flags: string | undefined) => splitEmpty(text, pattern, flags),
);
const count = (text: string, pattern: string, start = 1, flags = "") =>
  matches(text, pattern, flags, start).length;
define("regexp_count_no_start", (text: string, pattern: string) => count(text, pattern));
define("regexp_count_no_flags regexp_count", count);
define("regexp_like_no_flags regexp_like", (text: string, pattern: string, flags: string | undefined) =>
  compileRegex(pattern, flags ?? "").test(text),
);
define(
  "regexp_substr_no_start regexp_substr_no_n regexp_substr_no_flags regexp_substr_no_subexpr regexp_substr",
  (
    text: string,
    pattern: string,
    start: number | undefined,
    n: number | undefined,
    flags: string | undefined,
    group: number | undefined,
  ) => {
    const match = matches(text, pattern, flags ?? "", start ?? 1)[(n ?? 1) - 1];
    return match === undefined ? null : (match[group ?? 0] ?? null);
  },
);
define(
  "regexp_instr_no_start regexp_instr_no_n regexp_instr_no_endoption regexp_instr_no_flags regexp_instr_no_subexpr regexp_instr",
  (
    text: string,
    pattern: string,
    start: number | undefined,
    n: number | undefined,
    end: number | undefined,
    flags: string | undefined,
    group: number | undefined,
  ) => {
    const match = matches(text, pattern, flags ?? "", start ?? 1)[(n ?? 1) - 1];
    if (match === undefined) return 0;
    const part = match[group ?? 0];
    if (part === undefined) return 0;
    const at = (group ?? 0) === 0 ? match.index : text.indexOf(part, match.index);
    return charLength(text.slice(0, end === 1 ? at + part.length : at)) + 1;
  },
);
