import { invalidText, PgError } from "../errors.ts";
import type { Datum } from "./datum.ts";
import type { TypeOps } from "./type-ops.ts";

/** The order of the C collation: by code points, which is the order of the UTF-8 bytes. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // A surrogate stands for a code point above all others.
    const xs = x >= 0xd800 && x <= 0xdfff;
    const ys = y >= 0xd800 && y <= 0xdfff;
    if (xs !== ys) return xs ? 1 : -1;
    return x < y ? -1 : 1;
  }
  return a.length < b.length ? -1 : 1;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @throws PgError 22021 */
export function decodeText(bytes: Uint8Array): string {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    const bad = firstInvalid(bytes);
    throw new PgError("22021", `invalid byte sequence for encoding "UTF8": ${bad}`);
  }
  if (text.includes("\0")) throw new PgError("22021", 'invalid byte sequence for encoding "UTF8": 0x00');
  return text;
}

function firstInvalid(bytes: Uint8Array): string {
  const hex = (list: Uint8Array) =>
    [...list].map((byte) => `0x${byte.toString(16).padStart(2, "0")}`).join(" ");
  let i = 0;
  while (i < bytes.length) {
    const lead = bytes[i]!;
    const length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    const part = bytes.subarray(i, i + length);
    try {
      utf8.decode(part);
    } catch {
      return hex(part);
    }
    i += length;
  }
  return hex(bytes);
}

const asText = {
  compare: (a: Datum, b: Datum) => compareText(a as string, b as string),
  key: (value: Datum) => value as string,
  send: (value: Datum) => Buffer.from(value as string),
} as const;

/** Characters, not UTF-16 units. */
export function charLength(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit <= 0xdbff) count--;
  }
  return count;
}

export function charSlice(text: string, count: number): string {
  return charLength(text) === text.length ? text.slice(0, count) : [...text].slice(0, count).join("");
}

/** varchar(n): what is too long is an error, unless only blanks are cut or the cast is explicit. */
export function fitVarchar(text: string, length: number, explicit: boolean): string {
  if (text.length <= length || charLength(text) <= length) return text;
  const cut = charSlice(text, length);
  if (!explicit && /[^ ]/.test(text.slice(cut.length)))
    throw new PgError("22001", `value too long for type character varying(${length})`);
  return cut;
}

/** char(n): padded with blanks, which do not count when comparing. */
export function fitBpchar(text: string, length: number, explicit: boolean): string {
  const count = charLength(text);
  if (count <= length) return text + " ".repeat(length - count);
  const cut = charSlice(text, length);
  if (!explicit && /[^ ]/.test(text.slice(cut.length)))
    throw new PgError("22001", `value too long for type character(${length})`);
  return cut;
}

export const textOps: TypeOps = {
  ...asText,
  input: (text) => text,
  output: (value) => value as string,
  receive: (bytes) => decodeText(bytes),
};

export const varcharOps: TypeOps = {
  ...textOps,
  input: (text, typmod) => (typmod >= 4 ? fitVarchar(text, typmod - 4, false) : text),
  receive: (bytes, typmod) =>
    typmod >= 4 ? fitVarchar(decodeText(bytes), typmod - 4, false) : decodeText(bytes),
};

export function trimBlanks(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 32) end--;
  return text.slice(0, end);
}

export const bpcharOps: TypeOps = {
  ...asText,
  input: (text, typmod) => (typmod >= 4 ? fitBpchar(text, typmod - 4, false) : text),
  output: (value) => value as string,
  compare: (a, b) => compareText(trimBlanks(a as string), trimBlanks(b as string)),
  key: (value) => trimBlanks(value as string),
  receive: (bytes, typmod) =>
    typmod >= 4 ? fitBpchar(decodeText(bytes), typmod - 4, false) : decodeText(bytes),
};

/** At most 63 bytes; the rest is cut off. */
export function truncateName(text: string): string {
  if (text.length <= 15 || Buffer.byteLength(text) <= 63) return text;
  let cut = text;
  while (Buffer.byteLength(cut) > 63) cut = [...cut].slice(0, -1).join("");
  return cut;
}

export const nameOps: TypeOps = {
  ...textOps,
  input: truncateName,
  receive: (bytes) => truncateName(decodeText(bytes)),
};

/** "char": one byte. */
export const charOps: TypeOps = {
  ...asText,
  input: (text) => {
    const octal = /^\\([0-3][0-7]{2})$/.exec(text);
    if (octal !== null) return String.fromCharCode(Number.parseInt(octal[1]!, 8));
    const [first = 0] = Buffer.from(text);
    return text === "" ? "" : first < 128 ? text[0]! : String.fromCharCode(first);
  },
  output: (value) => {
    const code = (value as string).charCodeAt(0);
    return code >= 128 ? `\\${code.toString(8)}` : (value as string);
  },
  send: (value) => Buffer.from([(value as string) === "" ? 0 : (value as string).charCodeAt(0)]),
  receive: (bytes) => (bytes[0] === 0 ? "" : String.fromCharCode(bytes[0] ?? 0)),
};

const booleanWords: readonly (readonly [string, boolean, number])[] = [
  ["true", true, 1],
  ["false", false, 1],
  ["yes", true, 1],
  ["no", false, 1],
  ["on", true, 2],
  ["off", false, 2],
];

export function parseBoolean(text: string): boolean | undefined {
  const word = text.trim().toLowerCase();
  if (word === "1") return true;
  if (word === "0") return false;
  return booleanWords.find(([full, , least]) => word.length >= least && full.startsWith(word))?.[1];
}

export const boolOps: TypeOps = {
  input: (text) => {
    const value = parseBoolean(text);
    if (value === undefined) throw invalidText("boolean", text);
    return value;
  },
  output: (value) => (value === true ? "t" : "f"),
  compare: (a, b) => Number(a) - Number(b),
  key: (value) => value as boolean,
  send: (value) => Buffer.from([value === true ? 1 : 0]),
  receive: (bytes) => {
    if (bytes.length !== 1) throw new PgError("22P03", "incorrect binary data format");
    return bytes[0] !== 0;
  },
};

export function compareBytes(a: Datum, b: Datum): number {
  return Buffer.compare(a as Uint8Array, b as Uint8Array);
}

export function parseBytea(text: string): Uint8Array {
  if (text.startsWith("\\x")) {
    const digits = text.slice(2).replace(/[ \n\t\r]/g, "");
    const bad = /[^0-9a-fA-F]/.exec(digits);
    if (bad !== null) throw new PgError("22023", `invalid hexadecimal digit: "${bad[0]}"`);
    if (digits.length % 2 === 1) throw new PgError("22023", "invalid hexadecimal data: odd number of digits");
    return Buffer.from(digits, "hex");
  }
  if (!text.includes("\\")) return Buffer.from(text);
  const parts: Buffer[] = [];
  let at = 0;
  while (at < text.length) {
    const next = text.indexOf("\\", at);
    if (next < 0) {
      parts.push(Buffer.from(text.slice(at)));
      break;
    }
    parts.push(Buffer.from(text.slice(at, next)));
    const octal = /^[0-3][0-7]{2}/.exec(text.slice(next + 1, next + 4));
    if (text[next + 1] === "\\") {
      parts.push(Buffer.from("\\"));
      at = next + 2;
    } else if (octal !== null) {
      parts.push(Buffer.from([Number.parseInt(octal[0], 8)]));
      at = next + 4;
    } else throw new PgError("22P02", "invalid input syntax for type bytea");
  }
  return Buffer.concat(parts);
}

export function formatBytea(bytes: Uint8Array, format: "hex" | "escape"): string {
  if (format === "hex")
    return `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex")}`;
  return [...bytes]
    .map((byte) =>
      byte === 92
        ? "\\\\"
        : byte < 32 || byte > 126
          ? `\\${byte.toString(8).padStart(3, "0")}`
          : String.fromCharCode(byte),
    )
    .join("");
}

export const byteaOps: TypeOps = {
  input: parseBytea,
  output: (value, io) => formatBytea(value as Uint8Array, io.byteaOutput),
  compare: compareBytes,
  key: (value) => Buffer.from(value as Uint8Array).toString("latin1"),
  send: (value) => value as Uint8Array,
  receive: (bytes) => Buffer.from(bytes),
};

const uuidText = /^\{?([0-9a-fA-F]{4}(?:-?[0-9a-fA-F]{4}){7})\}?$/;

export const uuidOps: TypeOps = {
  input: (text) => {
    const match = uuidText.exec(text);
    if (match === null || text.startsWith("{") !== text.endsWith("}")) throw invalidText("uuid", text);
    return formatUuid(match[1]!.replaceAll("-", "").toLowerCase());
  },
  output: (value) => value as string,
  compare: (a, b) => compareText(a as string, b as string),
  key: (value) => value as string,
  send: (value) => Buffer.from((value as string).replaceAll("-", ""), "hex"),
  receive: (bytes) => {
    if (bytes.length !== 16) throw new PgError("22P03", "incorrect binary data format");
    return formatUuid(bytes.toString("hex"));
  },
};

export function formatUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** bit and varbit: a text of 0 and 1. */
export function bitOps(varying: boolean): TypeOps {
  const name = varying ? "bit varying" : "bit";
  return {
    input: (text, typmod) => {
      let bits = text;
      if (/^[bB]/.test(text)) bits = text.slice(1);
      else if (/^[xX]/.test(text)) {
        const bad = /[^0-9a-fA-F]/.exec(text.slice(1));
        if (bad !== null) throw new PgError("22P02", `"${bad[0]}" is not a valid hexadecimal digit`);
        bits = [...text.slice(1)]
          .map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, "0"))
          .join("");
      }
      const bad = /[^01]/.exec(bits);
      if (bad !== null) throw new PgError("22P02", `"${bad[0]}" is not a valid binary digit`);
      if (typmod > 0 && (varying ? bits.length > typmod : bits.length !== typmod)) {
        throw varying
          ? new PgError("22001", `bit string too long for type bit varying(${typmod})`)
          : new PgError("22026", `bit string length ${bits.length} does not match type bit(${typmod})`);
      }
      return bits;
    },
    output: (value) => value as string,
    compare: (a, b) => compareText(a as string, b as string),
    key: (value) => value as string,
    send: (value) => {
      const bits = value as string;
      const bytes = Buffer.alloc(4 + Math.ceil(bits.length / 8));
      bytes.writeInt32BE(bits.length);
      for (let i = 0; i < bits.length; i++) if (bits[i] === "1") bytes[4 + (i >> 3)]! |= 0x80 >> (i & 7);
      return bytes;
    },
    receive: (bytes) => {
      if (bytes.length < 4) throw new PgError("22P03", `invalid length in external ${name} string`);
      const length = bytes.readInt32BE();
      if (length < 0 || bytes.length !== 4 + Math.ceil(length / 8))
        throw new PgError("22P03", `invalid length in external ${name} string`);
      let bits = "";
      for (let i = 0; i < length; i++) bits += (bytes[4 + (i >> 3)]! & (0x80 >> (i & 7))) !== 0 ? "1" : "0";
      return bits;
    },
  };
}
