/** A JSON value, with whole numbers beyond 2^53 as `bigint`. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [name: string]: Json };

// Types know it only in part.
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;

const exact: Reviver = (_key, value, { source }) => {
  if (typeof value !== "number" || Number.isSafeInteger(value) || source === undefined) return value;
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
};

/** As JSON.parse, but whole numbers stay what they are. @throws SyntaxError */
export function parseJson(text: string): Json {
  // Most texts have no number that is too long, and a reviver is slow.
  return /\d{16}/.test(text) ? (JSON.parse(text, exact as never) as Json) : (JSON.parse(text) as Json);
}

export function stringifyJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === "bigint" ? rawJSON(member.toString()) : member,
  );
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
