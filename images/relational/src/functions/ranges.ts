import { PgError } from "../errors.ts";
import { type Datum, PgMultirange, PgRange } from "../types/datum.ts";
import { compareLower, compareRanges, compareUpper, makeMultirange, makeRange } from "../types/ranges.ts";
import { typeOps } from "../types/registry.ts";
import type { TypeOps } from "../types/type-ops.ts";
import { type CallContext, define, defineSet, defineWith } from "./registry.ts";

type R = PgRange;
type M = PgMultirange;

/** The subtype of the range or multirange that a call is about. */
function subtypeOf(call: CallContext): { ops: TypeOps; subtype: number } {
  for (const id of [...call.argTypes, call.resultType]) {
    const type = call.catalog.type(id);
    if (type?.range !== undefined)
      return { ops: typeOps(call.catalog, type.range.subtype), subtype: type.range.subtype };
    if (type?.kind !== "m") continue;
    for (const range of call.catalog.all("type"))
      if (range.range?.multirange === id)
        return { ops: typeOps(call.catalog, range.range.subtype), subtype: range.range.subtype };
  }
  throw new PgError("XX000", "no range type in this call");
}

const bounds = (text: string | null): [boolean, boolean] => {
  if (text === null) throw new PgError("22000", "range constructor flags argument must not be null");
  if (!["[)", "[]", "(]", "()"].includes(text))
    throw new PgError("42601", "invalid range bound flags", {
      hint: 'Valid values are "[]", "[)", "(]", and "()".',
    });
  return [text[0] === "[", text[1] === "]"];
};
defineWith("range_constructor2", (call, lower: Datum, upper: Datum) => {
  const { ops, subtype } = subtypeOf(call);
  return makeRange(ops, subtype, lower, upper, true, false);
});
defineWith("range_constructor3", (call, lower: Datum, upper: Datum, flags: string | null) => {
  const { ops, subtype } = subtypeOf(call);
  return makeRange(ops, subtype, lower, upper, ...bounds(flags));
});
defineWith("multirange_constructor0", () => new PgMultirange([]));
defineWith("multirange_constructor1", (call, range: R) => makeMultirange(subtypeOf(call).ops, [range]));
defineWith("multirange_constructor2", (call, array: { elements: readonly Datum[] }) =>
  makeMultirange(subtypeOf(call).ops, array.elements as R[]),
);
define("range_lower", (r: R) => r.lower);
define("range_upper", (r: R) => r.upper);
define("range_empty", (r: R) => r.empty);
define("range_lower_inc", (r: R) => r.lowerInclusive);
define("range_upper_inc", (r: R) => r.upperInclusive);
define("range_lower_inf", (r: R) => !r.empty && r.lower === null);
define("range_upper_inf", (r: R) => !r.empty && r.upper === null);
define("multirange_lower", (m: M) => m.ranges[0]?.lower ?? null);
define("multirange_upper", (m: M) => m.ranges.at(-1)?.upper ?? null);
define("multirange_empty", (m: M) => m.ranges.length === 0);
define("multirange_lower_inc", (m: M) => m.ranges[0]?.lowerInclusive ?? false);
define("multirange_upper_inc", (m: M) => m.ranges.at(-1)?.upperInclusive ?? false);
define("multirange_lower_inf", (m: M) => m.ranges.length > 0 && m.ranges[0]!.lower === null);
define("multirange_upper_inf", (m: M) => m.ranges.length > 0 && m.ranges.at(-1)!.upper === null);

const containsElement = (ops: TypeOps, r: R, value: Datum): boolean => {
  if (r.empty) return false;
  if (r.lower !== null) {
    const order = ops.compare!(r.lower, value);
    if (order > 0 || (order === 0 && !r.lowerInclusive)) return false;
  }
  if (r.upper !== null) {
    const order = ops.compare!(r.upper, value);
    if (order < 0 || (order === 0 && !r.upperInclusive)) return false;
  }
  return true;
};
const contains = (ops: TypeOps, a: R, b: R): boolean =>
  b.empty || (!a.empty && compareLower(ops, a, b) <= 0 && compareUpper(ops, a, b) >= 0);
/** Whether a ends before b begins. */
const before = (ops: TypeOps, a: R, b: R): boolean => {
  if (a.empty || b.empty || a.upper === null || b.lower === null) return false;
  const order = ops.compare!(a.upper, b.lower);
  return order < 0 || (order === 0 && !(a.upperInclusive && b.lowerInclusive));
};
const overlaps = (ops: TypeOps, a: R, b: R): boolean =>
  !a.empty && !b.empty && !before(ops, a, b) && !before(ops, b, a);
const adjacent = (ops: TypeOps, subtype: number, a: R, b: R): boolean => {
  if (a.empty || b.empty) return false;
  const meets = (x: R, y: R) => {
    if (x.upper === null || y.lower === null) return false;
    const order = ops.compare!(x.upper, y.lower);
    if (order === 0) return x.upperInclusive !== y.lowerInclusive;
    if (order > 0) return false;
    // Nothing may lie between two discrete bounds.
    try {
      return makeRange(ops, subtype, x.upper, y.lower, !x.upperInclusive, !y.lowerInclusive).empty;
    } catch {
      return false;
    }
  };
  return meets(a, b) || meets(b, a);
};
const intersect = (ops: TypeOps, a: R, b: R): R => {
  if (!overlaps(ops, a, b)) return PgRange.empty;
  const low = compareLower(ops, a, b) >= 0 ? a : b;
  const high = compareUpper(ops, a, b) <= 0 ? a : b;
  return new PgRange(low.lower, high.upper, low.lowerInclusive, high.upperInclusive);
};
const merge = (ops: TypeOps, a: R, b: R): R => {
  if (a.empty) return b;
  if (b.empty) return a;
  const low = compareLower(ops, a, b) <= 0 ? a : b;
  const high = compareUpper(ops, a, b) >= 0 ? a : b;
  return new PgRange(low.lower, high.upper, low.lowerInclusive, high.upperInclusive);
};
/** What is left of a without b: up to two parts. */
const minus = (ops: TypeOps, a: R, b: R): R[] => {
  if (a.empty) return [];
  if (!overlaps(ops, a, b)) return [a];
  const parts: R[] = [];
  if (compareLower(ops, a, b) < 0)
    parts.push(new PgRange(a.lower, b.lower, a.lowerInclusive, !b.lowerInclusive && b.lower !== null));
  if (compareUpper(ops, a, b) > 0)
    parts.push(new PgRange(b.upper, a.upper, !b.upperInclusive && b.upper !== null, a.upperInclusive));
  return parts.filter(
    (part) =>
      part.lower === null ||
      part.upper === null ||
      ops.compare!(part.lower, part.upper) < 0 ||
      (part.lowerInclusive && part.upperInclusive),
  );
};
const rangesOf = (value: R | M): readonly R[] =>
  value instanceof PgMultirange ? value.ranges : value.empty ? [] : [value];

const both = (names: string, test: (ops: TypeOps, subtype: number, a: Datum, b: Datum) => Datum) =>
  defineWith(names, (call, a: Datum, b: Datum) => {
    const { ops, subtype } = subtypeOf(call);
    return test(ops, subtype, a, b);
  });
both("range_contains_elem", (ops, _s, r, value) => containsElement(ops, r as R, value));
both("elem_contained_by_range", (ops, _s, value, r) => containsElement(ops, r as R, value));
both("multirange_contains_elem", (ops, _s, m, value) =>
  (m as M).ranges.some((r) => containsElement(ops, r, value)),
);
both("elem_contained_by_multirange", (ops, _s, value, m) =>
  (m as M).ranges.some((r) => containsElement(ops, r, value)),
);
const containsAll = (ops: TypeOps, whole: R | M, part: R | M) =>
  rangesOf(part).every((p) => rangesOf(whole).some((w) => contains(ops, w, p)));
both(
  "range_contains multirange_contains_range multirange_contains_multirange range_contains_multirange",
  (ops, _s, a, b) => containsAll(ops, a as R | M, b as R | M),
);
both(
  "range_contained_by range_contained_by_multirange multirange_contained_by_multirange multirange_contained_by_range",
  (ops, _s, a, b) => containsAll(ops, b as R | M, a as R | M),
);
both(
  "range_overlaps range_overlaps_multirange multirange_overlaps_range multirange_overlaps_multirange",
  (ops, _s, a, b) => rangesOf(a as R | M).some((x) => rangesOf(b as R | M).some((y) => overlaps(ops, x, y))),
);
const whole = (value: R | M): R | undefined => {
  const ranges = rangesOf(value);
  return ranges[0] === undefined
    ? undefined
    : new PgRange(
        ranges[0].lower,
        ranges.at(-1)!.upper,
        ranges[0].lowerInclusive,
        ranges.at(-1)!.upperInclusive,
      );
};
const ends = (names: string, test: (ops: TypeOps, subtype: number, a: R, b: R) => boolean) =>
  both(names, (ops, subtype, a, b) => {
    const x = whole(a as R | M);
    const y = whole(b as R | M);
    return x !== undefined && y !== undefined && test(ops, subtype, x, y);
  });
ends(
  "range_before range_before_multirange multirange_before_range multirange_before_multirange",
  (ops, _s, a, b) => before(ops, a, b),
);
ends(
  "range_after range_after_multirange multirange_after_range multirange_after_multirange",
  (ops, _s, a, b) => before(ops, b, a),
);
ends(
  "range_overleft range_overleft_multirange multirange_overleft_range multirange_overleft_multirange",
  (ops, _s, a, b) => compareUpper(ops, a, b) <= 0,
);
ends(
  "range_overright range_overright_multirange multirange_overright_range multirange_overright_multirange",
  (ops, _s, a, b) => compareLower(ops, a, b) >= 0,
);
ends(
  "range_adjacent range_adjacent_multirange multirange_adjacent_range multirange_adjacent_multirange",
  adjacent,
);
both("range_union", (ops, subtype, a, b) => {
  const [x, y] = [a as R, b as R];
  if (!x.empty && !y.empty && !overlaps(ops, x, y) && !adjacent(ops, subtype, x, y))
    throw new PgError("22000", "result of range union would not be contiguous");
  return merge(ops, x, y);
});
both("range_merge", (ops, _s, a, b) => merge(ops, a as R, b as R));
both("range_intersect", (ops, _s, a, b) => intersect(ops, a as R, b as R));
both("range_minus", (ops, subtype, a, b) => {
  const parts = minus(ops, a as R, b as R);
  if (parts.length > 1) throw new PgError("22000", "result of range difference would not be contiguous");
  const [part] = parts;
  return part === undefined
    ? PgRange.empty
    : makeRange(ops, subtype, part.lower, part.upper, part.lowerInclusive, part.upperInclusive);
});
both("multirange_union", (ops, _s, a, b) => makeMultirange(ops, [...(a as M).ranges, ...(b as M).ranges]));
both("multirange_intersect", (ops, _s, a, b) =>
  makeMultirange(
    ops,
    (a as M).ranges.flatMap((x) => (b as M).ranges.map((y) => intersect(ops, x, y))),
  ),
);
both("multirange_minus", (ops, _s, a, b) =>
  makeMultirange(
    ops,
    (a as M).ranges.flatMap((x) =>
      (b as M).ranges.reduce<R[]>((left, y) => left.flatMap((part) => minus(ops, part, y)), [x]),
    ),
  ),
);
define("range_merge_from_multirange", (m: M) => whole(m) ?? PgRange.empty);
defineSet("multirange_unnest", (_call, m: M) => m.ranges);
for (const [name, test] of Object.entries({
  eq: (o: number) => o === 0,
  ne: (o: number) => o !== 0,
  lt: (o: number) => o < 0,
  le: (o: number) => o <= 0,
  gt: (o: number) => o > 0,
  ge: (o: number) => o >= 0,
}))
  both(`range_${name}`, (ops, _s, a, b) => test(compareRanges(ops, a as R, b as R)));
