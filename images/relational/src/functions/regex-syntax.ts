import { PgError } from "../errors.ts";

const classes: Readonly<Record<string, string>> = {
  alpha: "A-Za-z",
  digit: "0-9",
  alnum: "A-Za-z0-9",
  upper: "A-Z",
  lower: "a-z",
  space: "\\s",
  blank: " \\t",
  punct: "!-\\/:-@\\[-`{-~",
  cntrl: "\\x00-\\x1f\\x7f",
  graph: "!-~",
  print: " -~",
  xdigit: "0-9A-Fa-f",
  word: "A-Za-z0-9_",
};

function invalid(message: string): PgError {
  return new PgError("2201B", `invalid regular expression: ${message}`);
}

/** PostgreSQL's advanced regular expressions as JavaScript's; what only one of them has is translated or refused. */
export function translateRegex(given: string, flags: string, isInsensitive: boolean): RegExp {
  let pattern = given;
  let ignoreCase = isInsensitive;
  let newline = false;
  let partialNewline = false;
  let inverse = false;
  let isLiteral = false;
  let isExpanded = false;
  const option = (flag: string) => {
    switch (flag) {
      case "i":
        ignoreCase = true;
        break;
      case "c":
        ignoreCase = false;
        break;
      case "n":
      case "m":
        newline = true;
        break;
      case "p":
        partialNewline = true;
        break;
      case "w":
        inverse = true;
        break;
      case "s":
        newline = false;
        break;
      case "q":
        isLiteral = true;
        break;
      case "x":
        isExpanded = true;
        break;
      case "g":
      case "e":
      case "b":
      case "t":
        break;
      default:
        throw new PgError("22023", `invalid regular expression option: "${flag}"`);
    }
  };
  for (const flag of flags) option(flag);
  if (pattern.startsWith("***=")) {
    isLiteral = true;
    pattern = pattern.slice(4);
  } else if (pattern.startsWith("***:")) pattern = pattern.slice(4);
  const embedded = /^\(\?([a-z]+)\)/.exec(pattern);
  if (embedded !== null && !isLiteral) {
    for (const flag of embedded[1]!) option(flag);
    pattern = pattern.slice(embedded[0].length);
  }
  const source = isLiteral
    ? pattern.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")
    : translate(pattern, isExpanded, newline || partialNewline);
  const dotAll = !(newline || partialNewline);
  const multiline = newline || inverse;
  try {
    return new RegExp(source, `g${ignoreCase ? "i" : ""}${dotAll ? "s" : ""}${multiline ? "m" : ""}u`);
  } catch (error) {
    throw invalid(describe(String((error as Error).message)));
  }
}

function describe(message: string): string {
  if (message.includes("Unterminated group")) return "parentheses () not balanced";
  if (message.includes("Unmatched ')'")) return "parentheses () not balanced";
  if (message.includes("Nothing to repeat")) return "quantifier operand invalid";
  if (message.includes("Unterminated character class") || message.includes("Lone quantifier"))
    return "brackets [] not balanced";
  if (message.includes("numbers out of order")) return "invalid repetition count(s)";
  if (message.includes("out of order in character class")) return "invalid character range";
  return "invalid escape \\ sequence";
}

function translate(pattern: string, isExpanded: boolean, newline: boolean): string {
  let result = "";
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i]!;
    if (character === "\\") {
      const next = pattern[++i];
      if (next === undefined) throw invalid("invalid escape \\ sequence");
      if (next === "m" && pattern[i - 1] === "\\") result += "(?<!\\w)(?=\\w)";
      else if (next === "M") result += "(?<=\\w)(?!\\w)";
      else if (next === "y") result += "\\b";
      else if (next === "Y") result += "\\B";
      else if (next === "A") result += "(?<![^])";
      else if (next === "Z") result += "(?![^])";
      else if (next === "a") result += "\\x07";
      else if (next === "e") result += "\\x1b";
      else if (next === "B") result += "\\\\";
      else if (/[dDwWsSnrtfv0-9]/.test(next)) result += `\\${next}`;
      else if (next === "u" || next === "x" || next === "U") {
        const digits = new RegExp(
          next === "u" ? "^[0-9a-fA-F]{4}" : next === "U" ? "^[0-9a-fA-F]{8}" : "^[0-9a-fA-F]{1,}",
        ).exec(pattern.slice(i + 1));
        if (digits === null) throw invalid("invalid escape \\ sequence");
        result += `\\u{${digits[0]}}`;
        i += digits[0].length;
      } else if (next === "b") result += "\\x08";
      else if (/[A-Za-z]/.test(next)) throw invalid("invalid escape \\ sequence");
      else result += /[\\^$.*+?()[\]{}|/]/.test(next) ? `\\${next}` : next;
      continue;
    }
    if (character === "[") {
      const { text, end } = bracket(pattern, i, newline);
      result += text;
      i = end;
      continue;
    }
    if (isExpanded && /\s/.test(character)) continue;
    if (isExpanded && character === "#") {
      while (i < pattern.length && pattern[i] !== "\n") i++;
      continue;
    }
    if (character === "(" && pattern.startsWith("(?#", i)) {
      const end = pattern.indexOf(")", i);
      i = end < 0 ? pattern.length : end;
      continue;
    }
    // A brace that begins no repetition is a character.
    if (character === "{" && !/^\{\d+(,\d*)?\}/.test(pattern.slice(i))) {
      result += "\\{";
      continue;
    }
    if (character === "}" && !/\{\d+(,\d*)?$/.test(pattern.slice(0, i))) {
      result += "\\}";
      continue;
    }
    if (character === "]") {
      result += "\\]";
      continue;
    }
    if ("*+?".includes(character) && (i === 0 || pattern[i - 1] === "|"))
      throw invalid("quantifier operand invalid");
    if (character === "/") {
      result += "\\/";
      continue;
    }
    result += character;
  }
  return result;
}

function bracket(pattern: string, start: number, newline: boolean): { text: string; end: number } {
  let i = start + 1;
  let text = "[";
  let isNegated = false;
  if (pattern[i] === "^") {
    text += "^";
    isNegated = true;
    i++;
  }
  if (pattern.startsWith("[:<:]]", i)) return { text: "(?<!\\w)(?=\\w)", end: i + 5 };
  if (pattern.startsWith("[:>:]]", i)) return { text: "(?<=\\w)(?!\\w)", end: i + 5 };
  let isFirst = true;
  for (; ; i++) {
    const character = pattern[i];
    if (character === undefined) throw invalid("brackets [] not balanced");
    if (character === "]" && !isFirst) break;
    isFirst = false;
    const named = /^\[:(\w+):\]/.exec(pattern.slice(i));
    if (named !== null) {
      const found = classes[named[1]!];
      if (found === undefined) throw invalid("invalid character class");
      text += found;
      i += named[0].length - 1;
      continue;
    }
    const collating = /^\[([.=])(.+?)\1\]/.exec(pattern.slice(i));
    if (collating !== null) {
      text += `\\${collating[2]}`;
      i += collating[0].length - 1;
      continue;
    }
    if (character === "\\") {
      const next = pattern[++i] ?? "";
      text += /[dwsDWSnrtfv\\]/.test(next)
        ? `\\${next}`
        : /[\^$.*+?()[\]{}|/-]/.test(next)
          ? `\\${next}`
          : next;
      continue;
    }
    text +=
      character === "[" || character === "]"
        ? `\\${character}`
        : "&~!@#%`,:;<>={}()|/".includes(character) && /[{}()|/]/.test(character)
          ? `\\${character}`
          : character;
  }
  if (isNegated && newline) text += "\\n";
  return { text: `${text}]`, end: i };
}
