import { WeftkitError } from "@weftkit/core";
import { isSha256 } from "./names.ts";

/** The deepest nesting a message of the contract has is 7; a hostile one gets no further than this. */
const depthMax = 16;

/** What a message that is not of the contract's shape is answered with. */
export function malformed(message: string): WeftkitError {
  return new WeftkitError("malformed", message);
}

/**
 * Reads JSON that comes from outside.
 *
 * @throws WeftkitError `malformed` when it is none, is not UTF-8, or nests deeper than any message does.
 */
export function parseJson(input: string | Uint8Array, what: string): unknown {
  let text: string;
  try {
    text = typeof input === "string" ? input : new TextDecoder("utf-8", { fatal: true }).decode(input);
  } catch (error) {
    throw new WeftkitError("malformed", `${what} is not UTF-8`, { cause: error });
  }
  if (nestsDeeperThan(text, depthMax)) throw malformed(`${what} nests deeper than ${depthMax} levels`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new WeftkitError("malformed", `${what} is not JSON`, { cause: error });
  }
}

function nestsDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 0x5c) at++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > limit) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}

/** Reads the fields of one JSON object; whatever is not as the contract says is `malformed`, with its place. */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #place: string;

  /** `known`: every field there may be; others are refused, because a new meaning comes with a new version. */
  constructor(value: unknown, place: string, known?: readonly string[]) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw malformed(`${place} must be an object`);
    }
    this.#values = value as Record<string, unknown>;
    this.#place = place;
    const unknown = known && Object.keys(value).find((name) => !known.includes(name));
    if (unknown !== undefined)
      throw malformed(`${place} has a field "${unknown.slice(0, 40)}" that is not known`);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#values, name);
  }

  raw(name: string): unknown {
    return this.has(name) ? this.#values[name] : undefined;
  }

  integer(name: string, min: number, max: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.raw(name);
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max)
      return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`;
    throw malformed(`${this.#place}.${name} must be a whole number ${range}`);
  }

  text(name: string, lengthMax: number): string {
    const value = this.raw(name);
    if (typeof value === "string" && value.length <= lengthMax) return value;
    throw malformed(`${this.#place}.${name} must be a text of at most ${lengthMax} characters`);
  }

  boolean(name: string): boolean {
    const value = this.raw(name);
    if (typeof value === "boolean") return value;
    throw malformed(`${this.#place}.${name} must be true or false`);
  }

  oneOf<Value extends string>(name: string, values: readonly Value[]): Value {
    const value = this.raw(name) as Value;
    if (values.includes(value)) return value;
    throw malformed(`${this.#place}.${name} must be one of ${values.join(", ")}`);
  }

  matching(name: string, is: (text: unknown) => text is string, what: string): string {
    const value = this.raw(name);
    if (is(value)) return value;
    throw malformed(`${this.#place}.${name} must be ${what}`);
  }

  sha256(name: string): string {
    return this.matching(name, isSha256, "a SHA-256 in lower-case hexadecimal");
  }

  sha256OrNull(name: string): string | null {
    return this.raw(name) === null ? null : this.sha256(name);
  }

  list<Item>(name: string, lengthMax: number, read: (item: unknown, place: string) => Item): Item[] {
    const value = this.raw(name);
    if (!Array.isArray(value) || value.length > lengthMax) {
      throw malformed(`${this.#place}.${name} must be a list of at most ${lengthMax}`);
    }
    return value.map((item, index) => read(item, `${this.#place}.${name}[${index}]`));
  }

  /** An object used as a table: `read` is called for each of its entries. */
  table<Item>(
    name: string,
    sizeMax: number,
    read: (item: unknown, place: string, key: string) => Item,
  ): Record<string, Item> {
    const place = `${this.#place}.${name}`;
    const entries = Object.entries(new Fields(this.raw(name), place).#values);
    if (entries.length > sizeMax) throw malformed(`${place} must have at most ${sizeMax} entries`);
    return Object.fromEntries(entries.map(([key, item]) => [key, read(item, `${place}.${key}`, key)]));
  }
}

/** For lists of names. */
export function sha256Item(value: unknown, place: string): string {
  if (isSha256(value)) return value;
  throw malformed(`${place} must be a SHA-256 in lower-case hexadecimal`);
}
