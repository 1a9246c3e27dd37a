import { globMatches } from "../access/glob.ts";
import type { ObjectFilter } from "../storage/search-objects.ts";
import type { Version } from "../storage/versions.ts";
import { invalidFilter } from "./problems.ts";
import { contentTypeOf } from "./representation.ts";

/** What a search may ask of an object; all of it must hold. */
export interface SearchQuery {
  /** With `*` and `?`; of the part of the key after its last slash. */
  readonly name?: string | undefined;
  /** With `*` and `?`: `image/*`. */
  readonly type?: string | undefined;
  readonly min_size?: number | undefined;
  readonly max_size?: number | undefined;
  readonly modified_after?: string | undefined;
  readonly modified_before?: string | undefined;
  /** `name` or `name=value`, separated by commas. */
  readonly tags?: string | undefined;
  /** Likewise, of metadata. */
  readonly attributes?: string | undefined;
}

const pairsMax = 20;

/** @throws Problem `invalid-filter` */
export function filterOf(query: SearchQuery): ObjectFilter {
  const tests: ObjectFilter[] = [];
  const { name, type, min_size: least, max_size: most } = query;
  if (name !== undefined) {
    const pattern = name.toLowerCase();
    tests.push(({ key }) => globMatches(pattern, key.slice(key.lastIndexOf("/") + 1).toLowerCase()));
  }
  if (type !== undefined)
    tests.push((version) => globMatches(type.toLowerCase(), contentTypeOf(version).toLowerCase()));
  if (least !== undefined) tests.push(({ size }) => size >= least);
  if (most !== undefined) tests.push(({ size }) => size <= most);
  const after = timeOf("modified_after", query.modified_after);
  const before = timeOf("modified_before", query.modified_before);
  if (after !== undefined) tests.push(({ modifiedAt }) => modifiedAt > after);
  if (before !== undefined) tests.push(({ modifiedAt }) => modifiedAt < before);
  for (const pair of pairsOf("tags", query.tags)) tests.push(has(pair, ({ details }) => details.tags ?? {}));
  for (const pair of pairsOf("attributes", query.attributes))
    tests.push(has(pair, ({ details }) => details.metadata));
  return (version) => tests.every((test) => test(version));
}

type Pair = readonly [name: string, value: string | undefined];

function has([name, value]: Pair, of: (version: Version) => Readonly<Record<string, string>>): ObjectFilter {
  return (version) => {
    const values = of(version);
    return Object.hasOwn(values, name) && (value === undefined || globMatches(value, values[name]!));
  };
}

function pairsOf(what: string, text: string | undefined): Pair[] {
  if (text === undefined) return [];
  const pairs = text.split(",").map((pair): Pair => {
    const equals = pair.indexOf("=");
    return equals === -1
      ? [pair.trim(), undefined]
      : [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
  });
  if (pairs.length > pairsMax) throw invalidFilter(`at most ${pairsMax} ${what} can be asked for`);
  if (pairs.some(([name]) => name === ""))
    throw invalidFilter(`${what} are name or name=value, separated by commas`);
  return pairs;
}

function timeOf(what: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms))
    throw invalidFilter(`${what} must be a date or a time (ISO 8601), such as 2026-01-31T12:00:00Z`);
  return ms;
}
