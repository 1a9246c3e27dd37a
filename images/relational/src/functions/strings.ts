import { createHash } from "node:crypto";
import { outOfRange, PgError } from "../errors.ts";
import { type Datum, PgArray } from "../types/datum.ts";
import { quoteLiteral } from "../types/literals.ts";
import { oid } from "../types/oids.ts";
import { typeOps } from "../types/registry.ts";
import {
  charLength,
  compareText,
  fitBpchar,
  fitVarchar,
  formatUuid,
  trimBlanks,
  truncateName,
} from "../types/texts.ts";
import { quoteName } from "../types/type-text.ts";
import { formatText } from "./format-function.ts";
import { type CallContext, define, defineSet, defineWith } from "./registry.ts";

/** Characters; a surrogate pair is one. */
function chars(text: string): string[] | string {
  return charLength(text) === text.length ? text : [...text];
}
function join(parts: string[] | string): string {
  return typeof parts === "string" ? parts : parts.join("");
}

define("upper", (text: string) => upperText(text));
define("lower", (text: string) => lowerText(text));
/** In the C collation only ASCII letters have a case. */
function upperText(text: string): string {
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}
function lowerText(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
define("casefold", (text: string) => lowerText(text));
define("initcap", (text: string) =>
  lowerText(text).replace(
    /(^|[^A-Za-z0-9])([a-z])/g,
    (_all, before: string, letter: string) => before + letter.toUpperCase(),
  ),
);
define("textlen", (text: string) => charLength(text));
define("bpcharlen", (text: string) => charLength(trimBlanks(text)));
define("textoctetlen", (text: string) => Buffer.byteLength(text));
define("bpcharoctetlen", (text: string) => Buffer.byteLength(text));
define("byteaoctetlen", (bytes: Uint8Array) => bytes.length);
define("bitlength", (bits: string) => bits.length);
define("bitoctetlength", (bits: string) => Math.ceil(bits.length / 8));
define("textcat", (a: string, b: string) => a + b);
define("byteacat", (a: Uint8Array, b: Uint8Array) => Buffer.concat([a, b]));
define("bitcat", (a: string, b: string) => a + b);

/** A value as a cast to text has it, which for boolean is not what output gives. */
function output(call: CallContext, argument: number, value: Datum): string {
  if (typeof value === "boolean") return String(value);
  if (call.argTypes[argument] === oid.inet && !(value as string).includes("/"))
    return `${value as string}/${(value as string).includes(":") ? 128 : 32}`;
  return typeOps(call.catalog, call.argTypes[argument]!).output(value, call.run.io);
}

// SQL functions of PostgreSQL that are operators on other types: text || anynonarray.
defineWith("textanycat(25,2776)", (call, a: string, b: Datum) => a + output(call, 1, b));
defineWith("anytextcat(2776,25)", (call, a: Datum, b: string) => output(call, 0, a) + b);

function substring(text: string, start: number, length: number | undefined): string {
  if (length !== undefined && length < 0) throw new PgError("22011", "negative substring length not allowed");
  const parts = chars(text);
  const from = Math.max(start, 1) - 1;
  const to = length === undefined ? undefined : Math.max(start + length - 1, 0);
  return join(parts.slice(from, to));
}
define("text_substr", (text: string, start: number, length: number) => substring(text, start, length));
define("text_substr_no_len", (text: string, start: number) => substring(text, start, undefined));
define("bytea_substr", (bytes: Uint8Array, start: number, length: number) => {
  if (length < 0) throw new PgError("22011", "negative substring length not allowed");
  return bytes.slice(Math.max(start, 1) - 1, Math.max(start + length - 1, 0));
});
define("bytea_substr_no_len", (bytes: Uint8Array, start: number) => bytes.slice(Math.max(start, 1) - 1));
define("bitsubstr", (bits: string, start: number, length: number) =>
  bits.slice(Math.max(start, 1) - 1, Math.max(start + length - 1, 0)),
);
define("bitsubstr_no_len", (bits: string, start: number) => bits.slice(Math.max(start, 1) - 1));
define("text_left", (text: string, count: number) => {
  const parts = chars(text);
  return join(count < 0 ? parts.slice(0, Math.max(0, parts.length + count)) : parts.slice(0, count));
});
define("text_right", (text: string, count: number) => {
  const parts = chars(text);
  return join(
    count < 0 ? parts.slice(Math.min(parts.length, -count)) : parts.slice(Math.max(0, parts.length - count)),
  );
});
define("textoverlay", (text: string, by: string, start: number, length: number) =>
  overlay(text, by, start, length),
);
define("textoverlay_no_len", (text: string, by: string, start: number) =>
  overlay(text, by, start, charLength(by)),
);
function overlay(text: string, by: string, start: number, length: number): string {
  if (start <= 0) throw new PgError("22011", "negative substring length not allowed");
  return substring(text, 1, start - 1) + by + substring(text, start + length, undefined);
}
define("textpos", (text: string, part: string) => {
  const at = text.indexOf(part);
  return at < 0 ? 0 : charLength(text.slice(0, at)) + 1;
});
define("byteapos", (bytes: Uint8Array, part: Uint8Array) => Buffer.from(bytes).indexOf(part) + 1);
define("bitposition", (bits: string, part: string) => bits.indexOf(part) + 1);
const repeatMax = 268_435_448;
define("repeat", (text: string, count: number) => {
  if (count <= 0) return "";
  if (text.length * count > repeatMax) throw new PgError("54000", "requested length too large");
  return text.repeat(count);
});
define("replace_text", (text: string, from: string, to: string) =>
  from === "" ? text : text.replaceAll(from, () => to),
);
define("text_reverse", (text: string) => [...text].reverse().join(""));
define("bytea_reverse", (bytes: Uint8Array) => Buffer.from(bytes).reverse());
define("translate", (text: string, from: string, to: string) => {
  const map = new Map<string, string>();
  const targets = [...to];
  for (const [i, character] of [...from].entries())
    if (!map.has(character)) map.set(character, targets[i] ?? "");
  return [...text].map((character) => map.get(character) ?? character).join("");
});
define("ascii", (text: string) => (text === "" ? 0 : text.codePointAt(0)!));
define("chr", (code: number) => {
  if (code === 0) throw new PgError("54000", "null character not permitted");
  if (code < 0) throw new PgError("54000", "character number must be positive");
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
    throw new PgError("54000", `requested character too large for encoding: ${code}`);
  return String.fromCodePoint(code);
});
const padded = (text: string, length: number, fill: string, isLeft: boolean): string => {
  const parts = [...text];
  if (length <= 0) return "";
  if (length > repeatMax) throw new PgError("54000", "requested length too large");
  if (parts.length >= length) return parts.slice(0, length).join("");
  if (fill === "") return text;
  const filler = [...fill];
  const more = Array.from({ length: length - parts.length }, (_, i) => filler[i % filler.length]!).join("");
  return isLeft ? more + text : text + more;
};
define("lpad", (text: string, length: number, fill = " ") => padded(text, length, fill, true));
define("rpad", (text: string, length: number, fill = " ") => padded(text, length, fill, false));
function trim(text: string, set: string, left: boolean, right: boolean): string {
  const members = new Set([...set]);
  const parts = [...text];
  let from = 0;
  let to = parts.length;
  if (left) while (from < to && members.has(parts[from]!)) from++;
  if (right) while (to > from && members.has(parts[to - 1]!)) to--;
  return parts.slice(from, to).join("");
}
define("btrim", (text: string, set: string) => trim(text, set, true, true));
define("ltrim", (text: string, set: string) => trim(text, set, true, false));
define("rtrim", (text: string, set: string) => trim(text, set, false, true));
define("btrim1", (text: string) => trim(text, " ", true, true));
define("ltrim1", (text: string) => trim(text, " ", true, false));
define("rtrim1", (text: string) => trim(text, " ", false, true));
const trimBytes = (bytes: Uint8Array, set: Uint8Array, left: boolean, right: boolean) => {
  const members = new Set(set);
  let from = 0;
  let to = bytes.length;
  if (left) while (from < to && members.has(bytes[from]!)) from++;
  if (right) while (to > from && members.has(bytes[to - 1]!)) to--;
  return bytes.slice(from, to);
};
define("byteatrim", (bytes: Uint8Array, set: Uint8Array) => trimBytes(bytes, set, true, true));
define("bytealtrim", (bytes: Uint8Array, set: Uint8Array) => trimBytes(bytes, set, true, false));
define("byteartrim", (bytes: Uint8Array, set: Uint8Array) => trimBytes(bytes, set, false, true));
define("split_part", (text: string, separator: string, field: number) => {
  if (field === 0) throw new PgError("22023", "field position must not be zero");
  const parts = separator === "" ? [text] : text.split(separator);
  return (field > 0 ? parts[field - 1] : parts[parts.length + field]) ?? "";
});
const toArray = (text: string | null, separator: string | null, nullText: string | null): PgArray | null => {
  if (text === null) return null;
  if (text === "") return new PgArray([]);
  const parts = separator === null ? [...text] : separator === "" ? [text] : text.split(separator);
  return new PgArray(parts.map((part) => (part === nullText ? null : part)));
};
define("text_to_array", (text: string | null, separator: string | null) => toArray(text, separator, null));
define("text_to_array_null", (text: string | null, separator: string | null, nullText: string | null) =>
  toArray(text, separator, nullText),
);
defineSet(
  "text_to_table",
  (_call, text: string | null, separator: string | null) => toArray(text, separator, null)?.elements ?? [],
);
defineSet(
  "text_to_table_null",
  (_call, text: string | null, separator: string | null, nullText: string | null) =>
    toArray(text, separator, nullText)?.elements ?? [],
);
defineWith("array_to_text", (call, array: PgArray, separator: string) =>
  arrayText(call, array, separator, null),
);
defineWith(
  "array_to_text_null",
  (call, array: PgArray | null, separator: string | null, nullText: string | null) =>
    array === null || separator === null ? null : arrayText(call, array, separator, nullText),
);
function arrayText(call: CallContext, array: PgArray, separator: string, nullText: string | null): string {
  const ops = typeOps(call.catalog, call.catalog.type(call.argTypes[0]!)?.element || oid.text);
  const parts: string[] = [];
  for (const element of array.elements) {
    if (element !== null) parts.push(ops.output(element, call.run.io));
    else if (nullText !== null) parts.push(nullText);
  }
  return parts.join(separator);
}
/** VARIADIC "any" comes spread out, or as the array that was given with VARIADIC. */
function spread(call: CallContext, values: readonly Datum[], from: number): (string | null)[] {
  if (call.variadic && values[from] instanceof PgArray && values.length === from + 1) {
    const array = values[from];
    const ops = typeOps(call.catalog, call.catalog.type(call.argTypes[from]!)?.element || oid.text);
    return array.elements.map((element) => (element === null ? null : ops.output(element, call.run.io)));
  }
  return values.slice(from).map((value, i) => (value === null ? null : outputAny(call, from + i, value)));
}
function outputAny(call: CallContext, argument: number, value: Datum): string {
  const type = call.argTypes[argument] ?? oid.text;
  return type === oid.bool
    ? value === true
      ? "t"
      : "f"
    : typeOps(call.catalog, type).output(value, call.run.io);
}
defineWith("text_concat", (call, ...values: Datum[]) =>
  spread(call, values, 0)
    .filter((part) => part !== null)
    .join(""),
);
defineWith("text_concat_ws", (call, ...values: Datum[]) => {
  const [separator] = values;
  if (separator === null) return null;
  return spread(call, values, 1)
    .filter((part) => part !== null)
    .join(separator as string);
});
defineWith("text_format", (call, ...values: Datum[]) =>
  values[0] === null ? null : formatText(values[0] as string, spread(call, values, 1)),
);
defineWith("text_format_nv", (_call, text: string | null) => (text === null ? null : formatText(text, [])));
define("quote_ident", quoteName);
define("quote_literal", quoteLiteral);
define("quote_nullable", (text: string | null) => (text === null ? "NULL" : quoteLiteral(text)));
defineWith("quote_literal(2283)", (call, value: Datum) => quoteLiteral(output(call, 0, value)));
defineWith("quote_nullable(2283)", (call, value: Datum) =>
  value === null ? "NULL" : quoteLiteral(output(call, 0, value)),
);
define("text_starts_with", (text: string, prefix: string) => text.startsWith(prefix));
define("md5_text", (text: string) => createHash("md5").update(text).digest("hex"));
define("md5_bytea", (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex"));
for (const bits of [224, 256, 384, 512])
  define(`sha${bits}_bytea`, (bytes: Uint8Array) => createHash(`sha${bits}`).update(bytes).digest());
define("to_hex32", (value: number) => (value >>> 0).toString(16));
define("to_hex64", (value: bigint) => BigInt.asUintN(64, value).toString(16));
define("to_bin32", (value: number) => (value >>> 0).toString(2));
define("to_bin64", (value: bigint) => BigInt.asUintN(64, value).toString(2));
define("to_oct32", (value: number) => (value >>> 0).toString(8));
define("to_oct64", (value: bigint) => BigInt.asUintN(64, value).toString(8));
define("unicode_normalize_func", (text: string, form: string) => text.normalize(form.toUpperCase()));
define("unicode_is_normalized", (text: string, form: string) => text.normalize(form.toUpperCase()) === text);
define("varchar", (text: string, typmod: number, isExplicit: boolean) =>
  typmod < 4 ? text : fitVarchar(text, typmod - 4, isExplicit),
);
define("bpchar", (text: string, typmod: number, isExplicit: boolean) =>
  typmod < 4 ? text : fitBpchar(text, typmod - 4, isExplicit),
);
define("rtrim1(1042)", trimBlanks);
define("text_name bpchar_name", (text: string) => truncateName(trimBlanks(text)));
define("name_text name_bpchar", (text: string) => text);
define("text_char", (text: string) => (text === "" ? "" : text[0]!));
define("char_text char_bpchar", (text: string) => text);
define("chartoi4", (text: string) => (text === "" ? 0 : (text.charCodeAt(0) << 24) >> 24));
define("i4tochar", (value: number) => (value === 0 ? "" : String.fromCharCode(value & 255)));
define("bit", (bits: string, length: number, isExplicit: boolean) => {
  if (length <= 0 || bits.length === length) return bits;
  if (!isExplicit)
    throw new PgError("22026", `bit string length ${bits.length} does not match type bit(${length})`);
  return bits.slice(0, length).padEnd(length, "0");
});
define("varbit", (bits: string, length: number, isExplicit: boolean) => {
  if (length <= 0 || bits.length <= length) return bits;
  if (!isExplicit) throw new PgError("22001", `bit string too long for type bit varying(${length})`);
  return bits.slice(0, length);
});
const bitwise = (name: string, join: (a: boolean, b: boolean) => boolean) => (a: string, b: string) => {
  if (a.length !== b.length) throw new PgError("22026", `cannot ${name} bit strings of different sizes`);
  return [...a].map((bit, i) => (join(bit === "1", b[i] === "1") ? "1" : "0")).join("");
};
define(
  "bit_and",
  bitwise("AND", (a, b) => a && b),
);
define(
  "bit_or",
  bitwise("OR", (a, b) => a || b),
);
define(
  "bitxor",
  bitwise("XOR", (a, b) => a !== b),
);
define("bitnot", (bits: string) => [...bits].map((bit) => (bit === "1" ? "0" : "1")).join(""));
define("bitshiftleft", (bits: string, by: number) => (by < 0 ? "" : bits.slice(by)).padEnd(bits.length, "0"));
define("bitshiftright", (bits: string, by: number) =>
  bits.slice(0, Math.max(0, bits.length - by)).padStart(bits.length, "0"),
);
define("bitfromint4", (value: number, length: number) =>
  BigInt.asUintN(64, BigInt(value)).toString(2).padStart(64, "0").slice(-Math.max(length, 1)),
);
define("bitfromint8", (value: bigint, length: number) =>
  BigInt.asUintN(64, value).toString(2).padStart(64, "0").slice(-Math.max(length, 1)),
);
define("bittoint4", (bits: string) => {
  if (bits.length > 32) throw outOfRange("integer out of range");
  return Number(BigInt.asIntN(32, BigInt(`0b${bits || "0"}`)));
});
define("bittoint8", (bits: string) => {
  if (bits.length > 64) throw outOfRange("bigint out of range");
  return BigInt.asIntN(64, BigInt(`0b${bits || "0"}`));
});
define("bit_bit_count", (bits: string) => BigInt([...bits].filter((bit) => bit === "1").length));
define("bitgetbit", (bits: string, at: number) => {
  if (at < 0 || at >= bits.length)
    throw new PgError("2202E", `bit index ${at} out of valid range (0..${bits.length - 1})`);
  return bits[at] === "1" ? 1 : 0;
});
define("byteaGetByte", (bytes: Uint8Array, at: number) => {
  if (at < 0 || at >= bytes.length)
    throw new PgError("2202E", `index ${at} out of valid range, 0..${bytes.length - 1}`);
  return bytes[at]!;
});
define("byteaSetByte", (bytes: Uint8Array, at: number, value: number) => {
  if (at < 0 || at >= bytes.length)
    throw new PgError("2202E", `index ${at} out of valid range, 0..${bytes.length - 1}`);
  const copy = Buffer.from(bytes);
  copy[at] = value & 255;
  return copy;
});
define("binary_encode", (bytes: Uint8Array, format: string) => {
  const buffer = Buffer.from(bytes);
  switch (format.toLowerCase()) {
    case "hex":
      return buffer.toString("hex");
    case "base64":
      return buffer.toString("base64").replace(/.{76}(?=.)/g, "$&\n");
    case "escape":
      return [...buffer]
        .map((byte) =>
          byte === 92
            ? "\\\\"
            : byte === 0 || byte > 127
              ? `\\${byte.toString(8).padStart(3, "0")}`
              : String.fromCharCode(byte),
        )
        .join("");
    default:
      throw new PgError("22023", `unrecognized encoding: "${format}"`);
  }
});
define("binary_decode", (text: string, format: string) => {
  switch (format.toLowerCase()) {
    case "hex": {
      const digits = text.replace(/\s/g, "");
      const bad = /[^0-9a-fA-F]/.exec(digits);
      if (bad !== null) throw new PgError("22023", `invalid hexadecimal digit: "${bad[0]}"`);
      if (digits.length % 2 === 1)
        throw new PgError("22023", "invalid hexadecimal data: odd number of digits");
      return Buffer.from(digits, "hex");
    }
    case "base64": {
      const bad = /[^A-Za-z0-9+/=\s]/.exec(text);
      if (bad !== null)
        throw new PgError("22023", `invalid symbol "${bad[0]}" found while decoding base64 sequence`);
      return Buffer.from(text, "base64");
    }
    case "escape":
      return Buffer.from(
        text.replace(/\\([0-3][0-7]{2}|\\)/g, (_all, part: string) =>
          part === "\\" ? "\\" : String.fromCharCode(Number.parseInt(part, 8)),
        ),
        "latin1",
      );
    default:
      throw new PgError("22023", `unrecognized encoding: "${format}"`);
  }
});
define("pg_convert_to", (text: string) => Buffer.from(text));
define("pg_convert_from", (bytes: Uint8Array) => Buffer.from(bytes).toString());
define("gen_random_uuid", () => crypto.randomUUID());
define("uuidv7", () => {
  const bytes = Buffer.from(crypto.getRandomValues(new Uint8Array(16)));
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return formatUuid(bytes.toString("hex"));
});
define("bttextcmp btnamecmp", compareText);
define("text_larger", (a: string, b: string) => (compareText(a, b) > 0 ? a : b));
define("text_smaller", (a: string, b: string) => (compareText(a, b) < 0 ? a : b));
define("text_pattern_lt", (a: string, b: string) => compareText(a, b) < 0);
define("text_pattern_le", (a: string, b: string) => compareText(a, b) <= 0);
define("text_pattern_gt", (a: string, b: string) => compareText(a, b) > 0);
define("text_pattern_ge", (a: string, b: string) => compareText(a, b) >= 0);
