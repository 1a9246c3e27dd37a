import { exactInt32, truncated } from "../bson/numbers.ts";
import { compareBytes } from "../bson/order.ts";
import { compileRegex } from "../bson/regex.ts";
import { isNullish, isNumeric, typeName } from "../bson/types.ts";
import { BsonSymbol, Code, DateTime, Doc, Regex, Timestamp, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import { isoText } from "./iso-text.ts";
import { define, defineFunction } from "./registry.ts";

/** Texts, by their bytes (UTF-8) or by their code points. */

/** What $substr, $toLower and their like take for a text. @throws MongoError 16007 */
export function coerceText(value: Value | undefined): string {
  if (isNullish(value)) return "";
  if (typeof value === "string") return value;
  if (value instanceof BsonSymbol) return value.text;
  if (value instanceof Code) return value.code;
  if (isNumeric(value)) return toNumberText(value);
  if (value instanceof DateTime) return isoText(value);
  if (value instanceof Timestamp) return `Timestamp(${value.seconds}, ${value.increment})`;
  throw new MongoError(16007, `can't convert from BSON type ${typeName(value)} to String`);
}

export function toNumberText(value: Value): string {
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  const text = "value" in (value as object) ? doubleText((value as { value: number }).value) : String(value);
  return text;
}

export function doubleText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value < 0 ? "-Infinity" : "Infinity";
  if (Object.is(value, -0)) return "-0";
  const text = String(value);
  // JavaScript writes 1e+21, MongoDB 1e+21 and 1e-07.
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

defineFunction("$concat", [0, Number.POSITIVE_INFINITY], (values) => {
  let result = "";
  let isNull = false;
  for (const value of values) {
    if (isNullish(value)) isNull = true;
    else if (typeof value !== "string") {
      throw new MongoError(16702, `$concat only supports strings, not ${typeName(value)}`);
    } else result += value;
  }
  return isNull ? null : result;
});

defineFunction("$toLower", [1, 1], ([value]) =>
  coerceText(value).replace(/[A-Z]/g, (one) => one.toLowerCase()),
);
defineFunction("$toUpper", [1, 1], ([value]) =>
  coerceText(value).replace(/[a-z]/g, (one) => one.toUpperCase()),
);

defineFunction("$strcasecmp", [2, 2], ([a, b]) => {
  const upper = (value: Value | undefined) => coerceText(value).replace(/[a-z]/g, (one) => one.toUpperCase());
  return Math.sign(compareBytes(upper(a), upper(b)));
});

defineFunction("$strLenBytes", [1, 1], ([value]) => {
  if (typeof value !== "string")
    throw new MongoError(34473, `$strLenBytes requires a string argument, found: ${typeName(value)}`);
  return Buffer.byteLength(value);
});

defineFunction("$strLenCP", [1, 1], ([value]) => {
  if (typeof value !== "string")
    throw new MongoError(34471, `$strLenCP requires a string argument, found: ${typeName(value)}`);
  return [...value].length;
});

for (const name of ["$substr", "$substrBytes"]) {
  defineFunction(name, [3, 3], ([value, start, length]) => {
    const bytes = Buffer.from(coerceText(value));
    if (!isNumeric(start)) {
      throw new MongoError(
        16034,
        `${name}:  starting index must be a numeric type (is BSON type ${typeName(start)})`,
      );
    }
    if (!isNumeric(length)) {
      throw new MongoError(
        16035,
        `${name}:  length must be a numeric type (is BSON type ${typeName(length)})`,
      );
    }
    const from = Number(truncated(start) ?? 0n);
    const count = Number(truncated(length) ?? -1n);
    if (from < 0) throw new MongoError(50752, `${name}: starting index must be non-negative (got: ${from})`);
    if (from >= bytes.length) return "";
    if (isContinuation(bytes[from]!)) {
      throw new MongoError(28656, `${name}:  Invalid range, starting index is a UTF-8 continuation byte.`);
    }
    const end = count < 0 ? bytes.length : Math.min(bytes.length, from + count);
    if (end < bytes.length && isContinuation(bytes[end]!)) {
      throw new MongoError(
        28657,
        `${name}:  Invalid range, ending index is in the middle of a UTF-8 character.`,
      );
    }
    return bytes.toString("utf8", from, end);
  });
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

defineFunction("$substrCP", [3, 3], ([value, start, length]) => {
  const text = coerceText(value);
  if (!isNumeric(start))
    throw new MongoError(
      34450,
      `$substrCP: starting index must be a numeric type (is BSON type ${typeName(start)})`,
    );
  const from = exactInt32(start);
  if (from === undefined)
    throw new MongoError(34451, "$substrCP: starting index cannot be represented as a 32-bit integral value");
  if (!isNumeric(length))
    throw new MongoError(
      34452,
      `$substrCP: length must be a numeric type (is BSON type ${typeName(length)})`,
    );
  const count = exactInt32(length);
  if (count === undefined)
    throw new MongoError(34453, "$substrCP: length cannot be represented as a 32-bit integral value");
  if (count < 0) throw new MongoError(34454, "$substrCP: length must be a nonnegative integer.");
  if (from < 0) throw new MongoError(34455, "$substrCP: the starting index must be a nonnegative integer.");
  return [...text].slice(from, from + count).join("");
});

defineFunction("$split", [2, 2], ([value, separator]) => {
  if (isNullish(value) || isNullish(separator)) return null;
  if (typeof value !== "string")
    throw new MongoError(
      40085,
      `$split requires an expression that evaluates to a string as a first argument, found: ${typeName(value)}`,
    );
  if (separator instanceof Regex) {
    return splitByRegex(value, separator);
  }
  if (typeof separator !== "string")
    throw new MongoError(
      40086,
      `$split requires an expression that evaluates to a string or regular expression as a second argument, found: ${typeName(separator)}`,
    );
  if (separator === "") throw new MongoError(40087, "$split requires a non-empty separator");
  return value.split(separator);
});

function splitByRegex(text: string, { pattern, options }: Regex): Value[] {
  const parts: Value[] = [];
  let from = 0;
  for (const match of text.matchAll(compileRegex(pattern, options, true))) {
    if (match[0] === "") continue;
    parts.push(text.slice(from, match.index));
    from = match.index + match[0].length;
  }
  parts.push(text.slice(from));
  return parts;
}

function indexOf(name: string, isBytes: boolean, codes: readonly [number, number]): void {
  defineFunction(name, [2, 4], ([value, wanted, start, end]) => {
    if (isNullish(value)) return null;
    if (typeof value !== "string")
      throw new MongoError(
        codes[0],
        `${name} requires a string as the first argument, found: ${typeName(value)}`,
      );
    if (typeof wanted !== "string")
      throw new MongoError(
        codes[1],
        `${name} requires a string as the second argument, found: ${typeName(wanted)}`,
      );
    const from = start === undefined ? 0 : position(name, start, "starting");
    const text: readonly (string | number)[] = isBytes ? [...Buffer.from(value)] : [...value];
    const to = end === undefined ? text.length : Math.min(position(name, end, "ending"), text.length);
    const needle: readonly (string | number)[] = isBytes ? [...Buffer.from(wanted)] : [...wanted];
    for (let i = from; i + needle.length <= to && i <= text.length; i++) {
      if (needle.every((one, at) => text[i + at] === one)) return i;
    }
    return -1;
  });
}

/** @throws MongoError 40096, 40097 */
export function position(name: string, value: Value, what: string): number {
  const number = exactInt32(value);
  if (number === undefined) {
    throw new MongoError(
      40096,
      `${name} requires an integral ${what} index, found a value of type: ${typeName(value)}`,
    );
  }
  if (number < 0)
    throw new MongoError(40097, `${name} requires a nonnegative ${what} index, found: ${number}`);
  return number;
}

indexOf("$indexOfBytes", true, [40091, 40092]);
indexOf("$indexOfCP", false, [40093, 40094]);

/** What $trim takes off: white space as MongoDB counts it, with the zero character. */
const whiteSpace =
  "\0\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a";

function trim(name: string, isLeft: boolean, isRight: boolean): void {
  define(name, (operand, context, parse) => {
    if (!(operand instanceof Doc))
      throw new MongoError(
        50696,
        `${name} only supports an object as an argument, found ${typeName(operand)}`,
      );
    for (const field of operand.keys()) {
      if (field !== "input" && field !== "chars")
        throw new MongoError(50694, `${name} found an unknown argument: ${field}`);
    }
    const inputSpec = operand.get("input");
    if (inputSpec === undefined) throw new MongoError(50695, `${name} requires an 'input' field`);
    const input = parse(inputSpec, context);
    const charsSpec = operand.get("chars");
    const chars = charsSpec === undefined ? undefined : parse(charsSpec, context);
    return {
      isConstant: false,
      evaluate: (scope) => {
        const value = input.evaluate(scope);
        if (isNullish(value)) return null;
        if (typeof value !== "string")
          throw new MongoError(
            50699,
            `${name} requires its input to be a string, got ${typeName(value)} (of type ${typeName(value)}) instead.`,
          );
        const given = chars === undefined ? whiteSpace : chars.evaluate(scope);
        if (isNullish(given)) return null;
        if (typeof given !== "string")
          throw new MongoError(
            50700,
            `${name} requires 'chars' to be a string, got ${typeName(given)} instead.`,
          );
        const set = new Set(given);
        const points = [...value];
        let [from, to] = [0, points.length];
        while (isLeft && from < to && set.has(points[from]!)) from++;
        while (isRight && to > from && set.has(points[to - 1]!)) to--;
        return points.slice(from, to).join("");
      },
    };
  });
}

trim("$trim", true, true);
trim("$ltrim", true, false);
trim("$rtrim", false, true);

function replace(name: string, isAll: boolean): void {
  define(name, (operand, context, parse) => {
    if (!(operand instanceof Doc))
      throw new MongoError(51751, `${name} requires an object as an argument, found: ${typeName(operand)}`);
    for (const field of operand.keys()) {
      if (!["input", "find", "replacement"].includes(field))
        throw new MongoError(51750, `${name} found an unknown argument: ${field}`);
    }
    const part = (field: string, code: number) => {
      const spec = operand.get(field);
      if (spec === undefined) throw new MongoError(code, `${name} requires '${field}' to be specified`);
      return parse(spec, context);
    };
    const input = part("input", 51749);
    const find = part("find", 51748);
    const replacement = part("replacement", 51747);
    return {
      isConstant: false,
      evaluate: (scope) => {
        const [text, wanted, other] = [input, find, replacement].map((one) => one.evaluate(scope));
        const requireText = (value: Value | undefined, field: string, code: number) => {
          if (typeof value === "string" || isNullish(value) || (field === "find" && value instanceof Regex))
            return;
          throw new MongoError(
            code,
            `${name} requires that '${field}' be a string, found: ${typeName(value)}`,
          );
        };
        requireText(text, "input", 51746);
        requireText(wanted, "find", 51745);
        requireText(other, "replacement", 51744);
        if (isNullish(text) || isNullish(wanted) || isNullish(other)) return null;
        const [source, made] = [text as string, other as string];
        if (wanted instanceof Regex) {
          return source.replace(compileRegex(wanted.pattern, wanted.options, isAll), () => made);
        }
        return isAll
          ? source.replaceAll(wanted as string, () => made)
          : source.replace(wanted as string, () => made);
      },
    };
  });
}

replace("$replaceOne", false);
replace("$replaceAll", true);

function regex(name: "$regexMatch" | "$regexFind" | "$regexFindAll"): void {
  define(name, (operand, context, parse) => {
    if (!(operand instanceof Doc))
      throw new MongoError(
        51103,
        `${name} expects an object of named arguments but found: ${typeName(operand)}`,
      );
    for (const field of operand.keys()) {
      if (!["input", "regex", "options"].includes(field))
        throw new MongoError(31024, `${name} found unknown argument: ${field}`);
    }
    const [inputSpec, regexSpec, optionsSpec] = ["input", "regex", "options"].map((field) =>
      operand.get(field),
    );
    if (inputSpec === undefined) throw new MongoError(31022, `${name} requires 'input' parameter`);
    if (regexSpec === undefined) throw new MongoError(31023, `${name} requires 'regex' parameter`);
    const input = parse(inputSpec, context);
    const pattern = parse(regexSpec, context);
    const options = optionsSpec === undefined ? undefined : parse(optionsSpec, context);
    return {
      isConstant: false,
      evaluate: (scope) => {
        const text = input.evaluate(scope);
        const compiled = regexOf(
          name,
          pattern.evaluate(scope),
          options?.evaluate(scope),
          options !== undefined,
        );
        if (!isNullish(text) && typeof text !== "string") {
          throw new MongoError(51104, `${name} needs 'input' to be of type string`);
        }
        if (isNullish(text) || compiled === undefined) {
          return name === "$regexMatch" ? false : name === "$regexFind" ? null : [];
        }
        if (name === "$regexMatch") return compiled.test(text);
        if (name === "$regexFind") {
          const match = compiled.exec(text);
          return match === null ? null : found(match, text);
        }
        return [...text.matchAll(compiled)].map((match) => found(match, text));
      },
    };
  });
}

function regexOf(
  name: string,
  pattern: Value | undefined,
  options: Value | undefined,
  hasOptions: boolean,
): RegExp | undefined {
  if (hasOptions && !isNullish(options) && typeof options !== "string") {
    throw new MongoError(51106, `${name} needs 'options' to be of type string`);
  }
  if (isNullish(pattern)) return undefined;
  const isGlobal = name === "$regexFindAll";
  if (pattern instanceof Regex) {
    if (pattern.options !== "" && !isNullish(options)) {
      throw new MongoError(
        51107,
        `${name}: found regex option(s) specified in both 'regex' and 'option' fields`,
      );
    }
    return compileRegex(
      pattern.pattern,
      isNullish(options) ? pattern.options : (options as string),
      isGlobal,
    );
  }
  if (typeof pattern !== "string")
    throw new MongoError(51105, `${name} needs 'regex' to be of type string or regex`);
  if (pattern.includes("\0"))
    throw new MongoError(51109, `${name}: regular expression cannot contain an embedded null byte`);
  if (typeof options === "string" && options.includes("\0")) {
    throw new MongoError(51110, `${name}: regular expression options cannot contain an embedded null byte`);
  }
  return compileRegex(pattern, isNullish(options) ? "" : (options as string), isGlobal);
}

function found(match: RegExpExecArray | RegExpMatchArray, text: string): Doc {
  const index = [...text.slice(0, match.index)].length;
  return Doc.of({ match: match[0], idx: index, captures: match.slice(1).map((one) => one ?? null) });
}

regex("$regexMatch");
regex("$regexFind");
regex("$regexFindAll");
