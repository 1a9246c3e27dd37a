import { PgError } from "../errors.ts";
import { makeObject } from "../types/json-text.ts";
import { type Json, JsonObject } from "../types/json-value.ts";

/** A member by its key, or an element by its index; negative ones count from the end. */
export function jsonElement(json: Json, at: string | number): Json | undefined {
  if (json instanceof JsonObject) return typeof at === "string" ? json.members.get(at) : undefined;
  if (!Array.isArray(json)) return undefined;
  const index = typeof at === "number" ? at : /^\s*[+-]?\d+$/.test(at) ? Number(at) : Number.NaN;
  if (Number.isNaN(index)) return undefined;
  return (json as readonly Json[])[index < 0 ? json.length + index : index];
}

export function jsonAtPath(json: Json, path: readonly string[]): Json | undefined {
  let at: Json | undefined = json;
  for (const step of path) {
    if (at === undefined) return undefined;
    at = jsonElement(at, step);
  }
  return at;
}

/** As assignment to `column['a'][0]` does: what is missing on the way is made. */
export function setJsonElement(
  json: Json | undefined,
  path: readonly (string | number)[],
  value: Json,
): Json {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (json === undefined || json === null) {
    const inner = setJsonElement(undefined, rest, value);
    if (typeof step === "string") return makeObject(new Map([[step, inner]]));
    return [...Array.from({ length: Math.max(step, 0) }, (): Json => null), inner];
  }
  if (json instanceof JsonObject) {
    const members = new Map(json.members);
    members.set(String(step), setJsonElement(members.get(String(step)), rest, value));
    return makeObject(members);
  }
  if (Array.isArray(json)) {
    const index = typeof step === "number" ? step : Number(step);
    if (!Number.isInteger(index))
      throw new PgError("22P02", `path element at position 1 is not an integer: "${step}"`);
    const at = index < 0 ? json.length + index : index;
    if (at < 0) throw new PgError("22023", `path element at position 1 is out of range: ${index}`);
    const items = [...(json as readonly Json[])];
    while (items.length < at) items.push(null);
    items[at] = setJsonElement(items[at], rest, value);
    return items;
  }
  throw new PgError("22023", "cannot replace existing key", {
    detail: "The path assumes key is a composite object, but it is a scalar value.",
  });
}
