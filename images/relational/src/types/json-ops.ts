import { PgError } from "../errors.ts";
import { JsonbValue } from "./datum.ts";
import { checkJson, formatJson, parseJson } from "./json-text.ts";
import { type Json, JsonObject } from "./json-value.ts";
import { compareNumeric, Numeric } from "./numeric.ts";
import { compareText, decodeText, textOps } from "./texts.ts";
import type { TypeOps } from "./type-ops.ts";

export const jsonOps: TypeOps = {
  ...textOps,
  input: (text) => {
    checkJson(text);
    return text;
  },
  compare: undefined,
  key: undefined,
  receive: (bytes) => {
    const text = decodeText(bytes);
    checkJson(text);
    return text;
  },
};

/** Object > array > boolean > number > string > null; an empty array is less than all at the top. */
function rank(json: Json): number {
  if (json === null) return 0;
  if (typeof json === "string") return 1;
  if (json instanceof Numeric) return 2;
  if (typeof json === "boolean") return 3;
  return json instanceof JsonObject ? 5 : 4;
}

export function compareJson(a: Json, b: Json, isTop = true): number {
  if (isTop) {
    const emptyA = Array.isArray(a) && a.length === 0;
    const emptyB = Array.isArray(b) && b.length === 0;
    if (emptyA !== emptyB) return emptyA ? -1 : 1;
  }
  const order = rank(a) - rank(b);
  if (order !== 0) return order;
  if (a === null || b === null) return 0;
  if (typeof a === "string") return compareText(a, b as string);
  if (typeof a === "boolean") return Number(a) - Number(b);
  if (a instanceof Numeric) return compareNumeric(a, b as Numeric);
  if (a instanceof JsonObject) {
    const x = [...a.members];
    const y = [...(b as JsonObject).members];
    if (x.length !== y.length) return x.length - y.length;
    for (const [i, [key, value]] of x.entries()) {
      const other = y[i]!;
      const keys = compareText(key, other[0]);
      if (keys !== 0) return keys;
      const values = compareJson(value, other[1], false);
      if (values !== 0) return values;
    }
    return 0;
  }
  const x = a as readonly Json[];
  const y = b as readonly Json[];
  if (x.length !== y.length) return x.length - y.length;
  for (const [i, value] of x.entries()) {
    const items = compareJson(value, y[i]!, false);
    if (items !== 0) return items;
  }
  return 0;
}

/** Equal documents have equal keys: numbers without trailing zeros. */
export function jsonKey(json: Json): string {
  if (json instanceof Numeric) return json.key;
  if (json instanceof JsonObject)
    return `{${[...json.members].map(([key, value]) => `${JSON.stringify(key)}:${jsonKey(value)}`).join()}}`;
  if (Array.isArray(json)) return `[${(json as readonly Json[]).map(jsonKey).join()}]`;
  return formatJson(json);
}

export const jsonbOps: TypeOps = {
  input: (text) => new JsonbValue(parseJson(text)),
  output: (value) => formatJson((value as JsonbValue).json),
  compare: (a, b) => compareJson((a as JsonbValue).json, (b as JsonbValue).json),
  key: (value) => jsonKey((value as JsonbValue).json),
  send: (value) => Buffer.concat([Buffer.from([1]), Buffer.from(formatJson((value as JsonbValue).json))]),
  receive: (bytes) => {
    if (bytes[0] !== 1) throw new PgError("22P03", `unsupported jsonb version number ${bytes[0] ?? 0}`);
    return new JsonbValue(parseJson(decodeText(bytes.subarray(1))));
  },
};
