import { PgError } from "../errors.ts";
import { type Datum, PgArray } from "../types/datum.ts";
import { addNumeric, compareNumeric, Numeric } from "../types/numeric.ts";
import { oid } from "../types/oids.ts";
import { typeOps } from "../types/registry.ts";
import { type CallContext, define, defineSet, defineWith } from "./registry.ts";

const elementOps = (call: CallContext, argument = 0) =>
  typeOps(call.catalog, call.catalog.type(call.argTypes[argument]!)?.element || oid.text);

defineWith("array_append", (_call, array: PgArray | null, element: Datum) => {
  if (array === null || array.dimensions.length === 0) return new PgArray([element]);
  if (array.dimensions.length > 1)
    throw new PgError("22000", "argument must be empty or one-dimensional array");
  return new PgArray([...array.elements, element], [array.elements.length + 1], array.lowerBounds);
});
defineWith("array_prepend", (_call, element: Datum, array: PgArray | null) => {
  if (array === null || array.dimensions.length === 0) return new PgArray([element]);
  if (array.dimensions.length > 1)
    throw new PgError("22000", "argument must be empty or one-dimensional array");
  return new PgArray([element, ...array.elements], [array.elements.length + 1], array.lowerBounds);
});
define("array_cat", (a: PgArray | null, b: PgArray | null) => {
  if (a === null || b === null) return a ?? b;
  if (a.dimensions.length === 0) return b;
  if (b.dimensions.length === 0) return a;
  const incompatible = () => new PgError("2202E", "cannot concatenate incompatible arrays");
  const difference = a.dimensions.length - b.dimensions.length;
  if (difference === 0) {
    if (a.dimensions.slice(1).join() !== b.dimensions.slice(1).join()) throw incompatible();
    return new PgArray(
      [...a.elements, ...b.elements],
      [a.dimensions[0]! + b.dimensions[0]!, ...a.dimensions.slice(1)],
      a.lowerBounds,
    );
  }
  if (difference === 1) {
    if (a.dimensions.slice(1).join() !== b.dimensions.join()) throw incompatible();
    return new PgArray(
      [...a.elements, ...b.elements],
      [a.dimensions[0]! + 1, ...a.dimensions.slice(1)],
      a.lowerBounds,
    );
  }
  if (difference === -1) {
    if (b.dimensions.slice(1).join() !== a.dimensions.join()) throw incompatible();
    return new PgArray(
      [...a.elements, ...b.elements],
      [b.dimensions[0]! + 1, ...b.dimensions.slice(1)],
      b.lowerBounds,
    );
  }
  throw incompatible();
});
define("array_ndims", (array: PgArray) => array.dimensions.length || null);
define("array_dims", (array: PgArray) =>
  array.dimensions.length === 0
    ? null
    : array.dimensions
        .map((size, i) => `[${array.lowerBounds[i]}:${array.lowerBounds[i]! + size - 1}]`)
        .join(""),
);
define("array_length", (array: PgArray, dimension: number) => array.dimensions[dimension - 1] ?? null);
define("array_lower", (array: PgArray, dimension: number) => array.lowerBounds[dimension - 1] ?? null);
define("array_upper", (array: PgArray, dimension: number) => {
  const size = array.dimensions[dimension - 1];
  return size === undefined ? null : array.lowerBounds[dimension - 1]! + size - 1;
});
define("array_cardinality", (array: PgArray) => array.elements.length);
const position = (call: CallContext, array: PgArray | null, wanted: Datum, start = 1): number | null => {
  if (array === null) return null;
  if (array.dimensions.length > 1)
    throw new PgError("0A000", "searching for elements in multidimensional arrays is not supported");
  const { key } = elementOps(call);
  const lower = array.lowerBounds[0] ?? 1;
  for (let i = Math.max(0, start - lower); i < array.elements.length; i++) {
    const element = array.elements[i]!;
    if (element === null || wanted === null ? element === wanted : key!(element) === key!(wanted))
      return lower + i;
  }
  return null;
};
defineWith("array_position", (call, array: PgArray | null, wanted: Datum) => position(call, array, wanted));
defineWith("array_position_start", (call, array: PgArray | null, wanted: Datum, start: number | null) => {
  if (start === null) throw new PgError("22004", "initial position must not be null");
  return position(call, array, wanted, start);
});
defineWith("array_positions", (call, array: PgArray | null, wanted: Datum) => {
  if (array === null) return null;
  const { key } = elementOps(call);
  const found: number[] = [];
  for (const [i, element] of array.elements.entries())
    if (element === null || wanted === null ? element === wanted : key!(element) === key!(wanted))
      found.push(i + (array.lowerBounds[0] ?? 1));
  return new PgArray(found);
});
defineWith("array_remove", (call, array: PgArray | null, wanted: Datum) => {
  if (array === null) return null;
  if (array.dimensions.length > 1)
    throw new PgError("0A000", "removing elements from multidimensional arrays is not supported");
  const { key } = elementOps(call);
  const kept = array.elements.filter(
    (element) => !(element === null || wanted === null ? element === wanted : key!(element) === key!(wanted)),
  );
  return kept.length === 0 ? new PgArray([]) : new PgArray(kept, [kept.length], array.lowerBounds);
});
defineWith("array_replace", (call, array: PgArray | null, from: Datum, to: Datum) => {
  if (array === null) return null;
  const { key } = elementOps(call);
  const elements = array.elements.map((element) =>
    (element === null || from === null ? element === from : key!(element) === key!(from)) ? to : element,
  );
  return new PgArray(elements, array.dimensions, array.lowerBounds);
});
const fill = (value: Datum, sizes: PgArray | null, bounds?: PgArray | null): PgArray => {
  if (sizes === null || bounds === null)
    throw new PgError("22004", "dimension array or low bound array cannot be null");
  const dimensions = sizes.elements as number[];
  if (dimensions.some((d) => d === null)) throw new PgError("22004", "dimension values cannot be null");
  if (dimensions.some((size) => size < 0))
    throw new PgError(
      "22023",
      "dimensions must not be negative".replace("dimensions must", "dimension values must"),
    );
  const total = dimensions.reduce((product, size) => product * size, 1);
  if (dimensions.length === 0 || total === 0) return new PgArray([]);
  if (total > 134_217_727) throw new PgError("54000", "array size exceeds the maximum allowed (134217727)");
  return new PgArray(
    new Array<Datum>(total).fill(value),
    dimensions,
    (bounds?.elements as number[] | undefined) ?? dimensions.map(() => 1),
  );
};
define("array_fill", (value: Datum, sizes: PgArray | null) => fill(value, sizes));
define("array_fill_with_lower_bounds", (value: Datum, sizes: PgArray | null, bounds: PgArray | null) =>
  fill(value, sizes, bounds),
);
define("trim_array", (array: PgArray, count: number) => {
  const size = array.dimensions[0] ?? 0;
  if (count < 0 || count > size)
    throw new PgError("2202E", `number of elements to trim must be between 0 and ${size}`);
  const each = size === 0 ? 0 : array.elements.length / size;
  const left = size - count;
  return left === 0
    ? new PgArray([])
    : new PgArray(array.elements.slice(0, left * each), [left, ...array.dimensions.slice(1)]);
});
define("array_reverse", (array: PgArray) => {
  const size = array.dimensions[0] ?? 0;
  if (size < 2) return array;
  const each = array.elements.length / size;
  const parts = Array.from({ length: size }, (_, i) => array.elements.slice(i * each, (i + 1) * each));
  return new PgArray(parts.reverse().flat(), array.dimensions, array.lowerBounds);
});
const sort = (call: CallContext, array: PgArray, descending: boolean, nullsFirst: boolean): PgArray => {
  if (array.dimensions.length > 1 || array.elements.length < 2) return array;
  const { compare } = elementOps(call);
  const sorted = [...array.elements].sort((a, b) => {
    if (a === null || b === null) return a === b ? 0 : (a === null) === nullsFirst ? -1 : 1;
    return descending ? compare!(b, a) : compare!(a, b);
  });
  return new PgArray(sorted, array.dimensions, array.lowerBounds);
};
defineWith("array_sort", (call, array: PgArray) => sort(call, array, false, false));
defineWith("array_sort_order", (call, array: PgArray, descending: boolean) =>
  sort(call, array, descending, descending),
);
defineWith("array_sort_order_nulls_first", sort);
const contains = (call: CallContext, whole: PgArray, part: PgArray): boolean => {
  const { key } = elementOps(call);
  const keys = new Set(whole.elements.filter((e) => e !== null).map((e) => key!(e)));
  return part.elements.every((element) => element !== null && keys.has(key!(element)));
};
defineWith("arraycontains", contains);
defineWith("arraycontained", (call, part: PgArray, whole: PgArray) => contains(call, whole, part));
defineWith("arrayoverlap", (call, a: PgArray, b: PgArray) => {
  const { key } = elementOps(call);
  const keys = new Set(a.elements.filter((e) => e !== null).map((e) => key!(e)));
  return b.elements.some((element) => element !== null && keys.has(key!(element)));
});
defineSet("array_unnest", (_call, array: PgArray) => array.elements);
defineSet("generate_subscripts", function* (_call, array: PgArray, dimension: number) {
  const size = array.dimensions[dimension - 1] ?? 0;
  const lower = array.lowerBounds[dimension - 1] ?? 1;
  for (let i = 0; i < size; i++) yield lower + i;
});
defineSet("generate_subscripts_nodir", function* (_call, array: PgArray, dimension: number) {
  const size = array.dimensions[dimension - 1] ?? 0;
  const lower = array.lowerBounds[dimension - 1] ?? 1;
  for (let i = 0; i < size; i++) yield lower + i;
});
const zeroStep = () => new PgError("22023", "step size cannot equal zero");
defineSet(
  "generate_series_int4 generate_series_step_int4",
  function* (_call, start: number, stop: number, step = 1) {
    if (step === 0) throw zeroStep();
    for (let at = start; step > 0 ? at <= stop : at >= stop; at += step) {
      if (at > 2147483647 || at < -2147483648) return;
      yield at;
    }
  },
);
defineSet(
  "generate_series_int8 generate_series_step_int8",
  function* (_call, start: bigint, stop: bigint, step = 1n) {
    if (step === 0n) throw zeroStep();
    for (let at = start; step > 0n ? at <= stop : at >= stop; at += step) {
      if (at > 9223372036854775807n || at < -9223372036854775808n) return;
      yield at;
    }
  },
);
defineSet(
  "generate_series_numeric generate_series_step_numeric",
  function* (_call, start: Numeric, stop: Numeric, step: Numeric = Numeric.one) {
    for (const [value, word] of [
      [start, "start value"],
      [stop, "stop value"],
      [step, "step size"],
    ] as const) {
      if (value.isNaN) throw new PgError("22023", `${word} cannot be NaN`);
      if (value.special !== undefined) throw new PgError("22023", `${word} cannot be infinity`);
    }
    if (step.sign === 0) throw zeroStep();
    const scale = Math.max(start.scale, step.scale);
    let at = start.round(scale);
    while (step.sign > 0 ? compareNumeric(at, stop) <= 0 : compareNumeric(at, stop) >= 0) {
      yield at;
      at = addNumeric(at, step);
    }
  },
);
defineWith("width_bucket_array", (call, value: Datum, thresholds: PgArray) => {
  const { compare } = typeOps(call.catalog, call.argTypes[0]!);
  return thresholds.elements.filter((threshold) => threshold !== null && compare!(value, threshold) >= 0)
    .length;
});
define("array_shuffle", (array: PgArray) => {
  const elements = [...array.elements];
  for (let i = elements.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [elements[i], elements[j]] = [elements[j]!, elements[i]!];
  }
  return new PgArray(elements, array.dimensions, array.lowerBounds);
});
const rowTests: Readonly<Record<string, (order: number) => boolean>> = {
  record_eq: (o) => o === 0,
  record_ne: (o) => o !== 0,
  record_lt: (o) => o < 0,
  record_le: (o) => o <= 0,
  record_gt: (o) => o > 0,
  record_ge: (o) => o >= 0,
};
for (const [name, test] of Object.entries(rowTests))
  defineWith(name, (call, a: Datum, b: Datum) => test(typeOps(call.catalog, oid.record).compare!(a, b)));
defineWith("array_larger", (call, a: Datum, b: Datum) =>
  typeOps(call.catalog, call.argTypes[0]!).compare!(a, b) > 0 ? a : b,
);
define("hashint4 hashint8 hashtext", (value: Datum) => {
  let hash = 0;
  for (const character of String(value)) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) | 0;
  return hash;
});
const labels = (call: CallContext) => call.catalog.type(call.argTypes[0]!)?.labels ?? [];
defineWith("enum_first", (call) => labels(call)[0]?.label ?? null);
defineWith("enum_last", (call) => labels(call).at(-1)?.label ?? null);
defineWith("enum_range_all", (call) => new PgArray(labels(call).map((label) => label.label)));
defineWith("enum_range_bounds", (call, from: string | null, to: string | null) => {
  const all = labels(call).map((label) => label.label);
  return new PgArray(
    all.slice(from === null ? 0 : all.indexOf(from), to === null ? undefined : all.indexOf(to) + 1),
  );
});
