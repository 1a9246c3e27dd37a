import { PgError } from "../errors.ts";
import { checkDate, dateInfinity, dateMinusInfinity } from "./calendar.ts";
import { type Datum, PgMultirange, PgRange } from "./datum.ts";
import { int8Max } from "./numbers.ts";
import { oid } from "./oids.ts";
import type { IoContext, TypeOps } from "./type-ops.ts";

/** A range in its canonical form: of a discrete type always `[lower, upper)`. @throws PgError 22000 */
export function makeRange(
  ops: TypeOps,
  subtype: number,
  lower: Datum,
  upper: Datum,
  lowerInclusive: boolean,
  upperInclusive: boolean,
): PgRange {
  if (lower !== null && upper !== null) {
    const order = ops.compare!(lower, upper);
    if (order > 0)
      throw new PgError("22000", "range lower bound must be less than or equal to range upper bound");
    if (order === 0 && !(lowerInclusive && upperInclusive)) return PgRange.empty;
  }
  const li = lower !== null && lowerInclusive;
  const ui = upper !== null && upperInclusive;
  const next = nextOf(subtype);
  if (next === undefined) return new PgRange(lower, upper, li, ui);
  const l = lower !== null && !li && !isInfinite(subtype, lower) ? next(lower) : lower;
  const isOpen = lower !== null && !li && isInfinite(subtype, lower);
  const u = upper !== null && ui && !isInfinite(subtype, upper) ? next(upper) : upper;
  const uClosed = upper !== null && ui && isInfinite(subtype, upper);
  if (l !== null && u !== null && ops.compare!(l, u) >= 0 && !uClosed) return PgRange.empty;
  return new PgRange(l, u, l !== null && !isOpen, uClosed);
}

function isInfinite(subtype: number, value: Datum): boolean {
  return subtype === oid.date && (value === dateInfinity || value === dateMinusInfinity);
}

function nextOf(subtype: number): ((value: Datum) => Datum) | undefined {
  switch (subtype) {
    case oid.int4:
      return (value) => {
        if ((value as number) >= 2147483647) throw new PgError("22003", "integer out of range");
        return (value as number) + 1;
      };
    case oid.int8:
      return (value) => {
        if ((value as bigint) >= int8Max) throw new PgError("22003", "bigint out of range");
        return (value as bigint) + 1n;
      };
    case oid.date:
      return (value) => checkDate((value as number) + 1);
    default:
      return undefined;
  }
}

/** Compares lower bounds: an infinite one is the least, an inclusive one before an exclusive one. */
export function compareLower(ops: TypeOps, a: PgRange, b: PgRange): number {
  if (a.lower === null || b.lower === null) return a.lower === b.lower ? 0 : a.lower === null ? -1 : 1;
  return ops.compare!(a.lower, b.lower) || Number(b.lowerInclusive) - Number(a.lowerInclusive);
}

export function compareUpper(ops: TypeOps, a: PgRange, b: PgRange): number {
  if (a.upper === null || b.upper === null) return a.upper === b.upper ? 0 : a.upper === null ? 1 : -1;
  return ops.compare!(a.upper, b.upper) || Number(a.upperInclusive) - Number(b.upperInclusive);
}

export function compareRanges(ops: TypeOps, a: PgRange, b: PgRange): number {
  if (a.empty || b.empty) return a.empty === b.empty ? 0 : a.empty ? -1 : 1;
  return compareLower(ops, a, b) || compareUpper(ops, a, b);
}

function quoteBound(text: string): string {
  return text !== "" && !/["\\()[\],\s]/.test(text) ? text : `"${text.replace(/(["\\])/g, "$1$1")}"`;
}

export function formatRange(ops: TypeOps, range: PgRange, io: IoContext): string {
  if (range.empty) return "empty";
  const bound = (value: Datum) => (value === null ? "" : quoteBound(ops.output(value, io)));
  return `${range.lowerInclusive ? "[" : "("}${bound(range.lower)},${bound(range.upper)}${range.upperInclusive ? "]" : ")"}`;
}

/** Reads one range from `at`; returns it and where it ends. */
function readRange(
  ops: TypeOps,
  subtype: number,
  text: string,
  start: number,
  io: IoContext,
  whole: boolean,
  kind: string,
): { range: PgRange; end: number } {
  const malformed = (detail: string) =>
    new PgError("22P02", `malformed ${kind} literal: "${text}"`, { detail });
  let at = start;
  const space = () => {
    while (/\s/.test(text[at] ?? "")) at++;
  };
  space();
  if (/^empty/i.test(text.slice(at))) {
    at += 5;
    space();
    if (whole && at < text.length) throw malformed('Junk after "empty" key word.');
    return { range: PgRange.empty, end: at };
  }
  const open = text[at];
  if (open !== "[" && open !== "(") throw malformed("Missing left parenthesis or bracket.");
  at++;
  const bound = (): Datum => {
    let value = "";
    let isEmpty = true;
    let quoted = false;
    let inQuotes = false;
    while (true) {
      const character = text[at];
      if (character === undefined) throw malformed("Unexpected end of input.");
      if (
        !inQuotes &&
        ",)]([".includes(character) &&
        (character === "," || character === ")" || character === "]")
      )
        break;
      if (!inQuotes && (character === "(" || character === "[")) {
        value += character;
        at++;
        isEmpty = false;
        continue;
      }
      at++;
      isEmpty = false;
      if (character === "\\") {
        value += text[at++] ?? "";
      } else if (character === '"') {
        quoted = true;
        if (!inQuotes) inQuotes = true;
        else if (text[at] === '"') {
          value += '"';
          at++;
        } else inQuotes = false;
      } else value += character;
    }
    return isEmpty && !quoted ? null : ops.input(value, -1, io);
  };
  const lower = bound();
  if (text[at] !== ",") throw malformed("Missing comma after lower bound.");
  at++;
  const upper = bound();
  const close = text[at];
  if (close === ",") throw malformed("Too many commas.");
  at++;
  space();
  if (whole && at < text.length) throw malformed("Junk after right parenthesis or bracket.");
  return { range: makeRange(ops, subtype, lower, upper, open === "[", close === "]"), end: at };
}

export function rangeKey(ops: TypeOps, range: PgRange): string {
  if (range.empty) return "empty";
  const bound = (value: Datum) => {
    const text = value === null ? "" : String(ops.key!(value));
    return value === null ? "-" : `${text.length}:${text}`;
  };
  return `${range.lowerInclusive ? "[" : "("}${bound(range.lower)},${bound(range.upper)}${range.upperInclusive ? "]" : ")"}`;
}

function flagsOf(range: PgRange): number {
  if (range.empty) return 1;
  return (
    (range.lowerInclusive ? 2 : 0) |
    (range.upperInclusive ? 4 : 0) |
    (range.lower === null ? 8 : 0) |
    (range.upper === null ? 16 : 0)
  );
}

function sendRange(ops: TypeOps, range: PgRange, io: IoContext): Buffer {
  const parts: Uint8Array[] = [Buffer.from([flagsOf(range)])];
  if (!range.empty) {
    for (const value of [range.lower, range.upper]) {
      if (value === null) continue;
      const bytes = ops.send(value, io);
      const length = Buffer.alloc(4);
      length.writeInt32BE(bytes.length);
      parts.push(length, bytes);
    }
  }
  return Buffer.concat(parts);
}

function receiveRange(ops: TypeOps, subtype: number, bytes: Buffer, io: IoContext): PgRange {
  const flags = bytes[0] ?? 0;
  if ((flags & 1) !== 0) return PgRange.empty;
  let at = 1;
  const bound = (isInfiniteBound: boolean): Datum => {
    if (isInfiniteBound) return null;
    if (at + 4 > bytes.length) throw new PgError("08P01", "insufficient data left in message");
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0 || at + length > bytes.length)
      throw new PgError("08P01", "insufficient data left in message");
    const value = ops.receive(bytes.subarray(at, at + length), -1, io);
    at += length;
    return value;
  };
  const lower = bound((flags & 8) !== 0);
  const upper = bound((flags & 16) !== 0);
  return makeRange(ops, subtype, lower, upper, (flags & 2) !== 0, (flags & 4) !== 0);
}

export function rangeOps(ops: TypeOps, subtype: number): TypeOps {
  return {
    input: (text, _typmod, io) => readRange(ops, subtype, text, 0, io, true, "range").range,
    output: (value, io) => formatRange(ops, value as PgRange, io),
    compare: (a, b) => compareRanges(ops, a as PgRange, b as PgRange),
    key: (value) => rangeKey(ops, value as PgRange),
    send: (value, io) => sendRange(ops, value as PgRange, io),
    receive: (bytes, _typmod, io) => receiveRange(ops, subtype, bytes, io),
  };
}

/** Sorted, and ranges that touch or overlap made one. */
export function makeMultirange(ops: TypeOps, ranges: readonly PgRange[]): PgMultirange {
  const sorted = ranges.filter((range) => !range.empty).sort((a, b) => compareRanges(ops, a, b));
  const merged: PgRange[] = [];
  for (const range of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && touches(ops, last, range)) {
      const upper = compareUpper(ops, last, range) >= 0 ? last : range;
      merged[merged.length - 1] = new PgRange(
        last.lower,
        upper.upper,
        last.lowerInclusive,
        upper.upperInclusive,
      );
    } else merged.push(range);
  }
  return new PgMultirange(merged);
}

/** Of two ranges in order: whether nothing lies between them. */
function touches(ops: TypeOps, a: PgRange, b: PgRange): boolean {
  if (a.upper === null || b.lower === null) return true;
  const order = ops.compare!(a.upper, b.lower);
  return order > 0 || (order === 0 && (a.upperInclusive || b.lowerInclusive));
}

export function multirangeOps(range: TypeOps, ops: TypeOps, subtype: number): TypeOps {
  void range;
  return {
    input: (text, _typmod, io) => {
      const malformed = (detail: string) =>
        new PgError("22P02", `malformed multirange literal: "${text}"`, { detail });
      const ranges: PgRange[] = [];
      let at = 0;
      const space = () => {
        while (/\s/.test(text[at] ?? "")) at++;
      };
      space();
      if (text[at] !== "{") throw malformed("Missing left brace.");
      at++;
      space();
      if (text[at] === "}") at++;
      else {
        while (true) {
          space();
          if (text[at] === undefined) throw malformed("Unexpected end of input.");
          if (!/^(\[|\(|empty)/i.test(text.slice(at))) throw malformed("Expected range start.");
          const { range: one, end } = readRange(ops, subtype, text, at, io, false, "multirange");
          ranges.push(one);
          at = end;
          space();
          if (text[at] === ",") {
            at++;
            continue;
          }
          if (text[at] !== "}") throw malformed("Expected comma or end of multirange.");
          at++;
          break;
        }
      }
      space();
      if (at < text.length) throw malformed("Junk after closing right brace.");
      return makeMultirange(ops, ranges);
    },
    output: (value, io) =>
      `{${(value as PgMultirange).ranges.map((one) => formatRange(ops, one, io)).join(",")}}`,
    compare: (a, b) => {
      const x = (a as PgMultirange).ranges;
      const y = (b as PgMultirange).ranges;
      for (let i = 0; i < Math.min(x.length, y.length); i++) {
        const order = compareRanges(ops, x[i]!, y[i]!);
        if (order !== 0) return order;
      }
      return x.length - y.length;
    },
    key: (value) => (value as PgMultirange).ranges.map((one) => rangeKey(ops, one)).join(";"),
    send: (value, io) => {
      const { ranges } = value as PgMultirange;
      const count = Buffer.alloc(4);
      count.writeInt32BE(ranges.length);
      const parts: Uint8Array[] = [count];
      for (const one of ranges) {
        const bytes = sendRange(ops, one, io);
        const length = Buffer.alloc(4);
        length.writeInt32BE(bytes.length);
        parts.push(length, bytes);
      }
      return Buffer.concat(parts);
    },
    receive: (bytes, _typmod, io) => {
      if (bytes.length < 4) throw new PgError("08P01", "insufficient data left in message");
      const count = bytes.readInt32BE(0);
      const ranges: PgRange[] = [];
      let at = 4;
      for (let i = 0; i < count; i++) {
        if (at + 4 > bytes.length) throw new PgError("08P01", "insufficient data left in message");
        const length = bytes.readInt32BE(at);
        at += 4;
        if (length < 0 || at + length > bytes.length)
          throw new PgError("08P01", "insufficient data left in message");
        ranges.push(receiveRange(ops, subtype, bytes.subarray(at, at + length), io));
        at += length;
      }
      return makeMultirange(ops, ranges);
    },
  };
}
