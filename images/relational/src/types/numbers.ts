import { invalidText, outOfRange, PgError } from "../errors.ts";
import type { Datum } from "./datum.ts";
import { applyNumericTypmod, compareNumeric, Numeric } from "./numeric.ts";
import type { IoContext, TypeOps } from "./type-ops.ts";

const integerText =
  /^\s*([+-]?)(\d+(?:_\d+)*|0[xX]_?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*|0[oO]_?[0-7]+(?:_[0-7]+)*|0[bB]_?[01]+(?:_[01]+)*)\s*$/;

/** @throws PgError 22P02, 22003 */
export function parseInteger(text: string, typeName: string, min: bigint, max: bigint): bigint {
  const match = integerText.exec(text);
  if (match === null) throw invalidText(typeName, text);
  let value = BigInt(match[2]!.replaceAll("_", ""));
  if (match[1] === "-") value = -value;
  if (value < min || value > max)
    throw outOfRange(`value "${text.trim()}" is out of range for type ${typeName}`);
  return value;
}

export function compareNumbers(a: Datum, b: Datum): number {
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}

function compareBigints(a: Datum, b: Datum): number {
  return (a as bigint) < (b as bigint) ? -1 : (a as bigint) > (b as bigint) ? 1 : 0;
}

function lengthMust(bytes: Buffer, length: number): void {
  if (bytes.length !== length) {
    throw new PgError(
      bytes.length < length ? "08P01" : "22P03",
      bytes.length < length ? "insufficient data left in message" : "incorrect binary data format",
    );
  }
}

function smallInteger(name: string, min: number, max: number, length: 2 | 4): TypeOps {
  return {
    input: (text) => {
      // Most are plain digits: no regular expression, no bigint.
      if (text.length > 0 && text.length < 10) {
        const value = +text;
        if (Number.isInteger(value) && /^-?\d+$/.test(text) && value >= min && value <= max)
          return value === 0 ? 0 : value;
      }
      return Number(parseInteger(text, name, BigInt(min), BigInt(max)));
    },
    output: (value) => String(value),
    compare: compareNumbers,
    key: (value) => value as number,
    send: (value) => {
      const bytes = Buffer.allocUnsafe(length);
      if (length === 2) bytes.writeInt16BE(value as number);
      else bytes.writeInt32BE(value as number);
      return bytes;
    },
    receive: (bytes) => {
      lengthMust(bytes, length);
      return length === 2 ? bytes.readInt16BE() : bytes.readInt32BE();
    },
  };
}

export const int2Ops = smallInteger("smallint", -32768, 32767, 2);
export const int4Ops = smallInteger("integer", -2147483648, 2147483647, 4);

export const int8Min = -9223372036854775808n;
export const int8Max = 9223372036854775807n;

export const int8Ops: TypeOps = {
  input: (text) => parseInteger(text, "bigint", int8Min, int8Max),
  output: (value) => String(value),
  compare: compareBigints,
  key: (value) => value as bigint,
  send: (value) => {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigInt64BE(value as bigint);
    return bytes;
  },
  receive: (bytes) => {
    lengthMust(bytes, 8);
    return bytes.readBigInt64BE();
  },
};

/** oid, xid, cid: unsigned; a negative text wraps around. */
export function unsignedOps(name: string): TypeOps {
  return {
    input: (text) => {
      const value = parseInteger(text, name, -4294967296n, 4294967295n);
      return Number(value < 0n ? value + 4294967296n : value);
    },
    output: (value) => String(value),
    compare: compareNumbers,
    key: (value) => value as number,
    send: (value) => {
      const bytes = Buffer.allocUnsafe(4);
      bytes.writeUInt32BE(value as number);
      return bytes;
    },
    receive: (bytes) => {
      lengthMust(bytes, 4);
      return bytes.readUInt32BE();
    },
  };
}

/** As PostgreSQL 12 and later write floats: the shortest text that reads back the same. */
export function formatFloat(value: number, single: boolean): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa = "", exponentText = "0"] = (single ? shortestSingle(value) : value.toExponential()).split(
    "e",
  );
  const exponent = Number(exponentText);
  const negative = mantissa.startsWith("-") ? "-" : "";
  const digits = mantissa.replace("-", "").replace(".", "");
  if (exponent < -4 || exponent >= (single ? 6 : 15)) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${negative}${digits[0]}${fraction}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  if (exponent < 0) return `${negative}0.${"0".repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return `${negative}${digits.padEnd(exponent + 1, "0")}`;
  return `${negative}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

function shortestSingle(value: number): string {
  for (let precision = 0; precision < 9; precision++) {
    const text = value.toExponential(precision);
    if (Math.fround(Number(text)) === value) {
      const [mantissa = "", exponent = ""] = text.split("e");
      return `${mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa}e${exponent}`;
    }
  }
  return value.toExponential();
}

/** With extra_float_digits of 0 or less: so many significant digits. */
function roundedFloat(value: number, digits: number, single: boolean): string {
  if (!Number.isFinite(value)) return formatFloat(value, single);
  const [mantissa = "", exponentText = "0"] = value.toExponential(Math.max(digits, 1) - 1).split("e");
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= digits) {
    const trimmed = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
    return `${trimmed}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const text = value.toPrecision(Math.max(digits, 1));
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

export function parseFloatText(text: string, single: boolean): number {
  const name = single ? "real" : "double precision";
  const trimmed = text.trim();
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(trimmed)) {
    const value = Number(trimmed);
    const rounded = single ? Math.fround(value) : value;
    if (!Number.isFinite(rounded) || (rounded === 0 && /[1-9]/.test(trimmed.replace(/[eE].*/, ""))))
      throw outOfRange(`"${trimmed}" is out of range for type ${name}`);
    return rounded;
  }
  const lower = trimmed.toLowerCase();
  if (lower === "nan" || lower === "+nan" || lower === "-nan") return Number.NaN;
  if (/^[+]?inf(inity)?$/.test(lower)) return Infinity;
  if (/^-inf(inity)?$/.test(lower)) return -Infinity;
  throw invalidText(name, text);
}

/** NaN is equal to itself and greater than all others; -0 is 0. */
export function compareFloats(a: Datum, b: Datum): number {
  const x = a as number;
  const y = b as number;
  if (x < y) return -1;
  if (x > y) return 1;
  if (x === y) return 0;
  return Number.isNaN(x) ? (Number.isNaN(y) ? 0 : 1) : -1;
}

function floatOps(single: boolean): TypeOps {
  const length = single ? 4 : 8;
  return {
    input: (text) => parseFloatText(text, single),
    output: (value, io: IoContext) =>
      io.extraFloatDigits > 0
        ? formatFloat(value as number, single)
        : roundedFloat(value as number, (single ? 6 : 15) + io.extraFloatDigits, single),
    compare: compareFloats,
    key: (value) => (value === 0 ? 0 : (value as number)),
    send: (value) => {
      const bytes = Buffer.allocUnsafe(length);
      if (single) bytes.writeFloatBE(value as number);
      else bytes.writeDoubleBE(value as number);
      return bytes;
    },
    receive: (bytes) => {
      lengthMust(bytes, length);
      return single ? bytes.readFloatBE() : bytes.readDoubleBE();
    },
  };
}

export const float4Ops = floatOps(true);
export const float8Ops = floatOps(false);

export const numericOps: TypeOps = {
  input: (text, typmod) => applyNumericTypmod(Numeric.parse(text), typmod),
  output: (value) => (value as Numeric).toString(),
  compare: (a, b) => compareNumeric(a as Numeric, b as Numeric),
  key: (value) => (value as Numeric).key,
  send: (value) => sendNumeric(value as Numeric),
  receive: (bytes, typmod) => applyNumericTypmod(receiveNumeric(bytes), typmod),
};

function sendNumeric(value: Numeric): Uint8Array {
  const header = (count: number, weight: number, sign: number, scale: number) => {
    const bytes = Buffer.allocUnsafe(8 + count * 2);
    bytes.writeUInt16BE(count, 0);
    bytes.writeInt16BE(weight, 2);
    bytes.writeUInt16BE(sign, 4);
    bytes.writeUInt16BE(scale, 6);
    return bytes;
  };
  if (value.special !== undefined) {
    const sign = value.special === "NaN" ? 0xc000 : value.special === "Infinity" ? 0xd000 : 0xf000;
    return header(0, 0, sign, value.special === "NaN" ? 0 : 32);
  }
  const text = (value.digits < 0n ? -value.digits : value.digits).toString().padStart(value.scale + 1, "0");
  const whole = text.slice(0, text.length - value.scale);
  const fraction = text.slice(text.length - value.scale);
  const padded =
    whole.padStart(Math.ceil(whole.length / 4) * 4, "0") +
    fraction.padEnd(Math.ceil(fraction.length / 4) * 4, "0");
  const groups: number[] = [];
  for (let i = 0; i < padded.length; i += 4) groups.push(Number(padded.slice(i, i + 4)));
  let weight = Math.ceil(whole.length / 4) - 1;
  while (groups.length > 0 && groups[0] === 0) {
    groups.shift();
    weight--;
  }
  while (groups.length > 0 && groups.at(-1) === 0) groups.pop();
  if (groups.length === 0) weight = 0;
  const bytes = header(groups.length, weight, value.digits < 0n ? 0x4000 : 0, value.scale);
  for (const [i, group] of groups.entries()) bytes.writeUInt16BE(group, 8 + i * 2);
  return bytes;
}

function receiveNumeric(bytes: Buffer): Numeric {
  if (bytes.length < 8) throw new PgError("08P01", "insufficient data left in message");
  const count = bytes.readUInt16BE(0);
  const weight = bytes.readInt16BE(2);
  const sign = bytes.readUInt16BE(4);
  const scale = bytes.readUInt16BE(6);
  if (sign === 0xc000) return Numeric.nan;
  if (sign === 0xd000) return Numeric.infinity;
  if (sign === 0xf000) return Numeric.minusInfinity;
  if (sign !== 0 && sign !== 0x4000) throw new PgError("22P03", 'invalid sign in external "numeric" value');
  if (scale > 16383) throw new PgError("22P03", 'invalid scale in external "numeric" value');
  if (bytes.length < 8 + count * 2) throw new PgError("08P01", "insufficient data left in message");
  if (bytes.length > 8 + count * 2) throw new PgError("22P03", "incorrect binary data format");
  let digits = 0n;
  for (let i = 0; i < count; i++) {
    const group = bytes.readUInt16BE(8 + i * 2);
    if (group > 9999) throw new PgError("22P03", 'invalid digit in external "numeric" value');
    digits = digits * 10_000n + BigInt(group);
  }
  // digits / 10000^(count - 1 - weight)
  const exponent = (count - 1 - weight) * 4;
  const exact =
    exponent >= 0 ? new Numeric(digits, exponent) : new Numeric(digits * 10n ** BigInt(-exponent), 0);
  const scaled = exact.truncate(scale);
  return sign === 0 ? scaled : scaled.negate();
}
