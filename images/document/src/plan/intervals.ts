import { inverted, keyOf, type TextKey, tagsOfType } from "../bson/key-bytes.ts";
import { isNaNValue } from "../bson/numbers.ts";
import { literalPrefix } from "../bson/regex.ts";
import { show } from "../bson/show.ts";
import { canonicalType, typeNumber } from "../bson/types.ts";
import { MaxKey, MinKey, type Regex, type Value } from "../bson/values.ts";
import type { Filter } from "../query/filter.ts";

/** A run of one field's keys, ascending, and how explain shows it. */
export interface Interval {
  readonly low: Buffer;
  readonly high: Buffer;
  readonly isPoint: boolean;
  readonly text: string;
}

const end = Buffer.from([0xff]);
/** A zero within a text's key, as `keyOf` writes it. */
const escapedZero = Buffer.from([0x00, 0xff]);

/** Above every key that begins with these bytes. */
export function after(key: Buffer): Buffer {
  return Buffer.concat([key, end]);
}

export const everything: Interval = {
  low: Buffer.alloc(0),
  high: end,
  isPoint: false,
  text: "[MinKey, MaxKey]",
};

export function pointOf(value: Value, texts?: TextKey): Interval {
  const key = keyOf(value, texts);
  return { low: key, high: after(key), isPoint: true, text: `[${show(value)}, ${show(value)}]` };
}

/**
 * The intervals in which every document's key lies that a predicate of one field matches; undefined when it says nothing about
 * keys. `texts`: the collation's keys, which keep equality and not order.
 */
export function intervalsOf(filter: Filter, texts: TextKey | undefined): readonly Interval[] | undefined {
  switch (filter.kind) {
    case "eq":
      return isPointValue(filter.value) ? [pointOf(filter.value, texts)] : undefined;
    case "in": {
      if (!filter.values.every(isPointValue)) return undefined;
      const points = filter.values.map((value) => pointOf(value, texts));
      const prefixes = filter.regexes.map((regex) => regexIntervals(regex, texts));
      if (prefixes.includes(undefined)) return undefined;
      return merged([...points, ...prefixes.flatMap((one) => one!)]);
    }
    case "lt":
    case "lte":
    case "gt":
    case "gte":
      return range(filter.kind, filter.value, texts);
    case "regex":
      return regexIntervals(filter.regex, texts);
    case "elemMatchValue": {
      for (const child of filter.children) {
        const found = intervalsOf(child, texts);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    default:
      return undefined;
  }
}

/** Arrays are in indexes by their elements, so that no key is the array's own. */
function isPointValue(value: Value): boolean {
  return !Array.isArray(value);
}

function range(
  kind: "lt" | "lte" | "gt" | "gte",
  value: Value,
  texts: TextKey | undefined,
): readonly Interval[] | undefined {
  if (Array.isArray(value) || value instanceof MinKey || value instanceof MaxKey) return undefined;
  const type = canonicalType(typeNumber(value));
  if (type === 15 && texts !== undefined) return undefined;
  if (isNaNValue(value) || type === 5) return kind === "lte" || kind === "gte" ? [pointOf(value, texts)] : [];
  const key = keyOf(value, texts);
  const [lowTag, highTag] = tagsOfType(type);
  const least = type === 10 ? "-inf" : type === 15 ? '""' : "lowest";
  const most = type === 10 ? "inf" : type === 15 ? "{}" : "highest";
  const shown = show(value);
  switch (kind) {
    case "gt":
      return [{ low: after(key), high: Buffer.from([highTag]), isPoint: false, text: `(${shown}, ${most}]` }];
    case "gte":
      return [{ low: key, high: Buffer.from([highTag]), isPoint: false, text: `[${shown}, ${most}]` }];
    case "lt":
      return [{ low: Buffer.from([lowTag]), high: key, isPoint: false, text: `[${least}, ${shown})` }];
    case "lte":
      return [{ low: Buffer.from([lowTag]), high: after(key), isPoint: false, text: `[${least}, ${shown}]` }];
  }
}

function regexIntervals(regex: Regex, texts: TextKey | undefined): readonly Interval[] | undefined {
  if (texts !== undefined) return undefined;
  const own = pointOf(regex);
  const prefix = literalPrefix(regex);
  if (prefix === undefined) {
    const [low, high] = tagsOfType(15);
    return [{ low: Buffer.from([low]), high: Buffer.from([high]), isPoint: false, text: '["", {})' }, own];
  }
  // Without the zero at the text's end.
  const low = keyOf(prefix).subarray(0, -1);
  const text = `["${prefix}", "${prefix.slice(0, -1)}${String.fromCodePoint(prefix.codePointAt(prefix.length - 1)! + 1)}")`;
  return [{ low, high: after(low), isPoint: false, text }, own];
}

/** In order, and each once. */
function merged(intervals: readonly Interval[]): readonly Interval[] {
  const sorted = [...intervals].sort((a, b) => a.low.compare(b.low));
  return sorted.filter((one, i) => i === 0 || !one.low.equals(sorted[i - 1]!.low) || !one.isPoint);
}

/** Where both are; for predicates that the same value must meet. */
export function intersection(a: readonly Interval[], b: readonly Interval[]): readonly Interval[] {
  const both: Interval[] = [];
  for (const left of a) {
    for (const right of b) {
      const low = left.low.compare(right.low) >= 0 ? left : right;
      const high = left.high.compare(right.high) <= 0 ? left : right;
      if (low.low.compare(high.high) >= 0) continue;
      const text =
        low === high
          ? low.text
          : `${low.text.slice(0, low.text.indexOf(", "))}${high.text.slice(high.text.lastIndexOf(", "))}`;
      both.push({ low: low.low, high: high.high, isPoint: left.isPoint || right.isPoint, text });
    }
  }
  return both;
}

/** The same interval of descending keys: from the one, up to and without the other. */
export function mirrored({ low, high, isPoint }: Interval): readonly [Buffer, Buffer] {
  if (isPoint) {
    const key = inverted(low);
    return [key, after(key)];
  }
  // A key k is in it when low <= k < high; its mirror is when ~high < ~k <= ~low. What begins with a key stands behind it in both.
  const from = inverted(withoutEnd(high));
  const to = low.length === 0 ? end : behind(inverted(low));
  return [from, to];
}

/** What each key below an upper bound is below or begins with, so that the mirror of none stands before the mirror of it. */
function withoutEnd(high: Buffer): Buffer {
  // In a text a zero followed by 0xff is either one of its own, or the end of all that begins with it.
  const zero = high[0] === tagsOfType(15)[0] ? high.indexOf(escapedZero) : -1;
  if (zero >= 0) return high.subarray(0, zero + 1);
  let { length } = high;
  while (length > 0 && high[length - 1] === 0xff) length--;
  return high.subarray(0, length);
}

/** Behind every key that begins with these bytes, whatever follows: in descending keys that may be 0xff, too. */
function behind(prefix: Buffer): Buffer {
  let { length } = prefix;
  while (length > 1 && prefix[length - 1] === 0xff) length--;
  const next = Buffer.from(prefix.subarray(0, length));
  next[length - 1]!++;
  return next;
}
